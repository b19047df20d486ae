package flows

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/pfcp"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// PlayWithCore plays a flow against a core of its own in this process, in real time and over the sockets of this network
// namespace: SCTP as it is to be had, PFCP and GTP-U over UDP, the data network behind a TUN interface. It needs the
// rights for these. The core uses NEA0 where the flow does not say which ciphering, so that who captures can read it;
// what is ciphered all the same deciphered sees in clear.
// It returns the ladder and which collisions that the flow names did not take place; the error says what failed, or what was left
// behind.
func PlayWithCore(ctx context.Context, f *Flow, log *slog.Logger, deciphered func(pdu []byte)) (text string, unshown, err error) {
	seen := noteCollisions(log.Handler())
	s, err := newSocketStage(ctx, f, slog.New(seen))
	if s == nil {
		return "", nil, err
	}
	if err != nil {
		return "", nil, errors.Join(err, s.close())
	}
	s.deciphered = deciphered
	text, err = s.play(f.Script)
	return text, seen.judge(f), errors.Join(err, s.auditSockets(), s.close())
}

// newSocketStage sets a flow's core up on real sockets of this network namespace, and radios beside it.
func newSocketStage(ctx context.Context, f *Flow, log *slog.Logger) (*stage, error) {
	dir, err := os.MkdirTemp("", "limpid-flow")
	if err != nil {
		return nil, err
	}
	h := &heard{outside: outsideGo()}
	s := &stage{
		file: filepath.Join(dir, "limpid.db"), recorder: &recorder{start: time.Now(), seids: make(map[string]int)},
		cells: make(map[string]*gnb.GNB), ues: make(map[string]*ue.UE), gutis: make(gutis),
		cellConfigs: make(map[string]gnb.Config), settle: h.settle, datagram: datagram, arrows: h.take, others: f.Others,
		done: []func() error{func() error { return os.RemoveAll(dir) }}, choosesCiphering: f.ChoosesCiphering(),
	}
	h.note = s.recorder
	s.ctx, s.stop = context.WithCancel(ctx)
	s.nodes.of(f, log)
	s.nodes.place, s.recorder.several = s.place, s.nodes.shared()
	cfg, err := s.nodes.config("a")
	if err != nil {
		return s, err
	}
	if err := s.provision(f.Subscribers); err != nil {
		return s, err
	}
	if err := s.radio(); err != nil {
		return s, err
	}
	if err := s.serve(cfg); err != nil {
		return s, err
	}
	err = s.live(cfg, log)
	if err == nil {
		s.core.AwaitUPFs(s.ctx)
	}
	return s, err
}

// ChoosesCiphering tells whether the flow would be another one with NEA0.
func (f *Flow) ChoosesCiphering() bool {
	script := strings.Join(f.Script, "\n")
	return bytes.Contains(f.Config, []byte("ciphering")) || strings.Contains(script, "nea=") || strings.Contains(script, "spoil=RegistrationRequest")
}

// radio lets gNBs of the stage dial the core from addresses of their own.
func (s *stage) radio() error {
	transport, err := sctp.New(sctp.Config{Log: slog.New(slog.DiscardHandler)}.ForN2())
	if err != nil {
		return err
	}
	s.done = append(s.done, transport.Close)
	for i := range 8 {
		s.n3 = append(s.n3, netip.AddrFrom4([4]byte{127, 0, 0, byte(11 + i)}))
	}
	s.dialTo = func(ctx context.Context, at netip.AddrPort) (sctp.Association, error) {
		return transport.Dial(ctx, netip.AddrPortFrom(s.n3[0], 0), at)
	}
	s.dial = s.dialNode("a")
	return nil
}

// packetSize is how long a packet from the data network is, octets of IPv4.
const packetSize = 100

// datagram sends a packet to port 9 (discard) of a UE, through the TUN interface of the UPF, by the routes of the kernel.
func datagram(to netip.Addr) error { return sendDatagram(new(net.Dialer), to) }

func sendDatagram(by *net.Dialer, to netip.Addr) error {
	conn, err := by.Dial("udp", netip.AddrPortFrom(to, 9).String())
	if err != nil {
		return err
	}
	_, err = conn.Write(make([]byte, packetSize-20-8))
	return errors.Join(err, conn.Close())
}

// broadcast is a frame for every station of a data network of Ethernet, which is behind the first interface of the UPF.
func broadcast() error {
	link, err := net.InterfaceByName("limpid0")
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	frame := make([]byte, packetSize)
	copy(frame, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5}) // an Ethertype for experiments, IEEE 802 §9.2.4
	err = unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: link.Index})
	return errors.Join(err, unix.Close(fd))
}

func (s *stage) listenN4(addr netip.AddrPort) (pfcp.PacketConn, error) {
	conn, err := pfcp.Listen(addr)
	if err != nil {
		return nil, err
	}
	return &deafConn{conn, s}, nil
}

// arrives tells whether a packet for a session comes to the UE within a second.
func (s *stage) arrives(ctx context.Context, c *command) (bool, error) {
	u, id, err := s.ueAndSession(c)
	if err != nil {
		return false, err
	}
	came := make(chan struct{}, 1)
	err = u.OnPacket(id, func([]byte) {
		select {
		case came <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return false, err
	}
	if err := s.downlink(ctx, c); err != nil {
		return false, err
	}
	select {
	case <-came:
		return true, nil
	case <-time.After(time.Second):
		return false, nil
	}
}

// auditSockets lets everything come to an end and looks for what was left behind.
func (s *stage) auditSockets() error {
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
	defer cancel()
	s.silent.Store(false)
	s.n4Fault.Store(nil)
	errs := []error{s.finish(ctx, nil)}
	for name, g := range s.cells {
		errs = append(errs, g.Close(ctx))
		delete(s.cells, name)
	}
	var found []error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if found = s.leftBehind(ctx); len(found) == 0 {
			break
		}
	}
	for _, f := range found {
		errs = append(errs, fmt.Errorf("left behind: %w", f))
	}
	return errors.Join(errs...)
}

// leftBehind is what stands where nothing should, now that all gNBs are gone.
func (s *stage) leftBehind(ctx context.Context) []error {
	found := s.disagreements(ctx, true)
	if err := s.auditStore(ctx); err != nil {
		found = append(found, err)
	}
	return found
}

// deafConn is a socket of N4 that loses everything while the stage says so.
type deafConn struct {
	pfcp.PacketConn
	stage *stage
}

func (c *deafConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	deliver := func(b []byte) { _, _ = c.PacketConn.WriteToUDPAddrPort(b, to) }
	if c.stage.losesN4(b, deliver) {
		return len(b), nil
	}
	return c.PacketConn.WriteToUDPAddrPort(b, to)
}
