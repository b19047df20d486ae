package flows

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/internal/capture"
	"github.com/limpid-5g/limpid/manage/subscriber"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/wire/pfcp"
	"github.com/limpid-5g/limpid/wire/sctp"
)

var (
	socketsLimit    = flag.Duration("sockets-limit", 100*time.Second, "play flows over real sockets that last at most so long")
	socketsParallel = flag.Int("sockets-parallel", 8, "how many of them at once")
	socketsKeep     = flag.String("sockets-keep", "", "folder to leave the captures in")
)

// childFlow names the flow that this process plays in a network namespace of its own.
const childFlow = "LIMPID_FLOW"

func TestMain(m *testing.M) {
	if name := os.Getenv(childFlow); name != "" {
		os.Exit(playChild(name))
	}
	os.Exit(m.Run())
}

// TestOverSockets plays every flow once over real SCTP, PFCP and GTP-U sockets, in real time, each in a network namespace
// of its own, and has tshark read what went over the wire: no malformed packet and no expert error but in what a flow
// spoils on purpose. NAS is deciphered there, because the core is told to use NEA0 where the flow does not choose.
func TestOverSockets(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	dir := *socketsKeep
	if dir == "" {
		dir = t.TempDir()
	}
	places := make(chan struct{}, *socketsParallel)
	var later []string
	for _, f := range all {
		if d := f.lasts(); d > *socketsLimit {
			later = append(later, fmt.Sprintf("%s (%v)", f.Name, d.Round(time.Second)))
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			places <- struct{}{}
			defer func() { <-places }()
			overSockets(t, &f, dir)
		})
	}
	if len(later) > 0 {
		t.Logf("longer than %v, so in virtual time only: %s; -sockets-limit plays them too", *socketsLimit, strings.Join(later, ", "))
	}
}

// lasts is how long a flow takes by its ladder.
func (f *Flow) lasts() time.Duration {
	var last time.Duration
	for line := range strings.Lines(f.Ladder) {
		if fields := strings.Fields(line); len(fields) > 0 {
			if seconds, err := strconv.ParseFloat(fields[0], 64); err == nil {
				last = max(last, time.Duration(seconds*float64(time.Second)))
			}
		}
	}
	return last
}

func overSockets(t *testing.T, f *Flow, dir string) {
	ctx, cancel := context.WithTimeout(t.Context(), *socketsLimit+2*time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0])
	child.Dir = dir
	child.Env = append(os.Environ(), childFlow+"="+f.Name)
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	var errOut bytes.Buffer
	child.Stderr = &errOut
	out, err := child.Output()
	var r childResult
	if err != nil || json.Unmarshal(out, &r) != nil {
		t.Fatalf("%v (needs root)\n%s\n%s", err, out, errOut.String())
	}
	if r.Error != "" {
		t.Fatalf("%s\nladder:\n%s\nlog:\n%s", r.Error, r.Ladder, errOut.String())
	}
	if !same(timeless(r.Ladder), timeless(f.Ladder)) {
		t.Errorf("ladder differs from that in virtual time\ngot:\n%s\nwant:\n%s\nlog:\n%s", r.Ladder, f.Ladder, errOut.String())
	}
	decodesClean(t, f, filepath.Join(dir, f.Name+".pcapng"), r.Packets)
}

// timeless takes out of a ladder what real time and the null algorithm change.
func timeless(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.Contains(line, "Heartbeat") {
			continue
		}
		if !strings.HasPrefix(line, "# ") {
			line = "0 " + strings.TrimLeft(strings.TrimLeft(line, " 0123456789."), " ")
		}
		b.WriteString(nea.ReplaceAllString(line, "NEA=*"))
	}
	return b.String()
}

var nea = regexp.MustCompile(`NEA=\d`)

// decodesClean has tshark read a capture.
func decodesClean(t *testing.T, f *Flow, file string, packets int) {
	tshark := func(filter string) int {
		out, err := exec.Command("tshark", "-r", file, "-n", "-o", "nas-5gs.null_decipher:TRUE", "-Y", filter, "-T", "fields", "-e", "frame.number").Output()
		if err != nil {
			t.Fatalf("tshark: %v", err)
		}
		return strings.Count(string(out), "\n")
	}
	if n := tshark("ngap && nas-5gs"); n == 0 && strings.Contains(f.Ladder, " N1 ") {
		t.Errorf("tshark finds no NAS in %s", file)
	}
	bad := "(_ws.malformed || _ws.expert.severity == error)"
	if f.spoiled() {
		bad += " && sctp.srcport == 38412" // what the core says is right all the same
	}
	if n := tshark(bad); n > 0 {
		t.Errorf("%d of %d packets of %s are malformed or have expert errors", n, packets, file)
	}
}

