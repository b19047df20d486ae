package pfcp

import (
	"encoding/binary"
	"net/netip"
	"strings"
)

// NodeID names a CP or UP function by address or by name, TS 29.244 §8.2.38. Exactly one field is set.
type NodeID struct {
	Addr netip.Addr
	FQDN string
}

func (n NodeID) String() string {
	if n.FQDN != "" {
		return n.FQDN
	}
	return n.Addr.String()
}

func (n *NodeID) decode(b []byte) Cause {
	if len(b) < 1 {
		return CauseInvalidLength
	}
	kind, b := b[0]&0xf, b[1:]
	*n = NodeID{}
	switch kind {
	case 0:
		return takeIPv4(&n.Addr, &b)
	case 1:
		return takeIPv6(&n.Addr, &b)
	case 2:
		name, ok := unlabel(b)
		if !ok {
			return CauseMandatoryIEIncorrect
		}
		n.FQDN = string(name)
		return 0
	default:
		return CauseMandatoryIEIncorrect
	}
}

func (n NodeID) append(dst []byte) []byte {
	switch {
	case n.FQDN != "":
		return NetworkInstance(strings.TrimSuffix(n.FQDN, ".")).append(append(dst, 2))
	case n.Addr.Is4():
		return appendAddr(append(dst, 0), n.Addr)
	default:
		return appendIPv6(append(dst, 1), n.Addr)
	}
}

// FSEID is a session's identity at one function, with the function's addresses, TS 29.244 §8.2.37.
type FSEID struct {
	SEID uint64
	IPv4 netip.Addr // invalid if absent
	IPv6 netip.Addr // invalid if absent
}

func (f *FSEID) decode(b []byte) Cause {
	if len(b) < 9 {
		return CauseInvalidLength
	}
	flags := b[0]
	*f = FSEID{SEID: binary.BigEndian.Uint64(b[1:])}
	if flags&3 == 0 { // "at least one of them shall be set to 1"
		return CauseMandatoryIEIncorrect
	}
	return takeBoth(b[9:], flags&2 != 0, flags&1 != 0, &f.IPv4, &f.IPv6)
}

func (f FSEID) append(dst []byte) []byte {
	dst = append(dst, bit(f.IPv4.IsValid(), 2)|bit(f.IPv6.IsValid(), 1))
	dst = binary.BigEndian.AppendUint64(dst, f.SEID)
	return appendAddr(appendAddr(dst, f.IPv4), f.IPv6)
}

// FTEID is one end of a GTP-U tunnel, TS 29.244 §8.2.3. With ChooseIPv4 or ChooseIPv6 the CP function asks the UP
// function to choose TEID and address; PDRs of a session with the same ChooseID get the same one.
type FTEID struct {
	TEID       uint32
	IPv4       netip.Addr // invalid if absent
	IPv6       netip.Addr // invalid if absent
	ChooseIPv4 bool
	ChooseIPv6 bool
	ChooseID   Opt[uint8]
}

// Choose tells whether the receiver is to choose the tunnel end (flag CH).
func (f FTEID) Choose() bool { return f.ChooseIPv4 || f.ChooseIPv6 }

func (f *FTEID) decode(b []byte) Cause {
	if len(b) < 1 {
		return CauseInvalidLength
	}
	flags, b := b[0], b[1:]
	*f = FTEID{}
	v4, v6 := flags&1 != 0, flags&2 != 0
	if !v4 && !v6 { // "at least one of the V4 and V6 flags shall be set to 1"
		return CauseMandatoryIEIncorrect
	}
	if flags&4 != 0 {
		f.ChooseIPv4, f.ChooseIPv6 = v4, v6
		if flags&8 != 0 {
			if len(b) < 1 {
				return CauseInvalidLength
			}
			f.ChooseID = Some(b[0])
		}
		return 0
	}
	if len(b) < 4 {
		return CauseInvalidLength
	}
	f.TEID = binary.BigEndian.Uint32(b)
	return takeBoth(b[4:], v4, v6, &f.IPv4, &f.IPv6)
}

func (f FTEID) append(dst []byte) []byte {
	if f.Choose() {
		id, ok := f.ChooseID.Get()
		dst = append(dst, bit(f.ChooseIPv4, 1)|bit(f.ChooseIPv6, 2)|4|bit(ok, 8))
		if ok {
			dst = append(dst, id)
		}
		return dst
	}
	dst = append(dst, bit(f.IPv4.IsValid(), 1)|bit(f.IPv6.IsValid(), 2))
	dst = binary.BigEndian.AppendUint32(dst, f.TEID)
	return appendAddr(appendAddr(dst, f.IPv4), f.IPv6)
}

