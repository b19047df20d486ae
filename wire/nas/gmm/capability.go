package gmm

// Capability is the 5GMM capability, TS 24.501 §9.11.3.1: the octets as received. The AMF keeps them all.
type Capability []byte

// Supports tells whether a bit is set: octet 3 to 15 of the element, bit 1 to 8.
func (c Capability) Supports(octet, bit int) bool { return flag(c, octet, bit) }

// S1Mode tells whether the UE supports S1 mode.
func (c Capability) S1Mode() bool { return flag(c, 3, 1) }

// HandoverAttach tells whether the UE can move a session to EPS by an attach request (HO attach).
func (c Capability) HandoverAttach() bool { return flag(c, 3, 2) }

// LPP tells whether the UE supports LPP in N1 mode.
func (c Capability) LPP() bool { return flag(c, 3, 3) }

// UserPlaneCIoT tells whether the UE can be suspended and resumed in 5GMM-IDLE mode (5G-UP CIoT).
func (c Capability) UserPlaneCIoT() bool { return flag(c, 4, 2) }

// NSSAA tells whether the UE supports network slice-specific authentication and authorization.
func (c Capability) NSSAA() bool { return flag(c, 4, 7) }

// RACS tells whether the UE supports radio capability signalling optimisation.
func (c Capability) RACS() bool { return flag(c, 4, 8) }

// ExtendedRejectedNSSAI tells whether the UE supports extended rejected NSSAI (ER-NSSAI).
func (c Capability) ExtendedRejectedNSSAI() bool { return flag(c, 5, 5) }

// UESecurityCapability is TS 24.501 §9.11.3.54: the octets as received, which the AMF replays unchanged.
type UESecurityCapability []byte

// NewUESecurityCapability returns the capability with the 5G-EA and 5G-IA algorithms of the given numbers, 0 to 7.
func NewUESecurityCapability(ea, ia []uint8) UESecurityCapability {
	return UESecurityCapability{algorithmBits(ea), algorithmBits(ia)}
}

func algorithmBits(numbers []uint8) byte {
	var b byte
	for _, n := range numbers {
		b |= 0x80 >> n
	}
	return b
}

// EA tells whether the UE supports the 5GS encryption algorithm of that number, 0 to 7.
func (c UESecurityCapability) EA(n uint8) bool { return c.has(0, n) }

// IA tells whether the UE supports the 5GS integrity algorithm of that number, 0 to 7.
func (c UESecurityCapability) IA(n uint8) bool { return c.has(1, n) }

// EEA tells whether the UE supports the EPS encryption algorithm of that number, 0 to 7.
func (c UESecurityCapability) EEA(n uint8) bool { return c.has(2, n) }

// EIA tells whether the UE supports the EPS integrity algorithm of that number, 0 to 7.
func (c UESecurityCapability) EIA(n uint8) bool { return c.has(3, n) }

func (c UESecurityCapability) has(i int, n uint8) bool {
	return i < len(c) && n < 8 && c[i]&(0x80>>n) != 0
}

// NetworkFeatureSupport is the 5GS network feature support, TS 24.501 §9.11.3.5: 1 to 3 octets.
type NetworkFeatureSupport []byte

// IMSVoPS3GPP tells whether voice over IMS is supported over 3GPP access.
func (s NetworkFeatureSupport) IMSVoPS3GPP() bool { return flag(s, 3, 1) }

// IMSVoPSNon3GPP tells whether voice over IMS is supported over non-3GPP access.
func (s NetworkFeatureSupport) IMSVoPSNon3GPP() bool { return flag(s, 3, 2) }

// Emergency returns EMC, the support of emergency services: 0 none, 1 NR, 2 E-UTRA, 3 both.
func (s NetworkFeatureSupport) Emergency() uint8 {
	if len(s) == 0 {
		return 0
	}
	return s[0] >> 2 & 3
}

// InterworkingWithoutN26 tells whether the network interworks with EPS without N26.
func (s NetworkFeatureSupport) InterworkingWithoutN26() bool { return flag(s, 3, 7) }

// UserPlaneCIoT tells whether the network suspends and resumes UEs in 5GMM-IDLE mode (5G-UP CIoT).
func (s NetworkFeatureSupport) UserPlaneCIoT() bool { return flag(s, 4, 8) }

// flag reads a bit by its octet and bit number in the element's figure, where the contents begin with octet 3.
func flag(b []byte, octet, bit int) bool {
	i := octet - 3
	return i >= 0 && i < len(b) && b[i]>>(bit-1)&1 != 0
}
