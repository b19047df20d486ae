package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/internal/lab"
	"github.com/limpid-5g/limpid/internal/netspace"
	"github.com/limpid-5g/limpid/internal/probe"
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

// ownN3 is an address on N3 of the one gNB that carries packets.
func ownN3() netip.Addr { return at(2, 3) }

// n3 is the address on N3 of the gNB that carries packets. All gNBs count their tunnels from 1: where they share an address, a
// tunnel of one may have the F-TEID of another's.
func (o *options) n3() netip.Addr {
	if o.oneN3 {
		return lab.RANAddress()
	}
	return ownN3()
}

func ip(args ...string) error {
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

const (
	packetEvery = 5 * time.Millisecond
	warmUp      = 100 * time.Millisecond // in which next hops are found out, and a user plane is to stand
	tunnelBits  = 8                      // of the TEIDs of one gNB
	inFlight    = 100 * time.Millisecond // so long before the gNB has no tunnel any more a packet may be under way
)

// traffic is phones that exchange packets with a host while the core is killed: the fast path is pinned in the kernel, so that
// nothing may be lost. Their gNB is not told of a kill, but finds out when its association ends, as in life; its tunnels
// stand until then. The next has others, so that what the core knows of an earlier one does not do by chance.
type traffic struct {
	network *network
	lives   uint32 // gNBs so far
	dn      *netspace.Space
	mount   string // of the BPF file system with what is pinned
	host    *net.UDPConn
	users   []*talker
	stands  atomic.Bool // tunnels do, and packets are counted
}

// talker is a phone with traffic.
type talker struct {
	*phone
	up, down *probe.Stream
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
	if err := l.RAN.Do(func() error { return ip("address", "add", ownN3().String()+"/24", "dev", "n2") }); err != nil {
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
		core := t.network.nodes[0].running()
		g, err := t.connect(ctx)
		if err == nil {
			t.exchange(ctx, g, core)
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
	t.lives++
	var g *gnb.GNB
	err := x.place.RAN.Do(func() (err error) { // its socket belongs there
		g, err = gnb.New(gnb.Config{
			Name: "traffic", ID: 1000, PLMN: ident.PLMN{0x00, 0xf1, 0x10}, TAC: 1, N3: t.network.n3(), DataPath: true, LastTEID: t.lives << tunnelBits,
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
	return u.ue.OnPacket(sessionID, func(b []byte) { u.down.Take(probe.Payload(b)) })
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
				u.up.Take(b[:n])
			}
		}
	}
}

// exchange sends packets each way until the gNB has lost the core, or ctx ends, and counts them. The procedure that sets a user plane
// up ends on the UPF, TS 23.502 §4.2.3.2 step 16, behind what the phone hears: a packet each way shows that it has. One that a kill cuts
// off is the phone's to begin again; a core that lives has warmUp for it.
func (t *traffic) exchange(ctx context.Context, g *gnb.GNB, core *lab.Process) {
	t.begin(t.users)
	t.send(ctx, g, warmUp)
	var users []*talker
	for _, u := range t.users {
		switch now := time.Now(); {
		case u.up.Outcome(now).Arrived() && u.down.Outcome(now).Arrived():
			users = append(users, u)
		case core != nil && core == t.network.nodes[0].running() && ctx.Err() == nil:
			t.network.tally.violation("%s has no user plane %v after it was set up", u.ue.SUPI(), warmUp)
		}
	}
	t.begin(users)
	t.stands.Store(len(users) > 0)
	t.send(ctx, g, time.Hour)
	t.stands.Store(false)
	lost := time.Now()
	time.Sleep(inFlight)
	for _, u := range users {
		t.count(u, lost.Add(-inFlight))
	}
}

func (t *traffic) begin(users []*talker) {
	for _, u := range users {
		u.up.Begin()
		u.down.Begin()
	}
}

// count adds the packets of a user that were sent until then to the tally.
func (t *traffic) count(u *talker, until time.Time) {
	for way, s := range map[string]*probe.Stream{"uplink": u.up, "downlink": u.down} {
		o := s.Outcome(until)
		t.network.tally.traffic(o)
		if o.Lost > 0 {
			t.network.tally.violation("%s lost %d of %d packets, %s, sent from %s to %s", u.ue.SUPI(), o.Lost, o.Sent, way, o.Losses[0].Format(clock), o.Losses[1].Format(clock))
		}
		if o.Foreign > 0 {
			t.network.tally.violation("%s was given %d packets of others, %s", u.ue.SUPI(), o.Foreign, way)
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
			_, _ = t.host.WriteToUDPAddrPort(u.down.Next(), netip.AddrPortFrom(u.address, hostPort)) // else it is lost, and counted so
			_ = u.ue.SendPacket(sessionID, probe.Datagram(netip.AddrPortFrom(u.address, hostPort), netip.AddrPortFrom(at(cableDN, 2), hostPort), u.up.Next()))
		}
	}
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
