package gmm

import (
	"encoding/binary"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
)

// IdentityType is the type of a 5GS mobile identity, TS 24.501 §9.11.3.3 and TS 24.501 §9.11.3.4.
type IdentityType uint8

// Identity types.
const (
	IdentityNone   IdentityType = 0
	IdentitySUCI   IdentityType = 1
	IdentityGUTI   IdentityType = 2
	IdentityIMEI   IdentityType = 3
	IdentitySTMSI  IdentityType = 4
	IdentityIMEISV IdentityType = 5
	IdentityMAC    IdentityType = 6
	IdentityEUI64  IdentityType = 7
)

var identityTypeText = [...]string{"no identity", "SUCI", "5G-GUTI", "IMEI", "5G-S-TMSI", "IMEISV", "MAC address", "EUI-64"}

func (t IdentityType) String() string { return identityTypeText[t&7] }

// MobileIdentity is the 5GS mobile identity, TS 24.501 §9.11.3.4. Type says which of the other fields holds it.
type MobileIdentity struct {
	Type IdentityType
	// GUTI is the 5G-GUTI. For a 5G-S-TMSI it lacks PLMN and AMF region: see STMSI.
	GUTI ident.GUTI
	SUCI SUCI
	// Equipment is the IMEI or IMEISV.
	Equipment EquipmentIdentity
	// Address is the MAC address (6 octets) or EUI-64 (8 octets).
	Address []byte
	// MAURI says that the MAC address does not identify the equipment.
	MAURI bool
}

// GUTIIdentity returns the identity that holds a 5G-GUTI.
func GUTIIdentity(g ident.GUTI) MobileIdentity { return MobileIdentity{Type: IdentityGUTI, GUTI: g} }

// SUCIIdentity returns the identity that holds a SUCI.
func SUCIIdentity(s SUCI) MobileIdentity { return MobileIdentity{Type: IdentitySUCI, SUCI: s} }

// STMSIIdentity returns the identity that holds a 5G-S-TMSI.
func STMSIIdentity(s ident.STMSI) MobileIdentity {
	return MobileIdentity{Type: IdentitySTMSI, GUTI: ident.GUTI{GUAMI: ident.GUAMI{Set: s.Set, Pointer: s.Pointer}, TMSI: s.TMSI}}
}

// EquipmentIdentityOf returns the identity that holds an IMEI (15 digits) or IMEISV (16 digits).
func EquipmentIdentityOf(digits string) (MobileIdentity, error) {
	e, err := ParseEquipmentIdentity(digits)
	t := IdentityIMEISV
	if len(digits) == imeiDigits {
		t = IdentityIMEI
	}
	return MobileIdentity{Type: t, Equipment: e}, err
}

// STMSI returns the 5G-S-TMSI of a 5G-S-TMSI or 5G-GUTI.
func (m MobileIdentity) STMSI() ident.STMSI { return m.GUTI.STMSI() }

// String names the identity for logs; the subscriber in a SUCI of the null scheme stays concealed.
func (m MobileIdentity) String() string {
	switch m.Type {
	case IdentitySUCI:
		return m.SUCI.Conceal()
	case IdentityGUTI:
		return "5g-guti-" + m.GUTI.String()
	}
	return m.Type.String()
}

const (
	gutiLen  = 11
	stmsiLen = 7
	imeiLen  = 8
	sVLen    = 9
	macLen   = 7
	eui64Len = 9
)

// Parse reads the value part.
func (m *MobileIdentity) Parse(b []byte) error {
	*m = MobileIdentity{}
	if len(b) == 0 {
		return nas.ErrLength
	}
	m.Type = IdentityType(b[0] & 7)
	switch m.Type {
	case IdentitySUCI:
		return m.SUCI.parse(b)
	case IdentityGUTI:
		return m.parseGUTI(b)
	case IdentitySTMSI:
		if len(b) < stmsiLen {
			return nas.ErrLength
		}
		m.parseSTMSI(b[1:])
	case IdentityIMEI:
		return m.Equipment.parse(b, imeiLen)
	case IdentityIMEISV:
		return m.Equipment.parse(b, sVLen)
	case IdentityMAC, IdentityEUI64:
		n := macLen
		if m.Type == IdentityEUI64 {
			n = eui64Len
		}
		if len(b) < n {
			return nas.ErrLength
		}
		m.Address, m.MAURI = b[1:n:n], m.Type == IdentityMAC && b[0]&8 != 0
	}
	return nil
}

func (m *MobileIdentity) parseGUTI(b []byte) error {
	if len(b) < gutiLen {
		return nas.ErrLength
	}
	plmn := ident.PLMN(b[1:4])
	if !plmn.Valid() {
		return nas.ErrDigit
	}
	m.parseSTMSI(b[5:])
	m.GUTI.GUAMI.PLMN, m.GUTI.GUAMI.Region = plmn, b[4]
	return nil
}

