package radius

import (
	"bytes"
	"testing"
	"time"
)

// TestDynamicRequest: RFC 5176 §2.3 and §3.4 with the Request Authenticator of RFC 2866 §3: whatever is changed on the way is
// noticed, with a Message-Authenticator and without.
func TestDynamicRequest(t *testing.T) {
	secret := []byte("0123456789abcdef")
	p, err := NewDynamic(DisconnectRequest, time.Unix(1_800_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	p.AddVendor(Vendor3GPP, SNSSAI3GPP, []byte{2, 1, 2, 3})
	signed, err := p.Dynamic(secret)
	if err != nil {
		t.Fatal(err)
	}
	plain := &Packet{Code: CoARequest, Identifier: 7, Attributes: []Attribute{{EventTimestamp, Number(1_800_000_000)}}}
	bare, err := plain.append([16]byte{})
	if err != nil {
		t.Fatal(err)
	}
	bare = withAuthenticator(bare, secret)
	for _, whole := range [][]byte{signed, bare} {
		got, err := Parse(whole)
		if err != nil || got.VerifyDynamic(whole, secret) != nil || got.VerifyDynamic(whole, []byte("other")) == nil {
			t.Fatalf("%+v, %v", got, err)
		}
		if at, ok := got.Number(EventTimestamp); !ok || at != 1_800_000_000 {
			t.Errorf("Event-Timestamp %d, %v", at, ok)
		}
		for i := range whole {
			bad := bytes.Clone(whole)
			bad[i] ^= 1
			if p, err := Parse(bad); err == nil && p.VerifyDynamic(bad, secret) == nil {
				t.Errorf("octet %d may be changed", i)
			}
		}
	}
	got, _ := Parse(signed)
	if v := got.Vendor(Vendor3GPP, SNSSAI3GPP); !bytes.Equal(v, []byte{2, 1, 2, 3}) || got.Vendor(Vendor3GPP, 1) != nil || got.Vendor(9, SNSSAI3GPP) != nil {
		t.Errorf("3GPP-S-NSSAI %x", v)
	}
	wrong := &Packet{Code: CoARequest, Attributes: []Attribute{{MessageAuthenticator, make([]byte, 16)}}}
	b, err := wrong.append([16]byte{})
	if err != nil {
		t.Fatal(err)
	}
	b = withAuthenticator(b, secret)
	if p, err := Parse(b); err != nil || p.VerifyDynamic(b, secret) == nil {
		t.Error("a wrong Message-Authenticator passes")
	}
	if _, ok := got.Number(VendorSpecific); ok {
		t.Error("an attribute of another length is a number")
	}
}
