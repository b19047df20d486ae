package sctp

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net/netip"
	"reflect"
	"testing"
)

// goldens are packets of a real gNB and a real AMF, captured below the IP header, by what they hold.
var goldens = map[string]string{
	"INIT":              "e262960c000000005fec9b4a0100002614cb75f200020000000a000a1b724176c000000480080006c0820000000c000600050000",
	"INIT ACK":          "960ce26214cb75f259a133e6020001685da17d6500020000000affff3fa977ed80000004c000000480080009c00fc1808200000080020024447278378e3ef500f3d971827f90039a5deb324d7eaa69d0a96243aeae081cac80040006000100008003000680c100000007010c4b414d452d42534420312e3100000000aad1026b000000004edf07000000000060ea00000000000000000000f275cb145da17d650a63000b000000000000000000000000050000000a6300010000000000000000000000000500000000000000e262960c0100000000010000000000000100002614cb75f200020000000a000a1b724176c000000480080006c0820000000c000600050000020001685da17d6500020000000affff3fa977ed80000004c000000480080009c00fc1808200000080020024447278378e3ef500f3d971827f90039a5deb324d7eaa69d0a96243aeae081cac80040006000100008003000680c100004f52f14b10fe363ab14f99925f5fbcbf3abf0d59",
	"COOKIE ACK":        "960ce26214cb75f2bd8ada930b000004",
	"DATA":              "e262960c5da17d65b80db987000300551b724176000000000000003c00150041000004001b00090099f9075000000001005240170a00554552414e53494d2d676e622d3939392d37302d310066000d00000000010099f907000000080015400140000000",
	"SACK":              "960ce26214cb75f2e0b941ff030000101b7241760001febb00000000",
	"SACK, DATA":        "960ce26214cb75f2a47c5852030000101b7241770002000000000000000300523fa977ee000100000000003c0004403e000003000a000200040055000200010026002b2a7e00560302000021755df240a3255a0744dc00f973321d172010c005d6062e2a80007326ff98af0234f10000",
	"HEARTBEAT":         "960ce26214cb75f2525365c70400002c00010028b0d1026b3a6406000000000000000000021000000a63000b000000000000000000000000",
	"HEARTBEAT ACK":     "e262960c5da17d6538aebb550500002c00010028b0d1026b3a6406000000000000000000021000000a63000b000000000000000000000000",
	"SHUTDOWN":          "e262960c5da17d65a8ab4865070000083fa977f2",
	"SHUTDOWN ACK":      "960ce26214cb75f28403f8f108000004",
	"SHUTDOWN COMPLETE": "e262960c5da17d65224acfaa0e000004",
}

func golden(t testing.TB, name string) []byte {
	t.Helper()
	b, err := hex.DecodeString(goldens[name])
	if err != nil || len(b) == 0 {
		t.Fatalf("golden %q: %v", name, err)
	}
	return b
}

// TestHeader reads ports, tag and CRC32c of real packets and writes them back, RFC 9260 §3.1 and §6.8.
func TestHeader(t *testing.T) {
	for name := range goldens {
		p := golden(t, name)
		h, err := parseHeader(p)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		back := append(appendHeader(nil, h), p[headerSize:]...)
		seal(back)
		if !bytes.Equal(back, p) {
			t.Errorf("%s: encoded %x", name, back[:headerSize])
		}
		for i := range p {
			bad := bytes.Clone(p)
			bad[i] ^= 1
			if _, err := parseHeader(bad); err == nil {
				t.Errorf("%s: changed octet %d not noticed", name, i)
			}
		}
	}
}

// TestTruncated cuts real packets at every length: no panic, and never a whole INIT, RFC 9260 §3.2.
func TestTruncated(t *testing.T) {
	for name := range goldens {
		p := golden(t, name)
		for n := range p {
			cut := bytes.Clone(p[:n])
			if n >= headerSize {
				seal(cut)
			}
			if _, err := parseHeader(cut); n < 16 && err == nil {
				t.Errorf("%s: %d octets taken for a packet", name, n)
			}
			if n < headerSize {
				continue
			}
			for c, err := range chunks(cut) {
				if err == nil {
					parseAny(c)
				}
			}
		}
	}
}

// parseAny decodes a chunk by its type and encodes it again, if this package can.
func parseAny(c chunk) (again []byte, err error) {
	switch c.Type {
	case typeDATA:
		d, err := parseDATA(c)
		return d.append(nil), err
	case typeSACK:
		s, err := parseSACK(c)
		return s.append(nil), err
	case typeINIT, typeINITACK:
		i, err := parseINIT(c)
		return i.append(nil, c.Type), err
	case typeHEARTBEATACK:
		_, err := parseHEARTBEATACK(c)
		return nil, err
	case typeSHUTDOWN:
		tsn, err := parseSHUTDOWN(c)
		return appendChunk(nil, c.Type, c.Flags, appendCumulative(tsn)), err
	case typeABORT, typeERROR:
		parseCauses(c)
	}
	return nil, nil
}

