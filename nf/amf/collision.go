package amf

import (
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// running names the procedure that a UE is in, for the collision table and the log.
type running string

// The procedures.
const (
	idle                  running = ""
	registration          running = "registration"
	serviceRequest        running = "service request"
	deregistration        running = "deregistration"
	anRelease             running = "AN release"
	paging                running = "paging"
	sessionManagement     running = "session management"
	configurationUpdate   running = "configuration update"
	networkDeregistration running = "network-initiated deregistration"
	contextModification   running = "UE context modification"
	xnHandover            running = "Xn handover"
	n2Handover            running = "N2 handover"
	operation             running = "an operator's order"
	connectionSuspend     running = "connection suspend"
	connectionResume      running = "connection resume"
	authentication        running = "authentication"
)

// Collide is the collision table of the AMF: a message arrived that the running procedure does not wait for.
//
//	arriving                      | registration | service request | deregistration | AN release | paging    | configuration update    | N2 handover
//	new initial NAS message       | supersede    | supersede       | supersede      | queue      | supersede | supersede; service request: queue | supersede
//	registration or service       | supersede    | supersede       | supersede      | queue      | supersede | supersede; service request: queue | queue
//	  request on the present one
//	loss of the N2 connection     | supersede    | supersede       | supersede      | supersede  | at once   | supersede               | supersede
//	UE context release request    | supersede    | supersede       | queue          | queue      | queue     | queue                   | supersede
//	path switch request           | at once      | at once         | at once        | queue      | at once   | at once                 | supersede
//	handover required             | queue        | queue           | queue          | queue      | queue     | at once                 | at once: refused
//	message of the SMF            | queue        | queue           | queue          | queue      | at once   | queue                   | queue
//	message of N1                 | queue        | queue           | queue          | queue      | queue     | queue                   | queue
//	session ended by the SMF      | queue        | queue           | queue          | queue      | queue     | queue                   | at once
//	a newer registration          | queue        | queue           | queue          | queue      | queue     | queue                   | supersede
//	the same request once more, capability, RRC state, non-delivery, 5GMM STATUS, error, a gNB that asks: at once, whatever runs
//	initial message of somebody who does not prove to be this UE: at once, it is not about this UE
//	anything else                 | queue
//
// During a network-initiated deregistration a registration or a deregistration of the UE supersedes, a service request waits
// and then finds the UE deregistered; the loss of the connection is its end (TS 24.501 §5.5.2.3.5). During a UE context
// modification initial messages wait.
//
// While a UE is being suspended or resumed everything but the loss of its connection waits. A UE context resume request
// answers a paging; on any other connection than the suspended one it is refused at once, as is a suspend request.
//
// An Xn handover waits for nobody. An N2 handover waits itself for its own messages: the target's, HANDOVER CANCEL, the
// status transfer, and, once the UE was sent away, the loss of the source. What an SMF has meanwhile is not refused for a
// while but waits for the end of the handover, which is the same to it, TS 23.502 §4.9.1.1.
//
// TS 24.501 §5.4.4.6, §5.5.1.2.8, §5.5.1.3.8, §5.6.1.8, §5.5.2.2.6 and §5.5.2.3.5 (abnormal cases on the network side), TS 23.502 §4.2.6.
func (ue *ue) Collide(m any) procedure.Decision {
	switch m := m.(type) {
	case *ngap.UERadioCapabilityInfoIndication, *ngap.NASNonDeliveryIndication, *ngap.RRCInactiveTransitionReport, *gmm.Status:
		return procedure.Inline
	case *ngap.ErrorIndication:
		if unknownUE(m) {
			return procedure.Supersede
		}
		return procedure.Inline
	case glance:
		return procedure.Inline
	case *initialMessage:
		return ue.collideInitial(m)
	case *connectionLost:
		if m.conn != ue.conn {
			return procedure.Inline
		}
		return procedure.Supersede
	case *ngap.UEContextReleaseRequest:
		switch ue.running {
		case registration, serviceRequest, n2Handover, operation, authentication:
			return procedure.Supersede
		}
	case *pathSwitch:
		switch ue.running {
		case n2Handover:
			return procedure.Supersede
		case anRelease:
			return procedure.Queue
		}
		return procedure.Inline
	}
	switch ue.running {
	case paging:
		if _, more := m.(*n1n2); more {
			return procedure.Inline // it waits for the same answer
		}
	case n2Handover:
		return collideHandover(m)
	case configurationUpdate:
		if _, leaves := m.(*ngap.HandoverRequired); leaves {
			return procedure.Inline // the UE may answer the command at the target
		}
	}
	return procedure.Queue
}

// collideInitial is the rows of initial NAS messages.
func (ue *ue) collideInitial(m *initialMessage) procedure.Decision {
	if ue.stranger(m) || ue.repeated(m) {
		return procedure.Inline
	}
	switch ue.running {
	case anRelease, sessionManagement, contextModification, connectionSuspend, connectionResume:
		return procedure.Queue
	case networkDeregistration:
		if _, service := m.message.(*gmm.ServiceRequest); service {
			return procedure.Queue // TS 24.501 §5.5.2.3.5: the deregistration goes on, and the service request finds it done
		}
	case configurationUpdate:
		if _, service := m.message.(*gmm.ServiceRequest); service {
			return procedure.Queue // both go on, TS 24.501 §5.4.4.6
		}
	case n2Handover:
		if _, leaves := m.message.(*gmm.DeregistrationRequestUEOriginating); m.conn == ue.conn && !leaves {
			return procedure.Queue
		}
	}
	return procedure.Supersede
}

// collideHandover is the rows that only an N2 handover has.
func collideHandover(m any) procedure.Decision {
	switch m.(type) {
	case *ngap.HandoverRequired, *sessionEnded:
		return procedure.Inline
	case *replaced:
		return procedure.Supersede
	}
	return procedure.Queue
}
