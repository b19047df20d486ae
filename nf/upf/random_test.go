package upf_test

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// model is what the test knows of a session.
type model struct {
	seid   uint64
	teid   uint32
	addr   netip.Addr
	action pfcp.ApplyAction
	peer   uint32 // TEID of the gNB
	waits  int    // packets in the buffer
}

// TestRandomOperations runs random operations against a simple model of a UPF and wants the same packets out, each
// packet accounted for, and nothing left at the end. The seed is printed when it fails.
func TestRandomOperations(t *testing.T) {
	for range 20 {
		seed := rand.Uint64()
		run(t, func(r *rig) {
			defer func() {
				if r.Failed() {
					r.Logf("seed %d", seed)
				}
			}()
			w := &world{rig: r, rand: rand.New(rand.NewPCG(seed, 1))}
			r.associate()
			for range 300 {
				w.step()
			}
			w.end()
		})
	}
}

// world is the model of a UPF.
type world struct {
	*rig
	rand     *rand.Rand
	sessions []*model
	nextPeer uint32
	nextCP   uint64
}

func (w *world) step() {
	if len(w.sessions) == 0 || w.rand.IntN(8) == 0 {
		w.establishOne()
		return
	}
	s := w.sessions[w.rand.IntN(len(w.sessions))]
	switch w.rand.IntN(7) {
	case 0:
		w.accepted(w.ask(s.seid, &pfcp.SessionDeletionRequest{}))
		w.sessions = slices.DeleteFunc(w.sessions, func(x *model) bool { return x == s })
	case 1:
		w.change(s, pfcp.ApplyBUFF|pfcp.ApplyNOCP, 0)
	case 2:
		w.nextPeer++
		w.change(s, pfcp.ApplyFORW, w.nextPeer)
	case 3:
		w.change(s, pfcp.ApplyDROP, 0)
	case 4: // refused as a whole: nothing may change
		m := far(pfcp.ApplyFORW, 1)
		m.RemoveQER = []pfcp.RemoveQER{{QERID: 1}}
		if c, _ := pfcp.CauseOf(w.ask(s.seid, m)); c != pfcp.CauseRuleCreationModificationFailure {
			w.Errorf("%s", c)
		}
	case 5:
		w.up(s)
	default:
		w.down(s)
	}
}

func (w *world) establishOne() {
	addr := netip.AddrFrom4([4]byte{10, 60, 0, byte(w.rand.IntN(8))})
	if w.rand.IntN(4) == 0 {
		addr = netip.AddrFrom4([4]byte{198, 51, 100, byte(w.rand.IntN(8))}) // in no pool: one of four extra slots
	}
	taken := slices.ContainsFunc(w.sessions, func(s *model) bool { return s.addr == addr })
	extra := 0
	for _, s := range w.sessions {
		if s.addr.As4()[0] != 10 {
			extra++
		}
	}
	if addr.As4()[0] != 10 && taken {
		return // two sessions of an address outside the pools: the CP function's fault, and not looked for
	}
	m := request(addr)
	w.nextCP++
	m.CPFSEID.SEID = w.nextCP // one of its own, as TS 29.244 §5.6.2 has it
	a := w.ask(0, m).(*pfcp.SessionEstablishmentResponse)
	want := pfcp.CauseRequestAccepted
	if taken || addr.As4()[0] != 10 && extra == 4 {
		want = pfcp.CauseNoResourcesAvailable
	}
	if a.Cause != want {
		w.Fatalf("%s: %s, want %s", addr, a.Cause, want)
	}
	if want == pfcp.CauseRequestAccepted {
		w.sessions = append(w.sessions, &model{seid: a.UPFSEID.Value().SEID, teid: a.CreatedPDR[0].LocalFTEID.Value().TEID, addr: addr,
			action: pfcp.ApplyBUFF | pfcp.ApplyNOCP})
	}
}

// change gives the downlink FAR a new action; what waits leaves if it forwards and is lost if it drops.
func (w *world) change(s *model, action pfcp.ApplyAction, peer uint32) {
	w.path.Sent()
	w.accepted(w.ask(s.seid, far(action, peer)))
	if peer != 0 {
		s.peer = peer
	}
	s.action = action
	sent := w.path.Sent()
	want := 0
	if action == pfcp.ApplyFORW {
		want = s.waits
	}
	if len(sent) != want {
		w.Fatalf("%d packets left the buffer, want %d", len(sent), want)
	}
	for i, p := range sent {
		if p.TEID != s.peer || int(p.Flow.LocalPort) != i {
			w.Fatalf("packet %d: %+v", i, p)
		}
	}
	if action&pfcp.ApplyBUFF == 0 {
		s.waits = 0
	}
}

func (w *world) up(s *model) {
	w.path.Sent()
	w.path.Uplink(s.teid, 9, upf.Flow{Local: s.addr, Remote: server}, 100)
	if out := w.path.Sent(); len(out) != 1 || out[0].Network != "internet" {
		w.Fatalf("uplink: %+v", out)
	}
}

func (w *world) down(s *model) {
	w.path.Sent()
	w.path.Downlink("internet", upf.Flow{Local: s.addr, Remote: server, LocalPort: uint16(s.waits)}, 100)
	synctest.Wait()
	out := w.path.Sent()
	switch {
	case s.action&pfcp.ApplyBUFF != 0:
		s.waits++
		if len(out) != 0 {
			w.Fatalf("buffered, yet sent: %+v", out)
		}
	case s.action == pfcp.ApplyFORW && (len(out) != 1 || out[0].TEID != s.peer || out[0].Peer != gnb):
		w.Fatalf("downlink: %+v, want tunnel %d", out, s.peer)
	case s.action == pfcp.ApplyDROP && len(out) != 0:
		w.Fatalf("dropped, yet sent: %+v", out)
	}
}

// end deletes what is left, and wants the UPF to hold nothing and to have lost no packet.
func (w *world) end() {
	for _, s := range w.sessions {
		w.accepted(w.ask(s.seid, &pfcp.SessionDeletionRequest{}))
	}
	if sessions, slots, peers, used := w.upf.Held(); sessions+slots+peers+used != 0 {
		w.Errorf("left: %d sessions, %d slots with a session, %d tunnels of peers, %d slots taken", sessions, slots, peers, used)
	}
	c := w.upf.Counters()
	out := c.UplinkOut + c.DownlinkOut + c.Signalling + c.Buffered
	for _, n := range c.Dropped {
		out += n
	}
	if c.UplinkIn+c.DownlinkIn != out || c.Buffered != 0 {
		w.Errorf("%+v", c)
	}
}
