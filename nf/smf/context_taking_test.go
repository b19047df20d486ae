package smf

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/faults"
	"github.com/limpid-5g/limpid/store/record"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// inSet is inWorld for an SMF of a set. The UE of its session goes to node "other" and comes back: away is called in
// between, back after the store has given both to this node again.
func inSet(t *testing.T, away, back func(*world, *faults.Store)) {
	t.Helper()
	var disk *faults.Store
	inWorld(t, func(w *world, cfg *Config) {
		st, err := sqlite.Open(w.t.Context(), filepath.Join(t.TempDir(), "limpid.db"), sqlite.Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		disk = faults.New(st)
		w.disk, cfg.Shared, cfg.Node = disk, true, "this"
	}, func(w *world) {
		defer func() { // what is written behind needs it no more
			w.smf.Close()
			_ = disk.Close()
		}()
		w.established()
		w.pass(time.Second) // what is written behind is
		must := func(err error) {
			if err != nil {
				w.t.Helper()
				w.t.Fatal(err)
			}
		}
		_, err := disk.KeepUEs(w.t.Context(), []store.UEContext{{SUPI: phone, TMSI: 1, Node: "this", Epoch: 1, Record: []byte{1}}})
		must(err)
		_, err = disk.TakeUE(w.t.Context(), &store.UEContext{SUPI: phone, Epoch: 1}, "other", 1<<40, nil)
		must(err)
		away(w, disk)
		_, err = disk.TakeUE(w.t.Context(), &store.UEContext{SUPI: phone, Epoch: 2}, "this", w.smf.ReserveSEIDs(), nil)
		must(err)
		back(w, disk)
	})
}

// noticed has the node hear that the UE has gone: it gives the session up, and leaves it to the other on their UPF.
func noticed(w *world, _ *faults.Store) {
	w.smf.Moved(phone)
	w.gaveUp()
}

func (w *world) gaveUp() {
	w.t.Helper()
	synctest.Wait()
	w.upf.only(w.t)
	if left := w.smf.Sessions(); len(left) != 0 {
		w.t.Fatalf("sessions of another node: %+v", left)
	}
	if used, _ := w.smf.networks[string(internet)].addresses.usage(); used != 3 || len(w.pcf.policies)+len(w.udm.registered) != 0 {
		w.t.Fatalf("%d addresses, policies %v, registrations %v", used, w.pcf.policies, w.udm.registered)
	}
}

// take brings the one session in.
func (w *world) take() SessionInfo {
	w.t.Helper()
	told := 0
	list, err := w.smf.Take(w.t.Context(), phone, func(RestoredSession) { told++ })
	if err != nil || len(list) != 1 || told != 1 {
		w.t.Fatalf("%d sessions, %d told, %v", len(list), told, err)
	}
	synctest.Wait()
	return list[0]
}

// ends releases the session: nothing is left of it, also in the store.
func (w *world) ends(disk *faults.Store, ref string) {
	w.t.Helper()
	if err := w.smf.ReleaseSMContext(w.t.Context(), ref, nsmf.SMContextReleaseData{}); err != nil {
		w.t.Fatal(err)
	}
	w.gone(disk)
}

func (w *world) gone(disk *faults.Store) {
	w.t.Helper()
	w.pass(time.Second)
	w.noLeak()
	if left, err := disk.SMsOf(w.t.Context(), phone); err != nil || len(left) != 0 {
		w.t.Errorf("stored is %v, %v", left, err)
	}
}

// TestSessionGoesAndComes: TS 23.501 §5.21.3, with the address and the tunnel that it has, and the UPF knows to whom it reports.
func TestSessionGoesAndComes(t *testing.T) {
	inSet(t, noticed, func(w *world, disk *faults.Store) {
		n := w.take()
		if _, up := w.upf.only(t); up.cp != n.LocalSEID || up.uplink.TEID != n.UplinkTEID || n.GNBTEID != 0x77 {
			t.Errorf("UPF reports to %x and has %x, session %+v", up.cp, up.uplink.TEID, n)
		}
		if again, err := w.smf.Take(w.t.Context(), phone, func(RestoredSession) { t.Error("told twice") }); err != nil || len(again) != 1 || again[0].Ref != n.Ref {
			t.Errorf("taken again: %+v, %v", again, err)
		}
		w.ends(disk, n.Ref)
	})
}

// TestStoreTellsThatSessionWent: a node that nobody has told finds out when it writes, and when the UE comes back.
func TestStoreTellsThatSessionWent(t *testing.T) {
	writes := func(w *world, _ *faults.Store) {
		w.update(w.smf.Sessions()[0].Ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Deactivated})
		w.pass(time.Second)
		w.gaveUp()
	}
	for name, away := range map[string]func(*world, *faults.Store){"writes": writes, "comes back": func(*world, *faults.Store) {}} {
		t.Run(name, func(t *testing.T) {
			inSet(t, away, func(w *world, disk *faults.Store) {
				n := w.take()
				w.upf.only(t)
				w.ends(disk, n.Ref)
			})
		})
	}
}

