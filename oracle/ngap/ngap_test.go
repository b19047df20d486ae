// Package ngap holds differential tests and side-by-side benchmarks of wire/ngap against free5gc/ngap.
package ngap

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/free5gc/ngap/message"

	"github.com/limpid-5g/limpid/wire/ngap"
)

// messages returns the golden and the sample messages of wire/ngap with their names.
func messages(tb testing.TB) (names []string, encodings [][]byte) {
	tb.Helper()
	files, err := filepath.Glob("../../wire/ngap/testdata/*.*")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no messages: %v", err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			tb.Fatal(err)
		}
		defer f.Close()
		s := bufio.NewScanner(f)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			text := s.Text()
			if _, after, ok := strings.Cut(text, " "); ok {
				text = after
			}
			b, err := hex.DecodeString(text)
			if err != nil {
				tb.Fatalf("%s: %v", name, err)
			}
			m, err := ngap.Decode(b)
			if err != nil {
				tb.Fatalf("%s: %v", name, err)
			}
			if b, err = ngap.Append(nil, m); err != nil {
				tb.Fatalf("%s: %v", name, err)
			}
			names, encodings = append(names, m.Name()), append(encodings, b)
		}
		if err := s.Err(); err != nil {
			tb.Fatal(err)
		}
	}
	return names, encodings
}

// macroNgENB tells whether the value holds an ng-eNB identifier other than the long macro one. The other library
// reads all three alternatives of ng-eNB ID (TS 38.413 §9.3.1.8) as the long one of 21 bits.
func macroNgENB(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return !v.IsNil() && macroNgENB(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if macroNgENB(v.Index(i)) {
				return true
			}
		}
	case reflect.Struct:
		if id, ok := v.Interface().(ngap.NgENBID); ok {
			return id.LongMacroNgENBID == nil
		}
		for _, f := range v.Fields() {
			if macroNgENB(f) {
				return true
			}
		}
	}
	return false
}

// differs tells whether the other library is known to read a message in another way.
func differs(t *testing.T, b []byte) bool {
	t.Helper()
	m, err := ngap.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if up, ok := m.(*ngap.UplinkRANConfigurationTransfer); ok && macroNgENBInside(t, up.SONConfigurationTransferUL) {
		return true
	}
	if down, ok := m.(*ngap.DownlinkRANConfigurationTransfer); ok && macroNgENBInside(t, down.SONConfigurationTransferDL) {
		return true
	}
	return macroNgENB(reflect.ValueOf(m))
}

// macroNgENBInside is macroNgENB for what the AMF passes on as it came.
func macroNgENBInside(t *testing.T, transfer []byte) bool {
	t.Helper()
	if transfer == nil {
		return false
	}
	x, err := ngap.DecodeSONConfigurationTransfer(transfer)
	if err != nil {
		t.Fatal(err)
	}
	return macroNgENB(reflect.ValueOf(x))
}

// TestDifferential has the other library read what wire/ngap encodes and encode it again: the octets must be the
// same, so that each library has read the other's encoding. TS 38.413 §9.4.
func TestDifferential(t *testing.T) {
	names, encodings := messages(t)
	same := 0
	for i, b := range encodings {
		theirs, err := message.Parse(b)
		if err != nil {
			if !differs(t, b) {
				t.Errorf("%d: %s: %v\n%x", i, names[i], err, b)
			}
			continue
		}
		again, err := theirs.MarshalBinary()
		if err != nil {
			t.Errorf("%d: %s: %v\n%x", i, names[i], err, b)
			continue
		}
		switch {
		case bytes.Equal(b, again):
			same++
		case !differs(t, b):
			t.Errorf("%d: %s\nours   %x\ntheirs %x", i, names[i], b, again)
		}
	}
	if same < len(encodings)*9/10 {
		t.Errorf("only %d of %d messages agree", same, len(encodings))
	}
}

// benchmarked names the messages that are measured side by side: the first golden of each.
var benchmarked = []string{
	"NGSetupRequest", "InitialUEMessage", "DownlinkNASTransport", "InitialContextSetupRequest",
}

func golden(tb testing.TB, name string) []byte {
	tb.Helper()
	names, encodings := messages(tb)
	for i, n := range names {
		if n == name {
			return encodings[i]
		}
	}
	tb.Fatalf("no %s", name)
	return nil
}

func BenchmarkDecode(b *testing.B) {
	for _, name := range benchmarked {
		in := golden(b, name)
		b.Run(name+"/limpid", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ngap.Decode(in); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/free5gc", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := message.Parse(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, name := range benchmarked {
		in := golden(b, name)
		b.Run(name+"/limpid", func(b *testing.B) {
			m, err := ngap.Decode(in)
			if err != nil {
				b.Fatal(err)
			}
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				if buf, err = ngap.Append(buf[:0], m); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/free5gc", func(b *testing.B) {
			m, err := message.Parse(in)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.MarshalBinary(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
