package xdp

// Reason is why user space serves all packets of a tunnel or an address; 0: the programs serve it.
type Reason uint8

// Reasons. docs/userplane.md says more about each.
const (
	_               Reason = iota
	ReasonNoRule           // a tunnel that no rule leads from, or addresses to which none leads
	ReasonBuffers          // every rule has packets wait, TS 23.501 §5.8.3.2
	ReasonType             // Ethernet or unstructured
	ReasonFramed           // networks behind the UE, TS 23.501 §5.6.14
	ReasonAddresses        // rules with different addresses, or an IPv6 prefix that is not of 64 bits
	ReasonNetwork          // a data network with a routing table of its own, or another pool's address
	ReasonTarget           // neither a tunnel nor a data network, or the wrong way round
	ReasonPort             // plain UDP to a server, TS 23.501 §5.6.10.3
	ReasonRelay            // an indirect data forwarding tunnel, TS 23.501 §5.8.2.12
	ReasonNAT              // addresses are translated
	ReasonMark             // packets to a data network are marked
	ReasonPPI              // a paging policy indicator goes with packets, TS 23.501 §5.4.3.2
	ReasonOptions          // filters by SPI, flow label, TCP flags, fragments or ICMP type
	ReasonFilters          // more filters than a classifier holds
	ReasonPolicers         // more than two rates for a packet, or one that several tunnels share
	ReasonURR              // a URR with two bounds of its quota, two URRs with quotas, or one that counts before policing, is paused or tells addresses
	ReasonRoom             // a map is full
	reasons
)

func (r Reason) String() string {
	return [...]string{"served by the programs", "no rule", "packets wait", "Ethernet or unstructured", "networks behind the UE", "addresses",
		"data network", "target", "plain UDP", "forwarding tunnel", "NAT", "marking to a data network", "paging policy", "filter options",
		"filters", "rates", "usage", "room"}[r]
}
