package pcf

import (
	"context"
	"net/http"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudr"
)

// CreateAMPolicy implements npcf.AMPolicyControl, TS 29.507 §4.2.2.
func (p *PCF) CreateAMPolicy(ctx context.Context, req npcf.AMPolicyRequest) (npcf.AMPolicyAssociation, error) {
	if _, err := p.udr.AMData(ctx, req.SUPI); err != nil {
		return npcf.AMPolicyAssociation{}, refusal(req.SUPI, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	id, err := p.am.create(req.SUPI)
	if err != nil {
		return npcf.AMPolicyAssociation{}, err
	}
	association := npcf.AMPolicyAssociation{ID: id, RFSPIndex: req.RFSPIndex, UEAMBR: req.UEAMBR}
	if p.cfg.RFSPIndex != 0 {
		association.RFSPIndex = p.cfg.RFSPIndex
	}
	return association, nil
}

// DeleteAMPolicy implements npcf.AMPolicyControl, TS 29.507 §4.2.5.
func (p *PCF) DeleteAMPolicy(_ context.Context, id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.am.remove(id)
}

// refusal turns the UDR's answer into the PCF's, TS 29.507 §5.7.3 and TS 29.512 §5.7.3.
func refusal(supi ident.SUPI, err error) error {
	switch sbi.CauseOf(err) {
	case nudr.CauseUserNotFound:
		return sbi.Problem(http.StatusBadRequest, npcf.CauseUserUnknown,
			"SUPI %s is not a subscriber; add it with limpid subscriber add", supi.Conceal())
	case nudr.CauseDataNotFound:
		return sbi.Problem(http.StatusForbidden, npcf.CausePolicyContextDenied, "%v", err)
	}
	return err
}
