package aka_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/aka"
)

// TestDerivations spells out the string S of each clause, as TS 33.220 §B.2.0 orders it, and the part of the output
// that the clause takes.
func TestDerivations(t *testing.T) {
	kamf, kan, nh, kausf, kasme := aka.KAMF{1}, aka.KAN{2}, aka.NH{3}, aka.KAUSF{4}, aka.KASME{5}
	whole, low := [2]int{0, 32}, [2]int{16, 32}
	nhHex, kanHex := hex.EncodeToString(nh[:]), hex.EncodeToString(kan[:])
	for clause, v := range map[string]struct {
		key  [32]byte
		s    string
		part [2]int
		got  []byte
	}{
		"TS 33.501 §A.8 NAS":       {kamf, "69 01 0001 02 0001", low, algorithmKey(kamf.AlgorithmKey(aka.NASEncryption, 2))},
		"TS 33.501 §A.8 RRC":       {kan, "69 04 0001 03 0001", low, algorithmKey(kan.AlgorithmKey(aka.RRCIntegrity, 3))},
		"TS 33.501 §A.8 UP":        {kan, "69 05 0001 01 0001", low, algorithmKey(kan.AlgorithmKey(aka.UPEncryption, 1))},
		"TS 33.501 §A.9":           {kamf, "6e 00010203 0004 02 0001", whole, an(kamf.KAN(0x10203, aka.AccessNon3GPP))},
		"TS 33.501 §A.10 first":    {kamf, "6f" + kanHex + "0020", whole, next(kamf.FirstNH(&kan))},
		"TS 33.501 §A.10 next":     {kamf, "6f" + nhHex + "0020", whole, next(kamf.NextNH(&nh))},
		"TS 33.501 §A.11 KgNB":     {kan, "70 01f4 0002 09a4ec 0003", whole, an(kan.Target(500, 632044))},
		"TS 33.501 §A.11 NH":       {nh, "70 01f4 0002 09a4ec 0003", whole, an(nh.Target(500, 632044))},
		"TS 33.501 §A.12 KgNB":     {kan, "71 01f4 0002 00189c 0003", whole, an(kan.TargetNgENB(500, 6300))},
		"TS 33.501 §A.12 NH":       {nh, "71 01f4 0002 00189c 0003", whole, an(nh.TargetNgENB(500, 6300))},
		"TS 33.501 §A.13 handover": {kamf, "72 01 0001 00000007 0004", whole, amf(kamf.PrimeAtHandover(7))},
		"TS 33.501 §A.13 idle":     {kamf, "72 00 0001 00000007 0004", whole, amf(kamf.PrimeAtRegistration(7))},
		"TS 33.501 §A.14.1":        {kamf, "73 00000007 0004", whole, asme(kamf.KASMEAtIdle(7))},
		"TS 33.501 §A.14.2":        {kamf, "74 00000007 0004", whole, asme(kamf.KASMEAtHandover(7))},
		"TS 33.501 §A.15.1":        {kasme, "75 00000007 0004", whole, amf(kasme.KAMFAtIdle(7))},
		"TS 33.501 §A.15.2":        {kasme, "76" + nhHex + "0020", whole, amf(kasme.KAMFAtHandover(&nh))},
		"TS 33.501 §A.16":          {kan, "79 0102 0002", whole, secondary(kan.KSN(0x102))},
		"TS 33.501 §A.17 list": {kausf, "77 0f 0001 0102 0002 aabbcc 0003", low,
			home(kausf.SoRMACAUSF(15, 0x102, []byte{0xaa, 0xbb, 0xcc}))},
		"TS 33.501 §A.17 no list": {kausf, "77 0f 0001 0102 0002", low, home(kausf.SoRMACAUSF(15, 0x102, nil))},
		"TS 33.501 §A.18":         {kausf, "78 01 0001 0102 0002", low, home(kausf.SoRMACUE(0x102))},
		"TS 33.501 §A.19":         {kausf, "7b aabb 0002 0102 0002", low, home(kausf.UPUMACAUSF([]byte{0xaa, 0xbb}, 0x102))},
		"TS 33.501 §A.20":         {kausf, "7c 01 0001 0102 0002", low, home(kausf.UPUMACUE(0x102))},
		"TS 33.501 §A.22 IPsec":   {kan, "84 01 0001", whole, an(kan.KTIPSec())},
		"TS 33.501 §A.22 TNAP":    {kan, "84 02 0001", whole, an(kan.KTNAP())},
	} {
		mac := hmac.New(sha256.New, v.key[:])
		mac.Write(unhex(t, strings.ReplaceAll(v.s, " ", "")))
		equal(t, clause, v.got, hex.EncodeToString(mac.Sum(nil)[v.part[0]:v.part[1]]))
	}
}

func algorithmKey(k aka.AlgorithmKey) []byte { return k[:] }
func an(k aka.KAN) []byte                    { return k[:] }
func next(k aka.NH) []byte                   { return k[:] }
func amf(k aka.KAMF) []byte                  { return k[:] }
func asme(k aka.KASME) []byte                { return k[:] }
func secondary(k aka.KSN) []byte             { return k[:] }
func home(m aka.HomeMAC) []byte              { return m[:] }

// TestLongInputs: inputs that do not fit the derivation's own buffer give the same as HMAC, TS 33.220 §B.2.
func TestLongInputs(t *testing.T) {
	kseaf, supi := aka.KSEAF{7}, strings.Repeat("x", 300)
	got := kseaf.KAMF(supi, []byte{0, 1})
	mac := hmac.New(sha256.New, kseaf[:])
	mac.Write([]byte("\x6d" + supi + "\x01\x2c\x00\x01\x00\x02"))
	equal(t, "KAMF", got[:], hex.EncodeToString(mac.Sum(nil)))
}

// TestHRESStar: TS 33.501 §A.5, the 128 least significant bits of SHA-256(RAND || RES*).
func TestHRESStar(t *testing.T) {
	rand, star := aka.RAND{1}, aka.RESStar{2}
	sum := sha256.Sum256(append(rand[:], star[:]...))
	got := aka.NewHRESStar(&rand, &star)
	equal(t, "HRES*", got[:], hex.EncodeToString(sum[16:]))
}

func BenchmarkKAMF(b *testing.B) {
	kseaf, abba := aka.KSEAF{1}, aka.ABBAInitial()
	b.ReportAllocs()
	for b.Loop() {
		kseaf.KAMF("999700000000001", abba)
	}
}
