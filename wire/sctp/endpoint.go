package sctp

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
)

// link carries SCTP packets between addresses: raw IP, UDP, or a simulated network. It gives what it receives to
// endpoint.input.
type link interface {
	// open makes sure that packets to a local address come in; dialling may use any UDP port.
	open(local netip.Addr, dial bool) error
	// source is the local address from which packets to remote leave.
	source(remote netip.Addr) (netip.Addr, error)
	// send sends one packet and keeps no reference to it.
	send(r route, packet []byte) error
	// watch tells which local SCTP ports are in use.
	watch(ports []uint16)
	// overhead is the octets of headers below SCTP.
	overhead(remote netip.Addr) int
	close() error
}

// key finds an association: its local and remote address and ports, RFC 9260 §3.1.
type key struct {
	local, remote         netip.Addr
	localPort, remotePort uint16
}

// endpoint is an SCTP endpoint of our own over a link, RFC 9260 §1.3. It implements Transport.
type endpoint struct {
	cfg     Config
	log     *slog.Logger
	binding Binding
	link    link
	udp     uint16 // UDP port to which Dial sends; 0 over raw IP
	private bool   // the link's packets are all ours, so those out of the blue are answered
	started time.Time
	cookies *cookieJar
	inits   bucket // INIT chunks answered
	strays  bucket // packets out of the blue answered
	buffers sync.Pool

	mu           sync.RWMutex
	closed       bool
	count        int // associations
	associations map[key]*association
	listeners    map[netip.AddrPort]*listener
	ports        map[uint16]int         // local ports in use, by how many
	ends         map[netip.AddrPort]int // likewise, with their addresses
}

// newEndpoint makes an endpoint; the caller sets its link.
func newEndpoint(cfg Config, b Binding) *endpoint {
	ep := &endpoint{
		cfg: cfg, log: cfg.Log, binding: b, started: time.Now().Add(-time.Second), cookies: newCookieJar(),
		associations: make(map[key]*association),
		listeners:    make(map[netip.AddrPort]*listener),
		ports:        make(map[uint16]int),
		ends:         make(map[netip.AddrPort]int),
	}
	ep.inits.perSecond, ep.strays.perSecond = cfg.MaxInitsPerSecond, 1000
	ep.buffers.New = func() any {
		b := make([]byte, 0, cfg.MTU)
		return &b
	}
	return ep
}

// now is the time since a second before the endpoint's start, so that it is never 0.
func (ep *endpoint) now() time.Duration { return time.Since(ep.started) }

func (ep *endpoint) buffer() *[]byte { return ep.buffers.Get().(*[]byte) }

func (ep *endpoint) recycle(b *[]byte) {
	*b = (*b)[:0]
	ep.buffers.Put(b)
}

// payload is how many octets of chunks fit one packet to an address.
func (ep *endpoint) payload(remote netip.Addr) int {
	return (ep.cfg.MTU - ep.link.overhead(remote) - headerSize) &^ 3
}

// transmit sends a sealed packet and recycles its buffer. What the link loses, retransmission repairs.
func (ep *endpoint) transmit(r route, b *[]byte) {
	if err := ep.link.send(r, *b); err != nil {
		ep.log.Debug("sctp: packet not sent", "peer", r.remote, "error", err)
	}
	ep.recycle(b)
}

// Binding implements Transport.
func (ep *endpoint) Binding() Binding { return ep.binding }

// Dial implements Transport.
func (ep *endpoint) Dial(ctx context.Context, local, remote netip.AddrPort) (Association, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	remote = netip.AddrPortFrom(remote.Addr().Unmap().WithZone(""), remote.Port())
	if !unicast(remote.Addr()) || remote.Port() == 0 {
		return nil, &net.AddrError{Err: "sctp: not an address to dial", Addr: remote.String()}
	}
	addr := local.Addr().Unmap().WithZone("")
	if !addr.IsValid() || addr.IsUnspecified() {
		var err error
		if addr, err = ep.link.source(remote.Addr()); err != nil {
			return nil, err
		}
	}
	if err := ep.link.open(addr, true); err != nil {
		return nil, err
	}
	a, err := ep.connect(netip.AddrPortFrom(addr, local.Port()), remote)
	if err != nil {
		return nil, err
	}
	for {
		a.mu.Lock()
		if a.state == stateClosed {
			defer a.mu.Unlock()
			return nil, a.end
		}
		if !a.connecting() {
			a.mu.Unlock()
			return a, nil
		}
		wait := a.changed.wait()
		a.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			a.discard("connecting was given up")
			return nil, ctx.Err()
		}
	}
}

