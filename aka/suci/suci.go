// Package suci conceals and reveals the subscription identity: the protection schemes of TS 33.501 §C.
package suci

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// Scheme is a protection scheme identifier, TS 33.501 §C.1.
type Scheme uint8

// The protection schemes of TS 33.501 §C.1.
const (
	Null     Scheme = 0
	ProfileA Scheme = 1
	ProfileB Scheme = 2
)

// String is the name that TS 33.501 §C.1 gives the scheme.
func (s Scheme) String() string {
	switch s {
	case Null:
		return "null-scheme"
	case ProfileA:
		return "Profile A"
	case ProfileB:
		return "Profile B"
	}
	return fmt.Sprintf("scheme %d", uint8(s))
}

var (
	// ErrScheme says that the scheme is reserved or proprietary, TS 33.501 §C.1.
	ErrScheme = errors.New("suci: protection scheme not supported")
	// ErrUnknownKey says that the home network has no key with that scheme and identifier, TS 33.501 §6.12.5.
	ErrUnknownKey = errors.New("suci: no home network key with this scheme and identifier")
	// ErrLength says that a scheme input or output is too short or too long, TS 33.501 §C.1.
	ErrLength = errors.New("suci: length of scheme input or output out of range")
	// ErrKey says that a public key, also an ephemeral one, is no usable point of its curve, or that a private key is
	// no scalar of it, TS 33.501 §C.3.4.
	ErrKey = errors.New("suci: unusable key")
	// ErrMAC says that the MAC tag of a scheme output does not verify, TS 33.501 §C.3.3.
	ErrMAC = errors.New("suci: MAC tag does not verify")
)

const (
	// MaxInput bounds the scheme input: an MSIN has 5 octets, and a NAI at most 253, RFC 7542 §2.3.
	MaxInput = 253

	encKeyLen = 16
	icbLen    = 16
	macKeyLen = 32
	macLen    = 8
)

// ephemeralLen is the length of the ephemeral public key at the head of a scheme output, TS 33.501 §C.3.4.
// It is 0 for a scheme that has none.
func (s Scheme) ephemeralLen() int {
	switch s {
	case ProfileA:
		return 32
	case ProfileB:
		return 33
	}
	return 0
}

// keyData is the keying data of one concealment: encryption key, initial counter block and MAC key,
// TS 33.501 §C.3.4.
type keyData [encKeyLen + icbLen + macKeyLen]byte

func (k *keyData) encKey() []byte { return k[:encKeyLen] }
func (k *keyData) icb() []byte    { return k[encKeyLen : encKeyLen+icbLen] }
func (k *keyData) macKey() []byte { return k[encKeyLen+icbLen:] }

// derive is the ANSI-X9.63 KDF over the shared secret with the ephemeral public key as shared info,
// TS 33.501 §C.3.4.
func derive(shared, ephemeral []byte) keyData {
	var room [32 + 4 + 33]byte
	var out keyData
	for i := range uint32(len(out) / sha256.Size) {
		in := append(room[:0], shared...)
		in = binary.BigEndian.AppendUint32(in, i+1)
		block := sha256.Sum256(append(in, ephemeral...))
		copy(out[i*sha256.Size:], block[:])
	}
	return out
}
