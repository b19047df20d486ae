package soft

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
)

var public = netip.MustParseAddr("203.0.113.5")

func translated(t *testing.T) *bench {
	b := newBench(t, func(c *upf.Config) { c.Networks[0].NAT = []netip.Addr{public} })
	b.install(session(1, nil), session(2, nil))
	return b
}

// tcp is a header with a checksum to be filled in.
func tcp(src, dst uint16, flags byte) []byte {
	b := make([]byte, 20)
	binary.BigEndian.PutUint16(b, src)
	binary.BigEndian.PutUint16(b[2:], dst)
	b[12], b[13] = 5<<4, flags
	return b
}

// TestNAT translates both ways, one mapping for each end of a UE whatever the far end, and lets nobody else in,
// RFC 4787 §4.1 and RFC 5382 §5.
func TestNAT(t *testing.T) {
	for name, body := range map[string]func(src, dst uint16) []byte{
		"UDP": func(src, dst uint16) []byte { return udp(src, dst, "data") },
		"TCP": func(src, dst uint16) []byte { return tcp(src, dst, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			b := translated(t)
			protocol := byte(17)
			if name == "TCP" {
				protocol = 6
			}
			ports := map[uint16]bool{}
			for n := 1; n <= 2; n++ { // both UEs use the same port
				b.gnb(n, summed(ipv4(address(n), dnAddr, protocol, body(5000, 443))))
				out := b.oneNetwork().payload
				port := binary.BigEndian.Uint16(out[20:])
				if a := netip.AddrFrom4([4]byte(out[12:16])); a != public || ports[port] {
					t.Fatalf("from %s port %d", a, port)
				}
				sound(t, out)
				ports[port] = true
				again := netip.MustParseAddr("198.51.100.9")
				b.gnb(n, summed(ipv4(address(n), again, protocol, body(5000, 53))))
				if p := binary.BigEndian.Uint16(b.oneNetwork().payload[20:]); p != port {
					t.Errorf("another port %d for another server", p)
				}
				b.Downlink("internet", summed(ipv4(dnAddr, public, protocol, body(443, port))))
				in := b.oneTunnel()
				if a := netip.AddrFrom4([4]byte(in.payload[16:20])); a != address(n) || binary.BigEndian.Uint16(in.payload[22:]) != 5000 {
					t.Errorf("to %s", a)
				}
				sound(t, in.payload)
			}
			b.Downlink("internet", summed(ipv4(dnAddr, public, protocol, body(443, 7))))
			b.droppedAs(upf.DropNAT, 1)
			b.now += int64(3 * time.Hour)
			b.translator.sweep(b.now)
			if len(b.translator.inside)+len(b.translator.public)+len(b.translator.ports) != 0 {
				t.Errorf("mappings are left: %+v", b.translator.inside)
			}
		})
	}
}

// TestNATICMP translates queries by their identifier, and errors by the packet that they quote, RFC 5508 §3 and §4.
func TestNATICMP(t *testing.T) {
	b := translated(t)
	echo := func(kind byte, id uint16) []byte {
		m := []byte{kind, 0, 0, 0, byte(id >> 8), byte(id), 0, 1, 'p'}
		binary.BigEndian.PutUint16(m[2:], ^fold(sum(0, m)))
		return m
	}
	fixed := func(p []byte) []byte {
		p[10], p[11] = 0, 0
		binary.BigEndian.PutUint16(p[10:], ^fold(sum(0, p[:20])))
		return p
	}
	b.gnb(1, fixed(ipv4(address(1), dnAddr, 1, echo(8, 5000))))
	out := b.oneNetwork().payload
	sound(t, out)
	b.Downlink("internet", fixed(ipv4(dnAddr, public, 1, echo(0, binary.BigEndian.Uint16(out[24:])))))
	in := b.oneTunnel().payload
	sound(t, in)
	if binary.BigEndian.Uint16(in[24:]) != 5000 || netip.AddrFrom4([4]byte(in[16:20])) != address(1) {
		t.Errorf("%x", in)
	}
	b.gnb(2, summed(ipv4(address(2), dnAddr, 17, udp(5000, 443, "data"))))
	out = b.oneNetwork().payload
	router := netip.MustParseAddr("198.51.100.1")
	b.Downlink("internet", icmpv4(router, public, append([]byte{3, 4, 0, 0, 0, 0, 5, 0}, out...)))
	in = b.oneTunnel().payload
	sound(t, in)
	sound(t, in[28:])
	if netip.AddrFrom4([4]byte(in[16:20])) != address(2) || netip.AddrFrom4([4]byte(in[40:44])) != address(2) || binary.BigEndian.Uint16(in[48:]) != 5000 {
		t.Errorf("%x", in)
	}
	b.gnb(1, fixed(ipv4(address(1), dnAddr, 1, echo(13, 1))))
	b.droppedAs(upf.DropNAT, 1)
}

// TestNATBounds: later fragments follow the first, a UE has so many ports, and its mappings end with its session.
func TestNATBounds(t *testing.T) {
	b := translated(t)
	first := summed(ipv4(address(1), dnAddr, 17, udp(5000, 443, "0123456789abcdef")))
	binary.BigEndian.PutUint16(first[6:], 0x2000)
	first[5] = 9
	later := ipv4(address(1), dnAddr, 17, bytes.Repeat([]byte("x"), 8))
	binary.BigEndian.PutUint16(later[6:], 3)
	later[5] = 9
	b.gnb(1, first)
	b.oneNetwork()
	b.gnb(1, later)
	if out := b.oneNetwork().payload; netip.AddrFrom4([4]byte(out[12:16])) != public || !bytes.Equal(out[20:], later[20:]) {
		t.Errorf("%x", out)
	}
	later[5] = 8
	b.gnb(1, later)
	b.droppedAs(upf.DropNAT, 1)
	for port := range portsPerUE + 10 {
		b.gnb(2, summed(ipv4(address(2), dnAddr, 17, udp(uint16(port+1), 443, "x"))))
	}
	if _, out := b.took(); len(out) != portsPerUE {
		t.Errorf("%d mappings of one UE", len(out))
	}
	b.gnb(1, summed(ipv4(address(1), dnAddr, 17, udp(6000, 443, "x"))))
	b.oneNetwork()
	b.Remove(2)
	if n := b.translator.ports[address(2)]; n != 0 {
		t.Errorf("%d mappings are left", n)
	}
}