// UEIPAddress is a UE's address as a packet's source or destination, TS 29.244 §8.2.62.
type UEIPAddress struct {
	IPv4                 netip.Addr // invalid if absent
	IPv6                 netip.Addr // invalid if absent
	Destination          bool       // S/D: the UE address is the packet's destination
	ChooseIPv4           bool       // CHV4: the UP function is to allot it; then IPv4 is absent
	ChooseIPv6           bool       // CHV6
	PrefixDelegationBits Opt[uint8] // IPv6D
	IPv6PrefixLength     Opt[uint8] // IP6PL; 64 if absent
}

func (u *UEIPAddress) decode(b []byte) Cause {
	if len(b) < 1 {
		return CauseInvalidLength
	}
	flags, b := b[0], b[1:]
	*u = UEIPAddress{Destination: flags&4 != 0, ChooseIPv4: flags&0x10 != 0, ChooseIPv6: flags&0x20 != 0}
	if flags&2 != 0 {
		if c := takeIPv4(&u.IPv4, &b); c != 0 {
			return c
		}
	}
	if flags&1 != 0 {
		if c := takeIPv6(&u.IPv6, &b); c != 0 {
			return c
		}
	}
	if c := takeOctet(&u.PrefixDelegationBits, flags&8 != 0, &b); c != 0 {
		return c
	}
	return takeOctet(&u.IPv6PrefixLength, flags&0x40 != 0, &b)
}

func takeOctet(o *Opt[uint8], there bool, b *[]byte) Cause {
	if !there {
		return 0
	}
	if len(*b) < 1 {
		return CauseInvalidLength
	}
	*o, *b = Some((*b)[0]), (*b)[1:]
	return 0
}

func (u UEIPAddress) append(dst []byte) []byte {
	dst = append(dst, bit(u.IPv6.IsValid(), 1)|bit(u.IPv4.IsValid(), 2)|
		bit(u.Destination, 4)|bit(u.PrefixDelegationBits.set, 8)|bit(u.ChooseIPv4, 0x10)|bit(u.ChooseIPv6, 0x20)|
		bit(u.IPv6PrefixLength.set, 0x40))
	dst = appendAddr(appendAddr(dst, u.IPv4), u.IPv6)
	for _, o := range [...]Opt[uint8]{u.PrefixDelegationBits, u.IPv6PrefixLength} {
		if o.set {
			dst = append(dst, o.v)
		}
	}
	return dst
}

// OuterHeaderDescription says which outer header to create, TS 29.244 §8.2.56.
type OuterHeaderDescription uint16

// Flags of OuterHeaderDescription: bit 1 of octet 5 is the 0x0100.
const (
	CreateGTPUUDPIPv4 OuterHeaderDescription = 0x0100
	CreateGTPUUDPIPv6 OuterHeaderDescription = 0x0200
	CreateUDPIPv4     OuterHeaderDescription = 0x0400
	CreateUDPIPv6     OuterHeaderDescription = 0x0800
	CreateIPv4        OuterHeaderDescription = 0x1000
	CreateIPv6        OuterHeaderDescription = 0x2000
	CreateCTag        OuterHeaderDescription = 0x4000
	CreateSTag        OuterHeaderDescription = 0x8000
)

// OuterHeaderCreation is the outer header that a FAR puts before a packet, TS 29.244 §8.2.56.
type OuterHeaderCreation struct {
	Description OuterHeaderDescription
	TEID        uint32     // with GTP-U
	IPv4        netip.Addr // with an IPv4 header
	IPv6        netip.Addr // with an IPv6 header
	Port        uint16     // with plain UDP
	Tags        [6]byte    // C-TAG and S-TAG, three octets each, with their flags
}

const (
	createGTPU = CreateGTPUUDPIPv4 | CreateGTPUUDPIPv6
	createV4   = CreateGTPUUDPIPv4 | CreateUDPIPv4 | CreateIPv4
	createV6   = CreateGTPUUDPIPv6 | CreateUDPIPv6 | CreateIPv6
	createPort = CreateUDPIPv4 | CreateUDPIPv6
)

