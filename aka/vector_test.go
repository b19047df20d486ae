package aka_test

import (
	"errors"
	"testing"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/aka/milenage"
	"github.com/limpid-5g/limpid/aka/tuak"
)

func algorithms(t testing.TB) map[string]aka.Algorithm {
	t.Helper()
	tuak128, err := tuak.New(make([]byte, 16), &tuak.TOPc{1}, 16, 1)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]aka.Algorithm{
		"milenage": milenage.New(&[16]byte{1, 2}, &milenage.OPc{3, 4}),
		"tuak":     tuak128,
	}
}

// TestAuthentication runs both halves of TS 33.102 §6.3.3 against each other, with a resynchronisation.
func TestAuthentication(t *testing.T) {
	for name, alg := range algorithms(t) {
		t.Run(name, func(t *testing.T) {
			rand, amf := aka.RAND{9, 8, 7}, aka.AMF{0x80, 0}
			v := aka.NewVector(alg, rand, sqnOf(5, 1), amf)
			if v.AUTN.AMF() != amf || !v.AUTN.AMF().SeparationBit() {
				t.Errorf("AMF: got %x", v.AUTN.AMF())
			}
			sqn, r, err := aka.OpenAUTN(alg, &rand, &v.AUTN)
			if err != nil || sqn != sqnOf(5, 1) {
				t.Fatalf("OpenAUTN: got %v, %v", sqn, err)
			}
			if r.RES != v.XRES || r.CK != v.CK || r.IK != v.IK || r.AK != v.AK {
				t.Error("the two halves differ in RES, CK, IK or AK")
			}

			auts := aka.NewAUTS(alg, &rand, sqnOf(1<<40, 7))
			if got, err := aka.OpenAUTS(alg, &rand, &auts); err != nil || got != sqnOf(1<<40, 7) {
				t.Errorf("OpenAUTS: got %v, %v", got, err)
			}
		})
	}
}

// TestForgery: every single wrong bit of AUTN, AUTS or RAND is refused, TS 33.102 §6.3.3 and §6.3.5.
func TestForgery(t *testing.T) {
	for name, alg := range algorithms(t) {
		rand := aka.RAND{9, 8, 7}
		v := aka.NewVector(alg, rand, sqnOf(5, 1), aka.AMF{0x80})
		auts := aka.NewAUTS(alg, &rand, sqnOf(5, 1))
		for bit := range 128 {
			forged := v.AUTN
			forged[bit/8] ^= 1 << (bit % 8)
			if _, _, err := aka.OpenAUTN(alg, &rand, &forged); !errors.Is(err, aka.ErrMAC) {
				t.Errorf("%s, bit %d of AUTN: got %v", name, bit, err)
			}
			other := rand
			other[bit/8] ^= 1 << (bit % 8)
			if _, _, err := aka.OpenAUTN(alg, &other, &v.AUTN); !errors.Is(err, aka.ErrMAC) {
				t.Errorf("%s, bit %d of RAND: got %v", name, bit, err)
			}
			if _, err := aka.OpenAUTS(alg, &other, &auts); !errors.Is(err, aka.ErrMACS) {
				t.Errorf("%s, bit %d of RAND with AUTS: got %v", name, bit, err)
			}
		}
		for bit := range 8 * len(auts) {
			forged := auts
			forged[bit/8] ^= 1 << (bit % 8)
			if _, err := aka.OpenAUTS(alg, &rand, &forged); !errors.Is(err, aka.ErrMACS) {
				t.Errorf("%s, bit %d of AUTS: got %v", name, bit, err)
			}
		}
	}
}

// TestRESLength: TS 33.102 §6.3.7.
func TestRESLength(t *testing.T) {
	for n := range 20 {
		res, ok := aka.NewRES(make([]byte, n))
		if want := n >= 4 && n <= 16; ok != want || (ok && (res.Len() != n || len(res.Bytes()) != n)) {
			t.Errorf("%d octets: got %v, length %d", n, ok, res.Len())
		}
	}
}

// BenchmarkAKAVector is all that the home network computes for one 5G AKA, TS 33.501 §6.1.3.2: vector, XRES*, HXRES*,
// KAUSF and KSEAF, with the subscriber's key schedule.
func BenchmarkAKAVector(b *testing.B) {
	k, opc := [16]byte{1}, milenage.OPc{2}
	network, err := aka.NewServingNetwork("999", "70")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		v := aka.NewVector(milenage.New(&k, &opc), aka.RAND{3}, aka.SQN(i), aka.AMF{0x80})
		star := aka.NewRESStar(&v.CK, &v.IK, network, &v.RAND, &v.XRES)
		aka.NewHRESStar(&v.RAND, &star)
		kausf := aka.NewKAUSF(&v.CK, &v.IK, network, v.AUTN.SQNxorAK())
		kausf.KSEAF(network)
	}
}
