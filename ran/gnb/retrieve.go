package gnb

import (
	"context"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// RetrieveUE asks the AMF about a UE that is not connected yet, TS 38.413 §8.3.9 and TS 38.413 §8.3.10. The error is
// ErrNoAMF, ErrTimeout where the AMF tells nothing, or ctx's.
func (g *GNB) RetrieveUE(ctx context.Context, id ident.STMSI) (*ngap.UEInformationTransfer, error) {
	told := make(chan ngap.Message, 1)
	code := (&ngap.UEInformationTransfer{}).ProcedureCode()
	g.mu.Lock()
	g.answers[code] = told
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		delete(g.answers, code)
		g.mu.Unlock()
	}()
	if err := g.Send(&ngap.RetrieveUEInformation{FiveGSTMSI: ngap.NewFiveGSTMSI(id)}); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, g.cfg.SetupTimeout)
	defer cancel()
	select {
	case m, ok := <-told:
		if transfer, is := m.(*ngap.UEInformationTransfer); ok && is {
			return transfer, nil
		}
		return nil, g.Err()
	case <-ctx.Done():
		return nil, ErrTimeout
	}
}

// informed takes what the AMF tells of a UE.
func (g *GNB) informed(m *ngap.UEInformationTransfer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if told := g.answers[m.ProcedureCode()]; told != nil {
		told <- m
		delete(g.answers, m.ProcedureCode())
	}
}

// Named is the identity by which the AMF knows the UE that this gNB knows by id, and false if there is none.
func (g *GNB) Named(id ngap.RANUENGAPID) (ngap.AMFUENGAPID, bool) {
	g.mu.Lock()
	c := g.contexts[id]
	g.mu.Unlock()
	if c == nil {
		return 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.amf == nil {
		return 0, false
	}
	return *c.amf, true
}
