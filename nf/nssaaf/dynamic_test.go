package nssaaf

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nnssaaf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/radius"
)

// network has one subscriber, who is somewhere or not, and an AMF that notes what it is told.
type network struct {
	told []string
	fail error
}

func (n *network) GetAMF(_ context.Context, gpsi string) (ident.SUPI, nudm.AMF3GPPAccessRegistration, error) {
	if gpsi != "msisdn-491700001" {
		return "", nudm.AMF3GPPAccessRegistration{}, sbi.Problem(http.StatusNotFound, nudm.CauseUserNotFound, "nobody")
	}
	return "imsi-001010000000001", nudm.AMF3GPPAccessRegistration{}, nil
}

func (n *network) ReauthenticationNotification(_ context.Context, s nnssaaf.SliceAuthNotification) error {
	n.told = append(n.told, "again "+string(s.SUPI)+" "+s.SNSSAI.String())
	return n.fail
}

func (n *network) RevocationNotification(_ context.Context, s nnssaaf.SliceAuthNotification) error {
	n.told = append(n.told, "revoked "+string(s.SUPI)+" "+s.SNSSAI.String())
	return n.fail
}

var aaaAddr = netip.MustParseAddr("192.0.2.8")

func begun(amf *network) *NSSAAF {
	n := New(Config{Name: "limpid", Servers: []Server{
		{SNSSAI: slice, Addr: aaaAddr, Secret: []byte(secret)},
		{SNSSAI: ident.SNSSAI{SST: 3, SD: ident.NoSD}, Addr: aaaAddr, Secret: []byte("fedcba9876543210")},
	}}, slog.New(slog.DiscardHandler))
	n.Notify(amf, amf)
	return n
}

