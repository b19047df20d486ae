package dataplane

import "github.com/limpid-5g/limpid/prove/verifier"

// Sinks are the members of maps that may depend on a packet, and how much. Everything else that the programs write into maps
// does not. Beyond maps: a packet that the programs do not decide passes on to the kernel (XDP_PASS moves it, there is one),
// where the UPF's sockets take control messages and the interface to user space what waits for a UE at rest: at most
// BufferPackets a session, counted as buffered until it leaves or is dropped for a counted reason.
func Sinks() []verifier.Sink {
	const counted = "the length of packets is counted, and what a usage report tells"
	const policed = "the policer's time advances by the length of packets"
	const allowed = "a quota is used up by the length of packets"
	return []verifier.Sink{
		{Map: "uplinks", Member: "state.sum", Bits: 16, Why: counted},
		{Map: "uplinks", Member: "state.next", Bits: 16, Why: policed},
		{Map: "downlinks", Member: "state.sum", Bits: 16, Why: counted},
		{Map: "downlinks", Member: "state.next", Bits: 16, Why: policed},
		{Map: "flows", Member: "state.sum", Bits: 16, Why: counted},
		{Map: "flows", Member: "state.next", Bits: 16, Why: policed},
		{Map: "ledger", Member: "left", Bits: 16, Why: allowed},
	}
}
