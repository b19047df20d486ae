package egress

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/prove/cgroup"
)

// acting makes the test binary a process that does acts by name, one for each line of its standard input.
const acting = "LIMPID_EGRESS_TEST_ACTS"

func TestMain(m *testing.M) {
	if os.Getenv(acting) != "" {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			fmt.Println(verdictOf(acts()[lines.Text()]()))
		}
		return
	}
	os.Exit(m.Run())
}

func verdictOf(err error) string {
	switch {
	case errors.Is(err, unix.EPERM):
		return "refused"
	case err == nil, errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.EINPROGRESS), errors.Is(err, unix.EAGAIN), os.IsTimeout(err):
		return "allowed"
	}
	return err.Error()
}

const (
	gnb      = "10.0.0.2"     // a declared peer
	stranger = "203.0.113.5"  // nobody that is declared
	six      = "2001:db8::5"  // nobody either
	divert   = "198.51.100.7" // where a rule of the host sends what is for the gNB's port 9
)

// acts are what a process can do, by name.
func acts() map[string]func() error {
	dial := func(network, address string) func() error {
		return func() error {
			c, err := net.DialTimeout(network, address, 50*time.Millisecond)
			if err == nil {
				_, err = c.Write([]byte("x"))
				err = errors.Join(err, c.Close())
			}
			return err
		}
	}
	send := func(local, remote string) func() error {
		return func() error {
			c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(local)))
			if err != nil {
				return err
			}
			_, err = c.WriteToUDPAddrPort([]byte("x"), netip.MustParseAddrPort(remote))
			return errors.Join(err, c.Close())
		}
	}
	raw := func(protocol int, to string, payload ...byte) func() error {
		return func() error {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, protocol)
			if err != nil {
				return err
			}
			a := netip.MustParseAddr(to).As4()
			return errors.Join(unix.Sendto(fd, payload, 0, &unix.SockaddrInet4{Addr: a}), unix.Close(fd))
		}
	}
	sctp := func(source, destination uint16) []byte {
		return []byte{byte(source >> 8), byte(source), byte(destination >> 8), byte(destination), 0, 0, 0, 0, 0, 0, 0, 0}
	}
	header := func(to string) []byte { // a whole packet: IP_HDRINCL
		a := netip.MustParseAddr(to).As4()
		return append([]byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, UDP, 0, 0, 10, 0, 0, 1, a[0], a[1], a[2], a[3]}, 0, 53, 0, 53, 0, 8, 0, 0)
	}
	return map[string]func() error{
		"TCP to a stranger":            dial("tcp", stranger+":443"),
		"TCP to a stranger, IPv6":      dial("tcp", "["+six+"]:443"),
		"TCP to a gNB":                 dial("tcp", gnb+":443"),
		"TCP to the database":          dial("tcp", gnb+":5432"),
		"UDP to a stranger":            dial("udp", stranger+":2152"),
		"UDP sent to a stranger":       send("0.0.0.0:0", stranger+":2152"),
		"UDP sent to a stranger, IPv6": send("[::]:0", "["+six+"]:2152"),
		"DNS":                          dial("udp", "127.0.0.53:53"),
		"DNS to a gNB":                 dial("udp", gnb+":53"),
		"GTP-U to a gNB":               dial("udp", gnb+":2152"),
		"GTP-U sent to a gNB":          send("0.0.0.0:0", gnb+":2152"),
		"an answer to a gNB":           send("0.0.0.0:2152", gnb+":33333"),
		"UDP to another port of a gNB": send("0.0.0.0:4444", gnb+":33333"),
		"SCTP to a gNB":                raw(SCTP, gnb, sctp(38412, 40000)...),
		"SCTP from another port":       raw(SCTP, gnb, sctp(9999, 40000)...),
		"SCTP to a stranger":           raw(SCTP, stranger, sctp(38412, 40000)...),
		"raw IP to a stranger":         raw(unix.IPPROTO_RAW, stranger, header(stranger)...),
		"ping":                         raw(unix.IPPROTO_ICMP, gnb, 8, 0, 0, 0, 0, 0, 0, 0),
		"diverted by a host rule":      send("0.0.0.0:2152", gnb+":9"),
		"multicast":                    send("0.0.0.0:0", "239.1.2.3:2152"),
		"TCP data without a connect":   fastOpen,
		"a connection led elsewhere":   ledElsewhere,
		"TCP to nobody":                dial("tcp", strangerOwn+":9"),
	}
}

