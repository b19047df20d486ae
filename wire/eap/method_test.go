package eap

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// TestRaw: RFC 3748 §4 and RFC 3748 §5.
func TestRaw(t *testing.T) {
	for text, want := range map[string]Raw{
		"0101000501":       {Code: Request, Identifier: 1, Type: TypeIdentity},
		"0201000801616e6e": {Code: Response, Identifier: 1, Type: TypeIdentity, Data: []byte("ann")},
		"020300060304":     {Code: Response, Identifier: 3, Type: TypeNak, Data: []byte{TypeMD5Challenge}},
		"03020004":         {Code: Success, Identifier: 2},
		"04020004":         {Code: Failure, Identifier: 2},
	} {
		b, _ := hex.DecodeString(text)
		got, err := ParseRaw(append(b, 0, 0)) // padding
		if err != nil || got.Code != want.Code || got.Identifier != want.Identifier || got.Type != want.Type || !bytes.Equal(got.Data, want.Data) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		if out := want.Bytes(); !bytes.Equal(out, b) {
			t.Errorf("%+v: %x, want %s", want, out, text)
		}
		for n := range b {
			if _, err := ParseRaw(b[:n]); err == nil {
				t.Errorf("%s cut to %d octets is read", text, n)
			}
		}
	}
	if _, err := ParseRaw([]byte{5, 1, 0, 5, 1}); err == nil {
		t.Error("a packet of no code is read")
	}
	// MD5 of "1", "abc" and "def", by md5sum.
	if got := hex.EncodeToString(MD5('1', []byte("abc"), []byte("def"))); got != "4d4954b6554a404f6a560623fca7bd4f" {
		t.Errorf("MD5 %s", got)
	}
}

func FuzzParseRaw(f *testing.F) {
	f.Add([]byte{1, 1, 0, 5, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := ParseRaw(b); err == nil && !bytes.Equal(r.Bytes(), b[:len(r.Bytes())]) && r.Type != 0 {
			t.Errorf("%x, written %x", b, r.Bytes())
		}
	})
}
