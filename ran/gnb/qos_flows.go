package gnb

import (
	"errors"
	"maps"
	"slices"

	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// addFlow sets a QoS flow up or changes it; a nil profile keeps the one that it has.
func (b *bearer) addFlow(qfi uint8, profile *ngap.QosFlowLevelQosParameters) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.qfis, qfi) {
		b.qfis = append(b.qfis, qfi)
	}
	if profile != nil {
		if b.profiles == nil {
			b.profiles = make(map[uint8]ngap.QosFlowLevelQosParameters)
		}
		b.profiles[qfi] = *profile
	}
}

func (b *bearer) removeFlow(qfi uint8) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.qfis = slices.DeleteFunc(b.qfis, func(q uint8) bool { return q == qfi })
	delete(b.profiles, qfi)
}

// Profiles are the QoS profiles by QFI of a UE's session, TS 38.413 §9.3.1.12; nil if it has no user plane here.
func (g *GNB) Profiles(t radio.Terminal, session uint8) map[uint8]ngap.QosFlowLevelQosParameters {
	g.mu.Lock()
	c := g.terminals[t]
	g.mu.Unlock()
	if c == nil {
		return nil
	}
	b := c.bearer(session)
	if b == nil {
		return nil
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	return maps.Clone(b.profiles)
}

// refuseFlow tells why a QoS flow is not set up, nil if it is.
func (c *ueContext) refuseFlow(session, qfi uint8) *ngap.Cause {
	if c.g.cfg.Hooks.RefuseFlow == nil {
		return nil
	}
	return c.g.cfg.Hooks.RefuseFlow(session, qfi)
}

// setUpFlows gives the bearer the QoS flows that the gNB can serve, TS 38.413 §8.2.1.2.
func (c *ueContext) setUpFlows(b *bearer, list ngap.QosFlowSetupRequestList) (done ngap.AssociatedQosFlowList, failed ngap.QosFlowListWithCause) {
	for _, f := range list {
		if cause := c.refuseFlow(b.session, uint8(f.QosFlowIdentifier)); cause != nil {
			failed = append(failed, ngap.QosFlowWithCauseItem{QosFlowIdentifier: f.QosFlowIdentifier, Cause: *cause})
			continue
		}
		b.addFlow(uint8(f.QosFlowIdentifier), &f.QosFlowLevelQosParameters)
		done = append(done, ngap.AssociatedQosFlowItem{QosFlowIdentifier: f.QosFlowIdentifier})
	}
	return done, failed
}

var errNoFlow = errors.New("no QoS flow can be set up")

// protection checks the security indication, TS 38.413 §8.2.1.2: what is required and not possible fails the session; what
// is preferred is told in the security result.
func (c *ueContext) protection(i *ngap.SecurityIndication) (*ngap.SecurityResult, error) {
	if i == nil {
		return nil, nil
	}
	if c.g.cfg.Hooks.NoIntegrity && i.IntegrityProtectionIndication == ngap.IntegrityProtectionIndicationRequired {
		return nil, refused(ngap.CauseRadioNetworkUPIntegrityProtectionNotPossible, errors.New("integrity protection is required"))
	}
	if i.IntegrityProtectionIndication != ngap.IntegrityProtectionIndicationPreferred &&
		i.ConfidentialityProtectionIndication != ngap.ConfidentialityProtectionIndicationPreferred {
		return nil, nil
	}
	r := &ngap.SecurityResult{IntegrityProtectionResult: ngap.IntegrityProtectionResultPerformed,
		ConfidentialityProtectionResult: ngap.ConfidentialityProtectionResultPerformed}
	if c.g.cfg.Hooks.NoIntegrity || i.IntegrityProtectionIndication == ngap.IntegrityProtectionIndicationNotNeeded {
		r.IntegrityProtectionResult = ngap.IntegrityProtectionResultNotPerformed
	}
	if i.ConfidentialityProtectionIndication == ngap.ConfidentialityProtectionIndicationNotNeeded {
		r.ConfidentialityProtectionResult = ngap.ConfidentialityProtectionResultNotPerformed
	}
	return r, nil
}

// takeProfiles gives the bearer of a UE that comes the QoS profiles that it had at the source.
func (b *bearer) takeProfiles(source *bearer) {
	source.mu.RLock()
	profiles := maps.Clone(source.profiles)
	source.mu.RUnlock()
	for qfi, p := range profiles {
		b.addFlow(qfi, &p)
	}
}