// TestSessionGoesOnWhileItComes: TS 23.501 §5.21.3: a UE that a third node takes while its session comes over, and its UPF keeps silent,
// is not served here, and nothing is left of it but what is that node's.
func TestSessionGoesOnWhileItComes(t *testing.T) {
	inSet(t, noticed, func(w *world, disk *faults.Store) {
		w.upf.set(func() { w.upf.silent[everything] = true })
		taken := make(chan error, 1)
		go func() {
			_, err := w.smf.Take(w.t.Context(), phone, func(RestoredSession) { t.Error("told") })
			taken <- err
		}()
		w.pass(time.Second)
		if _, err := disk.TakeUE(w.t.Context(), &store.UEContext{SUPI: phone, Epoch: 3}, "third", 1<<41, nil); err != nil {
			t.Fatal(err)
		}
		w.smf.Moved(phone)
		w.pass(time.Second)
		if err := <-taken; !errors.Is(err, store.ErrNotOwner) {
			t.Errorf("taken with %v", err)
		}
		w.upf.set(func() { clear(w.upf.silent) })
		w.pass(time.Minute)
		w.gaveUp()
		if left, err := disk.SMsOf(w.t.Context(), phone); err != nil || len(left) != 1 || left[0].Node != "third" {
			t.Errorf("stored is %+v, %v", left, err)
		}
	})
}

// TestServedByThisNode: TS 23.501 §5.21.2: what a node that was killed had taken, and not brought in yet, asks the AMF of this node when it
// is restored, and not that of the node that had it.
func TestServedByThisNode(t *testing.T) {
	inSet(t, func(*world, *faults.Store) {}, func(w *world, disk *faults.Store) {
		if list, err := disk.SMsOf(w.t.Context(), phone); err != nil || len(list) != 1 || !ServesOtherAMF(&list[0]) {
			t.Fatalf("stored is %+v, %v", list, err)
		}
		w.restarted(disk)()
		if list := w.smf.Sessions(); len(list) != 1 || list[0].ServingAMF != (ident.GUAMI{}) {
			t.Errorf("sessions %+v", list)
		}
	})
}

// TestOwnAMFIsNotNamed: TS 23.501 §5.21.2: a session keeps the AMF of another core alone, so that a node that takes the session is not
// sent to that of the node that had it.
func TestOwnAMFIsNotNamed(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.smf.deps.ServingAMF = func(g ident.GUAMI) namf.Communication {
			if g == anAMF {
				return w.amf
			}
			return new(fakeAMF)
		}
		ref := w.established()
		if got := w.info(ref).ServingAMF; got != (ident.GUAMI{}) {
			t.Errorf("established by the own AMF it is served by %v", got)
		}
		other := ident.GUAMI{PLMN: plmn, Region: 2}
		for _, by := range []ident.GUAMI{other, anAMF} {
			w.update(ref, nsmf.SMContextUpdateData{GUAMI: by})
			if got := w.info(ref).ServingAMF; got != map[bool]ident.GUAMI{true: other}[by == other] {
				t.Errorf("moved to %v it is served by %v", by, got)
			}
			if known, _ := w.smf.Has(ref, phone, w.info(ref).PDUSessionID); known != (by == anAMF) {
				t.Errorf("moved to %v the own AMF has it: %v", by, known)
			}
			if by == other { // the own AMF has not heard so
				err := w.smf.ReleaseSMContext(w.t.Context(), ref, nsmf.SMContextReleaseData{})
				if sbi.CauseOf(err) != sbi.CauseModificationNotAllowed || w.info(ref).State != Active {
					t.Errorf("released by an AMF that does not serve the UE: %v", err)
				}
			}
		}
		w.releases(ref)
		w.noLeak()
	})
}

