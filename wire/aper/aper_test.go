package aper

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
)

// vector is a value and its encoding, computed by hand from X.691.
type vector struct {
	clause string
	hex    string
	encode func(*Encoder)
	decode func(*Decoder) bool // tells whether the value came back
}

func number(v, lb, ub uint64) (func(*Encoder), func(*Decoder) bool) {
	return func(e *Encoder) { e.Uint(v, lb, ub) }, func(d *Decoder) bool { return d.Uint(lb, ub) == v }
}

func uintVector(clause, hex string, v, lb, ub uint64) vector {
	enc, dec := number(v, lb, ub)
	return vector{clause, hex, enc, dec}
}

// after puts one bit in front, so that alignment shows.
func after(v vector) vector {
	enc, dec := v.encode, v.decode
	v.encode = func(e *Encoder) { e.Bool(true); enc(e) }
	v.decode = func(d *Decoder) bool { return d.Bool() && dec(d) }
	return v
}

func octetVector(clause, hex string, b []byte, lb, ub int, ext bool) vector {
	return vector{clause, hex,
		func(e *Encoder) { e.Octets(b, lb, ub, ext) },
		func(d *Decoder) bool { got := d.Octets(lb, ub, ext); return bytes.Equal(got, b) && got != nil }}
}

func bitVector(clause, hex string, s BitString, lb, ub int, ext bool) vector {
	return vector{clause, hex,
		func(e *Encoder) { e.BitString(s, lb, ub, ext) },
		func(d *Decoder) bool {
			got := d.BitString(lb, ub, ext)
			return bytes.Equal(got.Bytes, s.Bytes) && got.Len == s.Len
		}}
}

func stringVector(clause, hex, s string, lb, ub int, ext bool) vector {
	return vector{clause, hex,
		func(e *Encoder) { e.String(s, lb, ub, ext) },
		func(d *Decoder) bool { return d.String(lb, ub, ext) == s }}
}

func enumVector(clause, hex string, v uint8, root, known int) vector {
	return vector{clause, hex,
		func(e *Encoder) { e.EnumExt(v, root, known) },
		func(d *Decoder) bool { return d.EnumExt(root) == v }}
}

func extVector(clause, hex string, v, lb, ub uint64) vector {
	return vector{clause, hex,
		func(e *Encoder) { e.UintExt(v, lb, ub) },
		func(d *Decoder) bool { got, ok := d.UintExt(lb, ub, 1<<64-1); return ok && got == v }}
}

func smallVector(clause, hex string, v uint64) vector {
	return vector{clause, hex, func(e *Encoder) { e.Small(v) }, func(d *Decoder) bool { return d.Small() == v }}
}

func countVector(clause, hex string, n, lb, ub int, ext bool) vector {
	return vector{clause, hex,
		func(e *Encoder) { e.Count(n, lb, ub, ext) },
		func(d *Decoder) bool { return d.Count(lb, ub, 0, ext) == n }}
}