// connect makes an association and sends its INIT.
func (ep *endpoint) connect(local, remote netip.AddrPort) (*association, error) {
	a := &association{ep: ep, remote: remote, localTag: randomTag(), localTSN: rand.Uint32()}
	r := route{local.Addr(), netip.AddrPortFrom(remote.Addr(), ep.udp)}
	a.paths = []*path{a.newPath(r)}
	a.mu.Lock() // before others can find it
	if err := ep.add(a, local); err != nil {
		a.mu.Unlock()
		return nil, err
	}
	defer a.release()
	a.enter(stateCookieWait)
	a.sendINIT()
	a.start(timerT1, ep.now()+a.paths[0].rto)
	return a, nil
}

// The dynamic ports, RFC 6335 §6.
const firstDynamicPort, dynamicPorts = 49152, 16384

// add enters a new association; local port 0 chooses a free one.
func (ep *endpoint) add(a *association, local netip.AddrPort) error {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	switch {
	case ep.closed:
		return net.ErrClosed
	case ep.count >= ep.cfg.MaxAssociations:
		return ErrTooManyAssociations
	}
	k := key{local.Addr(), a.remote.Addr(), local.Port(), a.remote.Port()}
	if local.Port() == 0 {
		k.localPort = ep.dynamicPort()
	}
	if _, taken := ep.associations[k]; taken {
		return &net.AddrError{Err: "sctp: association exists already", Addr: a.remote.String()}
	}
	a.local = netip.AddrPortFrom(k.local, k.localPort)
	ep.associations[k] = a
	ep.count++
	ep.usePort(a.local, 1)
	return nil
}

// dynamicPort chooses a port that nobody uses; if there is none, any. The lock is held.
func (ep *endpoint) dynamicPort() (port uint16) {
	first := rand.UintN(dynamicPorts)
	for i := range uint(dynamicPorts) {
		port = uint16(firstDynamicPort + (first+i)%dynamicPorts)
		if ep.ports[port] == 0 {
			break
		}
	}
	return port
}

// usePort counts the users of a local port at an address and tells the link. The lock is held.
func (ep *endpoint) usePort(at netip.AddrPort, by int) {
	if ep.ends[at] += by; ep.ends[at] == 0 {
		delete(ep.ends, at)
	}
	port := at.Port()
	before := ep.ports[port]
	if ep.ports[port] += by; ep.ports[port] == 0 {
		delete(ep.ports, port)
	}
	if (before == 0) == (ep.ports[port] == 0) {
		return
	}
	ports := make([]uint16, 0, min(len(ep.ports), maxFilterPorts+1))
	for p := range ep.ports {
		if ports = append(ports, p); len(ports) > maxFilterPorts {
			break
		}
	}
	ep.link.watch(ports)
}

// claim enters another address of an association's peer, unless another association has it.
func (ep *endpoint) claim(a *association, addr netip.Addr) bool {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	k := key{a.local.Addr(), addr, a.local.Port(), a.remote.Port()}
	if other, taken := ep.associations[k]; taken {
		return other == a
	}
	ep.associations[k] = a
	return true
}

// remove forgets a closed association.
func (ep *endpoint) remove(a *association) {
	a.mu.Lock()
	paths := a.paths
	a.mu.Unlock()
	ep.mu.Lock()
	defer ep.mu.Unlock()
	known := false
	for _, p := range paths {
		k := key{a.local.Addr(), p.remote.Addr(), a.local.Port(), a.remote.Port()}
		if ep.associations[k] == a {
			delete(ep.associations, k)
			known = true
		}
	}
	if known {
		ep.count--
		ep.leavePort(a.local)
	}
}

// lingering is how long a port stays ours after its association: as long as a peer repeats a SHUTDOWN ACK whose answer
// was lost (T5, RFC 9260 §9.2), so that it is answered again (§8.4).
func (ep *endpoint) lingering() time.Duration { return 5 * ep.cfg.RTOMax }

// leavePort gives a port back. Over a raw socket only packets to our own ports are answered, so there it lingers. The
// lock is held.
func (ep *endpoint) leavePort(at netip.AddrPort) {
	if ep.private || ep.closed {
		ep.usePort(at, -1)
		return
	}
	time.AfterFunc(ep.lingering(), func() {
		ep.mu.Lock()
		defer ep.mu.Unlock()
		if !ep.closed {
			ep.usePort(at, -1)
		}
	})
}

// Close implements Transport.
func (ep *endpoint) Close() error {
	ep.mu.Lock()
	if ep.closed {
		ep.mu.Unlock()
		return nil
	}
	ep.closed = true
	var all []*association
	for _, a := range ep.associations {
		all = append(all, a)
	}
	var listeners []*listener
	for _, l := range ep.listeners {
		listeners = append(listeners, l)
	}
	ep.mu.Unlock()
	for _, l := range listeners {
		l.shut()
	}
	for _, a := range all {
		a.discard("closing")
	}
	return ep.link.close()
}

// unicast tells whether packets may come from or go to an address.
func unicast(a netip.Addr) bool {
	return a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}
