package amf

import (
	"fmt"
	"slices"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nnssaaf"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// contextFor is the UE context as another AMF gets it, TS 23.502 §5.2.2.2.2. kamf is its key: horizontal says that it is
// not the one that the UE has, TS 33.501 §6.9.3.
func (ue *ue) contextFor(kamf aka.KAMF, horizontal bool) namf.UEContext {
	c := ue.contextWithoutKeys()
	key := namf.KeyAMF{KeyType: namf.KAMF, KeyVal: slices.Clone(kamf[:])}
	if horizontal {
		key.KeyType = namf.KPrimeAMF
	}
	c.SEAFData = &namf.SEAFData{
		NgKSI: namf.NgKSI{TSC: namf.NativeContext, KSI: ue.security.ksi}, KeyAMF: key, KeyAMFHDerivationInd: horizontal,
	}
	c.MMContextList = []namf.MMContext{{
		AccessType: namf.Access3GPP, NSSAAStatusList: ue.slicesChecked.status(),
		NASSecurityMode: namf.NASSecurityMode{
			IntegrityAlgorithm: fmt.Sprintf("NIA%d", ue.security.integrity), CipheringAlgorithm: fmt.Sprintf("NEA%d", ue.security.ciphering),
		},
		NASDownlinkCount: ue.security.nas.Send, NASUplinkCount: ue.security.nas.Receive,
		UESecurityCapability: slices.Clone(ue.capability), AllowedNSSAI: slices.Clone(ue.allowed),
	}}
	return c
}

// contextWithoutKeys is for an AMF that has authenticated the UE itself.
func (ue *ue) contextWithoutKeys() namf.UEContext {
	c := namf.UEContext{
		SUPI: ue.supi, PEI: ue.pei, UEAMBR: ue.ambr, DRXParameter: []byte{byte(ue.drx)}, MMCapability: slices.Clone(ue.mm),
	}
	if checked := ue.slicesChecked.status(); len(checked) > 0 {
		c.MMContextList = []namf.MMContext{{AccessType: namf.Access3GPP, NSSAAStatusList: checked}}
	}
	for _, s := range ue.sessions {
		c.SessionContextList = append(c.SessionContextList, namf.PDUSessionContext{
			PDUSessionID: s.id, SMContextRef: ue.amf.contextURI(s.ref), SNSSAI: s.slice, DNN: s.dnn, AccessType: namf.Access3GPP,
		})
	}
	return c
}

// contextURI names an SM context as other cores know it.
func (a *AMF) contextURI(ref string) string {
	if core, own, err := sbi.ContextRef(ref); err == nil && core == "" {
		return sbi.ContextURI(a.cfg.Core, own)
	}
	return ref
}

// contextRef is contextURI back: sessions of the own SMF have a reference alone.
func (a *AMF) contextRef(uri string) string {
	if core, ref, err := sbi.ContextRef(uri); err == nil && core == a.cfg.Core {
		return ref
	}
	return uri
}

// adopt takes over a context of another AMF. The error says what in it cannot be used; then nothing has changed.
func (ue *ue) adopt(c *namf.UEContext) error {
	if _, ok := namf.UEContextID(c.SUPI).SUPI(); !ok {
		return fmt.Errorf("SUPI %q of the context is none", c.SUPI.Conceal())
	}
	s, capability, err := readSecurity(c)
	if err != nil {
		return err
	}
	m := &c.MMContextList[0]
	ue.supi, ue.security, ue.capability = c.SUPI, s, capability
	ue.keys++
	ue.ngKSI, ue.registrations = s.ksi, 1
	ue.allowed = slices.Clone(m.AllowedNSSAI)
	ue.adoptRest(c)
	return nil
}

// adoptRest takes over what is no key.
func (ue *ue) adoptRest(c *namf.UEContext) {
	ue.pei, ue.ambr, ue.mm = c.PEI, c.UEAMBR, slices.Clone(c.MMCapability)
	if len(c.DRXParameter) == 1 {
		ue.drx = gmm.DRXParameters(c.DRXParameter[0])
	}
	ue.slicesChecked = nil
	for i := range c.MMContextList {
		for _, s := range c.MMContextList[i].NSSAAStatusList {
			switch s.Status {
			case nnssaaf.Success, nnssaaf.Failure:
				ue.slicesChecked = ue.slicesChecked.with(s.SNSSAI, s.Status == nnssaaf.Success)
			}
		}
	}
	ue.sessions = nil
	for _, s := range c.SessionContextList {
		if s.PDUSessionID == 0 || s.PDUSessionID > gmm.MaxPSI || ue.session(s.PDUSessionID) != nil {
			ue.log().Warn("session of another AMF not taken over: no such identity, or twice", "session", s.PDUSessionID)
			continue
		}
		ue.sessions = append(ue.sessions, &smContext{id: s.PDUSessionID, ref: ue.amf.contextRef(s.SMContextRef), slice: s.SNSSAI, dnn: s.DNN})
	}
}

// readSecurity makes the 5G NAS security context, TS 33.501 §6.9.3. Without the UE's own key it is not valid: a Security
// Mode Command has to tell the UE of the derived one first.
func readSecurity(c *namf.UEContext) (s security, capability gmm.UESecurityCapability, err error) {
	if c.SEAFData == nil || len(c.MMContextList) == 0 {
		return s, nil, fmt.Errorf("the context has no keys")
	}
	seaf, m := c.SEAFData, &c.MMContextList[0]
	if seaf.NgKSI.TSC != namf.NativeContext || seaf.NgKSI.KSI >= uint8(gmm.NoKey) || len(seaf.KeyAMF.KeyVal) != len(s.kamf) {
		return s, nil, fmt.Errorf("the key of the context is not a native KAMF of 32 octets")
	}
	if len(m.UESecurityCapability) < 2 {
		return s, nil, fmt.Errorf("the context has no UE security capability")
	}
	var ok1, ok2 bool
	s.ciphering, ok1 = algorithm("NEA", m.NASSecurityMode.CipheringAlgorithm)
	s.integrity, ok2 = algorithm("NIA", m.NASSecurityMode.IntegrityAlgorithm)
	if !ok1 || !ok2 || s.integrity == 0 {
		return s, nil, fmt.Errorf("%s and %s are not NAS security", m.NASSecurityMode.CipheringAlgorithm, m.NASSecurityMode.IntegrityAlgorithm)
	}
	s.ksi, s.kamf = seaf.NgKSI.KSI, aka.KAMF(seaf.KeyAMF.KeyVal)
	s.deriveNAS()
	s.nas.Send, s.nas.Receive = m.NASDownlinkCount, m.NASUplinkCount
	s.valid = !seaf.KeyAMFHDerivationInd
	return s, slices.Clone(m.UESecurityCapability), nil
}

// algorithm is the number in "NEA2".
func algorithm(kind, name string) (uint8, bool) {
	for n := range uint8(4) {
		if name == fmt.Sprintf("%s%d", kind, n) {
			return n, true
		}
	}
	return 0, false
}
