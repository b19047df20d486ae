package soft

import (
	"log/slog"
	"net/netip"
	"runtime"
	"sync"
	"testing"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// plainSession has a rule for each direction, a URR and a rate.
func plainSession(n int) *upf.Session {
	teid := uint32(1<<20 | n)
	qers := []upf.QER{{ID: 1, MBR: pfcp.Some(pfcp.MBR{Uplink: 1 << 39, Downlink: 1 << 39})}}
	return &upf.Session{Slot: uint32(n), Tunnels: []uint32{teid}, UE4: address(n), Rules: []upf.Rule{
		{PDR: 1, Source: pfcp.InterfaceAccess, TEID: teid, Action: pfcp.ApplyFORW, To: pfcp.InterfaceCore, Network: "internet", QERs: qers, URRs: []pfcp.URRID{1}},
		{PDR: 2, Source: pfcp.InterfaceCore, Network: "internet", Action: pfcp.ApplyFORW, To: pfcp.InterfaceAccess, Peer: gnbN3, PeerTEID: teid, QFI: 9,
			QERs: qers, URRs: []pfcp.URRID{1}}}}
}

// TestLaneIsForPlainRules: what a lane does not know goes the long way.
func TestLaneIsForPlainRules(t *testing.T) {
	for name, change := range map[string]func(*upf.Session, *upf.Rule){
		"plain": func(*upf.Session, *upf.Rule) {},
		"a gate closed": func(_ *upf.Session, r *upf.Rule) {
			r.QERs = []upf.QER{{ID: 1, Gate: pfcp.GateStatus{DownlinkClosed: true}}}
		},
		"buffering":        func(_ *upf.Session, r *upf.Rule) { r.Action = pfcp.ApplyBUFF },
		"a filter":         func(_ *upf.Session, r *upf.Rule) { r.Filters = []upf.Filter{{Protocol: 17}} },
		"two URRs":         func(_ *upf.Session, r *upf.Rule) { r.URRs = []pfcp.URRID{1, 2} },
		"a quota":          func(s *upf.Session, _ *upf.Rule) { s.URRs = []upf.URR{{ID: 1, Quota: upf.Limit{Total: 5}}} },
		"a rate of 0":      func(_ *upf.Session, r *upf.Rule) { r.QERs = []upf.QER{{ID: 1, MBR: pfcp.Some(pfcp.MBR{})}} },
		"a second rule":    func(s *upf.Session, r *upf.Rule) { s.Rules = append(s.Rules, *r) },
		"another network":  func(_ *upf.Session, r *upf.Rule) { r.Network = "ims" },
		"another address":  func(_ *upf.Session, r *upf.Rule) { r.UE4 = address(9) },
		"IPv6 to the gNB":  func(_ *upf.Session, r *upf.Rule) { r.Peer = netip.MustParseAddr("2001:db8::5") },
		"no QFI":           func(_ *upf.Session, r *upf.Rule) { r.QFI = 0 },
		"a paging policy":  func(_ *upf.Session, r *upf.Rule) { r.PPI = pfcp.Some(pfcp.PPI(1)) },
		"a framed network": func(s *upf.Session, _ *upf.Rule) { s.Framed = append(s.Framed, config().Networks[0].Pools[0]) },
	} {
		p, err := closedPath(config(), slog.New(slog.DiscardHandler))
		check(t, err)
		s := plainSession(5)
		change(s, &s.Rules[1])
		check(t, p.Apply(s))
		if open := p.lanes[5].head.Load()&laneOpen != 0; open != (name == "plain") {
			t.Errorf("%s: the lane is open: %v", name, open)
		}
	}
}

// TestLaneUnderChange sends packets while the session's rules change, it goes and comes: each packet that left is counted for
// its session, to the octet, by one way or the other.
func TestLaneUnderChange(t *testing.T) {
	p, err := closedPath(config(), slog.New(slog.DiscardHandler))
	check(t, err)
	packet := ipv4(dnAddr, address(5), 17, udp(1, 2, "0123456789"))
	w := p.newDownlinkWorker(newTUN(p.cfg.Networks[0]))
	out := newSender(nil, false, nil)
	w.tx[0] = out
	var counted upf.Usage
	done := make(chan struct{})
	var sender sync.WaitGroup
	sender.Go(func() {
		b := make([]byte, gtpu.Headroom+len(packet))
		for {
			select {
			case <-done:
				return
			default:
			}
			out.n, out.pkts = 0, 0
			copy(b[gtpu.Headroom:], packet)
			w.now = p.now() // or a rate that was reached would stay so
			w.packet(b)
		}
	})
	for i := 0; i < 3000 || p.Counters().DownlinkOut < 3000; i++ {
		s := plainSession(5)
		switch i % 4 {
		case 1: // the long way
			s.Rules[1].Filters = []upf.Filter{{Protocol: 17}}
		case 2:
			s.Rules[1].PeerTEID++
		case 3: // a rate that is reached
			s.Rules[1].QERs = []upf.QER{{ID: 1, MBR: pfcp.Some(pfcp.MBR{Uplink: 1000, Downlink: 1000})}}
		}
		check(t, p.Apply(s))
		runtime.Gosched()
	}
	close(done)
	sender.Wait()
	counted = p.Usage(5, 1)
	left := p.Counters().DownlinkOut
	if counted.DownlinkPackets != left || counted.DownlinkBytes != left*uint64(len(packet)) {
		t.Errorf("counted %+v, %d packets left", counted, left)
	}
	p.Remove(5)
	check(t, p.Apply(plainSession(5)))
	if got := p.Usage(5, 1); got != (upf.Usage{}) {
		t.Errorf("a new session begins with %+v", got)
	}
}
