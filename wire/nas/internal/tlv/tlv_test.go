package tlv

import (
	"bytes"
	"errors"
	"testing"
)

// TS 24.007 §11.2.1.1 and TS 24.007 §11.4.2: a value cut short counts as absent, one too long is cut to the longest.
func TestRead(t *testing.T) {
	tests := []struct {
		name string
		read func([]byte) ([]byte, []byte)
		in   []byte
		v    []byte
		rest []byte
	}{
		{"V", func(b []byte) ([]byte, []byte) { return V(b, 2) }, []byte{1, 2, 3}, []byte{1, 2}, []byte{3}},
		{"V short", func(b []byte) ([]byte, []byte) { return V(b, 2) }, []byte{1}, nil, nil},
		{"LV", func(b []byte) ([]byte, []byte) { return LV(b, 1, 4) }, []byte{1, 9, 3}, []byte{9}, []byte{3}},
		{"LV empty", func(b []byte) ([]byte, []byte) { return LV(b, 0, 4) }, nil, nil, nil},
		{"LV below", func(b []byte) ([]byte, []byte) { return LV(b, 2, 4) }, []byte{1, 9, 3}, nil, []byte{3}},
		{"LV above", func(b []byte) ([]byte, []byte) { return LV(b, 1, 1) }, []byte{2, 9, 8, 7}, []byte{9}, []byte{7}},
		{"LV truncated", func(b []byte) ([]byte, []byte) { return LV(b, 1, 4) }, []byte{2, 9}, nil, nil},
		{"LVE", func(b []byte) ([]byte, []byte) { return LVE(b, 1, 4) }, []byte{0, 1, 9, 3}, []byte{9}, []byte{3}},
		{"LVE cut in its length", func(b []byte) ([]byte, []byte) { return LVE(b, 1, 4) }, []byte{0}, nil, nil},
		{"TLV", func(b []byte) ([]byte, []byte) { return TLV(b, 1, 4) }, []byte{0x2e, 1, 9}, []byte{9}, []byte{}},
		{"TLVE", func(b []byte) ([]byte, []byte) { return TLVE(b, 0, 4) }, []byte{0x7b, 0, 0}, []byte{}, []byte{}},
		{"TV", func(b []byte) ([]byte, []byte) { return TV(b, 1) }, []byte{0x12, 5, 6}, []byte{5}, []byte{6}},
	}
	for _, test := range tests {
		v, rest := test.read(test.in)
		if !bytes.Equal(v, test.v) || (v == nil) != (test.v == nil) || !bytes.Equal(rest, test.rest) {
			t.Errorf("%s: %v, %v, want %v, %v", test.name, v, rest, test.v, test.rest)
		}
	}
}

// TS 24.007 §11.2.4: how to pass over an unknown element.
func TestSkip(t *testing.T) {
	tests := []struct {
		in   []byte
		rest []byte
		ok   bool
	}{
		{[]byte{0xb1, 7}, []byte{7}, true},
		{[]byte{0x2e, 1, 9, 7}, []byte{7}, true},
		{[]byte{0x7a, 0, 1, 9, 7}, []byte{7}, true},
		{[]byte{0x2e, 5, 9}, nil, true},
		{[]byte{0x2e}, nil, true},
		{[]byte{0x0e, 1, 9, 7}, nil, false},
	}
	for _, test := range tests {
		rest, ok := Skip(test.in)
		if !bytes.Equal(rest, test.rest) || ok != test.ok {
			t.Errorf("Skip(%x): %x, %v, want %x, %v", test.in, rest, ok, test.rest, test.ok)
		}
	}
}

func TestWriter(t *testing.T) {
	var w Writer
	w.Octets(0x7e)
	w.TLV(0x10, []byte{1}, 1, 13, "A")
	w.TLVE(0x71, []byte{2}, 1, 65535, "B")
	w.Octets(0x77)
	w.Open(2)
	w.Set(append(w.Buf, make([]byte, 300)...), nil)
	w.Close(2, 1, 65535, "C")
	got, err := w.Result("Message")
	want := append([]byte{0x7e, 0x10, 1, 1, 0x71, 0, 1, 2, 0x77, 1, 44}, make([]byte, 300)...)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%x, %v, want %x", got, err, want)
	}

	w = Writer{}
	w.TLV(0x10, make([]byte, 14), 1, 13, "A")
	w.LV(nil, 1, 2, "B")
	if _, err := w.Result("Message"); !errors.Is(err, ErrLength) || err.Error() != "Message: A: value has a length that the message does not allow: 14 octets, want 1 to 13" {
		t.Fatal(err)
	}
	w = Writer{}
	w.Open(1)
	w.Set(w.Buf, errors.New("bad digit"))
	w.Close(1, 0, 9, "C")
	if _, err := w.Result("Message"); err == nil || err.Error() != "Message: C: bad digit" {
		t.Fatal(err)
	}
}
