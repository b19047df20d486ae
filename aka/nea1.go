package aka

import (
	"encoding/binary"

	"github.com/limpid-5g/limpid/aka/snow3g"
)

// nea1 is 128-NEA1, TS 33.501 §D.2.1.2: UEA2 on SNOW 3G, TS 35.215 §3.
func nea1(key *[16]byte, count uint32, bearer, direction uint8, data []byte) {
	var g snow3g.Generator
	second := uint32(bearer&31)<<27 | uint32(direction&1)<<26
	g.Init(key, [4]uint32{second, count, second, count})
	g.Start()
	var z [16]uint32
	for len(data) > 0 {
		g.Block(&z)
		for _, w := range z {
			if len(data) < 4 {
				xorTail(data, w)
				return
			}
			binary.BigEndian.PutUint32(data, binary.BigEndian.Uint32(data)^w)
			data = data[4:]
		}
	}
}

func xorTail(data []byte, w uint32) {
	for i := range data {
		data[i] ^= byte(w >> 24)
		w <<= 8
	}
}

// nia1 is 128-NIA1, TS 33.501 §D.3.1.2: UIA2 on SNOW 3G with BEARER || 0 in place of FRESH.
func nia1(key *[16]byte, count uint32, bearer, direction uint8, data []byte) [4]byte {
	return uia2(key, count, uint32(bearer&31)<<27, uint32(direction&1), data)
}

// uia2 is UIA2 over whole octets, TS 35.215 §4.
func uia2(key *[16]byte, count, fresh, dir uint32, data []byte) [4]byte {
	var g snow3g.Generator
	g.Init(key, [4]uint32{fresh ^ dir<<15, count ^ dir<<31, fresh, count})
	g.Start()
	var z [16]uint32
	g.Block(&z)
	p := newMultiplier(uint64(z[0])<<32 | uint64(z[1]))
	bits := uint64(len(data)) * 8
	var eval uint64
	for ; len(data) >= 8; data = data[8:] {
		eval = p.times(eval ^ binary.BigEndian.Uint64(data))
	}
	if len(data) > 0 {
		var last [8]byte
		copy(last[:], data)
		eval = p.times(eval ^ binary.BigEndian.Uint64(last[:]))
	}
	q := newMultiplier(uint64(z[2])<<32 | uint64(z[3]))
	eval = q.times(eval ^ bits)
	var mac [4]byte
	binary.BigEndian.PutUint32(mac[:], uint32(eval>>32)^z[4])
	return mac
}

// multiplier multiplies by one element of GF(2^64) modulo x^64+x^4+x^3+x+1, TS 35.215 §4.3: the products with all
// polynomials of degree below 4.
type multiplier [16]uint64

// fold is what four bits shifted out at the top give back: their product with x^4+x^3+x+1.
var fold = [16]uint64{
	0x00, 0x1b, 0x36, 0x2d, 0x6c, 0x77, 0x5a, 0x41, 0xd8, 0xc3, 0xee, 0xf5, 0xb4, 0xaf, 0x82, 0x99,
}

func newMultiplier(v uint64) multiplier {
	var m multiplier
	for i := 1; i < len(m); i <<= 1 {
		for j := range i {
			m[i+j] = m[j] ^ v
		}
		v = v<<1 ^ v>>63*0x1b
	}
	return m
}

func (m *multiplier) times(v uint64) uint64 {
	var out uint64
	for range 16 {
		out = out<<4 ^ fold[out>>60] ^ m[v>>60]
		v <<= 4
	}
	return out
}
