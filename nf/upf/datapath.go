package upf

import (
	"context"
	"net/netip"

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
}

// Session is the rules of a session, compiled. It is never changed once it was given to Apply.
type Session struct {
	Slot    uint32
	Tunnels []uint32 // the TEIDs that were allotted to it
	UE4     netip.Addr
	UE6     netip.Prefix
	Rules   []Rule // by precedence, the first that matches decides
}

// Rule is a PDR and all that it leads to.
type Rule struct {
	PDR     pfcp.PDRID
	FAR     pfcp.FARID
	Source  pfcp.Interface
	TEID    uint32 // of the tunnel that the packet must come from; 0: not from a tunnel
	UE4     netip.Addr
	UE6     netip.Prefix
	QFIs    uint64 // set of QFIs that match, bit by bit; 0: all
	Network string // the data network that the packet comes from or goes to
	Filters []Filter

	Action   pfcp.ApplyAction
	To       pfcp.Interface
	Peer     netip.Addr // of the tunnel that the packet goes into; invalid: into none
	PeerTEID uint32
	QFI      uint8 // marked on packets into a tunnel
	RQI      bool
	QERs     []QER
	URRs     []pfcp.URRID
}

// Uplink tells whether the rule is for packets from the UE.
func (r *Rule) Uplink() bool { return r.Source == pfcp.InterfaceAccess }

// QER is a gate and a policer, shared by all rules of a session that name its id.
type QER struct {
	ID   pfcp.QERID
	Gate pfcp.GateStatus
	MBR  pfcp.Opt[pfcp.MBR]
}

// Usage is what a URR counted: inner IP packets that were forwarded.
type Usage struct {
	UplinkBytes, DownlinkBytes     uint64
	UplinkPackets, DownlinkPackets uint64
}

// Sub is the usage since the earlier u0.
func (u Usage) Sub(u0 Usage) Usage {
	return Usage{u.UplinkBytes - u0.UplinkBytes, u.DownlinkBytes - u0.DownlinkBytes,
		u.UplinkPackets - u0.UplinkPackets, u.DownlinkPackets - u0.DownlinkPackets}
}

// Total is the bytes of both directions.
func (u Usage) Total() uint64 { return u.UplinkBytes + u.DownlinkBytes }

// Drop is a reason why a packet was not forwarded. Each packet that comes in goes out, is answered by the UPF itself,
// waits in a buffer, or is counted under exactly one Drop.
type Drop uint8

// Drop reasons.
const (
	DropMalformed      Drop = iota // GTP-U or IP header cut or wrong
	DropUnknownTEID                // no such tunnel: an error indication was due
	DropUnknownUE                  // downlink to an address without session
	DropSpoofed                    // uplink from an address that is not the UE's
	DropNoRule                     // no PDR matched
	DropGate                       // a closed gate
	DropRate                       // above an MBR
	DropAction                     // a FAR says drop
	DropNoTunnel                   // a FAR says forward but no peer is known
	DropBufferFull                 // the bound of the buffer
	DropBufferDiscard              // buffered, then discarded by the CP function or with its session
	DropExtension                  // an extension header that must be comprehended
	DropUnexpectedType             // a GTP-U message that a UPF does not expect
	DropSend                       // the kernel refused it
	drops
)

func (d Drop) String() string {
	return [...]string{"malformed", "unknown TEID", "unknown UE", "spoofed source", "no rule", "gate closed", "rate", "FAR drop",
		"no tunnel", "buffer full", "buffer discarded", "extension header", "unexpected message", "send error"}[d]
}

// Drops is the number of drop reasons.
const Drops = int(drops)

// Counters are totals since the start.
type Counters struct {
	UplinkIn, UplinkOut     uint64 // GTP-U packets in; packets out to the data networks or another tunnel
	DownlinkIn, DownlinkOut uint64
	Signalling              uint64 // echo, error indication, end marker: served by the UPF itself
	Buffered                uint64 // packets that wait now
	Dropped                 [Drops]uint64
}
