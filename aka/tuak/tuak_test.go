package tuak

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/aka"
)

// testSets are test sets 1 to 6 of TS 35.233 §6.3 to §6.8. The lengths are those of the expected values.
var testSets = []struct {
	k, rand, sqn, amf, top                   string
	iterations                               int
	topc, f1, f1Star, f2, f3, f4, f5, f5Star string
}{
	{
		"abababababababababababababababab",
		"42424242424242424242424242424242", "111111111111", "ffff",
		"5555555555555555555555555555555555555555555555555555555555555555", 1,
		"bd04d9530e87513c5d837ac2ad954623a8e2330c115305a73eb45d1f40cccbff",
		"f9a54e6aeaa8618d",
		"e94b4dc6c7297df3",
		"657acd64",
		"d71a1e5c6caffe986a26f783e5c78be1",
		"be849fa2564f869aecee6f62d4337e72",
		"719f1e9b9054", "e7af6b3d0e38",
	},
	{
		"fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0",
		"0123456789abcdef0123456789abcdef", "0123456789ab", "abcd",
		"808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", 1,
		"305425427e18c503c8a4b294ea72c95d0c36c6c6b29d0c65de5974d5977f8524",
		"c0b8c2d4148ec7aa5f1d78a97e4d1d58",
		"ef81af7290f7842c6ceafa537fa0745b",
		"e9d749dc4eea0035",
		"a4cb6f6529ab17f8337f27baa8234d47",
		"2274155ccf4199d5e2abcbf621907f90",
		"480a9345cc1e", "f84eb338848c",
	},
	{
		"fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0",
		"0123456789abcdef0123456789abcdef", "0123456789ab", "abcd",
		"808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", 1,
		"305425427e18c503c8a4b294ea72c95d0c36c6c6b29d0c65de5974d5977f8524",
		"d97b75a1776065271b1e212bc3b1bf173f438b21e6c64a55a96c372e085e5cc5",
		"427bbf07c6e3a86c54f8c5216499f3909a6fd4a164c9fe235b1550258111b821",
		"07021c73e7635c7d",
		"4d59ac796834eb85d11fa148a5058c3c",
		"126d47500136fdc5ddfd14f19ebf16749ce4b6435323fbb5715a3a796a6082bd",
		"1d6622c4e59a", "f84eb338848c",
	},
	{
		"b8da837a50652d6ac7c97da14f6acc61",
		"6887e55425a966bd86c9661a5fa72be8", "0dea2ee2c5af", "df1e",
		"0952be13556c32ebc58195d9dd930493e12a9003669988ffde5fa1f0fe35cc01", 1,
		"2bc16eb657a68e1f446f08f57c0efb1d493527a2e652ce281eb6ca0e4487760a",
		"749214087958dd8f58bfcdf869d8ae3f",
		"619e865afe80e382aee13063f9dfb56d",
		"4041ce438e3e38e8aa96562eed83ac43",
		"3e3bc01bea0cd914c4c2c83ce2d92757",
		"666a8e6f577b1aa77b7fd53cebb8a3d6",
		"1f880d005119", "45e617d77fe5",
	},
	{
		"1574ca56881d05c189c82880f789c9cd4244955f4426aa2b69c29f15770e5aa5",
		"c570aac68cde651fb1e3088322498bef", "c89bb71f3a41", "297d",
		"e59f6eb10ea406813f4991b0b9e02f181edf4c7e17b480f66d34da35ee88c95e", 1,
		"3c6052e41532a28a47aa3cbb89f223e8f3aaa976aecd48bc3e7d6165a55eff62",
		"d7340dad02b4cb01",
		"c6021e2e66accb15",
		"84d89b41db1867ffd4c7ba1d82163f4d526a20fbae5418fbb526940b1eeb905c",
		"d419676afe5ab58c1d8bee0d43523a4d2f52ef0b31a4676a0c334427a988fe65",
		"205533e505661b61d05cc0eac87818f4",
		"d7b3d2d4980a", "ca9655264986",
	},
	{
		"1574ca56881d05c189c82880f789c9cd4244955f4426aa2b69c29f15770e5aa5",
		"c570aac68cde651fb1e3088322498bef", "c89bb71f3a41", "297d",
		"e59f6eb10ea406813f4991b0b9e02f181edf4c7e17b480f66d34da35ee88c95e", 2,
		"b04a66f26c62fcd6c82de22a179ab65506ecf47f56245cd149966cfa9cec7a51",
		"90d2289ed1ca1c3dbc2247bb480d431ac71d2e4a7677f6e997cfddb0cbad88b7",
		"427355dbac30e825063aba61b556e87583abac638e3ab01c4c884ad9d458dc2f",
		"d67e6e64590d22eecba7324afa4af4460c93f01b24506d6e12047d789a94c867",
		"ede57edfc57cdffe1aae75066a1b7479bbc3837438e88d37a801cccc9f972b89",
		"48ed9299126e5057402fe01f9201cf25249f9c5c0ed2afcf084755daff1d3999",
		"6aae8d18c448", "8c5f33b61f4e",
	},
}

