package gnb

import (
	"net/netip"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/wire/gtpu"
)

const (
	// maxHeld bounds the packets of a bearer that wait at the target.
	maxHeld = 4096
	// endMarkerPatience is how long the target holds fresh packets back for an end marker that may be lost.
	endMarkerPatience = 2 * time.Second
	// forwardingTime is how long the source of an Xn handover goes on forwarding.
	forwardingTime = time.Second
)

// detour is what a handover does to the downlink packets of a bearer, TS 38.300 §9.2.3.2.2: the source forwards them, and
// the target sends what is forwarded before what comes from the UPF, which begins after the end marker.
type detour struct {
	mu sync.Mutex

	source bool           // the UE has left
	to     netip.AddrPort // where the source forwards to; not valid: nowhere
	teid   uint32

	away         bool // target: the UE is not here yet
	expects      bool // target: packets are forwarded, and no end marker has come
	early, fresh []heldPacket
}

type heldPacket struct {
	qfi    uint8
	packet []byte
}

// downlink takes a packet for the UE; forwarded says that it came from the source of a handover.
func (b *bearer) downlink(qfi uint8, packet []byte, forwarded bool) {
	if d := b.detour.Load(); d != nil {
		d.downlink(b, qfi, packet, forwarded)
		return
	}
	b.terminal.Packet(b.session, qfi, packet)
}

func (d *detour) downlink(b *bearer, qfi uint8, packet []byte, forwarded bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.source && !d.to.IsValid():
		b.data.lost.Add(1)
	case d.source:
		b.data.forwarded.Add(1)
		b.data.write(gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: d.teid, HasSession: true,
			Session: gtpu.PDUSession{Type: gtpu.Downlink, QFI: qfi}, Payload: packet}), d.to)
	case forwarded && d.away:
		d.early = hold(b, d.early, qfi, packet)
	case !forwarded && (d.away || d.expects):
		d.fresh = hold(b, d.fresh, qfi, packet)
	default:
		b.terminal.Packet(b.session, qfi, packet)
	}
}

func hold(b *bearer, list []heldPacket, qfi uint8, packet []byte) []heldPacket {
	if len(list) >= maxHeld {
		b.data.lost.Add(1)
		return list
	}
	return append(list, heldPacket{qfi, append([]byte(nil), packet...)})
}

// endMarker says that nothing more comes on the tunnel: the source passes it on, the target sends what it held back.
func (b *bearer) endMarker(forwarded bool) {
	d := b.detour.Load()
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.source && d.to.IsValid() && !forwarded:
		b.data.write(gtpu.AppendEndMarker(nil, d.teid, gtpu.PDUSession{}), d.to)
	case !d.source && forwarded:
		d.expects = false
		d.settle(b)
	}
}

// arrive says that the UE is here: what was forwarded goes to it.
func (b *bearer) arrive() {
	d := b.detour.Load()
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.away = false
	d.send(b, &d.early)
	d.settle(b)
	if d.expects {
		time.AfterFunc(endMarkerPatience, func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.expects = false
			d.settle(b)
		})
	}
}

// settle ends the detour if nothing is waited for. d.mu is held, so that nothing overtakes what is sent.
func (d *detour) settle(b *bearer) {
	if d.away || d.expects {
		return
	}
	d.send(b, &d.fresh)
	b.detour.CompareAndSwap(d, nil)
}

func (d *detour) send(b *bearer, list *[]heldPacket) {
	for _, p := range *list {
		b.terminal.Packet(b.session, p.qfi, p.packet)
	}
	*list = nil
}

// sendAway makes the bearer forward what still comes for a UE that leaves; to may be invalid.
func (b *bearer) sendAway(to netip.AddrPort, teid uint32) {
	b.detour.Store(&detour{source: true, to: to, teid: teid})
}

// expect makes the bearer ready for a UE that is on its way.
func (b *bearer) expect(forwarding bool) {
	b.detour.Store(&detour{away: true, expects: forwarding})
}
