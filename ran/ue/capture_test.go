package ue

import (
	"encoding/hex"
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/limpid-5g/limpid/aka/milenage"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ran/radio"
)

// What another core sent to another phone, and what that phone answered, on real sockets: K, OPc and SUPI are those of
// capturedUSIM, the network is 999-70, the algorithms chosen are 5G-EA0 and 128-5G-IA2.
const (
	capturedChallenge     = "7e00560302000021755df240a3255a0744dc00f973321d172010c005d6062e2a80007326ff98af0234f1"
	capturedResponse      = "7e00572d103e4eb11412478ba82a5c997e97101133"
	capturedCommand       = "7e0304942632007e005d020304f0f0f0f0e1360102"
	capturedKgNB          = "b4899272049522eb1aa8365fb6b840096dffd4b8dd0f5015a7cc0390dff9846f"
	capturedAccept        = "7e02cdefa798017e0042010177000bf299f907020040c00006c454074099f90700000115020101210201005e0192"
	capturedComplete      = "7e028b12f482017e0043"
	capturedSessionAccept = "7e02f68735f0037e00680100472e0101c211000901000631310101ff010603f42403f4242905010a2d00032201017900060120410101097b000f80000d0408080808000d0408080404250908696e7465726e65741201"
	capturedUpdate        = "7e0216f9855c027e0054430f90004f00700065006e00350047005346004762112211728300490100"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func capturedUSIM() *USIM {
	k := [16]byte(unhex("465b5ce8b199b49faa5f0a2ee238a6bc"))
	opc := milenage.OPc(unhex("e8ed289deba952e4283b54e88e6183ca"))
	plmn, _ := ident.ParsePLMN("99970")
	return &USIM{SUPI: "imsi-999700000000001", HomePLMN: plmn, Algorithm: milenage.New(&k, &opc)}
}

// air is a cell that keeps what the UE sends.
type air struct {
	plmn ident.PLMN
	sent []string
}

func (a *air) TAI() ident.TAI                      { return ident.TAI{PLMN: a.plmn, TAC: 1} }
func (a *air) Monitor(radio.Terminal, ident.STMSI) {}
func (a *air) Ignore(radio.Terminal)               {}
func (a *air) Lose()                               {}
func (a *air) Leave()                              {}
func (a *air) Send(nas []byte) error               { a.sent = append(a.sent, hex.EncodeToString(nas)); return nil }
func (a *air) Connect(_ radio.Terminal, s radio.Setup) (radio.Connection, error) {
	return a, a.Send(s.NAS)
}

func (a *air) last() string { return a.sent[len(a.sent)-1] }

// TestCapture plays the captured network to the UE: RES*, the NAS keys, the codes and KgNB come out as the phone's did.
func TestCapture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		usim := capturedUSIM()
		u, err := New(Config{USIM: usim})
		if err != nil {
			t.Fatal(err)
		}
		a := &air{plmn: usim.HomePLMN}
		u.Camp(a)
		result := make(chan error, 1)
		go func() { result <- u.Register(t.Context(), RegisterOptions{}) }()
		synctest.Wait()
		u.Receive(unhex(capturedChallenge))
		if a.last() != capturedResponse {
			t.Errorf("authentication response\ngot  %s\nwant %s", a.last(), capturedResponse)
		}
		u.Receive(unhex(capturedCommand))
		if err := u.Secure([32]byte(unhex(capturedKgNB))); err != nil {
			t.Error(err)
		}
		u.Receive(unhex(capturedAccept))
		if a.last() != capturedComplete {
			t.Errorf("registration complete\ngot  %s\nwant %s", a.last(), capturedComplete)
		}
		if err := <-result; err != nil {
			t.Fatal(err)
		}
		s := u.Status()
		if s.GUTI == nil || s.GUTI.TMSI != 0xc00006c4 || !s.TAIs.Contains(a.TAI()) || len(s.Allowed) != 1 {
			t.Errorf("status %+v", s)
		}
		u.Receive(unhex(capturedUpdate))
		capturedSession(t, u)
	})
}

func capturedSession(t *testing.T, u *UE) {
	type outcome struct {
		s   Session
		err error
	}
	result := make(chan outcome, 1)
	go func() {
		s, err := u.EstablishSession(t.Context(), 1, SessionOptions{DNN: "internet"})
		result <- outcome{s, err}
	}()
	synctest.Wait()
	u.Receive(unhex(capturedSessionAccept))
	o := <-result
	if o.err != nil || o.s.Address != netip.MustParseAddr("10.45.0.3") || o.s.DNN != "internet" || o.s.QFI != 1 || len(o.s.DNS) == 0 {
		t.Errorf("%+v, %v", o.s, o.err)
	}
}

// TestTruncated: every prefix of what the network sent is harmless.
func TestTruncated(t *testing.T) {
	for _, text := range []string{capturedChallenge, capturedCommand, capturedAccept, capturedUpdate, capturedSessionAccept} {
		pdu := unhex(text)
		for n := range pdu {
			u, err := New(Config{USIM: capturedUSIM()})
			if err != nil {
				t.Fatal(err)
			}
			a := &air{plmn: u.cfg.USIM.HomePLMN}
			u.Camp(a)
			u.conn = a
			u.Receive(append([]byte(nil), pdu[:n]...))
			if len(a.sent) > 1 || u.Status().Registered {
				t.Errorf("%d octets of %s: sent %v", n, text, a.sent)
			}
		}
	}
}

// FuzzReceive: no downlink octets make the UE panic or take it for registered.
func FuzzReceive(f *testing.F) {
	for _, text := range []string{capturedChallenge, capturedCommand, capturedAccept, capturedUpdate, capturedSessionAccept} {
		f.Add(unhex(text))
	}
	f.Fuzz(func(t *testing.T, pdu []byte) {
		u, err := New(Config{USIM: capturedUSIM()})
		if err != nil {
			t.Fatal(err)
		}
		a := &air{plmn: u.cfg.USIM.HomePLMN}
		u.Camp(a)
		u.conn = a
		u.Receive(pdu)
		if u.Status().Registered {
			t.Errorf("registered by %x", pdu)
		}
	})
}
