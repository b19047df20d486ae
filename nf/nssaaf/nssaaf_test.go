package nssaaf

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nnssaaf"
	"github.com/limpid-5g/limpid/wire/eap"
	"github.com/limpid-5g/limpid/wire/radius"
)

const secret = "0123456789abcdef"

var slice = ident.SNSSAI{SST: 2, SD: 0x010203}

// server answers over UDP on the loopback with what answer makes of a request, nil for nothing.
func server(t *testing.T, answer func(*radius.Packet) *radius.Packet) func(context.Context) (net.Conn, error) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			request, err := radius.Parse(buffer[:n])
			if err != nil || request.VerifyRequest([]byte(secret)) != nil {
				continue
			}
			if p := answer(request); p != nil {
				if out, err := p.Response(request, []byte(secret)); err == nil {
					_, _ = conn.WriteTo(out, from)
				}
			}
		}
	}()
	return func(context.Context) (net.Conn, error) { return net.Dial("udp", conn.LocalAddr().String()) }
}

func asking(dial func(context.Context) (net.Conn, error)) *NSSAAF {
	return New(Config{Name: "limpid", Servers: []Server{{SNSSAI: slice, Secret: []byte(secret), Dial: dial}}}, slog.New(slog.DiscardHandler))
}

func identity(name string) nnssaaf.SliceAuthInfo {
	id := eap.Raw{Code: eap.Response, Identifier: 1, Type: eap.TypeIdentity, Data: []byte(name)}
	return nnssaaf.SliceAuthInfo{GPSI: "msisdn-4915100000001", SNSSAI: slice, EAPIDRsp: id.Bytes()}
}

// TestAuthentication: TS 23.502 §4.2.9.2 and TS 29.561 §16.3 over a UDP socket, with what the server is told.
func TestAuthentication(t *testing.T) {
	n := asking(server(t, func(r *radius.Packet) *radius.Packet {
		if string(r.Get(radius.UserName)) != "ann" || string(r.Get(radius.CallingStationID)) != "msisdn-4915100000001" ||
			string(r.Get(radius.NASIdentifier)) != "limpid" || string(r.Get(radius.VendorSpecific)) != "\x00\x00\x28\xaf\xc8\x06\x02\x01\x02\x03" {
			return &radius.Packet{Code: radius.AccessReject}
		}
		p := &radius.Packet{Code: radius.AccessChallenge}
		if string(r.Get(radius.State)) == "here" {
			p.Code = radius.AccessAccept
			p.AddEAP(eap.Raw{Code: eap.Success, Identifier: 2}.Bytes())
			return p
		}
		p.Add(radius.State, []byte("here"))
		p.AddEAP(eap.Raw{Code: eap.Request, Identifier: 2, Type: eap.TypeMD5Challenge, Data: make([]byte, 17)}.Bytes())
		return p
	}))
	got, err := n.Authenticate(t.Context(), identity("ann"))
	if err != nil || got.Result != "" || len(got.EAPMessage) != 22 {
		t.Fatalf("%+v, %v", got, err)
	}
	response := eap.Raw{Code: eap.Response, Identifier: 2, Type: eap.TypeMD5Challenge, Data: make([]byte, 17)}
	if got, err = n.Confirm(t.Context(), got.ID, response.Bytes()); err != nil || got.Result != nnssaaf.Success {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := n.Confirm(t.Context(), got.ID, response.Bytes()); sbi.CauseOf(err) != nnssaaf.CauseContextNotFound {
		t.Errorf("once more: %v", err)
	}
}

// TestManyAtOnce: UEs authenticate beside each other while what is old is looked for.
func TestManyAtOnce(t *testing.T) {
	n := asking(server(t, func(*radius.Packet) *radius.Packet {
		p := &radius.Packet{Code: radius.AccessChallenge}
		p.AddEAP(eap.Raw{Code: eap.Request, Identifier: 2, Type: eap.TypeMD5Challenge, Data: make([]byte, 17)}.Bytes())
		return p
	}))
	const ues, each = 4, 10
	var wg sync.WaitGroup
	for range ues {
		wg.Go(func() {
			for range each {
				n.mu.Lock()
				n.swept = time.Time{}
				n.mu.Unlock()
				if _, err := n.Authenticate(t.Context(), identity("ann")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(n.active) != ues*each {
		t.Errorf("%d go on, want %d", len(n.active), ues*each)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sweep(n.swept.Add(2 * lifetime))
	if len(n.active) != 0 {
		t.Errorf("%d are not forgotten", len(n.active))
	}
}

// TestOutcomeWithoutEAP: what RADIUS says is the outcome, RFC 3579 §2.6.3.
func TestOutcomeWithoutEAP(t *testing.T) {
	for code, want := range map[radius.Code]nnssaaf.AuthResult{radius.AccessAccept: nnssaaf.Success, radius.AccessReject: nnssaaf.Failure} {
		n := asking(server(t, func(*radius.Packet) *radius.Packet { return &radius.Packet{Code: code} }))
		got, err := n.Authenticate(t.Context(), identity("ann"))
		outcome, parseErr := eap.ParseRaw(got.EAPMessage)
		if err != nil || got.Result != want || parseErr != nil || (outcome.Code == eap.Success) != (want == nnssaaf.Success) {
			t.Errorf("code %d: %+v %+v, %v %v", code, got, outcome, err, parseErr)
		}
	}
	for name, answer := range map[string]*radius.Packet{"a challenge without EAP": {Code: radius.AccessChallenge}, "another code": {Code: 5}} {
		n := asking(server(t, func(*radius.Packet) *radius.Packet { p := *answer; return &p }))
		if got, err := n.Authenticate(t.Context(), identity("ann")); err == nil || len(n.active) != 0 {
			t.Errorf("%s: %+v, %d left", name, got, len(n.active))
		}
	}
}

// TestWrongAndSilent: what cannot be asked is an error, and nothing is left of it; what is never confirmed is forgotten.
func TestWrongAndSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := func(context.Context) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				buffer := make([]byte, 4096)
				for _, err := far.Read(buffer); err == nil; _, err = far.Read(buffer) {
				}
			}()
			return near, nil
		}
		n := asking(silent)
		began := time.Now()
		if _, err := n.Authenticate(t.Context(), identity("ann")); sbi.CauseOf(err) != sbi.CausePeerNotResponding || time.Since(began) != tries*wait || len(n.active) != 0 {
			t.Errorf("%v after %v, %d left", err, time.Since(began), len(n.active))
		}
		bad := identity("ann")
		bad.EAPIDRsp = []byte{2, 1, 0, 4}
		if _, err := n.Authenticate(t.Context(), bad); sbi.CauseOf(err) != sbi.CauseMandatoryIEIncorrect {
			t.Error(err)
		}
		other := identity("ann")
		other.SNSSAI.SST = 9
		if _, err := n.Authenticate(t.Context(), other); err == nil {
			t.Error("a slice without a server")
		}
		n.active["old"] = &authentication{heard: time.Now()}
		time.Sleep(lifetime + time.Second)
		_, _ = n.Authenticate(t.Context(), identity("ann"))
		if len(n.active) != 0 {
			t.Errorf("%d left", len(n.active))
		}
	})
}
