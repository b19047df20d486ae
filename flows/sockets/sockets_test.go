package sockets

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/limpid-5g/limpid/flows"
	"github.com/limpid-5g/limpid/internal/capture"
	"github.com/limpid-5g/limpid/ladder"
)

var (
	limit   = flag.Duration("limit", 4*time.Minute, "how long a flow may last over real sockets")
	short   = flag.Int("parallel", 6, "how many flows at once that last less than 8 s")
	waiting = flag.Int("waiting", 30, "how many of the others, which do nothing most of the time")
	only    = flag.String("only", ".", "play the flows whose names match this regular expression")
	keep    = flag.String("keep", "", "folder to leave the captures in")
)

// childFlow names the flow that this process plays in a network namespace of its own.
const childFlow = "LIMPID_FLOW"

func TestMain(m *testing.M) {
	if name := os.Getenv(childFlow); name != "" {
		os.Exit(playChild(name))
	}
	os.Exit(m.Run())
}

// TestOverSockets plays every flow over real SCTP, PFCP and GTP-U sockets, in real time, each in a network namespace
// of its own, and has tshark read what went over the wire: no malformed packet and no expert error but in what a flow
// spoils on purpose. Every NAS message is there in clear: the core is told to use NEA0 where the flow does not choose, and what is
// ciphered all the same is in the capture once more, as the phone deciphers it.
//
// Every play has to do what the script says, leave nothing behind and decode. Which of two messages is first is nobody's to
// say in real time: a flow that has taken another course than in virtual time is played again.
func TestOverSockets(t *testing.T) {
	all, err := flows.All()
	if err != nil {
		t.Fatal(err)
	}
	dir := *keep
	if dir == "" {
		dir = t.TempDir()
	}
	chosen := regexp.MustCompile(*only)
	var list []*flows.Flow
	for i := range all {
		if chosen.MatchString(all[i].Name) {
			list = append(list, &all[i])
		}
	}
	played := playAll(t.Context(), list, dir)
	var otherwise []*flows.Flow
	for _, f := range list {
		t.Run(f.Name, func(t *testing.T) {
			if d := f.Lasts(); d > *limit {
				t.Fatalf("lasts %v, longer than -limit: a flow that waits for timers of procedures is to wait for few of them", d)
			}
			r := <-played[f.Name]
			if judge(t, f, r); !shown(f, r) {
				otherwise = append(otherwise, f)
			}
		})
	}
	for _, f := range otherwise {
		t.Run(f.Name+"/again", func(t *testing.T) { playAgain(t, f, dir) })
	}
}

// playAll begins to play flows, the longest first, and returns where to wait for each. Those that last wait most of the time,
// so many of them go together.
func playAll(ctx context.Context, list []*flows.Flow, dir string) map[string]<-chan childResult {
	const lasting = 8 * time.Second
	shorts, waits, readers := make(chan struct{}, *short), make(chan struct{}, *waiting), make(chan struct{}, 2)
	played := make(map[string]<-chan childResult)
	byLength := slices.SortedStableFunc(slices.Values(list), func(a, b *flows.Flow) int { return cmp.Compare(b.Lasts(), a.Lasts()) })
	queue := func(fs []*flows.Flow, places chan struct{}, results []chan childResult) {
		for i, f := range fs {
			places <- struct{}{}
			go func() {
				r := playInChild(ctx, f, dir)
				<-places
				readers <- struct{}{}
				defer func() { <-readers }()
				r.read(f, dir)
				results[i] <- r
			}()
		}
	}
	results := make([]chan childResult, len(byLength))
	for i, f := range byLength {
		results[i] = make(chan childResult, 1)
		played[f.Name] = results[i]
	}
	first := len(byLength)
	if i := slices.IndexFunc(byLength, func(f *flows.Flow) bool { return f.Lasts() < lasting }); i >= 0 {
		first = i
	}
	go queue(byLength[:first], waits, results[:first])
	go queue(byLength[first:], shorts, results[first:])
	return played
}

