package xdp

import (
	"bytes"
	"encoding/binary"
	"math"
	"net"
	"net/netip"
	"slices"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// model does what the path in Go does with a frame, by the same decoders and the same matching of rules, and then what
// the kernel behind it does: time to live, route, next hop.
type model struct {
	sessions map[uint32]*upf.Session // by slot
	layout   *upf.Layout
	now      int64
	meters   map[meterKey]float64 // when all that was sent would have been sent, in nanoseconds
	usage    map[usageKey]upf.Usage
	counters upf.Counters
}

type meterKey struct {
	slot   uint32
	qer    pfcp.QERID
	uplink bool
}

type usageKey struct {
	slot uint32
	urr  pfcp.URRID
}

// fate is what becomes of a frame.
type fate struct {
	forward bool
	drop    upf.Drop // if neither forward nor user space's
	slow    bool     // user space's, or the kernel's
	simple  bool     // the programs must decide it themselves
	broken  bool     // the packet's own checksum was wrong from the start
	close   bool     // a rate decides, too closely to call
	out     []byte
	port    int // 1 or 2
	bill    func()
}

var userSpace = fate{slow: true}

func (m *model) uplink(frame []byte) fate {
	payload, ok := n3Payload(frame)
	var g gtpu.Packet
	if !ok || gtpu.Parse(payload, &g) != nil || g.Type != gtpu.GPDU {
		return userSpace
	}
	simple := payload[0]&4 == 0 || g.HasSession && g.Session.Type == gtpu.Uplink && payload[12] == 1 && payload[15] == 0
	s := m.sessions[upf.Slot(g.TEID)]
	if s == nil || len(s.Tunnels) == 0 || s.Tunnels[0] != g.TEID {
		return userSpace
	}
	var flow upf.Flow
	packet, ok := upf.ParseFlow(g.Payload, true, &flow)
	if !ok || packet[0] != 0x45 {
		return userSpace
	}
	simple = simple && uplinkIsFast(s)
	i, why := s.FindUplink(g.TEID, g.Session.QFI, &flow)
	if i < 0 {
		return fate{drop: why, simple: simple}
	}
	return m.decide(s, &s.Rules[i], packet, simple, func() (int, net.HardwareAddr, bool) { return routeFor(flow.Remote, len(packet)) }, nil)
}

func (m *model) downlink(frame []byte) fate {
	if binary.BigEndian.Uint16(frame[12:]) != 0x0800 {
		return userSpace
	}
	if frame[0]&1 != 0 {
		return userSpace
	}
	var flow upf.Flow
	packet, ok := upf.ParseFlow(frame[14:], false, &flow)
	if !ok || packet[0] != 0x45 {
		return userSpace
	}
	slot, ok := m.layout.SlotOf4(hostOrder(flow.Local))
	if !ok || m.sessions[slot] == nil {
		return userSpace
	}
	s, n := m.sessions[slot], networks[0]
	if networks[1].Pools[0].Contains(flow.Local) {
		n = networks[1]
	}
	i, _ := s.FindDownlink(n.DNN, &flow)
	if i < 0 || len(packet) > n.MTU {
		return userSpace
	}
	r := &s.Rules[i]
	wrap := func() (int, net.HardwareAddr, bool) { return routeFor(r.Peer, len(packet)+outerOctets) }
	return m.decide(s, r, packet, downlinkIsFast(s), wrap, func(b []byte) []byte {
		b = append(make([]byte, gtpu.Headroom), b...)
		gtpu.Encapsulate(b, gtpu.Headroom, r.PeerTEID, gtpu.PDUSession{Type: gtpu.Downlink, QFI: r.QFI, RQI: r.RQI})
		b = ipv4(n3Addr, r.Peer, 17, 64, udp(gtpu.Port, gtpu.Port, b))
		copy(b[4:], []byte{0, 0, 0x40, 0, 64, 17, 0, 0}) // no id, not to be fragmented
		binary.BigEndian.PutUint16(b[10:], checksum(b[:20]))
		return b
	})
}

// outerOctets is what a tunnel adds: IPv4, UDP, GTP-U with a container.
const outerOctets = 20 + 8 + 16

// decide does what follows the choice of a rule.
func (m *model) decide(s *upf.Session, r *upf.Rule, packet []byte, simple bool, leave func() (int, net.HardwareAddr, bool), wrap func([]byte) []byte) fate {
	up := r.Uplink()
	if !up && packet[8] <= 1 {
		return userSpace
	}
	if r.Action&pfcp.ApplyFORW == 0 {
		return fate{drop: upf.DropAction, simple: simple}
	}
	for _, q := range r.QERs {
		if up && q.Gate.UplinkClosed || !up && q.Gate.DownlinkClosed {
			return fate{drop: upf.DropGate, simple: simple}
		}
	}
	for _, q := range r.QERs {
		if mbr, ok := q.MBR.Get(); ok && (up && mbr.Uplink == 0 || !up && mbr.Downlink == 0) {
			return fate{drop: upf.DropRate, simple: simple}
		}
	}
	port, mac, ok := leave()
	if !ok || packet[8] <= 1 {
		return userSpace
	}
	if !simple {
		return userSpace
	}
	within, close := m.admit(s.Slot, r, len(packet))
	if !within && !close {
		return fate{drop: upf.DropRate, simple: simple}
	}
	out := append([]byte(nil), packet...)
	out[8]--
	if checksum(packet[:20]) == 0 {
		out[10], out[11] = 0, 0
		binary.BigEndian.PutUint16(out[10:], checksum(out[:20]))
	}
	if wrap != nil {
		out = wrap(out)
	}
	from := oneMAC
	if port == 2 {
		from = twoMAC
	}
	out = append(append(append(append([]byte(nil), mac...), from...), 8, 0), out...)
	return fate{forward: true, simple: simple, close: close, broken: checksum(packet[:20]) != 0, out: out, port: port, bill: func() { m.bill(s.Slot, r, len(packet)) }}
}

// admit holds a packet to the lowest rate, in floating point.
func (m *model) admit(slot uint32, r *upf.Rule, octets int) (within, close bool) {
	const burst, margin = 100e6, 1e4
	q, kbps, ok := lowest(r)
	if !ok {
		return true, false
	}
	key := meterKey{slot, q, r.Uplink()}
	ahead := m.meters[key] - float64(m.now)
	if math.Abs(ahead-burst) < margin {
		return false, true
	}
	if ahead > burst {
		return false, false
	}
	m.meters[key] = max(m.meters[key], float64(m.now)) + float64(octets)*8e6/float64(kbps)
	return true, false
}

// lowest is the lowest rate of a rule, kbit/s.
func lowest(r *upf.Rule) (id pfcp.QERID, kbps uint64, ok bool) {
	for _, q := range r.QERs {
		mbr, limited := q.MBR.Get()
		rate := mbr.Downlink
		if r.Uplink() {
			rate = mbr.Uplink
		}
		if limited && (!ok || rate < kbps) {
			id, kbps, ok = q.ID, rate, true
		}
	}
	return id, kbps, ok
}

// forwards tells whether action and gates let packets through.
func forwards(r *upf.Rule) bool {
	closed := slices.ContainsFunc(r.QERs, func(q upf.QER) bool {
		return r.Uplink() && q.Gate.UplinkClosed || !r.Uplink() && q.Gate.DownlinkClosed
	})
	return !closed && r.Action&pfcp.ApplyFORW != 0
}

func (m *model) bill(slot uint32, r *upf.Rule, octets int) {
	for _, id := range r.URRs {
		u := m.usage[usageKey{slot, id}]
		if r.Uplink() {
			u.UplinkBytes, u.UplinkPackets = u.UplinkBytes+uint64(octets), u.UplinkPackets+1
		} else {
			u.DownlinkBytes, u.DownlinkPackets = u.DownlinkBytes+uint64(octets), u.DownlinkPackets+1
		}
		m.usage[usageKey{slot, id}] = u
	}
}

// apply notes new rules; what stays keeps its state.
func (m *model) apply(s *upf.Session) {
	urrs, qers := map[pfcp.URRID]bool{}, map[meterKey]bool{}
	for _, r := range s.Rules {
		for _, id := range r.URRs {
			urrs[id] = true
		}
		fast := r.Uplink() && uplinkIsFast(s) || !r.Uplink() && downlinkIsFast(s)
		if q, kbps, ok := lowest(&r); ok && kbps > 0 && fast && forwards(&r) {
			qers[meterKey{s.Slot, q, r.Uplink()}] = true
		}
	}
	for k := range m.usage {
		if k.slot == s.Slot && !urrs[k.urr] {
			delete(m.usage, k)
		}
	}
	for k := range m.meters {
		if k.slot == s.Slot && !qers[k] {
			delete(m.meters, k)
		}
	}
	m.sessions[s.Slot] = s
}

// n3Payload is the datagram that the socket on N3 would get.
func n3Payload(frame []byte) ([]byte, bool) {
	ip := frame[14:]
	n3 := n3Addr.As4()
	if frame[0]&1 != 0 || binary.BigEndian.Uint16(frame[12:]) != 0x0800 || len(ip) < 28 || ip[0] != 0x45 || ip[9] != 17 || !bytes.Equal(ip[16:20], n3[:]) {
		return nil, false
	}
	total, datagram := int(binary.BigEndian.Uint16(ip[2:])), int(binary.BigEndian.Uint16(ip[24:]))
	if binary.BigEndian.Uint16(ip[6:])&0x3fff != 0 || binary.BigEndian.Uint16(ip[22:]) != gtpu.Port || total != datagram+20 ||
		total > len(ip) || datagram < 8 {
		return nil, false
	}
	return ip[28:total], true
}

// routeFor is the route of around, for packets that fit.
func routeFor(a netip.Addr, octets int) (int, net.HardwareAddr, bool) {
	if !a.IsValid() {
		return 0, nil, false
	}
	b := a.As4()
	port, mac := 1, gateMAC
	switch {
	case b[0] == 0 || b[0] == 127 || b[0] >= 224 || b[0] == 11:
		return 0, nil, false
	case a == n3Addr, networks[0].Pools[0].Contains(a), networks[1].Pools[0].Contains(a):
		return 0, nil, false
	case a == gateway:
	case a == gnb:
		port, mac = 2, gnbMAC
	case a == farGW, b[0] == 203:
		port, mac = 2, farMAC
	case b[0] == 192 && b[1] == 0 && b[2] == 2, b[0] == 198 && b[1] == 51 && b[2] == 100, b[0] == 172 && (b[1] == 16 || b[1] == 18):
		return 0, nil, false
	}
	if port == 1 {
		return port, mac, octets <= mtu1
	}
	return port, mac, octets <= mtu2
}

// uplinkIsFast and downlinkIsFast say which sessions the programs serve: one rule for the direction, no filter, no
// buffering.
func uplinkIsFast(s *upf.Session) bool {
	n := 0
	for i := range s.Rules {
		if r := &s.Rules[i]; r.Uplink() {
			n++
			if len(r.Filters) > 0 || r.Peer.IsValid() {
				return false
			}
		}
	}
	return n == 1
}

func downlinkIsFast(s *upf.Session) bool {
	n := 0
	for i := range s.Rules {
		if r := &s.Rules[i]; !r.Uplink() {
			n++
			if len(r.Filters) > 0 || r.Action&pfcp.ApplyBUFF != 0 || r.Action&pfcp.ApplyFORW != 0 && !r.Peer.IsValid() {
				return false
			}
		}
	}
	return n == 1
}
