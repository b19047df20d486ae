package gnb

import (
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// Notify tells the AMF of a QoS flow, TS 38.413 §8.2.4: with release that the gNB serves it no more, else that it cannot
// keep what it guarantees. With qfi 0 the gNB gives up the session. The error is ErrNoContext or that of sending.
func (g *GNB) Notify(t radio.Terminal, session, qfi uint8, release bool) error {
	g.mu.Lock()
	c := g.terminals[t]
	g.mu.Unlock()
	if c == nil {
		return ErrNoContext
	}
	c.mu.Lock()
	amf := c.amf
	c.mu.Unlock()
	b := c.bearer(session)
	if amf == nil || b == nil {
		return ErrNoContext
	}
	m := &ngap.PDUSessionResourceNotify{AMFUENGAPID: *amf, RANUENGAPID: c.id}
	cause := ngap.CauseRadioNetworkRadioResourcesNotAvailable
	if qfi == 0 {
		transfer, err := (&ngap.PDUSessionResourceNotifyReleasedTransfer{Cause: cause}).Append(nil)
		if err != nil {
			return err
		}
		m.PDUSessionResourceReleasedListNot = ngap.PDUSessionResourceReleasedListNot{{PDUSessionID: ngap.PDUSessionID(session), PDUSessionResourceNotifyReleasedTransfer: transfer}}
		if c.dropBearer(session) {
			c.ue().RemoveBearer(session)
		}
		return c.send(m)
	}
	var n ngap.PDUSessionResourceNotifyTransfer
	if release {
		n.QosFlowReleasedList = ngap.QosFlowListWithCause{{QosFlowIdentifier: ngap.QosFlowIdentifier(qfi), Cause: cause}}
		b.removeFlow(qfi)
	} else {
		n.QosFlowNotifyList = ngap.QosFlowNotifyList{{QosFlowIdentifier: ngap.QosFlowIdentifier(qfi), NotificationCause: ngap.NotificationCauseNotFulfilled}}
	}
	transfer, err := n.Append(nil)
	if err != nil {
		return err
	}
	m.PDUSessionResourceNotifyList = ngap.PDUSessionResourceNotifyList{{PDUSessionID: ngap.PDUSessionID(session), PDUSessionResourceNotifyTransfer: transfer}}
	return c.send(m)
}
