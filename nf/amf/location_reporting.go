package amf

import (
	"context"
	"fmt"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// Location is where a UE is, TS 38.413 §9.3.1.16.
type Location struct {
	TAI  ident.TAI `json:"tai"`
	Cell string    `json:"cell"` // NR cell identity, 36 bits in hexadecimal
}

func locationOf(l *ngap.UserLocationInformation) Location {
	var out Location
	out.TAI, _ = taiOf(l)
	if nr := l.UserLocationInformationNR; nr != nil {
		out.Cell = fmt.Sprintf("%09x", uint64(nr.NRCGI.NRCellIdentity))
	}
	return out
}

// Locate asks the gNB where a connected UE is, TS 23.502 §4.10 and TS 38.413 §8.12. Whoever asks, and why, is logged as a
// sensitive act.
func (a *AMF) Locate(ctx context.Context, supi ident.SUPI, who string) (Location, error) {
	var found Location
	a.log.Warn("sensitive act", "act", "location of a UE", "supi", supi.Conceal(), "by", who)
	err := a.order(ctx, supi, "locate", func(ctx context.Context, ue *ue) error {
		report, err := ue.locationReporting(ctx, ngap.EventTypeDirect)
		if err == nil {
			found = locationOf(&report.UserLocationInformation)
		}
		return err
	})
	return found, err
}

// FollowLocation has the gNB report every change of the UE's cell, or no longer. It goes along in handovers.
func (a *AMF) FollowLocation(ctx context.Context, supi ident.SUPI, follow bool, who string) error {
	a.log.Warn("sensitive act", "act", "reports of a UE's cells", "on", follow, "supi", supi.Conceal(), "by", who)
	return a.order(ctx, supi, "follow location", func(ctx context.Context, ue *ue) error {
		if !follow {
			ue.reporting = nil
			ue.controlReporting(ngap.EventTypeStopChangeOfServeCell)
			return nil
		}
		ue.reporting = new(requestType(ngap.EventTypeChangeOfServeCell))
		ue.controlReporting(ngap.EventTypeChangeOfServeCell)
		return nil
	})
}

func requestType(e ngap.EventType) ngap.LocationReportingRequestType {
	return ngap.LocationReportingRequestType{EventType: e, ReportArea: ngap.ReportAreaCell}
}

// controlReporting is the Location Reporting Control procedure, TS 38.413 §8.12.1.
func (ue *ue) controlReporting(e ngap.EventType) {
	ue.conn.gnb.send(ue.conn, &ngap.LocationReportingControl{
		AMFUENGAPID: ue.conn.amfID, RANUENGAPID: ue.conn.ranID, LocationReportingRequestType: requestType(e)})
}

// locationReporting asks for one report and waits for it, TS 38.413 §8.12.1 to §8.12.3.
func (ue *ue) locationReporting(ctx context.Context, e ngap.EventType) (*ngap.LocationReport, error) {
	answer, err := ue.askGNB(ctx, ranProcedure, &ngap.LocationReportingControl{
		AMFUENGAPID: ue.conn.amfID, RANUENGAPID: ue.conn.ranID, LocationReportingRequestType: requestType(e),
	}, func(m any) bool {
		switch m := m.(type) {
		case *ngap.LocationReport:
			return m.LocationReportingRequestType.EventType == e
		case *ngap.LocationReportingFailureIndication:
			return true
		}
		return false
	})
	if err != nil {
		return nil, err
	}
	if failure, failed := answer.(*ngap.LocationReportingFailureIndication); failed {
		return nil, refusedByGNB(failure.Cause)
	}
	return answer.(*ngap.LocationReport), nil
}

// located takes a report that nothing waits for, TS 38.413 §8.12.3.
func (ue *ue) located(m *ngap.LocationReport) {
	if t, ok := taiOf(&m.UserLocationInformation); ok {
		ue.conn.tai = t
	}
	if ue.reporting == nil {
		ue.log().Warn("gNB reports a location that nobody asked for")
		return
	}
	ue.log().Info("UE has changed its cell", "location", locationOf(&m.UserLocationInformation))
}
