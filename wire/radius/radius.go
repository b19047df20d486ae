// Package radius holds RADIUS packets, RFC 2865, that carry EAP, RFC 3579, and asks a server with them. Every packet has a
// Message-Authenticator; what has none, or a wrong one, is not from the server.
package radius

import (
	"crypto/hmac"
	"crypto/md5" // RFC 2865 has no other
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
)

// Code is the code of a packet, RFC 2865 §3.
type Code uint8

// The codes.
const (
	AccessRequest   Code = 1
	AccessAccept    Code = 2
	AccessReject    Code = 3
	AccessChallenge Code = 11
)

// Attribute types, RFC 2865 §5 and RFC 3579 §3.
const (
	UserName             = 1
	State                = 24
	VendorSpecific       = 26
	CallingStationID     = 31
	NASIdentifier        = 32
	EAPMessage           = 79
	MessageAuthenticator = 80
)

// Vendor3GPP is the vendor of TS 29.561, and SNSSAI3GPP its attribute with a slice.
const (
	Vendor3GPP = 10415
	SNSSAI3GPP = 200
)

const (
	headerSize = 20
	maxSize    = 4096
)

// MaxValue is how many octets the value of an attribute may have.
const MaxValue = 253

// Errors of Parse and Verify.
var (
	ErrMalformed     = errors.New("radius: malformed packet")
	ErrAuthenticator = errors.New("radius: wrong authenticator")
)

// Attribute is one attribute.
type Attribute struct {
	Type  uint8
	Value []byte // at most 253 octets
}

// Packet is a packet.
type Packet struct {
	Code          Code
	Identifier    uint8
	Authenticator [16]byte
	Attributes    []Attribute
}

// NewRequest is an Access-Request with a fresh Request Authenticator.
func NewRequest() (*Packet, error) {
	p := &Packet{Code: AccessRequest}
	if _, err := rand.Read(p.Authenticator[:]); err != nil {
		return nil, err
	}
	p.Identifier = p.Authenticator[0]
	return p, nil
}

// Add appends an attribute.
func (p *Packet) Add(t uint8, value []byte) { p.Attributes = append(p.Attributes, Attribute{t, value}) }

// AddEAP appends an EAP packet, in as many attributes as it takes, RFC 3579 §3.1.
func (p *Packet) AddEAP(b []byte) {
	for len(b) > MaxValue {
		p.Add(EAPMessage, b[:MaxValue])
		b = b[MaxValue:]
	}
	p.Add(EAPMessage, b)
}

// AddVendor appends an attribute of a vendor, RFC 2865 §5.26.
func (p *Packet) AddVendor(vendor uint32, t uint8, value []byte) {
	v := binary.BigEndian.AppendUint32(nil, vendor)
	p.Add(VendorSpecific, append(append(v, t, byte(len(value)+2)), value...))
}

// Get returns the first attribute of a type, nil if there is none.
func (p *Packet) Get(t uint8) []byte {
	for _, a := range p.Attributes {
		if a.Type == t {
			return a.Value
		}
	}
	return nil
}

// EAP joins the EAP packet, RFC 3579 §3.1; nil if there is none.
func (p *Packet) EAP() []byte {
	var b []byte
	for _, a := range p.Attributes {
		if a.Type == EAPMessage {
			b = append(b, a.Value...)
		}
	}
	return b
}

