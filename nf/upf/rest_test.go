package upf_test

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/memory"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// letsGo is a data path that forgets the rules of sessions at rest.
type letsGo struct {
	*memory.Path
	rested, lain int
}

func (p *letsGo) Pattern(uint32, []pfcp.URRID) upf.Pattern { return p }

func (p *letsGo) Lie(uint32, uint32, netip.Addr) bool {
	p.lain++
	return true
}

func (p *letsGo) Rest(slot uint32) (map[pfcp.URRID]upf.Usage, bool) {
	used := map[pfcp.URRID]upf.Usage{1: p.Usage(slot, 1)}
	p.Remove(slot)
	p.rested++
	return used, true
}

// TestRest: the session of an idle UE rests, and comes back as it was: rules, tunnels, usage and where it reports to.
func TestRest(t *testing.T) {
	var path *letsGo
	wrap := func(p *memory.Path) upf.Datapath { path = &letsGo{Path: p}; return path }
	runOn(t, wrap, func(r *rig) {
		r.associate()
		seid, teid := r.establish(request(ue))
		if v := r.upf.View(); v.AtRest != 0 {
			t.Fatal("a session rests before its gNB is known")
		}
		r.accepted(r.ask(seid, far(pfcp.ApplyFORW, 5)))
		before, view := path.Session(upf.Slot(teid)), r.upf.View()
		r.accepted(r.ask(seid, far(pfcp.ApplyBUFF|pfcp.ApplyNOCP, 0)))
		v := r.upf.View()
		if v.AtRest != 1 || path.rested != 1 || path.Session(upf.Slot(teid)) != nil || len(v.Found) != 0 {
			t.Fatalf("%d at rest: %+v", v.AtRest, v)
		}
		if got := v.Sessions[0]; got.SEID != seid || got.CPSEID != 77 || got.TEIDs[0] != teid || !got.Buffers {
			t.Errorf("%+v", got)
		}
		time.Sleep(time.Minute) // nothing looks at it
		r.accepted(r.ask(seid, far(pfcp.ApplyFORW, 5)))
		if after := path.Session(upf.Slot(teid)); !reflect.DeepEqual(after, before) {
			t.Errorf("came back as %+v, was %+v", after, before)
		}
		if now := r.upf.View(); !reflect.DeepEqual(now, view) {
			t.Errorf("%+v, was %+v", now, view)
		}
		r.accepted(r.ask(seid, far(pfcp.ApplyBUFF|pfcp.ApplyNOCP, 0)))
		r.upf.Wake(upf.Slot(teid)) // a packet came
		if path.Session(upf.Slot(teid)) == nil {
			t.Error("not awake")
		}
		time.Sleep(3 * time.Second) // nobody wants it: it rests again
		if v := r.upf.View(); v.AtRest != 1 {
			t.Error("does not rest again")
		}
		r.upf.DownlinkData(upf.Slot(teid), 2, 9, 0)
		if told := r.told(); len(told) != 1 || r.headers[0].SEID != 77 {
			t.Errorf("%+v", told)
		}
		r.accepted(r.ask(seid, &pfcp.SessionDeletionRequest{}))
		if sessions, slots, peers, used := r.upf.Held(); sessions+slots+peers+used != 0 {
			t.Errorf("left: %d sessions, %d slots, %d peers, %d used", sessions, slots, peers, used)
		}
	})
}

// TestRestNever: what only time or its own address shows keeps a session from resting.
func TestRestNever(t *testing.T) {
	for name, change := range map[string]func(*pfcp.SessionEstablishmentRequest){
		"periodic reports": func(m *pfcp.SessionEstablishmentRequest) {
			m.CreateURR[0].ReportingTriggers, m.CreateURR[0].MeasurementPeriod = pfcp.TriggerPERIO, pfcp.Some(pfcp.Seconds(60))
		},
		"inactivity": func(m *pfcp.SessionEstablishmentRequest) { m.UserPlaneInactivityTimer = pfcp.Some(pfcp.Seconds(60)) },
		"volume quota": func(m *pfcp.SessionEstablishmentRequest) {
			m.CreateURR[0].VolumeQuota = pfcp.Some(pfcp.Volume{Total: pfcp.Some(uint64(1000))})
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(r *rig) {
				r.associate()
				m := request(netip.MustParseAddr("10.60.0.9"))
				change(m)
				seid, _ := r.establish(m)
				r.accepted(r.ask(seid, far(pfcp.ApplyFORW, 5)))
				r.accepted(r.ask(seid, far(pfcp.ApplyBUFF|pfcp.ApplyNOCP, 0)))
				if v := r.upf.View(); v.AtRest != 0 {
					t.Error("rests")
				}
			})
		})
	}
}
