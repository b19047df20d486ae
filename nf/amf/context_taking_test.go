package amf

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/procedure/wheel"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/faults"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// taker is the node "amf2" of a set; "amf1" has had a UE with two sessions.
type taker struct {
	*AMF
	disk     *faults.Store
	phone    ident.SUPI
	tmsi     uint32
	side     nas.Context // the UE's
	sessions error       // of Taking.Sessions
	restored int
	ended    int
}

func newTaker(t *testing.T) *taker {
	t.Helper()
	first, disk := keepingAMF(t)
	u := fullUE(first)
	if err := u.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := &taker{disk: disk, phone: u.supi, tmsi: u.guti.TMSI, side: u.security.nas}
	n.side.Role, n.side.Send = nas.RoleUE, n.side.Receive
	log := slog.New(slog.DiscardHandler)
	n.AMF = &AMF{log: log, cfg: Config{Name: "amf2"}, keeper: newKeeper(disk, log), pool: procedure.NewPool(16), wheel: wheel.New(idleTick)}
	n.ues.init()
	n.JoinSet(Taking{
		Restored: func(RestoredUE) { n.restored++ },
		SEIDs:    func() uint64 { return 1 << 32 },
		Sessions: func(context.Context, ident.SUPI) ([]Session, error) {
			return []Session{{PDUSessionID: 5, Ref: "100000005"}}, n.sessions
		},
		Ended: func(context.Context, ident.SUPI) error { n.ended++; return nil },
		Lost:  func(context.Context, RestoredUE, []string) {},
	})
	t.Cleanup(func() { n.pool.Stop(); n.wheel.Close(); n.keeper.close() })
	return n
}

// message is the UE's next, which proves to come from it.
func (n *taker) message(t *testing.T) []byte {
	t.Helper()
	plain, err := gmm.Append(nil, &gmm.Status{})
	if err != nil {
		t.Fatal(err)
	}
	pdu, err := n.side.Protect(nil, plain, nas.IntegrityProtected)
	if err != nil {
		t.Fatal(err)
	}
	return pdu
}

// ways are how a UE comes over: it speaks, or its node is dead.
func (n *taker) ways() map[string]func(t *testing.T) bool {
	return map[string]func(*testing.T) bool{
		"the UE speaks": func(t *testing.T) bool {
			u, err := n.take(t.Context(), n.tmsi, n.message(t))
			return err == nil && u != nil
		},
		"the node is dead": func(t *testing.T) bool {
			sum, err := n.TakeFrom(t.Context(), "amf1", true, func(ident.SUPI) bool { return true })
			return err == nil && sum.UEs == 1
		},
	}
}

func (n *taker) isHere(t *testing.T, want bool) {
	t.Helper()
	u := n.ues.bySUPI.get(n.phone)
	if here := u != nil && n.ues.byTMSI.get(n.tmsi) == u && len(u.sessions) == 1; here != want || n.restored > 0 != want || !want && u != nil {
		t.Fatalf("the UE is here: %v, want %v, told %d times", here, want, n.restored)
	}
}

