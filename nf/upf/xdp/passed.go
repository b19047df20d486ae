package xdp

// Pass is a reason why the programs left a packet to user space.
type Pass uint8

// Reasons, in the order of bpf/layout.h.
const (
	PassMalformed Pass = iota
	PassSignalling
	PassExtension
	PassOuter
	PassOptions
	PassUnknown
	PassSession
	PassChange
	PassTTL
	PassRoute
	PassMTU
	PassQuota
	passReasons
)

func (p Pass) String() string {
	return [...]string{"lengths do not fit", "GTP-U signalling", "GTP-U extension headers", "outer options or fragment", "options or fragment",
		"unknown tunnel or address", "session served in user space", "rules under change", "time to live", "no next hop", "above the MTU", "quota used up"}[p]
}

// Passed is how many packets the programs left to user space for each reason, both directions, since the maps were made.
// Packets that are no concern of a UPF are not counted.
func (p *Path) Passed() map[Pass]uint64 {
	now := p.totals()
	out := map[Pass]uint64{}
	for r := range passReasons {
		if n := now[counterPassed+2*int(r)] + now[counterPassed+2*int(r)+1]; n > 0 {
			out[r] = n
		}
	}
	return out
}
