// Package snow3g is the stream cipher SNOW 3G, TS 35.216 §4. It works with tables indexed by secret octets, as the
// standard's own description does, so it does not run in constant time.
package snow3g

import "encoding/binary"

// Generator makes the key stream of one key and initialisation vector, TS 35.216 §4.
type Generator struct {
	// lfsr is a window on the shift register: 16 steps write its upper half, which then becomes the lower.
	lfsr       [32]uint32
	r1, r2, r3 uint32
}

// Init runs the initialisation mode, TS 35.216 §4.1. iv is IV0 to IV3.
func (g *Generator) Init(key *[16]byte, iv [4]uint32) {
	k3 := binary.BigEndian.Uint32(key[0:])
	k2 := binary.BigEndian.Uint32(key[4:])
	k1 := binary.BigEndian.Uint32(key[8:])
	k0 := binary.BigEndian.Uint32(key[12:])
	*g = Generator{lfsr: [32]uint32{
		^k0, ^k1, ^k2, ^k3, k0, k1, k2, k3,
		^k0, ^k1 ^ iv[3], ^k2 ^ iv[2], ^k3, k0 ^ iv[1], k1, k2, k3 ^ iv[0],
	}}
	for range 2 {
		g.initialise()
	}
}

// initialise is 16 steps in which the output of the finite state machine goes back into the shift register.
func (g *Generator) initialise() {
	s := &g.lfsr
	r1, r2, r3 := g.r1, g.r2, g.r3
	for t := range 16 {
		f := (s[t+15] + r1) ^ r2
		r := r2 + (r3 ^ s[t+5])
		r1, r2, r3 = r, sub(&tables.s1, r1), sub(&tables.s2, r2)
		s[t+16] = feedback(s[t], s[t+2], s[t+11]) ^ f
	}
	g.r1, g.r2, g.r3 = r1, r2, r3
	copy(s[:16], s[16:])
}

// Start enters the key stream mode: one step whose output is thrown away, TS 35.216 §4.2.
func (g *Generator) Start() {
	s := &g.lfsr
	r := g.r2 + (g.r3 ^ s[5])
	g.r1, g.r2, g.r3 = r, sub(&tables.s1, g.r1), sub(&tables.s2, g.r2)
	next := feedback(s[0], s[2], s[11])
	copy(s[:15], s[1:16])
	s[15] = next
}

// Block makes the next 16 words of key stream, TS 35.216 §4.2.
func (g *Generator) Block(z *[16]uint32) {
	s := &g.lfsr
	r1, r2, r3 := g.r1, g.r2, g.r3
	for t := range 16 {
		z[t] = (s[t+15] + r1) ^ r2 ^ s[t]
		r := r2 + (r3 ^ s[t+5])
		r1, r2, r3 = r, sub(&tables.s1, r1), sub(&tables.s2, r2)
		s[t+16] = feedback(s[t], s[t+2], s[t+11])
	}
	g.r1, g.r2, g.r3 = r1, r2, r3
	copy(s[:16], s[16:])
}

// feedback is the shift register's next word, TS 35.216 §3.4.5.
func feedback(s0, s2, s11 uint32) uint32 {
	return s0<<8 ^ tables.mulAlpha[s0>>24] ^ s2 ^ s11>>8 ^ tables.divAlpha[s11&0xff]
}

// sub is one of the 32x32-bit S-boxes, TS 35.216 §3.3.
func sub(t *[4][256]uint32, w uint32) uint32 {
	return t[0][w>>24] ^ t[1][w>>16&0xff] ^ t[2][w>>8&0xff] ^ t[3][w&0xff]
}
