package smf

import (
	"net/http"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// secondaryRATUsage adds up what a gNB says went over a second radio, TS 23.502 §4.21 and TS 38.413 §9.3.4.23. It is the
// gNB's word, beside what the UPF counts.
func (s *session) secondaryRATUsage(b []byte) error {
	t, err := ngap.DecodeSecondaryRATDataUsageReportTransfer(b)
	if err != nil {
		return sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "%v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.countSecondary(t.SecondaryRATUsageInformation)
	return nil
}

// countSecondary adds up what any message may carry of it, TS 38.413 §9.3.1.114. Call it with s.mu held.
func (s *session) countSecondary(i *ngap.SecondaryRATUsageInformation) {
	if i == nil || i.PDUSessionUsageReport == nil {
		return
	}
	for _, r := range i.PDUSessionUsageReport.PDUSessionTimedReportList {
		s.usage.SecondaryUplink += r.UsageCountUL
		s.usage.SecondaryDownlink += r.UsageCountDL
	}
}
