package gtpu

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var (
	upf  = netip.MustParseAddr("10.0.3.1")
	upf6 = netip.MustParseAddr("2001:db8::3")
	// ping is an ICMP echo request from 10.60.0.1 to 10.60.0.2.
	ping = unhex("4500001c00010000400166 6b 0a3c0001 0a3c0002 0800 f7fd 0001 0001")
)

// goldens are packets written out by hand from the figures of TS 29.281 §5.1, §5.2 and TS 38.415 §5.5.2.
var goldens = []struct {
	name, wire string
	p          Packet
}{
	{"G-PDU without options, TS 29.281 §5.1", "30ff 0004 01020304 45000000", Packet{Type: GPDU, TEID: 0x01020304, Payload: unhex("45000000")}},
	{"G-PDU downlink with QFI and RQI, TS 38.415 §5.5.2.1", "34ff 000c 01020304 0000 00 85 01 00 49 00 45000000",
		Packet{Type: GPDU, TEID: 0x01020304, HasSession: true, Session: PDUSession{QFI: 9, RQI: true}, Payload: unhex("45000000")}},
	{"G-PDU downlink with PPI, TS 38.415 §5.5.2.1", "34ff 0010 01020304 0000 00 85 02 00 89 a0000000 00 45000000",
		Packet{Type: GPDU, TEID: 0x01020304, HasSession: true, Session: PDUSession{QFI: 9, HasPPI: true, PPI: 5}, Payload: unhex("45000000")}},
	{"G-PDU uplink, TS 38.415 §5.5.2.2", "34ff 000c 00000001 0000 00 85 01 10 01 00 45000000",
		Packet{Type: GPDU, TEID: 1, HasSession: true, Session: PDUSession{Type: Uplink, QFI: 1}, Payload: unhex("45000000")}},
	{"G-PDU with sequence and N-PDU number, TS 29.281 §5.1", "33ff 0008 00000001 1234 56 00 45000000",
		Packet{Type: GPDU, TEID: 1, HasSequence: true, Sequence: 0x1234, HasNPDU: true, NPDU: 0x56, Payload: unhex("45000000")}},
	{"Echo Request, TS 29.281 §7.2.1", "3201 0004 00000000 0007 00 00", Packet{Type: EchoRequest, HasSequence: true, Sequence: 7, Payload: []byte{}}},
	{"Echo Response, TS 29.281 §7.2.2", "3202 0006 00000000 0007 00 00 0e00",
		Packet{Type: EchoResponse, HasSequence: true, Sequence: 7, Payload: unhex("0e00")}},
	{"Error Indication, TS 29.281 §7.3.1", "361a 0014 00000000 0000 00 40 01 c350 00 10 deadbeef 85 0004 0a000301",
		Packet{Type: ErrorIndication, HasSequence: true, HasUDPPort: true, UDPPort: 50000, Payload: unhex("10deadbeef8500040a000301")}},
	{"End Marker, TS 29.281 §7.3.2", "34fe 0008 01020304 0000 00 85 01 00 01 00",
		Packet{Type: EndMarker, TEID: 0x01020304, HasSession: true, Session: PDUSession{QFI: 1}, Payload: []byte{}}},
	{"Supported Extension Headers Notification, TS 29.281 §7.2.3", "321f 0009 00000000 0000 00 00 8d 03 40 85 c0",
		Packet{Type: SupportedExtensionHeadersNotification, HasSequence: true, Payload: unhex("8d034085c0")}},
}

func TestGolden(t *testing.T) {
	for _, g := range goldens {
		t.Run(g.name, func(t *testing.T) {
			wire := unhex(g.wire)
			var p Packet
			if err := Parse(wire, &p); err != nil || !reflect.DeepEqual(p, g.p) {
				t.Errorf("got  %+v, %v\nwant %+v", p, err, g.p)
			}
			if got := Append(nil, &g.p); !bytes.Equal(got, wire) {
				t.Errorf("got  %x\nwant %x", got, wire)
			}
		})
	}
	for want, got := range map[string][]byte{
		goldens[5].wire: AppendEchoRequest(nil, 7),
		goldens[6].wire: AppendEchoResponse(nil, 7),
		goldens[7].wire: AppendErrorIndication(nil, 0xdeadbeef, upf, 50000),
		goldens[8].wire: AppendEndMarker(nil, 0x01020304, PDUSession{QFI: 1}),
		goldens[9].wire: AppendSupportedExtensions(nil, 0),
	} {
		if !bytes.Equal(got, unhex(want)) {
			t.Errorf("got  %x\nwant %s", got, want)
		}
	}
}

