package suci

import "fmt"

// KeyRing holds the private keys of a home network by scheme and identifier, TS 33.501 §5.8.2. It is immutable and
// safe for concurrent use. The zero value knows only the null scheme.
type KeyRing struct {
	keys map[keyName]*PrivateKey
}

type keyName struct {
	scheme Scheme
	id     uint8
}

// NewKeyRing makes a ring of keys. Two keys with the same scheme and identifier are an error.
func NewKeyRing(keys ...*PrivateKey) (*KeyRing, error) {
	ring := &KeyRing{keys: make(map[keyName]*PrivateKey, len(keys))}
	for _, k := range keys {
		name := keyName{k.scheme, k.id}
		if _, taken := ring.keys[name]; taken {
			return nil, fmt.Errorf("suci: two keys for %v, identifier %d", k.scheme, k.id)
		}
		ring.keys[name] = k
	}
	return ring, nil
}

// Deconceal returns the scheme input behind a scheme output, TS 33.501 §6.12.5: packed digits of an MSIN or the user
// name of a NAI. Under the null scheme, which ignores id, it is the output itself. The error is ErrScheme,
// ErrUnknownKey, ErrLength, ErrKey or ErrMAC.
func (r *KeyRing) Deconceal(scheme Scheme, id uint8, output []byte) ([]byte, error) {
	switch scheme {
	case Null:
		if len(output) == 0 || len(output) > MaxInput {
			return nil, fmt.Errorf("%w: output of %d octets", ErrLength, len(output))
		}
		return append([]byte(nil), output...), nil
	case ProfileA, ProfileB:
		k, ok := r.keys[keyName{scheme, id}]
		if !ok {
			return nil, fmt.Errorf("%w: %v, identifier %d", ErrUnknownKey, scheme, id)
		}
		return k.Deconceal(output)
	}
	return nil, fmt.Errorf("%w: %v", ErrScheme, scheme)
}
