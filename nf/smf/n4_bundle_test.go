package smf

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// another establishes one more session of the UE.
func (w *world) another(id uint8) (ref string) {
	w.t.Helper()
	d := createData(request(1, func(m *gsm.PDUSessionEstablishmentRequest) { m.PDUSessionID = id }))
	d.PDUSessionID = id
	out, err := w.smf.CreateSMContext(w.t.Context(), d)
	if err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
	w.update(out.Ref, gnbAccepts(0x70+uint32(id)))
	return out.Ref
}

// TestRestoredBundled: the sessions come back to a UPF that takes bundles in one datagram, TS 29.244 §6.5. What comes for one of them
// before its answer is there waits, and one that the UPF refuses costs its UE alone.
func TestRestoredBundled(t *testing.T) {
	var datagrams, first int
	inWorld(t, func(w *world, _ *Config) { w.upf.features |= pfcp.UPFeatureBUNDL }, func(w *world) {
		ref := w.established()
		const sessions = 5
		for id := range uint8(sessions - 1) {
			w.another(6 + id)
		}
		w.amf.take()
		before := map[uint64]pfcp.FTEID{}
		w.upf.set(func() {
			for _, n := range w.upf.sessions {
				before[n.cp] = n.uplink
			}
			clear(w.upf.sessions)
			w.upf.started++
			w.upf.refuse = w.smf.find(ref).seid
			w.upf.heard = func(b []byte) {
				h, _, err := pfcp.DecodeHeader(b)
				if err != nil || h.Type != pfcp.TypeSessionEstablishmentRequest {
					return
				}
				if datagrams++; datagrams == 1 && h.FollowOn {
					first++
				}
			}
		})
		w.pass(11 * time.Second)
		if datagrams != 3 || first != 1 { // all in two, and again the one that was refused
			t.Errorf("%d datagrams of establishments, the first alone: %v", datagrams, first == 0)
		}
		if c, ok := w.decode(w.one().N1SMMsg).(*gsm.PDUSessionReleaseCommand); !ok || c.Cause != gsm.CauseReactivationRequested {
			t.Errorf("UE of the refused session hears %+v", c)
		}
		w.upf.set(func() {
			if len(w.upf.sessions) != sessions-1 || len(before) != sessions {
				t.Errorf("%d of %d sessions came back", len(w.upf.sessions), len(before))
			}
			for _, n := range w.upf.sessions {
				if n.uplink != before[n.cp] {
					t.Errorf("session %#x has tunnel %+v, had %+v", n.cp, n.uplink, before[n.cp])
				}
			}
		})
	})
}

// TestBundleWaits: what comes for a session that is in a bundle is served behind it.
func TestBundleWaits(t *testing.T) {
	inWorld(t, func(w *world, _ *Config) { w.upf.features |= pfcp.UPFeatureBUNDL }, func(w *world) {
		ref := w.established()
		w.upf.set(func() {
			clear(w.upf.sessions)
			w.upf.started++
			w.upf.silent[pfcp.TypeSessionEstablishmentRequest] = true
		})
		w.pass(10500 * time.Millisecond) // it waits for its answer
		if !w.smf.find(ref).actor.Busy() {
			t.Fatal("the session is at rest while its UPF owes it an answer")
		}
		w.idle(ref)
		w.upf.set(func() { clear(w.upf.silent) })
		w.pass(3 * time.Second)
		if _, n := w.upf.only(t); n.action != bufferAndNotify || w.info(ref).UpCnxState != nsmf.Deactivated || len(w.upf.broken) > 0 {
			t.Errorf("UPF has %+v, %v; session %+v", n, w.upf.broken, w.info(ref))
		}
		if err := w.smf.ReleaseSMContext(w.t.Context(), ref, nsmf.SMContextReleaseData{}); err != nil {
			t.Fatal(err)
		}
		w.noLeak()
	})
}
