// Package aka_test compares the project's keys and algorithms with other implementations.
package aka_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	other "github.com/wmnsk/milenage"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/aka/milenage"
)

const rounds = 500

func random(r *rand.Rand) (b [16]byte) {
	binary.BigEndian.PutUint64(b[:8], r.Uint64())
	binary.BigEndian.PutUint64(b[8:], r.Uint64())
	return b
}

// TestMilenage: TS 35.206 §4.1, AUTN of TS 33.102 §6.3.2, AUTS of TS 33.102 §6.3.3, RES* of TS 33.501 §A.4.
func TestMilenage(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	network, err := aka.NewServingNetwork("208", "93")
	if err != nil {
		t.Fatal(err)
	}
	for range rounds {
		k, op, challenge := random(r), milenage.OP(random(r)), aka.RAND(random(r))
		sqn, amf := aka.SQN(r.Uint64())&aka.MaxSQN, uint16(r.Uint32())
		amfOctets := aka.AMF(binary.BigEndian.AppendUint16(nil, amf))
		opc := milenage.NewOPc(&k, &op)
		alg := milenage.New(&k, &opc)
		v := aka.NewVector(alg, challenge, sqn, amfOctets)

		theirs := other.New(k[:], op[:], challenge[:], uint64(sqn), amf)
		if err := theirs.ComputeAll(); err != nil {
			t.Fatal(err)
		}
		autn, err := theirs.GenerateAUTN()
		if err != nil {
			t.Fatal(err)
		}
		resStar, err := theirs.ComputeRESStar("208", "93")
		if err != nil {
			t.Fatal(err)
		}
		star := aka.NewRESStar(&v.CK, &v.IK, network, &v.RAND, &v.XRES)
		macS, akStar := alg.F1Star(&challenge, sqn, amfOctets), alg.F5Star(&challenge)
		for name, pair := range map[string][2][]byte{
			"OPc": {opc[:], theirs.OPc}, "AUTN": {v.AUTN[:], autn}, "RES": {v.XRES.Bytes(), theirs.RES},
			"CK": {v.CK[:], theirs.CK}, "IK": {v.IK[:], theirs.IK}, "AK": {v.AK[:], theirs.AK},
			"AK*": {akStar[:], theirs.AKS}, "MAC-A": {v.AUTN[8:], theirs.MACA}, "MAC-S": {macS[:], theirs.MACS},
			"RES*": {star[:], resStar},
		} {
			if !bytes.Equal(pair[0], pair[1]) {
				t.Fatalf("%s: got %x, other %x (K %x OP %x RAND %x SQN %v AMF %04x)",
					name, pair[0], pair[1], k, op, challenge, sqn, amf)
			}
		}
	}
}
