package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGenerated checks that the committed codecs are what the generator writes from the declarations.
func TestGenerated(t *testing.T) {
	const dir, out = "../../ngap", "codec_gen.go"
	p, err := parse(dir, out)
	if err != nil {
		t.Fatal(err)
	}
	src, err := generate(p)
	if err != nil {
		t.Fatal(err)
	}
	committed, err := os.ReadFile(filepath.Join(dir, out))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(src, committed) {
		t.Errorf("%s/%s is out of date: run go generate ./wire/ngap", dir, out)
	}
}

// TestConstraints reads directives.
func TestConstraints(t *testing.T) {
	for in, want := range map[string]constraint{
		"int 0..255":                  {kind: "int", ub: 255, sized: true},
		"int 1..127 ext":              {kind: "int", lb: 1, ub: 127, sized: true, ext: true},
		"enum 3+2 ext":                {kind: "enum", lb: 3, ub: 3, root: 3, known: 5, sized: true, ext: true},
		"bits 36":                     {kind: "bits", lb: 36, ub: 36, root: 36, known: 36, sized: true},
		"octets":                      {kind: "octets"},
		"printable 1..150":            {kind: "printable", lb: 1, ub: 150, sized: true},
		"int 0..18446744073709551615": {kind: "int", ub: 1<<64 - 1, sized: true},
	} {
		got, err := parseConstraint(in)
		if err != nil || got.kind != want.kind || got.lb != want.lb || got.ub != want.ub || got.ext != want.ext ||
			got.root != want.root || got.known != want.known || got.sized != want.sized {
			t.Errorf("%q: %+v, %v, want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "int 1..x", "int x..1", "enum 3+x", "bits 99999999999999999999"} {
		if c, err := parseConstraint(in); err == nil {
			t.Errorf("%q: no error but %+v", in, c)
		}
	}
}

// TestBadDeclarations refuses declarations that the generator cannot write a codec for.
func TestBadDeclarations(t *testing.T) {
	for want, src := range map[string]string{
		"no aper directive":       "//aper:sequence\ntype A struct { B B }\n\ntype B int\n",
		"one name for each field": "//aper:sequence\ntype A struct { B, C bool `aper:\"bool\"` }\n",
		"invalid syntax":          "//aper:container\ntype A struct { B bool `ie:\"x,reject,mandatory\" aper:\"bool\"` }\n",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte("package a\n\n"+src), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := parse(dir, "codec_gen.go"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}
