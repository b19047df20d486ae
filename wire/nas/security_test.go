package nas

import (
	"bytes"
	"crypto/aes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/limpid-5g/limpid/wire/nas/internal/nastest"
)

// nia2 is 128-NIA2, AES-CMAC over COUNT, BEARER, DIRECTION and data, TS 33.401 §B.2.3.
func nia2(key *[16]byte, count uint32, bearer, direction uint8, data []byte) [4]byte {
	block, _ := aes.NewCipher(key[:])
	m := binary.BigEndian.AppendUint32(nil, count)
	m = append(m, bearer<<3|direction<<2, 0, 0, 0)
	m = append(m, data...)
	double := func(x []byte) []byte {
		out, carry := make([]byte, 16), x[0]>>7
		for i := range out {
			out[i] = x[i] << 1
			if i < 15 {
				out[i] |= x[i+1] >> 7
			}
		}
		out[15] ^= 0x87 * carry
		return out
	}
	sub := make([]byte, 16)
	block.Encrypt(sub, sub)
	if sub = double(sub); len(m)%16 != 0 {
		sub = double(sub)
		m = append(m, 0x80)
		m = append(m, make([]byte, (16-len(m)%16)%16)...)
	}
	x := make([]byte, 16)
	for i := 0; i < len(m); i += 16 {
		last := i+16 == len(m)
		for j := range x {
			x[j] ^= m[i+j]
			if last {
				x[j] ^= sub[j]
			}
		}
		block.Encrypt(x, x)
	}
	return [4]byte(x)
}

// xorCipher is no 3GPP algorithm; it depends on all of its parameters.
func xorCipher(key *[16]byte, count uint32, bearer, direction uint8, data []byte) {
	for i := range data {
		data[i] ^= key[i%16] ^ byte(count) ^ byte(count>>8) ^ bearer<<1 ^ direction<<7 ^ byte(i)
	}
}

// TS 24.501 §4.4.3: the codes of real calls, checked by both ends, and the same PDUs made again by both ends.
func TestCalls(t *testing.T) {
	checked := 0
	for _, c := range nastest.Calls(t) {
		if len(c.Key) == 0 {
			continue
		}
		ue := Context{Role: RoleUE, Bearer: Bearer3GPP, MAC: nia2, KNASint: [16]byte(c.Key)}
		amf := ue
		amf.Role = RoleNetwork
		for _, p := range c.PDUs {
			h, err := Peek(p.Octets)
			if err != nil {
				t.Fatalf("Peek(%x): %v", p.Octets, err)
			}
			if h.SecurityHeader == Plain {
				continue
			}
			from, to := &amf, &ue
			if p.Uplink {
				from, to = &ue, &amf
			}
			in := bytes.Clone(p.Octets)
			plain, info, err := to.Unprotect(in)
			if err != nil || !info.IntegrityOK || info.Header != h.SecurityHeader {
				t.Fatalf("Unprotect(%x): %+v, %v", p.Octets, info, err)
			}
			again, err := from.Protect(nil, plain, h.SecurityHeader)
			if err != nil || !bytes.Equal(again, p.Octets) {
				t.Errorf("Protect: %x, %v, want %x", again, err, p.Octets)
			}
			if _, _, err := to.Unprotect(bytes.Clone(p.Octets)); !errors.Is(err, ErrIntegrity) {
				t.Errorf("replay of %x: %v", p.Octets, err)
			}
			checked++
		}
	}
	if checked < 20 {
		t.Errorf("only %d protected PDUs", checked)
	}
}

func pair() (ue, amf Context) {
	ue = Context{Role: RoleUE, Bearer: Bearer3GPP, Cipher: xorCipher, MAC: nia2, KNASenc: [16]byte{1, 2}, KNASint: [16]byte{3, 4}}
	amf = ue
	amf.Role = RoleNetwork
	return ue, amf
}

var statusMessage = []byte{0x7e, 0, 0x64, 0x6f}