// TestTakingIsFinished: TS 23.501 §5.21.2, where the store's answer to the taking is lost, or the sessions cannot come at once, the
// UE is not served without them, and comes with them when it speaks again or the node looks for what is left.
func TestTakingIsFinished(t *testing.T) {
	spoilers := map[string]func(*taker){
		"the answer is lost":       func(n *taker) { n.disk.Plan(func(string) faults.Fault { return faults.Fault{Torn: true} }) },
		"the store refuses":        func(n *taker) { n.disk.Plan(func(string) faults.Fault { return faults.Fault{Fail: true} }) },
		"the sessions do not come": func(n *taker) { n.sessions = errors.New("planted") },
	}
	rest := func(n *taker) func(*testing.T) bool {
		return func(t *testing.T) bool { n.SettleRest(t.Context()); return len(n.takes.unsettled()) == 0 }
	}
	for spoiled, spoil := range spoilers {
		for begun := range new(taker).ways() {
			for _, finished := range []string{"the UE speaks", "the node looks"} {
				t.Run(spoiled+"/"+begun+"/"+finished, func(t *testing.T) {
					n := newTaker(t)
					begin, finish := n.ways()[begun], n.ways()[finished]
					if finish == nil {
						finish = rest(n)
					}
					spoil(n)
					for range 2 {
						if begin(t) {
							t.Fatal("it came")
						}
						n.isHere(t, false)
					}
					rest(n)(t) // as long as it is so
					n.isHere(t, false)
					n.disk.Plan(nil)
					n.sessions = nil
					if !finish(t) && spoiled != "the store refuses" {
						t.Fatal("it did not come")
					}
					if stored, err := n.disk.UE(t.Context(), n.phone); err != nil || stored.Node == "amf1" { // nothing had happened
						if !begin(t) {
							t.Fatalf("it did not come: %v", err)
						}
					}
					n.isHere(t, true)
					if left := n.takes.unsettled(); len(left) != 0 {
						t.Errorf("to be settled: %v", left)
					}
				})
			}
		}
	}
}

// TestUserPlaneOfATakenUE: TS 23.502 §4.2.6: a session that comes over with a user plane, which leads to where the UE is no more, loses
// it before the UE is served; one without it costs no message.
func TestUserPlaneOfATakenUE(t *testing.T) {
	for way := range new(taker).ways() {
		for _, active := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/active %v", way, active), func(t *testing.T) {
				n, smf := newTaker(t), new(deactivations)
				n.services.Sessions = smf
				n.taking.Sessions = func(context.Context, ident.SUPI) ([]Session, error) {
					return []Session{{PDUSessionID: 5, Ref: "100000005", Active: active}}, nil
				}
				if !n.ways()[way](t) {
					t.Fatal("it did not come")
				}
				n.isHere(t, true)
				done := make(chan struct{})
				if err := n.ues.bySUPI.get(n.phone).insist(glance(func(*ue) { close(done) })); err != nil {
					t.Fatal(err)
				}
				<-done
				want := map[bool][]string{true: {"100000005"}}[active]
				if got := smf.told(); !slices.Equal(got, want) {
					t.Errorf("the SMF hears of %q, want %q", got, want)
				}
			})
		}
	}
}

// TestNewerContextWins: who has registered anew here while the older context came over keeps the newer one, and what came with the
// older is forgotten.
func TestNewerContextWins(t *testing.T) {
	n := newTaker(t)
	stored, err := n.disk.UE(t.Context(), n.phone)
	if err != nil {
		t.Fatal(err)
	}
	old, err := n.readRecord(&stored)
	if err != nil {
		t.Fatal(err)
	}
	newer := fullUE(n.AMF)
	done := make(chan bool, 1)
	if err := old.insist(&settling{"amf1", done}); err != nil || <-done {
		t.Fatalf("it came, or %v", err)
	}
	if n.ues.bySUPI.get(n.phone) != newer || n.ended != 1 || n.restored != 0 {
		t.Errorf("ended %d times, restored %d times", n.ended, n.restored)
	}
	if err := newer.outrank(t.Context()); err != nil || n.ended != 2 || newer.kept.epoch.Load() != stored.Epoch+2 { // that between is of what was taken
		t.Errorf("epoch %d after %d, ended %d times, %v", newer.kept.epoch.Load(), stored.Epoch, n.ended, err)
	}
	if now, err := n.disk.UE(t.Context(), n.phone); err != nil || now.Node != "amf2" {
		t.Errorf("stored %+v, %v", now, err)
	}
}

