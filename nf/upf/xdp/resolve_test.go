package xdp

import (
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// labSessionTo is the session of labUE at another gNB.
func labSessionTo(gnb netip.Addr) *upf.Session {
	s := labSession(pfcp.ApplyFORW)
	s.Rules[1].Peer = gnb
	return s
}

// another is the address of a gNB that nobody has spoken to; it is there once it is added.
func another(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 3, byte(10 + i)}) }

// addGNB gives the end of N3 one more address.
func (l *lab) addGNB(t *testing.T, a netip.Addr) {
	t.Helper()
	l.in(t, l.gnb, func() { address(t, "n3p", a.String()+"/24") })
}

// forget takes what the core's kernel knows of a gNB from it.
func (l *lab) forget(t *testing.T, a netip.Addr) {
	t.Helper()
	l.in(t, l.core, func() {
		dev, err := netlink.LinkByName("n3")
		check(t, err)
		if err := netlink.NeighDel(&netlink.Neigh{LinkIndex: dev.Attrs().Index, IP: a.AsSlice()}); err != nil && err != unix.ENOENT {
			t.Error(err)
		}
	})
}

// patient lets a Path wait for neighbours as long as a slow machine may need.
func (p *running) patient(d time.Duration) {
	p.near.mu.Lock()
	defer p.near.mu.Unlock()
	p.near.patience = d
}

// asks tells whether a neighbour was asked and has not answered.
func (p *running) asks(a netip.Addr) bool {
	p.near.mu.Lock()
	defer p.near.mu.Unlock()
	w, ok := p.near.way(a)
	return ok && p.near.silent[w] != nil
}

// TestNextHopBeforeSwitch: after a path switch to a gNB that nobody has spoken to, the first packet to the UE is the programs', and
// so is the next one when the kernel has lost the gNB.
func TestNextHopBeforeSwitch(t *testing.T) {
	l := newLab(t)
	p := l.run(t, Options{N6: []string{"n6"}, Mode: Native})
	p.patient(patience)
	check(t, p.Apply(labSession(pfcp.ApplyFORW)))
	l.warm(t, p.Path)
	slow := p.slow.Counters().DownlinkOut
	for i := range 20 {
		gnb := another(i)
		l.addGNB(t, gnb)
		l.gnbConn = l.listen(t, l.gnb, netip.AddrPortFrom(gnb, gtpu.Port))
		check(t, p.Apply(labSessionTo(gnb)))
		for range 2 {
			l.sendDown(t, []byte("after the switch"))
			if got := l.atGNB(t, patience); string(got) != "after the switch" {
				t.Fatalf("gNB %s: got %q", gnb, got)
			}
			l.forget(t, gnb)
			check(t, p.near.refresh())
		}
	}
	if got := p.slow.Counters().DownlinkOut - slow; got != 0 {
		t.Errorf("%d packets were in user space's hands, passed on for %v", got, p.Passed())
	}
}

// TestNextHopSilent: while a change of rules waits for a neighbour that does not answer, the old path serves and other sessions are
// not held up; once one has waited for it, nobody does.
func TestNextHopSilent(t *testing.T) {
	l := newLab(t)
	p := l.run(t, Options{N6: []string{"n6"}, Mode: Native})
	p.patient(time.Hour)
	check(t, p.Apply(labSession(pfcp.ApplyFORW)))
	l.warm(t, p.Path)
	late := another(0)
	applied := make(chan error, 1)
	go func() { applied <- p.Apply(labSessionTo(late)) }()
	for deadline := time.Now().Add(patience); !p.asks(late); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody asks for the neighbour")
		}
	}
	other := labSession(pfcp.ApplyFORW)
	other.Slot, other.Tunnels, other.UE4 = 8, []uint32{1<<20 | 8}, labUE.Next()
	for i := range other.Rules {
		r := &other.Rules[i]
		if r.UE4 = other.UE4; r.TEID != 0 {
			r.TEID = other.Tunnels[0]
		}
	}
	check(t, p.Apply(other))
	l.exchange(t, 20)
	select {
	case err := <-applied:
		t.Fatalf("the rules were changed over before the neighbour is known: %v", err)
	default:
	}
	l.addGNB(t, late)
	check(t, <-applied)
	l.gnbConn = l.listen(t, l.gnb, netip.AddrPortFrom(late, gtpu.Port))
	l.exchange(t, 20)

	p.patient(time.Millisecond)
	never := another(1)
	check(t, p.Apply(labSessionTo(never)))
	if wait, _ := p.near.unresolved([]netip.Addr{never}); wait || !p.asks(never) {
		t.Errorf("a neighbour that does not answer is waited for again (%v), or not asked", wait)
	}
}
