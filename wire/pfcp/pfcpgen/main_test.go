package main

import (
	"bytes"
	"os"
	"testing"
)

// TestGeneratedCodec keeps codec_gen.go true to the structs: run go generate in wire/pfcp when this fails.
func TestGeneratedCodec(t *testing.T) {
	want, err := generate("..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../codec_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("codec_gen.go is not what the ie tags say")
	}
}