// fastOpen sends data with the first segment of TCP, RFC 7413: no connect is called.
func fastOpen() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	to := &unix.SockaddrInet4{Port: 443, Addr: netip.MustParseAddr(stranger).As4()}
	return errors.Join(unix.Sendto(fd, []byte("x"), unix.MSG_FASTOPEN, to), unix.Close(fd))
}

// ledElsewhere sends to a stranger by a socket that is connected to a declared peer.
func ledElsewhere() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: 2152, Addr: netip.MustParseAddr(gnb).As4()}); err != nil {
		return fmt.Errorf("a declared peer: %v", err)
	}
	to := &unix.SockaddrInet4{Port: 2152, Addr: netip.MustParseAddr(stranger).As4()}
	return errors.Join(unix.Sendto(fd, []byte("x"), 0, to), unix.Close(fd))
}

func policy() Policy {
	network := netip.MustParsePrefix("10.0.0.0/24")
	return Policy{Raw: []uint8{SCTP}, Rules: []Rule{
		{network, SCTP, 38412, 0, "N2"},
		{network, UDP, 0, 2152, "N3"},
		{network, UDP, 2152, 0, "N3, answers"},
		{netip.MustParsePrefix(gnb + "/32"), TCP, 0, 5432, "the store"},
	}}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// place is a network namespace where every address has a route that leads nowhere.
func place(t testing.TB) {
	t.Helper()
	runtime.LockOSThread() // the thread ends with the test
	ns, err := netns.New()
	if err != nil {
		t.Fatalf("this test needs root: %v", err)
	}
	t.Cleanup(func() { _ = ns.Close() })
	check(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "out"}, PeerName: "peer"}))
	for name, addresses := range map[string][]string{"lo": nil, "peer": nil, "out": {"10.0.0.1/24", "2001:db8::1/64"}} {
		l, err := netlink.LinkByName(name)
		check(t, err)
		for _, a := range addresses {
			addr, err := netlink.ParseAddr(a)
			check(t, err)
			addr.Flags = unix.IFA_F_NODAD
			check(t, netlink.AddrAdd(l, addr))
		}
		check(t, netlink.LinkSetUp(l))
		if name == "out" {
			check(t, netlink.RouteAdd(&netlink.Route{LinkIndex: l.Attrs().Index, Scope: netlink.SCOPE_LINK, Dst: &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}}))
		}
	}
}

// group makes a control group for the test.
func group(t testing.TB) string {
	t.Helper()
	var dir string
	check(t, cgroup.Of(os.Getpid(), func(root, path string) (err error) {
		dir, err = os.MkdirTemp(filepath.Join(root, path), "limpid-egress-test-")
		return err
	}))
	t.Cleanup(func() {
		for range 100 { // the kernel lets go of processes that ended a little later
			if os.Remove(dir) == nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("%s is left behind", dir)
	})
	return dir
}

// actor is a process in the control group.
type actor struct {
	pid int
	do  func(act string) string
}

func newActor(t testing.TB, group string) actor {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), acting+"=1")
	in, err := cmd.StdinPipe()
	check(t, err)
	out, err := cmd.StdoutPipe()
	check(t, err)
	cmd.Stderr = os.Stderr
	check(t, cmd.Start())
	t.Cleanup(func() { _, _ = in.Close(), cmd.Wait() })
	check(t, os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(cmd.Process.Pid)), 0o644))
	lines := bufio.NewScanner(out)
	return actor{cmd.Process.Pid, func(act string) string {
		_, err := fmt.Fprintln(in, act)
		check(t, err)
		if !lines.Scan() {
			t.Fatalf("the actor died at %q", act)
		}
		return lines.Text()
	}}
}

// watched attaches a policy and gathers what is told.
func watched(t *testing.T, p Policy, group string) *Guard {
	t.Helper()
	g, err := Attach(p, group)
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.Watch(ctx, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, g.Close()); err != nil {
			t.Error(err)
		}
	})
	return g
}

