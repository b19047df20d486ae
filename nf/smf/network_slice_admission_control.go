package smf

import (
	"context"

	"github.com/limpid-5g/limpid/sbi/nnsacf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// countInSlice asks the NSACF whether the slice takes one PDU session more, TS 23.502 §4.2.11.4. A UE that is refused hears
// cause #69 with T3585 and does not try the slice again before that ends, TS 24.501 §4.6.3.1.
func (s *session) countInSlice(ctx context.Context) error {
	if s.smf.deps.Admission == nil {
		return nil
	}
	if reason := s.smf.deps.Admission.NumOfPDUsUpdate(ctx, s.admission(nnsacf.Increase)); reason != "" {
		return &refusal{cause: gsm.CauseInsufficientResourcesForSpecificSlice, sbi: nsmf.CauseInsufficientResourcesSlice,
			asked: "a PDU session in slice " + s.slice.String(), allowed: "none more: " + string(reason), change: "nsacf.slices sessions"}
	}
	s.counted = true
	return nil
}

// recount counts a session that is there already, after a restart or from another SMF.
func (s *session) recount(ctx context.Context) {
	if a := s.smf.deps.Admission; a != nil {
		a.NumOfPDUsUpdate(ctx, s.admission(nnsacf.Update))
		s.counted = true
	}
}

// countOut gives the session's place in its slice to others.
func (s *session) countOut(ctx context.Context) {
	if s.counted {
		s.counted = false
		s.smf.deps.Admission.NumOfPDUsUpdate(ctx, s.admission(nnsacf.Decrease))
	}
}

func (s *session) admission(what nnsacf.Operation) nnsacf.PDUACRequest {
	return nnsacf.PDUACRequest{SUPI: s.supi, PDUSessionID: s.id, SNSSAI: s.slice, Operation: what}
}