func (o *OuterHeaderCreation) decode(b []byte) Cause {
	if len(b) < 2 {
		return CauseInvalidLength
	}
	d := OuterHeaderDescription(binary.BigEndian.Uint16(b))
	*o, b = OuterHeaderCreation{Description: d}, b[2:]
	if d&createGTPU != 0 {
		if len(b) < 4 {
			return CauseInvalidLength
		}
		o.TEID, b = binary.BigEndian.Uint32(b), b[4:]
	}
	if d&createV4 != 0 {
		if c := takeIPv4(&o.IPv4, &b); c != 0 {
			return c
		}
	}
	if d&createV6 != 0 {
		if c := takeIPv6(&o.IPv6, &b); c != 0 {
			return c
		}
	}
	if d&createPort != 0 {
		if len(b) < 2 {
			return CauseInvalidLength
		}
		o.Port, b = binary.BigEndian.Uint16(b), b[2:]
	}
	for i, flag := range [...]OuterHeaderDescription{CreateCTag, CreateSTag} {
		if d&flag != 0 {
			if len(b) < 3 {
				return CauseInvalidLength
			}
			copy(o.Tags[3*i:], b[:3])
			b = b[3:]
		}
	}
	return 0
}

func (o OuterHeaderCreation) append(dst []byte) []byte {
	d := o.Description
	dst = binary.BigEndian.AppendUint16(dst, uint16(d))
	if d&createGTPU != 0 {
		dst = binary.BigEndian.AppendUint32(dst, o.TEID)
	}
	if d&createV4 != 0 {
		dst = appendIPv4(dst, o.IPv4)
	}
	if d&createV6 != 0 {
		dst = appendIPv6(dst, o.IPv6)
	}
	if d&createPort != 0 {
		dst = binary.BigEndian.AppendUint16(dst, o.Port)
	}
	if d&CreateCTag != 0 {
		dst = append(dst, o.Tags[:3]...)
	}
	if d&CreateSTag != 0 {
		dst = append(dst, o.Tags[3:]...)
	}
	return dst
}

// RemoteGTPUPeer names a GTP-U entity, TS 29.244 §8.2.70.
type RemoteGTPUPeer struct {
	IPv4 netip.Addr // invalid if absent
	IPv6 netip.Addr // invalid if absent
}

func (r *RemoteGTPUPeer) decode(b []byte) Cause {
	if len(b) < 1 {
		return CauseInvalidLength
	}
	*r = RemoteGTPUPeer{}
	return takeBoth(b[1:], b[0]&2 != 0, b[0]&1 != 0, &r.IPv4, &r.IPv6)
}

func (r RemoteGTPUPeer) append(dst []byte) []byte {
	dst = append(dst, bit(r.IPv4.IsValid(), 2)|bit(r.IPv6.IsValid(), 1))
	return appendAddr(appendAddr(dst, r.IPv4), r.IPv6)
}

// takeBoth reads the addresses that are there, IPv4 first.
func takeBoth(b []byte, v4, v6 bool, four, six *netip.Addr) Cause {
	if v4 {
		if c := takeIPv4(four, &b); c != 0 {
			return c
		}
	}
	if v6 {
		return takeIPv6(six, &b)
	}
	return 0
}

func takeIPv4(a *netip.Addr, b *[]byte) Cause {
	if len(*b) < 4 {
		return CauseInvalidLength
	}
	*a, *b = netip.AddrFrom4([4]byte(*b)), (*b)[4:]
	return 0
}

func takeIPv6(a *netip.Addr, b *[]byte) Cause {
	if len(*b) < 16 {
		return CauseInvalidLength
	}
	*a, *b = netip.AddrFrom16([16]byte(*b)), (*b)[16:]
	return 0
}

// appendAddr appends the octets of a valid address and nothing for an invalid one.
func appendAddr(dst []byte, a netip.Addr) []byte {
	switch {
	case a.Is4():
		return appendIPv4(dst, a)
	case a.Is6():
		return appendIPv6(dst, a)
	}
	return dst
}

// appendIPv4 appends four octets always: 0.0.0.0 for what is no IPv4 address.
func appendIPv4(dst []byte, a netip.Addr) []byte {
	if !a.Is4() && !a.Is4In6() {
		return append(dst, 0, 0, 0, 0)
	}
	o := a.As4()
	return append(dst, o[:]...)
}

// appendIPv6 appends sixteen octets always: :: for what is no address.
func appendIPv6(dst []byte, a netip.Addr) []byte {
	var o [16]byte
	if a.IsValid() {
		o = a.As16()
	}
	return append(dst, o[:]...)
}
