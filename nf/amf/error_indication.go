package amf

import (
	"errors"

	"github.com/limpid-5g/limpid/wire/ngap"
)

// errorIndication is the Error Indication procedure started by the AMF, TS 38.413 §8.7.5.
func (g *gnb) errorIndication(amfID *ngap.AMFUENGAPID, ranID *ngap.RANUENGAPID, cause ngap.Cause) {
	g.send(nil, &ngap.ErrorIndication{AMFUENGAPID: amfID, RANUENGAPID: ranID, Cause: &cause})
}

// refuse answers a message that cannot be decoded, TS 38.413 §10.2 to §10.4: with the procedure's own failure message
// where it has one, else with an Error Indication.
func (g *gnb) refuse(err error) {
	d, ok := errors.AsType[*ngap.DecodeError](err)
	if !ok {
		g.log.Error("message refused", "error", err)
		return
	}
	g.log.Warn("message refused", "error", d, "silent", d.Silent)
	if d.Silent {
		return
	}
	if d.Procedure != nil && d.PDUType == ngap.InitiatingMessage {
		switch *d.Procedure {
		case ngap.ProcedureCodeNGSetup:
			g.send(nil, &ngap.NGSetupFailure{Cause: d.Cause, CriticalityDiagnostics: d.Diagnostics})
			return
		case ngap.ProcedureCodeRANConfigurationUpdate:
			g.send(nil, &ngap.RANConfigurationUpdateFailure{Cause: d.Cause, CriticalityDiagnostics: d.Diagnostics})
			return
		}
	}
	g.send(nil, d.ErrorIndication())
}

// notify reports what was skipped in a message that was otherwise understood, TS 38.413 §10.3.4.
func (g *gnb) notify(m ngap.Message, report *ngap.Diagnostics) {
	g.log.Warn("parts of a message not understood", "message", m.Name(), "elements", report.IEsCriticalityDiagnostics)
	cause := ngap.CauseProtocolAbstractSyntaxErrorIgnoreAndNotify
	indication := &ngap.ErrorIndication{Cause: &cause, CriticalityDiagnostics: report}
	if ids, ok := idsOf(m); ok {
		indication.AMFUENGAPID, indication.RANUENGAPID = ids.amf, ids.ran
	}
	g.send(nil, indication)
}