// playInChild plays a flow in a process with a network namespace of its own.
func playInChild(ctx context.Context, f *flows.Flow, dir string) (r childResult) {
	ctx, cancel := context.WithTimeout(ctx, *limit+2*time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0])
	child.Dir = dir
	child.Env = append(os.Environ(), childFlow+"="+f.Name)
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	var errOut bytes.Buffer
	child.Stderr = &errOut
	out, err := child.Output()
	if err == nil {
		err = json.Unmarshal(out, &r)
	}
	if err != nil {
		r.Error = fmt.Sprintf("%v (needs root)\n%s", err, out)
	}
	r.log = errOut.String()
	return r
}

// judge holds a play against what is true of every one: the script's verbs, the audit, and tshark.
func judge(t *testing.T, f *flows.Flow, r childResult) {
	t.Helper()
	if r.Error != "" {
		t.Fatalf("%s\nladder:\n%s\nlog:\n%s", r.Error, r.Ladder, r.log)
	}
	if r.unread != nil {
		t.Fatalf("tshark: %v", r.unread)
	}
	if r.nas == 0 && strings.Contains(f.Ladder, " N1 ") {
		t.Error("tshark finds no NAS")
	}
	if r.bad > 0 {
		t.Errorf("%d of %d packets are malformed or have expert errors", r.bad, r.Packets)
	}
	if len(r.hidden) > 0 {
		t.Errorf("NAS messages that are not there in clear: %v", r.hidden)
	}
}

// shown tells whether a play shows the ladder of virtual time. Where it does not, real time has taken another course that
// the standard allows as well, such as a page repeated because the machine was busy.
func shown(f *flows.Flow, r childResult) bool {
	_, races := racing()[f.Name]
	return r.Error != "" || r.Unshown == "" && (races || f.Races != "" || shows(f, r.Ladder))
}

// plays is how often a flow may take another course before it counts as one that real sockets do not carry.
const plays = 3

// playAgain plays a flow beside no other until it shows its ladder and its collisions. What judge wants holds for each play.
func playAgain(t *testing.T, f *flows.Flow, dir string) {
	for i := 2; ; i++ {
		r := playInChild(t.Context(), f, dir)
		r.read(f, dir)
		if judge(t, f, r); shown(f, r) {
			t.Logf("took another course than in virtual time %d times", i-1)
			return
		}
		if i == plays {
			t.Fatalf("no play of %d shows the ladder of virtual time\n%s\ngot:\n%s\nwant:\n%s\nlog:\n%s", plays, r.Unshown, r.Ladder, f.Ladder, r.log)
		}
	}
}

// racing are flows whose ladder depends on who is faster, and why: in virtual time nobody is. What they lead to is judged
// all the same.
func racing() map[string]string {
	return map[string]string{
		"n2_handover_cancel_preparing": "the target answers before the source cancels",
		"n2_handover_cancel_waiting":   "the target answers before the source cancels",
		"subscription_slice_lost":      "AMF and SMF hear of the change at once, and both end the session",
	}
}

// timeless takes out of a ladder what real time and the null algorithm change: when, and in which line of the script,
// something is said. What remains is the order of what each party says and hears.
func timeless(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.Contains(line, "Heartbeat") || strings.HasPrefix(line, "# ") {
			continue
		}
		line = "0 " + strings.TrimLeft(strings.TrimLeft(line, " 0123456789."), " ")
		b.WriteString(nea.ReplaceAllString(line, "NEA=*"))
	}
	return b.String()
}

var nea = regexp.MustCompile(`NEA=\d`)

// spoiled tells whether somebody sends octets that no decoder can like.
func spoiled(f *flows.Flow) bool {
	for _, line := range f.Script {
		for _, word := range []string{"say ", "hex=", "nas=", "spoil=", "spoils ", "container=", "ngap "} {
			if strings.Contains(line, word) {
				return true
			}
		}
	}
	return false
}

