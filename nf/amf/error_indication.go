package amf

import (
	"context"
	"errors"

	"github.com/limpid-5g/limpid/wire/ngap"
)

// errorIndication is the Error Indication procedure started by the AMF, TS 38.413 §8.7.5.
func (l *tnla) errorIndication(amfID *ngap.AMFUENGAPID, ranID *ngap.RANUENGAPID, cause ngap.Cause) {
	l.send(&ngap.ErrorIndication{AMFUENGAPID: amfID, RANUENGAPID: ranID, Cause: &cause})
}

// refuse answers a message that cannot be decoded, TS 38.413 §10.2 to §10.4: with the procedure's own failure message
// where it has one, else with an Error Indication.
func (l *tnla) refuse(err error) {
	d, ok := errors.AsType[*ngap.DecodeError](err)
	if !ok {
		l.log.Error("message refused", "error", err)
		return
	}
	l.log.Warn("message refused", "error", d, "silent", d.Silent)
	if d.Silent {
		return
	}
	if d.Procedure != nil && d.PDUType == ngap.InitiatingMessage {
		switch *d.Procedure {
		case ngap.ProcedureCodeNGSetup:
			l.send(&ngap.NGSetupFailure{Cause: d.Cause, CriticalityDiagnostics: d.Diagnostics})
			return
		case ngap.ProcedureCodeRANConfigurationUpdate:
			l.send(&ngap.RANConfigurationUpdateFailure{Cause: d.Cause, CriticalityDiagnostics: d.Diagnostics})
			return
		}
	}
	l.send(d.ErrorIndication())
}

// notify reports what was skipped in a message that was otherwise understood, TS 38.413 §10.3.4.
func (l *tnla) notify(m ngap.Message, report *ngap.Diagnostics) {
	l.log.Warn("parts of a message not understood", "message", m.Name(), "elements", report.IEsCriticalityDiagnostics)
	cause := ngap.CauseProtocolAbstractSyntaxErrorIgnoreAndNotify
	indication := &ngap.ErrorIndication{Cause: &cause, CriticalityDiagnostics: report}
	if ids, ok := idsOf(m); ok {
		indication.AMFUENGAPID, indication.RANUENGAPID = ids.amf, ids.ran
	}
	l.send(indication)
}

func (ue *ue) errorIndicated(ctx context.Context, m *ngap.ErrorIndication) {
	ue.log().Warn("error indication about the UE", "detail", describe(m))
	if c := ue.conn; c != nil && unknownUE(m) {
		c.gnb.close(c)
		ue.loseConnection(ctx, &connectionLost{conn: c, why: "the gNB does not know the UE"})
	}
}

// unknownUE tells whether a gNB says that it does not know the UE, TS 38.413 §10.6.
func unknownUE(m *ngap.ErrorIndication) bool {
	if m.Cause == nil {
		return false
	}
	switch *m.Cause {
	case ngap.CauseRadioNetworkUnknownLocalUENGAPID, ngap.CauseRadioNetworkInconsistentRemoteUENGAPID:
		return true
	}
	return false
}
