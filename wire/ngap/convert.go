package ngap

import (
	"fmt"
	"net/netip"

	"github.com/limpid-5g/limpid/ident"
)

// PLMN returns the identity as package ident has it; both hold the octets of TS 24.008 §10.5.1.13.
func (p PLMNIdentity) PLMN() ident.PLMN { return ident.PLMN(p) }

// String is MCC and MNC run together, TS 23.003 §2.2.
func (p PLMNIdentity) String() string { return ident.PLMN(p).String() }

// String names the node for logs and as a key, unlike that of any other node: its kind, PLMN, identifier in
// hexadecimal and the identifier's length in bits, TS 38.413 §9.3.1.5.
func (g GlobalRANNodeID) String() string {
	switch {
	case g.GlobalGNBID != nil:
		id := g.GlobalGNBID.GNBID.GNBID
		var n uint64
		for _, c := range id.Bytes {
			n = n<<8 | uint64(c)
		}
		return nodeName("gNB", g.GlobalGNBID.PLMNIdentity, n>>(-id.Len&7), id.Len)
	case g.GlobalNgENBID != nil:
		id := g.GlobalNgENBID.NgENBID
		plmn := g.GlobalNgENBID.PLMNIdentity
		switch {
		case id.MacroNgENBID != nil:
			return nodeName("ng-eNB", plmn, uint64(*id.MacroNgENBID), 20)
		case id.ShortMacroNgENBID != nil:
			return nodeName("ng-eNB", plmn, uint64(*id.ShortMacroNgENBID), 18)
		case id.LongMacroNgENBID != nil:
			return nodeName("ng-eNB", plmn, uint64(*id.LongMacroNgENBID), 21)
		}
	case g.GlobalN3IWFID != nil && g.GlobalN3IWFID.N3IWFID.N3IWFID != nil:
		return nodeName("N3IWF", g.GlobalN3IWFID.PLMNIdentity, uint64(*g.GlobalN3IWFID.N3IWFID.N3IWFID), 16)
	case g.GlobalTNGFID != nil && g.GlobalTNGFID.TNGFID.TNGFID != nil:
		return nodeName("TNGF", g.GlobalTNGFID.PLMNIdentity, uint64(*g.GlobalTNGFID.TNGFID.TNGFID), 32)
	case g.GlobalTWIFID != nil && g.GlobalTWIFID.TWIFID.TWIFID != nil:
		return nodeName("TWIF", g.GlobalTWIFID.PLMNIdentity, uint64(*g.GlobalTWIFID.TWIFID.TWIFID), 32)
	case g.GlobalWAGFID != nil && g.GlobalWAGFID.WAGFID.WAGFID != nil:
		return nodeName("W-AGF", g.GlobalWAGFID.PLMNIdentity, uint64(*g.GlobalWAGFID.WAGFID.WAGFID), 16)
	}
	return "unknown RAN node"
}

func nodeName(kind string, plmn PLMNIdentity, id uint64, bits int) string {
	return fmt.Sprintf("%s-%v-%0*x/%d", kind, plmn, (bits+3)/4, id, bits)
}

// NewGUAMI returns the GUAMI IE, TS 38.413 §9.3.3.3.
func NewGUAMI(g ident.GUAMI) GUAMI {
	return GUAMI{
		PLMNIdentity: PLMNIdentity(g.PLMN),
		AMFRegionID:  AMFRegionID(g.Region),
		AMFSetID:     AMFSetID(g.Set),
		AMFPointer:   AMFPointer(g.Pointer),
	}
}

// Ident returns the GUAMI as package ident has it, TS 38.413 §9.3.3.3.
func (g GUAMI) Ident() ident.GUAMI {
	return ident.GUAMI{
		PLMN: ident.PLMN(g.PLMNIdentity), Region: uint8(g.AMFRegionID),
		Set: uint16(g.AMFSetID), Pointer: uint8(g.AMFPointer),
	}
}

// NewTAI returns the TAI IE, TS 38.413 §9.3.3.11.
func NewTAI(t ident.TAI) TAI { return TAI{PLMNIdentity: PLMNIdentity(t.PLMN), TAC: TAC(t.TAC)} }

// Ident returns the TAI as package ident has it, TS 38.413 §9.3.3.11.
func (t TAI) Ident() ident.TAI {
	return ident.TAI{PLMN: ident.PLMN(t.PLMNIdentity), TAC: ident.TAC(t.TAC)}
}