func TestOnlyDeclaredPeers(t *testing.T) {
	place(t)
	dir := group(t)
	who := newActor(t, dir)
	if got := who.do("UDP to a stranger"); got != "allowed" {
		t.Fatalf("without a policy: %s", got)
	}
	g := watched(t, policy(), dir)
	for _, act := range []string{"TCP to the database", "GTP-U to a gNB", "GTP-U sent to a gNB", "an answer to a gNB", "SCTP to a gNB"} {
		if got := who.do(act); got != "allowed" {
			t.Errorf("%s: %s", act, got)
		}
	}
	if c, err := g.Counts(); err != nil || c.Total() != 0 {
		t.Errorf("counted %+v of what is declared (%v)", c, err)
	}
	if entries, err := policy().entries(); err != nil || len(entries) != 3 {
		t.Errorf("%d entries (%v)", len(entries), err)
	}
}

// TestMutantCallsHome: every way to somebody who is not declared is refused, counted, and told with the culprit.
func TestMutantCallsHome(t *testing.T) {
	place(t)
	nft(t, "add table ip divert; add chain ip divert out { type nat hook output priority -100; }; add rule ip divert out ip daddr "+gnb+" udp dport 9 dnat to "+divert)
	dir := group(t)
	who := newActor(t, dir)
	g := watched(t, policy(), dir)
	for _, tc := range []struct {
		act    string
		hook   Hook
		remote string
	}{
		{"TCP to a stranger", HookConnect, stranger + " port 443"},
		{"TCP to a stranger, IPv6", HookConnect, six + " port 443"},
		{"TCP to a gNB", HookConnect, gnb + " port 443"},
		{"UDP to a stranger", HookConnect, stranger + " port 2152"},
		{"UDP sent to a stranger", HookSend, stranger + " port 2152"},
		{"UDP sent to a stranger, IPv6", HookSend, six + " port 2152"},
		{"DNS", HookConnect, "127.0.0.53 port 53"},
		{"UDP to another port of a gNB", HookPacket, gnb + " port 33333"},
		{"SCTP from another port", HookPacket, gnb + " port 40000"},
		{"SCTP to a stranger", HookPacket, stranger + " port 40000"},
		{"raw IP to a stranger", HookCreate, ""},
		{"ping", HookCreate, ""},
		{"diverted by a host rule", HookPacket, divert + " port 9"},
		{"multicast", HookSend, "239.1.2.3 port 2152"},
		{"TCP data without a connect", HookConnect, stranger + " port 443"},
		{"a connection led elsewhere", HookSend, stranger + " port 2152"},
	} {
		t.Run(tc.act, func(t *testing.T) {
			before, err := g.Counts()
			check(t, err)
			if got := who.do(tc.act); got != "refused" {
				t.Errorf("not refused: %s", got)
			}
			after, err := g.Counts()
			check(t, err)
			if after.Total() != before.Total()+1 {
				t.Errorf("counted %d times", after.Total()-before.Total())
			}
			told := func(r Refusal) bool {
				return r.Hook == tc.hook && r.Remote == tc.remote && int(r.PID) == who.pid && r.Comm != ""
			}
			for range 200 {
				if slices.ContainsFunc(g.Refusals(), told) {
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
			t.Errorf("the culprit is not told: %v", g.Refusals())
		})
	}
}

// TestTrialsAreToldApart: what tries whether it is refused is told as a trial, and the same act of somebody else with its culprit.
func TestTrialsAreToldApart(t *testing.T) {
	place(t)
	dir := group(t)
	announced, other := newActor(t, dir), newActor(t, dir)
	g, err := Attach(policy(), dir)
	check(t, err)
	told := make(chan string, 16)
	ctx, stop := context.WithCancel(t.Context())
	watched := make(chan error, 1)
	go func() { watched <- g.Watch(ctx, slog.New(slog.NewTextHandler(lineWriter(told), nil))) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-watched, g.Close()); err != nil {
			t.Error(err)
		}
	})
	g.ExpectTrial(announced.pid)
	for i, x := range []struct {
		who       actor
		act       string
		level, to string
	}{
		{announced, "ping", "INFO", `at=socket protocol=ICMP to=""`},
		{other, "ping", "WARN", `at=socket protocol=ICMP to=""`},
		{other, "TCP to nobody", "INFO", `at=connect protocol=TCP to="` + strangerOwn + ` port 9"`},
		{announced, "TCP to a stranger", "INFO", `at=connect protocol=TCP to="` + stranger + ` port 443"`},
		{other, "TCP to a stranger", "WARN", `at=connect protocol=TCP to="` + stranger + ` port 443"`},
	} {
		if got := x.who.do(x.act); got != "refused" {
			t.Errorf("%s: %s", x.act, got)
		}
		line := <-told
		for _, want := range []string{"level=" + x.level, x.to, fmt.Sprintf("pid=%d program=", x.who.pid)} {
			if !strings.Contains(line, want) {
				t.Errorf("act %d, %s: no %q in %s", i, x.act, want, line)
			}
		}
	}
	counts, err := g.Counts()
	check(t, err)
	if counts.Total() != 5 || g.Trials() != 3 {
		t.Errorf("%d refused, %d of them trials", counts.Total(), g.Trials())
	}
}