// TestTakeIsRepeated: while the store refuses, or its answer is lost, no session comes and none is lost.
func TestTakeIsRepeated(t *testing.T) {
	for name, fault := range map[string]faults.Fault{"refused": {Fail: true}, "answer lost": {Torn: true}} {
		t.Run(name, func(t *testing.T) {
			inSet(t, noticed, func(w *world, disk *faults.Store) {
				disk.Plan(func(string) faults.Fault { return fault })
				for range 3 {
					if list, err := w.smf.Take(w.t.Context(), phone, func(RestoredSession) { t.Error("told") }); err == nil {
						t.Fatalf("taken: %+v", list)
					}
				}
				w.gaveUp()
				disk.Plan(nil)
				n := w.take()
				if _, up := w.upf.only(t); up.cp != n.LocalSEID {
					t.Errorf("UPF reports to %x, session is %x", up.cp, n.LocalSEID)
				}
				w.ends(disk, n.Ref)
			})
		})
	}
}

// TestTakeIsRepeatedOnNewUPF: what was made anew on a UPF that has lost the session, and cannot be kept, does not stand in the
// way of the next attempt.
func TestTakeIsRepeatedOnNewUPF(t *testing.T) {
	for name, fault := range map[string]faults.Fault{"refused": {Fail: true}, "answer lost": {Torn: true}} {
		t.Run(name, func(t *testing.T) {
			inSet(t, noticed, func(w *world, disk *faults.Store) {
				w.upf.set(func() { clear(w.upf.sessions) })
				disk.Plan(func(string) faults.Fault { return fault })
				for range 2 {
					if list, err := w.smf.Take(w.t.Context(), phone, func(RestoredSession) { t.Error("told") }); err == nil {
						t.Fatalf("taken: %+v", list)
					}
					w.pass(time.Second)
					w.upf.set(func() {
						if len(w.upf.sessions) != 0 {
							t.Errorf("left on the UPF: %v", w.upf.sessions)
						}
					})
				}
				disk.Plan(nil)
				n := w.take()
				if _, up := w.upf.only(t); up.cp != n.LocalSEID {
					t.Errorf("UPF reports to %x, session is %x", up.cp, n.LocalSEID)
				}
				w.ends(disk, n.Ref)
			})
		})
	}
}

// TestComesElsewhereAfterAll: what an attempt to bring a session in has left on the UPF goes once a third node has it on another, and
// does not stand in the way when it comes back, TS 29.244 §6.3.4.
func TestComesElsewhereAfterAll(t *testing.T) {
	for _, settled := range []bool{true, false} {
		t.Run(fmt.Sprint(settled), func(t *testing.T) {
			inSet(t, noticed, func(w *world, disk *faults.Store) {
				disk.Plan(func(string) faults.Fault { return faults.Fault{Fail: true} })
				if list, err := w.smf.Take(w.t.Context(), phone, func(RestoredSession) { t.Error("told") }); err == nil {
					t.Fatalf("taken: %+v", list)
				}
				disk.Plan(nil)
				if _, err := disk.TakeUE(w.t.Context(), &store.UEContext{SUPI: phone, Epoch: 3}, "third", 1<<41, nil); err != nil {
					t.Fatal(err)
				}
				there, err := disk.SMsOf(w.t.Context(), phone)
				if err != nil || len(there) != 1 {
					t.Fatalf("%d sessions, %v", len(there), err)
				}
				there[0].UPF = "another"
				there[0].Record, err = record.Edit(there[0].Record, func(field int, value any) any {
					switch field {
					case fieldRemoteSEID:
						return uint64(77)
					case fieldSEID:
						return there[0].SEID
					}
					return value
				})
				if err != nil {
					t.Fatal(err)
				}
				if errs, err := disk.KeepSMs(w.t.Context(), there); err != nil || errs[0] != nil {
					t.Fatal(errs, err)
				}
				if settled {
					w.smf.SettleLeft(w.t.Context())
					synctest.Wait()
					w.upf.set(func() {
						if len(w.upf.sessions) != 0 {
							t.Errorf("left on the UPF: %v", w.upf.sessions)
						}
					})
				}
				if _, err := disk.TakeUE(w.t.Context(), &store.UEContext{SUPI: phone, Epoch: 4}, "this", w.smf.ReserveSEIDs(), nil); err != nil {
					t.Fatal(err)
				}
				n := w.take()
				if _, up := w.upf.only(t); up.cp != n.LocalSEID {
					t.Errorf("UPF reports to %x, session is %x", up.cp, n.LocalSEID)
				}
				w.ends(disk, n.Ref)
			})
		})
	}
}

