package suci

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const (
	privateA = "c53c22208b61860b06c62e5406a7b330c2b577aa5558981510d128247d38bd1d"
	publicA  = "5a8d38864820197c3394b92613b20b91633cbd897119273bf8e4a6f4eec0a650"
	privateB = "f1ab1074477ebcc7f554ea1c5fc368b1616730155e0041ac447d6301975fecda"
	publicB  = "0272da71976234ce833a6907425867b82e074d44ef907dfb4b3e21c1c2256ebcd1"
	publicB0 = "0472da71976234ce833a6907425867b82e074d44ef907dfb4b3e21c1c2256ebcd1" +
		"5a7ded52fcbb097a4ed250e036c7b9c8c7004c4eedc4f068cd7bf8d3f900e3b4"
	username = "766572796c6f6e67757365726e616d6531"
)

// testData is TS 33.501 §C.4.3 and §C.4.4.
var testData = []struct {
	clause                      string
	scheme                      Scheme
	private, public             string
	ephemeral, shared           string
	encKey, macKey, input, text string
	output                      string
}{
	{
		"TS 33.501 §C.4.3.1", ProfileA, privateA, publicA,
		"c80949f13ebe61af4ebdbd293ea4f942696b9e815d7e8f0096bbf6ed7de62256",
		"028ddf890ec83cdf163947ce45f6ec1a0e3070ea5fe57e2b1f05139f3e82422a",
		"2ba342cabd2b3b1e5e4e890da11b65f6", "d9846966fb7cf5fcf11266c5957dea60b83fff2b7c940690a4bfe57b1eb52bd2",
		"00012080f6", "cb02352410",
		"b2e92f836055a255837debf850b528997ce0201cb82adfe4be1f587d07d8457dcb02352410cddd9e730ef3fa87",
	},
	{
		"TS 33.501 §C.4.3.2", ProfileA, privateA, publicA,
		"be9eff3e9f22a4b42a3d236e7a6c500b3f2e7e0c7449988ba800d664bf4fcd97",
		"511c1df473bb88317f923501f8ba944fd3b667d25699dcb552dbcef60bbdc56d",
		"fe77b87d87f40428edd71bca69d79059", "d87b69f4fe8cd6b211264ea5e69f682f151a82252684cdb15a047e6ef0595028",
		username, "8e358a1582adb15322c10e515141d2039a",
		"977d8b2fdaa7b64aa700d04227d5b440630ea4ec50f9082273a26bb678c92222" +
			"8e358a1582adb15322c10e515141d2039a12e1d7783a97f1ac",
	},
	{
		"TS 33.501 §C.4.4.1", ProfileB, privateB, publicB,
		"99798858a1dc6a2c68637149a4b1dbfd1fdff5addd62a2142f06699ed7602529",
		"6c7e6518980025b982fbb2ff746e3c2e85a196d252099a7ad23ea7b4c0959cae",
		"8a65c3aed80295c12bd55087e965702a", "a5ebac0bc48d9cf7ae5ce39cd840ac6c761aec04078fab954d634f923e901c64",
		"00012080f6", "46a33fc271",
		"039aab8376597021e855679a9778ea0b67396e68c66df32c0f41e9acca2da9b9d146a33fc2716ac7dae96aa30a4d",
	},
	{
		"TS 33.501 §C.4.4.2", ProfileB, privateB, publicB0,
		"90a5898bd29ffa3f261e00e980067c70a2b1b992a21f5b4fef6d4df69fe804ad",
		"bc3529ed79541cf8c007ce9806330f4a5ff15064d7cf4b16943ef8f007597872",
		"84f9a78995d39e6968047547ecc12c4f", "39d5517e965f8e1252b61345ed45226c5f1a8c69f03d6c91437591f0b8e48fa0",
		username, "be22d8b9f856a52ed381cd7eaf4cf2d525",
		"03759bb22c563d9f4a6b3c1419e543fc2f39d6823f02a9d71162b39399218b244b" +
			"be22d8b9f856a52ed381cd7eaf4cf2d5253cddc61a0a7882eb",
	},
}

func TestTestData(t *testing.T) {
	for _, v := range testData {
		t.Run(v.clause, func(t *testing.T) {
			private, err := NewPrivateKey(v.scheme, 27, unhex(t, v.private))
			if err != nil {
				t.Fatal(err)
			}
			public, err := NewPublicKey(v.scheme, 27, unhex(t, v.public))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(private.Public().Bytes(), public.Bytes()) {
				t.Errorf("public key of the private key: %x", private.Public().Bytes())
			}
			ephemeral, err := NewPrivateKey(v.scheme, 27, unhex(t, v.ephemeral))
			if err != nil {
				t.Fatal(err)
			}
			shared, err := ephemeral.key.ECDH(public.key)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "shared secret", shared, v.shared)
			keys := derive(shared, unhex(t, v.output)[:v.scheme.ephemeralLen()])
			equal(t, "encryption key", keys.encKey(), v.encKey)
			equal(t, "MAC key", keys.macKey(), v.macKey)

			output, err := public.concealWith(ephemeral, unhex(t, v.input))
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "scheme output", output, v.output)
			input, err := private.Deconceal(unhex(t, v.output))
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "scheme input", input, v.input)
		})
	}
}

