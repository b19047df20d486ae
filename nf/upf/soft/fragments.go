package soft

import (
	"encoding/binary"
	"hash/fnv"
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

// fragments remembers first fragments, the last of each hash. Those that no rule lets through, or whose session asks for no
// ports, are not among them: nobody's packets are forgotten for what has no use, or was sent to that end.
type fragments struct {
	seen *[fragmentSlots]fragment
}

type fragment struct {
	fragmentKey
	remotePort, localPort uint16
	until                 int64
}

// fragmentKey is what all fragments of a packet have in common.
type fragmentKey struct {
	teid          uint32 // of the tunnel that it came from; 0: none
	id            uint32
	protocol      uint8
	local, remote netip.Addr
}

func keyOfFragment(f *upf.Flow, teid uint32) fragmentKey {
	return fragmentKey{teid, f.ID, f.Protocol, f.Local, f.Remote}
}

// recall gives a later fragment the ports of its first one.
func (t *fragments) recall(f *upf.Flow, teid uint32, now int64) {
	if !f.Fragment || f.First || t.seen == nil {
		return
	}
	k := keyOfFragment(f, teid)
	if e := t.slot(&k); e.fragmentKey == k && now < e.until {
		f.HasPorts, f.RemotePort, f.LocalPort = true, e.remotePort, e.localPort
	}
}

// remember keeps the ports of a first fragment.
func (t *fragments) remember(f *upf.Flow, teid uint32, now int64) {
	if !f.First || !f.HasPorts {
		return
	}
	if t.seen == nil {
		t.seen = new([fragmentSlots]fragment)
	}
	k := keyOfFragment(f, teid)
	*t.slot(&k) = fragment{k, f.RemotePort, f.LocalPort, now + int64(fragmentTime)}
}

// slot is the place of a key.
func (t *fragments) slot(k *fragmentKey) *fragment {
	var b [9 + 16 + 16]byte
	binary.LittleEndian.PutUint32(b[:], k.teid)
	binary.LittleEndian.PutUint32(b[4:], k.id)
	b[8] = k.protocol
	local, remote := k.local.As16(), k.remote.As16()
	copy(b[9:], local[:])
	copy(b[25:], remote[:])
	h := fnv.New32a()
	_, _ = h.Write(b[:])
	sum := h.Sum32()
	return &t.seen[(sum>>16^sum)%fragmentSlots]
}
