package upf

import (
	"context"
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// Datapath moves packets by the rules of sessions. Apply, Remove and the others may be called from many goroutines,
// but for one session only from one at a time.
type Datapath interface {
	// Run moves packets until ctx ends. It tells what happens to ev, whose methods do not block.
	Run(ctx context.Context, ev Events) error
	// Apply installs the session or replaces what was installed in its slot, as one change: each packet meets the old
	// rules or the new ones. Policers and counters of rules that stay keep their state. Buffered packets leave in
	// order by the new rules before any newer packet does.
	Apply(s *Session) error
	// Remove takes the session away, and its buffered packets.
	Remove(slot uint32)
	// Usage is what a URR counted since it was installed.
	Usage(slot uint32, urr pfcp.URRID) Usage
	// DropBuffered discards the session's buffered packets.
	DropBuffered(slot uint32)
	// Rearm lets the next buffered packet be told to Events.DownlinkData again.
	Rearm(slot uint32)
	// EndMarker sends an end marker to a tunnel that is used no more, TS 23.501 §5.8.2.9.
	EndMarker(peer netip.Addr, teid uint32, qfi uint8)
	// Echo sends a GTP-U Echo Request to a peer, TS 29.281 §7.2.1. Its answer is told to Events.Echo.
	Echo(peer netip.Addr)
	// Counters are what was forwarded and dropped so far.
	Counters() Counters
	// Close frees sockets and interfaces. It may be called twice.
	Close() error
}

// Events is what a Datapath tells. The methods return at once.
type Events interface {
	// DownlinkData tells of the first packet that is buffered, once until the rules change or Rearm.
	DownlinkData(slot uint32, pdr pfcp.PDRID, qfi uint8, dscp uint8)
	// ErrorIndication tells that a peer does not know the tunnel, TS 29.281 §7.3.1.
	ErrorIndication(peer netip.Addr, teid uint32)
	// Echo tells that a peer answered a GTP-U Echo Request, TS 29.281 §7.2.2.
	Echo(peer netip.Addr)
	// UsageReached tells that a URR reached its Report or Quota, once for each value of these. A data path that cannot
	// notice it at once may leave it to the UPF, which looks at Usage every second.
	UsageReached(slot uint32, urr pfcp.URRID)
	// MACs tells the addresses that a URR with Addresses set saw for the first time, or no more, TS 29.244 §8.2.103.
	MACs(slot uint32, urr pfcp.URRID, detected, removed []pfcp.MAC)
}

// Session is the rules of a session, compiled. It is never changed once it was given to Apply. A Datapath refuses with
// a *pfcp.Error what it cannot do, so that the CP function learns why.
type Session struct {
	Slot    uint32
	Type    pfcp.PDNType // 0: IP of either version
	Tunnels []uint32     // the TEIDs that were allotted to it
	UE4     netip.Addr
	UE6     netip.Prefix   // often of 64 bits; shorter with prefix delegation
	Framed  []netip.Prefix // networks behind the UE, TS 23.501 §5.6.14
	Rules   []Rule         // by precedence, the first that matches decides
	URRs    []URR          // by id: those of which the data path must know more than the id
	Buffer  Buffer
}

// Ethernet tells whether the session carries frames, TS 23.501 §5.6.10.2.
func (s *Session) Ethernet() bool { return s.Type == pfcp.PDNTypeEthernet }

// Unstructured tells whether the session carries what nobody looks into, TS 23.501 §5.6.10.3.
func (s *Session) Unstructured() bool { return s.Type == pfcp.PDNTypeNonIP }

// Buffer bounds what waits for an idle UE, TS 29.244 §5.2.4. Zero values stand for the bounds of Config.
type Buffer struct {
	Packets int
	Expiry  time.Duration // how long a packet waits at most
}

// Rule is a PDR and all that it leads to.
type Rule struct {
	PDR      pfcp.PDRID
	FAR      pfcp.FARID
	Source   pfcp.Interface
	TEID     uint32 // of the tunnel that the packet must come from; 0: not from a tunnel
	UE4      netip.Addr
	UE6      netip.Prefix
	Framed   []netip.Prefix
	QFIs     uint64 // set of QFIs that match, bit by bit; 0: all
	Network  string // the data network that the packet comes from or goes to
	Filters  []Filter
	Ethernet []EthernetFilter

	Action         pfcp.ApplyAction
	To             pfcp.Interface
	Peer           netip.Addr // of the tunnel that the packet goes into; invalid: into none
	PeerTEID       uint32
	PeerPort       uint16 // 0: GTP-U; else plain UDP to this port, TS 23.501 §5.6.10.3
	Translated     bool   // the data network that it goes to translates addresses
	Mark, MarkMask uint8  // traffic class of the outer header, or of a packet to a data network; mask 0: as it is
	QFI            uint8  // marked on packets into a tunnel; 0: that of the tunnel that they came from
	RQI            bool
	PPI            pfcp.Opt[pfcp.PPI]
	QERs           []QER
	URRs           []pfcp.URRID
}

// Uplink tells whether the rule is for packets from the UE.
func (r *Rule) Uplink() bool { return r.Source == pfcp.InterfaceAccess }

// Relay tells whether the rule moves packets from one tunnel of the access side into another without looking into
// them: an indirect data forwarding tunnel, TS 23.501 §5.8.2.12.
func (r *Rule) Relay() bool {
	return r.TEID != 0 && r.Source == pfcp.InterfaceAccess && r.To == pfcp.InterfaceAccess && r.Peer.IsValid()
}

// QER is a gate and a policer, shared by all rules of a session that name its id.
type QER struct {
	ID   pfcp.QERID
	Gate pfcp.GateStatus
	MBR  pfcp.Opt[pfcp.MBR]
	GBR  pfcp.Opt[pfcp.GBR] // what the network guarantees; the UPF does not police by it
}

// URR is what the data path must know of a usage reporting rule.
type URR struct {
	ID        pfcp.URRID
	Report    Limit // Events.UsageReached is told when Usage reaches it
	Quota     Limit // packets are dropped once Usage has reached it, TS 29.244 §5.2.2.2
	Closed    bool  // packets are dropped: a time quota is used up
	Before    bool  // packets count before gates and rates, TS 29.244 §8.2.68
	Paused    bool  // nothing counts, TS 29.244 §8.2.68
	Addresses bool  // MAC addresses of the UE's frames are told
	Elsewhere Usage // counted by another path, to be added modulo 2^64
}

// Limit is a bound of Usage in octets; 0: none.
type Limit struct {
	Total, Uplink, Downlink uint64
}

// Reached tells whether u has reached the bound.
func (l Limit) Reached(u Usage) bool {
	return l.Total != 0 && u.Total() >= l.Total || l.Uplink != 0 && u.UplinkBytes >= l.Uplink ||
		l.Downlink != 0 && u.DownlinkBytes >= l.Downlink
}

// Single tells whether there is one bound; then what is left of it is one number.
func (l Limit) Single() bool {
	n := 0
	for _, x := range []uint64{l.Total, l.Uplink, l.Downlink} {
		if x != 0 {
			n++
		}
	}
	return n == 1
}

// Spent tells whether the bound counts the packets of a direction.
func (l Limit) Spent(uplink bool) bool {
	return l.Total != 0 || uplink && l.Uplink != 0 || !uplink && l.Downlink != 0
}

// Left is what is left of a single bound.
func (l Limit) Left(u Usage) int64 {
	const most = 1 << 62
	used := u.Total()
	switch {
	case l.Uplink != 0:
		used = u.UplinkBytes
	case l.Downlink != 0:
		used = u.DownlinkBytes
	}
	return int64(min(l.Total+l.Uplink+l.Downlink, most)) - int64(min(used, most))
}

// Refusal is the error of a Datapath that has no such sessions, TS 29.244 §7.6.
func Refusal(ie pfcp.IEType, detail string) *pfcp.Error {
	return &pfcp.Error{Cause: pfcp.CauseServiceNotSupported, Offending: ie, Detail: detail}
}

// URR finds what the data path must know of a URR.
func (s *Session) URR(id pfcp.URRID) (URR, bool) {
	for _, u := range s.URRs {
		if u.ID == id {
			return u, true
		}
	}
	return URR{}, false
}

// Usage is what a URR counted: inner IP packets that were forwarded.
type Usage struct {
	UplinkBytes, DownlinkBytes     uint64
	UplinkPackets, DownlinkPackets uint64
}

// Add is the sum with what was counted elsewhere, modulo 2^64.
func (u Usage) Add(v Usage) Usage {
	return Usage{u.UplinkBytes + v.UplinkBytes, u.DownlinkBytes + v.DownlinkBytes,
		u.UplinkPackets + v.UplinkPackets, u.DownlinkPackets + v.DownlinkPackets}
}

// Sub is the usage since the earlier u0.
func (u Usage) Sub(u0 Usage) Usage {
	return Usage{u.UplinkBytes - u0.UplinkBytes, u.DownlinkBytes - u0.DownlinkBytes,
		u.UplinkPackets - u0.UplinkPackets, u.DownlinkPackets - u0.DownlinkPackets}
}

// Total is the bytes of both directions.
func (u Usage) Total() uint64 { return u.UplinkBytes + u.DownlinkBytes }

// Counters are totals since the start.
type Counters struct {
	UplinkIn, UplinkOut     uint64 // GTP-U packets in; packets out to the data networks or another tunnel
	DownlinkIn, DownlinkOut uint64
	Signalling              uint64 // echo, error indication, end marker, router solicitation: served by the UPF itself
	Buffered                uint64 // packets that wait now
	Dropped                 [Drops]uint64
}
