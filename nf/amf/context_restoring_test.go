package amf

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/procedure/wheel"
	"github.com/limpid-5g/limpid/sbi/nsmf"
)

// TestSessionsAgree: the sessions of all UEs and those of the SMF are the same only if each is found, and no other is there.
func TestSessionsAgree(t *testing.T) {
	type owner struct {
		supi ident.SUPI
		id   uint8
	}
	smf := map[string]owner{"1": {"imsi-1", 5}, "2": {"imsi-2", 5}, "3": {"imsi-2", 6}}
	has := func(ref string, supi ident.SUPI, id uint8) (known, active bool) {
		return smf[ref] == owner{supi, id}, ref != "1"
	}
	const foreign = "https://other.example/nsmf-pdusession/v1/sm-contexts/9"
	for name, x := range map[string]struct {
		first, second []*smContext
		want          bool
	}{
		"the same":                     {[]*smContext{{id: 5, ref: "1"}}, []*smContext{{id: 5, ref: "2"}, {id: 6, ref: "3"}}, true},
		"and one of another core":      {[]*smContext{{id: 5, ref: "1"}, {id: 7, ref: foreign}}, []*smContext{{id: 5, ref: "2"}, {id: 6, ref: "3"}}, true},
		"one that no UE has":           {nil, []*smContext{{id: 5, ref: "2"}, {id: 6, ref: "3"}}, false},
		"one that the SMF has not":     {[]*smContext{{id: 5, ref: "1"}, {id: 6, ref: "4"}}, []*smContext{{id: 5, ref: "2"}, {id: 6, ref: "3"}}, false},
		"one of another UE":            {[]*smContext{{id: 5, ref: "2"}}, []*smContext{{id: 5, ref: "2"}, {id: 6, ref: "3"}}, false},
		"one of another identity":      {[]*smContext{{id: 6, ref: "1"}}, []*smContext{{id: 5, ref: "2"}, {id: 6, ref: "3"}}, false},
		"one twice, and one not there": {nil, []*smContext{{id: 5, ref: "2"}, {id: 6, ref: "3"}, {id: 6, ref: "3"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := new(AMF)
			a.ues.init()
			a.ues.bySUPI.put("imsi-1", &ue{supi: "imsi-1", sessions: x.first})
			a.ues.bySUPI.put("imsi-2", &ue{supi: "imsi-2", sessions: x.second})
			if got := a.SessionsAgree(len(smf), has); got != x.want {
				t.Errorf("%v, want %v", got, x.want)
			}
			if idle, _ := a.absent.take(""); x.want && len(idle) != 1 || !x.want && len(idle) != 0 {
				t.Errorf("%d idle UEs with a user plane are noted", len(idle))
			}
		})
	}
}

// deactivations are the sessions whose user plane an SMF was told to take down, in order.
type deactivations struct {
	nsmf.PDUSession
	mu   sync.Mutex
	refs []string
}

func (d *deactivations) UpdateSMContext(_ context.Context, ref string, data nsmf.SMContextUpdateData) (nsmf.SMContextUpdatedData, error) {
	if data.UpCnxState == nsmf.Deactivated {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.refs = append(d.refs, ref)
	}
	return nsmf.SMContextUpdatedData{UpCnxState: data.UpCnxState}, nil
}

// told are those of which the SMF has heard since it was last asked.
func (d *deactivations) told() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.refs
	d.refs = nil
	slices.Sort(list)
	return list
}

const sessionElsewhere = "https://other.example/nsmf-pdusession/v1/sm-contexts/9"

