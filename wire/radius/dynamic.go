package radius

import (
	"crypto/hmac"
	"crypto/md5" // RFC 2866 has no other
	"crypto/rand"
	"encoding/binary"
	"time"
)

// What a server asks for by itself, RFC 5176.
const (
	DisconnectRequest Code = 40
	DisconnectACK     Code = 41
	DisconnectNAK     Code = 42
	CoARequest        Code = 43
	CoAACK            Code = 44
	CoANAK            Code = 45
)

// Attribute types of RFC 5176 §3, RFC 2865 §5.6 and RFC 2869 §5.3.
const (
	ServiceType    = 6
	EventTimestamp = 55
	ErrorCause     = 101
)

// AuthorizeOnly is the Service-Type with which a server has a client ask it, RFC 5176 §3.2.
const AuthorizeOnly = 17

// Cause is why a request of a server is not granted, RFC 5176 §3.5.
type Cause uint32

// The causes.
const (
	UnsupportedAttribute       Cause = 401
	MissingAttribute           Cause = 402
	InvalidRequest             Cause = 404
	UnsupportedService         Cause = 405
	AdministrativelyProhibited Cause = 501
	SessionContextNotFound     Cause = 503
	ResourcesUnavailable       Cause = 506
	RequestInitiated           Cause = 507
)

// Number is an attribute of 32 bits.
func Number(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// Number returns the first attribute of a type that has 32 bits; false if there is none.
func (p *Packet) Number(t uint8) (uint32, bool) {
	v := p.Get(t)
	if len(v) != 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(v), true
}

// Vendor returns the first attribute of a vendor and type, RFC 2865 §5.26; nil if there is none.
func (p *Packet) Vendor(vendor uint32, t uint8) []byte {
	for _, a := range p.Attributes {
		v := a.Value
		if a.Type == VendorSpecific && len(v) >= 6 && binary.BigEndian.Uint32(v) == vendor && v[4] == t && int(v[5]) == len(v)-4 {
			return v[6:]
		}
	}
	return nil
}

// NewDynamic is a request of a server, made at a moment, RFC 5176 §6.3.
func NewDynamic(code Code, at time.Time) (*Packet, error) {
	p := &Packet{Code: code}
	var id [1]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil, err
	}
	p.Identifier = id[0]
	p.Add(EventTimestamp, Number(uint32(at.Unix())))
	return p, nil
}

// Dynamic writes a request of a server: its Request Authenticator is that of RFC 2866 §3, over the packet and the secret.
func (p *Packet) Dynamic(secret []byte) ([]byte, error) {
	if err := p.sign([16]byte{}, secret); err != nil {
		return nil, err
	}
	b, err := p.append([16]byte{})
	if err != nil {
		return nil, err
	}
	b = withAuthenticator(b, secret)
	p.Authenticator = [16]byte(b[4:])
	return b, nil
}

// withAuthenticator puts the Request Authenticator into a packet that has zeros there.
func withAuthenticator(b, secret []byte) []byte {
	sum := md5.Sum(append(append([]byte(nil), b...), secret...))
	copy(b[4:], sum[:])
	return b
}

// VerifyDynamic checks that p, which was read from b, is a request from who knows the secret. Its Request Authenticator covers
// all of it, so that a Message-Authenticator may be missing, but not be wrong, RFC 5176 §2.3 and §3.4.
func (p *Packet) VerifyDynamic(b, secret []byte) error {
	plain := append([]byte(nil), b[:binary.BigEndian.Uint16(b[2:])]...)
	clear(plain[4:headerSize])
	sum := md5.Sum(append(plain, secret...))
	if !hmac.Equal(sum[:], p.Authenticator[:]) {
		return ErrAuthenticator
	}
	if p.Get(MessageAuthenticator) == nil {
		return nil
	}
	return p.verifyMessage([16]byte{}, secret)
}
