package radius

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestStandardExample is RFC 2865 §7.1, whose packets have no Message-Authenticator.
func TestStandardExample(t *testing.T) {
	request, err := Parse(unhex(t, "01000038 0f403f9473978057bd83d5cb98f4227a 01066e656d6f 02120dbe708d93d413ce3196e43f782a0aee 0406c0a80110 050600000003"))
	if err != nil || request.Code != AccessRequest || string(request.Get(UserName)) != "nemo" || len(request.Attributes) != 4 {
		t.Fatalf("%+v, %v", request, err)
	}
	b := unhex(t, "02000026 86fe220e7624ba2a1005f6bf9b55e0b2 060600000001 0f0600000000 0e06c0a80103")
	response, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if !response.isResponse(b, request, []byte("xyzzy5461")) || response.isResponse(b, request, []byte("xyzzy5462")) {
		t.Error("the Response Authenticator is not that of the example")
	}
	if err := response.VerifyResponse(b, request, []byte("xyzzy5461")); !errors.Is(err, ErrAuthenticator) {
		t.Errorf("a response without Message-Authenticator: %v", err)
	}
}

// TestEAPAndAuthenticators: RFC 3579 §3.1 and §3.2.
func TestEAPAndAuthenticators(t *testing.T) {
	secret := []byte("0123456789abcdef")
	long := bytes.Repeat([]byte{7}, 600)
	request, err := NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	request.AddEAP(long)
	request.AddVendor(Vendor3GPP, SNSSAI3GPP, []byte{1})
	b, err := request.Request(secret)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(b)
	if err != nil || !bytes.Equal(got.EAP(), long) || got.VerifyRequest(secret) != nil || got.VerifyRequest([]byte("other")) == nil {
		t.Fatalf("%+v, %v", got, err)
	}
	if v := got.Get(VendorSpecific); !bytes.Equal(v, []byte{0, 0, 0x28, 0xaf, 200, 3, 1}) {
		t.Errorf("3GPP-S-NSSAI %x", v)
	}
	answer, err := (&Packet{Code: AccessAccept}).Response(got, secret)
	if err != nil {
		t.Fatal(err)
	}
	for i := range answer { // whatever is changed on the way is noticed
		bad := bytes.Clone(answer)
		bad[i] ^= 1
		if p, err := Parse(bad); err == nil && p.VerifyResponse(bad, got, secret) == nil {
			t.Errorf("octet %d may be changed", i)
		}
	}
	for n := range answer {
		if p, err := Parse(answer[:n]); err == nil {
			t.Errorf("cut to %d octets: %+v", n, p)
		}
	}
	if p, err := Parse(answer); err != nil || p.VerifyResponse(answer, got, secret) != nil {
		t.Errorf("the answer itself: %v", err)
	}
}

// TestExchange: a request is sent again, and what another says is passed over, RFC 5080 §2.2.1.
func TestExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret := []byte("0123456789abcdef")
		heard := 0
		c := Client{Secret: secret, Wait: time.Second, Tries: 3, Dial: func(context.Context) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				buffer := make([]byte, maxSize)
				for {
					n, err := far.Read(buffer)
					if err != nil {
						return
					}
					request, _ := Parse(buffer[:n])
					heard++
					by := secret
					if heard < 3 {
						by = []byte("another secret than that")
					}
					out, _ := (&Packet{Code: AccessAccept}).Response(request, by)
					if _, err := far.Write(out); err != nil {
						return
					}
				}
			}()
			return near, nil
		}}
		request, _ := NewRequest()
		answer, err := c.Exchange(t.Context(), request)
		if err != nil || answer.Code != AccessAccept || heard != 3 {
			t.Errorf("%+v, %v after %d requests", answer, err, heard)
		}
		heard = -10
		again, _ := NewRequest()
		began := time.Now()
		if _, err := c.Exchange(t.Context(), again); !errors.Is(err, ErrSilent) || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{2, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			return
		}
		p.EAP()
		_ = p.VerifyRequest([]byte("secret"))
		again, err := p.append(p.Authenticator)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(again); !bytes.Equal(again, b[:n]) {
			t.Errorf("%x, written %x", b, again)
		}
	})
}