// restoredSessions are what UEs come back with, by where they were connected and which sessions the SMF has: capitals are active.
func restoredSessions(t *testing.T, smf *deactivations, ues map[ident.SUPI]string) (*AMF, map[string]bool) {
	t.Helper()
	a := &AMF{log: slog.New(slog.DiscardHandler), pool: procedure.NewPool(16), wheel: wheel.New(idleTick), services: Services{Sessions: smf}}
	a.ues.init()
	t.Cleanup(func() { a.pool.Stop(); a.wheel.Close() })
	active := make(map[string]bool)
	for supi, what := range ues {
		at, list, _ := strings.Cut(what, ":")
		u := a.newUE()
		u.registered, u.known, u.supi = true, true, supi
		u.kept.connectedTo = at
		for i, ref := range strings.Fields(list) {
			if ref == "elsewhere" {
				ref = sessionElsewhere
			} else {
				active[strings.ToLower(ref)] = ref != strings.ToLower(ref)
				ref = strings.ToLower(ref)
			}
			u.sessions = append(u.sessions, &smContext{id: uint8(i + 1), ref: ref})
		}
		a.ues.bySUPI.put(supi, u)
	}
	return a, active
}

// TestSizeAtRest: a UE fits into the size of Go's allocator that a million of them are counted by, with the word that it adds.
func TestSizeAtRest(t *testing.T) {
	if size := unsafe.Sizeof(ue{}) + 8; size > 704 {
		t.Errorf("a UE takes %d octets", size)
	}
}

// TestUserPlaneAfterKill: TS 23.502 §4.2.6: of the sessions that the SMF has active after a restart, those of idle UEs are taken down at
// once, those of connected ones when their RAN node is back, stays away, or the UE is with another. Of all others nobody hears anything.
func TestUserPlaneAfterKill(t *testing.T) {
	ues := map[ident.SUPI]string{
		"imsi-1": ":a", "imsi-2": ":b C", "imsi-3": "gnb1:D e", "imsi-4": "gnb1:f", "imsi-5": "gnb2:G", "imsi-6": "gnb3:H I", "imsi-7": ":elsewhere", "imsi-8": "gnb2:elsewhere",
	}
	agree := map[string]func(a *AMF, active map[string]bool){
		"as stored": func(a *AMF, active map[string]bool) {
			has := func(ref string, _ ident.SUPI, _ uint8) (known, up bool) { up, known = active[ref]; return known, up }
			if !a.SessionsAgree(len(active), has) {
				t.Error("they do not agree")
			}
		},
		"made to": func(a *AMF, active map[string]bool) {
			var list []Session
			a.ues.bySUPI.each(func(supi ident.SUPI, u *ue) {
				for _, c := range u.sessions {
					if isOwn(c.ref) {
						list = append(list, Session{SUPI: supi, PDUSessionID: c.id, Ref: c.ref, Active: active[c.ref]})
					}
				}
			})
			a.ues.bySUPI.get("imsi-5").sessions = nil // the AMF was killed before it stored the session
			if orphans := a.AgreeSessions(slices.Values(list)); len(orphans) > 0 {
				t.Errorf("orphans %v", orphans)
			}
		},
	}
	for name, agree := range agree {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				smf := new(deactivations)
				a, active := restoredSessions(t, smf, ues)
				if len(active) != 9 || !slices.Contains(slices.Collect(maps.Values(active)), true) {
					t.Fatalf("sessions %v", active)
				}
				agree(a, active)
				hears := func(when string, want ...string) {
					t.Helper()
					synctest.Wait()
					if got := smf.told(); !slices.Equal(got, want) {
						t.Errorf("%s the SMF hears of %q, want %q", when, got, want)
					}
				}
				a.SettleUserPlanes()
				hears("at the start", "c")
				a.absent.back("gnb1")
				hears("when gnb1 is back", "d")
				a.absent.back("gnb1")
				hears("when gnb1 is back once more")
				other := &connection{gnb: new(gnb)}
				done := make(chan struct{})
				if err := a.ues.bySUPI.get("imsi-6").insist(glance(func(u *ue) { u.attach(t.Context(), other); close(done) })); err != nil {
					t.Fatal(err)
				}
				<-done
				hears("when a UE comes by another gNB", "h", "i")
				time.Sleep(absentPatience + time.Second)
				hears("when gnb2 and gnb3 stay away", "g", sessionElsewhere)
			})
		})
	}
}