// TestForgery: every truncation and every wrong bit of a scheme output is refused, TS 33.501 §C.3.3.
func TestForgery(t *testing.T) {
	for _, v := range testData {
		private, err := NewPrivateKey(v.scheme, 1, unhex(t, v.private))
		if err != nil {
			t.Fatal(err)
		}
		output := unhex(t, v.output)
		for n := range output {
			if _, err := private.Deconceal(output[:n]); !errors.Is(err, ErrLength) && !errors.Is(err, ErrMAC) {
				t.Errorf("%s, cut to %d octets: %v", v.clause, n, err)
			}
		}
		for bit := range 8 * len(output) {
			forged := bytes.Clone(output)
			forged[bit/8] ^= 1 << (bit % 8)
			_, err := private.Deconceal(forged)
			// X25519 ignores the top bit of a public key, but the key derivation does not.
			if !errors.Is(err, ErrMAC) && !errors.Is(err, ErrKey) {
				t.Errorf("%s, bit %d wrong: %v", v.clause, bit, err)
			}
		}
	}
}

// TestConceal: fresh ephemeral keys give different outputs, which all reveal the same input.
func TestConceal(t *testing.T) {
	for _, scheme := range []Scheme{ProfileA, ProfileB} {
		private, err := GeneratePrivateKey(rand.Reader, scheme, 3)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := NewPrivateKey(scheme, 3, private.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		var last []byte
		for n := 1; n <= MaxInput; n += 63 {
			want := bytes.Repeat([]byte{7}, n)
			output, err := private.Public().Conceal(rand.Reader, want)
			if err != nil {
				t.Fatal(err)
			}
			if len(output) != scheme.ephemeralLen()+n+macLen || bytes.Equal(output, last) {
				t.Errorf("%v: output %x", scheme, output)
			}
			last = output
			if got, err := stored.Deconceal(output); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%v, %d octets: got %x, %v", scheme, n, got, err)
			}
		}
		for _, n := range []int{0, MaxInput + 1} {
			if _, err := private.Public().Conceal(rand.Reader, make([]byte, n)); !errors.Is(err, ErrLength) {
				t.Errorf("%v, input of %d octets: %v", scheme, n, err)
			}
		}
	}
}

// TestKeys: TS 33.501 §C.3.4.
func TestKeys(t *testing.T) {
	for name, v := range map[string]struct {
		scheme Scheme
		key    string
		want   error
	}{
		"A short":              {ProfileA, publicA[2:], ErrKey},
		"B not on the curve":   {ProfileB, publicB0[:128] + "0000", ErrKey},
		"B bad compression":    {ProfileB, "05" + publicB[2:], ErrKey},
		"B x out of the field": {ProfileB, "02" + strings.Repeat("ff", 32), ErrKey},
		"B infinity":           {ProfileB, "00", ErrKey},
		"null":                 {Null, publicA, ErrScheme},
		"proprietary":          {12, publicA, ErrScheme},
	} {
		if _, err := NewPublicKey(v.scheme, 0, unhex(t, v.key)); !errors.Is(err, v.want) {
			t.Errorf("%s: got %v, want %v", name, err, v.want)
		}
	}
	if _, err := NewPrivateKey(ProfileB, 0, make([]byte, 32)); !errors.Is(err, ErrKey) {
		t.Errorf("scalar 0 of P-256: %v", err)
	}
	if _, err := NewPrivateKey(ProfileA, 0, make([]byte, 31)); !errors.Is(err, ErrKey) {
		t.Errorf("short X25519 key: %v", err)
	}
	if _, err := NewPrivateKey(Null, 0, make([]byte, 32)); !errors.Is(err, ErrScheme) {
		t.Errorf("null scheme: %v", err)
	}
	private, err := NewPrivateKey(ProfileA, 0, unhex(t, privateA))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := private.Deconceal(make([]byte, 45)); !errors.Is(err, ErrKey) {
		t.Errorf("X25519 point of low order: %v", err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("test", "key", private)
	if s := fmt.Sprintf("%v %+v %x", private, *private, private); strings.Contains(s+log.String(), "c5") ||
		!strings.Contains(log.String(), "key=redacted") {
		t.Errorf("private key shows: %s, %s", s, log.String())
	}
}

func TestKeyRing(t *testing.T) {
	a, err := NewPrivateKey(ProfileA, 1, unhex(t, privateA))
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewPrivateKey(ProfileB, 1, unhex(t, privateB))
	if err != nil {
		t.Fatal(err)
	}
	ring, err := NewKeyRing(a, b)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range testData {
		input, err := ring.Deconceal(v.scheme, 1, unhex(t, v.output))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, v.clause, input, v.input)
	}
	// TS 33.501 §C.4.2.1
	if input, err := ring.Deconceal(Null, 0, unhex(t, "00012080f6")); err != nil {
		t.Error(err)
	} else {
		equal(t, "null-scheme", input, "00012080f6")
	}
	for name, v := range map[string]struct {
		scheme Scheme
		id     uint8
		output string
		want   error
	}{
		"wrong identifier":  {ProfileA, 2, testData[0].output, ErrUnknownKey},
		"reserved scheme":   {3, 1, testData[0].output, ErrScheme},
		"empty null output": {Null, 0, "", ErrLength},
		"long null output":  {Null, 0, strings.Repeat("00", MaxInput+1), ErrLength},
		"A under B":         {ProfileB, 1, testData[0].output, ErrKey},
	} {
		if _, err := ring.Deconceal(v.scheme, v.id, unhex(t, v.output)); !errors.Is(err, v.want) {
			t.Errorf("%s: got %v, want %v", name, err, v.want)
		}
	}
	if _, err := NewKeyRing(a, a); err == nil {
		t.Error("two keys of one name accepted")
	}
	if _, err := new(KeyRing).Deconceal(ProfileA, 1, nil); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("empty ring: %v", err)
	}
}