func TestFunctions(t *testing.T) {
	for i, v := range testSets {
		t.Run(fmt.Sprintf("set %d", i+1), func(t *testing.T) {
			key, top, rand := unhex(t, v.k), TOP(unhex(t, v.top)), aka.RAND(unhex(t, v.rand))
			sqn, amf := aka.NewSQN([6]byte(unhex(t, v.sqn))), aka.AMF(unhex(t, v.amf))
			topc, err := NewTOPc(key, &top, v.iterations)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "TOPc", topc[:], v.topc)
			f, err := NewFunctions(key, &topc, Parameters{
				MAC: len(v.f1) / 2, RES: len(v.f2) / 2, CK: len(v.f3) / 2, IK: len(v.f4) / 2, Iterations: v.iterations,
			})
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "f1", f.F1(nil, &rand, sqn, amf), v.f1)
			equal(t, "f1*", f.F1Star(nil, &rand, sqn, amf), v.f1Star)
			res, ck, ik, ak := f.F2345(&rand)
			equal(t, "f2", res, v.f2)
			equal(t, "f3", ck, v.f3)
			equal(t, "f4", ik, v.f4)
			equal(t, "f5", ak[:], v.f5)
			akStar := f.F5Star(&rand)
			equal(t, "f5*", akStar[:], v.f5Star)
		})
	}
}

// TestTuak is test set 1 of TS 35.233 §6.3, whose lengths are those of 5GS, through aka.Algorithm.
func TestTuak(t *testing.T) {
	v := testSets[0]
	topc := TOPc(unhex(t, v.topc))
	alg, err := New(unhex(t, v.k), &topc, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	rand := aka.RAND(unhex(t, v.rand))
	sqn, amf := aka.NewSQN([6]byte(unhex(t, v.sqn))), aka.AMF(unhex(t, v.amf))
	macA, macS, r, akStar := alg.F1(&rand, sqn, amf), alg.F1Star(&rand, sqn, amf), alg.F2345(&rand), alg.F5Star(&rand)
	equal(t, "f1", macA[:], v.f1)
	equal(t, "f1*", macS[:], v.f1Star)
	equal(t, "f2", r.RES.Bytes(), v.f2)
	equal(t, "f3", r.CK[:], v.f3)
	equal(t, "f4", r.IK[:], v.f4)
	equal(t, "f5", r.AK[:], v.f5)
	equal(t, "f5*", akStar[:], v.f5Star)
}

// TestKeccak is the test data of TS 35.232 §5.
func TestKeccak(t *testing.T) {
	file, err := os.Open("testdata/keccak.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	count := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		in, out, found := strings.Cut(lines.Text(), " ")
		if !found || in == "#" {
			continue
		}
		var a [25]uint64
		if _, err := binary.Decode(unhex(t, in), binary.LittleEndian, &a); err != nil {
			t.Fatal(err)
		}
		keccakF(&a)
		got, err := binary.Append(nil, binary.LittleEndian, &a)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, in[:16], got, out)
		count++
	}
	if count != 6 {
		t.Errorf("read %d vectors, want 6", count)
	}
}

func TestParameters(t *testing.T) {
	good := Parameters{MAC: 8, RES: 8, CK: 16, IK: 16, Iterations: 1}
	key, topc := make([]byte, 16), new(TOPc)
	if _, err := NewFunctions(key, topc, good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Parameters){
		"MAC":             func(p *Parameters) { p.MAC = 4 },
		"RES":             func(p *Parameters) { p.RES = 5 },
		"CK":              func(p *Parameters) { p.CK = 8 },
		"IK":              func(p *Parameters) { p.IK = 64 },
		"no iterations":   func(p *Parameters) { p.Iterations = 0 },
		"many iterations": func(p *Parameters) { p.Iterations = MaxIterations + 1 },
	} {
		p := good
		change(&p)
		if _, err := NewFunctions(key, topc, p); !errors.Is(err, ErrParameter) {
			t.Errorf("%s: got %v, want ErrParameter", name, err)
		}
	}
	for _, n := range []int{0, 15, 17, 24, 31, 33} {
		if _, err := NewFunctions(make([]byte, n), topc, good); !errors.Is(err, ErrParameter) {
			t.Errorf("key of %d octets: got %v, want ErrParameter", n, err)
		}
		if _, err := NewTOPc(make([]byte, n), new(TOP), 1); !errors.Is(err, ErrParameter) {
			t.Errorf("TOPc with key of %d octets: got %v, want ErrParameter", n, err)
		}
	}
	if _, err := NewTOPc(key, new(TOP), 0); !errors.Is(err, ErrParameter) {
		t.Errorf("TOPc with no iterations: got %v, want ErrParameter", err)
	}
	if _, err := New(key, topc, 32, 1); !errors.Is(err, ErrParameter) {
		t.Errorf("RES of 32 octets in 5GS: got %v, want ErrParameter", err)
	}
}

func TestRedacted(t *testing.T) {
	alg, err := New(make([]byte, 16), new(TOPc), 8, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []any{TOP{0xab}, TOPc{0xab}, alg, *alg, alg.functions, *alg.functions} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%d", "%s"} {
			if got := fmt.Sprintf(verb, secret); got != "redacted" {
				t.Errorf("%T under %s: %s", secret, verb, got)
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

func equal(t *testing.T, name string, got []byte, want string) {
	t.Helper()
	if hex.EncodeToString(got) != want {
		t.Errorf("%s: got %x, want %s", name, got, want)
	}
}

func BenchmarkVector(b *testing.B) {
	alg, err := New(make([]byte, 32), new(TOPc), 8, 1)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		aka.NewVector(alg, aka.RAND{3}, aka.SQN(i), aka.AMF{0x80})
	}
}
