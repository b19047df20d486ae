package amf

import (
	"context"
	"log/slog"

	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// running names the procedure that a UE is in, for the collision table and the log.
type running string

// The procedures. A deregistration of the UE, session management and an Xn handover wait for nobody, so that nothing can
// arrive in the middle of them.
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
	sliceAuthentication   running = "slice-specific authentication"
)

// arrival is a kind of message that a running procedure does not wait for.
type arrival string

// The kinds. An initial NAS message on the present connection comes in an UPLINK NAS TRANSPORT.
const (
	newRegistration    arrival = "registration request on a new connection"
	newService         arrival = "service request on a new connection"
	newDeregistration  arrival = "deregistration request on a new connection"
	sameRegistration   arrival = "registration request on the present connection"
	sameService        arrival = "service request on the present connection"
	sameDeregistration arrival = "deregistration request on the present connection"
	repeated           arrival = "the same registration request once more"
	stranger           arrival = "initial message of somebody who does not prove to be this UE"
	connectionGone     arrival = "loss of the N2 connection"
	otherGone          arrival = "loss of another connection"
	unknownAtGNB       arrival = "error indication: the gNB does not know the UE"
	otherError         arrival = "error indication"
	releaseRequest     arrival = "UE context release request"
	pathSwitched       arrival = "path switch request"
	handoverWanted     arrival = "handover required"
	uplinkN1           arrival = "message of N1"
	notice             arrival = "radio capability, RRC state, non-delivery, 5GMM STATUS"
	resourceAnswer     arrival = "answer or notice of the gNB about sessions"
	report             arrival = "location, trace or usage report"
	fromSMF            arrival = "message of the SMF"
	endOfSession       arrival = "session ended by the SMF"
	newerRegistration  arrival = "a newer registration of the subscriber"
	orderOfOperator    arrival = "an operator's order"
	orderToLeave       arrival = "order to deregister"
	subscriptionChange arrival = "change of the subscription"
	policyChange       arrival = "change of the policy"
	reminder           arrival = "what the AMF reminds itself of"
	look               arrival = "what only looks at the UE"
)

// columns are the running procedures that wait, in the order of the letters of row.
func columns() []running {
	return []running{registration, serviceRequest, anRelease, paging, configurationUpdate, networkDeregistration, contextModification, n2Handover, operation, authentication}
}

// row is the collision table of the AMF: a message of this kind arrived that the running procedure does not wait for. S: it
// ends the procedure and is served next. Q: it waits until the procedure has ended. I: it is handled at once, inside the
// procedure. A dot: it cannot arrive, or the procedure waits for it: a UE that is paged has no connection and its initial
// message is the answer; a UE that is asked to leave may also do so by its radio, and its sessions have ended before. Only an
// initial message that waits can lose a connection that is not the present one.
//
// The loss of the radio ends what waits for the UE. A UE context modification waits for the gNB alone, whose answer comes.
// During a network-initiated deregistration a registration or a deregistration of the UE supersedes, a service request waits
// and then finds the UE deregistered, TS 24.501 §5.5.2.3.5; beside a configuration update a service request on
// the same connection goes on, TS 24.501 §5.4.4.6. A UE that answers a configuration update may do so at the target of a handover.
//
// A slice-specific authentication is as a configuration update, and goes on after what has interrupted it, TS 24.501 §5.4.7.
// While a UE is being suspended or resumed everything is as in a UE context modification. A UE context resume request answers
// a paging; on any other connection than the suspended one it is refused at once, as is a suspend request.
//
// An Xn handover waits for nobody. An N2 handover waits itself for its own messages: the target's, HANDOVER CANCEL, the
// status transfer, and, once the UE was sent away, the loss of the source; a second one is refused. What an SMF has meanwhile
// is not refused for a while but waits for the end of the handover, which is the same to it, TS 23.502 §4.9.1.1.
//
// TS 24.501 §5.4.4.6, §5.5.1.2.8, §5.5.1.3.8, §5.6.1.8, §5.5.2.2.7 and §5.5.2.3.5 (abnormal cases on the network side), TS 23.502 §4.2.6.
func (a arrival) row() string {
	switch a { //     registration
	//                |service request
	//                ||AN release
	//                |||paging
	//                ||||configuration update
	//                |||||network-initiated deregistration
	//                ||||||UE context modification
	//                |||||||N2 handover
	//                ||||||||an operator's order
	case newRegistration: //  ||authentication
		return "SSQ.SSQSSS"
	case newService:
		return "SSQ.SQQSSS"
	case newDeregistration:
		return "SSQ.SSQSSS"
	case sameRegistration:
		return "SSQ.SSQQSS"
	case sameService:
		return "SSQ.QQQQSS"
	case sameDeregistration:
		return "SSQ.SSQSSS"
	case repeated:
		return "I........."
	case stranger:
		return "IIIIIIIIII"
	case connectionGone:
		return "SSS.S.SSSS"
	case look:
		return "IIIIIIIIII"
	case otherGone:
		return "..I..II..."
	case unknownAtGNB:
		return "SSS.SSSSSS"
	case otherError:
		return "III.IIIIII"
	case releaseRequest:
		return "SSQ.S.QSSS"
	case pathSwitched:
		return "IIQ.IIISII"
	case handoverWanted:
		return "QQQ.IQQIQQ"
	case notice:
		return "III.IIIIII"
	case uplinkN1, resourceAnswer, report:
		return "QQQ.QQQQQQ"
	case fromSMF:
		return "QQQIQ.QQQQ"
	case endOfSession:
		return "QQQQQ.QIQQ"
	case newerRegistration:
		return "QQQQQQQSQQ"
	case orderOfOperator, orderToLeave, subscriptionChange, policyChange, reminder:
		return "QQQQQQQQQQ"
	}
	return ""
}