// TestMSIN: TS 33.501 §C.4.2.1 and TS 24.501 §9.11.3.4.
func TestMSIN(t *testing.T) {
	for msin, want := range map[string]string{
		"001002086": "00012080f6", "0000000001": "0000000010", "1": "f1", "12": "21", "9876543210": "8967452301",
	} {
		packed, err := PackMSIN(msin)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, msin, packed, want)
		if got, err := UnpackMSIN(packed); err != nil || got != msin {
			t.Errorf("%s: unpacked %q, %v", msin, got, err)
		}
	}
	for _, msin := range []string{"", "12345678901", "12a", "1 2", "１"} {
		if _, err := PackMSIN(msin); !errors.Is(err, ErrMSIN) {
			t.Errorf("pack %q: %v", msin, err)
		}
	}
	for _, packed := range []string{"", "000000000000", "f100", "1f", "ff", "a1", "1a", "21ff"} {
		if got, err := UnpackMSIN(unhex(t, packed)); !errors.Is(err, ErrMSIN) {
			t.Errorf("unpack %s: %q, %v", packed, got, err)
		}
	}
}

// TestUsername: TS 33.501 §C.4.2.2.
func TestUsername(t *testing.T) {
	user, realm, err := Username("verylongusername1@3gpp.com")
	if err != nil || realm != "3gpp.com" {
		t.Errorf("got %q, %q, %v", user, realm, err)
	}
	equal(t, "user name", []byte(user), username)
	for _, nai := range []string{"", "@", "user", "user@", "@realm", strings.Repeat("x", 253) + "@r"} {
		if _, _, err := Username(nai); !errors.Is(err, ErrNAI) {
			t.Errorf("%q: %v", nai, err)
		}
	}
}

// FuzzDeconceal: whatever a UE sends, the SIDF answers with an error or with an input in bounds, and an MSIN that it
// reads packs to the same octets.
func FuzzDeconceal(f *testing.F) {
	ring := fuzzRing(f)
	for _, v := range testData {
		f.Add(uint8(v.scheme), uint8(1), unhex(f, v.output))
	}
	f.Add(uint8(Null), uint8(0), unhex(f, "00012080f6"))
	f.Fuzz(func(t *testing.T, scheme, id uint8, output []byte) {
		input, err := ring.Deconceal(Scheme(scheme), id, output)
		if err != nil {
			return
		}
		if len(input) == 0 || len(input) > MaxInput {
			t.Fatalf("input of %d octets", len(input))
		}
		if msin, err := UnpackMSIN(input); err == nil {
			packed, err := PackMSIN(msin)
			if err != nil || !bytes.Equal(packed, input) {
				t.Fatalf("MSIN %q packs to %x, %v; was %x", msin, packed, err, input)
			}
		}
	})
}

func fuzzRing(t testing.TB) *KeyRing {
	t.Helper()
	a, errA := NewPrivateKey(ProfileA, 1, unhex(t, privateA))
	b, errB := NewPrivateKey(ProfileB, 1, unhex(t, privateB))
	ring, err := NewKeyRing(a, b)
	if err := errors.Join(errA, errB, err); err != nil {
		t.Fatal(err)
	}
	return ring
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func equal(t *testing.T, name string, got []byte, want string) {
	t.Helper()
	if hex.EncodeToString(got) != want {
		t.Errorf("%s: got %x, want %s", name, got, want)
	}
}

func BenchmarkDeconceal(b *testing.B) {
	ring := fuzzRing(b)
	for _, v := range testData {
		if v.input == username {
			continue
		}
		output := unhex(b, v.output)
		b.Run(v.scheme.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ring.Deconceal(v.scheme, 1, output); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
