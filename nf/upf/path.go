package upf

import (
	"context"
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// Path management, TS 23.527 §5.2 and TS 29.281 §7.2: each GTP-U peer of a session is sent an Echo Request now and then,
// never more often than every 60 s while it answers.
const (
	minEchoInterval = time.Minute
	echoT3          = 3 * time.Second // until an Echo Request is sent again
	echoN3          = 5               // tries until the path has failed
)

// pathState is what is known of the path to a GTP-U peer.
type pathState struct {
	next time.Time // when an Echo Request is due
	open int       // Echo Requests without an answer
	down bool
}

// Echo notes that a peer lives, TS 29.281 §7.2.2, and tells the CP functions if that is news.
func (u *UPF) Echo(peer netip.Addr) {
	u.mu.Lock()
	p := u.paths[peer]
	if p == nil {
		u.mu.Unlock()
		return
	}
	recovered := p.down
	p.open, p.down = 0, false
	u.mu.Unlock()
	if recovered {
		u.log.Info("path to a GTP-U peer recovered", "peer", peer)
		u.reportPath(peer, false)
	}
}

// watchPaths sends Echo Requests until the UPF ends.
func (u *UPF) watchPaths() {
	defer u.reports.Done()
	tick := time.NewTicker(echoT3)
	defer tick.Stop()
	for {
		select {
		case <-u.ctx.Done():
			return
		case now := <-tick.C:
			u.tryPaths(now)
		}
	}
}

// tryPaths sends what is due, and notices which paths have failed.
func (u *UPF) tryPaths(now time.Time) {
	var due, failed []netip.Addr
	u.mu.Lock()
	used := map[netip.Addr]bool{}
	for k := range u.byPeer {
		used[k.addr] = true
	}
	for peer := range u.paths {
		if !used[peer] {
			delete(u.paths, peer)
		}
	}
	for peer := range used {
		p := u.paths[peer]
		if p == nil {
			p = &pathState{next: now.Add(u.cfg.EchoInterval)}
			u.paths[peer] = p
		}
		if p.open == 0 && now.Before(p.next) || p.down && now.Before(p.next) {
			continue
		}
		if p.open >= echoN3 && !p.down {
			p.down = true
			failed = append(failed, peer)
		}
		if p.open == 0 || p.down {
			p.next = now.Add(u.cfg.EchoInterval)
		}
		p.open++
		due = append(due, peer)
	}
	u.mu.Unlock()
	for _, peer := range due {
		u.path.Echo(peer)
	}
	for _, peer := range failed {
		u.log.Warn("path to a GTP-U peer failed", "peer", peer)
		u.reportPath(peer, true)
	}
}

// reportPath tells all CP functions that the path to a peer failed or recovered, TS 29.244 §7.4.5.1.
func (u *UPF) reportPath(peer netip.Addr, failed bool) {
	remote := pfcp.RemoteGTPUPeer{IPv4: peer}
	if peer.Is6() {
		remote = pfcp.RemoteGTPUPeer{IPv6: peer}
	}
	m := &pfcp.NodeReportRequest{NodeID: u.node, NodeReportType: pfcp.NodeReportUPRR}
	which := pfcp.Some(pfcp.UserPlanePathReport{RemoteGTPUPeer: []pfcp.RemoteGTPUPeer{remote}})
	if failed {
		m.NodeReportType, m.UserPlanePathFailureReport = pfcp.NodeReportUPFR, which
	} else {
		m.UserPlanePathRecoveryReport = which
	}
	u.mu.Lock()
	var to []netip.AddrPort
	for _, a := range u.associations {
		to = append(to, a.peer)
	}
	u.mu.Unlock()
	for _, cp := range to {
		u.spawn(func() {
			ctx, cancel := context.WithTimeout(u.ctx, reportGrace)
			defer cancel()
			if _, err := u.endpoint.Request(ctx, u.nodePort(cp), pfcp.Header{}, m); err != nil {
				u.log.Warn("PFCP node report not answered", "peer", cp, "error", err)
			}
		})
	}
}

// nodePort is where requests to a CP function go: to the port of PFCP, TS 29.244 §4.2.2, but in a laboratory to the
// port that it uses.
func (u *UPF) nodePort(cp netip.AddrPort) netip.AddrPort {
	if u.cfg.N4.Port() != pfcp.Port {
		return cp
	}
	return netip.AddrPortFrom(cp.Addr(), pfcp.Port)
}
