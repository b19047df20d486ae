package gnb

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/net/ipv4"

	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/ngap"
)

const (
	batch      = 32   // datagrams read in one system call
	packetSize = 9216 // largest datagram read, octets
	socketSize = 4 << 20
)

// errNoDataPath says that the gNB was made without a user plane.
var errNoDataPath = errors.New("gnb: no data path")

// errPacketSize says that a packet does not fit in a datagram.
var errPacketSize = errors.New("gnb: packet is empty or too large")

// userPlane is the N3 side: GTP-U over one UDP socket, TS 29.281.
type userPlane struct {
	conn *net.UDPConn
	addr netip.Addr
	log  *slog.Logger
	done chan struct{}

	mu      sync.RWMutex
	tunnels map[uint32]*bearer
	detours map[uint32]*bearer // forwarding tunnels
	buffers sync.Pool          // of *buffer

	// Received and Sent count G-PDUs, Unknown those for no tunnel of ours.
	received, sent, unknown atomic.Uint64
	forwarded, lost         atomic.Uint64 // during handovers
	echoes                  atomic.Uint64
}

// bearer is a data radio bearer with its N3 tunnel.
type bearer struct {
	session  uint8
	teid     uint32
	terminal radio.Terminal
	data     *userPlane
	// forwardingTEID is where the source of a handover forwards packets of the session to; 0: nowhere.
	forwardingTEID uint32
	detour         atomic.Pointer[detour] // nil but during a handover

	mu         sync.RWMutex
	qfis       []uint8
	profiles   map[uint8]ngap.QosFlowLevelQosParameters // by QFI
	remote     netip.AddrPort
	remoteTEID uint32
	closed     bool
}

// PDUSession is radio.Bearer.
func (b *bearer) PDUSession() uint8 { return b.session }

// QFIs is radio.Bearer.
func (b *bearer) QFIs() []uint8 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Clone(b.qfis)
}

// redirect changes the other end of the tunnel.
func (b *bearer) redirect(remote netip.AddrPort, teid uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.remote, b.remoteTEID = remote, teid
}

// peer is the other end of the tunnel.
func (b *bearer) peer() (netip.AddrPort, uint32) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.remote, b.remoteTEID
}

// buffer holds the header and the packet of a G-PDU.
type buffer [gtpu.Headroom + packetSize]byte

// Send is radio.Bearer: it sends a G-PDU with the QFI in an uplink PDU session container, TS 38.415 §5.5.2.2.
func (b *bearer) Send(qfi uint8, packet []byte) error {
	if b.data == nil {
		return errNoDataPath
	}
	if len(packet) == 0 || len(packet) > packetSize {
		return errPacketSize
	}
	b.mu.RLock()
	remote, teid, closed := b.remote, b.remoteTEID, b.closed
	b.mu.RUnlock()
	if closed {
		return radio.ErrReleased
	}
	buf, _ := b.data.buffers.Get().(*buffer)
	if buf == nil {
		buf = new(buffer)
	}
	defer b.data.buffers.Put(buf)
	n := copy(buf[gtpu.Headroom:], packet)
	pdu := buf[:gtpu.Headroom+n]
	at := gtpu.Encapsulate(pdu, gtpu.Headroom, teid, gtpu.PDUSession{Type: gtpu.Uplink, QFI: qfi})
	if _, err := b.data.conn.WriteToUDPAddrPort(pdu[at:], remote); err != nil {
		return err
	}
	b.data.sent.Add(1)
	return nil
}

// openTunnel gives the bearer a TEID.
func (g *GNB) openTunnel(b *bearer) {
	g.mu.Lock()
	g.lastTEID++
	b.teid = g.lastTEID
	g.mu.Unlock()
	if g.data != nil {
		g.data.mu.Lock()
		g.data.tunnels[b.teid] = b
		g.data.mu.Unlock()
	}
}

// openForwarding gives the bearer a second tunnel, for the source of a handover.
func (g *GNB) openForwarding(b *bearer) {
	g.mu.Lock()
	g.lastTEID++
	b.forwardingTEID = g.lastTEID
	g.mu.Unlock()
	if g.data != nil {
		g.data.mu.Lock()
		g.data.detours[b.forwardingTEID] = b
		g.data.mu.Unlock()
	}
}

