package aka

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
)

// algorithmVector is one line of testdata/nea.txt, nia.txt or uia2.txt.
type algorithmVector struct {
	alg       uint8
	key       [16]byte
	count     uint32
	bearer    uint32 // or FRESH
	direction uint8
	bits      int
	in, out   []byte
}

func readVectors(t *testing.T, name string) []algorithmVector {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var out []algorithmVector
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		var v algorithmVector
		var key []byte
		if _, err := fmt.Sscanf(lines.Text(), "%d %x %x %x %d %d %x %x",
			&v.alg, &key, &v.count, &v.bearer, &v.direction, &v.bits, &v.in, &v.out); err != nil {
			t.Fatalf("%s: %v: %q", name, err, lines.Text())
		}
		v.key = [16]byte(key)
		out = append(out, v)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatalf("%s: no vectors", name)
	}
	return out
}

// TestNEA is the test data of TS 33.401 §C.1, §C.3 and §C.5. Bits after the last whole octet are masked.
func TestNEA(t *testing.T) {
	for i, v := range readVectors(t, "testdata/nea.txt") {
		cipher, ok := NEA(v.alg)
		if !ok {
			t.Fatalf("NEA%d: not found", v.alg)
		}
		got := bytes.Clone(v.in)
		cipher(&v.key, v.count, uint8(v.bearer), v.direction, got)
		if part := v.bits % 8; part != 0 {
			mask := byte(0xff) << (8 - part)
			got[len(got)-1] &= mask
			v.out[len(got)-1] &= mask
		}
		if !bytes.Equal(got, v.out) {
			t.Errorf("vector %d, NEA%d:\n got %x\nwant %x", i, v.alg, got, v.out)
		}
		cipher(&v.key, v.count, uint8(v.bearer), v.direction, got)
		whole := v.bits / 8
		if !bytes.Equal(got[:whole], v.in[:whole]) {
			t.Errorf("vector %d, NEA%d: deciphering does not give the plaintext", i, v.alg)
		}
	}
}

// TestNIA is the test data of TS 33.401 §C.2, §C.4 and §C.6.
func TestNIA(t *testing.T) {
	for i, v := range readVectors(t, "testdata/nia.txt") {
		mac, ok := NIA(v.alg)
		if !ok {
			t.Fatalf("NIA%d: not found", v.alg)
		}
		got := mac(&v.key, v.count, uint8(v.bearer), v.direction, v.in)
		if v.alg == 3 {
			got = eia3(&v.key, v.count, uint8(v.bearer), v.direction, v.in, v.bits)
		}
		if !bytes.Equal(got[:], v.out) {
			t.Errorf("vector %d, NIA%d: got %x, want %x", i, v.alg, got, v.out)
		}
	}
}

// TestUIA2 is the test data of TS 35.217 §5, where FRESH is free.
func TestUIA2(t *testing.T) {
	for i, v := range readVectors(t, "testdata/uia2.txt") {
		got := uia2(&v.key, v.count, v.bearer, uint32(v.direction), v.in)
		if !bytes.Equal(got[:], v.out) {
			t.Errorf("vector %d: got %x, want %x", i, got, v.out)
		}
	}
}

// TestCMAC is the examples of RFC 4493 §4: also whole and empty last blocks, which the test data of 128-EIA2 lack.
func TestCMAC(t *testing.T) {
	key := [16]byte(unhex(t, "2b7e151628aed2a6abf7158809cf4f3c"))
	message := unhex(t, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"+
		"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
	for n, want := range map[int]string{
		0:  "bb1d6929e95937287fa37d129b756746",
		16: "070a16b46b4d4144f79bdd9dd04a287c",
		40: "dfa66747de9ae63030ca32611497c827",
		64: "51f0bebf7e3b9d92fc49741779363cfe",
	} {
		m := cmac{block: schedule128(&key)}
		rest := message[:n]
		for len(rest) > 16 {
			m.write(rest[:16], false)
			rest = rest[16:]
		}
		m.write(rest, true)
		if got := hex.EncodeToString(m.x[:]); got != want {
			t.Errorf("%d octets: got %s, want %s", n, got, want)
		}
	}
}

// TestNullAlgorithms: TS 33.501 §D.1.
func TestNullAlgorithms(t *testing.T) {
	cipher, _ := NEA(0)
	mac, _ := NIA(0)
	data := []byte{1, 2, 3}
	cipher(new([16]byte), 1, 1, 1, data)
	if !bytes.Equal(data, []byte{1, 2, 3}) {
		t.Errorf("NEA0 changed the data: %x", data)
	}
	if got := mac(new([16]byte), 1, 1, 1, data); got != [4]byte{} {
		t.Errorf("NIA0: got %x, want zeros", got)
	}
}

// TestUnknownAlgorithms: TS 33.501 §5.11.1.
func TestUnknownAlgorithms(t *testing.T) {
	for alg := 4; alg < 256; alg++ {
		if _, ok := NEA(uint8(alg)); ok {
			t.Errorf("NEA%d found", alg)
		}
		if _, ok := NIA(uint8(alg)); ok {
			t.Errorf("NIA%d found", alg)
		}
	}
}

// TestAlgorithmsEveryLength: each length is deciphered by the same call and no input bit is ignored by the MAC.
func TestAlgorithmsEveryLength(t *testing.T) {
	key := [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	for alg := uint8(1); alg <= 3; alg++ {
		cipher, _ := NEA(alg)
		mac, _ := NIA(alg)
		for n := range 140 {
			plain := bytes.Repeat([]byte{0xa5}, n)
			data := bytes.Clone(plain)
			cipher(&key, 7, 1, 0, data)
			if n > 8 && bytes.Equal(data, plain) {
				t.Fatalf("NEA%d, %d octets: nothing ciphered", alg, n)
			}
			cipher(&key, 7, 1, 0, data)
			if !bytes.Equal(data, plain) {
				t.Fatalf("NEA%d, %d octets: no round trip", alg, n)
			}
			want := mac(&key, 7, 1, 0, plain)
			if n > 0 {
				data[n-1] ^= 1
				if mac(&key, 7, 1, 0, data) == want {
					t.Fatalf("NIA%d, %d octets: last bit ignored", alg, n)
				}
			}
			for name, other := range map[string][4]byte{
				"count":     mac(&key, 8, 1, 0, plain),
				"bearer":    mac(&key, 7, 2, 0, plain),
				"direction": mac(&key, 7, 1, 1, plain),
			} {
				if other == want {
					t.Fatalf("NIA%d, %d octets: %s ignored", alg, n, name)
				}
			}
		}
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func BenchmarkNEA(b *testing.B) {
	key := [16]byte{1, 2, 3}
	data := make([]byte, 100)
	for alg := uint8(1); alg <= 3; alg++ {
		cipher, _ := NEA(alg)
		b.Run(fmt.Sprintf("NEA%d/100B", alg), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				cipher(&key, uint32(i), 1, 0, data)
			}
		})
	}
}

func BenchmarkNIA(b *testing.B) {
	key := [16]byte{1, 2, 3}
	data := make([]byte, 100)
	for alg := uint8(1); alg <= 3; alg++ {
		mac, _ := NIA(alg)
		b.Run(fmt.Sprintf("NIA%d/100B", alg), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				mac(&key, uint32(i), 1, 0, data)
			}
		})
	}
}
