package soft

import (
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
)

// Only the first fragment of a packet has its ports. What it had is remembered for the others, so that the whole packet
// meets one rule, and one translation of its addresses.
const (
	fragmentSlots = 256
	fragmentTime  = 30 * time.Second // RFC 8200 §4.5 gives reassembly 60 s
)

// fragments remembers first fragments, the last of each hash.
type fragments struct {
	seen *[fragmentSlots]fragment
}

type fragment struct {
	local, remote         netip.Addr
	id                    uint32
	protocol              uint8
	remotePort, localPort uint16
	until                 int64
}

// know remembers the ports of a first fragment and gives them to later ones.
func (t *fragments) know(f *upf.Flow, now int64) {
	if !f.Fragment && !f.First {
		return
	}
	if t.seen == nil {
		t.seen = new([fragmentSlots]fragment)
	}
	e := &t.seen[(f.ID^f.ID>>16^f.ID>>8)%fragmentSlots]
	if f.First {
		if f.HasPorts {
			*e = fragment{f.Local, f.Remote, f.ID, f.Protocol, f.RemotePort, f.LocalPort, now + int64(fragmentTime)}
		}
		return
	}
	if e.id == f.ID && e.protocol == f.Protocol && e.local == f.Local && e.remote == f.Remote && now < e.until {
		f.HasPorts, f.RemotePort, f.LocalPort = true, e.remotePort, e.localPort
	}
}