func (g *GNB) closeTunnel(b *bearer) {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	if g.data != nil {
		g.data.mu.Lock()
		delete(g.data.tunnels, b.teid)
		delete(g.data.detours, b.forwardingTEID)
		g.data.mu.Unlock()
	}
}

// Traffic counts what went through the user plane since the gNB was made, in G-PDUs.
type Traffic struct {
	Received, Sent uint64
	Unknown        uint64 // for no tunnel: each was answered with an error indication
	Forwarded      uint64 // to the target of a handover
	Lost           uint64 // because a UE had left
}

// Traffic returns the counters.
func (g *GNB) Traffic() Traffic {
	if g.data == nil {
		return Traffic{}
	}
	return Traffic{g.data.received.Load(), g.data.sent.Load(), g.data.unknown.Load(), g.data.forwarded.Load(), g.data.lost.Load()}
}

func listen(addr netip.Addr, log *slog.Logger) (*userPlane, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, gtpu.Port)))
	if err != nil {
		return nil, err
	}
	// The kernel may grant less; packets are then lost earlier under load.
	_ = conn.SetReadBuffer(socketSize)
	_ = conn.SetWriteBuffer(socketSize)
	u := &userPlane{conn: conn, addr: addr, log: log, done: make(chan struct{}), tunnels: make(map[uint32]*bearer), detours: make(map[uint32]*bearer)}
	go u.read()
	return u, nil
}

func (u *userPlane) close() error {
	err := u.conn.Close()
	<-u.done
	return err
}

// read takes datagrams in batches until the socket is closed. ReadBatch serves IPv4 and IPv6 sockets alike.
func (u *userPlane) read() {
	defer close(u.done)
	pc := ipv4.NewPacketConn(u.conn)
	messages := make([]ipv4.Message, batch)
	for i := range messages {
		messages[i].Buffers = [][]byte{make([]byte, packetSize)}
	}
	for {
		n, err := pc.ReadBatch(messages, 0)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP error of an earlier datagram
		}
		for _, m := range messages[:n] {
			from, ok := m.Addr.(*net.UDPAddr)
			if ok {
				u.take(m.Buffers[0][:m.N], from.AddrPort())
			}
		}
	}
}

// take handles one GTP-U message.
func (u *userPlane) take(b []byte, from netip.AddrPort) {
	var p gtpu.Packet
	if err := gtpu.Parse(b, &p); err != nil {
		u.log.Debug("GTP-U packet dropped", "from", from, "err", err)
		return
	}
	switch p.Type {
	case gtpu.GPDU:
		t, forwarded := u.find(p.TEID)
		if t == nil {
			u.unknown.Add(1)
			u.write(gtpu.AppendErrorIndication(nil, p.TEID, u.addr, from.Port()), netip.AddrPortFrom(from.Addr(), gtpu.Port))
			return
		}
		u.received.Add(1)
		t.downlink(p.Session.QFI, p.Payload, forwarded)
	case gtpu.EchoRequest:
		u.write(gtpu.AppendEchoResponse(nil, p.Sequence), from)
	case gtpu.EchoResponse:
		u.echoes.Add(1)
	case gtpu.EndMarker:
		if t, forwarded := u.find(p.TEID); t != nil {
			t.endMarker(forwarded)
		}
	case gtpu.ErrorIndication:
		d, err := gtpu.ParseErrorIndication(p.Payload)
		u.log.Warn("GTP-U error indication", "from", from, "TEID", fmt.Sprintf("%08x", d.TEID), "err", err)
	}
}

// find finds the bearer of a tunnel; forwarded tells that it is one from the source of a handover.
func (u *userPlane) find(teid uint32) (b *bearer, forwarded bool) {
	u.mu.RLock()
	defer u.mu.RUnlock()
	if b := u.tunnels[teid]; b != nil {
		return b, false
	}
	return u.detours[teid], true
}

func (u *userPlane) write(b []byte, to netip.AddrPort) {
	if _, err := u.conn.WriteToUDPAddrPort(b, to); err != nil {
		u.log.Debug("GTP-U message not sent", "to", to, "err", err)
	}
}

// transportAddress is the Transport Layer Address IE of one address, TS 38.413 §9.3.2.4.
func transportAddress(a netip.Addr) (ngap.TransportLayerAddress, error) {
	if a.Unmap().Is4() {
		return ngap.NewTransportLayerAddress(a, netip.Addr{})
	}
	return ngap.NewTransportLayerAddress(netip.Addr{}, a)
}
