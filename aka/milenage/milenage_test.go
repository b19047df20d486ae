package milenage_test

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/aka/milenage"
)

// testSet is one line of testdata/milenage.txt.
type testSet struct {
	k, rand, sqn, amf, op, opc         string
	f1, f1Star, f2, f3, f4, f5, f5Star string
}

func testSets(t *testing.T) []testSet {
	t.Helper()
	file, err := os.Open("testdata/milenage.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var sets []testSet
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		var s testSet
		if _, err := fmt.Sscan(lines.Text(), &s.k, &s.rand, &s.sqn, &s.amf, &s.op, &s.opc,
			&s.f1, &s.f1Star, &s.f2, &s.f3, &s.f4, &s.f5, &s.f5Star); err != nil {
			t.Fatal(err)
		}
		sets = append(sets, s)
	}
	if len(sets) != 20 {
		t.Fatalf("read %d test sets, want 20", len(sets))
	}
	return sets
}

// TestMilenage is test sets 1 to 20 of TS 35.208 §4.3.
func TestMilenage(t *testing.T) {
	for i, v := range testSets(t) {
		t.Run(fmt.Sprintf("set %d", i+1), func(t *testing.T) {
			k, op, rand := [16]byte(unhex(t, v.k)), milenage.OP(unhex(t, v.op)), aka.RAND(unhex(t, v.rand))
			sqn, amf := aka.NewSQN([6]byte(unhex(t, v.sqn))), aka.AMF(unhex(t, v.amf))
			opc := milenage.NewOPc(&k, &op)
			equal(t, "OPc", opc[:], v.opc)
			m := milenage.New(&k, &opc)
			macA, macS := m.F1(&rand, sqn, amf), m.F1Star(&rand, sqn, amf)
			equal(t, "f1", macA[:], v.f1)
			equal(t, "f1*", macS[:], v.f1Star)
			r, akStar := m.F2345(&rand), m.F5Star(&rand)
			equal(t, "f2", r.RES.Bytes(), v.f2)
			equal(t, "f3", r.CK[:], v.f3)
			equal(t, "f4", r.IK[:], v.f4)
			equal(t, "f5", r.AK[:], v.f5)
			equal(t, "f5*", akStar[:], v.f5Star)
		})
	}
}

// TestVectorRFC9048 is the authentication vector of RFC 9048 §D, case 1: test set 19 of TS 35.208 §4.3.
func TestVectorRFC9048(t *testing.T) {
	k := [16]byte(unhex(t, "5122250214c33e723a5dd523fc145fc0"))
	op := milenage.OP(unhex(t, "c9e8763286b5b9ffbdf56e1297d0887b"))
	opc := milenage.NewOPc(&k, &op)
	rand := aka.RAND(unhex(t, "81e92b6c0ee0e12ebceba8d92a99dfa5"))
	sqn, amf := aka.NewSQN([6]byte(unhex(t, "16f3b3f70fc2"))), aka.AMF(unhex(t, "c3ab"))
	v := aka.NewVector(milenage.New(&k, &opc), rand, sqn, amf)
	equal(t, "AUTN", v.AUTN[:], "bb52e91c747ac3ab2a5c23d15ee351d5")
	equal(t, "XRES", v.XRES.Bytes(), "28d7b0f2a2ec3de5")
	equal(t, "CK", v.CK[:], "5349fbe098649f948f5d2e973a81c00f")
	equal(t, "IK", v.IK[:], "9744871ad32bf9bbd1dd5ce54e3e2e5a")
}

func TestRedacted(t *testing.T) {
	k, opc := [16]byte{0xab}, milenage.OPc{0xab}
	for _, secret := range []any{milenage.OP{0xab}, opc, &opc, milenage.New(&k, &opc), *milenage.New(&k, &opc)} {
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

// BenchmarkVector is f1 to f5 for a subscriber whose key schedule is at hand.
func BenchmarkVector(b *testing.B) {
	m := milenage.New(&[16]byte{1}, &milenage.OPc{2})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		aka.NewVector(m, aka.RAND{3}, aka.SQN(i), aka.AMF{0x80})
	}
}

// BenchmarkNewVector is the same with the key schedule.
func BenchmarkNewVector(b *testing.B) {
	k, opc := [16]byte{1}, milenage.OPc{2}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		aka.NewVector(milenage.New(&k, &opc), aka.RAND{3}, aka.SQN(i), aka.AMF{0x80})
	}
}