// hears is what a gNB hears next.
func hears(t *testing.T, far sctp.Association) ngap.Message {
	t.Helper()
	heard, err := far.Receive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, err := ngap.Decode(heard.Data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// connected is a connection of a UE, and the gNB's end.
func (n *taker) connected(u *ue) (*connection, sctp.Association) {
	near, far := sctp.Pipe()
	g := n.newGNB(n.log)
	g.ready = true
	g.link(&tnla{amf: n.AMF, assoc: near, log: n.log})
	c := &connection{gnb: g, amfID: n.ngapIDs.allot(), ranID: 1, secured: true}
	c.ue.Store(u)
	g.open(c)
	return c, far
}

// TestRegistrationComesFirst: TS 23.501 §5.21.2: who registers anew comes before what another node has of the UE, but not if it has gone
// before that was durable, or that node has it anew since the UE has proved who it is: that may be newer.
func TestRegistrationComesFirst(t *testing.T) {
	there := func(n *taker, epoch uint64) {
		anew := store.UEContext{SUPI: n.phone, TMSI: n.tmsi + 1, Node: "amf1", Epoch: epoch, Record: []byte{1}}
		if errs, err := n.disk.KeepUEs(t.Context(), []store.UEContext{anew}); err != nil || errs[0] != nil {
			t.Fatal(errs, err)
		}
	}
	for name, c := range map[string]struct {
		unknown bool // when it proves who it is
		then    func(n *taker, c *connection)
		want    string
	}{
		"nothing":                {want: "amf2"},
		"it leaves":              {then: func(_ *taker, c *connection) { c.gnb.dropConnections("the association has ended") }, want: "amf1"},
		"it registers there":     {then: func(n *taker, _ *connection) { there(n, 9) }, want: "amf1"},
		"it is new there":        {unknown: true, then: func(n *taker, _ *connection) { there(n, 0) }, want: "amf1"},
		"it is new":              {unknown: true, want: "amf2"},
		"it leaves and was new":  {unknown: true, then: func(n *taker, c *connection) { there(n, 0); c.gnb.dropConnections("") }, want: "amf1"},
		"it deregisters there":   {then: func(n *taker, _ *connection) { n.removed(t) }, want: "amf2"},
		"it is replaced by here": {then: func(n *taker, _ *connection) { n.ues.bySUPI.put(n.phone, fullUE(n.AMF)) }, want: "amf1"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newTaker(t)
			u := fullUE(n.AMF)
			u.kept.epoch.Store(5) // of what was here before
			if c.unknown {
				n.removed(t)
			}
			conn, _ := n.connected(u)
			done := make(chan error, 1)
			err := u.insist(glance(func(u *ue) {
				u.conn, u.running = conn, registration
				if err := u.lookBefore(t.Context(), u.supi); err != nil {
					t.Error(err)
				}
				if c.then != nil {
					c.then(n, conn)
				}
				done <- u.keepAccepted(t.Context(), &gmm.RegistrationAccept{})
				u.running = idle
			}))
			if err != nil {
				t.Fatal(err)
			}
			stays := c.want == "amf2"
			if err := <-done; stays == ended(err) || stays && err != nil {
				t.Fatalf("the registration ends with %v", err)
			}
			n.pool.Stop()
			now, err := n.disk.UE(t.Context(), n.phone)
			if err != nil || now.Node != c.want {
				t.Errorf("the context is %q's, %v, want %q", now.Node, err, c.want)
			}
			if here := n.ues.bySUPI.get(n.phone) == u; here != stays {
				t.Errorf("it is here: %v", here)
			}
		})
	}
}

// removed has the other node forget the UE.
func (n *taker) removed(t *testing.T) {
	t.Helper()
	if err := n.disk.RemoveUE(t.Context(), n.phone, "amf1", 99); err != nil {
		t.Fatal(err)
	}
}

// TestAnswerOfAUEThatIsElsewhere: TS 24.501 §4.4.3.1: a registration that cannot be kept because another node has taken the UE
// meanwhile is answered without a NAS COUNT of the UE, which may have heard it from there.
func TestAnswerOfAUEThatIsElsewhere(t *testing.T) {
	n := newTaker(t)
	stored, err := n.disk.UE(t.Context(), n.phone)
	if err != nil {
		t.Fatal(err)
	}
	u, err := n.take(t.Context(), n.tmsi, n.message(t))
	if err != nil {
		t.Fatal(err)
	}
	c, far := n.connected(u)
	if _, err := n.disk.TakeUE(t.Context(), &store.UEContext{SUPI: n.phone, Epoch: stored.Epoch + 1}, "amf3", 1<<40, nil); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	err = u.insist(glance(func(u *ue) {
		u.conn, u.running = c, registration
		done <- u.keepAccepted(t.Context(), &gmm.RegistrationAccept{})
		u.running = idle
	}))
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; !ended(err) {
		t.Fatalf("the registration ends with %v", err)
	}
	for _, want := range []string{"DownlinkNASTransport", "UEContextReleaseCommand"} {
		m := hears(t, far)
		if m.Name() != want {
			t.Fatalf("the gNB hears %v, want %s", m, want)
		}
		down, ok := m.(*ngap.DownlinkNASTransport)
		if !ok {
			continue
		}
		plain, err := gmm.Decode(down.NASPDU)
		if reject, ok := plain.(*gmm.RegistrationReject); err != nil || !ok || reject.Cause != gmm.CauseCongestion || reject.T3346 == nil {
			t.Errorf("the UE hears %v, %v", plain, err)
		}
	}
	n.pool.Stop() // and with it what the UE still does
	if !u.kept.away || n.ues.bySUPI.get(n.phone) != nil || n.ues.byTMSI.get(n.tmsi) != nil {
		t.Error("the context is still there")
	}
	if now, err := n.disk.UE(t.Context(), n.phone); err != nil || now.Node != "amf3" {
		t.Errorf("the store has %+v, %v", now, err)
	}
}

// TestOutdatedMessage: TS 24.501 §4.4.3.2: what a UE said before the message by which it was taken proves nothing to a third node;
// that message itself is still to be served.
func TestOutdatedMessage(t *testing.T) {
	n := newTaker(t)
	before, now := n.message(t), n.message(t)
	u, err := n.take(t.Context(), n.tmsi, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := u.security.nas.Unprotect(slices.Clone(now)); err != nil {
		t.Errorf("the message that proved it is refused: %v", err)
	}
	third := newTaker(t)
	third.keeper = newKeeper(n.disk, n.log)
	t.Cleanup(third.keeper.close)
	for _, pdu := range [][]byte{before, now} {
		if _, err := third.take(t.Context(), n.tmsi, pdu); !errors.Is(err, errUnproven) {
			t.Fatalf("taken by an outdated message: %v", err)
		}
	}
	if stored, err := n.disk.UE(t.Context(), n.phone); err != nil || stored.Node != "amf2" {
		t.Errorf("the store has %+v, %v", stored, err)
	}
	if _, err := third.take(t.Context(), n.tmsi, n.message(t)); err != nil {
		t.Errorf("not taken by its next message: %v", err)
	}
}

// TestDeregistrationOfATakenUE: TS 23.502 §4.2.2.3.2: a UE that leaves while another node takes it by what it said before has left that
// node too; if that node has heard of it since, the deregistration is over.
func TestDeregistrationOfATakenUE(t *testing.T) {
	for _, since := range []uint32{0, 1} { // messages to that node
		t.Run(fmt.Sprint(since), func(t *testing.T) {
			n := newTaker(t)
			u, err := n.take(t.Context(), n.tmsi, n.message(t))
			if err != nil {
				t.Fatal(err)
			}
			stored, err := n.disk.UE(t.Context(), n.phone)
			if err != nil {
				t.Fatal(err)
			}
			left := n.side.Send // the NAS COUNT of the deregistration
			heard, err := proven(stored.Record, left+2*since)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := n.disk.TakeUE(t.Context(), &stored, "amf3", 1<<40, heard); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			err = u.insist(glance(func(u *ue) {
				u.security.nas.Receive = left + 1
				done <- u.unkeepLeaving(t.Context())
			}))
			if err != nil {
				t.Fatal(err)
			}
			err, over := <-done, since > 0
			if over != errors.Is(err, store.ErrNotOwner) || !over && err != nil {
				t.Errorf("it ends with %v", err)
			}
			now, err := n.disk.UE(t.Context(), n.phone)
			if over && (err != nil || now.Node != "amf3") || !over && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the store has %+v, %v", now, err)
			}
			moved, err := n.disk.Moved(t.Context(), "amf3")
			if err != nil || over != (len(moved) == 0) || over != (n.ended == 0) {
				t.Errorf("amf3 hears of %v, %v; its sessions ended here %d times", moved, err, n.ended)
			}
		})
	}
}

// TestCountOfADeregistration: TS 24.501 §4.4.3.1: a deregistration is answered under a NAS COUNT that nobody uses again, also if the
// context does not leave the store.
func TestCountOfADeregistration(t *testing.T) {
	n := newTaker(t)
	n.side.Receive = 100 // all that the UE has heard
	u, err := n.take(t.Context(), n.tmsi, n.message(t))
	if err != nil {
		t.Fatal(err)
	}
	c, far := n.connected(u)
	n.disk.Plan(func(operation string) faults.Fault { return faults.Fault{Fail: operation == "RemoveUE"} })
	err = u.insist(glance(func(u *ue) {
		u.sessions, u.policy, u.known = nil, "", false // for those other functions would have to be here
		u.deregistrationRequested(t.Context(), &initialMessage{conn: c, verified: true}, &gmm.DeregistrationRequestUEOriginating{})
	}))
	if err != nil {
		t.Fatal(err)
	}
	m := hears(t, far)
	down, ok := m.(*ngap.DownlinkNASTransport)
	if !ok {
		t.Fatalf("the gNB hears %v", m)
	}
	if _, _, err := n.side.Unprotect(down.NASPDU); err != nil {
		t.Fatal(err)
	}
	stored, err := n.disk.UE(t.Context(), n.phone)
	if err != nil {
		t.Fatal(err)
	}
	later, err := n.readRecord(&stored)
	if err != nil {
		t.Fatal(err)
	}
	if later.security.nas.Send < n.side.Receive {
		t.Errorf("the answer has COUNT %d; the next life goes on with %d", n.side.Receive-1, later.security.nas.Send)
	}
}

// TestDeregistrationBesideANewerContext: TS 23.502 §4.2.2.3.2: where no other node is, a UE that leaves while a newer context of its
// subscriber is stored hears so all the same, and the newer one stays.
func TestDeregistrationBesideANewerContext(t *testing.T) {
	n := newTaker(t)
	u, err := n.take(t.Context(), n.tmsi, n.message(t))
	if err != nil {
		t.Fatal(err)
	}
	n.JoinSet(Taking{})
	stored, err := n.disk.UE(t.Context(), n.phone)
	if err != nil {
		t.Fatal(err)
	}
	newer := stored
	newer.Epoch += 5
	if errs, err := n.disk.KeepUEs(t.Context(), []store.UEContext{newer}); err != nil || errs[0] != nil {
		t.Fatal(errs, err)
	}
	u.kept.ceiling.Add(countBlock) // it has COUNTs
	c, far := n.connected(u)
	err = u.insist(glance(func(u *ue) {
		u.sessions, u.policy, u.known = nil, "", false
		u.deregistrationRequested(t.Context(), &initialMessage{conn: c, verified: true}, &gmm.DeregistrationRequestUEOriginating{})
	}))
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := hears(t, far).(*ngap.DownlinkNASTransport); !ok {
		t.Errorf("the gNB hears %v", m)
	}
	n.pool.Stop()
	if now, err := n.disk.UE(t.Context(), n.phone); err != nil || now.Epoch != newer.Epoch || n.pool.Panics() != 0 {
		t.Errorf("the store has epoch %d, want %d, %v; %d panics", now.Epoch, newer.Epoch, err, n.pool.Panics())
	}
}
