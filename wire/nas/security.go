package nas

import (
	"crypto/subtle"
	"errors"
)

// Cipher ciphers or deciphers data in place: one of 128-NEA1 to 128-NEA3, TS 33.501 §D.2. Count is the NAS COUNT,
// bearer the NAS connection identifier, direction 0 for uplink and 1 for downlink.
type Cipher func(key *[16]byte, count uint32, bearer, direction uint8, data []byte)

// MAC returns the message authentication code of data: one of 128-NIA1 to 128-NIA3, TS 33.501 §D.3.
type MAC func(key *[16]byte, count uint32, bearer, direction uint8, data []byte) [4]byte

// Role is the end of the NAS connection that holds a Context.
type Role uint8

// Roles.
const (
	RoleUE      Role = 0
	RoleNetwork Role = 1
)

// Directions of TS 33.501 §D.2.1.1. A role sends in the direction of its own value.
const (
	Uplink   uint8 = 0
	Downlink uint8 = 1
)

// Bearer3GPP and BearerNon3GPP are the NAS connection identifiers, TS 33.501 §6.4.2.2.
const (
	Bearer3GPP    uint8 = 1
	BearerNon3GPP uint8 = 2
)

// countLimit is the first NAS COUNT that does not exist: 16 bits of overflow and 8 of sequence number, TS 24.501 §4.4.3.1.
const countLimit = 1 << 24

// CountAtHandover stands for the NAS COUNT in the keys and codes of a handover: no message has it, so that none of them is
// made twice, TS 33.501 §6.9.2.3.3.
const CountAtHandover uint32 = 1<<32 - 1

// Context is one end of a 5G NAS security context in use over one access, TS 24.501 §4.4.2. It is a plain value: copy it
// to keep it. It does no locking.
type Context struct {
	Role   Role
	Bearer uint8 // NAS connection identifier
	// Cipher is nil for 5G-EA0, MAC is nil for 5G-IA0 (TS 24.501 §9.11.3.34).
	Cipher Cipher
	MAC    MAC
	// KNASenc and KNASint are the keys, TS 33.501 §A.8.
	KNASenc, KNASint [16]byte
	// Send is the NAS COUNT of the next message to send; Receive is the lowest that may be accepted next.
	Send, Receive uint32
}

// Errors of NAS security, TS 24.501 §4.4.
var (
	// ErrIntegrity reports a wrong message authentication code or a replayed message.
	ErrIntegrity = errors.New("NAS integrity check failed (TS 24.501 §4.4.3.3)")
	// ErrCountExhausted reports that the next NAS COUNT would wrap around: new keys are needed first.
	ErrCountExhausted = errors.New("NAS COUNT would wrap around (TS 24.501 §4.4.3.5)")
	// ErrNotProtected reports a plain message where a protected one is needed.
	ErrNotProtected = errors.New("NAS message is not security protected (TS 24.501 §4.4.4)")
)

// Protected tells how a message arrived.
type Protected struct {
	Header SecurityHeaderType
	// Sequence is the sequence number in the message, Count the NAS COUNT estimated from it.
	Sequence uint8
	Count    uint32
	// IntegrityOK is true if the code was right and the COUNT new. With 5G-IA0 it is always true.
	IntegrityOK bool
}

// Remaining returns how many messages may still be sent before the NAS COUNT wraps around; the AMF renews the keys
// before it comes to 0 (TS 24.501 §4.4.3.5).
func (c *Context) Remaining() uint32 { return countLimit - min(c.Send, countLimit) }

// Protect appends the security protected form of a plain message to dst and counts it, TS 24.501 §4.4.3 and TS 24.501 §4.4.5.
// Plain must not overlap the free part of dst.
func (c *Context) Protect(dst, plain []byte, t SecurityHeaderType) ([]byte, error) {
	if t == Plain || !t.Known() {
		return dst, ErrSecurityHeader
	}
	if c.Send >= countLimit {
		return dst, ErrCountExhausted
	}
	at := len(dst)
	dst = append(dst, byte(EPD5GMM), byte(t), 0, 0, 0, 0, byte(c.Send))
	dst = append(dst, plain...)
	pdu := dst[at:]
	direction := uint8(c.Role)
	if t.Ciphered() && c.Cipher != nil {
		c.Cipher(&c.KNASenc, c.Send, c.Bearer, direction, pdu[SecurityHeaderLen:])
	}
	if c.MAC != nil {
		mac := c.MAC(&c.KNASint, c.Send, c.Bearer, direction, pdu[SecurityHeaderLen-1:])
		copy(pdu[2:6], mac[:])
	}
	c.Send++
	return dst, nil
}

