package main

import (
	"bytes"
	"go/format"
	"os"
	"path/filepath"
	"testing"
)

// The committed code is what the structs give: go generate was run after the last change.
func TestUpToDate(t *testing.T) {
	for _, dir := range []string{"../gmm", "../gsm"} {
		p, err := load(dir, "..")
		if err != nil {
			t.Fatal(err)
		}
		want, err := format.Source(emit(p))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, output))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s/%s is not up to date, run go generate (%v)", dir, output, err)
		}
	}
}

func TestRow(t *testing.T) {
	tests := []struct {
		row  string
		want field
	}{
		{"M V 1/2", field{mandatory: true, half: true}},
		{"M V 2", field{mandatory: true, format: "V", shortest: 2, longest: 2}},
		{"M LV 3-n", field{mandatory: true, format: "LV", shortest: 2, longest: 255}},
		{"M LV-E 6-n", field{mandatory: true, format: "LVE", shortest: 4, longest: 65535}},
		{"C- TV 1", field{tag: 0xc0, half: true, format: "TV"}},
		{"52 TV 7", field{tag: 0x52, format: "TV", shortest: 6, longest: 6}},
		{"2E TLV 4-10", field{tag: 0x2e, format: "TLV", shortest: 2, longest: 8}},
		{"78 TLV-E 7-1503", field{tag: 0x78, format: "TLVE", shortest: 4, longest: 1500}},
	}
	for _, test := range tests {
		var got field
		if err := got.row(test.row); err != nil || got != test.want {
			t.Errorf("%q: %+v, %v, want %+v", test.row, got, err, test.want)
		}
	}
	for _, bad := range []string{"", "M V", "G1 TLV 3", "10 TLV x-3", "10 TLV 3-y"} {
		var f field
		if err := f.row(bad); err == nil {
			t.Errorf("%q: %+v", bad, f)
		}
	}
}

// A field of a type that no codec is known for is an error with the place.
func TestUnknownType(t *testing.T) {
	dir := t.TempDir()
	src := "package x\n\n//nas:message 0x41\ntype M struct {\n\tF Unknown `nas:\"10 TLV 3\"`\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "m.go"), []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := load(dir, ".."); err == nil || err.Error() != "M.F: unknown type Unknown" {
		t.Error(err)
	}
}
