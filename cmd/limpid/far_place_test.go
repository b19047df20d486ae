package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/ran"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/sctp"
)

const upfFast = `lockdown: auto # a test binary may hold C

name: far
control: {socket: %[1]s/upf.sock}
upf:
  n4: {address: 10.20.4.2}
  n3: {address: 10.20.3.1}
  smfs: [10.20.4.1]
  datapath: xdp
  xdp: {n6: [n6], pin: %[1]s/bpf/limpid, exit: keep}
  buffer: {packets: %[2]d}
  networks:
    - {dnn: internet, tun: upf0, pools: [10.45.0.0/16]}
`

const mayAsk = `pcf:
  session_policies: [{dnn: internet, ue_requests: {5qis: [9], rules: 2, maximum: {uplink: 1 Gbps, downlink: 1 Gbps}}}]
`

// farPlace is a core and a UPF in processes and namespaces of their own, two gNBs with a phone in this process, and a host of
// the data network.
type farPlace struct {
	*testing.T
	dir, upf          string
	process           *exec.Cmd
	upfLog, coreLog   *lockedBuffer
	radios            [2]*gnb.GNB
	at                int // the phone's
	phone             *ue.UE
	session           uint8
	address           netip.Addr
	rules             gsm.QoSRules
	host              *net.UDPConn
	atPhone, atHost   chan string
	octets, exchanged uint64 // of IP packets each way, as the phone sees them
}

const farPatience = 20 * time.Second

// inside runs f on a thread in a namespace: sockets and processes that it makes belong there.
func inside(t *testing.T, name string, f func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		ns, err := netns.GetFromName(name)
		if err == nil {
			err = errors.Join(netns.Set(ns), ns.Close())
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// newFarPlace has the phone's session set up, and next hops known.
func newFarPlace(t *testing.T, buffer int) *farPlace {
	t.Helper()
	p := &farPlace{T: t, dir: t.TempDir(), atPhone: make(chan string, 4000), atHost: make(chan string, 4000)}
	control, radio, dn := space(t, "core"), space(t, "ran"), space(t, "dn")
	p.upf = space(t, "upf")
	wire(t, "n4", control, "10.20.4.1/24", p.upf, "10.20.4.2/24")
	wire(t, "n2", control, "10.20.2.1/24", radio, "10.20.2.2/24")
	wire(t, "n3", p.upf, "10.20.3.1/24", radio, "10.20.3.2/24")
	command(t, exec.Command("ip", "-n", radio, "addr", "add", "10.20.3.3/24", "dev", "n3"))
	wire(t, "n6", p.upf, "10.20.6.1/24", dn, "10.20.6.2/24")
	command(t, exec.Command("ip", "-n", dn, "route", "add", "10.45.0.0/16", "via", "10.20.6.1"))
	bpf := filepath.Join(p.dir, "bpf")
	if err := errors.Join(os.Mkdir(bpf, 0o755), unix.Mount("bpf", bpf, "bpf", 0, "")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(bpf, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	subscribers := writeSubscribers(t, 1)
	config := strings.Replace(coreAlone, "  dnns:", "  intervals: {heartbeat: 1s, usage_report: 1s}\n  dnns:", 1)
	p.write("core.yaml", fmt.Sprintf(config+mayAsk, p.dir))
	p.configure(buffer)
	command(t, limpid(t.Context(), "subscriber", "import", "--db", filepath.Join(p.dir, "core.db"), subscribers))
	p.start()
	_, p.coreLog = daemon(t, control, "core", "--config", filepath.Join(p.dir, "core.yaml"))
	awaits(t, p.coreLog, "association with UPF set up", 1)
	inside(t, dn, func() (err error) {
		p.host, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(10, 20, 6, 2), Port: 5000})
		if err != nil {
			return err
		}
		raw, err := p.host.SyscallConn()
		if err != nil {
			return err
		}
		// A veth leaves checksums to be filled in, and nobody does for a frame that a program sends on.
		return errors.Join(raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_NO_CHECK, 1) }), err)
	})
	t.Cleanup(func() { _ = p.host.Close() })
	go p.receive()
	inside(t, radio, func() error { return p.powerOn(subscribers) })
	for range 50 {
		p.exchange()
		time.Sleep(2 * time.Millisecond)
	}
	return p
}

func (p *farPlace) write(name, text string) {
	p.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
}

// configure lets the next process of the UPF buffer so many packets for an idle phone.
func (p *farPlace) configure(buffer int) {
	p.Helper()
	p.write("upf.yaml", fmt.Sprintf(upfFast, p.dir, buffer))
}

// start starts the UPF and waits until it serves.
func (p *farPlace) start() {
	p.Helper()
	p.launch()
	awaits(p.T, p.upfLog, "UPF runs", 1)
}

func (p *farPlace) launch() {
	p.process, p.upfLog = daemon(p.T, p.upf, "upf", "--config", filepath.Join(p.dir, "upf.yaml"))
}

