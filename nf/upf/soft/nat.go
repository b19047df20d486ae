package soft

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
)

// Network address translation from the UEs' IPv4 addresses to those of the data network's side: a mapping does not
// depend on the far end, RFC 4787 §4.1, and what comes to it is let in from anywhere, RFC 4787 §5. A mapping lives while
// the UE uses it.
const (
	firstPort   = 1024
	portsPerUE  = 2048
	udpMapping  = 5 * time.Minute // RFC 4787 §4.3
	tcpMapping  = 2*time.Hour + 4*time.Minute
	tcpClosing  = 4 * time.Minute // RFC 5382 §5
	icmpMapping = time.Minute     // RFC 5508 §3.2
	sweepEvery  = 10 * time.Second
)

// translator holds the mappings of all data networks.
type translator struct {
	mu     sync.Mutex
	inside map[mapping]*binding
	public map[mapping]*binding
	ports  map[netip.Addr]int // of each UE
	next   map[netip.Addr]uint16
	swept  int64
}

// mapping is one side of a binding: an address with a port, or the identifier of an ICMP query.
type mapping struct {
	network  string
	addr     netip.Addr
	port     uint16
	protocol uint8
}

type binding struct {
	inside, public mapping
	until          int64
}

// outbound translates a packet of a UE in place; false if that cannot be done. Packets of networks without translation
// stay as they are.
func (t *translator) outbound(n *tun, b []byte, f *upf.Flow, now int64) bool {
	if len(n.network.NAT) == 0 || !f.Local.Is4() {
		return true
	}
	m := mapping{n.network.DNN, f.Local, f.LocalPort, f.Protocol}
	body := b[int(b[0]&0xf)*4:]
	switch {
	case f.Protocol == protoICMP && !f.Fragment:
		if len(body) < 8 || f.ICMPType != 8 {
			return false // a UE has nothing else to say that a server could relate to it
		}
		m.port = binary.BigEndian.Uint16(body[4:])
	case f.HasPorts && (f.Protocol == protoTCP || f.Protocol == protoUDP):
	default:
		return false
	}
	x := t.bind(n.network, m, f, now)
	if x == nil {
		return false
	}
	rewrite(b, body, f, 12, 0, x.public)
	return true
}

// bind finds or makes the binding of a UE's end, and keeps it alive.
func (t *translator) bind(n upf.Network, m mapping, f *upf.Flow, now int64) *binding {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inside == nil {
		t.inside, t.public, t.ports, t.next = map[mapping]*binding{}, map[mapping]*binding{}, map[netip.Addr]int{}, map[netip.Addr]uint16{}
	}
	x := t.inside[m]
	if x == nil {
		public, ok := t.free(n, m)
		if !ok || t.ports[m.addr] >= portsPerUE {
			return nil
		}
		x = &binding{inside: m, public: public}
		t.inside[m], t.public[public] = x, x
		t.ports[m.addr]++
	}
	x.until = now + int64(lifetime(f))
	return x
}

// free finds a port that is not bound: always of the same public address for a UE, RFC 4787 §4.1, and the UE's own port
// if that is free.
func (t *translator) free(n upf.Network, m mapping) (mapping, bool) {
	last := m.addr.As4()
	public := mapping{m.network, n.NAT[int(last[3])%len(n.NAT)], m.port, m.protocol}
	if _, taken := t.public[public]; !taken && m.port >= firstPort {
		return public, true
	}
	next := max(t.next[public.addr], firstPort)
	for range 1<<16 - firstPort {
		public.port = next
		if next++; next < firstPort {
			next = firstPort
		}
		if _, taken := t.public[public]; !taken {
			t.next[public.addr] = next
			return public, true
		}
	}
	return public, false
}

func lifetime(f *upf.Flow) time.Duration {
	switch {
	case f.Protocol == protoUDP:
		return udpMapping
	case f.Protocol == protoTCP && f.Flags&5 != 0: // FIN or RST
		return tcpClosing
	case f.Protocol == protoTCP:
		return tcpMapping
	}
	return icmpMapping
}

