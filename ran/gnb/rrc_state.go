package gnb

import (
	"errors"

	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// ErrNotAsked says that the AMF does not want to know.
var ErrNotAsked = errors.New("gnb: the AMF did not ask for RRC state reports")

// ReportRRCState tells the AMF that a UE has entered or left RRC_INACTIVE, TS 38.413 §8.3.5. The error is ErrNoContext,
// ErrNotAsked, or the association's.
func (g *GNB) ReportRRCState(t radio.Terminal, state ngap.RRCState) error {
	g.mu.Lock()
	c := g.terminals[t]
	g.mu.Unlock()
	if c == nil {
		return ErrNoContext
	}
	c.mu.Lock()
	amf, asked := c.amf, c.reports
	c.mu.Unlock()
	if amf == nil {
		return ErrNoContext
	}
	if !asked {
		return ErrNotAsked
	}
	return c.send(&ngap.RRCInactiveTransitionReport{
		AMFUENGAPID: *amf, RANUENGAPID: c.id, RRCState: state, UserLocationInformation: g.location(),
	})
}

// asksForReports notes what the AMF says of RRC state reports, TS 38.413 §8.3.1.2.
func (c *ueContext) asksForReports(r *ngap.RRCInactiveTransitionReportRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reports = r != nil && *r != ngap.RRCInactiveTransitionReportRequestCancelReport
}
