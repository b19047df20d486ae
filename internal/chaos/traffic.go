package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/internal/lab"
	"github.com/limpid-5g/limpid/internal/netspace"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// The network of the data, and its end of the cable that the fast path sends on.
const (
	dnInterface = "n6"
	cableDN     = 9
	hostPort    = 5000
)

// trafficN3 is the address of the one gNB that carries packets: all gNBs count their tunnels from 1.
var trafficN3 = at(2, 3)

func ip(args ...string) error {
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

const (
	packetEvery = 5 * time.Millisecond
	warmUp      = 100 * time.Millisecond // in which next hops are found out
	inFlight    = 100 * time.Millisecond // so long before the gNB has no tunnel any more a packet may be under way
	headers     = 28                     // octets of IPv4 and UDP
)

// traffic is phones that exchange packets with a host while the core is killed: the fast path is pinned in the kernel, so that
// nothing may be lost. Their gNB is not told of a kill, but finds out when its association ends, as in life; its tunnels
// stand until then.
type traffic struct {
	network *network
	dn      *netspace.Space
	mount   string // of the BPF file system with what is pinned
	host    *net.UDPConn
	users   []*talker
	stands  atomic.Bool // tunnels do, and packets are counted
}

// talker is a phone with traffic.
type talker struct {
	*phone
	up, down stream
}

// newTraffic makes the data network, and the folder in which a core over a file pins its programs and maps.
func newTraffic(n *network, l *lab.Lab) (t *traffic, err error) {
	t = &traffic{network: n, mount: filepath.Join(n.dir, "bpf")}
	if err := errors.Join(os.Mkdir(t.mount, 0o755), unix.Mount("bpf", t.mount, "bpf", 0, "")); err != nil {
		return nil, err
	}
	if t.dn, err = netspace.New(""); err != nil {
		return t, err
	}
	err = netspace.Cable(dnInterface, t.dn, l.Core, netip.PrefixFrom(at(cableDN, 2), cableBits), netip.PrefixFrom(at(cableDN, 1), cableBits))
	if err != nil {
		return t, err
	}
	if err := l.RAN.Do(func() error { return ip("address", "add", trafficN3.String()+"/24", "dev", "n2") }); err != nil {
		return t, err
	}
	return t, t.dn.Do(func() error {
		err := ip("route", "add", pool(n.ues+n.users).String(), "via", at(cableDN, 1).String())
		if err != nil {
			return err
		}
		if t.host, err = net.ListenUDP("udp4", &net.UDPAddr{IP: at(cableDN, 2).AsSlice(), Port: hostPort}); err != nil {
			return err
		}
		raw, err := t.host.SyscallConn()
		if err != nil {
			return err
		}
		// A veth leaves checksums to be filled in, and nobody does for a frame that a program sends on.
		return errors.Join(raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_NO_CHECK, 1) }), err)
	})
}

// configured is a configuration whose UPF has the pinned fast path.
func (t *traffic) configured(yaml string) string {
	fast := "datapath: xdp\n  xdp: {n6: [" + dnInterface + "], pin: " + filepath.Join(t.mount, "limpid") + ", exit: keep}\n"
	head, tail, _ := strings.Cut(yaml, "datapath: soft")
	_, rest, _ := strings.Cut(tail, "\n")
	return head + fast + rest
}

func (t *traffic) close() {
	if t.host != nil {
		_ = t.host.Close()
	}
	if t.dn != nil {
		_ = t.dn.Close()
	}
	_ = unix.Unmount(t.mount, unix.MNT_DETACH) // with it go the programs
}

// run has the users exchange packets until ctx ends, on one gNB after the other.
func (t *traffic) run(ctx context.Context) {
	go t.receive()
	for ctx.Err() == nil {
		g, err := t.connect(ctx)
		if err == nil {
			t.exchange(ctx, g)
		}
		if g != nil {
			closing, cancel := context.WithTimeout(context.Background(), time.Second)
			_ = g.Close(closing)
			cancel()
		}
		if err != nil {
			time.Sleep(packetEvery)
		}
	}
}

