package gsm

import (
	"net/netip"

	"github.com/limpid-5g/limpid/wire/nas"
)

// PDUAddress is TS 24.501 §9.11.4.10: the address of a UE in its PDU session.
type PDUAddress struct {
	Type PDUSessionType // IPv4, IPv6 or IPv4v6
	IPv4 netip.Addr     // of IPv4 and IPv4v6
	// InterfaceID is the interface identifier of the IPv6 link local address, of IPv6 and IPv4v6.
	InterfaceID [8]byte
	// SMFLinkLocal is the SMF's IPv6 link local address, if present.
	SMFLinkLocal netip.Addr
}

const smfLinkLocal = 8 // the bit SI6LLA

// Parse reads the value part.
func (a *PDUAddress) Parse(b []byte) error {
	if len(b) == 0 {
		return nas.ErrLength
	}
	first := b[0]
	*a = PDUAddress{Type: PDUSessionType(first & 7)}
	b = b[1:]
	if a.Type < IPv4 || a.Type > IPv4v6 {
		return nas.ErrReserved
	}
	if a.Type != IPv4 {
		if len(b) < 8 {
			return nas.ErrLength
		}
		a.InterfaceID = [8]byte(b)
		b = b[8:]
	}
	if a.Type != IPv6 {
		if len(b) < 4 {
			return nas.ErrLength
		}
		a.IPv4 = netip.AddrFrom4([4]byte(b))
		b = b[4:]
	}
	if first&smfLinkLocal != 0 {
		if len(b) < 16 {
			return nas.ErrLength
		}
		a.SMFLinkLocal = netip.AddrFrom16([16]byte(b))
	}
	return nil
}

// Append writes the value part.
func (a PDUAddress) Append(dst []byte) ([]byte, error) {
	if a.Type < IPv4 || a.Type > IPv4v6 {
		return dst, nas.ErrReserved
	}
	first := byte(a.Type)
	if a.SMFLinkLocal.IsValid() {
		if !a.SMFLinkLocal.Is6() {
			return dst, nas.ErrReserved
		}
		first |= smfLinkLocal
	}
	dst = append(dst, first)
	if a.Type != IPv4 {
		dst = append(dst, a.InterfaceID[:]...)
	}
	if a.Type != IPv6 {
		if !a.IPv4.Is4() {
			return dst, nas.ErrReserved
		}
		dst = append(dst, a.IPv4.AsSlice()...)
	}
	if a.SMFLinkLocal.IsValid() {
		dst = append(dst, a.SMFLinkLocal.AsSlice()...)
	}
	return dst, nil
}
