package soft

import (
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
)

// Output takes what a Path without sockets sends. It may not keep the octets.
type Output interface {
	// Datagram goes out of N3 with a traffic class.
	Datagram(to netip.AddrPort, b []byte, class uint8)
	// Packet goes to a data network.
	Packet(network string, b []byte)
}

// Offline is a Path without sockets and interfaces, for a comparison with other paths: packets come in by calls and go
// out to an Output, at the time of a clock that counts nanoseconds. It serves one goroutine.
type Offline struct {
	*Path
	up   *uplinkWorker
	down map[string]*downlinkWorker
}

// NewOffline returns a Path without sessions.
func NewOffline(cfg upf.Config, clock func() int64, out Output, log *slog.Logger) (*Offline, error) {
	p, err := closedPath(cfg, log)
	if err != nil {
		return nil, err
	}
	p.clock, p.output = clock, out
	o := &Offline{Path: p, up: p.newUplinkWorker(), down: map[string]*downlinkWorker{}}
	for _, n := range p.cfg.Networks {
		p.byName[n.DNN] = newTUN(n)
		o.down[n.DNN] = p.newDownlinkWorker(p.byName[n.DNN])
	}
	return o, nil
}

// Uplink is a datagram to the GTP-U port of N3.
func (o *Offline) Uplink(b []byte, from netip.AddrPort) {
	o.up.now = o.now()
	o.up.datagram(b, from)
	o.up.flush()
}

// Downlink is a packet from a data network.
func (o *Offline) Downlink(network string, b []byte) {
	w := o.down[network]
	if w == nil {
		panic(fmt.Sprintf("data network %q is not configured", network))
	}
	w.now = o.now()
	w.packet(append(make([]byte, gtpu.Headroom, gtpu.Headroom+len(b)), b...))
	w.flush()
}