// TS 24.501 §4.4.5: ciphered messages, both directions, over more than one wrap of the sequence number.
func TestProtectCiphered(t *testing.T) {
	ue, amf := pair()
	for i := range 600 {
		from, to := &ue, &amf
		if i%2 == 1 {
			from, to = &amf, &ue
		}
		b, err := from.Protect([]byte{0xaa}, statusMessage, IntegrityProtectedCiphered)
		if err != nil || b[0] != 0xaa || bytes.Contains(b, statusMessage) {
			t.Fatalf("Protect: %x, %v", b, err)
		}
		plain, info, err := to.Unprotect(b[1:])
		if err != nil || !bytes.Equal(plain, statusMessage) || info.Count != uint32(i/2) {
			t.Fatalf("message %d: %x, %+v, %v", i, plain, info, err)
		}
	}
}

// TS 24.501 §4.4.3.1: the overflow counter is estimated across lost messages.
func TestEstimate(t *testing.T) {
	tests := []struct {
		receive  uint32
		sequence uint8
		want     uint32
	}{
		{0, 0, 0}, {0, 5, 5}, {6, 5, 0x105}, {0x1ff, 0xff, 0x1ff}, {0x1ff, 0, 0x200}, {0x200, 0xff, 0x2ff}, {0xffffff, 0, 0x1000000},
	}
	for _, test := range tests {
		c := Context{Receive: test.receive}
		if got := c.estimate(test.sequence); got != test.want {
			t.Errorf("estimate(%#x) at %#x: %#x, want %#x", test.sequence, test.receive, got, test.want)
		}
	}
}

// TS 24.501 §4.4.3.2: a COUNT is accepted once, and an older one never.
func TestReplay(t *testing.T) {
	ue, amf := pair()
	first, _ := ue.Protect(nil, statusMessage, IntegrityProtected)
	second, _ := ue.Protect(nil, statusMessage, IntegrityProtected)
	if _, _, err := amf.Unprotect(bytes.Clone(second)); err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{first, second} {
		before := amf
		plain, info, err := amf.Unprotect(b)
		if !errors.Is(err, ErrIntegrity) || info.IntegrityOK || !bytes.Equal(plain, statusMessage) || amf.Receive != before.Receive {
			t.Errorf("replay: %x, %+v, %v", plain, info, err)
		}
	}
}

// TS 24.501 §4.4.3.3: any changed bit is found, and nothing of a ciphered message comes out.
func TestIntegrity(t *testing.T) {
	ue, amf := pair()
	good, _ := ue.Protect(nil, statusMessage, IntegrityProtectedCiphered)
	for i := 2; i < len(good); i++ {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		kept := bytes.Clone(bad)
		plain, _, err := amf.Unprotect(bad)
		if !errors.Is(err, ErrIntegrity) || plain != nil || !bytes.Equal(bad, kept) {
			t.Errorf("octet %d changed: %x, %v", i, plain, err)
		}
	}
	if _, _, err := amf.Unprotect(good); err != nil {
		t.Error(err)
	}
}

// TS 24.501 §4.4.3.5: no NAS COUNT is used beyond 24 bits.
func TestCountExhausted(t *testing.T) {
	ue, amf := pair()
	ue.Send, amf.Receive = countLimit-1, countLimit-1
	if ue.Remaining() != 1 {
		t.Errorf("Remaining: %d", ue.Remaining())
	}
	b, err := ue.Protect(nil, statusMessage, IntegrityProtected)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := amf.Unprotect(b); err != nil {
		t.Fatal(err)
	}
	if _, err := ue.Protect(nil, statusMessage, IntegrityProtected); !errors.Is(err, ErrCountExhausted) || ue.Remaining() != 0 {
		t.Errorf("Protect: %v", err)
	}
	if _, _, err := amf.Unprotect(b); !errors.Is(err, ErrCountExhausted) {
		t.Errorf("Unprotect: %v", err)
	}
}