// TestWaitsForTunnel: a UE that wants its user plane while a session that came from another node is not yet on the UPF of this one gets it
// when it is; where that does not come about it is told.
func TestWaitsForTunnel(t *testing.T) {
	for _, comes := range []bool{true, false} {
		t.Run(fmt.Sprint(comes), func(t *testing.T) {
			inSet(t, noticed, func(w *world, disk *faults.Store) {
				info := w.take()
				n := w.smf.session(info.LocalSEID)
				n.mu.Lock()
				n.leaveTunnels() // as Restore does
				n.mu.Unlock()
				w.upf.set(func() { clear(w.upf.sessions) })
				type answer struct {
					out nsmf.SMContextUpdatedData
					err error
				}
				answers := make(chan answer, 2)
				for range 2 {
					go func() {
						out, err := w.smf.UpdateSMContext(w.t.Context(), info.Ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating})
						answers <- answer{out, err}
					}()
				}
				w.pass(time.Millisecond)
				if len(answers) > 0 {
					t.Fatalf("answered without a tunnel: %+v", <-answers)
				}
				if comes {
					if _, err := n.remake(w.t.Context()); err != nil {
						t.Fatal(err)
					}
					w.pass(time.Millisecond)
				} else {
					w.pass(tunnelWait)
				}
				if len(answers) != 2 {
					t.Fatalf("%d answers of 2", len(answers))
				}
				for range 2 {
					switch a := <-answers; {
					case comes && (a.err != nil || a.out.N2SMInfo.Type != nsmf.PDUResSetupReq):
						t.Errorf("answered %+v, %v", a.out, a.err)
					case !comes && sbi.CauseOf(a.err) != nsmf.CauseUPFNotResponding:
						t.Errorf("answered %+v, %v", a.out, a.err)
					}
				}
				waits := 0
				w.smf.tunnelWaits.Range(func(any, any) bool { waits++; return true })
				if waits != 0 {
					t.Errorf("%d are still waited for", waits)
				}
				w.ends(disk, info.Ref)
			})
		})
	}
}

// TestTakeWithoutUPF: a UPF that does not answer gets its sessions when it does; what it refuses is forgotten.
func TestTakeWithoutUPF(t *testing.T) {
	t.Run("silent", func(t *testing.T) {
		inSet(t, noticed, func(w *world, disk *faults.Store) {
			w.upf.set(func() { w.upf.silent[pfcp.TypeSessionModificationRequest] = true })
			n := w.take()
			if _, up := w.upf.only(t); up.cp == n.LocalSEID {
				t.Error("the UPF was heard")
			}
			w.upf.set(func() { clear(w.upf.silent) })
			w.pass(2 * time.Minute)
			if _, up := w.upf.only(t); up.cp != n.LocalSEID {
				t.Errorf("UPF reports to %x, session is %x", up.cp, n.LocalSEID)
			}
			w.ends(disk, n.Ref)
		})
	})
	t.Run("refuses", func(t *testing.T) {
		inSet(t, noticed, func(w *world, disk *faults.Store) {
			w.upf.set(func() { w.upf.cause[pfcp.TypeSessionModificationRequest] = pfcp.CauseNoResourcesAvailable })
			if list, err := w.smf.Take(w.t.Context(), phone, func(RestoredSession) { t.Error("told") }); err != nil || len(list) != 0 {
				t.Fatalf("taken: %+v, %v", list, err)
			}
			w.gone(disk)
		})
	})
}

