package amf

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure/wheel"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/faults"
	"github.com/limpid-5g/limpid/store/record"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// keepingAMF is an AMF with a store that can fail.
func keepingAMF(t *testing.T) (*AMF, *faults.Store) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "limpid.db"), sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	disk := faults.New(st)
	a := &AMF{log: slog.New(slog.DiscardHandler), cfg: Config{Name: "amf1"}, keeper: newKeeper(disk, slog.New(slog.DiscardHandler))}
	a.ues.init()
	t.Cleanup(func() { a.keeper.close(); _ = disk.Close() })
	return a, disk
}

// fullUE is a registered UE with everything that a record holds.
func fullUE(a *AMF) *ue {
	u := a.newUE()
	u.registered, u.known, u.supi, u.pei = true, true, "imsi-001010000000001", "imeisv-1234567890123456"
	u.guti = ident.GUTI{GUAMI: ident.GUAMI{PLMN: ident.PLMN{0x13, 0x00, 0x14}, Region: 0xfe, Set: 0x3ab, Pointer: 0x2d}, TMSI: 0xfedcba98}
	u.oldTMSI = 7
	u.capability = gmm.UESecurityCapability{0xf0, 0x70, 0xf0, 0x70}
	s := security{ksi: 5, ciphering: 2, integrity: 2, valid: true, kamf: aka.KAMF{1, 2, 3, 31: 9}}
	s.deriveNAS()
	s.nas.Send, s.nas.Receive = 100, 50
	u.security, u.keys, u.ngKSI = s, 3, 5
	u.radio = []byte{1, 2, 3}
	u.tai = ident.TAI{PLMN: ident.PLMN{0x13, 0x00, 0x14}, TAC: 0xabcdef}
	u.allowed = []ident.SNSSAI{{SST: 1, SD: ident.NoSD}, {SST: 2, SD: 0}}
	u.slicesChecked = &sliceResults{authorized: u.allowed[1:], failed: []ident.SNSSAI{{SST: 3, SD: ident.NoSD}}}
	u.policy, u.ambr = "policy", nudm.AMBR{Uplink: 1 << 40, Downlink: 1}
	u.reach.t3512, u.reach.active, u.reach.mico = time.Hour, time.Minute, true
	u.drx, u.extendedDRX = 3, gmm.ExtendedDRXParameters{0x12}
	u.sessions = []*smContext{{id: 5, ref: "abc", slice: u.allowed[0], dnn: "internet"}, {id: 6, ref: "def", slice: u.allowed[1], dnn: "ims"}}
	a.ues.bySUPI.put(u.supi, u)
	return u
}