var vectors = []vector{
	uintVector("§11.5.4 one value", "", 5, 5, 5),
	uintVector("§11.5.7.1 two values", "80", 1, 0, 1),
	uintVector("§11.5.7.1 three bits", "a0", 5, 0, 7),
	uintVector("§11.5.7.1 offset", "20", 4, 3, 8),
	after(uintVector("§11.5.7.1 range 255 is not aligned", "ff00", 254, 0, 254)),
	after(uintVector("§11.5.7.2 one octet", "80ff", 255, 0, 255)),
	after(uintVector("§11.5.7.3 two octets", "800100", 256, 0, 256)),
	uintVector("§11.5.7.3 64K values", "ffff", 65535, 0, 65535),
	uintVector("§11.5.7.4 zero", "0000", 0, 0, 65536),
	uintVector("§11.5.7.4 two octets", "400100", 256, 0, 65536),
	uintVector("§11.5.7.4 three octets", "80010000", 65536, 0, 65536),
	uintVector("§11.5.7.4 32 bits", "c0ffffffff", 1<<32-1, 0, 1<<32-1),
	uintVector("§11.5.7.4 40 bits", "80ffffffffff", 1<<40-1, 0, 1<<40-1),
	uintVector("§11.5.7.4 64 bits", "e0ffffffffffffffff", 1<<64-1, 0, 1<<64-1),
	extVector("§13.1 in the root", "0064", 100, 0, 255),
	extVector("§13.1 outside the root", "80020100", 256, 0, 255),
	extVector("§13.1 sign bit", "80020080", 128, 0, 100),
	extVector("§13.1 nine octets", "8009008000000000000000", 1<<63, 0, 100),
	enumVector("§14.3 root", "20", 1, 3, 4),
	enumVector("§14.3 extension", "80", 3, 3, 4),
	enumVector("§14.3 extension 64", "c00140", 67, 3, 68),
	smallVector("§11.6.1", "7e", 63),
	smallVector("§11.6.2", "800140", 64),
	smallVector("§11.6.2 two octets", "80020100", 256),
	after(octetVector("§17.6 two octets are not aligned", "d5d580", []byte{0xab, 0xab}, 2, 2, false)),
	after(octetVector("§17.7 three octets are aligned", "80010203", []byte{1, 2, 3}, 3, 3, false)),
	octetVector("§17.8 constrained length", "40ab", []byte{0xab}, 0, 3, false),
	after(octetVector("§17.8 no octets, no alignment", "80", []byte{}, 0, 7, false)),
	octetVector("§17.3 outside the root", "8004aabbccdd", []byte{0xaa, 0xbb, 0xcc, 0xdd}, 1, 3, true),
	octetVector("§17.3 in the root", "00aa", []byte{0xaa}, 1, 3, true),
	bitVector("§16.9 sixteen bits are not aligned", "a0", BitString{[]byte{0xa0}, 3}, 3, 3, false),
	after(bitVector("§16.10 more than sixteen are aligned", "80abcd80", BitString{[]byte{0xab, 0xcd, 0x80}, 17}, 17, 17, false)),
	bitVector("§16.11 an IPv4 address", "0f800a000001", BitString{[]byte{10, 0, 0, 1}, 32}, 1, 160, true),
	bitVector("§16.11 a gNB identifier of 22 bits", "00abcdec", BitString{[]byte{0xab, 0xcd, 0xec}, 22}, 22, 32, false),
	bitVector("§16.6 outside the root", "8003e0", BitString{[]byte{0xe0}, 3}, 1, 2, true),
	bitVector("§11.9.4.2 not constrained", "03e0", BitString{[]byte{0xe0}, 3}, 1, 131072, false),
	stringVector("§30.5 aligned", "0100616d66", "amf", 1, 150, true),
	stringVector("§30.5 two characters are not aligned", "6869", "hi", 2, 2, false),
	stringVector("§30.4 outside the root", "8003616d66", "amf", 1, 2, true),
	countVector("§20.5 three bits", "20", 2, 1, 8, false),
	countVector("§20.5 an octet", "01", 2, 1, 256, false),
	countVector("§20.5 two octets", "03ff", 1024, 1, 1024, false),
	countVector("§20.4 outside the root", "8009", 9, 1, 8, true),
	{"§13.2 negative bound", "a0",
		func(e *Encoder) { e.Int(2, -3, 4) }, func(d *Decoder) bool { return d.Int(-3, 4) == 2 }},
	{"§16.9 a fixed bit string as a number", "ffc0",
		func(e *Encoder) { e.FixedUint(0x3ff, 10) }, func(d *Decoder) bool { return d.FixedUint(10) == 0x3ff }},
	after(vector{"§16.10 36 bits", "80123456789 0",
		func(e *Encoder) { e.FixedUint(0x123456789, 36) }, func(d *Decoder) bool { return d.FixedUint(36) == 0x123456789 }}),
	{"§16.6 more bits than the root", "8011ffff80",
		func(e *Encoder) { e.BitString(BitString{[]byte{0xff, 0xff, 0x80}, 17}, 16, 16, true) },
		func(d *Decoder) bool { return d.FixedUintExt(16) == 0xffff && d.Remaining() == 7 }},
	{"§30.6 UTF8String", "05617ac3bc21",
		func(e *Encoder) { e.UTF8("azü!", 1, 150, true) }, func(d *Decoder) bool { return d.UTF8(1, 150, true) == "azü!" }},
	after(vector{"§11.2 open type", "8002aa80",
		func(e *Encoder) { s := e.Open(); e.Bits(0xaa80>>7, 9); e.Close(s) },
		func(d *Decoder) bool { s := d.Open(); v := d.Bits(9); d.Close(s); return v == 0xaa80>>7 }}),
	{"§11.1.3 open type of nothing", "0100",
		func(e *Encoder) { e.Close(e.Open()) },
		func(d *Decoder) bool { s := d.Open(); d.Close(s); return d.Remaining() == 0 }},
}

