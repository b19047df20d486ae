package amf

import "github.com/limpid-5g/limpid/wire/ngap"

// relayConfiguration passes on what one gNB has for another, such as a question for its Xn address, TS 38.413 §8.8.1 and
// TS 38.413 §8.8.2: octet for octet, for it is theirs. What cannot be passed on has no failure message of its own, so the gNB gets an
// Error Indication, TS 38.413 §10.4. So does a gNB that speaks in the name of another, for the answer would go there, and one
// that wants something of an eNB: there is no MME.
func (l *tnla) relayConfiguration(m *ngap.UplinkRANConfigurationTransfer) {
	if m.ENDCSONConfigurationTransferUL != nil || m.IntersystemSONConfigurationTransferUL != nil {
		l.notRelayed("there is no MME to pass it on to")
	}
	if m.SONConfigurationTransferUL == nil {
		return
	}
	t, err := ngap.DecodeSONConfigurationTransfer(m.SONConfigurationTransferUL)
	if err != nil {
		l.refuse(err)
		return
	}
	from, to := t.SourceRANNodeID.GlobalRANNodeID.String(), t.TargetRANNodeID.GlobalRANNodeID.String()
	target := l.amf.gnbByID(to)
	switch {
	case !l.gnb.Load().is(from):
		l.notRelayed("it comes in the name of another gNB", "source", from)
	case target == nil:
		l.notRelayed("its target is not connected", "target", to, "area", t.TargetRANNodeID.SelectedTAI.Ident())
	default:
		target.send(nil, &ngap.DownlinkRANConfigurationTransfer{SONConfigurationTransferDL: m.SONConfigurationTransferUL})
	}
}

func (l *tnla) notRelayed(why string, args ...any) {
	l.log.Warn("RAN configuration not transferred: "+why, args...)
	l.errorIndication(nil, nil, ngap.CauseProtocolSemanticError)
}
