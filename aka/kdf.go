package aka

import (
	"crypto/sha256"
	"encoding/binary"
)

// maxInput bounds the string S of one derivation, TS 33.220 §B.2. Longer inputs are hashed from the heap.
const maxInput = 256

// kdf is the generic key derivation function HMAC-SHA-256(key, FC || P0 || L0 || P1 || L1 ...), TS 33.220 §B.2.
// It is written on sha256.Sum256, which keeps everything on the stack. key has at most 64 octets, each parameter
// at most 65535: callers see to that.
func kdf(key []byte, fc byte, params ...[]byte) [32]byte {
	var room [sha256.BlockSize + maxInput]byte
	in := append(pad(room[:0], key, 0x36), fc)
	for _, p := range params {
		in = append(in, p...)
		in = binary.BigEndian.AppendUint16(in, uint16(len(p)))
	}
	return outer(key, in)
}

// hmac256 is HMAC-SHA-256 of the concatenated parts, RFC 2104 §2. key has at most 64 octets.
func hmac256(key []byte, parts ...[]byte) [32]byte {
	var room [sha256.BlockSize + maxInput]byte
	in := pad(room[:0], key, 0x36)
	for _, p := range parts {
		in = append(in, p...)
	}
	return outer(key, in)
}

// pad appends the key block of HMAC xored with the constant x, RFC 2104 §2.
func pad(dst, key []byte, x byte) []byte {
	for _, b := range key {
		dst = append(dst, b^x)
	}
	for i := len(key); i < sha256.BlockSize; i++ {
		dst = append(dst, x)
	}
	return dst
}

func sha256Sum(in *[32]byte) [32]byte { return sha256.Sum256(in[:]) }

func outer(key, inner []byte) [32]byte {
	sum := sha256.Sum256(inner)
	var room [sha256.BlockSize + sha256.Size]byte
	return sha256.Sum256(append(pad(room[:0], key, 0x5c), sum[:]...))
}