// TestVectors encodes and decodes each vector and refuses each truncation of it.
func TestVectors(t *testing.T) {
	for _, v := range vectors {
		want, err := hex.DecodeString(strings.ReplaceAll(v.hex, " ", ""))
		if err != nil {
			t.Fatalf("%s: %v", v.clause, err)
		}
		var e Encoder
		e.Reset(nil)
		v.encode(&e)
		if e.Err() != nil || !bytes.Equal(e.Bytes(), want) {
			t.Errorf("%s: got %x, want %x, %v", v.clause, e.Bytes(), want, e.Err())
		}
		var d Decoder
		d.Reset(want)
		if !v.decode(&d) || d.Err() != nil {
			t.Errorf("%s: wrong value from %x, %v", v.clause, want, d.Err())
		}
		for n := range want {
			d.Reset(want[:n])
			if v.decode(&d); !d.Failed() {
				t.Errorf("%s: decoded from %d of %d octets", v.clause, n, len(want))
			}
		}
	}
}

// TestFragments joins what is longer than 16K: X.691 §11.9.3.8.
func TestFragments(t *testing.T) {
	for _, n := range []int{16383, 16384, 16385, 32768, 65536, 81920, 100000} {
		in := bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7}, n)[:n]
		var e Encoder
		e.Reset(nil)
		e.OctetsAny(in)
		s := e.Open()
		e.OctetsAny(in)
		e.Close(s)
		e.BitString(BitString{in, 8 * n}, 1, 1<<20, false)
		var d Decoder
		d.Reset(e.Bytes())
		first := d.OctetsAny()
		scope := d.Open()
		second := d.OctetsAny()
		d.Close(scope)
		third := d.BitString(1, 1<<20, false)
		if d.Err() != nil || d.Remaining() != 0 || e.Err() != nil {
			t.Errorf("%d: %v, %v, %d bits left", n, e.Err(), d.Err(), d.Remaining())
		}
		if !bytes.Equal(first, in) || !bytes.Equal(second, in) || !bytes.Equal(third.Bytes, in) || third.Len != 8*n {
			t.Errorf("%d octets came back as %d, %d, %d", n, len(first), len(second), len(third.Bytes))
		}
	}
	var e Encoder
	e.Reset(nil)
	e.OctetsAny(make([]byte, 16384))
	if b := e.Bytes(); b[0] != 0xc1 || len(b) != 1+16384+1 || b[len(b)-1] != 0 {
		t.Errorf("16K octets: %d octets, first %#x, last %#x", len(b), b[0], b[len(b)-1])
	}
}

// TestRefused are encodings that break a rule.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		in   []byte
		read func(*Decoder)
	}{
		"§11.5 value above the range":        {[]byte{0xe0}, func(d *Decoder) { d.Uint(0, 6) }},
		"§11.9.3.8 fragments of a bit field": {[]byte{0x80, 0xc1}, func(d *Decoder) { d.Count(1, 2, 1, true) }},
		"§11.9.3.8 five units":               {[]byte{0xc5}, func(d *Decoder) { d.OctetsAny() }},
		"§13.1 integer of no octets":         {[]byte{0x80, 0x00}, func(d *Decoder) { d.UintExt(0, 1, 9) }},
		"§20 more elements than bits":        {[]byte{0xff, 0xff}, func(d *Decoder) { d.Count(0, 65535, 1, false) }},
		"§30 not a character":                {[]byte{0x00, 0x07}, func(d *Decoder) { d.String(1, 256, false) }},
		"§30.6 not UTF-8":                    {[]byte{0x01, 0xff}, func(d *Decoder) { d.UTF8(1, 9, false) }},
		"§11.2 octets left":                  {[]byte{0x02, 0, 0}, func(d *Decoder) { s := d.Open(); d.Bool(); d.Close(s) }},
		"§19.8 additions that are not there": {[]byte{0x7e}, func(d *Decoder) { d.SkipExtensions() }},
	} {
		var d Decoder
		d.Reset(c.in)
		c.read(&d)
		var e *Error
		if !errors.As(d.Err(), &e) || e.Reason == "" {
			t.Errorf("%s: no error", name)
		}
		if d.Bits(64) != 0 || len(d.OctetsAny()) != 0 || d.Bool() {
			t.Errorf("%s: reads on after the error", name)
		}
	}
	for name, write := range map[string]func(*Encoder){
		"§11.5 value":           func(e *Encoder) { e.Uint(7, 0, 6) },
		"§11.5 negative":        func(e *Encoder) { e.Int(-4, -3, 6) },
		"§14 enumerated":        func(e *Encoder) { e.EnumExt(5, 3, 5) },
		"§16 size":              func(e *Encoder) { e.BitString(BitString{make([]byte, 2), 16}, 1, 15, false) },
		"§16 octets":            func(e *Encoder) { e.BitString(BitString{make([]byte, 3), 16}, 1, 16, false) },
		"§16 number":            func(e *Encoder) { e.FixedUint(8, 3) },
		"§17 size":              func(e *Encoder) { e.Octets(nil, 1, 15, false) },
		"§20 size":              func(e *Encoder) { e.Count(9, 1, 8, false) },
		"§20 fragments":         func(e *Encoder) { e.Count(20000, 1, 8, true) },
		"§30 alphabet":          func(e *Encoder) { e.String("\n", 1, 8, false) },
		"§30.6 not UTF-8":       func(e *Encoder) { e.UTF8("\xff", 1, 8, false) },
		"§30.6 too many":        func(e *Encoder) { e.UTF8("123456789", 1, 8, false) },
		"§11.2 open of nothing": func(e *Encoder) { e.Raw(nil) },
	} {
		var e Encoder
		e.Reset(nil)
		write(&e)
		e.In("Field")
		if e.Err() == nil || !strings.HasPrefix(e.Err().Error(), "Field: ") {
			t.Errorf("%s: %v", name, e.Err())
		}
	}
}

