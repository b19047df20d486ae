package amf

import (
	"bytes"
	"testing"

	"github.com/limpid-5g/limpid/sbi/namf"
)

// TestOctetStrings: elements that are octet strings go with their length between AMFs, and come back whole, TS 29.518 §6.1.6.4.3.
func TestOctetStrings(t *testing.T) {
	if c := octetStringOut(namf.SourceToTargetContainer, []byte{0x40, 1}); !bytes.Equal(c.Data, []byte{2, 0x40, 1}) {
		t.Errorf("% x", c.Data)
	}
	for _, n := range []int{0, 1, 127, 128, 16383, 16384, 70_000} {
		b := bytes.Repeat([]byte{7}, n)
		if back, err := octetStringIn(namf.UERadioCapability, octetStringOut(namf.UERadioCapability, b)); err != nil || !bytes.Equal(back, b) {
			t.Errorf("%d octets: %v", n, err)
		}
	}
	for _, wrong := range []namf.N2InfoContent{
		{Type: namf.TargetToSourceContainer, Data: []byte{0}}, {Type: namf.SourceToTargetContainer}, {Type: namf.SourceToTargetContainer, Data: []byte{5, 1}},
		{Type: namf.SourceToTargetContainer, Data: []byte{0x40, 1, 0x80, 0, 0}}, {Type: namf.SourceToTargetContainer, Data: []byte{1, 1, 1}},
	} {
		if b, err := octetStringIn(namf.SourceToTargetContainer, wrong); err == nil {
			t.Errorf("%+v is read as % x", wrong, b)
		}
	}
}
