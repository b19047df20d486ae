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
	if t.SecondaryRATUsageInformation == nil || t.SecondaryRATUsageInformation.PDUSessionUsageReport == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range t.SecondaryRATUsageInformation.PDUSessionUsageReport.PDUSessionTimedReportList {
		s.usage.SecondaryUplink += r.UsageCountUL
		s.usage.SecondaryDownlink += r.UsageCountDL
	}
	return nil
}