// TestAliases: octets are not copied, but for the last octet of a bit string that holds other bits too.
func TestAliases(t *testing.T) {
	in := []byte{0x02, 0xaa, 0xbb, 0x00, 0xff, 0xff, 0xff}
	var d Decoder
	d.Reset(in)
	b := d.OctetsAny()
	s := d.BitString(22, 32, false)
	in[1], in[4] = 0x11, 0x11
	if b[0] != 0x11 || s.Bytes[0] != 0xff || !slices.Equal(s.Bytes, []byte{0xff, 0xff, 0xfc}) {
		t.Errorf("octets %x, bits %x", b, s.Bytes)
	}
	if cap(b) != len(b) {
		t.Error("appending to the octets would write over the message")
	}
}

// FuzzPrimitives runs a program of reads, given by the first argument, on the second.
func FuzzPrimitives(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}, []byte{0x02, 0xaa, 0xbb, 0x00, 0xff, 0xff, 0xff})
	f.Add([]byte{9, 9, 9}, []byte{0xc1, 0xc1, 0xc1})
	f.Fuzz(func(t *testing.T, program, in []byte) {
		var d Decoder
		d.Reset(in)
		var scopes []Scope
		for _, op := range program {
			lb := int(op>>4) + 1
			switch op & 15 {
			case 0:
				d.Bits(int(op))
			case 1:
				d.Uint(uint64(lb), uint64(lb)<<lb)
			case 2:
				d.UintExt(1, uint64(lb), 99)
			case 3:
				d.EnumExt(lb)
			case 4:
				d.Octets(lb, 2*lb, op > 127)
			case 5:
				d.OctetsAny()
			case 6:
				d.BitString(lb, 9000*lb, op > 127)
			case 7:
				d.String(lb, 2*lb, op > 127)
			case 8:
				d.UTF8(lb, 2*lb, op > 127)
			case 9:
				scopes = append(scopes, d.Open())
			case 10:
				if n := len(scopes); n > 0 {
					d.Skip(scopes[n-1])
					scopes = scopes[:n-1]
				}
			case 11:
				d.SkipExtensions()
			case 12:
				d.Count(0, 65535, lb, op > 127)
			case 13:
				d.FixedUintExt(2 * lb)
			case 14:
				d.Fragment(lb)
			case 15:
				d.Small()
			}
			if d.Remaining() < 0 && !d.Failed() {
				t.Fatalf("read past the end by %d bits", -d.Remaining())
			}
		}
	})
}

// FuzzUint encodes and decodes any number of any range at any bit.
func FuzzUint(f *testing.F) {
	f.Add(uint64(1), uint64(0), uint64(255), uint8(3))
	f.Fuzz(func(t *testing.T, v, lb, ub uint64, skip uint8) {
		var e Encoder
		e.Reset(nil)
		e.Bits(0, int(skip%64))
		e.Uint(v, lb, ub)
		if (v < lb || v > ub) != e.Failed() {
			t.Fatalf("%d in %d..%d: %v", v, lb, ub, e.Err())
		}
		if e.Failed() {
			return
		}
		var d Decoder
		d.Reset(e.Bytes())
		d.Bits(int(skip % 64))
		if got := d.Uint(lb, ub); got != v || d.Err() != nil || d.Remaining() > 7 {
			t.Fatalf("%d in %d..%d came back as %d, %v", v, lb, ub, got, d.Err())
		}
	})
}