// TestEncapsulate wants the same octets from the hot path as from Append.
func TestEncapsulate(t *testing.T) {
	for _, s := range []PDUSession{{QFI: 63}, {QFI: 9, RQI: true}, {Type: Uplink, QFI: 1}} {
		buf := append(make([]byte, Headroom+4), ping...)
		at := Encapsulate(buf, Headroom+4, 0xa1b2c3d4, s)
		want := Append(nil, &Packet{Type: GPDU, TEID: 0xa1b2c3d4, HasSession: true, Session: s, Payload: ping})
		if !bytes.Equal(buf[at:], want) {
			t.Errorf("got  %x\nwant %x", buf[at:], want)
		}
	}
}

// TestExtensionChain: what need not be comprehended is skipped, what must be is refused, TS 29.281 §5.2.1.
func TestExtensionChain(t *testing.T) {
	tests := []struct {
		name, wire string
		err        error
		qfi        uint8
	}{
		{"unknown 00 before the container", "34ff 0010 00000001 000000 03 01aabb 85 01 10 05 00 45000000", nil, 5},
		{"unknown 01 of eight octets", "34ff 0014 00000001 000000 20 02aabbccddeeff 85 01 10 05 00 45000000", nil, 5},
		{"PDCP PDU number", "34ff 0010 00000001 000000 c0 010001 85 01 10 05 00 45000000", nil, 5},
		{"unknown 10", "34ff 0010 00000001 000000 84 01aabb 85 01 10 05 00 45000000", UnsupportedExtension(0x84), 0},
		{"unknown 11", "34ff 000c 00000001 000000 c1 01aabb 00 45000000", UnsupportedExtension(0xc1), 0},
		{"length 0", "34ff 0008 00000001 000000 85 00100500", ErrTruncated, 0},
		{"longer than the packet", "34ff 0008 00000001 000000 85 02100500", ErrTruncated, 0},
		{"chain without end", "34ff 0008 00000001 000000 85 01100585", ErrTruncated, 0},
		{"PPI cut", "34ff 0008 00000001 000000 85 01008900", ErrTruncated, 0},
		{"type without E flag", "32ff 0008 00000001 0000 00 85 45000000", nil, 0},
		{"other version", "50ff 0004 00000001 45000000", ErrVersion, 0},
		{"GTP prime", "20ff 0004 00000001 45000000", ErrVersion, 0},
	}
	for _, tt := range tests {
		var p Packet
		err := Parse(unhex(tt.wire), &p)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
		if err == nil && (p.Session.QFI != tt.qfi || !bytes.Equal(p.Payload, unhex("45000000"))) {
			t.Errorf("%s: %+v", tt.name, p)
		}
	}
}

// TestTruncation cuts each golden at every octet: an error, never a panic.
func TestTruncation(t *testing.T) {
	for _, g := range goldens {
		wire := unhex(g.wire)
		for n := range wire {
			var p Packet
			if err := Parse(wire[:n:n], &p); err == nil {
				t.Errorf("%s: %d of %d octets were accepted", g.name, n, len(wire))
			}
			if n < headerLength {
				continue
			}
			cut := bytes.Clone(wire[:n])
			binary.BigEndian.PutUint16(cut[2:], uint16(n-headerLength))
			if Parse(cut, &p) == nil {
				_, _ = ParseErrorIndication(p.Payload)
				_, _ = ParseRecovery(p.Payload)
			}
		}
	}
}

// TestErrorIndication reads back what was written and refuses what is cut or missing, TS 29.281 §7.3.1.
func TestErrorIndication(t *testing.T) {
	for _, a := range []netip.Addr{upf, upf6} {
		var p Packet
		if err := Parse(AppendErrorIndication(nil, 5, a, 2152), &p); err != nil {
			t.Fatal(err)
		}
		d, err := ParseErrorIndication(p.Payload)
		if err != nil || d != (DeadTunnel{5, a}) || p.UDPPort != 2152 {
			t.Errorf("%+v, %v, port %d", d, err, p.UDPPort)
		}
		for n := range p.Payload {
			if d, err := ParseErrorIndication(p.Payload[:n]); err == nil {
				t.Errorf("cut at %d: %+v", n, d)
			}
		}
		private := append(bytes.Clone(p.Payload), iePrivateExtension, 0, 3, 1, 2, 3)
		if again, err := ParseErrorIndication(private); err != nil || again != d {
			t.Errorf("with a private extension: %+v, %v", again, err)
		}
	}
	if _, err := ParseErrorIndication(unhex("05 00")); err == nil {
		t.Error("an unknown type without length was accepted")
	}
	if n, err := ParseRecovery(unhex("ff0001aa 0e07")); n != 7 || err != nil {
		t.Errorf("recovery %d, %v", n, err)
	}
}

