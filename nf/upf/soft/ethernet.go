package soft

import (
	"slices"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// Bounds of what a UE can make the UPF remember.
const (
	maxStations = 128             // behind one UE
	stationTime = 5 * time.Minute // until a station that is silent is forgotten, IEEE 802.1Q §8.8.3
)

// lan is a data network of Ethernet: which UE has which station, TS 23.501 §5.6.10.2.
type lan struct {
	mu       sync.RWMutex
	stations map[pfcp.MAC]*station
	sessions map[*live]int // how many stations each has
}

type station struct {
	live *live
	seen int64
}

func newLAN() *lan {
	return &lan{stations: map[pfcp.MAC]*station{}, sessions: map[*live]int{}}
}

// placeFrames makes the session one of its segments.
func (p *Path) placeFrames(l *live, r *rules) {
	if !r.Ethernet() {
		return
	}
	for i := range r.Rules {
		if t := p.byName[r.Rules[i].Network]; t != nil && t.lan != nil {
			t.lan.mu.Lock()
			if _, there := t.lan.sessions[l]; !there {
				t.lan.sessions[l] = 0
			}
			t.lan.mu.Unlock()
		}
	}
}

// unplaceFrames takes the session and its stations away, unless it stays.
func (p *Path) unplaceFrames(l *live, old *rules) {
	if !old.Ethernet() || p.live[l.slot] == l {
		return
	}
	for _, t := range p.byName {
		if t.lan == nil {
			continue
		}
		t.lan.mu.Lock()
		for mac, s := range t.lan.stations {
			if s.live == l {
				delete(t.lan.stations, mac)
			}
		}
		delete(t.lan.sessions, l)
		t.lan.mu.Unlock()
	}
}

// learn notes that a station is behind a UE. It returns false if it is behind another, or behind too many.
func (s *lan) learn(mac pfcp.MAC, l *live, now int64) (fresh, ok bool) {
	s.mu.RLock()
	x := s.stations[mac]
	known := x != nil && x.live == l && now-x.seen < int64(time.Second)
	s.mu.RUnlock()
	if known {
		return false, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if x = s.stations[mac]; x != nil {
		if x.live != l {
			return false, false
		}
		x.seen = now
		return false, true
	}
	if s.sessions[l] >= maxStations {
		return false, false
	}
	s.stations[mac] = &station{l, now}
	s.sessions[l]++
	return true, true
}

func (s *lan) find(mac pfcp.MAC) *live {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if x := s.stations[mac]; x != nil {
		return x.live
	}
	return nil
}

// others are the sessions of the segment but one.
func (s *lan) others(but *live) []*live {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*live
	for l := range s.sessions {
		if l != but {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b *live) int { return int(a.slot) - int(b.slot) })
	return out
}

// sweep forgets stations that were silent for long, and returns them by session.
func (s *lan) sweep(now int64) map[*live][]pfcp.MAC {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := map[*live][]pfcp.MAC{}
	for mac, x := range s.stations {
		if now-x.seen > int64(stationTime) {
			delete(s.stations, mac)
			s.sessions[x.live]--
			gone[x.live] = append(gone[x.live], mac)
		}
	}
	return gone
}

// tellStations reports stations to the URRs of a session that want to know, TS 29.244 §5.13.5.
func (p *Path) tellStations(l *live, detected, removed []pfcp.MAC) {
	ev := p.events.Load()
	if ev == nil {
		return
	}
	for _, u := range l.rules.Load().URRs {
		if u.Addresses {
			(*ev).MACs(l.slot, u.ID, detected, removed)
		}
	}
}

// bridge forwards a frame of a UE as a bridge does that learns where stations are.
func (w *uplinkWorker) bridge(l *live, r *rules, i int, frame []byte) {
	p, rule := w.path, &r.Rules[i]
	t := p.byName[rule.Network]
	if t == nil || t.lan == nil || rule.To != pfcp.InterfaceCore {
		p.counters.drop(upf.DropNoTunnel)
		return
	}
	source, destination := w.frame.Source, w.frame.Destination
	fresh, ok := false, source[0]&1 == 0
	if ok {
		fresh, ok = t.lan.learn(source, l, w.now)
	}
	if !ok {
		p.counters.drop(upf.DropSpoofed)
		return
	}
	if fresh {
		p.tellStations(l, []pfcp.MAC{source}, nil)
	}
	p.count(l, r, i, len(frame), false)
	group := destination[0]&1 != 0
	other := t.lan.find(destination)
	switch {
	case other == l && !group:
		p.counters.drop(upf.DropMAC) // both ends are behind the UE
	case other != nil && t.network.UEToUE == upf.UEToUEDeny:
		p.counters.drop(upf.DropUEToUE)
	case other != nil && t.network.UEToUE == upf.UEToUEAllow:
		w.copyTo(other, t, frame)
	default:
		if group && t.network.UEToUE == upf.UEToUEAllow {
			for _, o := range t.lan.others(l) {
				p.counters.upIn.Add(1) // each copy counts as a frame
				w.copyTo(o, t, frame)
			}
		}
		if !p.give(t, frame) {
			p.counters.drop(upf.DropSend)
			return
		}
		w.out.Add(1)
	}
}

func (w *uplinkWorker) copyTo(l *live, t *tun, frame []byte) {
	b := w.room(len(frame))
	copy(b[gtpu.Headroom:], frame)
	if w.toTunnel(l, origin{network: t.network.DNN}, b) {
		w.out.Add(1)
	}
}

// frames forwards a frame of the data network: to the UE that has the station, or to all. Each copy counts as a frame.
func (w *downlinkWorker) frames(b []byte) {
	p, t := w.path, w.tun
	if !upf.ParseFrame(b[gtpu.Headroom:], false, &w.frame) {
		p.counters.drop(upf.DropMalformed)
		return
	}
	o := origin{network: t.network.DNN}
	destination := w.frame.Destination
	if l := t.lan.find(destination); l != nil {
		if w.toTunnel(l, o, b) {
			w.out.Add(1)
		}
		return
	}
	all := t.lan.others(nil)
	if len(all) == 0 {
		p.counters.drop(upf.DropMAC)
		return
	}
	frame := append([]byte(nil), b[gtpu.Headroom:]...)
	for i, l := range all {
		if i > 0 {
			p.counters.downIn.Add(1)
		}
		c := w.room(len(frame))
		copy(c[gtpu.Headroom:], frame)
		if w.toTunnel(l, o, c) {
			w.out.Add(1)
		}
	}
}
