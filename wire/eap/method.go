package eap

import (
	"crypto/md5" // that is the method
	"encoding/binary"
)

// Method types, RFC 3748 §5.
const (
	TypeIdentity     = 1
	TypeNak          = 3
	TypeMD5Challenge = 4
)

// Raw is an EAP packet of any method, RFC 3748 §4. An outcome has neither type nor data.
type Raw struct {
	Code       Code
	Identifier uint8
	Type       uint8
	Data       []byte
}

// ParseRaw reads a packet. Octets behind its length are padding.
func ParseRaw(b []byte) (Raw, error) {
	if len(b) < 4 {
		return Raw{}, ErrMalformed
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < 4 || n > len(b) {
		return Raw{}, ErrMalformed
	}
	r := Raw{Code: Code(b[0]), Identifier: b[1]}
	switch {
	case r.Code == Success || r.Code == Failure:
		return r, nil
	case r.Code != Request && r.Code != Response || n < 5:
		return Raw{}, ErrMalformed
	}
	r.Type, r.Data = b[4], append([]byte(nil), b[5:n]...)
	return r, nil
}

// Bytes writes the packet.
func (r Raw) Bytes() []byte {
	b := []byte{byte(r.Code), r.Identifier, 0, 0}
	if r.Code == Request || r.Code == Response {
		b = append(append(b, r.Type), r.Data...)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// MD5 is the value of an MD5-Challenge response, RFC 3748 §5.4 and RFC 1994 §4.1. It proves knowledge of the secret to the
// server and gives no keys, which a slice does not need.
func MD5(identifier uint8, secret, challenge []byte) []byte {
	h := md5.New() // that is the method
	h.Write([]byte{identifier})
	h.Write(secret)
	h.Write(challenge)
	return h.Sum(nil)
}
