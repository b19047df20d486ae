package soft

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
)

// downlinkWorker is the state of one reader of a data network's interface.
type downlinkWorker struct {
	mover
	tun  *tun
	in   []byte // what the interface gave
	emit func(header, body []byte)

	network uint8 // index of the data network
	long    bool  // no packet of it may go the short way
}

// reads bounds how much is read before the clock is looked at again.
const reads = 64

func (p *Path) newDownlinkWorker(t *tun) *downlinkWorker {
	at := slices.IndexFunc(p.cfg.Networks, func(n upf.Network) bool { return n.DNN == t.network.DNN })
	w := &downlinkWorker{tun: t, in: make([]byte, maxTUNPacket), network: uint8(at),
		long: at < 0 || at > 255 || p.memory != nil || t.network.Ethernet || len(t.network.NAT) > 0 || !p.cfg.Local(true).IsValid()}
	w.init(p, &p.counters.downOut)
	w.emit = w.take
	return w
}

// downlink moves packets from a data network until ctx ends.
func (p *Path) downlink(ctx context.Context, t *tun) error {
	w := p.newDownlinkWorker(t)
	for {
		if err := w.read(); err != nil { // else it holds underWay
			if done(ctx, err) {
				return nil
			}
			return fmt.Errorf("upf: data network %q: %w", t.network.DNN, err)
		}
		w.flush()
		p.underWay.RUnlock()
	}
}

// read serves the packets that wait at the interface, at least one, and holds underWay then until they are sent.
func (w *downlinkWorker) read() error {
	var failed error
	held := false
	err := w.tun.raw.Read(func(fd uintptr) bool {
		n := 0
		for ; n < reads; n++ {
			got, e := unix.Read(int(fd), w.in)
			if e == unix.EINTR {
				continue
			}
			if e != nil {
				if e != unix.EAGAIN {
					failed = e
				}
				break
			}
			if n == 0 {
				w.now = w.path.now()
				w.path.underWay.RLock()
				held = true
			}
			if !unpack(w.in[:got], w.emit) {
				w.path.counters.downIn.Add(1)
				w.path.counters.drop(upf.DropMalformed)
			}
		}
		return n > 0 || failed != nil
	})
	if err = errors.Join(err, failed); err == nil {
		return nil
	}
	if held {
		w.flush()
		w.path.underWay.RUnlock()
	}
	return err
}

// take serves one packet, given in two parts.
func (w *downlinkWorker) take(header, body []byte) {
	b := w.room(len(header) + len(body))
	copy(b[gtpu.Headroom:], header)
	copy(b[gtpu.Headroom+len(header):], body)
	w.packet(b)
}

// packet serves one packet, which begins at the headroom of b.
func (w *downlinkWorker) packet(b []byte) {
	p := w.path
	p.counters.downIn.Add(1)
	if !w.long && w.short(b) {
		return
	}
	if w.tun.network.Ethernet {
		w.frames(b)
		return
	}
	packet, ok := upf.ParseFlow(b[gtpu.Headroom:], false, &w.flow)
	if !ok {
		p.counters.drop(upf.DropMalformed)
		return
	}
	b = b[:gtpu.Headroom+len(packet)]
	if len(w.tun.network.NAT) > 0 {
		w.fragments.recall(&w.flow, 0, w.now)
		w.fragments.remember(&w.flow, 0, w.now) // whose it is shows by its ports
		if !p.translator.inbound(w.tun, packet, &w.flow, w.now) {
			p.counters.drop(upf.DropNAT)
			return
		}
	}
	l := p.byAddress(w.flow.Local)
	if l == nil {
		p.counters.drop(upf.DropUnknownUE)
		return
	}
	if l.rules.Load().Unstructured() {
		if b, ok = w.unwrap(b, l.rules.Load()); !ok {
			p.counters.drop(upf.DropNoRule)
			return
		}
	}
	if w.toTunnel(l, origin{network: w.tun.network.DNN}, b) {
		w.out.Add(1)
	} else if l.rests.Load() { // since it was found
		if l = p.byAddress(w.flow.Local); l != nil && w.toTunnel(l, origin{network: w.tun.network.DNN}, b) {
			w.out.Add(1)
		}
	}
}