// Unprotect checks and deciphers, in place, a security protected message and returns the plain message inside it,
// TS 24.501 §4.4.3 and TS 24.501 §4.4.5. A COUNT is accepted once. On ErrIntegrity nothing is counted and b is unchanged; the
// message inside is returned all the same if it is not ciphered, for the cases of TS 24.501 §4.4.4.3 in which the AMF goes on.
func (c *Context) Unprotect(b []byte) ([]byte, Protected, error) {
	h, err := Peek(b)
	if err != nil {
		return nil, Protected{}, err
	}
	if h.SecurityHeader == Plain {
		return nil, Protected{}, ErrNotProtected
	}
	info := Protected{Header: h.SecurityHeader, Sequence: h.Sequence, Count: c.estimate(h.Sequence)}
	if info.Count >= countLimit {
		return nil, info, ErrCountExhausted
	}
	payload := b[SecurityHeaderLen:]
	direction := 1 - uint8(c.Role)
	if c.MAC != nil {
		mac := c.MAC(&c.KNASint, info.Count, c.Bearer, direction, b[SecurityHeaderLen-1:])
		if subtle.ConstantTimeCompare(mac[:], b[2:6]) != 1 {
			if h.SecurityHeader.Ciphered() {
				payload = nil
			}
			return payload, info, ErrIntegrity
		}
	}
	info.IntegrityOK = true
	c.Receive = info.Count + 1
	if h.SecurityHeader.Ciphered() && c.Cipher != nil {
		c.Cipher(&c.KNASenc, info.Count, c.Bearer, direction, payload)
	}
	return payload, info, nil
}

// ContainerMAC is the code of a NAS container in a handover to another AMF, TS 33.501 §6.9.2.3.3, over what it protects of it.
func (c *Context) ContainerMAC(protected []byte) (mac [4]byte) {
	if c.MAC != nil {
		mac = c.MAC(&c.KNASint, CountAtHandover, c.Bearer, Downlink, protected)
	}
	return mac
}

// Estimate returns the lowest NAS COUNT not yet accepted that has this sequence number, for what is no message.
func (c *Context) Estimate(sequence uint8) uint32 { return c.estimate(sequence) }

// estimate returns the lowest NAS COUNT not yet accepted that has this sequence number, TS 24.501 §4.4.3.1. A replayed
// message is thereby checked against a COUNT other than its own and fails (TS 24.501 §4.4.3.2).
func (c *Context) estimate(sequence uint8) uint32 {
	count := c.Receive&^0xff | uint32(sequence)
	if count < c.Receive {
		count += 0x100
	}
	return count
}

// CryptContainer ciphers or deciphers in place the NAS message container of an initial NAS message whose NAS COUNT is
// count, TS 24.501 §4.4.6: Send before the UE protects the message, Protected.Count at the AMF.
func (c *Context) CryptContainer(count uint32, container []byte) {
	if c.Cipher != nil {
		c.Cipher(&c.KNASenc, count, c.Bearer, Uplink, container)
	}
}

// Inside returns the message inside a security protected one without any check: what an AMF reads when it does not
// hold the UE's security context (TS 24.501 §4.4.4.3). It returns ErrNotProtected for a plain message, and nothing of a
// ciphered one.
func Inside(b []byte) ([]byte, error) {
	h, err := Peek(b)
	switch {
	case err != nil:
		return nil, err
	case h.SecurityHeader == Plain:
		return nil, ErrNotProtected
	case h.SecurityHeader.Ciphered():
		return nil, ErrIntegrity
	}
	return b[SecurityHeaderLen:], nil
}