func firstChunk(t testing.TB, p []byte) chunk {
	t.Helper()
	for c, err := range chunks(p) {
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	t.Fatal("no chunk")
	return chunk{}
}

// TestChunks decodes real chunks, RFC 9260 §3.3, and encodes them to the same octets.
func TestChunks(t *testing.T) {
	if i, err := parseINIT(firstChunk(t, golden(t, "INIT"))); err != nil || !reflect.DeepEqual(i, initChunk{
		Tag: 0x14cb75f2, Window: 0x20000, OutboundStreams: 10, InboundStreams: 10, TSN: 0x1b724176,
		AddressTypes: []uint16{5}, Unrecognized: []byte{0xc0, 0, 0, 4},
	}) {
		t.Errorf("INIT: %+v, %v", i, err)
	}
	i, err := parseINIT(firstChunk(t, golden(t, "INIT ACK")))
	if err != nil || i.Tag != 0x5da17d65 || i.InboundStreams != 0xffff || len(i.Cookie) != 0x108 {
		t.Errorf("INIT ACK: %+v, %v", i, err)
	}
	d, err := parseDATA(firstChunk(t, golden(t, "DATA")))
	if err != nil || d.TSN != 0x1b724176 || d.PPID != PPIDNGAP || !d.Beginning || !d.Ending || d.Unordered || len(d.Data) != 69 {
		t.Errorf("DATA: %+v, %v", d, err)
	}
	s, err := parseSACK(firstChunk(t, golden(t, "SACK")))
	if err != nil || !reflect.DeepEqual(s, sackChunk{CumulativeTSN: 0x1b724176, Window: 0x1febb}) {
		t.Errorf("SACK: %+v, %v", s, err)
	}
	for _, name := range []string{"DATA", "SACK", "SACK, DATA", "SHUTDOWN"} {
		p := golden(t, name)
		var again []byte
		for c, err := range chunks(p) {
			b, parseErr := parseAny(c)
			if err != nil || parseErr != nil {
				t.Fatal(name, err, parseErr)
			}
			again = append(again, b...)
		}
		if !bytes.Equal(again, p[headerSize:]) {
			t.Errorf("%s: encoded again as %x", name, again)
		}
	}
}

// TestInitRoundTrip encodes every parameter that we know, RFC 9260 §3.3.2 and §3.3.3.
func TestInitRoundTrip(t *testing.T) {
	want := initChunk{
		Tag: 1, Window: 2000, OutboundStreams: 3, InboundStreams: 4, TSN: 5,
		Addresses:    []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")},
		AddressTypes: []uint16{parameterIPv4}, Cookie: []byte{1, 2, 3, 4, 5},
	}
	b := want.append(nil, typeINITACK)
	if n := int(b[2])<<8 | int(b[3]); len(b)%4 != 0 || n != len(b)-3 {
		t.Errorf("length %d of %d octets, want without the last padding", n, len(b))
	}
	got, err := parseINIT(firstChunk(t, append(make([]byte, headerSize), b...)))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestInitErrors checks what makes an INIT unacceptable, RFC 9260 §3.3.2.
func TestInitErrors(t *testing.T) {
	ok := initChunk{Tag: 1, Window: 1500, OutboundStreams: 1, InboundStreams: 1}
	for _, c := range []struct {
		change func(*initChunk)
		want   error
	}{
		{func(*initChunk) {}, nil},
		{func(i *initChunk) { i.Tag = 0 }, errInitTag},
		{func(i *initChunk) { i.OutboundStreams = 0 }, errInitStreams},
		{func(i *initChunk) { i.InboundStreams = 0 }, errInitStreams},
		{func(i *initChunk) { i.Window = 1499 }, errInitWindow},
	} {
		i := ok
		c.change(&i)
		if _, err := parseINIT(firstChunk(t, append(make([]byte, headerSize), i.append(nil, typeINIT)...))); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v, want %v", i, err, c.want)
		}
	}
}

// TestUnknownParameters obeys the two highest bits of a parameter type, RFC 9260 §3.2.1.
func TestUnknownParameters(t *testing.T) {
	for _, c := range []struct {
		kind         uint16
		next, report bool
	}{{0x0fff, false, false}, {0x4fff, false, true}, {0x8fff, true, false}, {0xcfff, true, true}} {
		i := initChunk{Tag: 1, Window: 1500, OutboundStreams: 1, InboundStreams: 1}
		b := i.append(nil, typeINIT)
		unknown := appendTLV(nil, c.kind, []byte{9, 9})
		b = appendTLV(append(b, unknown...), parameterIPv4, []byte{192, 0, 2, 1})
		b[3] = byte(len(b))
		got, err := parseINIT(firstChunk(t, append(make([]byte, headerSize), b...)))
		if err != nil || (len(got.Addresses) == 1) != c.next || bytes.Equal(got.Unrecognized, unknown) != c.report {
			t.Errorf("%#x: %+v, %v", c.kind, got, err)
		}
	}
}

// TestSackErrors refuses gap blocks that cannot be, RFC 9260 §3.3.4.
func TestSackErrors(t *testing.T) {
	for _, g := range []gapBlock{{0, 1}, {3, 2}} {
		s := sackChunk{Gaps: []gapBlock{g}}
		if _, err := parseSACK(firstChunk(t, append(make([]byte, headerSize), s.append(nil)...))); err == nil {
			t.Errorf("%v accepted", g)
		}
	}
	c := chunk{Type: typeSACK, Value: []byte{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}}
	if _, err := parseSACK(c); err == nil {
		t.Error("65535 blocks in an empty SACK accepted")
	}
}

// FuzzPacket decodes any packet; what can be encoded again must then decode to the same.
func FuzzPacket(f *testing.F) {
	for name := range goldens {
		f.Add(golden(f, name))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		if len(p) < 16 {
			return
		}
		seal(p)
		if _, err := parseHeader(p); err != nil && err != errPacketPort {
			t.Fatal(err)
		}
		for c, err := range chunks(p) {
			if err != nil {
				return
			}
			once, err := parseAny(c)
			if err != nil || once == nil {
				continue
			}
			if c.Type == typeINIT || c.Type == typeINITACK {
				continue // unknown parameters come back wrapped
			}
			again, err := parseAny(firstChunk(t, append(make([]byte, headerSize), once...)))
			if err != nil || !bytes.Equal(once, again) {
				t.Fatalf("type %d: %x then %x, %v", c.Type, once, again, err)
			}
		}
	})
}
