package amf

import (
	"slices"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// The keys of a handover, TS 33.501 §6.9.2.3. Commonly the chain of next hops goes on. It begins anew where the radio's keys are
// of an older KAMF than NAS, and where a UE goes to an AMF of another set, which is not to know the key that the UE had here.

// radioKeys is what a radio gets for a UE that comes or has come to it.
type radioKeys struct {
	told  ngap.SecurityContext
	chain nextHop // the AMF's end of the chain once the UE is there
	fresh bool    // told is a KgNB and NCC 0, as of which UE and radio count anew
}

// newRadioKeys begins a chain with a KgNB, TS 33.501 §6.9.2.3.3.
func newRadioKeys(kamf aka.KAMF, kgnb aka.KAN) radioKeys {
	return radioKeys{told: ngap.SecurityContext{NextHopNH: ngap.SecurityKey(kgnb)}, chain: firstNextHop(kamf, &kgnb), fresh: true}
}

// keysForRadio makes the keys for the next radio of a UE of this AMF, TS 33.501 §6.9.2.3.2 and §6.9.2.3.3.
func (ue *ue) keysForRadio() radioKeys {
	if ue.nextHop.kamf != ue.security.kamf {
		return newRadioKeys(ue.security.kamf, ue.security.kamf.KAN(ue.security.since, aka.Access3GPP))
	}
	ue.nextHop.advance()
	return radioKeys{told: ue.nextHop.securityContext(), chain: ue.nextHop}
}

// indication is the New Security Context Indicator, TS 38.413 §9.2.3.4.
func (k *radioKeys) indication() *ngap.NewSecurityContextInd {
	if !k.fresh {
		return nil
	}
	return new(ngap.NewSecurityContextIndTrue)
}

// contextForTarget is the context of a UE with the keys with which the target AMF goes on, TS 33.501 §6.9.2.3.3: an AMF of another
// set gets a KAMF that is derived for it, if the operator wants that.
func (ue *ue) contextForTarget(to *Peer) namf.UEContext {
	count := ue.security.nas.Send + countBlock // this AMF may say some more meanwhile
	kamf, horizontal := ue.security.kamf, ue.amf.cfg.HorizontalDerivation && !ue.amf.InSet(to.GUAMI)
	var keys radioKeys
	if horizontal {
		kamf = kamf.PrimeAtHandover(count)
		keys = newRadioKeys(kamf, kamf.KAN(nas.CountAtHandover, aka.Access3GPP))
	} else {
		keys = ue.keysForRadio()
	}
	c := ue.contextFor(kamf, horizontal)
	c.SEAFData.NH, c.SEAFData.NCC = slices.Clone(keys.told.NextHopNH[:]), new(uint8(keys.told.NextHopChainingCount))
	c.SEAFData.KeyAMFChangeInd = keys.fresh
	c.MMContextList[0].NASDownlinkCount = count
	return c
}

// passCount has the AMF not use a downlink NAS COUNT again, nor one before it: another AMF may have.
func (ue *ue) passCount(count uint32) { ue.security.nas.Send = max(ue.security.nas.Send, count+1) }

// securityFromSource takes the keys of a UE that comes from another AMF into use, TS 33.501 §6.9.2.3.3, and writes what the UE has
// to hear of them: a new KAMF, or other algorithms than before.
func (ue *ue) securityFromSource(h *handover, c *namf.UEContext) error {
	seaf, before := c.SEAFData, ue.security
	if seaf == nil || len(seaf.NH) != len(aka.NH{}) || seaf.NCC == nil || *seaf.NCC > maxNCC || seaf.KeyAMFHDerivationInd && !seaf.KeyAMFChangeInd {
		return noHandover(ngap.CauseProtocolSemanticError, "the context has no next hop parameters")
	}
	if seaf.KeyAMFChangeInd {
		h.keys = newRadioKeys(before.kamf, aka.KAN(seaf.NH))
	} else {
		h.keys.chain = nextHop{kamf: before.kamf, nh: aka.NH(seaf.NH), ncc: *seaf.NCC}
		h.keys.told = h.keys.chain.securityContext()
	}
	preferred, err := ue.amf.newSecurity(before.kamf, before.ksi, ue.capability)
	if err != nil {
		return noHandover(ngap.CauseRadioNetworkEncryptionAndOrIntegrityProtectionAlgorithmsNotSupported, "%w", err)
	}
	if !seaf.KeyAMFHDerivationInd {
		if preferred.ciphering == before.ciphering && preferred.integrity == before.integrity {
			return nil
		}
		preferred.nas.Send, preferred.nas.Receive = before.nas.Send, before.nas.Receive
	}
	ue.security = preferred
	h.nasc = ue.nasContainer(seaf.KeyAMFHDerivationInd, before.nas.Send)
	ue.security.nas.Send++
	return nil
}

// nasContainer is the Intra N1 mode NAS transparent container, TS 24.501 §9.11.2.6, with a downlink NAS COUNT of the keys that the UE has.
func (ue *ue) nasContainer(newKAMF bool, count uint32) []byte {
	c := gmm.IntraN1Container{
		Algorithms: gmm.NewSecurityAlgorithms(ue.security.ciphering, ue.security.integrity),
		NewKAMF:    newKAMF, NgKSI: gmm.KeySetIdentifier(ue.security.ksi), Sequence: uint8(count),
	}
	c.MAC = ue.security.nas.ContainerMAC(c.Protected())
	return c.Append(nil)
}
