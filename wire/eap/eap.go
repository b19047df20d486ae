// Package eap holds EAP packets, RFC 3748 §4, with those of EAP-AKA', RFC 9048 and RFC 4187, that a full authentication in
// 5GS uses (TS 33.501 §6.1.3.1): the challenge, its answers and the outcome. Fast re-authentication, identity rounds and
// encrypted attributes are not part of it.
package eap

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

// Code is the code of a packet, RFC 3748 §4.
type Code uint8

// The codes.
const (
	Request  Code = 1
	Response Code = 2
	Success  Code = 3
	Failure  Code = 4
)

// TypeAKAPrime is the method type of EAP-AKA', RFC 9048 §3.
const TypeAKAPrime = 50

// Subtype is the subtype of an EAP-AKA' packet, RFC 4187 §11.
type Subtype uint8

// The subtypes.
const (
	Challenge              Subtype = 1
	AuthenticationReject   Subtype = 2
	SynchronizationFailure Subtype = 4
	Identity               Subtype = 5
	Notification           Subtype = 12
	Reauthentication       Subtype = 13
	ClientError            Subtype = 14
)

// Errors of Parse and of Packet.
var (
	// ErrMalformed says that a packet breaks the format.
	ErrMalformed = errors.New("eap: malformed packet")
	// ErrAttribute says that a packet has an attribute that may not be skipped and is not known, RFC 4187 §8.1.
	ErrAttribute = errors.New("eap: unknown attribute that may not be skipped")
	// ErrMAC says that AT_MAC is missing or wrong, RFC 9048 §3.1.
	ErrMAC = errors.New("eap: wrong message authentication code")
)

// Packet is an EAP packet: of EAP-AKA' if it is a request or a response, else an outcome. An attribute that is absent is nil.
type Packet struct {
	Code       Code
	Identifier uint8
	Subtype    Subtype

	RAND     *[16]byte // AT_RAND, RFC 4187 §10.6
	AUTN     *[16]byte // AT_AUTN, RFC 4187 §10.7
	RES      []byte    // AT_RES, RFC 4187 §10.8: 4 to 16 octets
	AUTS     *[14]byte // AT_AUTS, RFC 4187 §10.9
	KDFs     []uint16  // AT_KDF, RFC 9048 §3.2, the preferred one first
	KDFInput string    // AT_KDF_INPUT, RFC 9048 §3.1: the name of the access network
	Error    *uint16   // AT_CLIENT_ERROR_CODE, RFC 4187 §10.20
	MAC      *[16]byte // AT_MAC, RFC 4187 §10.15: what a received packet holds; Append makes its own
	macAt    int       // where it is in the octets that were read
}

// The attributes, RFC 4187 §11 and RFC 9048 §6.
const (
	atRAND            = 1
	atAUTN            = 2
	atRES             = 3
	atAUTS            = 4
	atMAC             = 11
	atClientErrorCode = 22
	atKDFInput        = 23
	atKDF             = 24
	skippable         = 128
)

const (
	headerLen  = 4
	akaLen     = 8 // header, type, subtype and two reserved octets
	maxPacket  = 1500
	maxPhrases = 255 // length of an attribute, in units of four octets
)

