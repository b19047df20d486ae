package aka_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/free5gc/nas/security"

	"github.com/limpid-5g/limpid/aka"
)

// TestNASAlgorithms: 128-NEA1 to 3 and 128-NIA1 to 3, TS 33.501 §D, over every length that a NAS message has.
func TestNASAlgorithms(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for alg := uint8(1); alg <= 3; alg++ {
		cipher, _ := aka.NEA(alg)
		mac, _ := aka.NIA(alg)
		for n := 1; n < 200; n++ {
			key, count := random(r), r.Uint32()
			bearer, direction := uint8(r.UintN(32)), uint8(r.UintN(2))
			message := make([]byte, n)
			for i := range message {
				message[i] = byte(r.Uint32())
			}

			want, err := security.NASMacCalculate(alg, key, count, bearer, direction, bytes.Clone(message))
			if err != nil {
				t.Fatal(err)
			}
			if got := mac(&key, count, bearer, direction, message); !bytes.Equal(got[:], want) {
				t.Errorf("NIA%d, %d octets: got %x, other %x", alg, n, got, want)
			}

			theirs := bytes.Clone(message)
			if err := security.NASEncrypt(alg, key, count, bearer, direction, theirs); err != nil {
				t.Fatal(err)
			}
			cipher(&key, count, bearer, direction, message)
			if !bytes.Equal(message, theirs) {
				t.Errorf("NEA%d, %d octets: got %x, other %x", alg, n, message, theirs)
			}
		}
	}
}
