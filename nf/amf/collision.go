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
	idle              running = ""
	registration      running = "registration"
	serviceRequest    running = "service request"
	deregistration    running = "deregistration"
	anRelease         running = "AN release"
	paging            running = "paging"
	sessionManagement running = "session management"

	configurationUpdate running = "configuration update"
)

// Collide is the collision table of the AMF: a message arrived that the running procedure does not wait for.
//
//	arriving                      | registration | service request | deregistration | AN release | paging    | configuration update
//	new initial NAS message       | supersede    | supersede       | supersede      | queue      | supersede | supersede; service request: queue
//	loss of the N2 connection     | supersede    | supersede       | supersede      | supersede  | at once   | supersede
//	UE context release request    | supersede    | supersede       | queue          | queue      | queue     | queue
//	the same request once more, capability, non-delivery, 5GMM STATUS, error: at once, whatever runs
//	initial message of somebody who does not prove to be this UE: at once, it is not about this UE
//	anything else                 | queue
//
// TS 24.501 §5.5.1.2.8, §5.5.1.3.8, §5.6.1.8 and §5.5.2.2.6 (abnormal cases on the network side), TS 23.502 §4.2.6.
func (ue *ue) Collide(m any) procedure.Decision {
	switch m := m.(type) {
	case *ngap.UERadioCapabilityInfoIndication, *ngap.NASNonDeliveryIndication, *gmm.Status:
		return procedure.Inline
	case *ngap.ErrorIndication:
		if unknownUE(m) {
			return procedure.Supersede
		}
		return procedure.Inline
	case *initialMessage:
		if ue.stranger(m) || ue.repeated(m) {
			return procedure.Inline
		}
		if _, service := m.message.(*gmm.ServiceRequest); service && ue.running == configurationUpdate {
			return procedure.Queue // both go on, TS 24.501 §5.4.4.6
		}
		if ue.running == anRelease || ue.running == sessionManagement {
			return procedure.Queue
		}
		return procedure.Supersede
	case *connectionLost:
		if m.conn != ue.conn {
			return procedure.Inline
		}
		return procedure.Supersede
	case *ngap.UEContextReleaseRequest:
		if ue.running == registration || ue.running == serviceRequest {
			return procedure.Supersede
		}
	}
	return procedure.Queue
}