func (m *MobileIdentity) parseSTMSI(b []byte) {
	set := binary.BigEndian.Uint16(b)
	m.GUTI.GUAMI.Set, m.GUTI.GUAMI.Pointer = set>>6, uint8(set&0x3f)
	m.GUTI.TMSI = binary.BigEndian.Uint32(b[2:])
}

// Append writes the value part.
func (m MobileIdentity) Append(dst []byte) ([]byte, error) {
	switch m.Type {
	case IdentitySUCI:
		return m.SUCI.append(dst)
	case IdentityGUTI:
		if !m.GUTI.GUAMI.PLMN.Valid() {
			return dst, nas.ErrDigit
		}
		dst = append(dst, 0xf0|byte(m.Type))
		dst = append(dst, m.GUTI.GUAMI.PLMN[:]...)
		return m.appendSTMSI(append(dst, m.GUTI.GUAMI.Region)), nil
	case IdentitySTMSI:
		return m.appendSTMSI(append(dst, 0xf0|byte(m.Type))), nil
	case IdentityIMEI, IdentityIMEISV:
		return m.Equipment.append(dst, m.Type)
	case IdentityMAC, IdentityEUI64:
		n := macLen
		if m.Type == IdentityEUI64 {
			n = eui64Len
		}
		if len(m.Address) != n-1 {
			return dst, nas.ErrLength
		}
		first := byte(m.Type)
		if m.MAURI {
			first |= 8
		}
		return append(append(dst, first), m.Address...), nil
	case IdentityNone:
		return append(dst, 0), nil
	}
	return dst, nas.ErrReserved
}

func (m MobileIdentity) appendSTMSI(dst []byte) []byte {
	g := m.GUTI.GUAMI
	dst = binary.BigEndian.AppendUint16(dst, g.Set&0x3ff<<6|uint16(g.Pointer&0x3f))
	return binary.BigEndian.AppendUint32(dst, m.GUTI.TMSI)
}

// EquipmentIdentity is an IMEI or IMEISV, TS 23.003 §6.2: two digits an octet, the first in the upper half; the unused
// half of an IMEI is 0xf.
type EquipmentIdentity [8]byte

const (
	imeiDigits   = 15
	imeisvDigits = 16
	filler       = 0xf
)

// ParseEquipmentIdentity reads 15 digits (IMEI) or 16 (IMEISV).
func ParseEquipmentIdentity(digits string) (EquipmentIdentity, error) {
	var e EquipmentIdentity
	if len(digits) != imeiDigits && len(digits) != imeisvDigits {
		return e, nas.ErrLength
	}
	e[7] = filler
	for i := range len(digits) {
		d := digits[i] - '0'
		if d > 9 {
			return e, nas.ErrDigit
		}
		e.set(i, d)
	}
	return e, nil
}

func (e *EquipmentIdentity) set(i int, digit byte) {
	if i%2 == 0 {
		e[i/2] = digit<<4 | e[i/2]&0x0f
	} else {
		e[i/2] = e[i/2]&0xf0 | digit
	}
}

func (e EquipmentIdentity) digit(i int) byte {
	if i%2 == 0 {
		return e[i/2] >> 4
	}
	return e[i/2] & 0x0f
}

// String is the digits.
func (e EquipmentIdentity) String() string {
	s := make([]byte, 0, imeisvDigits)
	for i := range imeisvDigits {
		if d := e.digit(i); d != filler {
			s = append(s, '0'+d)
		}
	}
	return string(s)
}

// parse reads digit 1 beside the type, then two digits an octet, the first in the lower half.
func (e *EquipmentIdentity) parse(b []byte, n int) error {
	if len(b) < n {
		return nas.ErrLength
	}
	digits := imeiDigits
	if n == sVLen {
		digits = imeisvDigits
	}
	e[7] = filler
	for i := range digits {
		d := b[(i+1)/2] >> 4
		if i%2 == 1 {
			d = b[(i+1)/2] & 0x0f
		}
		if d > 9 {
			return nas.ErrDigit
		}
		e.set(i, d)
	}
	return nil
}

func (e EquipmentIdentity) append(dst []byte, t IdentityType) ([]byte, error) {
	digits, odd := imeisvDigits, byte(0)
	if t == IdentityIMEI {
		digits, odd = imeiDigits, 8
	}
	for i := range digits {
		if e.digit(i) > 9 {
			return dst, nas.ErrDigit
		}
	}
	dst = append(dst, e.digit(0)<<4|odd|byte(t))
	for i := 1; i < digits; i += 2 {
		high := byte(filler)
		if i+1 < digits {
			high = e.digit(i + 1)
		}
		dst = append(dst, high<<4|e.digit(i))
	}
	return dst, nil
}
