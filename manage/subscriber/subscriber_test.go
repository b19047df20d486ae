package subscriber_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/manage/subscriber"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/sqlite"
)

const (
	imsi = "001010000000001"
	supi = ident.SUPI("imsi-" + imsi)
	// key, op and opc are of TS 35.208 §4.3, test set 1.
	key = "465b5ce8b199b49faa5f0a2ee238a6bc"
	op  = "cdc202d5123e20f62b6d676ac72cb318"
	opc = "cd63cb71954a9f4e48a5994e37a02baf"
)

func opened(tb testing.TB) *sqlite.Store {
	tb.Helper()
	st, err := sqlite.Open(tb.Context(), filepath.Join(tb.TempDir(), "limpid.db"), sqlite.Options{Create: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = st.Close() })
	return st
}

func read(t *testing.T, st store.Subscribers, who ident.SUPI) store.Subscriber {
	t.Helper()
	s, err := st.Subscriber(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	return *s
}

func unhex(t *testing.T, s string) store.Key {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDefaults(t *testing.T) {
	st := opened(t)
	if err := subscriber.Add(t.Context(), st, subscriber.Input{IMSI: imsi, Key: strings.ToUpper(key), OPc: opc}); err != nil {
		t.Fatal(err)
	}
	got := read(t, st, supi)
	want := store.Subscriber{
		SUPI: supi, Revision: got.Revision,
		Authentication: store.Authentication{
			Method: store.FiveGAKA, Algorithm: store.Milenage, K: unhex(t, key), OPc: unhex(t, opc), AMFField: aka.AMF{0x80, 0},
		},
		UEAMBR: store.AMBR{Uplink: 1e9, Downlink: 1e9},
		Slices: []store.Slice{{SNSSAI: ident.SNSSAI{SST: 1, SD: ident.NoSD}, Default: true, DNNs: []store.DNN{{
			Name: "internet", Default: true, SessionTypes: []store.SessionType{store.IPv4}, SSCModes: []uint8{1},
			SessionAMBR: store.AMBR{Uplink: 1e9, Downlink: 1e9}, FiveQI: 9, ARP: store.ARP{PriorityLevel: 8},
		}}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got\n%+v\nwant\n%+v", got, want)
	}
	err := subscriber.Add(t.Context(), st, subscriber.Input{IMSI: imsi, Key: key, OPc: opc})
	if err == nil || !strings.Contains(err.Error(), "exists already; change it with --replace") {
		t.Fatalf("added twice: error %v", err)
	}
}

func TestEveryField(t *testing.T) {
	st := opened(t)
	in := subscriber.Input{
		IMSI: "imsi-" + imsi, Key: key, OP: op, Algorithm: "MILENAGE", AMF: "9abc", SQN: "0000000003e0",
		Slices: []string{"1", " 2-010203"}, DNNs: []string{"Internet", "ims"},
		AMBRUp: "1.5 Gbps", AMBRDown: "250mbps", StaticIP: "10.45.0.9", FiveQI: "7", ARP: "3",
	}
	if err := subscriber.Add(t.Context(), st, in); err != nil {
		t.Fatal(err)
	}
	got := read(t, st, supi)
	if a := got.Authentication; !reflect.DeepEqual(a.OPc, unhex(t, opc)) || a.AMFField != (aka.AMF{0x9a, 0xbc}) || a.SQN != 0x3e0 {
		t.Errorf("OPc of OP (TS 35.208 §4.3) right: %v, AMF %x, SQN %s", reflect.DeepEqual(a.OPc, unhex(t, opc)), a.AMFField, a.SQN)
	}
	if got.UEAMBR != (store.AMBR{Uplink: 15e8, Downlink: 25e7}) || len(got.Slices) != 2 || len(got.Slices[1].DNNs) != 2 {
		t.Fatalf("got %+v", got)
	}
	d := got.Slices[0].DNNs[0]
	if d.Name != "internet" || !d.Default || d.FiveQI != 7 || d.ARP.PriorityLevel != 3 || d.StaticIPv4 != netip.MustParseAddr("10.45.0.9") {
		t.Errorf("default DNN %+v", d)
	}
	if got.Slices[1].DNNs[0].StaticIPv4.IsValid() || got.Slices[1].SNSSAI.SD != 0x010203 {
		t.Errorf("second slice %+v", got.Slices[1])
	}
}

func TestTUAK(t *testing.T) {
	st := opened(t)
	if err := subscriber.Add(t.Context(), st, subscriber.Input{IMSI: imsi, Key: key, OP: op + op, Algorithm: "tuak"}); err != nil {
		t.Fatal(err)
	}
	if a := read(t, st, supi).Authentication; a.Algorithm != store.TUAK || len(a.OPc) != 32 || reflect.DeepEqual(a.OPc, unhex(t, op+op)) {
		t.Fatalf("algorithm %s, TOPc of %d octets, or TOP itself was stored", a.Algorithm, len(a.OPc))
	}
}

// TestReplace: without a key the authentication stays, and the rest is new.
func TestReplace(t *testing.T) {
	st := opened(t)
	ctx := t.Context()
	if err := subscriber.Replace(ctx, st, subscriber.Input{IMSI: imsi}); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Fatalf("error %v", err)
	}
	if err := subscriber.Add(ctx, st, subscriber.Input{IMSI: imsi, Key: key, OPc: opc, SQN: "20", AMF: "8001"}); err != nil {
		t.Fatal(err)
	}
	before := read(t, st, supi)
	if err := subscriber.Replace(ctx, st, subscriber.Input{IMSI: imsi, AMF: "8000", DNNs: []string{"internet", "ims"}}); err != nil {
		t.Fatal(err)
	}
	after := read(t, st, supi)
	if !reflect.DeepEqual(before.Authentication, after.Authentication) || len(after.Slices[0].DNNs) != 2 {
		t.Fatalf("before %+v\nafter %+v", before, after)
	}
	if err := subscriber.Replace(ctx, st, subscriber.Input{IMSI: imsi, Key: opc, OPc: key}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, st, supi).Authentication; !reflect.DeepEqual(got.K, unhex(t, opc)) || got.SQN != 0x20 {
		t.Fatalf("new key stored: %v, SQN %s", reflect.DeepEqual(got.K, unhex(t, opc)), got.SQN)
	}
}

// TestRefusals: one line that says what is wrong, and never the key.
func TestRefusals(t *testing.T) {
	good := subscriber.Input{IMSI: imsi, Key: key, OPc: opc}
	for want, spoil := range map[string]func(*subscriber.Input){
		"no IMSI":                         func(in *subscriber.Input) { in.IMSI = "" },
		"want 6 to 15 digits":             func(in *subscriber.Input) { in.IMSI = "12345" },
		"is not a digit":                  func(in *subscriber.Input) { in.IMSI = "00101x" },
		"no key":                          func(in *subscriber.Input) { in.Key = "" },
		"key of 31 characters":            func(in *subscriber.Input) { in.Key = key[1:] },
		"key of 32 characters":            func(in *subscriber.Input) { in.Key = key[1:] + "g" },
		"no OPc":                          func(in *subscriber.Input) { in.OPc = "" },
		"both OP and OPc":                 func(in *subscriber.Input) { in.OP = op },
		`algorithm "xor"`:                 func(in *subscriber.Input) { in.Algorithm = "xor" },
		"K of 16 and TOPc of 16 octets":   func(in *subscriber.Input) { in.Algorithm = "tuak" },
		"key of 16 and OP of 32 octets":   func(in *subscriber.Input) { in.OPc, in.OP = "", op+op },
		"AMF field of 3 characters":       func(in *subscriber.Input) { in.AMF = "800" },
		"separation bit":                  func(in *subscriber.Input) { in.AMF = "0000" },
		"want up to 12 hexadecimal":       func(in *subscriber.Input) { in.SQN = "1000000000000" },
		"SST is a number":                 func(in *subscriber.Input) { in.Slices = []string{"256"} },
		"SD is six":                       func(in *subscriber.Input) { in.Slices = []string{"1-0102"} },
		"listed twice":                    func(in *subscriber.Input) { in.Slices = []string{"1", "1"} },
		"is not allowed there":            func(in *subscriber.Input) { in.DNNs = []string{"a_b"} },
		"DNN ims is listed twice":         func(in *subscriber.Input) { in.DNNs = []string{"ims", "IMS"} },
		`uplink AMBR: bit rate "fast"`:    func(in *subscriber.Input) { in.AMBRUp = "fast" },
		`downlink AMBR: bit rate "0Gbps"`: func(in *subscriber.Input) { in.AMBRDown = "0Gbps" },
		"want an IPv4 address":            func(in *subscriber.Input) { in.StaticIP = "10.45.0.256" },
		"no unicast IPv4":                 func(in *subscriber.Input) { in.StaticIP = "2001:db8::1" },
		`5QI "256"`:                       func(in *subscriber.Input) { in.FiveQI = "256" },
		"5QI 0,":                          func(in *subscriber.Input) { in.FiveQI = "0" },
		"ARP priority 16":                 func(in *subscriber.Input) { in.ARP = "16" },
		"no key; no OPc":                  func(in *subscriber.Input) { in.Key, in.OPc = "", "" },
	} {
		in := good
		spoil(&in)
		_, err := in.Parse()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), key[1:]) {
			t.Errorf("error %v, want one line with %q", err, want)
		}
	}
}

func TestBitRate(t *testing.T) {
	for text, want := range map[string]uint64{
		"1Gbps": 1e9, "1 gbps": 1e9, "1.5Mbps": 15e5, "64Kbps": 64e3, "2Tbps": 2e12, "100bps": 100, "5000": 5000, "0.1Kbps": 100,
	} {
		got, err := subscriber.ParseBitRate(text)
		if err != nil || got != want {
			t.Errorf("%q is %d, error %v, want %d", text, got, err, want)
		}
		if back, err := subscriber.ParseBitRate(subscriber.FormatBitRate(got)); err != nil || back != got {
			t.Errorf("%d is written %q, which is %d", got, subscriber.FormatBitRate(got), back)
		}
	}
	for _, text := range []string{"", "Gbps", "-1Gbps", "0", "0.1bps", "NaN", "Inf", "1e99", "1001Tbps", "1 2Gbps", "1Gbit"} {
		if got, err := subscriber.ParseBitRate(text); err == nil {
			t.Errorf("%q is accepted as %d", text, got)
		}
	}
}

func TestListAndShow(t *testing.T) {
	st := opened(t)
	for i := range 3 {
		in := subscriber.Input{IMSI: fmt.Sprintf("00101000000000%d", i), Key: key, OPc: opc, StaticIP: fmt.Sprintf("10.45.0.%d", i+1)}
		if err := subscriber.Add(t.Context(), st, in); err != nil {
			t.Fatal(err)
		}
	}
	var list, hidden, shown bytes.Buffer
	if err := errors.Join(subscriber.List(t.Context(), st, &list),
		subscriber.Show(t.Context(), st, &hidden, imsi, false), subscriber.Show(t.Context(), st, &shown, imsi, true)); err != nil {
		t.Fatal(err)
	}
	for text, has := range map[string][]string{
		list.String():   {"001010000000000", "001010000000002", "10.45.0.3", "1Gbps/1Gbps", "total 3\n"},
		hidden.String(): {imsi, "5G_AKA, milenage, AMF 8000", "hidden", "internet (default): IPV4, SSC 1, 1Gbps up, 1Gbps down, 5QI 9, ARP 8, static IP 10.45.0.2"},
		shown.String():  {key, opc},
	} {
		for _, words := range has {
			if !strings.Contains(text, words) {
				t.Errorf("%q is not in\n%s", words, text)
			}
		}
	}
	for _, text := range []string{list.String(), hidden.String()} {
		if strings.Contains(text, key) || strings.Contains(text, opc) {
			t.Errorf("keys are printed unasked:\n%s", text)
		}
	}
	err := subscriber.Show(t.Context(), st, &shown, "001010000000009", false)
	if err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("error %v", err)
	}
}

func TestRemove(t *testing.T) {
	st := opened(t)
	if err := subscriber.Add(t.Context(), st, subscriber.Input{IMSI: imsi, Key: key, OPc: opc}); err != nil {
		t.Fatal(err)
	}
	if err := subscriber.Remove(t.Context(), st, imsi); err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{imsi, "x", ""} {
		if err := subscriber.Remove(t.Context(), st, who); err == nil {
			t.Errorf("%q was removed", who)
		}
	}
}
