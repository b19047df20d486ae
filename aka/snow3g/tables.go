package snow3g

import "math/bits"

// boxes are the tables of TS 35.216 §3: the S-boxes S1 and S2, with their column mixing, by octet of the input, and
// the multiplication and division by alpha.
type boxes struct {
	s1, s2             [4][256]uint32
	mulAlpha, divAlpha [256]uint32
}

var tables = makeTables()

func makeTables() boxes {
	var b boxes
	for i := range 256 {
		c := byte(i)
		fill(&b.s1, c, sr(c), 0x1b)
		fill(&b.s2, c, sq(c), 0x69)
		b.mulAlpha[c] = word(mulxPow(c, 23, 0xa9), mulxPow(c, 245, 0xa9), mulxPow(c, 48, 0xa9), mulxPow(c, 239, 0xa9))
		b.divAlpha[c] = word(mulxPow(c, 16, 0xa9), mulxPow(c, 39, 0xa9), mulxPow(c, 6, 0xa9), mulxPow(c, 64, 0xa9))
	}
	return b
}

// fill sets what input octet c adds to the output in each of the four positions: the column (2, 3, 1, 1) times its
// substitute v, rotated, TS 35.216 §3.3.
func fill(t *[4][256]uint32, c, v, polynomial byte) {
	twice := mulx(v, polynomial)
	column := word(twice, twice^v, v, v)
	for i := range t {
		t[i][c] = bits.RotateLeft32(column, -8*i)
	}
}

// sr is the S-box S_R, which is that of AES, TS 35.216 §5.1: the inverse and an affine map.
func sr(c byte) byte {
	inverse := power(c, 254, 0x1b)
	var out byte
	for _, turn := range [5]int{0, 1, 2, 3, 4} {
		out ^= bits.RotateLeft8(inverse, turn)
	}
	return out ^ 0x63
}

// sq is the S-box S_Q, TS 35.216 §5.2: a Dickson polynomial.
func sq(c byte) byte {
	out := byte(0x25)
	for _, n := range [9]int{1, 9, 13, 15, 33, 41, 45, 47, 49} {
		out ^= power(c, n, 0x69)
	}
	return out
}

// power is c to the n in the field of the polynomial.
func power(c byte, n int, polynomial byte) byte {
	out := byte(1)
	for range n {
		out = mul(out, c, polynomial)
	}
	return out
}

func mul(a, b, polynomial byte) byte {
	var out byte
	for ; b != 0; b >>= 1 {
		if b&1 != 0 {
			out ^= a
		}
		a = mulx(a, polynomial)
	}
	return out
}

// mulx is MULx, TS 35.216 §3.1.1.
func mulx(v, polynomial byte) byte {
	if v&0x80 != 0 {
		return v<<1 ^ polynomial
	}
	return v << 1
}

// mulxPow is MULxPOW, TS 35.216 §3.1.2.
func mulxPow(v byte, n int, polynomial byte) byte {
	for range n {
		v = mulx(v, polynomial)
	}
	return v
}

func word(a, b, c, d byte) uint32 {
	return uint32(a)<<24 | uint32(b)<<16 | uint32(c)<<8 | uint32(d)
}
