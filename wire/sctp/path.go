package sctp

import (
	"net/netip"
	"slices"
	"time"
)

// route is how packets travel between two addresses. The remote port is the peer's UDP port, RFC 6951 §5.4;
// 0 over raw IP.
type route struct {
	local  netip.Addr
	remote netip.AddrPort
}

// path is one destination transport address of the peer with its own congestion control, RFC 9260 §7.
type path struct {
	route
	payload   int  // octets of chunks that fit one packet
	confirmed bool // the peer is known to own the address, RFC 9260 §5.4
	errors    int  // consecutive, RFC 9260 §8.2

	rto, srtt, rttvar time.Duration // RFC 9260 §6.3.1; srtt 0: not yet measured
	timing            bool          // a DATA chunk under way measures the round trip
	timed             uint32        // its TSN
	timedAt           time.Duration

	cwnd, ssthresh, partial int // octets, RFC 9260 §7.2
	flight                  int // octets under way
	used                    time.Duration

	heartbeatAt      time.Duration // when to send, or if one is out when to miss it
	heartbeatSent    time.Duration
	heartbeatNonce   uint64
	heartbeatPending bool
}

func (a *association) newPath(r route) *path {
	p := &path{route: r, rto: a.ep.cfg.RTOInitial, payload: a.ep.payload(r.remote.Addr())}
	p.cwnd = min(4*p.payload, max(2*p.payload, 4404))
	p.ssthresh = 1 << 30
	return p
}

// pathOf finds the path to a peer's address, or nil.
func (a *association) pathOf(remote netip.Addr) *path {
	for _, p := range a.paths {
		if p.remote.Addr() == remote {
			return p
		}
	}
	return nil
}

// dataPath is where to send: the primary path, or the confirmed one with the fewest errors, RFC 9260 §6.4.1.
func (a *association) dataPath() *path {
	best := a.paths[0]
	for _, p := range a.paths[1:] {
		if p.confirmed && (p.errors < best.errors || !best.confirmed) {
			best = p
		}
	}
	return best
}

// measured takes in a round-trip time, RFC 9260 §6.3.1.
func (a *association) measured(p *path, rtt time.Duration) {
	if p.srtt == 0 {
		p.srtt, p.rttvar = max(rtt, 1), rtt/2
	} else {
		p.rttvar += ((p.srtt - rtt).Abs() - p.rttvar) / 4
		p.srtt = max(p.srtt+(rtt-p.srtt)/8, 1)
	}
	p.rto = min(max(p.srtt+4*p.rttvar, a.ep.cfg.RTOMin), a.ep.cfg.RTOMax)
}

// failed counts an error of a path and of the association, RFC 9260 §8.1 and §8.2, and backs its RTO off. It
// reports whether the association has ended of it. An address that was never confirmed, or that is dead while
// another one lives, says nothing about the peer.
func (a *association) failed(p *path) bool {
	p.rto = min(2*p.rto, a.ep.cfg.RTOMax)
	if p.errors++; p.errors == a.ep.cfg.PathMaxRetrans+1 {
		a.ep.log.Info("sctp: path is inactive", "peer", p.remote.Addr())
	}
	if !p.confirmed || a.inactive(p) && slices.ContainsFunc(a.paths, func(q *path) bool { return q.confirmed && !a.inactive(q) }) {
		return false
	}
	if a.errors++; a.errors > a.ep.cfg.AssociationMaxRetrans {
		a.close(ErrPeerUnreachable)
		return true
	}
	return false
}

// inactive tells whether a path has failed, RFC 9260 §8.2.
func (a *association) inactive(p *path) bool { return p.errors > a.ep.cfg.PathMaxRetrans }

// answered clears the error counters, RFC 9260 §8.1 and §8.2.
func (a *association) answered(p *path) {
	p.errors, a.errors = 0, 0
}
