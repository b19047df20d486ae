package milenage

import "encoding/binary"

// block is 128 bits, the most significant half first.
type block struct{ hi, lo uint64 }

func load(b *[16]byte) block {
	return block{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func (x block) store(b *[16]byte) {
	binary.BigEndian.PutUint64(b[:8], x.hi)
	binary.BigEndian.PutUint64(b[8:], x.lo)
}

func (x block) xor(y block) block { return block{x.hi ^ y.hi, x.lo ^ y.lo} }

// rotate32 rotates towards the most significant bit by 32 bits, as r3 of TS 35.206 §4.1.
func (x block) rotate32() block {
	return block{x.hi<<32 | x.lo>>32, x.lo<<32 | x.hi>>32}
}

// rotate64 rotates by 64 bits, as r1 and r4 of TS 35.206 §4.1.
func (x block) rotate64() block { return block{x.lo, x.hi} }
