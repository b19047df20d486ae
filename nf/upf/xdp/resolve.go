package xdp

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// A packet whose next hop is not known is user space's, and lost if there is no process. So the neighbours that rules lead to
// are asked for before the rules are changed over, while the old ones still serve, and kept known from then on.

// resolveTime bounds how long a change of rules waits for neighbours; all that wait for the same one wait for the same time.
const resolveTime = 100 * time.Millisecond

const (
	tendAfter   = time.Second      // how often it is looked whether a neighbour has to be asked
	confirm     = 30 * time.Second // how often one that the kernel has not heard of lately is asked whether it is still there
	silentLeast = time.Second      // how long after a question without an answer the next one is asked, twice as long each time
	silentMost  = 30 * time.Second
	echoLeast   = time.Minute // between Echo Requests, TS 29.281 §7.2.1
)

// silence is a neighbour that was asked and has not answered.
type silence struct {
	since, next time.Time
	pause       time.Duration
}

// peersOf are the peers that a session sends packets to.
func peersOf(s *upf.Session) []netip.Addr {
	var out []netip.Addr
	for i := range s.Rules {
		if r := &s.Rules[i]; r.Peer.IsValid() && r.PeerPort == 0 && r.Action&pfcp.ApplyFORW != 0 {
			out = append(out, r.Peer)
		}
	}
	return out
}

// resolve has the neighbours found that lead to peers and to the data networks, and waits for those that are not known, though
// no longer than their patience: one that never answers holds up who asks for it first, and then nobody.
func (n *neighbours) resolve(peers []netip.Addr) {
	var end <-chan time.Time
	for {
		wait, changed := n.unresolved(peers)
		if !wait {
			return
		}
		if end == nil {
			end = time.After(n.patience)
		}
		select {
		case <-changed:
		case <-end:
			return
		case <-n.done:
			return
		}
	}
}

// unresolved tells whether an answer is worth waiting for, and what tells of one.
func (n *neighbours) unresolved(peers []netip.Addr) (wait bool, changed <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	for _, a := range peers {
		n.peers[a] = true
		wait = n.ask(a, now) || wait
	}
	for _, a := range n.gateways {
		wait = n.ask(a, now) || wait
	}
	return wait, n.changed
}

// see takes what the kernel has now.
func (n *neighbours) see(v view) {
	n.view, n.ways, n.gateways = v, map[netip.Addr]neighbour{}, nil
	for _, routes := range v.tables {
		for _, r := range routes {
			if _, ours := n.serving[r.ifindex]; ours && r.gateway.IsValid() && !slices.Contains(n.gateways, r.gateway) {
				n.gateways = append(n.gateways, r.gateway)
			}
		}
	}
}

// ask has the kernel find the neighbour that leads to an address, unless it is known or has just been asked; it tells whether the
// answer may yet come in time.
func (n *neighbours) ask(a netip.Addr, now time.Time) bool {
	w, ok := n.way(a)
	_, ours := n.serving[w.ifindex]
	if _, fit := n.view.by(w, make(net.HardwareAddr, 6)); !ok || !ours || !fit {
		return false
	}
	if n.view.neighbours[w] != nil {
		delete(n.silent, w)
		return false
	}
	x := n.silent[w]
	if x == nil {
		x = &silence{since: now, pause: silentLeast}
		n.silent[w] = x
	}
	if !now.Before(x.next) {
		x.next, x.pause = now.Add(x.pause), min(2*x.pause, silentMost)
		n.use(w, a, now)
	}
	return now.Sub(x.since) < n.patience
}

// use does to the kernel's entry of a neighbour what a packet to it would do. A process that may not has an Echo Request sent
// to a peer instead.
func (n *neighbours) use(w neighbour, to netip.Addr, now time.Time) {
	if !n.mute {
		err := n.solicit(&netlink.Neigh{LinkIndex: w.ifindex, IP: w.addr.AsSlice(), Flags: netlink.NTF_USE})
		if n.mute = errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES); err != nil && !n.mute {
			n.warn("a neighbour cannot be asked", "neighbour", w.addr, "error", err)
		}
	}
	if n.mute && n.peers[to] && n.echo != nil && now.Sub(n.echoed[to]) >= echoLeast {
		n.echoed[to] = now
		n.echo(to)
	}
}

// tend asks the neighbours that the kernel has lost and, now and then, those that it has not heard of lately: packets that the
// programs send do not tell it.
func (n *neighbours) tend(now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, a := range n.gateways {
		n.ask(a, now)
	}
	for a := range n.peers {
		n.ask(a, now)
	}
	if now.Sub(n.confirmed) < confirm || n.mute {
		return
	}
	n.confirmed = now
	for a := range n.index {
		if w, ok := n.way(a); ok && n.view.stale[w] {
			n.use(w, a, now)
		}
	}
}

// way is the neighbour that leads to an address; a gateway may be known by a data network's table alone.
func (n *neighbours) way(a netip.Addr) (w neighbour, ok bool) {
	if w, ok = n.ways[a]; ok {
		return w, true
	}
	for table := range n.view.tables {
		if w, ok = n.view.way(table, a); ok {
			n.ways[a] = w
			return w, true
		}
	}
	return neighbour{}, false
}

// reach finds how an address is reached. Where the kernel has lost a neighbour, because it had no room or got no answer, frames go
// on to where it was last until it is found elsewhere: there is none that a packet could do without.
func (n *neighbours) reach(a netip.Addr) (reached, bool) {
	w, ok := n.way(a)
	if !ok {
		return reached{}, false
	}
	if mac := n.view.neighbours[w]; mac != nil {
		n.last[w] = mac
	}
	return n.view.by(w, n.last[w])
}

// recall notes where the neighbours were that an earlier process knew.
func (n *neighbours) recall() {
	for a, i := range n.index {
		h := &n.loaded.hops[i]
		w, ok := n.way(a)
		if at, is := n.view.by(w, h.mac()); ok && is && n.last[w] == nil && uint32(at.ifindex) == h.ifindex {
			n.last[w] = h.mac()
		}
	}
}