func TestNoAllocation(t *testing.T) {
	wire := Append(nil, &Packet{Type: GPDU, HasSession: true, Payload: ping})
	buf := make([]byte, 0, 256)
	var p Packet
	if n := testing.AllocsPerRun(100, func() {
		_ = Parse(wire, &p)
		buf = AppendErrorIndication(buf[:0], 1, upf, 1)
		buf = AppendEchoResponse(buf[:0], 1)
		buf = Append(buf[:0], &p)
		_, _ = ParseErrorIndication(p.Payload)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestTshark has an independent decoder read each packet: none may be malformed or raise an expert error.
func TestTshark(t *testing.T) {
	packets := [][]byte{AppendErrorIndication(nil, 5, upf6, 2152),
		Append(nil, &Packet{Type: GPDU, TEID: 7, HasSession: true, Session: PDUSession{QFI: 9, RQI: true}, Payload: ping})}
	for _, g := range goldens[5:] {
		packets = append(packets, unhex(g.wire))
	}
	file := filepath.Join(t.TempDir(), "gtpu.pcap")
	if err := os.WriteFile(file, pcap(packets), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("tshark", "-n", "-r", file, "-T", "fields", "-E", "separator=|", "-e", "gtp.message", "-e", "_ws.malformed",
		"-e", "_ws.expert.message", "-e", "gtp.teid", "-e", "gtp.ext_hdr.pdu_ses_con.qos_flow_id", "-e", "gtp.teid_data").Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	want := "0x1a|||0x00000000||0x00000005\n0xff|||0x00000007|9|\n0x01|||0x00000000||\n0x02|||0x00000000||\n0x1a|||0x00000000||0xdeadbeef\n" +
		"0xfe|||0x01020304|1|\n0x1f|||0x00000000||\n"
	if string(out) != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
}

// FuzzParse wants no panic, no payload outside the packet, and that what was read is written and read the same.
func FuzzParse(f *testing.F) {
	for _, g := range goldens {
		f.Add(unhex(g.wire))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p, again Packet
		if Parse(b, &p) != nil {
			return
		}
		_, _ = ParseErrorIndication(p.Payload)
		_, _ = ParseRecovery(p.Payload)
		if len(p.Payload) > 65000 {
			return
		}
		if err := Parse(Append(nil, &p), &again); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(p.Payload, again.Payload) {
			t.Fatalf("%x\n%x", p.Payload, again.Payload)
		}
		p.Payload, again.Payload = nil, nil
		if !reflect.DeepEqual(p, again) {
			t.Fatalf("%+v\n%+v", p, again)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	wire := Append(nil, &Packet{Type: GPDU, HasSession: true, Payload: ping})
	var p Packet
	b.ReportAllocs()
	for b.Loop() {
		if err := Parse(wire, &p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	p := Packet{Type: GPDU, HasSession: true, Payload: ping}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = Append(buf[:0], &p)
	}
}

func BenchmarkEncapsulate(b *testing.B) {
	buf := append(make([]byte, Headroom), ping...)
	b.ReportAllocs()
	for b.Loop() {
		Encapsulate(buf, Headroom, 1, PDUSession{QFI: 9})
	}
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// pcap puts the payloads into UDP datagrams between two addresses, link type raw IP.
func pcap(payloads [][]byte) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 0xa1b2c3d4)
	b = le.AppendUint16(le.AppendUint16(b, 2), 4)
	b = append(b, make([]byte, 8)...)
	b = le.AppendUint32(le.AppendUint32(b, 65535), 101)
	for i, p := range payloads {
		n := 28 + len(p)
		b = le.AppendUint32(le.AppendUint32(b, uint32(i)), 0)
		b = le.AppendUint32(le.AppendUint32(b, uint32(n)), uint32(n))
		b = append(b, 0x45, 0, byte(n>>8), byte(n), 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 3, 1, 10, 0, 3, 2)
		b = append(b, Port>>8, Port&0xff, Port>>8, Port&0xff, byte((n-20)>>8), byte(n-20), 0, 0)
		b = append(b, p...)
	}
	return b
}
