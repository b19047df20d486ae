package pcf

import (
	"context"
	"net/http"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudr"
)

// accessPolicy is an AM policy association.
type accessPolicy struct {
	uri string // where the AMF is told of changes
	*accessFacts
}

// accessFacts are what is the same for most UEs, never changed.
type accessFacts struct {
	request npcf.AMPolicyRequest // without what names the UE
	now     npcf.AMPolicyAssociation
}

// accessPolicy makes an association of a request and what was decided. p.mu is held.
func (p *PCF) accessPolicy(req npcf.AMPolicyRequest, now npcf.AMPolicyAssociation) accessPolicy {
	uri := req.NotificationURI
	req.SUPI, req.NotificationURI = "", ""
	if last := p.lastAccess; last == nil || last.now != now || !sameRequest(&last.request, &req) {
		p.lastAccess = &accessFacts{req, now}
	}
	return accessPolicy{uri, p.lastAccess}
}

// sameRequest tells whether two requests are the same.
func sameRequest(a, b *npcf.AMPolicyRequest) bool {
	return a.SUPI == b.SUPI && a.TAI == b.TAI && slices.Equal(a.AllowedNSSAI, b.AllowedNSSAI) && a.RFSPIndex == b.RFSPIndex &&
		a.UEAMBR == b.UEAMBR && a.NotificationURI == b.NotificationURI
}

// CreateAMPolicy implements npcf.AMPolicyControl, TS 29.507 §4.2.2.
func (p *PCF) CreateAMPolicy(ctx context.Context, req npcf.AMPolicyRequest) (npcf.AMPolicyAssociation, error) {
	if _, err := p.deps.UDR.AMData(ctx, req.SUPI); err != nil {
		return npcf.AMPolicyAssociation{}, refusal(req.SUPI, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.cfg.access(&req)
	id, err := p.am.create(req.SUPI, p.accessPolicy(req, now))
	if err != nil {
		return npcf.AMPolicyAssociation{}, err
	}
	now.ID = id
	return now, nil
}

// access decides what an AMF does with a UE, TS 23.503 §6.1.2.1.
func (c *Config) access(req *npcf.AMPolicyRequest) npcf.AMPolicyAssociation {
	a := npcf.AMPolicyAssociation{RFSPIndex: req.RFSPIndex, UEAMBR: req.UEAMBR}
	if c.RFSPIndex != 0 {
		a.RFSPIndex = c.RFSPIndex
	}
	a.UEAMBR.Uplink = capped(req.UEAMBR.Uplink, c.MaxUEAMBR.Uplink)
	a.UEAMBR.Downlink = capped(req.UEAMBR.Downlink, c.MaxUEAMBR.Downlink)
	return a
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