// connect sets a gNB up and has the users' tunnels made there.
func (t *traffic) connect(ctx context.Context) (*gnb.GNB, error) {
	ctx, cancel := context.WithTimeout(ctx, procedureTimeout)
	defer cancel()
	x := t.network.nodes[0]
	if x.cell(0) == nil {
		return nil, gnb.ErrNoAMF
	}
	var g *gnb.GNB
	err := x.place.RAN.Do(func() (err error) { // its socket belongs there
		g, err = gnb.New(gnb.Config{
			Name: "traffic", ID: 1000, PLMN: ident.PLMN{0x00, 0xf1, 0x10}, TAC: 1, N3: trafficN3, DataPath: true,
			Dial: func(ctx context.Context) (sctp.Association, error) {
				return t.network.transport.Dial(ctx, netip.AddrPortFrom(x.ran, 0), netip.AddrPortFrom(x.core, sctp.PortNGAP))
			},
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := g.Setup(ctx); err != nil {
		return g, err
	}
	for _, u := range t.users {
		if err := u.attach(ctx, t, g); err != nil {
			return g, err
		}
	}
	return g, nil
}

// attach gives the user its tunnel. It registers once.
func (u *talker) attach(ctx context.Context, t *traffic, g *gnb.GNB) error {
	u.ue.Camp(g)
	if _, ok := u.ue.Session(sessionID); ok && u.ue.Status().Registered {
		r, err := u.ue.ServiceRequest(ctx, ue.ServiceOptions{Sessions: []uint8{sessionID}})
		if rejectedAsUnknown(err) || err == nil && len(r.Failed) > 0 {
			t.network.tally.violation("%s has traffic, and the core does not know it: %v, %v", u.ue.SUPI(), err, r.Errors)
		}
		return err
	}
	if err := u.ue.Register(ctx, initial); err != nil {
		return err
	}
	s, err := u.ue.EstablishSession(ctx, sessionID, ue.SessionOptions{DNN: "internet", Transmissions: 1})
	if err != nil {
		return err
	}
	u.accepted, u.address = true, s.Address
	return u.ue.OnPacket(sessionID, func(b []byte) {
		if len(b) > headers {
			u.down.take(b[headers:])
		}
	})
}

// receive takes what arrives at the host.
func (t *traffic) receive() {
	b := make([]byte, 2000)
	for {
		n, from, err := t.host.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		for _, u := range t.users {
			if u.address == from.Addr().Unmap() {
				u.up.take(b[:n])
			}
		}
	}
}

// exchange sends packets each way until the gNB has lost the core, or ctx ends, and counts them.
func (t *traffic) exchange(ctx context.Context, g *gnb.GNB) {
	t.send(ctx, g, warmUp)
	for _, u := range t.users {
		u.up.begin()
		u.down.begin()
	}
	t.stands.Store(true)
	t.send(ctx, g, time.Hour)
	t.stands.Store(false)
	lost := time.Now()
	time.Sleep(inFlight)
	for _, u := range t.users {
		for way, s := range map[string]*stream{"uplink": &u.up, "downlink": &u.down} {
			sent, missing := s.end(lost.Add(-inFlight))
			t.network.tally.traffic(sent, missing, s.gap, s.pause)
			if missing > 0 {
				t.network.tally.violation("%s lost %d of %d packets, %s, sent from %s to %s", u.ue.SUPI(), missing, sent, way, s.losses[0].Format(clock), s.losses[1].Format(clock))
			}
		}
	}
}

// send sends packets for so long, if the gNB does not lose the core and ctx does not end.
func (t *traffic) send(ctx context.Context, g *gnb.GNB, long time.Duration) {
	tick, end := time.NewTicker(packetEvery), time.After(long)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-end:
			return
		case <-g.Done():
			return
		case <-ctx.Done():
			return
		}
		for _, u := range t.users {
			if b := u.down.next(); b != nil {
				_, _ = t.host.WriteToUDPAddrPort(b, netip.AddrPortFrom(u.address, hostPort)) // else it is lost, and counted so
			}
			if b := u.up.next(); b != nil {
				_ = u.ue.SendPacket(sessionID, datagram(u.address, at(cableDN, 2), b)) // the same
			}
		}
	}
}

// datagram is an IPv4 packet with a UDP datagram without checksum, RFC 791 §3.1 and RFC 768.
func datagram(from, to netip.Addr, payload []byte) []byte {
	b := append(make([]byte, headers), payload...)
	b[0], b[8], b[9] = 0x45, 64, unix.IPPROTO_UDP
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	copy(b[12:], from.AsSlice())
	copy(b[16:], to.AsSlice())
	sum := uint32(0)
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	binary.BigEndian.PutUint16(b[10:], ^uint16(sum+sum>>16))
	binary.BigEndian.PutUint16(b[20:], hostPort)
	binary.BigEndian.PutUint16(b[22:], hostPort)
	binary.BigEndian.PutUint16(b[24:], uint16(8+len(payload)))
	return b
}

// stop has the users leave. The core lives.
func (t *traffic) stop(ctx context.Context) {
	g := t.network.nodes[0].cell(0)
	if g == nil {
		return // the storm has failed
	}
	for _, u := range t.users {
		u.ue.Camp(g)
		u.settle(ctx)
		u.depart(ctx)
	}
}

// begun waits until packets are exchanged.
func (t *traffic) begun(ctx context.Context) error {
	for !t.stands.Load() {
		select {
		case <-time.After(packetEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// stream is packets one way.
type stream struct {
	mu      sync.Mutex
	first   uint64 // that is counted
	number  uint64 // of the next
	sent    []time.Time
	arrived []bool
	last    time.Time     // that one arrived
	gap     time.Duration // the longest time in which none arrived
	losses  [2]time.Time  // when the first and the last that is missing were sent
	pause   time.Duration // the longest time in which none was sent: this machine has other work
}

// begin counts from here.
func (s *stream) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first, s.sent, s.arrived, s.last, s.gap, s.pause = s.number, nil, nil, time.Now(), 0, 0
}

// next is the payload of the next packet.
func (s *stream) next() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := binary.BigEndian.AppendUint64(nil, s.number)
	s.number++
	if n := len(s.sent); n > 0 {
		s.pause = max(s.pause, time.Since(s.sent[n-1]))
	}
	s.sent, s.arrived = append(s.sent, time.Now()), append(s.arrived, false)
	return b
}

// take notes that a packet has arrived.
func (s *stream) take(payload []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(payload) < 8 {
		return
	}
	i := binary.BigEndian.Uint64(payload) - s.first
	if i >= uint64(len(s.arrived)) {
		return // of before
	}
	s.arrived[i] = true
	s.gap, s.last = max(s.gap, time.Since(s.last)), time.Now()
}

// end returns how many packets were sent before a time, and how many of them have not arrived.
func (s *stream) end(before time.Time) (sent, missing int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, at := range s.sent {
		if at.After(before) {
			break
		}
		if sent++; !s.arrived[i] {
			if missing++; missing == 1 {
				s.losses[0] = at
			}
			s.losses[1] = at
		}
	}
	return sent, missing
}
