package record_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/limpid-5g/limpid/store/record"
)

func sample() []byte {
	var w record.Writer
	w.Uint(1, 300)
	w.Uint(2, 0)
	w.Bool(3, true)
	w.Bytes(4, []byte{1, 2, 3})
	w.String(5, "imsi")
	for _, n := range []uint64{7, 8} {
		w.Group(6, func(w *record.Writer) { w.Uint(1, n) })
	}
	w.Group(7, func(*record.Writer) {})
	w.Group(8, func(w *record.Writer) {
		w.Group(1, func(w *record.Writer) { w.Bytes(1, make([]byte, 200)) })
		w.Uint(2, 5)
	})
	return w.Record(nil)
}

func TestRoundTrip(t *testing.T) {
	r, err := record.Open(sample())
	if err != nil {
		t.Fatal(err)
	}
	var fields []int
	var inner []uint64
	nested := 0
	for r.Next() {
		fields = append(fields, r.Field())
		switch r.Field() {
		case 1:
			if r.Uint() != 300 {
				t.Error("number", r.Uint())
			}
		case 3:
			if !r.Bool() {
				t.Error("truth")
			}
		case 4:
			var a [3]byte
			r.Fill(a[:])
			if a != [3]byte{1, 2, 3} {
				t.Error("octets", a)
			}
		case 5:
			if r.String() != "imsi" {
				t.Error("text", r.String())
			}
		case 8:
			r.Group(func(r *record.Reader) {
				for r.Next() {
					switch r.Field() {
					case 1:
						r.Group(func(r *record.Reader) {
							for r.Next() {
								nested += len(r.Bytes())
							}
						})
					case 2:
						nested += int(r.Uint())
					}
				}
			})
		case 6:
			r.Group(func(r *record.Reader) {
				for r.Next() {
					inner = append(inner, r.Uint())
				}
			})
		}
	}
	if nested != 205 {
		t.Errorf("nested groups: %d", nested)
	}
	if r.Err() != nil || !slices.Equal(fields, []int{1, 3, 4, 5, 6, 6, 7, 8}) || !slices.Equal(inner, []uint64{7, 8}) {
		t.Fatalf("fields %v, groups %v, error %v", fields, inner, r.Err())
	}
}

// TestDamage: no record that differs in one octet, or ends early, is read.
func TestDamage(t *testing.T) {
	whole := sample()
	for i := range whole {
		bad := bytes.Clone(whole)
		bad[i] ^= 1 << (i % 8)
		if _, err := record.Open(bad); !errors.Is(err, record.ErrDamaged) {
			t.Errorf("octet %d changed: %v", i, err)
		}
		if _, err := record.Open(whole[:i]); !errors.Is(err, record.ErrDamaged) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
}

// TestWrongType: a field of another kind than asked for is an error, never a value.
func TestWrongType(t *testing.T) {
	for name, read := range map[string]func(*record.Reader){
		"number as octets": func(r *record.Reader) { r.Bytes() },
		"too short":        func(r *record.Reader) { _ = r.Next(); _ = r.Next(); r.Fill(make([]byte, 4)) },
	} {
		r, err := record.Open(sample())
		if err != nil {
			t.Fatal(err)
		}
		r.Next()
		read(r)
		if r.Next() || !errors.Is(r.Err(), record.ErrDamaged) {
			t.Errorf("%s: %v", name, r.Err())
		}
	}
}

// FuzzReader: whatever the fields are, reading ends, without a panic.
func FuzzReader(f *testing.F) {
	f.Add(sample())
	f.Fuzz(func(t *testing.T, b []byte) {
		var w record.Writer
		w.Bytes(1, b)
		r, err := record.Open(w.Record(nil))
		if err != nil {
			t.Fatal(err)
		}
		var walk func(*record.Reader)
		depth := 0
		walk = func(r *record.Reader) {
			if depth++; depth > 100 {
				return
			}
			for r.Next() {
				if len(r.Bytes()) > 0 {
					r.Group(walk)
				}
			}
			_ = r.Err()
		}
		walk(r)
	})
}

// TestEdit changes fields on two levels and leaves all others.
func TestEdit(t *testing.T) {
	edited, err := record.Edit(sample(), func(field int, value any) any {
		switch field {
		case 1:
			return value.(uint64) + 1
		case 6:
			b, err := record.EditGroup(value.([]byte), func(_ int, v any) any { return v.(uint64) * 2 })
			if err != nil {
				t.Error(err)
			}
			return b
		}
		return value
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := record.Open(edited)
	if err != nil {
		t.Fatal(err)
	}
	var numbers []uint64
	for r.Next() {
		switch r.Field() {
		case 1:
			numbers = append(numbers, r.Uint())
		case 5:
			if r.String() != "imsi" {
				t.Error("text", r.String())
			}
		case 6:
			r.Group(func(r *record.Reader) {
				for r.Next() {
					numbers = append(numbers, r.Uint())
				}
			})
		}
	}
	if r.Err() != nil || !slices.Equal(numbers, []uint64{301, 14, 16}) {
		t.Fatalf("%v, %v", numbers, r.Err())
	}
	if _, err := record.Edit(sample(), func(int, any) any { return "text" }); err == nil {
		t.Fatal("a value of another type is written")
	}
}
