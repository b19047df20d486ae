package eap_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/wire/eap"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var key = [32]byte{1, 2, 3}

func samples() []*eap.Packet {
	rand, autn, auts, unable := [16]byte{1}, [16]byte{2}, [14]byte{3}, uint16(0)
	return []*eap.Packet{
		{Code: eap.Request, Identifier: 7, Subtype: eap.Challenge, RAND: &rand, AUTN: &autn, KDFs: []uint16{1}, KDFInput: "5G:mnc001.mcc001.3gppnetwork.org"},
		{Code: eap.Response, Identifier: 7, Subtype: eap.Challenge, RES: []byte{1, 2, 3, 4, 5, 6, 7, 8}},
		{Code: eap.Response, Identifier: 7, Subtype: eap.Challenge, RES: []byte{1, 2, 3, 4, 5}},
		{Code: eap.Response, Identifier: 8, Subtype: eap.SynchronizationFailure, AUTS: &auts, KDFs: []uint16{1}},
		{Code: eap.Response, Identifier: 9, Subtype: eap.AuthenticationReject},
		{Code: eap.Response, Identifier: 9, Subtype: eap.ClientError, Error: &unable},
		{Code: eap.Success, Identifier: 7},
		{Code: eap.Failure, Identifier: 255},
	}
}

// TestRoundTrip: RFC 4187 §10 and RFC 9048 §3. Every truncation is an error or a shorter packet.
func TestRoundTrip(t *testing.T) {
	for _, p := range samples() {
		for _, k := range []*[32]byte{nil, &key} {
			b, err := p.Append(nil, k)
			if err != nil {
				t.Fatal(err)
			}
			got, err := eap.Parse(append(bytes.Clone(b), 0xaa))
			if err != nil {
				t.Fatalf("%x: %v", b, err)
			}
			if outcome := p.Code == eap.Success || p.Code == eap.Failure; k != nil && !outcome {
				if err := got.Verify(b, &key); err != nil {
					t.Errorf("%x: %v", b, err)
				}
				b[5] ^= 1
				if err := got.Verify(b, &key); !errors.Is(err, eap.ErrMAC) {
					t.Errorf("changed packet: %v", err)
				}
				b[5] ^= 1
				if err := got.Verify(b, &[32]byte{9}); !errors.Is(err, eap.ErrMAC) {
					t.Errorf("other key: %v", err)
				}
			} else if err := got.Verify(b, &key); !errors.Is(err, eap.ErrMAC) {
				t.Errorf("no code: %v", err)
			}
			if k == nil && !reflect.DeepEqual(got, p) {
				t.Errorf("got %+v, want %+v", got, p)
			}
			for n := range b {
				if _, err := eap.Parse(b[:n]); err == nil {
					t.Errorf("%x: cut to %d octets without error", b, n)
				}
			}
		}
	}
}

// TestErrors: RFC 4187 §8.1.
func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		hex  string
		want error
	}{
		"empty":                           {"", eap.ErrMalformed},
		"longer than it is":               {"0107000632", eap.ErrMalformed},
		"code 5":                          {"05070004", eap.ErrMalformed},
		"other method":                    {"0107000817010000", eap.ErrMalformed},
		"no room for the subtype":         {"0107000532", eap.ErrMalformed},
		"attribute of no length":          {"0107000c32010000 01000000", eap.ErrMalformed},
		"attribute past the end":          {"0107000c32010000 01050000", eap.ErrMalformed},
		"RAND too short":                  {"0107000c32010000 01010000", eap.ErrMalformed},
		"RES of half an octet":            {"0107001032010000 03020024 00000000", eap.ErrMalformed},
		"RES longer than its attribute":   {"0107001032010000 03020040 00000000", eap.ErrMalformed},
		"RES of two octets":               {"0107001032010000 03020010 00000000", eap.ErrMalformed},
		"AUTS too short":                  {"0107000c32040000 04010000", eap.ErrMalformed},
		"KDF input longer than attribute": {"0107000c32010000 17010004", eap.ErrMalformed},
		"KDF of six octets":               {"0107001032010000 18020001 00000000", eap.ErrMalformed},
		"error code of six octets":        {"0107001032010000 16020001 00000000", eap.ErrMalformed},
		"unknown, not to be skipped":      {"0107000c32010000 7f010000", eap.ErrAttribute},
		"unknown, to be skipped":          {"0107000c32010000 88010000", nil},
	} {
		if _, err := eap.Parse(unhex(t, c.hex)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := (&eap.Packet{Code: eap.Request, KDFInput: strings.Repeat("x", 1000)}).Append(nil, nil); err == nil {
		t.Error("a name of 1000 octets was written")
	}
}

// FuzzParse: what is read can be written and read again as the same.
func FuzzParse(f *testing.F) {
	for _, p := range samples() {
		b, err := p.Append(nil, &key)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := eap.Parse(b)
		if err != nil {
			return
		}
		_ = p.Verify(b, &key)
		again, err := p.Append(nil, nil)
		if err != nil {
			return
		}
		q, err := eap.Parse(again)
		if err != nil {
			t.Fatalf("%x written as %x: %v", b, again, err)
		}
		if q.Subtype != p.Subtype || !bytes.Equal(q.RES, p.RES) || q.KDFInput != p.KDFInput {
			t.Fatalf("%+v became %+v", p, q)
		}
	})
}

// TestTshark lets an independent decoder read every packet, inside EAPOL.
func TestTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Fatal("tshark is needed")
	}
	var dump strings.Builder
	for _, p := range samples() {
		b, err := p.Append(nil, &key)
		if err != nil {
			t.Fatal(err)
		}
		frame := append(unhex(t, "ffffffffffff 020000000001 888e 0100"), byte(len(b)>>8), byte(len(b)))
		dump.WriteString("0000 ")
		for _, o := range append(frame, b...) {
			dump.WriteString(hex.EncodeToString([]byte{o}) + " ")
		}
		dump.WriteString("\n\n")
	}
	dir := t.TempDir()
	text, pcap := filepath.Join(dir, "dump.txt"), filepath.Join(dir, "eap.pcap")
	if err := os.WriteFile(text, []byte(dump.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("text2pcap", "-q", text, pcap).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command(tshark, "-r", pcap, "-V").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"Subtype: AKA-Challenge (1)", "AKA-Synchronization-Failure", "AT_KDF_INPUT", "AT_MAC", "Code: Success (3)"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("tshark does not see %q", want)
		}
	}
	for _, bad := range []string{"Malformed", "Expert Info (Error"} {
		if strings.Contains(string(out), bad) {
			t.Errorf("tshark says %q:\n%s", bad, out)
		}
	}
}
