package aka_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/aka"
)

// TestKeysAreRedacted: no key shows a digit under any verb, alone, behind a pointer, in a struct or in a log.
func TestKeysAreRedacted(t *testing.T) {
	keys := []any{
		aka.CK{0xab}, aka.IK{0xab}, aka.CKPrime{0xab}, aka.IKPrime{0xab}, aka.KAUSF{0xab}, aka.KSEAF{0xab},
		aka.KAMF{0xab}, aka.KASME{0xab}, aka.KAN{0xab}, aka.NH{0xab}, aka.KSN{0xab}, aka.AlgorithmKey{0xab},
		aka.AK{0xab}, aka.RES{}, aka.RESStar{0xab}, aka.MSK{0xab}, aka.EMSK{0xab}, aka.KEncr{0xab}, aka.KAut{0xab},
		aka.KRe{0xab}, &aka.KAMF{0xab},
	}
	for _, key := range keys {
		for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%X", "%d", "%s", "%q"} {
			if got := fmt.Sprintf(verb, key); got != "redacted" {
				t.Errorf("%T under %s: %s", key, verb, got)
			}
		}
		if s, ok := key.(fmt.Stringer); !ok || s.String() != "redacted" {
			t.Errorf("%T: String", key)
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("test", "key", key)
		if !strings.Contains(log.String(), `"key":"redacted"`) {
			t.Errorf("%T in a log: %s", key, log.String())
		}
	}
	v := aka.Vector{CK: aka.CK{0xab}, IK: aka.IK{0xab}, AK: aka.AK{0xab}}
	if got := fmt.Sprintf("%x", v); strings.Contains(got, "ab") {
		t.Errorf("vector: %s", got)
	}
}
