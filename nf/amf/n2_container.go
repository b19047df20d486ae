package amf

import (
	"fmt"

	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/wire/aper"
)

// Between AMFs an element of NGAP is encoded as ASN.1 has it, TS 29.518 §6.1.6.4.3: one that is an OCTET STRING, such as a
// transparent container, goes with its length.

// octetStringOut is such an element.
func octetStringOut(kind namf.NGAPIEType, b []byte) namf.N2InfoContent {
	var e aper.Encoder
	e.Reset(nil)
	e.OctetsAny(b)
	return namf.N2InfoContent{Type: kind, Data: e.Bytes()}
}

// octetStringIn is octetStringOut back, in memory of its own.
func octetStringIn(kind namf.NGAPIEType, c namf.N2InfoContent) ([]byte, error) {
	if c.Type != kind {
		return nil, fmt.Errorf("the element is %q: want %s", c.Type, kind)
	}
	var d aper.Decoder
	d.Reset(c.Data)
	b := append([]byte(nil), d.OctetsAny()...)
	switch {
	case d.Err() != nil:
		return nil, fmt.Errorf("%s: %w", kind, d.Err())
	case d.Remaining() > 0:
		return nil, fmt.Errorf("%s: %d octets more than its length says", kind, d.Remaining()/8)
	}
	return b, nil
}

// radioFrom takes the UE radio capability that another AMF has; without it the gNB asks the UE.
func (ue *ue) radioFrom(c namf.N2InfoContent) {
	if b, err := octetStringIn(namf.UERadioCapability, c); err == nil {
		ue.radio = b
	}
}