// inbound translates a packet to a public address in place, and tells the flow its new end; false if nobody is behind
// it. Other packets stay as they are.
func (t *translator) inbound(n *tun, b []byte, f *upf.Flow, now int64) bool {
	public := false
	for _, a := range n.network.NAT {
		public = public || a == f.Local
	}
	if !public {
		return true
	}
	body := b[int(b[0]&0xf)*4:]
	m := mapping{n.network.DNN, f.Local, f.LocalPort, f.Protocol}
	if f.Protocol == protoICMP && !f.Fragment {
		if len(body) < 8 {
			return false
		}
		if f.ICMPType != 0 {
			return t.inboundError(b, body, f, m)
		}
		m.port = binary.BigEndian.Uint16(body[4:])
	} else if !f.HasPorts {
		return false
	}
	t.mu.Lock()
	x := t.public[m]
	t.mu.Unlock()
	if x == nil {
		return false
	}
	rewrite(b, body, f, 16, 2, x.inside)
	f.Local, f.LocalPort = x.inside.addr, x.inside.port
	return true
}

// inboundError translates an ICMP error and the packet of the UE that it quotes, RFC 5508 §4.2.
func (t *translator) inboundError(b, body []byte, f *upf.Flow, m mapping) bool {
	switch f.ICMPType {
	case 3, 11, 12:
	default:
		return false
	}
	quoted := body[8:]
	if len(quoted) < 28 || quoted[0]>>4 != 4 || len(quoted) < int(quoted[0]&0xf)*4+8 {
		return false
	}
	inner := quoted[int(quoted[0]&0xf)*4:]
	m.protocol, m.port = quoted[9], binary.BigEndian.Uint16(inner)
	at := inner[0:2]
	if m.protocol == protoICMP {
		m.port, at = binary.BigEndian.Uint16(inner[4:]), inner[4:6]
	}
	t.mu.Lock()
	x := t.public[m]
	t.mu.Unlock()
	if x == nil {
		return false
	}
	a := x.inside.addr.As4()
	if m.protocol == protoUDP && (inner[6] != 0 || inner[7] != 0) {
		patch(quoted[12:16], a[:], inner[6:8])
		patch(at, binary.BigEndian.AppendUint16(nil, x.inside.port), inner[6:8])
	}
	replace(quoted[12:16], a[:], quoted[10:12])
	binary.BigEndian.PutUint16(at, x.inside.port)
	replace(b[16:20], a[:], b[10:12])
	body[2], body[3] = 0, 0
	binary.BigEndian.PutUint16(body[2:], ^fold(sum(0, body)))
	f.Local = x.inside.addr
	return true
}

// rewrite changes the address at an offset of the IP header and the port at an offset of what follows, and the
// checksums that cover them.
func rewrite(b, body []byte, f *upf.Flow, address, port int, to mapping) {
	a := to.addr.As4()
	was := [4]byte(b[address : address+4])
	replace(b[address:address+4], a[:], b[10:12])
	if f.Fragment {
		return // the first fragment has the port and the checksum
	}
	var p [2]byte
	binary.BigEndian.PutUint16(p[:], to.port)
	switch f.Protocol {
	case protoICMP:
		replace(body[4:6], p[:], body[2:4])
	case protoTCP:
		if len(body) >= 18 {
			patch(was[:], a[:], body[16:18])
			replace(body[port:port+2], p[:], body[16:18])
		}
	case protoUDP:
		none := body[6] == 0 && body[7] == 0
		var check [2]byte
		copy(check[:], body[6:8])
		patch(was[:], a[:], check[:])
		replace(body[port:port+2], p[:], check[:])
		if !none {
			if check == [2]byte{} {
				check = [2]byte{0xff, 0xff}
			}
			copy(body[6:8], check[:])
		}
	}
}

// replace writes octets of even length and mends the checksum that covers them.
func replace(dst, by, check []byte) {
	patch(dst, by, check)
	copy(dst, by)
}

// patch mends a checksum for octets that change.
func patch(was, is, check []byte) {
	for i := 0; i < len(was); i += 2 {
		adjust(check, binary.BigEndian.Uint16(was[i:]), binary.BigEndian.Uint16(is[i:]))
	}
}

// sweep takes away bindings that were not used for long.
func (t *translator) sweep(now int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now-t.swept < int64(sweepEvery) {
		return
	}
	t.swept = now
	for m, x := range t.inside {
		if now <= x.until {
			continue
		}
		delete(t.inside, m)
		delete(t.public, x.public)
		if t.ports[m.addr]--; t.ports[m.addr] == 0 {
			delete(t.ports, m.addr)
		}
	}
}

// forget takes away the bindings of a UE whose session ended: its address may be another's next.
func (t *translator) forget(a netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ports[a] == 0 {
		return
	}
	for m, x := range t.inside {
		if m.addr == a {
			delete(t.inside, m)
			delete(t.public, x.public)
		}
	}
	delete(t.ports, a)
}
