package amf

import (
	"slices"

	"github.com/limpid-5g/limpid/wire/ngap"
)

// maxUndelivered bounds the messages that wait for the end of a handover.
const maxUndelivered = 16

// notDelivered takes note of a NAS message that did not reach the UE, TS 38.413 §8.6.4. One that a handover was in the way of
// is sent again where the UE has gone; any other is left to the timers of its procedure.
func (ue *ue) notDelivered(m *ngap.NASNonDeliveryIndication) {
	ue.log().Info("NAS message not delivered", "cause", m.Cause)
	switch m.Cause {
	case ngap.CauseRadioNetworkXNHandoverTriggered, ngap.CauseRadioNetworkNGIntraSystemHandoverTriggered, ngap.CauseRadioNetworkNGInterSystemHandoverTriggered:
		if len(ue.undelivered) < maxUndelivered {
			ue.undelivered = append(ue.undelivered, slices.Clone(m.NASPDU))
		}
	}
}

// deliverAgain sends what a handover was in the way of, octet by octet: the UE has seen none of these NAS COUNTs,
// TS 24.501 §4.4.3.2.
func (ue *ue) deliverAgain() {
	again := ue.undelivered
	ue.undelivered = nil
	for _, pdu := range again {
		if ue.conn != nil {
			ue.sendPDU(pdu)
		}
	}
}
