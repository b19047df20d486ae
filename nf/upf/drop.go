package upf

// Drop is a reason why a packet was not forwarded. Each packet that comes in goes out, is answered by the UPF itself,
// waits in a buffer, or is counted under exactly one Drop.
type Drop uint8

// Drop reasons. The programs of nf/upf/xdp know them by number: new ones go to the end.
const (
	DropMalformed      Drop = iota // GTP-U, IP or Ethernet header cut or wrong
	DropUnknownTEID                // no such tunnel: an error indication was due
	DropUnknownUE                  // downlink to an address without session
	DropSpoofed                    // uplink from an address that is not the UE's
	DropNoRule                     // no PDR matched
	DropGate                       // a closed gate
	DropRate                       // above an MBR
	DropAction                     // a FAR says drop
	DropNoTunnel                   // a FAR says forward but no peer is known
	DropBufferFull                 // the bound of the session's buffer
	DropBufferDiscard              // buffered, then discarded by the CP function or with its session
	DropExtension                  // an extension header that must be comprehended
	DropUnexpectedType             // a GTP-U message that a UPF does not expect
	DropSend                       // the kernel refused it
	DropQFI                        // uplink with a QFI that no PDR of the tunnel has
	DropQuota                      // a quota is used up
	DropHopLimit                   // the time to live expired: answered by ICMP
	DropTooBig                     // above the MTU and not to be fragmented: answered by ICMP
	DropUEToUE                     // from one UE to another where the policy denies it
	DropNAT                        // no address or port to translate to, or none translates back
	DropBuffersFull                // the bound of all buffers together
	DropBufferExpired              // waited longer than it may
	DropFragment                   // part of a packet that cannot be put together
	DropMAC                        // a frame whose destination nobody has
	DropLinkLocal                  // a link-local packet that is not for the UPF
	drops
)

// Drops is the number of drop reasons.
const Drops = int(drops)

func (d Drop) String() string { return dropTexts()[d].Name }

// DropText is what an operator reads of a reason.
type DropText struct {
	Name, Meaning string
}

// Text is the reason's name and what it means.
func (d Drop) Text() DropText { return dropTexts()[d] }

func dropTexts() [drops]DropText {
	return [drops]DropText{
		DropMalformed:      {"malformed", "the GTP-U, IP or Ethernet header is cut or wrong"},
		DropUnknownTEID:    {"unknown TEID", "no session has the tunnel; the peer gets an error indication"},
		DropUnknownUE:      {"unknown UE", "downlink to an address that no session has"},
		DropSpoofed:        {"spoofed source", "uplink from an address that is not the UE's"},
		DropNoRule:         {"no rule", "no packet detection rule matches"},
		DropGate:           {"gate closed", "a QoS enforcement rule has closed the gate"},
		DropRate:           {"rate", "above the maximum bit rate of a flow or the session"},
		DropAction:         {"FAR drop", "the forwarding action rule says drop"},
		DropNoTunnel:       {"no tunnel", "to be forwarded, but the peer or data network is not known"},
		DropBufferFull:     {"buffer full", "the buffer of the idle session is full"},
		DropBufferDiscard:  {"buffer discarded", "buffered, then discarded by the SMF or with its session"},
		DropExtension:      {"extension header", "a GTP-U extension header that must be comprehended is not"},
		DropUnexpectedType: {"unexpected message", "a GTP-U message that a UPF does not expect"},
		DropSend:           {"send error", "the kernel refused to send it"},
		DropQFI:            {"QFI", "uplink with a QoS flow identifier that the tunnel has not"},
		DropQuota:          {"quota", "a volume or time quota is used up"},
		DropHopLimit:       {"hop limit", "the time to live expired; the sender is told by ICMP"},
		DropTooBig:         {"too big", "above the MTU and not to be fragmented; the sender is told by ICMP"},
		DropUEToUE:         {"UE to UE", "from one UE to another where the data network denies it"},
		DropNAT:            {"NAT", "no port is left to translate to, or none translates back"},
		DropBuffersFull:    {"buffers full", "the buffers of all idle sessions together are full"},
		DropBufferExpired:  {"buffer expired", "buffered for longer than a packet may wait"},
		DropFragment:       {"fragment", "a part of a packet that cannot be put together"},
		DropMAC:            {"MAC address", "a frame to a station that nobody has"},
		DropLinkLocal:      {"link-local", "an IPv6 packet of link-local scope that is not for the UPF"},
	}
}
