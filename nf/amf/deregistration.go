package amf

import (
	"context"

	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// deregistrationRequested is the UE-initiated deregistration procedure, TS 23.502 §4.2.2.3.2.
func (ue *ue) deregistrationRequested(ctx context.Context, m *initialMessage, request *gmm.DeregistrationRequestUEOriginating) {
	if !m.verified {
		ue.ignoreDeregistration(ctx, m, request)
		return
	}
	ue.running = deregistration
	defer func() { ue.running = idle }()
	ue.attach(ctx, m.conn)
	ue.conn.secured = true
	ue.releaseSessions(ctx, "UE deregisters") // steps 2 to 5
	ue.unkeep(ctx)
	if !request.DeregistrationType.SwitchOff() {
		ue.sendNAS(&gmm.DeregistrationAcceptUEOriginating{}) // step 7
	}
	ue.log().Info("deregistered", "switchOff", request.DeregistrationType.SwitchOff())
	ue.forget(ctx, ngap.CauseNASDeregister) // steps 6, 8
}

// ignoreDeregistration answers a request whose sender did not prove who it is: nobody may switch off another's phone.
func (ue *ue) ignoreDeregistration(ctx context.Context, m *initialMessage, request *gmm.DeregistrationRequestUEOriginating) {
	m.conn.gnb.log.Warn("deregistration without integrity has no effect (TS 24.501 §4.4.4.3)")
	if !request.DeregistrationType.SwitchOff() {
		m.conn.sendPlain(&gmm.DeregistrationAcceptUEOriginating{})
	}
	ue.releaseUnused(m.conn, ngap.CauseNASDeregister)
	if ue.supi == "" {
		ue.forget(ctx, ngap.CauseNASDeregister)
	}
}
