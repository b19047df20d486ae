package suci

import (
	"crypto/ecdh"
	"crypto/elliptic"
	"fmt"
	"io"
	"log/slog"
)

// PublicKey is a home network public key as provisioned in a USIM, TS 33.501 §6.12.2.
type PublicKey struct {
	scheme Scheme
	id     uint8
	key    *ecdh.PublicKey
}

// NewPublicKey reads a public key: 32 octets for Profile A; for Profile B a point in compressed or uncompressed
// form, TS 33.501 §C.3.4. id is the home network public key identifier. The error is ErrScheme or ErrKey.
func NewPublicKey(scheme Scheme, id uint8, key []byte) (*PublicKey, error) {
	public, err := parsePublic(scheme, key)
	if err != nil {
		return nil, err
	}
	return &PublicKey{scheme: scheme, id: id, key: public}, nil
}

// Scheme is the protection scheme of the key.
func (k *PublicKey) Scheme() Scheme { return k.scheme }

// ID is the home network public key identifier, TS 33.501 §6.12.2.
func (k *PublicKey) ID() uint8 { return k.id }

// Bytes is the key as a USIM holds it: 32 octets for Profile A, a compressed point of 33 for Profile B,
// TS 33.501 §C.3.4.
func (k *PublicKey) Bytes() []byte { return encodePublic(k.scheme, k.key) }

// PrivateKey is a home network private key, held by the SIDF, TS 33.501 §5.8.2. It prints as "redacted".
type PrivateKey struct {
	scheme Scheme
	id     uint8
	key    *ecdh.PrivateKey
}

// NewPrivateKey reads a private key of 32 octets, TS 33.501 §C.3.4. id is the home network public key identifier.
// The error is ErrScheme or ErrKey.
func NewPrivateKey(scheme Scheme, id uint8, key []byte) (*PrivateKey, error) {
	curve, err := scheme.curve()
	if err != nil {
		return nil, err
	}
	private, err := curve.NewPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("%w: private key", ErrKey)
	}
	return &PrivateKey{scheme: scheme, id: id, key: private}, nil
}

// GeneratePrivateKey makes a new private key. The error is ErrScheme, or that of random.
func GeneratePrivateKey(random io.Reader, scheme Scheme, id uint8) (*PrivateKey, error) {
	curve, err := scheme.curve()
	if err != nil {
		return nil, err
	}
	private, err := curve.GenerateKey(random)
	if err != nil {
		return nil, fmt.Errorf("suci: generate key: %w", err)
	}
	return &PrivateKey{scheme: scheme, id: id, key: private}, nil
}

// Scheme is the protection scheme of the key.
func (k *PrivateKey) Scheme() Scheme { return k.scheme }

// ID is the home network public key identifier, TS 33.501 §6.12.2.
func (k *PrivateKey) ID() uint8 { return k.id }

// Bytes is the secret scalar of 32 octets, for sealed storage only.
func (k *PrivateKey) Bytes() []byte { return k.key.Bytes() }

// Public is the key to provision in USIMs.
func (k *PrivateKey) Public() *PublicKey {
	return &PublicKey{scheme: k.scheme, id: k.id, key: k.key.PublicKey()}
}

const redacted = "redacted"

// Format writes "redacted" whatever the verb.
func (PrivateKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is "redacted".
func (PrivateKey) LogValue() slog.Value { return slog.StringValue(redacted) }

func (s Scheme) curve() (ecdh.Curve, error) {
	switch s {
	case ProfileA:
		return ecdh.X25519(), nil
	case ProfileB:
		return ecdh.P256(), nil
	}
	return nil, fmt.Errorf("%w: %v has no key", ErrScheme, s)
}

func parsePublic(scheme Scheme, key []byte) (*ecdh.PublicKey, error) {
	curve, err := scheme.curve()
	if err != nil {
		return nil, err
	}
	if scheme == ProfileB && len(key) == ProfileB.ephemeralLen() {
		x, y := elliptic.UnmarshalCompressed(elliptic.P256(), key)
		if x == nil {
			return nil, fmt.Errorf("%w: compressed point not on P-256", ErrKey)
		}
		var point [65]byte
		point[0] = 4
		x.FillBytes(point[1:33])
		y.FillBytes(point[33:])
		key = point[:]
	}
	public, err := curve.NewPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("%w: public key", ErrKey)
	}
	return public, nil
}

// encodePublic compresses a point of P-256 by the parity of its y, SEC 1 as profiled by TS 33.501 §C.3.4.
func encodePublic(scheme Scheme, key *ecdh.PublicKey) []byte {
	b := key.Bytes()
	if scheme != ProfileB {
		return b
	}
	b[0] = 2 | b[64]&1
	return b[:33]
}