// end ends the UPF's process, which is the limpid itself: ip executes it.
func (p *farPlace) end(s os.Signal) {
	_ = p.process.Process.Signal(s)
	_ = p.process.Wait()
}

// receive takes what arrives at the host.
func (p *farPlace) receive() {
	b := make([]byte, 2000)
	for {
		n, _, err := p.host.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		p.atHost <- string(b[:n])
	}
}

// powerOn makes the gNBs, and the phone with its session.
func (p *farPlace) powerOn(subscribers string) error {
	ctx, cancel := context.WithTimeout(p.Context(), time.Minute)
	defer cancel()
	f := &ranFlags{amf: "10.20.2.1", n2: "10.20.2.2", n3: "10.20.3.2", sctp: "udp", plmn: "00101", tac: "1", name: "gnb", gnbID: 1, gnbIDBits: 32,
		slices: []string{"1"}, subscribers: subscribers, suci: "null", routingIndicator: "0", imeisv: ue.DefaultIMEISV, dnn: "internet", attempts: 5}
	plan, err := f.plan(slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	transport, err := sctp.New(f.sctpConfig(plan.Log))
	if err != nil {
		return err
	}
	p.Cleanup(func() { _ = transport.Close() })
	if plan.GNB.Dial, err = f.dialer(transport); err != nil {
		return err
	}
	plan.GNB.DataPath = true
	for i := range p.radios {
		plan.GNB.ID, plan.GNB.N3 = uint32(1+i), netip.AddrFrom4([4]byte{10, 20, 3, byte(2 + i)})
		if p.radios[i], err = gnb.New(plan.GNB); err != nil {
			return err
		}
		radio := p.radios[i]
		p.Cleanup(func() { _ = radio.Close(context.WithoutCancel(p.Context())) })
		if err := radio.Setup(ctx); err != nil {
			return err
		}
	}
	return p.attach(ctx, &plan)
}

func (p *farPlace) attach(ctx context.Context, plan *ran.Plan) error {
	phone, err := ue.New(plan.UEs[0])
	if err != nil {
		return err
	}
	p.phone = phone
	phone.Camp(p.radios[0])
	if err := phone.Register(ctx, plan.Register); err != nil {
		return err
	}
	s, err := phone.EstablishSession(ctx, 1, plan.Session)
	if err != nil {
		return err
	}
	p.session, p.address, p.rules = s.ID, s.Address, s.Rules
	return phone.OnPacket(p.session, func(b []byte) { p.atPhone <- string(b[28:]) })
}

// send sends a packet to the phone.
func (p *farPlace) send(text string) {
	p.Helper()
	if _, err := p.host.WriteToUDPAddrPort([]byte(text), netip.AddrPortFrom(p.address, 5000)); err != nil {
		p.Fatal(err)
	}
}

// sendUp sends a packet to the host.
func (p *farPlace) sendUp(text string) {
	p.Helper()
	b := append(make([]byte, 28), text...)
	b[0], b[8], b[9] = 0x45, 64, unix.IPPROTO_UDP
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	copy(b[12:], p.address.AsSlice())
	copy(b[16:], []byte{10, 20, 6, 2})
	sum := uint32(0)
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	binary.BigEndian.PutUint16(b[10:], ^uint16(sum+sum>>16))
	binary.BigEndian.PutUint16(b[20:], 5000)
	binary.BigEndian.PutUint16(b[22:], 5000)
	binary.BigEndian.PutUint16(b[24:], uint16(8+len(text)))
	if err := p.phone.SendPacket(p.session, b); err != nil {
		p.Fatal(err)
	}
}

// next wants a packet to come next.
func (p *farPlace) next(from chan string, want string) {
	p.Helper()
	select {
	case got := <-from:
		if got != want {
			p.Fatalf("got %q, want %q", got, want)
		}
	case <-time.After(farPatience):
		p.Fatalf("%q is lost\n%s\n%s", want, p.upfLog, p.coreLog)
	}
}

// arrives is the packet that comes next.
func (p *farPlace) arrives(from chan string) string {
	p.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(farPatience):
		p.Fatalf("nothing comes\n%s\n%s", p.upfLog, p.coreLog)
		return ""
	}
}

// exchange wants a packet to arrive each way.
func (p *farPlace) exchange() {
	p.Helper()
	p.exchanged++
	text := fmt.Sprint("packet ", p.exchanged)
	p.octets += uint64(28 + len(text))
	p.send(text)
	p.sendUp(text)
	p.next(p.atPhone, text)
	p.next(p.atHost, text)
}

// exchangeUntil exchanges packets until something is done, and some after.
func (p *farPlace) exchangeUntil(what string, done func() bool) {
	p.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); p.exchange() {
		if time.Now().After(deadline) {
			p.Fatalf("no %s\n%s\n%s", what, p.upfLog, p.coreLog)
		}
	}
	for range 20 {
		p.exchange()
	}
}