// spoiled tells whether somebody sends octets that no decoder can like.
func (f *Flow) spoiled() bool {
	for _, line := range f.Script {
		for _, word := range []string{"say ", "hex=", "nas=", "spoil="} {
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
	Packets int
}

// playChild plays a flow in this process's network namespace and tells how it went on standard output.
func playChild(name string) int {
	all, err := All()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for i := range all {
		if all[i].Name != name {
			continue
		}
		var r childResult
		if r.Packets, err = playSockets(&all[i], &r.Ladder); err != nil {
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
func playSockets(f *Flow, ladderText *string) (packets int, err error) {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return 0, err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
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
	s, err := newSocketStage(f)
	if err == nil {
		*ladderText, err = s.play(f.Script)
		err = errors.Join(err, s.auditSockets(), s.close())
	}
	packets, dropped, shut := shark.Close()
	if dropped > 0 {
		shut = errors.Join(shut, fmt.Errorf("capture lost %d packets", dropped))
	}
	return packets, errors.Join(err, shut)
}

// newSocketStage sets a flow's core up on real sockets of this network namespace, and radios beside it.
func newSocketStage(f *Flow) (*stage, error) {
	h := &heard{}
	s := &stage{
		recorder: &recorder{start: time.Now(), seids: make(map[string]int)},
		cells:    make(map[string]*gnb.GNB), ues: make(map[string]*ue.UE), camps: make(map[*ue.UE]*gnb.GNB), settle: h.settle,
	}
	h.note = s.recorder
	s.ctx, s.stop = context.WithCancel(context.Background())
	cfg, err := config.Parse("limpid.yaml", f.Config)
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(f.Config, []byte("ciphering")) && !strings.Contains(strings.Join(f.Script, "\n"), "nea=") {
		cfg.AMF.Ciphering, cfg.AMF.AllowNullCiphering = []string{"NEA0"}, true
	}
	dir, err := os.MkdirTemp("", "limpid-flow")
	if err != nil {
		return nil, err
	}
	s.done = append(s.done, func() error { return os.RemoveAll(dir) })
	st, err := sqlite.Open(s.ctx, filepath.Join(dir, "limpid.db"), sqlite.Options{Create: true})
	if err != nil {
		return nil, err
	}
	s.done = append(s.done, st.Close)
	if _, err := subscriber.ImportCSV(s.ctx, st, strings.NewReader(string(f.Subscribers))); err != nil {
		return nil, err
	}
	s.core, err = core.New(s.ctx, cfg, core.Options{
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Ladder: h.take, Store: st, WithoutControl: true,
		N4: func(addr netip.AddrPort) (pfcp.PacketConn, error) {
			conn, err := pfcp.Listen(addr)
			return &deafConn{conn, s}, err
		},
	})
	if err != nil {
		return nil, err
	}
	s.done = append(s.done, s.core.Close)
	s.wg.Go(func() { _ = s.core.Run(s.ctx) }) // ends with the context; what fails before shows in the ladder
	s.core.AwaitUPFs(s.ctx)
	return s, s.radio(cfg)
}

// radio lets gNBs of the stage dial the core from addresses of their own.
func (s *stage) radio(cfg *config.Config) error {
	transport, err := sctp.New(sctp.Config{Log: slog.New(slog.DiscardHandler)}.ForN2())
	if err != nil {
		return err
	}
	s.done = append(s.done, transport.Close)
	for i := range 8 {
		s.n3 = append(s.n3, netip.AddrFrom4([4]byte{127, 0, 0, byte(11 + i)}))
	}
	amf := netip.AddrPortFrom(cfg.AMF.N2.Address, cfg.AMF.N2.Port)
	s.dial = func(ctx context.Context) (sctp.Association, error) {
		return transport.Dial(ctx, netip.AddrPortFrom(s.n3[0], 0), amf)
	}
	s.datagram = func(to netip.Addr) error {
		conn, err := net.Dial("udp", netip.AddrPortFrom(to, 9).String())
		if err != nil {
			return err
		}
		_, err = conn.Write([]byte("limpid"))
		return errors.Join(err, conn.Close())
	}
	return nil
}

// auditSockets lets everything come to an end and looks for what was left behind.
func (s *stage) auditSockets() error {
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
	defer cancel()
	s.silent.Store(false)
	errs := []error{s.finish(ctx, nil)}
	for name, g := range s.cells {
		errs = append(errs, g.Close(ctx))
		delete(s.cells, name)
	}
	var found []string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if found = s.core.Audit(true); len(found) == 0 {
			break
		}
	}
	for _, f := range found {
		errs = append(errs, errors.New("left behind: "+f))
	}
	return errors.Join(errs...)
}

// deafConn is a socket of N4 that loses everything while the stage says so.
type deafConn struct {
	pfcp.PacketConn
	stage *stage
}

func (c *deafConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if c.stage.silent.Load() {
		return len(b), nil
	}
	return c.PacketConn.WriteToUDPAddrPort(b, to)
}