// decide reads the table.
func (a arrival) decide(in running) procedure.Decision {
	row := a.row()
	if in == connectionSuspend || in == connectionResume {
		in = contextModification
	}
	if in == sliceAuthentication { // what may interrupt the one may interrupt the other
		in = configurationUpdate
	}
	for i, r := range columns() {
		if r == in && i < len(row) {
			switch row[i] {
			case 'S':
				return procedure.Supersede
			case 'I':
				return procedure.Inline
			}
		}
	}
	return procedure.Queue
}

// Collide decides over a message that arrived while a procedure waits for another.
func (ue *ue) Collide(m any) procedure.Decision {
	if init, ok := m.(*initialMessage); ok && init.elsewhere {
		return procedure.Supersede // nothing that runs here is that UE's any more
	}
	kind := ue.kindOf(m)
	d := kind.decide(ue.running)
	if h := ue.handover; d == procedure.Supersede && h != nil && h.to != nil && h.commanded {
		init, ok := m.(*initialMessage)
		h.back = ok && init.verified
	}
	if log := ue.amf.log; log.Enabled(context.Background(), slog.LevelDebug) {
		log.Debug("collision", "running", string(ue.running), "arriving", string(kind))
	}
	return d
}

// kindOf finds the row of a message.
func (ue *ue) kindOf(m any) arrival {
	switch m := m.(type) {
	case *initialMessage:
		return ue.kindOfInitial(m)
	case *contextTransfer: // the request came to another AMF
		if !m.verified {
			return stranger
		}
		return newRegistration
	case *arrivedAtTarget: // late
		return look
	case *connectionLost:
		if m.conn != ue.conn {
			return otherGone
		}
		return connectionGone
	case glance:
		return look
	case *pathSwitch:
		return pathSwitched
	case *n1n2:
		return fromSMF
	case *sessionEnded:
		return endOfSession
	case *replaced:
		return newerRegistration
	case *order:
		return orderOfOperator
	case *deregister:
		return orderToLeave
	case subscriptionChanged:
		return subscriptionChange
	case *policyUpdate:
		return policyChange
	case *gmm.Status:
		return notice
	case gmm.Message:
		return uplinkN1
	case ngap.Message:
		return kindOfN2(m)
	}
	return reminder
}

func kindOfN2(m ngap.Message) arrival {
	switch m := m.(type) {
	case *ngap.UERadioCapabilityInfoIndication, *ngap.NASNonDeliveryIndication, *ngap.RRCInactiveTransitionReport:
		return notice
	case *ngap.ErrorIndication:
		if unknownUE(m) {
			return unknownAtGNB
		}
		return otherError
	case *ngap.UEContextReleaseRequest:
		return releaseRequest
	case *ngap.HandoverRequired:
		return handoverWanted
	case *ngap.LocationReport, *ngap.TraceFailureIndication, *ngap.CellTrafficTrace, *ngap.SecondaryRATDataUsageReport:
		return report
	}
	return resourceAnswer
}

func (ue *ue) kindOfInitial(m *initialMessage) arrival {
	same := m.conn == ue.conn
	switch {
	case ue.stranger(m):
		return stranger
	case ue.repeated(m):
		return repeated
	}
	switch m.message.(type) {
	case *gmm.ServiceRequest:
		if same {
			return sameService
		}
		return newService
	case *gmm.DeregistrationRequestUEOriginating:
		if same {
			return sameDeregistration
		}
		return newDeregistration
	}
	if same {
		return sameRegistration
	}
	return newRegistration
}

// Collision is a cell of the collision table.
type Collision struct{ Running, Arriving, Decision string }

// String names the cell as the flow that shows it does.
func (c Collision) String() string { return c.Running + " × " + c.Arriving }

// Collisions are the cells of the collision table in which something can arrive.
func Collisions() []Collision {
	words := map[byte]string{'S': "supersede", 'Q': "queue", 'I': "at once"}
	var cells []Collision
	for _, a := range arrivals() {
		for i, r := range columns() {
			if word, can := words[a.row()[i]]; can {
				cells = append(cells, Collision{string(r), string(a), word})
			}
		}
	}
	return cells
}

// arrivals are the kinds of messages. What the AMF reminds itself of, and who looks, are none.
func arrivals() []arrival {
	return []arrival{newRegistration, newService, newDeregistration, sameRegistration, sameService, sameDeregistration, repeated,
		stranger, connectionGone, otherGone, unknownAtGNB, otherError, releaseRequest, pathSwitched, handoverWanted, uplinkN1, notice,
		resourceAnswer, report, fromSMF, endOfSession, newerRegistration, orderOfOperator, orderToLeave, subscriptionChange, policyChange}
}