// beside does something while packets are exchanged.
func (p *farPlace) beside(what string, f func()) {
	p.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	p.exchangeUntil(what, func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
}

// info is what the SMF knows of the session.
func (p *farPlace) info() core.SessionInfo {
	p.Helper()
	var list []core.SessionInfo
	text := command(p.T, limpid(p.Context(), "session", "list", "--socket", filepath.Join(p.dir, "core.sock"), "--json"))
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) != 1 {
		p.Fatalf("%v in %s", err, text)
	}
	return list[0]
}

// counted is what the SMF has heard of the session's usage.
func (p *farPlace) counted() (up, down uint64) {
	p.Helper()
	u := p.info().Usage
	return u.Uplink, u.Downlink
}

// page sends packets until the phone is paged, and returns how many: in an AN release the UPF is told after the phone (TS 23.502
// §4.2.6, steps 4 to 7), and what it sends to the gNB until then is lost. It counts them all.
func (p *farPlace) page() (sent int) {
	p.Helper()
	for deadline := time.Now().Add(farPatience); !p.phone.Status().Paged; sent++ {
		if time.Now().After(deadline) {
			p.Fatalf("the phone is not paged\n%s\n%s", p.upfLog, p.coreLog)
		}
		text := fmt.Sprint("paging ", sent)
		p.octets += uint64(28 + len(text))
		p.send(text)
		time.Sleep(100 * time.Millisecond)
	}
	return sent
}

// accounted wants the SMF to hear of so many octets, and of no more.
func (p *farPlace) accounted(wantUp, wantDown uint64) {
	p.Helper()
	var up, down uint64
	for deadline := time.Now().Add(farPatience); ; time.Sleep(100 * time.Millisecond) {
		up, down = p.counted()
		if up == wantUp && down == wantDown || time.Now().After(deadline) {
			break
		}
	}
	time.Sleep(1200 * time.Millisecond) // the next report
	if up, down = p.counted(); up != wantUp || down != wantDown {
		p.Errorf("the SMF has heard of %d and %d octets, want %d and %d\n%s\n%s", up, down, wantUp, wantDown, p.upfLog, p.coreLog)
	}
}

// associated waits until the UPF's process has an association and the session again.
func (p *farPlace) associated() {
	p.Helper()
	p.exchangeUntil("association", func() bool { return strings.Contains(p.upfLog.String(), "PFCP association set up") })
}

// settled goes on until the programs leave no packet to the process, whose end a packet in its hands does not outlive: a next hop
// that is new has to be found by the kernel first.
func (p *farPlace) settled() {
	p.Helper()
	left := func() (sum int) {
		p.beside("counters", func() {
			out, err := limpid(p.Context(), "upf", "drops", "--socket", filepath.Join(p.dir, "upf.sock")).CombinedOutput()
			if err != nil {
				p.Errorf("%v: %s", err, out)
			}
			for _, m := range regexp.MustCompile(`from XDP to user space: .* (\d+)`).FindAllSubmatch(out, -1) {
				n, _ := strconv.Atoi(string(m[1]))
				sum += n
			}
		})
		return sum
	}
	last := left()
	for deadline := time.Now().Add(time.Minute); ; {
		now := left()
		if now == last {
			return
		}
		if last = now; time.Now().After(deadline) {
			p.Fatalf("packets are left to user space without end\n%s", p.upfLog)
		}
	}
}

// handOver hands the phone over to the other gNB.
func (p *farPlace) handOver() {
	ctx, cancel := context.WithTimeout(p.Context(), farPatience)
	defer cancel()
	if err := p.radios[p.at].HandOverXn(ctx, p.phone, p.radios[1-p.at], gnb.XnOptions{}); err != nil {
		p.Error(err)
		return
	}
	p.at = 1 - p.at
}

// modify has the phone ask for a QoS flow of its own for the packets that are exchanged, or give it up.
func (p *farPlace) modify() {
	ctx, cancel := context.WithTimeout(p.Context(), farPatience)
	defer cancel()
	o := ue.ModifyOptions{Rules: gsm.QoSRules{{Operation: gsm.CreateRule, Precedence: 40, Segregation: true, Filters: []gsm.PacketFilter{{
		Direction:  gsm.Bidirectional,
		Components: []gsm.Component{gsm.ProtocolComponent(unix.IPPROTO_UDP), gsm.PrefixComponent(netip.MustParsePrefix("10.20.6.0/24"), true)}}}}},
		Flows: gsm.QoSFlowDescriptions{gsm.NewQoSFlow(0, gsm.FiveQI(9))}}
	for i := range p.rules {
		if r := &p.rules[i]; !r.Default {
			o = ue.ModifyOptions{Rules: gsm.QoSRules{{ID: r.ID, Operation: gsm.DeleteRule}}}
		}
	}
	s, err := p.phone.ModifySession(ctx, p.session, o)
	if err != nil {
		p.Error(err)
		return
	}
	p.rules = s.Rules
}
