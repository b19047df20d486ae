package tuak

import (
	"encoding/binary"
	"fmt"

	"github.com/limpid-5g/limpid/aka"
)

// state is the 1600 bits of IN and OUT as lanes of 64 bits. The standard stores every value with its last octet first,
// which in lanes is: big-endian words, the last word in the first lane, TS 35.231 §6.
type state [25]uint64

// algoName is ALGONAME "TUAK1.0" above a free octet for INSTANCE, TS 35.231 §5.2.
const algoName = uint64('T')<<56 | 'U'<<48 | 'A'<<40 | 'K'<<32 | '1'<<24 | '.'<<16 | '0'<<8

// load sets TOP or TOPc, ALGONAME, the key with its length in INSTANCE, and the padding, TS 35.231 §6.1.
func (s *state) load(top *[32]byte, key []byte) error {
	if len(key) != 16 && len(key) != 32 {
		return fmt.Errorf("%w: key of %d octets", ErrParameter, len(key))
	}
	s.set(0, top[:])
	s[4] = algoName | uint64(len(key)>>5)
	s.set(8, key)
	s[12] = 0x1f
	s[16] = 1 << 63
	return nil
}

// challenge sets RAND and adds to INSTANCE.
func (s *state) challenge(instance byte, rand *aka.RAND) {
	s[4] |= uint64(instance)
	s.set(5, rand[:])
}

// set stores a whole number of words from lane on.
func (s *state) set(lane int, value []byte) {
	for n := len(value); n > 0; n -= 8 {
		s[lane] = binary.BigEndian.Uint64(value[n-8:])
		lane++
	}
}

// append reads the n octets that start at lane, and appends them to dst in their own order.
func (s *state) append(dst []byte, lane, n int) []byte {
	if part := n % 8; part != 0 {
		word := s[lane+n/8]
		for i := part - 1; i >= 0; i-- {
			dst = append(dst, byte(word>>(8*i)))
		}
	}
	for i := n/8 - 1; i >= 0; i-- {
		dst = binary.BigEndian.AppendUint64(dst, s[lane+i])
	}
	return dst
}

func (s *state) permute(iterations int) {
	for range iterations {
		keccakF((*[25]uint64)(s))
	}
}