// begins makes a request of the AAA server; change spoils it.
func begins(t *testing.T, code radius.Code, change func(*radius.Packet)) (*radius.Packet, []byte) {
	t.Helper()
	p, err := radius.NewDynamic(code, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p.Add(radius.CallingStationID, []byte("msisdn-491700001"))
	p.AddVendor(radius.Vendor3GPP, radius.SNSSAI3GPP, sliceOctets(slice))
	if code == radius.CoARequest {
		p.Add(radius.ServiceType, radius.Number(radius.AuthorizeOnly))
		p.Add(radius.State, []byte("doubt"))
	}
	if change != nil {
		change(p)
	}
	b, err := p.Dynamic([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return p, b
}

func without(p *radius.Packet, t uint8) {
	p.Attributes = slices.DeleteFunc(p.Attributes, func(a radius.Attribute) bool { return a.Type == t })
}

// TestServerBegins: TS 23.502 §4.2.9.3 and §4.2.9.4, TS 29.561 §16.2.2, RFC 5176 §2.3, §3.2, §3.5 and §6.3, with what the AMF is
// told, TS 29.526 §5.2.2.3 and §5.2.2.4.
func TestServerBegins(t *testing.T) {
	replace := func(kind uint8, with []byte) func(*radius.Packet) {
		return func(p *radius.Packet) { without(p, kind); p.Add(kind, with) }
	}
	other := netip.MustParseAddr("192.0.2.9")
	for _, c := range []struct {
		name   string
		from   netip.Addr
		code   radius.Code
		change func(*radius.Packet)
		fail   error
		want   radius.Code // 0: nothing
		cause  radius.Cause
		told   string
	}{
		{name: "revocation", code: radius.DisconnectRequest, want: radius.DisconnectACK, told: "revoked imsi-001010000000001 2-010203"},
		{name: "again", code: radius.CoARequest, want: radius.CoANAK, cause: radius.RequestInitiated, told: "again imsi-001010000000001 2-010203"},
		{name: "from another", from: other, code: radius.DisconnectRequest},
		{name: "old", code: radius.DisconnectRequest, change: replace(radius.EventTimestamp, radius.Number(uint32(time.Now().Add(-time.Hour).Unix())))},
		{name: "of the future", code: radius.DisconnectRequest, change: replace(radius.EventTimestamp, radius.Number(uint32(time.Now().Add(time.Hour).Unix())))},
		{name: "of no time", code: radius.DisconnectRequest, change: func(p *radius.Packet) { without(p, radius.EventTimestamp) }},
		{name: "no slice", code: radius.DisconnectRequest, change: func(p *radius.Packet) { without(p, radius.VendorSpecific) }, want: radius.DisconnectNAK, cause: radius.MissingAttribute},
		{name: "nobody named", code: radius.CoARequest, change: func(p *radius.Packet) { without(p, radius.CallingStationID) }, want: radius.CoANAK, cause: radius.MissingAttribute},
		{name: "nobody of that name", code: radius.DisconnectRequest, change: replace(radius.CallingStationID, []byte("msisdn-1")), want: radius.DisconnectNAK, cause: radius.SessionContextNotFound},
		{name: "slice of two octets", code: radius.DisconnectRequest, change: func(p *radius.Packet) {
			without(p, radius.VendorSpecific)
			p.AddVendor(radius.Vendor3GPP, radius.SNSSAI3GPP, []byte{1, 2})
		}, want: radius.DisconnectNAK, cause: radius.InvalidRequest},
		{name: "slice of another server", code: radius.DisconnectRequest, change: func(p *radius.Packet) {
			without(p, radius.VendorSpecific)
			p.AddVendor(radius.Vendor3GPP, radius.SNSSAI3GPP, []byte{3})
		}, want: radius.DisconnectNAK, cause: radius.AdministrativelyProhibited},
		{name: "another change", code: radius.CoARequest, change: func(p *radius.Packet) { without(p, radius.ServiceType) }, want: radius.CoANAK, cause: radius.UnsupportedService},
		{name: "without State", code: radius.CoARequest, change: func(p *radius.Packet) { without(p, radius.State) }, want: radius.CoANAK, cause: radius.MissingAttribute},
		{name: "AMF without the UE", code: radius.DisconnectRequest, fail: sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "gone"),
			want: radius.DisconnectNAK, cause: radius.SessionContextNotFound, told: "revoked imsi-001010000000001 2-010203"},
		{name: "AMF too busy", code: radius.DisconnectRequest, fail: sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "later"),
			want: radius.DisconnectNAK, cause: radius.ResourcesUnavailable, told: "revoked imsi-001010000000001 2-010203"},
		{name: "no request of a server", code: radius.AccessRequest},
	} {
		amf := &network{fail: c.fail}
		n := begun(amf)
		p, b := begins(t, c.code, c.change)
		from := aaaAddr
		if c.from.IsValid() {
			from = c.from
		}
		said := n.Answer(t.Context(), from, b)
		if again := n.Answer(t.Context(), from, b); string(again) != string(said) { // RFC 5080 §2.2.2
			t.Errorf("%s: sent again, it is answered otherwise", c.name)
		}
		if c.want == 0 {
			if said != nil {
				t.Errorf("%s: answered with %x", c.name, said)
			}
			continue
		}
		answer, err := radius.Parse(said)
		if err != nil || answer.VerifyResponse(said, p, []byte(secret)) != nil {
			t.Errorf("%s: %v, %x", c.name, err, said)
			continue
		}
		cause, _ := answer.Number(radius.ErrorCause)
		if answer.Code != c.want || radius.Cause(cause) != c.cause || len(amf.told) > 1 || len(amf.told) == 1 != (c.told != "") || c.told != "" && amf.told[0] != c.told {
			t.Errorf("%s: code %d cause %d told %q, want %d, %d, %q", c.name, answer.Code, cause, amf.told, c.want, c.cause, c.told)
		}
	}
}

// TestStateOfDoubt: the State of a CoA-Request is that of the Access-Request that it causes, once, RFC 5176 §3.2.
func TestStateOfDoubt(t *testing.T) {
	n := begun(new(network))
	_, b := begins(t, radius.CoARequest, nil)
	if n.Answer(t.Context(), aaaAddr, b) == nil {
		t.Fatal("no answer")
	}
	if s := n.takeState("msisdn-491700001", slice); string(s) != "doubt" {
		t.Errorf("State %q", s)
	}
	if s := n.takeState("msisdn-491700001", slice); s != nil {
		t.Errorf("State %q once more", s)
	}
}

// TestServe: over a UDP socket, until the context ends.
func TestServe(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	amf := new(network)
	n := New(Config{Servers: []Server{{SNSSAI: slice, Addr: netip.MustParseAddr("127.0.0.1"), Secret: []byte(secret)}}}, slog.New(slog.DiscardHandler))
	n.Notify(amf, amf)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- n.Serve(ctx, conn) }()
	client, err := net.Dial("udp", conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	p, b := begins(t, radius.DisconnectRequest, nil)
	for _, m := range [][]byte{{1, 2, 3}, nil, b} {
		if _, err := client.Write(m); err != nil {
			t.Fatal(err)
		}
	}
	buffer := make([]byte, 4096)
	size, err := client.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := radius.Parse(buffer[:size]); err != nil || answer.VerifyResponse(buffer[:size], p, []byte(secret)) != nil || answer.Code != radius.DisconnectACK {
		t.Errorf("%+v, %v", answer, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
