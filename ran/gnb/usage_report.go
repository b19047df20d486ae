package gnb

import (
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// ReportUsage tells the AMF what went over a second radio for a session, TS 38.413 §8.15. The error is ErrNoContext or that
// of sending.
func (g *GNB) ReportUsage(t radio.Terminal, session uint8, count ngap.VolumeTimedReportItem) error {
	c, err := g.context(t)
	if err != nil {
		return err
	}
	transfer, err := (&ngap.SecondaryRATDataUsageReportTransfer{SecondaryRATUsageInformation: &ngap.SecondaryRATUsageInformation{
		PDUSessionUsageReport: &ngap.PDUSessionUsageReport{PDUSessionTimedReportList: ngap.VolumeTimedReportList{count}},
	}}).Append(nil)
	if err != nil {
		return err
	}
	c.mu.Lock()
	amf := *c.amf
	c.mu.Unlock()
	return c.send(&ngap.SecondaryRATDataUsageReport{AMFUENGAPID: amf, RANUENGAPID: c.id,
		PDUSessionResourceSecondaryRATUsageList: ngap.PDUSessionResourceSecondaryRATUsageList{{
			PDUSessionID: ngap.PDUSessionID(session), SecondaryRATDataUsageReportTransfer: transfer}}})
}
