package aka_test

import (
	"errors"
	"testing"

	"github.com/limpid-5g/limpid/aka"
)

// TestUSIM runs a home network and a USIM through success, replay, resynchronisation and the two other failures:
// TS 33.102 §6.3.3 and §6.3.5, TS 24.501 §5.4.1.3.7.
func TestUSIM(t *testing.T) {
	for name, alg := range algorithms(t) {
		t.Run(name, func(t *testing.T) {
			usim := aka.USIM{Algorithm: alg}
			var he aka.SQN
			challenge := func(ind uint8, amf aka.AMF) aka.Vector {
				next, err := he.Next(ind)
				if err != nil {
					t.Fatal(err)
				}
				he = next
				return aka.NewVector(alg, aka.RAND{ind, 1}, he, amf)
			}

			v := challenge(0, aka.AMF{0x80})
			if r, err := usim.Authenticate(&v.RAND, &v.AUTN); err != nil || r.RES != v.XRES {
				t.Fatalf("fresh challenge: %v", err)
			}
			var failure *aka.SyncError
			if _, err := usim.Authenticate(&v.RAND, &v.AUTN); !errors.As(err, &failure) || !errors.Is(err, aka.ErrSync) {
				t.Fatalf("replay: %v", err)
			}
			if got, err := aka.OpenAUTS(alg, &v.RAND, &failure.AUTS); err != nil || got != usim.Verifier.Highest() {
				t.Errorf("AUTS of a replay: %v, %v", got, err)
			}

			he = sqnOf(1<<40, 0) // as after a restore from a wrong backup
			v = challenge(1, aka.AMF{0x80})
			if _, err := usim.Authenticate(&v.RAND, &v.AUTN); !errors.As(err, &failure) {
				t.Fatalf("jump: %v", err)
			}
			ms, err := aka.OpenAUTS(alg, &v.RAND, &failure.AUTS)
			if err != nil {
				t.Fatal(err)
			}
			he = he.Resync(ms)
			v = challenge(2, aka.AMF{0x80})
			if _, err := usim.Authenticate(&v.RAND, &v.AUTN); err != nil {
				t.Errorf("after resynchronisation: %v", err)
			}

			before := usim.Verifier.Highest()
			v = challenge(3, aka.AMF{0x7f, 0xff})
			if _, err := usim.Authenticate(&v.RAND, &v.AUTN); !errors.Is(err, aka.ErrSeparationBit) {
				t.Errorf("separation bit 0: %v", err)
			}
			v.AUTN[15] ^= 1
			if _, err := usim.Authenticate(&v.RAND, &v.AUTN); !errors.Is(err, aka.ErrMAC) {
				t.Errorf("wrong MAC: %v", err)
			}
			if usim.Verifier.Highest() != before {
				t.Error("a refused challenge changed the sequence number memory")
			}
		})
	}
}
