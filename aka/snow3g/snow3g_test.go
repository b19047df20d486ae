package snow3g

import (
	"encoding/hex"
	"slices"
	"testing"
)

// TestKeyStream is the test data of TS 35.217 §3: the first words of key stream, and in the last set also word 2500.
// The initialisation vector is written IV0 to IV3.
func TestKeyStream(t *testing.T) {
	for _, v := range []struct {
		key   string
		iv    [4]uint32
		words map[int]uint32
	}{
		{"2bd6459f82c5b300952c49104881ff48", [4]uint32{0xea024714, 0xad5c4d84, 0xdf1f9b25, 0x1c0bf45f},
			map[int]uint32{0: 0xabee9704, 1: 0x7ac31373}},
		{"8ce33e2cc3c0b5fc1f3de8a6dc66b1f3", [4]uint32{0xd3c5d592, 0x327fb11c, 0xde551988, 0xceb2f9b7},
			map[int]uint32{0: 0xeff8a342, 1: 0xf751480f}},
		{"4035c6680af8c6d1a8ff8667b1714013", [4]uint32{0x62a54098, 0x1ba6f9b7, 0x4592b0e7, 0x8690f71b},
			map[int]uint32{0: 0xa8c874a9, 1: 0x7ae7c4f8}},
		{"0ded7263109cf92e3352255a140e0f76", [4]uint32{0x6b68079a, 0x41a7c4c9, 0x1befd79f, 0x7fdcc233},
			map[int]uint32{0: 0xd712c05c, 1: 0xa937c2a6, 2: 0xeb7eaae3, 2499: 0x9c0db3aa}},
	} {
		key, err := hex.DecodeString(v.key)
		if err != nil {
			t.Fatal(err)
		}
		var g Generator
		// The test data writes K0 first; a confidentiality key has K3 first, TS 35.215 §3.4.
		reversed := [16]byte(slices.Concat(key[12:], key[8:12], key[4:8], key[:4]))
		g.Init(&reversed, v.iv)
		g.Start()
		var z []uint32
		for len(z) < 2512 {
			var block [16]uint32
			g.Block(&block)
			z = append(z, block[:]...)
		}
		for i, want := range v.words {
			if z[i] != want {
				t.Errorf("key %s, word %d: got %08x, want %08x", v.key, i, z[i], want)
			}
		}
	}
}

// TestBoxes spot-checks the S-boxes against the tables of TS 35.216 §5.1 and §5.2.
func TestBoxes(t *testing.T) {
	for c, want := range map[byte]byte{0x00: 0x63, 0x01: 0x7c, 0x53: 0xed, 0xff: 0x16} {
		if got := sr(c); got != want {
			t.Errorf("S_R(%02x): got %02x, want %02x", c, got, want)
		}
	}
	for c, want := range map[byte]byte{0x00: 0x25, 0x01: 0x24, 0x02: 0x73, 0x03: 0x67} {
		if got := sq(c); got != want {
			t.Errorf("S_Q(%02x): got %02x, want %02x", c, got, want)
		}
	}
}
