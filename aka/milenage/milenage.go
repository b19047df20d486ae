// Package milenage is the MILENAGE algorithm set, TS 35.206 §4.
package milenage

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"github.com/limpid-5g/limpid/aka"
)

// OP is the operator variant algorithm configuration field, TS 35.206 §2.4. It is secret.
type OP [16]byte

// OPc is OP encrypted under the subscriber's key, TS 35.206 §4.1. It is secret.
type OPc [16]byte

// Milenage is the algorithm set of one subscriber, with the rotations and constants that TS 35.206 §4.1 gives.
// It is safe for concurrent use.
type Milenage struct {
	aes cipher.Block
	opc block
}

var _ aka.Algorithm = (*Milenage)(nil)

// New is the algorithm set of the subscriber with key k and OPc.
func New(k *[16]byte, opc *OPc) *Milenage {
	return &Milenage{aes: schedule(k), opc: load((*[16]byte)(opc))}
}

// NewOPc is OP xor E(K, OP), TS 35.206 §4.1.
func NewOPc(k *[16]byte, op *OP) OPc {
	var out OPc
	schedule(k).Encrypt(out[:], op[:])
	for i := range out {
		out[i] ^= op[i]
	}
	return out
}

// schedule is the AES-128 key schedule of k, which cannot fail for a key of 16 octets.
func schedule(k *[16]byte) cipher.Block {
	b, err := aes.NewCipher(k[:])
	if err != nil {
		panic("milenage: " + err.Error())
	}
	return b
}

// F1 is MAC-A, TS 35.206 §4.1.
func (m *Milenage) F1(rand *aka.RAND, sqn aka.SQN, amf aka.AMF) aka.MAC64 {
	return aka.MAC64(m.out1(rand, sqn, amf)[:8])
}

// F1Star is MAC-S, TS 35.206 §4.1.
func (m *Milenage) F1Star(rand *aka.RAND, sqn aka.SQN, amf aka.AMF) aka.MAC64 {
	return aka.MAC64(m.out1(rand, sqn, amf)[8:])
}

// F2345 is RES of 8 octets, CK, IK and AK, TS 35.206 §4.1.
func (m *Milenage) F2345(rand *aka.RAND) aka.Response {
	var buffer [16]byte
	temp := m.temp(&buffer, rand)

	var r aka.Response
	m.out(&buffer, temp, 1)
	r.RES, _ = aka.NewRES(buffer[8:])
	copy(r.AK[:], buffer[:])
	m.out(&buffer, temp.rotate32(), 2)
	r.CK = buffer
	m.out(&buffer, temp.rotate64(), 4)
	r.IK = buffer
	return r
}

// F5Star is the anonymity key for resynchronisation, TS 35.206 §4.1.
func (m *Milenage) F5Star(rand *aka.RAND) aka.AK {
	var buffer [16]byte
	temp := m.temp(&buffer, rand)
	m.out(&buffer, temp.rotate64().rotate32(), 8)
	return aka.AK(buffer[:6])
}

// temp is TEMP xor OPc where TEMP = E(K, RAND xor OPc), TS 35.206 §4.1. buffer is scratch: there is only one in a
// computation, because what passes through cipher.Block lives on the heap.
func (m *Milenage) temp(buffer *[16]byte, rand *aka.RAND) block {
	load((*[16]byte)(rand)).xor(m.opc).store(buffer)
	m.aes.Encrypt(buffer[:], buffer[:])
	return load(buffer).xor(m.opc)
}

// out leaves E(K, rotated xor c) xor OPc in buffer: OUT2 to OUT5 of TS 35.206 §4.1. Of the constants c only the
// last octet is not zero.
func (m *Milenage) out(buffer *[16]byte, rotated block, c uint64) {
	rotated.lo ^= c
	rotated.store(buffer)
	m.aes.Encrypt(buffer[:], buffer[:])
	load(buffer).xor(m.opc).store(buffer)
}

// out1 is OUT1 = E(K, TEMP xor rot(IN1 xor OPc, 64)) xor OPc, TS 35.206 §4.1, where IN1 is SQN || AMF twice.
func (m *Milenage) out1(rand *aka.RAND, sqn aka.SQN, amf aka.AMF) *[16]byte {
	buffer := new([16]byte)
	half := uint64(sqn)<<16 | uint64(binary.BigEndian.Uint16(amf[:]))
	rotated := block{half, half}.xor(m.opc.rotate64())
	m.temp(buffer, rand).xor(m.opc).xor(rotated).store(buffer)
	m.aes.Encrypt(buffer[:], buffer[:])
	load(buffer).xor(m.opc).store(buffer)
	return buffer
}