// childResult is what a child tells of its flow.
type childResult struct {
	Error   string
	Ladder  string
	Unshown string // collisions that the flow names and that did not take place
	Packets int
	log     string

	nas, bad int      // packets that tshark takes for NAS in NGAP, and finds fault with
	hidden   []string // NAS messages that tshark does not show in clear
	unread   error    // why tshark did not
}

// playChild plays a flow in this process's network namespace and tells how it went on standard output.
func playChild(name string) int {
	all, err := flows.All()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for i := range all {
		if all[i].Name != name {
			continue
		}
		var r childResult
		if r.Packets, err = playSockets(&all[i], &r); err != nil {
			r.Error = err.Error()
		}
		if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
			return 1
		}
		return 0
	}
	return 1
}

// playSockets plays a flow over real sockets and captures them.
func playSockets(f *flows.Flow, r *childResult) (packets int, err error) {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return 0, err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return 0, err
	}
	// Ports that tshark takes for no protocol: it is to read the data of users as data.
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("38500 41100"), 0); err != nil {
		return 0, err
	}
	file, err := os.Create(f.Name + ".pcapng")
	if err != nil {
		return 0, err
	}
	defer file.Close()
	shark, err := capture.New(file, "limpid flows")
	if err != nil {
		return 0, err
	}
	if err := shark.Add("lo", "N2, N3, N4"); err != nil {
		return 0, err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	inClear, err := shark.Export("nas", "N1: ciphered NAS messages in clear, by the UEs' keys", "nas-5gs")
	if err != nil {
		return 0, err
	}
	text, unshown, err := flows.PlayWithCore(context.Background(), f, log, func(pdu []byte) { inClear(time.Now(), pdu) })
	if r.Ladder = text; unshown != nil {
		r.Unshown = unshown.Error()
	}
	packets, dropped, shut := shark.Close()
	if dropped > 0 {
		shut = errors.Join(shut, fmt.Errorf("capture lost %d packets", dropped))
	}
	return packets, errors.Join(err, shut)
}

// shows tells whether a ladder shows the flow, in any of its orders, whatever the times. Real time orders less than virtual
// time does, so each lane is compared by itself; virtual time compares them together.
func shows(f *flows.Flow, ladder string) bool {
	for _, order := range append([]string{f.Ladder}, f.OtherOrders...) {
		if sameLanes(timeless(ladder), timeless(order)) {
			return true
		}
	}
	return false
}

func sameLanes(got, want string) bool {
	for _, l := range []lane{leavesCore, reachesCore, upfAsks, upfIsAnswered, betweenCores} {
		if !flows.Same(l.of(got), l.of(want)) {
			return false
		}
	}
	return true
}

// lane is what is said in one order in real time too. What leaves the control plane and what reaches it cross on the way.
// The transactions that the UPF begins (TS 29.244 §7.5.8) go beside those that the SMF begins: the SMF's answer to a report
// and the procedure that the report starts do not wait for each other.
type lane int

const (
	leavesCore lane = iota
	reachesCore
	upfAsks
	upfIsAnswered
	betweenCores
)

func laneOf(arrow []string) lane {
	from, to, message := arrow[2], arrow[4], strings.Join(arrow[5:], " ")+" "
	switch {
	case arrow[1] == string(ladder.N14):
		return betweenCores
	case from == "UPF" && strings.Contains(message, " Request "):
		return upfAsks
	case to == "UPF" && strings.Contains(message, " Response "):
		return upfIsAnswered
	case from == "AMF", from == "SMF":
		return leavesCore
	}
	return reachesCore
}

// of keeps the arrows of a lane.
func (l lane) of(ladder string) string {
	var b strings.Builder
	for line := range strings.Lines(ladder) {
		if arrow := strings.Fields(line); len(arrow) > 5 && laneOf(arrow) == l {
			b.WriteString(line)
		}
	}
	return b.String()
}
