package gmm

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// TestIntraN1Container against the figure of TS 24.501 §9.11.2.6, octets 3 to 9; every beginning of it is refused.
func TestIntraN1Container(t *testing.T) {
	for want, c := range map[string]IntraN1Container{
		"01020304" + "21" + "15" + "2a": {
			MAC: [4]byte{1, 2, 3, 4}, Algorithms: NewSecurityAlgorithms(2, 1), NewKAMF: true, NgKSI: 5, Sequence: 42},
		"00000000" + "03" + "0e" + "ff": {Algorithms: NewSecurityAlgorithms(0, 3), NgKSI: 6 | 8, Sequence: 255},
	} {
		b := c.Append([]byte{0x77})[1:]
		if got := hex.EncodeToString(b); got != want {
			t.Errorf("%+v: %s, want %s", c, got, want)
		}
		if !bytes.Equal(c.Protected(), b[4:]) {
			t.Errorf("the MAC is over %x, want %x", c.Protected(), b[4:])
		}
		for n := range b {
			if _, err := DecodeIntraN1Container(b[:n]); err == nil {
				t.Errorf("%d octets are taken for a container", n)
			}
		}
		got, err := DecodeIntraN1Container(append(b, 9))
		if err != nil || got != c {
			t.Errorf("%x is read as %+v, %v", b, got, err)
		}
	}
}