// TestNothingComesBack: what a node had still to write of a session that has left it does not bring it back into the store.
func TestNothingComesBack(t *testing.T) {
	away := func(w *world, disk *faults.Store) {
		w.update(w.smf.Sessions()[0].Ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Deactivated})
		noticed(w, disk)
	}
	inSet(t, away, func(w *world, disk *faults.Store) {
		if err := w.smf.Disown(w.t.Context(), phone); err != nil {
			t.Error(err)
		}
		seid, _ := w.upf.only(t)
		w.upf.set(func() { delete(w.upf.sessions, seid) }) // the other node ends it there
		w.gone(disk)
	})
}

// TestEstablishedElsewhere: what a UE has begun here before it went to another node, and the store has still to take, leaves alone what
// the UE has there.
func TestEstablishedElsewhere(t *testing.T) {
	away := func(w *world, disk *faults.Store) {
		noticed(w, disk)
		there, err := disk.SMsOf(w.t.Context(), phone)
		if err != nil || len(there) != 1 {
			t.Fatalf("%d sessions, %v", len(there), err)
		}
		w.create(request(1, nil))
		w.pass(time.Second)
		if _, refused := w.decode(w.one().N1SMMsg).(*gsm.PDUSessionEstablishmentReject); !refused {
			t.Error("established here")
		}
		w.gaveUp()
		if now, err := disk.SMsOf(w.t.Context(), phone); err != nil || len(now) != 1 || now[0].SEID != there[0].SEID || now[0].Node != "other" {
			t.Errorf("the other node has %+v, had %+v, %v", now, there, err)
		}
	}
	inSet(t, away, func(w *world, disk *faults.Store) { w.ends(disk, w.take().Ref) })
}

// TestComesBackWithAnother: what a UE had begun here before it went, and the store has still to take when it is back, does not come in the
// place of what it has established at the other node; what it begins from then on does.
func TestComesBackWithAnother(t *testing.T) {
	var before session
	away := func(w *world, disk *faults.Store) {
		before = session{smf: w.smf, supi: phone, id: w.smf.Sessions()[0].PDUSessionID, seid: w.smf.ReserveSEIDs()}
		noticed(w, disk)
	}
	inSet(t, away, func(w *world, disk *faults.Store) {
		after := session{smf: w.smf, supi: phone, id: before.id, seid: w.smf.ReserveSEIDs()}
		for _, c := range []struct {
			*session
			want error
			left int
		}{{&before, store.ErrNotOwner, 1}, {&after, nil, 0}} {
			if err := c.outrank(w.t.Context()); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if now, err := disk.SMsOf(w.t.Context(), phone); err != nil || len(now) != c.left {
				t.Errorf("stored is %+v, %v, want %d", now, err, c.left)
			}
		}
		seid, _ := w.upf.only(t)
		w.upf.set(func() { delete(w.upf.sessions, seid) }) // the other node ends it there
		w.gone(disk)
	})
}

// TestDisown: a subscriber who registers anew has no session of before, and the address of what it had is free.
func TestDisown(t *testing.T) {
	inSet(t, noticed, func(w *world, disk *faults.Store) {
		disk.Plan(func(string) faults.Fault { return faults.Fault{Fail: true} })
		if err := w.smf.Disown(w.t.Context(), phone); err == nil {
			t.Error("no error of the store")
		}
		disk.Plan(nil)
		if err := w.smf.Disown(w.t.Context(), phone); err != nil {
			t.Error(err)
		}
		seid, _ := w.upf.only(t)
		w.upf.set(func() { delete(w.upf.sessions, seid) }) // the other node ends it there
		w.gone(disk)
		w.ends(disk, w.established())
	})
}

