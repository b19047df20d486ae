package amf

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"

	"github.com/limpid-5g/limpid/wire/ngap"
)

// ngapIDs allots AMF UE NGAP IDs, TS 38.413 §9.3.3.1: each once, and in an order that nobody can guess, so that a gNB
// cannot name the UEs of another. It is a counter behind a permutation of 40 bits, made of four rounds under a key that
// only this process knows.
type ngapIDs struct {
	next  atomic.Uint64
	block cipher.Block // nil: as counted
}

// conceal takes a new key into use.
func (n *ngapIDs) conceal() {
	var key [16]byte
	_, _ = rand.Read(key[:])           // never fails, crypto/rand
	n.block, _ = aes.NewCipher(key[:]) // the length is right
}

func (n *ngapIDs) allot() ngap.AMFUENGAPID {
	id := n.next.Add(1)
	if n.block == nil {
		return ngap.AMFUENGAPID(id)
	}
	const half, mask, rounds = 20, 1<<20 - 1, 4
	left, right := uint32(id>>half&mask), uint32(id&mask)
	for round := range rounds {
		var b [aes.BlockSize]byte
		b[0] = byte(round)
		binary.BigEndian.PutUint32(b[4:], right)
		n.block.Encrypt(b[:], b[:])
		left, right = right, left^binary.BigEndian.Uint32(b[:])&mask
	}
	return ngap.AMFUENGAPID(uint64(left)<<half | uint64(right))
}
