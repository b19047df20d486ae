package amf

import (
	"context"

	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// page is the network triggered service request up to the UE's answer, TS 23.502 §4.2.3.3 steps 4 and 6, and
// TS 24.501 §5.6.2.
func (ue *ue) page(ctx context.Context) {
	if !ue.pageable() {
		ue.log().Info("UE not paged: it is late with its registration, or in MICO mode")
		ue.giveUpWaiting()
		return
	}
	ue.running = paging
	id := ngap.NewFiveGSTMSI(ue.guti.STMSI())
	message := &ngap.Paging{UEPagingIdentity: ngap.UEPagingIdentity{FiveGSTMSI: &id}}
	area := ue.registrationArea()
	for _, t := range area[:min(len(area), 16)] {
		message.TAIListForPaging = append(message.TAIListForPaging, ngap.TAIListForPagingItem{TAI: ngap.NewTAI(t)})
	}
	ue.pagingDRX(message)
	answer, err := procedure.AskFor(ctx, ue, T3513, func() error {
		ue.amf.eachGNB(func(g *gnb) {
			for _, t := range area {
				if _, serves := g.slicesIn(t); serves && g.isReady() {
					g.send(nil, message)
					return
				}
			}
		})
		return nil
	}, func(m any) bool {
		init, ok := m.(*initialMessage)
		return ok && init.verified // anybody may claim to be the UE
	})
	ue.running = idle
	if err != nil {
		ue.log().Warn("UE does not answer paging", "reason", err)
		ue.giveUpWaiting()
		return
	}
	ue.serveInitial(ctx, answer.(*initialMessage))
	if _, service := answer.(*initialMessage).message.(*gmm.ServiceRequest); service {
		ue.reallocateGUTI(ctx)
	}
	ue.giveUpWaiting() // what the procedure did not bring over; its SMF asks again
}