// Parse reads a packet. B may be longer than the packet. The error is ErrMalformed or ErrAttribute.
func Parse(b []byte) (*Packet, error) {
	if len(b) < headerLen {
		return nil, ErrMalformed
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < headerLen || n > len(b) {
		return nil, fmt.Errorf("%w: length %d of %d octets", ErrMalformed, n, len(b))
	}
	b = b[:n]
	p := &Packet{Code: Code(b[0]), Identifier: b[1]}
	switch p.Code {
	case Success, Failure:
		return p, nil
	case Request, Response:
	default:
		return nil, fmt.Errorf("%w: code %d", ErrMalformed, p.Code)
	}
	if n < akaLen || b[4] != TypeAKAPrime {
		return nil, fmt.Errorf("%w: not EAP-AKA'", ErrMalformed)
	}
	p.Subtype = Subtype(b[5])
	return p, p.attributes(b)
}

func (p *Packet) attributes(b []byte) error {
	for at := akaLen; at < len(b); {
		if at+2 > len(b) || b[at+1] == 0 || at+4*int(b[at+1]) > len(b) {
			return fmt.Errorf("%w: attribute at octet %d", ErrMalformed, at)
		}
		n := 4 * int(b[at+1])
		if err := p.attribute(b[at], b[at+2:at+n], at); err != nil {
			return err
		}
		at += n
	}
	return nil
}

// attribute reads the value of one attribute: what follows its type and length.
func (p *Packet) attribute(t byte, v []byte, at int) error {
	ok := true
	switch t {
	case atRAND:
		p.RAND, ok = reserved16(v)
	case atAUTN:
		p.AUTN, ok = reserved16(v)
	case atMAC:
		p.MAC, ok = reserved16(v)
		p.macAt = at + 4
	case atRES:
		bits := int(binary.BigEndian.Uint16(v))
		if ok = bits%8 == 0 && bits >= 32 && bits <= 128 && bits/8 <= len(v)-2; ok {
			p.RES = append([]byte(nil), v[2:2+bits/8]...)
		}
	case atAUTS:
		if ok = len(v) == 14; ok {
			auts := [14]byte(v)
			p.AUTS = &auts
		}
	case atKDF:
		if ok = len(v) == 2; ok {
			p.KDFs = append(p.KDFs, binary.BigEndian.Uint16(v))
		}
	case atKDFInput:
		n := int(binary.BigEndian.Uint16(v))
		if ok = n <= len(v)-2; ok {
			p.KDFInput = string(v[2 : 2+n])
		}
	case atClientErrorCode:
		if ok = len(v) == 2; ok {
			code := binary.BigEndian.Uint16(v)
			p.Error = &code
		}
	default:
		if t < skippable {
			return fmt.Errorf("%w: %d", ErrAttribute, t)
		}
	}
	if !ok {
		return fmt.Errorf("%w: attribute %d of %d octets", ErrMalformed, t, len(v)+2)
	}
	return nil
}

// reserved16 reads two reserved octets and sixteen others.
func reserved16(v []byte) (*[16]byte, bool) {
	if len(v) != 18 {
		return nil, false
	}
	value := [16]byte(v[2:])
	return &value, true
}

// String is the code and the subtype: "Request/AKA'-Challenge".
func (p *Packet) String() string {
	switch p.Code {
	case Success:
		return "Success"
	case Failure:
		return "Failure"
	}
	names := map[Subtype]string{
		Challenge: "Challenge", AuthenticationReject: "Authentication-Reject", SynchronizationFailure: "Synchronization-Failure",
		Identity: "Identity", Notification: "Notification", Reauthentication: "Reauthentication", ClientError: "Client-Error",
	}
	kind := "Request/AKA'-"
	if p.Code == Response {
		kind = "Response/AKA'-"
	}
	if name := names[p.Subtype]; name != "" {
		return kind + name
	}
	return kind + strconv.Itoa(int(p.Subtype))
}

// Append writes a packet after dst. With a key it carries AT_MAC, RFC 9048 §3.1 (HMAC-SHA-256-128 over the packet). The
// error says that a value does not fit.
func (p *Packet) Append(dst []byte, kaut *[32]byte) ([]byte, error) {
	at := len(dst)
	dst = append(dst, byte(p.Code), p.Identifier, 0, headerLen)
	if p.Code == Success || p.Code == Failure {
		return dst, nil
	}
	dst = append(dst, TypeAKAPrime, byte(p.Subtype), 0, 0)
	dst = appendReserved16(dst, atRAND, p.RAND)
	dst = appendReserved16(dst, atAUTN, p.AUTN)
	if p.RES != nil {
		dst = appendCounted(dst, atRES, len(p.RES)*8, p.RES)
	}
	if p.AUTS != nil {
		dst = append(append(dst, atAUTS, 4), p.AUTS[:]...)
	}
	for _, kdf := range p.KDFs {
		dst = append(dst, atKDF, 1, byte(kdf>>8), byte(kdf))
	}
	if p.KDFInput != "" {
		if len(p.KDFInput) > maxPacket/2 {
			return nil, fmt.Errorf("%w: a network name of %d octets", ErrMalformed, len(p.KDFInput))
		}
		dst = appendCounted(dst, atKDFInput, len(p.KDFInput), []byte(p.KDFInput))
	}
	if p.Error != nil {
		dst = append(dst, atClientErrorCode, 1, byte(*p.Error>>8), byte(*p.Error))
	}
	macAt := len(dst) + 4
	if kaut != nil {
		dst = appendReserved16(dst, atMAC, new([16]byte))
	}
	binary.BigEndian.PutUint16(dst[at+2:], uint16(len(dst)-at))
	if kaut != nil {
		mac := code(dst[at:], kaut)
		copy(dst[macAt:], mac[:])
	}
	return dst, nil
}

func appendReserved16(dst []byte, t byte, v *[16]byte) []byte {
	if v == nil {
		return dst
	}
	return append(append(dst, t, 5, 0, 0), v[:]...)
}

// appendCounted writes a value that says its own length, padded to units of four octets.
func appendCounted(dst []byte, t byte, count int, v []byte) []byte {
	phrases := min((4+len(v)+3)/4, maxPhrases)
	dst = append(dst, t, byte(phrases), byte(count>>8), byte(count))
	dst = append(dst, v...)
	return append(dst, make([]byte, 4*phrases-4-len(v))...)
}

// code is the message authentication code of a packet whose AT_MAC is zero.
func code(b []byte, kaut *[32]byte) [16]byte {
	h := hmac.New(sha256.New, kaut[:])
	h.Write(b)
	return [16]byte(h.Sum(nil))
}

// Verify checks AT_MAC of p, which was read from b. The error is ErrMAC.
func (p *Packet) Verify(b []byte, kaut *[32]byte) error {
	if p.MAC == nil || len(b) < headerLen {
		return ErrMAC
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n > len(b) || p.macAt+len(p.MAC) > n {
		return ErrMAC
	}
	zeroed := append([]byte(nil), b[:n]...)
	clear(zeroed[p.macAt : p.macAt+len(p.MAC)])
	if want := code(zeroed, kaut); !hmac.Equal(want[:], p.MAC[:]) {
		return ErrMAC
	}
	return nil
}