// TS 24.501 §4.4.6: the container has the COUNT of the message around it.
func TestCryptContainer(t *testing.T) {
	ue, amf := pair()
	ue.Send, amf.Receive = 7, 7
	container := bytes.Clone(statusMessage)
	ue.CryptContainer(ue.Send, container)
	b, _ := ue.Protect(nil, container, IntegrityProtected)
	plain, info, err := amf.Unprotect(b)
	if err != nil || bytes.Equal(plain, statusMessage) {
		t.Fatalf("%x, %v", plain, err)
	}
	amf.CryptContainer(info.Count, plain)
	if !bytes.Equal(plain, statusMessage) {
		t.Errorf("container: %x", plain)
	}
}

// TS 24.501 §9.11.3.34: null algorithms.
func TestNullAlgorithms(t *testing.T) {
	ue, amf := Context{Role: RoleUE}, Context{Role: RoleNetwork}
	b, err := ue.Protect(nil, statusMessage, IntegrityProtectedCiphered)
	if err != nil || !bytes.Equal(b[2:6], make([]byte, 4)) {
		t.Fatalf("%x, %v", b, err)
	}
	if plain, info, err := amf.Unprotect(b); err != nil || !info.IntegrityOK || !bytes.Equal(plain, statusMessage) {
		t.Errorf("%x, %+v, %v", plain, info, err)
	}
}

func TestProtectErrors(t *testing.T) {
	ue, amf := pair()
	for _, h := range []SecurityHeaderType{Plain, 5, 15} {
		if _, err := ue.Protect(nil, statusMessage, h); !errors.Is(err, ErrSecurityHeader) {
			t.Errorf("Protect with header type %d: %v", h, err)
		}
	}
	if _, _, err := amf.Unprotect(statusMessage); !errors.Is(err, ErrNotProtected) {
		t.Errorf("Unprotect of a plain message: %v", err)
	}
	if _, err := Inside(statusMessage); !errors.Is(err, ErrNotProtected) {
		t.Errorf("Inside of a plain message: %v", err)
	}
	b, _ := ue.Protect(nil, statusMessage, IntegrityProtected)
	if plain, err := Inside(b); err != nil || !bytes.Equal(plain, statusMessage) {
		t.Errorf("Inside: %x, %v", plain, err)
	}
	for n := range b {
		if _, _, err := amf.Unprotect(bytes.Clone(b[:n])); err == nil {
			t.Errorf("%d of %d octets accepted", n, len(b))
		}
	}
}

func FuzzUnprotect(f *testing.F) {
	for _, c := range nastest.Calls(f) {
		for _, p := range c.PDUs {
			f.Add(p.Octets, uint32(0))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, receive uint32) {
		_, amf := pair()
		amf.Receive = receive % countLimit
		before := amf.Receive
		in := bytes.Clone(b)
		plain, info, err := amf.Unprotect(in)
		if err != nil {
			if amf.Receive != before || !bytes.Equal(in, b) {
				t.Fatalf("%v, but the context or the PDU changed", err)
			}
			return
		}
		if !info.IntegrityOK || info.Count < before || amf.Receive != info.Count+1 {
			t.Fatalf("accepted with %+v at %d", info, before)
		}
		ue, _ := pair()
		ue.Send = info.Count
		again, err := ue.Protect(nil, plain, info.Header)
		if err != nil || !bytes.Equal(again[2:], b[2:]) {
			t.Fatalf("%x, %v, want %x", again, err, b)
		}
	})
}

func BenchmarkUnprotect(b *testing.B) {
	ue, amf := pair()
	pdu, err := ue.Protect(nil, statusMessage, IntegrityProtected)
	if err != nil {
		b.Fatal(err)
	}
	amf.MAC = func(*[16]byte, uint32, uint8, uint8, []byte) [4]byte { return [4]byte(pdu[2:6]) }
	b.ReportAllocs()
	for b.Loop() {
		amf.Receive = 0
		if _, _, err := amf.Unprotect(pdu); err != nil {
			b.Fatal(err)
		}
	}
}
