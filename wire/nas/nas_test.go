package nas

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/ident"
)

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// TS 24.501 §9.1.1.
func TestPeek(t *testing.T) {
	tests := []struct {
		in   string
		want Header
		err  error
	}{
		{"7e0041", Header{EPD: EPD5GMM, MessageType: 0x41}, nil},
		{"7e01aabbccdd057e004c", Header{EPD: EPD5GMM, SecurityHeader: 1, MessageType: 0x4c, Sequence: 5}, nil},
		{"7e02aabbccdd057e004c", Header{EPD: EPD5GMM, SecurityHeader: 2, Sequence: 5}, nil},
		{"2e0506c1", Header{EPD: EPD5GSM, MessageType: 0xc1, PDUSessionID: 5, PTI: 6}, nil},
		{"7e00", Header{}, ErrTooShort},
		{"2e0506", Header{}, ErrTooShort},
		{"7e01aabbccdd", Header{}, ErrTooShort},
		{"7e05aabbccdd057e004c", Header{}, ErrSecurityHeader},
		{"07414141", Header{}, ErrProtocolDiscriminator},
	}
	for _, test := range tests {
		got, err := Peek(unhex(t, test.in))
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("Peek(%s): %+v, %v, want %+v, %v", test.in, got, err, test.want, test.err)
		}
	}
}

// TS 24.008 §10.5.7.3 and TS 24.008 §10.5.7.4a.
func TestTimers(t *testing.T) {
	timer3 := []struct {
		d    time.Duration
		code GPRSTimer3
	}{
		{2 * time.Second, 0x61}, {62 * time.Second, 0x7f}, {64 * time.Second, 0x83}, {16 * time.Minute, 0xb0},
		{54 * time.Minute, 0x06}, {12 * time.Hour, 0x2c}, {310 * time.Hour, 0x5f}, {640 * time.Hour, 0xc2},
	}
	for _, test := range timer3 {
		if got := NewGPRSTimer3(test.d); got != test.code {
			t.Errorf("NewGPRSTimer3(%v): %#x, want %#x", test.d, got, test.code)
		}
	}
	timer2 := []struct {
		d    time.Duration
		code GPRSTimer2
	}{{12 * time.Second, 0x06}, {12 * time.Minute, 0x2c}, {36 * time.Minute, 0x46}, {300 * time.Hour, 0x5f}}
	for _, test := range timer2 {
		if got := NewGPRSTimer2(test.d); got != test.code {
			t.Errorf("NewGPRSTimer2(%v): %#x, want %#x", test.d, got, test.code)
		}
	}
	if _, on := GPRSTimer3Deactivated.Duration(); on {
		t.Error("deactivated timer runs")
	}
	if d, on := GPRSTimer2(0x92).Duration(); !on || d != 18*time.Minute {
		t.Errorf("GPRS timer 2 of a reserved unit: %v", d)
	}
	for d := time.Duration(0); d < 9000*time.Hour; d += 7*time.Minute + d/9 {
		got, on := NewGPRSTimer3(d).Duration()
		if !on || got < d {
			t.Fatalf("GPRS timer 3 of %v: %v", d, got)
		}
	}
}

// TS 24.501 §9.11.2.8.
func TestSNSSAI(t *testing.T) {
	mapped := func(sst uint8, sd uint32) *ident.SNSSAI { return &ident.SNSSAI{SST: sst, SD: sd} }
	tests := []struct {
		hex  string
		want SNSSAI
	}{
		{"01", SNSSAI{SNSSAI: ident.SNSSAI{SST: 1, SD: ident.NoSD}}},
		{"0102", SNSSAI{ident.SNSSAI{SST: 1, SD: ident.NoSD}, mapped(2, ident.NoSD)}},
		{"01010203", SNSSAI{SNSSAI: ident.SNSSAI{SST: 1, SD: 0x010203}}},
		{"0101020302", SNSSAI{ident.SNSSAI{SST: 1, SD: 0x010203}, mapped(2, ident.NoSD)}},
		{"01ffffff02040506", SNSSAI{ident.SNSSAI{SST: 1, SD: ident.NoSD}, mapped(2, 0x040506)}},
	}
	for _, test := range tests {
		var got SNSSAI
		err := got.Parse(unhex(t, test.hex))
		same := got.SNSSAI == test.want.SNSSAI && (got.Mapped == nil) == (test.want.Mapped == nil) && (got.Mapped == nil || *got.Mapped == *test.want.Mapped)
		if err != nil || !same {
			t.Errorf("Parse(%s): %+v, %v", test.hex, got, err)
		}
		b, err := got.Append(nil)
		if err != nil || hex.EncodeToString(b) != test.hex {
			t.Errorf("Append: %x, %v, want %s", b, err, test.hex)
		}
	}
	for _, n := range []int{0, 3, 6, 7, 9} {
		var s SNSSAI
		if err := s.Parse(make([]byte, n)); !errors.Is(err, ErrLength) {
			t.Errorf("Parse of %d octets: %v", n, err)
		}
	}
}

// TS 24.501 §9.11.2.1B.
func TestDNN(t *testing.T) {
	for text, want := range map[ident.DNN]string{"internet": "08696e7465726e6574", "ims.mnc001": "03696d73066d6e63303031", "a": "0161"} {
		b, err := AppendDNN(nil, text)
		if err != nil || hex.EncodeToString(b) != want {
			t.Errorf("AppendDNN(%q): %x, %v", text, b, err)
		}
		if got, err := ParseDNN(b); err != nil || got != text {
			t.Errorf("ParseDNN(%x): %q, %v", b, got, err)
		}
	}
	for _, bad := range []string{"", "00", "0261", "016100", "0120", "012e", "0161ff"} {
		if got, err := ParseDNN(unhex(t, bad)); err == nil {
			t.Errorf("ParseDNN(%s): %q", bad, got)
		}
	}
	for _, bad := range []ident.DNN{"", ".", "a..b", "a.", ident.DNN(bytes.Repeat([]byte("a"), 64)), ident.DNN(bytes.Repeat([]byte("a."), 60))} {
		if b, err := AppendDNN(nil, bad); err == nil {
			t.Errorf("AppendDNN(%q): %x", bad, b)
		}
	}
}

// TS 24.501 §9.11.3.8 and TS 24.501 §9.11.3.85.
func TestTAI(t *testing.T) {
	want := ident.TAI{PLMN: ident.PLMN{0x99, 0xf9, 0x07}, TAC: 1}
	b, err := AppendTAI(nil, want)
	if err != nil || hex.EncodeToString(b) != "99f907000001" {
		t.Fatalf("%x, %v", b, err)
	}
	if got, err := ParseTAI(b); err != nil || got != want {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := ParseTAI(unhex(t, "9af907000001")); !errors.Is(err, ErrDigit) {
		t.Errorf("MCC of no digit: %v", err)
	}
	if _, err := AppendTAI(nil, ident.TAI{PLMN: want.PLMN, TAC: 1 << 24}); err == nil {
		t.Error("TAC of 25 bits")
	}
}

func TestError(t *testing.T) {
	err := error(&Error{Message: "RegistrationRequest", IE: "MobileIdentity", Cause: errors.New("cause #96"), Err: ErrDigit})
	if err.Error() != "RegistrationRequest: MobileIdentity: cause #96: not a decimal digit" || !errors.Is(err, ErrDigit) {
		t.Error(err)
	}
}
