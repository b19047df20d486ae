package pfcp

import (
	"bufio"
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestForeignGolden reads messages that another library built, and wants the same content, and where there is only one
// form the same octets, when they are written again.
func TestForeignGolden(t *testing.T) {
	for name, wire := range foreignGoldens(t) {
		h, m, err := Decode(wire)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := "PFCP " + name; !strings.EqualFold(m.Type().String(), want) {
			t.Errorf("%s, want %s", m.Type(), want)
		}
		again := Append(nil, h, m)
		_, m2, err := Decode(again)
		if err != nil || !reflect.DeepEqual(m, m2) {
			t.Errorf("%s: %v\ngot  %+v\nwant %+v", name, err, m2, m)
		}
		// Flags of several octets may be cut after the last that is set; all else has one form.
		cut := strings.HasSuffix(name, "establishment request") || strings.HasSuffix(name, "modification request") || strings.Contains(name, "setup")
		if !cut && !bytes.Equal(again, wire) {
			t.Errorf("%s:\ngot  %x\nwant %x", name, again, wire)
		}
		for n := range wire {
			if _, _, err := Decode(wire[:n:n]); err == nil {
				t.Errorf("%s: %d of %d octets were accepted", name, n, len(wire))
			}
		}
	}
}

func foreignGoldens(t testing.TB) map[string][]byte {
	t.Helper()
	f, err := os.Open("testdata/go-pfcp.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	goldens := map[string][]byte{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if name, octets, ok := strings.Cut(s.Text(), ": "); ok && !strings.HasPrefix(name, "#") {
			goldens[name] = unhex(t, octets)
		}
	}
	if len(goldens) < 10 {
		t.Fatalf("only %d goldens", len(goldens))
	}
	return goldens
}