// lineWriter sends what is written to it.
type lineWriter chan<- string

func (w lineWriter) Write(b []byte) (int, error) {
	w <- string(b)
	return len(b), nil
}

// TestTheKernelsWord: what the programs tell is read to the letter, and what they did not tell is no refusal.
func TestTheKernelsWord(t *testing.T) {
	b := make([]byte, eventSize)
	if _, err := binary.Encode(b, binary.NativeEndian, event{Hook: HookCreate, PID: 7, Protocol: multipathTCP, Comm: [16]byte{'x'}}); err != nil {
		t.Fatal(err)
	}
	r, err := parse(b)
	if want := "socket, multipath TCP, by process 7 (x)"; err != nil || r.String() != want {
		t.Errorf("%v, want %s (%v)", r, want, err)
	}
	b[0] = byte(hooks)
	if _, err := parse(b); err == nil {
		t.Error("a hook that is none")
	}
}

// TestRawPacketsAreSeenToo: where a raw socket may be made, what leaves by it is still looked at.
func TestRawPacketsAreSeenToo(t *testing.T) {
	place(t)
	dir := group(t)
	who := newActor(t, dir)
	p := policy()
	p.Raw = append(p.Raw, ICMP, unix.IPPROTO_RAW)
	g := watched(t, p, dir)
	for _, act := range []string{"raw IP to a stranger", "ping"} {
		if got := who.do(act); got != "refused" {
			t.Errorf("%s: %s", act, got)
		}
	}
	if c, err := g.Counts(); err != nil || c.Packet != 2 {
		t.Errorf("%+v %v", c, err)
	}
}

func nft(t *testing.T, commands string) {
	t.Helper()
	if out, err := exec.Command("nft", commands).CombinedOutput(); err != nil {
		t.Fatalf("nft (needed by this test): %v: %s", err, out)
	}
}

func TestAPolicyThatCannotBe(t *testing.T) {
	network := netip.MustParsePrefix("10.0.0.0/24")
	if _, err := (Policy{Rules: []Rule{{Protocol: UDP}}}).entries(); err == nil {
		t.Error("a rule without a network")
	}
	var many []Rule
	for i := range alternatives + 1 {
		many = append(many, Rule{network, UDP, uint16(i + 1), 0, ""})
	}
	if _, err := (Policy{Rules: many}).entries(); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("too many pairs: %v", err)
	}
	if _, err := parse([]byte{1, 2, 3}); err == nil {
		t.Error("three octets are an event")
	}
}

// TestAbandoned: the group of a process that starts beside another one is not swept away.
func TestAbandoned(t *testing.T) {
	ended := exec.Command("/bin/true")
	check(t, ended.Run())
	for name, want := range map[string]bool{
		prefix + strconv.Itoa(os.Getpid()): false, prefix + strconv.Itoa(ended.Process.Pid): true, prefix + "of-somebody": false,
	} {
		if got := abandoned(filepath.Join("/sys/fs/cgroup", name)); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