// TestNothingIsLeftOnUPF: what a session was on a UPF of this node goes once it is known that the other node does not go on
// with it there, and stays where it does, TS 29.244 §6.3.4.
func TestNothingIsLeftOnUPF(t *testing.T) {
	written := func(c *store.SMContext, remote uint64) {
		c.Record, _ = (&session{smf: new(SMF), seid: c.SEID, remoteSEID: remote, qos: new(sessionQoS)}).record()
	}
	for name, c := range map[string]struct {
		settle func(now *store.SMContext, remote uint64) // nil: the other node ends it
		stays  bool
	}{
		"not brought in":    {func(*store.SMContext, uint64) {}, true},
		"goes on there":     {func(c *store.SMContext, remote uint64) { written(c, remote) }, true},
		"is on another UPF": {func(c *store.SMContext, _ uint64) { c.UPF = "another" }, false},
		"is made anew":      {func(c *store.SMContext, remote uint64) { written(c, remote+1) }, false},
		"has ended":         {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			away := func(w *world, disk *faults.Store) {
				noticed(w, disk)
				list, err := disk.SMsOf(w.t.Context(), phone)
				if err != nil || len(list) != 1 {
					t.Fatalf("%d sessions, %v", len(list), err)
				}
				now := list[0]
				remote, as := placeOf(&now)
				if as == 0 || as == now.SEID {
					t.Fatalf("written as %x, and is %x", as, now.SEID)
				}
				if c.settle == nil {
					err = disk.RemoveSM(w.t.Context(), phone, now.PDUSessionID, now.SEID)
				} else {
					c.settle(&now, remote)
					_, err = disk.KeepSMs(w.t.Context(), []store.SMContext{now})
				}
				if err != nil {
					t.Fatal(err)
				}
				w.smf.SettleLeft(w.t.Context())
				synctest.Wait()
				w.upf.set(func() {
					if there := len(w.upf.sessions) == 1; there != c.stays {
						t.Errorf("on the UPF: %v, want %v", there, c.stays)
					}
					clear(w.upf.sessions)
				})
			}
			inSet(t, away, func(w *world, disk *faults.Store) {
				if err := w.smf.Disown(w.t.Context(), phone); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestAddressOfWhatIsLeft: the address of what is left on a UPF of this node is another's as soon as the UE has ended its session at the
// node to which it went: who gets it, or comes with it, is not refused, TS 23.501 §5.21.3.
func TestAddressOfWhatIsLeft(t *testing.T) {
	const another ident.SUPI = "imsi-001010000000002"
	for name, c := range map[string]struct {
		gets func(w *world, disk *faults.Store, was *store.SMContext) (ref string)
	}{
		"comes over": {gets: func(w *world, disk *faults.Store, was *store.SMContext) string {
			was.SUPI, was.Node, was.UPF, was.SEID = another, "other", "another", 1<<40+77
			_, err := disk.KeepUEs(w.t.Context(), []store.UEContext{{SUPI: another, TMSI: 2, Node: "other", Epoch: 1, Record: []byte{1}}})
			if errs, err2 := disk.KeepSMs(w.t.Context(), []store.SMContext{*was}); err != nil || err2 != nil || errs[0] != nil {
				t.Fatal(err, err2, errs)
			}
			if _, err := disk.TakeUE(w.t.Context(), &store.UEContext{SUPI: another, Epoch: 1}, "this", w.smf.ReserveSEIDs(), nil); err != nil {
				t.Fatal(err)
			}
			list, err := w.smf.Take(w.t.Context(), another, func(RestoredSession) {})
			if err != nil || len(list) != 1 {
				t.Fatalf("%d sessions, %v; %s", len(list), err, w.logged())
			}
			return list[0].Ref
		}},
		"is established": {gets: func(w *world, _ *faults.Store, was *store.SMContext) string {
			w.udm.data.StaticIPv4 = was.IPv4
			return w.established()
		}},
	} {
		for _, answers := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/%v", name, answers), func(t *testing.T) {
				inSet(t, noticed, func(w *world, disk *faults.Store) {
					list, err := disk.SMsOf(w.t.Context(), phone)
					if err != nil || len(list) != 1 {
						t.Fatalf("%d sessions, %v", len(list), err)
					}
					was := list[0]
					if err := disk.RemoveSM(w.t.Context(), phone, was.PDUSessionID, was.SEID); err != nil {
						t.Fatal(err)
					}
					if !answers { // the deletion: it is asked again when it does
						w.upf.set(func() { w.upf.silent[pfcp.TypeSessionDeletionRequest] = true })
						w.smf.SettleLeft(w.t.Context())
						w.upf.set(func() { clear(w.upf.silent) })
					}
					ref := c.gets(w, disk, &was)
					if n := w.info(ref); n.Address != was.IPv4 {
						t.Errorf("has %v, not %v", n.Address, was.IPv4)
					}
					w.upf.only(t)
					w.ends(disk, ref)
				})
			})
		}
	}
}