// TestRecordRoundTrip: what is kept of a UE is what comes back, and the downlink COUNT goes on behind what was reserved.
func TestRecordRoundTrip(t *testing.T) {
	a, disk := keepingAMF(t)
	u := fullUE(a)
	if err := u.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	stored, err := disk.UE(t.Context(), u.supi)
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.readRecord(&stored)
	if err != nil {
		t.Fatal(err)
	}
	if got.transient != nil || got.security.nas.MAC != nil {
		t.Error("not at rest")
	}
	got.wake()
	if got.security.nas.Send != 100+countBlock || got.security.nas.Receive != 50 {
		t.Fatalf("COUNTs %d and %d", got.security.nas.Send, got.security.nas.Receive)
	}
	if got.security.nas.KNASenc != u.security.nas.KNASenc || got.security.nas.KNASint != u.security.nas.KNASint ||
		got.security.kamf != u.security.kamf || got.security.ksi != 5 || got.security.nas.Cipher == nil || got.security.nas.MAC == nil {
		t.Fatal("keys differ")
	}
	compare := func(name string, got, want any) {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	compare("5G-GUTI", got.guti, u.guti)
	compare("old 5G-TMSI", got.oldTMSI, u.oldTMSI)
	compare("PEI", got.pei, u.pei)
	compare("capability", got.capability, u.capability)
	compare("last ngKSI", got.ngKSI, u.ngKSI)
	compare("radio capability", got.radio, u.radio)
	compare("TAI", got.tai, u.tai)
	compare("slices", got.allowed, u.allowed)
	compare("slices asked for at AAA servers", got.slicesChecked, u.slicesChecked)
	compare("policy", got.policy, u.policy)
	compare("AMBR", got.ambr, u.ambr)
	compare("sessions", got.sessions, u.sessions)
	compare("DRX", got.drx, u.drx)
	compare("extended DRX", got.extendedDRX, u.extendedDRX)
	compare("T3512", got.reach.t3512, u.reach.t3512)
	compare("active time", got.reach.active, u.reach.active)
	compare("MICO", got.reach.mico, u.reach.mico)
	compare("state", []bool{got.registered, got.known, got.conn == nil}, []bool{true, true, true})
}

// TestCountIsNeverUsedTwice: the AMF dies at any message, and the next life begins behind every COUNT that was used,
// also while the disk refuses.
func TestCountIsNeverUsedTwice(t *testing.T) {
	a, disk := keepingAMF(t)
	u := fullUE(a)
	if err := u.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	u.conn = &connection{secured: true, gnb: &gnb{id: "gnb1"}}
	send := func() error { _, err := u.protect(&gmm.Status{}); return err }
	for i := range 3 * countBlock {
		if err := send(); err != nil {
			t.Fatal(err)
		}
		stored, err := disk.UE(t.Context(), u.supi)
		if err != nil {
			t.Fatal(err)
		}
		next, err := a.readRecord(&stored)
		if err != nil {
			t.Fatal(err)
		}
		if next.security.nas.Send < u.security.nas.Send || next.security.nas.Send > u.security.nas.Send+countBlock {
			t.Fatalf("message %d: COUNT %d is next here, the next life begins at %d", i, u.security.nas.Send, next.security.nas.Send)
		}
	}
	disk.Plan(func(string) faults.Fault { return faults.Fault{Fail: true} })
	sent := 0
	for ; send() == nil; sent++ {
	}
	if sent > countBlock {
		t.Fatalf("%d messages sent with a disk that refuses", sent)
	}
	disk.Plan(nil)
	if err := send(); err != nil {
		t.Fatalf("with the disk well again: %v", err)
	}
}

// TestRestore: the UEs are found by every name; a damaged record costs its own UE alone; a UE at another node is not ours.
func TestRestore(t *testing.T) {
	a, disk := keepingAMF(t)
	u := fullUE(a)
	if err := u.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	stored, _ := disk.UE(t.Context(), u.supi)
	damaged, foreign := stored, stored
	damaged.SUPI, damaged.TMSI, damaged.OldTMSI = "imsi-001010000000002", 8, 0
	damaged.Record = append([]byte(nil), stored.Record...)
	damaged.Record[10] ^= 1
	foreign.SUPI, foreign.TMSI, foreign.OldTMSI, foreign.Node = "imsi-001010000000003", 9, 0, "amf2"
	if _, err := disk.KeepUEs(t.Context(), []store.UEContext{damaged, foreign}); err != nil {
		t.Fatal(err)
	}
	next, _ := keepingAMF(t)
	next.keeper.contexts = disk
	if _, err := next.readRecord(&damaged); !errors.Is(err, record.ErrDamaged) {
		t.Fatalf("damaged record: %v", err)
	}
	each := 0
	next.wheel = wheel.New(idleTick)
	defer next.wheel.Close()
	n, err := next.Restore(context.Background(), func(r RestoredUE) {
		if each++; r.SUPI != u.supi || r.PolicyID != u.policy || r.Registration.PEI != u.pei {
			t.Errorf("restored %+v", r)
		}
	})
	if err != nil || n != 1 || each != 1 {
		t.Fatalf("%d restored, %d told, %v", n, each, err)
	}
	got := next.ues.bySUPI.get(u.supi)
	if got == nil || next.ues.byTMSI.get(u.guti.TMSI) != got || next.ues.byTMSI.get(u.oldTMSI) != got {
		t.Fatal("not found by its names")
	}
	orphans := next.AgreeSessions(func(yield func(Session) bool) {
		_ = yield(Session{SUPI: u.supi, PDUSessionID: 5, Ref: "abc"}) && // known
			yield(Session{SUPI: u.supi, PDUSessionID: 7, Ref: "new", DNN: "late"}) && // of which the AMF did not hear
			yield(Session{SUPI: "imsi-001010000000009", PDUSessionID: 1, Ref: "orphan"})
	})
	if len(orphans) != 1 || orphans[0].Ref != "orphan" || len(got.sessions) != 2 || got.session(5) == nil || got.session(7) == nil {
		t.Fatalf("orphans %v, sessions %v", orphans, got.sessions)
	}
}

// TestGUTIThatTheUEHas: acceptances that are lost one after the other never take the 5G-GUTI away that the UE has.
func TestGUTIThatTheUEHas(t *testing.T) {
	a, _ := keepingAMF(t)
	u := fullUE(a)
	u.oldTMSI = 0
	a.ues.byTMSI.put(u.guti.TMSI, u)
	held := u.guti.TMSI
	for range 3 {
		u.named = held
		u.allotGUTI()
		if u.oldTMSI != held || a.ues.byTMSI.get(held) != u || a.ues.byTMSI.get(u.guti.TMSI) != u {
			t.Fatalf("the UE has %08x, the AMF knows %08x and %08x", held, u.oldTMSI, u.guti.TMSI)
		}
	}
	count := 0
	a.ues.byTMSI.each(func(uint32, *ue) { count++ })
	if count != 2 {
		t.Fatalf("%d 5G-TMSIs of one UE", count)
	}
	newest := u.guti.TMSI
	u.confirmGUTI()
	u.named = newest
	if u.allotGUTI(); u.oldTMSI != newest {
		t.Fatalf("%08x was confirmed, %08x stays", newest, u.oldTMSI)
	}
}

// told is an SMF that looks what the store says of the UE when a gNB's tunnel comes.
type told struct {
	nsmf.PDUSession
	disk      *faults.Store
	connected []bool
}

func (s *told) UpdateSMContext(ctx context.Context, _ string, _ nsmf.SMContextUpdateData) (nsmf.SMContextUpdatedData, error) {
	stored, err := s.disk.UE(ctx, "imsi-001010000000001")
	if err != nil {
		return nsmf.SMContextUpdatedData{}, err
	}
	connected := false
	for r, err := record.Open(stored.Record); err == nil && r.Next(); {
		connected = connected || r.Field() == fieldConnectedTo
	}
	s.connected = append(s.connected, connected)
	return nsmf.SMContextUpdatedData{}, nil
}

// TestConnectedIsDurable: TS 23.527 §4.3: before packets go to the gNB of a UE that was idle, the store knows that it is not: a core that is
// killed then would take its user plane down. A store that is slow gets it later.
func TestConnectedIsDurable(t *testing.T) {
	for _, slow := range []bool{false, true} {
		a, disk := keepingAMF(t)
		u := fullUE(a)
		u.sessions = []*smContext{{id: 5, ref: "5"}}
		smf := &told{disk: disk}
		a.services.Sessions = smf
		if err := u.keep(t.Context()); err != nil || !u.kept.idle {
			t.Fatalf("idle: %v, %v", u.kept.idle, err)
		}
		if slow {
			disk.Plan(func(string) faults.Fault { return faults.Fault{Delay: 2 * connectedPatience} })
		}
		near, _ := sctp.Pipe()
		g := a.newGNB(a.log)
		g.link(&tnla{amf: a, assoc: near, log: a.log})
		g.id = "gNB-1"
		u.conn = &connection{gnb: g}
		for range 2 {
			u.toSMF(t.Context(), 5, nsmf.N2SMInfo{Type: nsmf.PDUResSetupRsp})
		}
		if !slow && !slices.Equal(smf.connected, []bool{true, true}) || len(smf.connected) != 2 {
			t.Errorf("stored as connected: %v", smf.connected)
		}
		if u.kept.idle != slow { // and what follows tries again
			t.Errorf("stored as idle, for all that is known: %v", u.kept.idle)
		}
	}
}
