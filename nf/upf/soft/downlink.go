package soft

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
)

// downlinkWorker is the state of one reader of a TUN.
type downlinkWorker struct {
	path *Path
	tun  *tun
	out  *sender
	flow upf.Flow
	now  int64
	in   []byte        // what the TUN gave
	bufs [batch][]byte // packets under way, with headroom
	next int           // the buffer for the next packet
	emit func(header, body []byte)
}

// reads bounds how much is read before the clock is looked at again.
const reads = 64

func (p *Path) newDownlinkWorker(t *tun) *downlinkWorker {
	w := &downlinkWorker{path: p, tun: t, in: make([]byte, maxTUNPacket)}
	w.out = newSender(p.n3raw, p.cfg.N3.Is6(), func(n int) {
		p.counters.dropped[upf.DropSend].Add(uint64(n))
		p.counters.downOut.Add(-uint64(n))
	})
	w.out.output = p.output
	for i := range w.bufs {
		w.bufs[i] = make([]byte, gtpu.Headroom+t.network.MTU)
	}
	w.emit = w.take
	return w
}

// downlink moves packets from a data network until ctx ends.
func (p *Path) downlink(ctx context.Context, t *tun) error {
	w := p.newDownlinkWorker(t)
	for {
		if err := w.read(); err != nil {
			if done(ctx, err) {
				return nil
			}
			return fmt.Errorf("upf: data network %q: %w", t.network.DNN, err)
		}
		w.flush()
	}
}

// read serves the packets that wait at the TUN, at least one.
func (w *downlinkWorker) read() error {
	var failed error
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
			}
			if !unpack(w.in[:got], w.emit) {
				w.path.counters.downIn.Add(1)
				w.path.counters.drop(upf.DropMalformed)
			}
		}
		return n > 0 || failed != nil
	})
	if err != nil {
		return err
	}
	return failed
}

// take serves one packet, given in two parts.
func (w *downlinkWorker) take(header, body []byte) {
	if w.next == len(w.bufs) {
		w.flush()
	}
	b := w.bufs[w.next]
	n := len(header) + len(body)
	if gtpu.Headroom+n > len(b) { // the kernel keeps the MTU of the interface
		w.path.counters.downIn.Add(1)
		w.path.counters.drop(upf.DropMalformed)
		return
	}
	copy(b[gtpu.Headroom:], header)
	copy(b[gtpu.Headroom+len(header):], body)
	w.next++
	w.packet(b[:gtpu.Headroom+n])
}

// flush sends what is under way; its buffers are free again.
func (w *downlinkWorker) flush() {
	w.out.flush()
	w.next = 0
}

// packet serves one packet, which begins at the headroom of b.
func (w *downlinkWorker) packet(b []byte) {
	p := w.path
	p.counters.downIn.Add(1)
	packet, ok := upf.ParseFlow(b[gtpu.Headroom:], false, &w.flow)
	if !ok {
		p.counters.drop(upf.DropMalformed)
		return
	}
	l := p.byAddress(w.flow.Local)
	if l == nil {
		p.counters.drop(upf.DropUnknownUE)
		return
	}
	r := l.rules.Load()
	i, why := r.FindDownlink(w.tun.network.DNN, &w.flow)
	if i >= 0 && (buffers(&r.Rules[i]) || l.waiting.Load()) {
		if r, i, why = p.wait(l, packet, w.tun.network.DNN, &w.flow); r == nil {
			return
		}
	}
	if i < 0 {
		p.counters.drop(why)
		return
	}
	rule := &r.Rules[i]
	if why, ok := admit(rule, &r.work[i], len(packet), w.now); !ok {
		p.counters.drop(why)
		return
	}
	b = b[:gtpu.Headroom+len(packet)]
	if !rule.Peer.IsValid() || !w.out.add(encapsulate(b, rule), rule.Peer) {
		p.counters.drop(upf.DropNoTunnel)
		return
	}
	p.counters.downOut.Add(1)
	count(&r.work[i], false, len(packet))
}

// encapsulate makes a G-PDU of b, whose headroom is free.
func encapsulate(b []byte, rule *upf.Rule) []byte {
	gtpu.Encapsulate(b, gtpu.Headroom, rule.PeerTEID, gtpu.PDUSession{Type: gtpu.Downlink, QFI: rule.QFI, RQI: rule.RQI})
	return b
}
