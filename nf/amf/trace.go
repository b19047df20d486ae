package amf

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/netip"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// allInterfaces are NG-C, Xn-C, Uu, F1-C and E1, TS 38.413 §9.3.1.14.
const allInterfaces ngap.InterfacesToTrace = 0xf8

// StartTrace has the gNB trace what it and a connected UE say to each other and send it to a collector, TS 38.413 §8.11.1
// and TS 32.422 §4.2. It goes along in handovers. It is a sensitive act and logged as one.
func (a *AMF) StartTrace(ctx context.Context, supi ident.SUPI, collector netip.Addr, who string) error {
	address, err := ngap.NewTransportLayerAddress(collector, netip.Addr{})
	if err != nil {
		return sbi.Problem(http.StatusBadRequest, sbi.CauseMandatoryIEIncorrect, "the collector: %v", err)
	}
	a.log.Warn("sensitive act", "act", "trace of a UE", "on", true, "collector", collector, "supi", supi.Conceal(), "by", who)
	t := &ngap.TraceActivation{NGRANTraceID: a.traceID(), InterfacesToTrace: allInterfaces, TraceDepth: ngap.TraceDepthMedium,
		TraceCollectionEntityIPAddress: address}
	return a.order(ctx, supi, "trace", func(_ context.Context, ue *ue) error {
		if ue.tracing != nil {
			ue.deactivateTrace()
		}
		ue.tracing = t
		ue.conn.gnb.send(ue.conn, &ngap.TraceStart{AMFUENGAPID: ue.conn.amfID, RANUENGAPID: ue.conn.ranID, TraceActivation: *t})
		return nil
	})
}

// StopTrace ends it, TS 38.413 §8.11.3.
func (a *AMF) StopTrace(ctx context.Context, supi ident.SUPI, who string) error {
	a.log.Warn("sensitive act", "act", "trace of a UE", "on", false, "supi", supi.Conceal(), "by", who)
	return a.order(ctx, supi, "end of trace", func(_ context.Context, ue *ue) error {
		if ue.tracing != nil {
			ue.deactivateTrace()
		}
		return nil
	})
}

func (ue *ue) deactivateTrace() {
	ue.conn.gnb.send(ue.conn, &ngap.DeactivateTrace{
		AMFUENGAPID: ue.conn.amfID, RANUENGAPID: ue.conn.ranID, NGRANTraceID: ue.tracing.NGRANTraceID})
	ue.tracing = nil
}

// traceID is an NG-RAN Trace ID: the PLMN of the trace, a number of its own and one of the recording session,
// TS 32.422 §5.6 and §5.7.
func (a *AMF) traceID() ngap.NGRANTraceID {
	var id ngap.NGRANTraceID
	plmn := ngap.PLMNIdentity(a.cfg.GUAMI.PLMN)
	copy(id[:], plmn[:])
	_, _ = rand.Read(id[3:]) // never fails, crypto/rand
	return id
}

// traceFailed takes note that the gNB does not trace, TS 38.413 §8.11.2.
func (ue *ue) traceFailed(m *ngap.TraceFailureIndication) {
	ue.log().Warn("gNB does not trace the UE", "cause", m.Cause)
	if ue.tracing != nil && ue.tracing.NGRANTraceID == m.NGRANTraceID {
		ue.tracing = nil
	}
}

// cellTrafficTraced takes note that the gNB traces the UE as part of its cell, TS 38.413 §8.11.4. Nobody here asked for
// that: it was switched on at the gNB.
func (ue *ue) cellTrafficTraced(m *ngap.CellTrafficTrace) {
	ue.log().Warn("sensitive act", "act", "trace of a cell, switched on at the gNB, touches the UE", "gnb", ue.conn.gnb.label(),
		"privacy", m.PrivacyIndicator != nil)
}
