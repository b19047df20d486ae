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

// restoration is the request for a session that was there before a restart, of an idle UE.
func restoration(n byte) *pfcp.SessionEstablishmentRequest {
	m := request(netip.AddrFrom4([4]byte{10, 60, 0, n}))
	m.CPFSEID.SEID = 1000 + uint64(n)
	m.CreatePDR[0].PDI.LocalFTEID = pfcp.Some(pfcp.FTEID{TEID: 3<<20 | uint32(n), IPv4: n3})
	for i := range m.CreateFAR {
		if m.CreateFAR[i].FARID == 2 {
			m.CreateFAR[i].ApplyAction = pfcp.ApplyBUFF | pfcp.ApplyNOCP
		}
	}
	m.PFCPSEReqFlags = pfcp.Some(pfcp.SEReqRESTI)
	return m
}

// restored has a session established again.
func (r *rig) restored(m *pfcp.SessionEstablishmentRequest) uint64 {
	r.Helper()
	a := r.ask(0, m).(*pfcp.SessionEstablishmentResponse)
	if a.Cause != pfcp.CauseRequestAccepted || !a.UPFSEID.Present() || len(a.CreatedPDR) != 0 {
		r.Fatalf("%+v", a)
	}
	return a.UPFSEID.Value().SEID
}

// TestRestoredLike: a session that is restored as one before but for its names is what it would be if its request had been read,
// TS 23.527 §4.3: at rest, awake, and gone.
func TestRestoredLike(t *testing.T) {
	var path *letsGo
	wrap := func(p *memory.Path) upf.Datapath { path = &letsGo{Path: p}; return path }
	runOn(t, wrap, func(r *rig) {
		r.associate()
		r.restored(restoration(7))
		if path.rested != 1 || path.lain != 0 {
			t.Fatalf("%d let go, %d at rest at once", path.rested, path.lain)
		}
		seid := r.restored(restoration(8))
		if path.rested != 1 || path.lain != 1 || path.Session(8) != nil {
			t.Fatalf("%d let go, %d at rest at once", path.rested, path.lain)
		}
		time.Sleep(time.Minute)
		r.upf.Wake(7)
		r.upf.Wake(8)
		read, like := *path.Session(7), *path.Session(8)
		if like.UE4 != netip.MustParseAddr("10.60.0.8") || like.Tunnels[0] != 3<<20|8 {
			t.Errorf("%+v", like)
		}
		read.Slot, read.UE4, read.Tunnels = like.Slot, like.UE4, like.Tunnels
		for i := range read.Rules {
			if read.Rules[i].TEID != 0 {
				read.Rules[i].TEID = like.Tunnels[0]
			}
			read.Rules[i].UE4 = like.UE4
		}
		if !reflect.DeepEqual(read, like) {
			t.Errorf("awake:\n%+v, want\n%+v", like, read)
		}
		v := r.upf.View()
		if len(v.Found) != 0 || len(v.Sessions) != 2 {
			t.Errorf("%+v", v)
		}
		r.upf.DownlinkData(8, 2, 9, 0)
		if told := r.told(); len(told) != 1 || r.headers[0].SEID != 1008 {
			t.Errorf("%+v %+v", told, r.headers)
		}
		d := r.ask(seid, &pfcp.SessionDeletionRequest{}).(*pfcp.SessionDeletionResponse)
		if d.Cause != pfcp.CauseRequestAccepted || len(d.UsageReport) != 1 {
			t.Errorf("%+v", d)
		}
		if sessions, slots, peers, used := r.upf.Held(); sessions != 1 || slots != 1 || peers != 0 || used != 1 {
			t.Errorf("left: %d sessions, %d slots, %d peers, %d used", sessions, slots, peers, used)
		}
	})
}

// TestRestoredUnlike: what is not as one before but for its names, or not as simple, is read.
func TestRestoredUnlike(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*pfcp.SessionEstablishmentRequest)
		cause  pfcp.Cause
	}{
		"another measurement": {func(m *pfcp.SessionEstablishmentRequest) {
			m.CreateURR[0].MeasurementMethod ^= pfcp.MeasureDURAT
		}, pfcp.CauseRequestAccepted},
		"a TEID of another slot": {func(m *pfcp.SessionEstablishmentRequest) {
			m.CreatePDR[0].PDI.LocalFTEID = pfcp.Some(pfcp.FTEID{TEID: 3<<20 | 9, IPv4: n3})
		}, pfcp.CauseInvalidFTEIDAllocationOption},
		"a TEID that no UPF allots": {func(m *pfcp.SessionEstablishmentRequest) {
			m.CreatePDR[0].PDI.LocalFTEID = pfcp.Some(pfcp.FTEID{TEID: 8, IPv4: n3})
		}, pfcp.CauseInvalidFTEIDAllocationOption},
		"an address that is taken": {func(m *pfcp.SessionEstablishmentRequest) {
			*m = *restoration(7)
			m.CPFSEID.SEID = 5
		}, pfcp.CauseNoResourcesAvailable},
		"the same again": {func(m *pfcp.SessionEstablishmentRequest) { *m = *restoration(7) }, pfcp.CauseRequestAccepted},
	} {
		t.Run(name, func(t *testing.T) {
			var path *letsGo
			wrap := func(p *memory.Path) upf.Datapath { path = &letsGo{Path: p}; return path }
			runOn(t, wrap, func(r *rig) {
				r.associate()
				r.restored(restoration(7))
				m := restoration(8)
				x.change(m)
				a := r.ask(0, m).(*pfcp.SessionEstablishmentResponse)
				if a.Cause != x.cause || path.lain != 0 {
					t.Errorf("%+v, %d at rest at once", a, path.lain)
				}
				if v := r.upf.View(); len(v.Found) != 0 {
					t.Error(v.Found)
				}
			})
		})
	}
}

// TestRestoredInNoAssociation: a session as one of an earlier association is refused without one, TS 29.244 §7.6, and of a new
// association it is read once.
func TestRestoredInNoAssociation(t *testing.T) {
	var path *letsGo
	wrap := func(p *memory.Path) upf.Datapath { path = &letsGo{Path: p}; return path }
	runOn(t, wrap, func(r *rig) {
		r.associate()
		r.restored(restoration(7))
		r.restored(restoration(8))
		r.ask(0, &pfcp.AssociationReleaseRequest{NodeID: node})
		a := r.ask(0, restoration(9)).(*pfcp.SessionEstablishmentResponse)
		if a.Cause != pfcp.CauseNoEstablishedAssociation || path.lain != 1 {
			t.Errorf("%+v", a)
		}
		r.associate()
		r.restored(restoration(9))
		r.restored(restoration(10))
		if path.lain != 2 {
			t.Errorf("%d at rest at once", path.lain)
		}
	})
}