// NewSNSSAI returns the S-NSSAI IE, TS 38.413 §9.3.1.24. The SD that says "none" is left out.
func NewSNSSAI(s ident.SNSSAI) SNSSAI {
	if !s.HasSD() {
		return SNSSAI{SST: SST(s.SST)}
	}
	sd := SD(s.SD)
	return SNSSAI{SST: SST(s.SST), SD: &sd}
}

// Ident returns the S-NSSAI as package ident has it, TS 38.413 §9.3.1.24.
func (s SNSSAI) Ident() ident.SNSSAI {
	if s.SD == nil {
		return ident.SNSSAI{SST: uint8(s.SST), SD: ident.NoSD}
	}
	return ident.SNSSAI{SST: uint8(s.SST), SD: uint32(*s.SD)}
}

// NewFiveGSTMSI returns the 5G-S-TMSI IE, TS 38.413 §9.3.3.20.
func NewFiveGSTMSI(s ident.STMSI) FiveGSTMSI {
	return FiveGSTMSI{AMFSetID: AMFSetID(s.Set), AMFPointer: AMFPointer(s.Pointer), FiveGTMSI: FiveGTMSI(s.TMSI)}
}

// Ident returns the 5G-S-TMSI as package ident has it, TS 38.413 §9.3.3.20.
func (s FiveGSTMSI) Ident() ident.STMSI {
	return ident.STMSI{Set: uint16(s.AMFSetID), Pointer: uint8(s.AMFPointer), TMSI: uint32(s.FiveGTMSI)}
}

// NewTransportLayerAddress returns the address of an endpoint, TS 38.413 §9.3.2.4 and TS 38.414 §5.1: IPv4, IPv6
// or both, when both are valid. An IPv4 address in IPv6 form counts as IPv4.
func NewTransportLayerAddress(v4, v6 netip.Addr) (TransportLayerAddress, error) {
	var b []byte
	if v4.IsValid() {
		if !v4.Unmap().Is4() {
			return TransportLayerAddress{}, fmt.Errorf("transport layer address: %v is not IPv4", v4)
		}
		b = append(b, v4.Unmap().AsSlice()...)
	}
	if v6.IsValid() {
		if v6.Unmap().Is4() {
			return TransportLayerAddress{}, fmt.Errorf("transport layer address: %v is not IPv6", v6)
		}
		b = append(b, v6.AsSlice()...)
	}
	if b == nil {
		return TransportLayerAddress{}, fmt.Errorf("transport layer address: neither IPv4 nor IPv6")
	}
	return TransportLayerAddress{Bytes: b, Len: 8 * len(b)}, nil
}

// Addrs returns the addresses of an endpoint, TS 38.413 §9.3.2.4 and TS 38.414 §5.1: 32 bits are IPv4, 128 are
// IPv6, 160 are IPv4 and then IPv6. An address that is absent is the zero netip.Addr.
func (a TransportLayerAddress) Addrs() (v4, v6 netip.Addr, err error) {
	b := a.Bytes
	if a.Len != 8*len(b) {
		return v4, v6, fmt.Errorf("transport layer address of %d bits", a.Len)
	}
	switch a.Len {
	case 32:
		v4 = netip.AddrFrom4([4]byte(b))
	case 128:
		v6 = netip.AddrFrom16([16]byte(b))
	case 160:
		v4, v6 = netip.AddrFrom4([4]byte(b)), netip.AddrFrom16([16]byte(b[4:]))
	default:
		err = fmt.Errorf("transport layer address of %d bits", a.Len)
	}
	return v4, v6, err
}

// AddrPort is the GTP-U endpoint of the tunnel with the GTP-U port, IPv4 if there is one, TS 29.281 §4.4.2.3.
func (t GTPTunnel) AddrPort() (netip.AddrPort, error) {
	v4, v6, err := t.TransportLayerAddress.Addrs()
	if err != nil {
		return netip.AddrPort{}, err
	}
	if v4.IsValid() {
		return netip.AddrPortFrom(v4, gtpuPort), nil
	}
	return netip.AddrPortFrom(v6, gtpuPort), nil
}

// gtpuPort is the registered UDP port of GTP-U, TS 29.281 §4.4.2.3.
const gtpuPort = 2152