// Parse reads a packet. Octets behind its length are padding, RFC 2865 §3.
func Parse(b []byte) (*Packet, error) {
	if len(b) < headerSize {
		return nil, ErrMalformed
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < headerSize || n > len(b) || n > maxSize {
		return nil, fmt.Errorf("%w: length %d of %d octets", ErrMalformed, n, len(b))
	}
	p := &Packet{Code: Code(b[0]), Identifier: b[1], Authenticator: [16]byte(b[4:headerSize])}
	for at := b[headerSize:n]; len(at) > 0; {
		if len(at) < 2 || int(at[1]) < 2 || int(at[1]) > len(at) {
			return nil, fmt.Errorf("%w: attribute %d", ErrMalformed, at[0])
		}
		p.Add(at[0], append([]byte(nil), at[2:at[1]]...))
		at = at[at[1]:]
	}
	return p, nil
}

// append writes the packet as it is, with the authenticator given.
func (p *Packet) append(authenticator [16]byte) ([]byte, error) {
	b := append([]byte{byte(p.Code), p.Identifier, 0, 0}, authenticator[:]...)
	for _, a := range p.Attributes {
		if len(a.Value) > MaxValue {
			return nil, fmt.Errorf("%w: attribute %d has %d octets", ErrMalformed, a.Type, len(a.Value))
		}
		b = append(append(b, a.Type, byte(len(a.Value)+2)), a.Value...)
	}
	if len(b) > maxSize {
		return nil, fmt.Errorf("%w: %d octets", ErrMalformed, len(b))
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b, nil
}

// sign puts the Message-Authenticator in, over the packet with the authenticator of the request, RFC 3579 §3.2.
func (p *Packet) sign(request [16]byte, secret []byte) error {
	p.Attributes = append([]Attribute{{MessageAuthenticator, make([]byte, md5.Size)}}, p.Attributes...)
	b, err := p.append(request)
	if err != nil {
		return err
	}
	mac := hmac.New(md5.New, secret)
	mac.Write(b)
	p.Attributes[0].Value = mac.Sum(nil)
	return nil
}

// Request writes a request, signed.
func (p *Packet) Request(secret []byte) ([]byte, error) {
	if err := p.sign(p.Authenticator, secret); err != nil {
		return nil, err
	}
	return p.append(p.Authenticator)
}

// Response writes the answer to a request, signed, with the Response Authenticator of RFC 2865 §3.
func (p *Packet) Response(request *Packet, secret []byte) ([]byte, error) {
	p.Identifier = request.Identifier
	if err := p.sign(request.Authenticator, secret); err != nil {
		return nil, err
	}
	b, err := p.append(request.Authenticator)
	if err != nil {
		return nil, err
	}
	sum := md5.Sum(append(append([]byte(nil), b...), secret...))
	copy(b[4:], sum[:])
	return b, nil
}

// VerifyRequest checks the Message-Authenticator of a request.
func (p *Packet) VerifyRequest(secret []byte) error { return p.verifyMessage(p.Authenticator, secret) }

// VerifyResponse checks that p, which was read from b, is the answer to a request from who knows the secret.
func (p *Packet) VerifyResponse(b []byte, request *Packet, secret []byte) error {
	if p.Identifier != request.Identifier || !p.isResponse(b, request, secret) {
		return ErrAuthenticator
	}
	return p.verifyMessage(request.Authenticator, secret)
}

// isResponse checks the Response Authenticator, RFC 2865 §3.
func (p *Packet) isResponse(b []byte, request *Packet, secret []byte) bool {
	plain := append([]byte(nil), b[:binary.BigEndian.Uint16(b[2:])]...)
	copy(plain[4:], request.Authenticator[:])
	sum := md5.Sum(append(plain, secret...))
	return hmac.Equal(sum[:], p.Authenticator[:])
}

func (p *Packet) verifyMessage(request [16]byte, secret []byte) error {
	q, at := *p, -1
	q.Attributes = append([]Attribute(nil), p.Attributes...)
	for i, a := range q.Attributes {
		if a.Type == MessageAuthenticator {
			if at >= 0 || len(a.Value) != md5.Size {
				return ErrAuthenticator
			}
			at = i
		}
	}
	if at < 0 {
		return ErrAuthenticator
	}
	q.Attributes[at].Value = make([]byte, md5.Size)
	b, err := q.append(request)
	if err != nil {
		return err
	}
	mac := hmac.New(md5.New, secret)
	mac.Write(b)
	if !hmac.Equal(mac.Sum(nil), p.Attributes[at].Value) {
		return ErrAuthenticator
	}
	return nil
}
