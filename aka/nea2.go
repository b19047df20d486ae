package aka

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

// aesHead is COUNT || BEARER || DIRECTION || 0, the first 64 bits of the counter block of 128-NEA2 and of the message
// of 128-NIA2, TS 33.401 §B.1.3 and §B.2.3.
func aesHead(count uint32, bearer, direction uint8) uint64 {
	return uint64(count)<<32 | uint64(bearer&31)<<27 | uint64(direction&1)<<26
}

// schedule128 is the key schedule of AES-128, which cannot fail for a key of 16 octets.
func schedule128(key *[16]byte) cipher.Block {
	b, err := aes.NewCipher(key[:])
	if err != nil {
		panic("aka: " + err.Error())
	}
	return b
}

// nea2 is 128-NEA2, TS 33.501 §D.2.1.3: AES-128 in counter mode.
func nea2(key *[16]byte, count uint32, bearer, direction uint8, data []byte) {
	var counter [16]byte
	binary.BigEndian.PutUint64(counter[:], aesHead(count, bearer, direction))
	cipher.NewCTR(schedule128(key), counter[:]).XORKeyStream(data, data)
}

// nia2 is 128-NIA2, TS 33.501 §D.3.1.3: AES-128 in CMAC mode over the 64 bits of head and the data.
func nia2(key *[16]byte, count uint32, bearer, direction uint8, data []byte) [4]byte {
	block := schedule128(key)
	m := cmac{block: block}
	var head [16]byte
	binary.BigEndian.PutUint64(head[:], aesHead(count, bearer, direction))
	n := copy(head[8:], data)
	m.write(head[:8+n], len(data) == n)
	for data = data[n:]; len(data) > 0; data = data[n:] {
		n = min(len(data), aes.BlockSize)
		m.write(data[:n], len(data) == n)
	}
	return [4]byte(m.x[:4])
}

// cmac is AES-CMAC, RFC 4493 §2.4.
type cmac struct {
	block cipher.Block
	x     [16]byte
}

// write takes in one block. The last one, and no other, may be short.
func (m *cmac) write(b []byte, last bool) {
	if last {
		k := m.subkey(len(b) == aes.BlockSize)
		binary.BigEndian.PutUint64(m.x[:8], binary.BigEndian.Uint64(m.x[:8])^k[0])
		binary.BigEndian.PutUint64(m.x[8:], binary.BigEndian.Uint64(m.x[8:])^k[1])
	}
	for i, v := range b {
		m.x[i] ^= v
	}
	if len(b) < aes.BlockSize {
		m.x[len(b)] ^= 0x80
	}
	m.block.Encrypt(m.x[:], m.x[:])
}

// subkey is K1 for a whole last block and K2 for a short one, RFC 4493 §2.3.
func (m *cmac) subkey(whole bool) [2]uint64 {
	l := new([16]byte)
	m.block.Encrypt(l[:], l[:])
	k := double([2]uint64{binary.BigEndian.Uint64(l[:8]), binary.BigEndian.Uint64(l[8:])})
	if !whole {
		k = double(k)
	}
	return k
}

// double multiplies by x in GF(2^128), RFC 4493 §2.3, without a branch on the key.
func double(v [2]uint64) [2]uint64 {
	return [2]uint64{v[0]<<1 | v[1]>>63, v[1]<<1 ^ v[0]>>63*0x87}
}
