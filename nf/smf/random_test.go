package smf

import (
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// TestRandomOperations does what UEs, gNBs, AMF, UPF and operator may do in any order and at any time, with answers
// that are lost. Between the steps no address may belong to two sessions; at the end nothing may be left.
func TestRandomOperations(t *testing.T) {
	for seed := range uint64(30) {
		if t.Failed() {
			return
		}
		inWorld(t, func(_ *world, c *Config) { c.Timers.T3592 = 3 * time.Second }, func(w *world) {
			r := rand.New(rand.NewPCG(seed, 7))
			refs := []string{""}
			for range 150 {
				w.randomStep(r, &refs)
				w.pass(time.Duration(r.IntN(1500)) * time.Millisecond)
				held := map[string]string{}
				for _, s := range w.smf.Sessions() {
					if a := s.Address.String(); s.Address.IsValid() {
						if other, twice := held[a]; twice {
							t.Errorf("seed %d: sessions %s and %s both have %s", seed, s.Ref, other, a)
						}
						held[a] = s.Ref
					}
				}
			}
			w.upf.set(func() { clear(w.upf.silent) })
			w.pass(5 * time.Minute)
			for _, s := range w.smf.Sessions() {
				if err := w.smf.ReleaseSMContext(w.t.Context(), s.Ref, nsmf.SMContextReleaseData{}); err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
			}
			w.pass(time.Minute)
			w.noLeak()
			if w.smf.pool.Panics() != 0 || t.Failed() {
				t.Errorf("seed %d: %d panics\n%s", seed, w.smf.pool.Panics(), w.logged())
			}
		})
	}
}

func (w *world) randomStep(r *rand.Rand, refs *[]string) {
	ref := (*refs)[r.IntN(len(*refs))]
	id := uint8(1 + r.IntN(7))
	update := func(d nsmf.SMContextUpdateData) {
		if _, err := w.smf.UpdateSMContext(w.t.Context(), ref, d); err != nil && !errors.As(err, new(*sbi.ProblemDetails)) {
			w.t.Error(err)
		}
	}
	switch r.IntN(12) {
	case 0, 1, 2:
		d := createData(request(uint8(1+r.IntN(200)), func(m *gsm.PDUSessionEstablishmentRequest) { m.PDUSessionID = id }))
		d.PDUSessionID = id
		if c, err := w.smf.CreateSMContext(w.t.Context(), d); err == nil {
			*refs = append(*refs, c.Ref)
		}
	case 3, 4:
		update(gnbAccepts(r.Uint32()))
	case 5:
		update(gnbRefuses(ngap.CauseRadioNetworkUnspecified))
	case 6:
		update(nsmf.SMContextUpdateData{UpCnxState: []nsmf.UpCnxState{nsmf.Activating, nsmf.Deactivated}[r.IntN(2)]})
	case 7:
		update(nsmf.SMContextUpdateData{N1SMMsg: encode(&gsm.PDUSessionReleaseRequest{PDUSessionID: id, PTI: 1})})
	case 8:
		update(nsmf.SMContextUpdateData{N1SMMsg: encode(&gsm.PDUSessionReleaseComplete{PDUSessionID: id, PTI: uint8(r.IntN(2))})})
	case 9:
		if err := w.smf.ReleaseSMContext(w.t.Context(), ref, nsmf.SMContextReleaseData{}); err != nil && sbi.CauseOf(err) != sbi.CauseContextNotFound {
			w.t.Error(err)
		}
	case 10:
		if all := w.smf.Sessions(); len(all) > 0 {
			s := all[r.IntN(len(all))]
			go func() { // the UPF may be silent, and the SMF need not know the session any more
				_, err := w.upf.Request(w.t.Context(), smfN4, pfcp.Header{SEID: s.LocalSEID}, downlinkReport())
				if err != nil && !errors.Is(err, pfcp.ErrNoAnswer) {
					w.t.Error(err)
				}
			}()
		}
		if err := w.smf.ReleaseSession(phone, id); err != nil && sbi.CauseOf(err) != sbi.CauseContextNotFound {
			w.t.Error(err)
		}
	case 11:
		w.upf.set(func() {
			switch r.IntN(3) {
			case 0:
				w.upf.silent[everything] = !w.upf.silent[everything]
			case 1:
				w.upf.started++
				clear(w.upf.sessions)
			}
		})
	}
	synctest.Wait()
}
