package smf

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// TestRandomOperations does what UEs, gNBs, AMF, UPF and operator may do in any order and at any time, with answers
// that are lost. Between the steps no address may belong to two sessions; at the end nothing may be left.
func TestRandomOperations(t *testing.T) {
	for seed := range uint64(60) {
		if t.Failed() {
			return
		}
		inWorld(t, func(w *world, c *Config) {
			c.Timers.T3591, c.Timers.T3592, c.Timers.T3593 = 3*time.Second, 3*time.Second, 5*time.Second
			c.Guaranteed = []Guaranteed{{DNN: internet, Rate: nudm.AMBR{Uplink: 250e3, Downlink: 400e3}}}
			w.udm.data.AllowedSSCModes = []uint8{1, 2, 3}
			w.pcf.rules = voiceAndVideo[:1]
			w.pcf.grants = []npcf.PCCRule{{ID: "ue-1", Precedence: 40, FlowDescriptions: []string{"permit out 17 from 198.51.100.0/24 to assigned"},
				FiveQI: 1, ARP: nudm.ARP{PriorityLevel: 8}, MaxBitRate: nudm.AMBR{Uplink: 90e3, Downlink: 90e3}, GuaranteedBitRate: nudm.AMBR{Uplink: 80e3, Downlink: 80e3}}}
		}, func(w *world) {
			r := rand.New(rand.NewPCG(seed, 7))
			refs := []string{""}
			for range 150 {
				w.randomStep(r, &refs)
				w.pass(time.Duration(r.IntN(1500)) * time.Millisecond)
				w.checkGuaranteed()
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

// checkGuaranteed: never is more granted than the operator set, and what is granted is what sessions hold.
func (w *world) checkGuaranteed() {
	w.t.Helper()
	for _, g := range w.smf.View().Guaranteed {
		if g.Granted != g.Held || g.Granted.Uplink > 250e3 || g.Granted.Downlink > 400e3 {
			w.t.Errorf("%+v is granted, sessions hold %+v", g.Granted, g.Held)
		}
	}
	w.upf.mu.Lock()
	defer w.upf.mu.Unlock()
	if len(w.upf.broken) > 0 {
		w.t.Errorf("UPF was asked for what it cannot: %s", w.upf.broken)
		w.upf.broken = nil
	}
}

// randomModification is what concerns the QoS of a session: the PCF decides, the UDM and the operator change their mind,
// the UE asks, and gNB and UE answer, perhaps to nothing.
func (w *world) randomModification(r *rand.Rand, ref string, id uint8, update func(nsmf.SMContextUpdateData)) {
	pti := uint8(r.IntN(3))
	switch r.IntN(8) {
	case 0, 1:
		rules := slices.Clone(voiceAndVideo[:r.IntN(5)])
		r.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
		d := npcf.SMPolicyDecision{SessionAMBR: w.udm.data.SessionAMBR, DefaultQoS: w.udm.data.DefaultQoS, PCCRules: rules}
		if err := w.smf.SMPolicyUpdateNotify(w.t.Context(), ref, d); err != nil && sbi.CauseOf(err) != npcf.CausePolicyContextNotFound {
			w.t.Error(err)
		}
	case 2:
		update(gnbModifies())
	case 3:
		update(gnbModifies(ngap.QosFlowIdentifier(1 + r.IntN(3))))
	case 4:
		update(gnbRefusesModification())
	case 5:
		update(nsmf.SMContextUpdateData{N1SMMsg: encode(&gsm.PDUSessionModificationComplete{PDUSessionID: id, PTI: pti})})
	case 6:
		m := asks(1 + pti)
		m.PDUSessionID = id
		update(nsmf.SMContextUpdateData{N1SMMsg: encode(m)})
		update(nsmf.SMContextUpdateData{N1SMMsg: encode(&gsm.PDUSessionModificationCommandReject{PDUSessionID: id, PTI: pti, Cause: 44})})
	case 7:
		if r.IntN(2) == 0 {
			w.smf.SubscriptionDataChanged(w.t.Context(), phone)
			return
		}
		_ = w.smf.Relocate(phone, id) // most have SSC mode 1 or do not exist
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
	switch r.IntN(18) {
	default:
		w.randomModification(r, ref, id, update)
	case 0, 1, 2:
		d := createData(request(uint8(1+r.IntN(200)), func(m *gsm.PDUSessionEstablishmentRequest) {
			m.PDUSessionID, m.SSCMode = id, new(gsm.SSCMode(1+r.IntN(3)))
		}))
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
