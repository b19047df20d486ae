package soft

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// silent takes no notice of events.
type silent struct{}

func (silent) DownlinkData(uint32, pfcp.PDRID, uint8, uint8) {}
func (silent) ErrorIndication(netip.Addr, uint32)            {}
func (silent) Echo(netip.Addr)                               {}
func (silent) UsageReached(uint32, pfcp.URRID)               {}
func (silent) MACs(uint32, pfcp.URRID, []pfcp.MAC, []pfcp.MAC) {
}

// BenchmarkEndToEnd moves packets of 1000 octets through the lab, a batch at a time, and waits for each batch at the
// other end: sender, UPF and sink share the machine. "single" reads and writes one packet per system call, as a plain
// loop over TUN and UDP does.
func BenchmarkEndToEnd(b *testing.B) {
	for _, mode := range []string{"batched", "single"} {
		b.Run("downlink/"+mode, func(b *testing.B) { endToEnd(b, mode == "single", false) })
		b.Run("uplink/"+mode, func(b *testing.B) { endToEnd(b, mode == "single", true) })
	}
}

func endToEnd(b *testing.B, single, uplink bool) {
	l := newLab(b)
	p := loadedOpen(b, l)
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() {
		if single {
			ended <- p.runSingle(ctx)
			return
		}
		ended <- p.Run(ctx, silent{})
	}()
	gnb := l.listen(b, l.gnb, netip.AddrPortFrom(gnbN3, gtpu.Port))
	dn := l.listen(b, l.dn, netip.AddrPortFrom(dnAddr, gtpu.Port))
	from, to, dst := dn, gnb, address(1)
	datagram := []byte(strings.Repeat("x", 1000))
	if uplink {
		from, to, dst = gnb, dn, coreN3
		inner := ipv4(address(1), dnAddr, 17, udp(1, gtpu.Port, string(datagram)))
		datagram = gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: 1<<20 | 1, HasSession: true, Session: gtpu.PDUSession{Type: gtpu.Uplink, QFI: 9}, Payload: inner})
	}
	out := newSender(raw(b, from), false, func(int) { b.Error("not sent") })
	in := newReceiver(raw(b, to))
	check(b, to.SetReadBuffer(4<<20))
	lost := 0
	move := func() {
		for range batch {
			out.add(datagram, dst, 0)
		}
		out.flush()
		check(b, to.SetReadDeadline(time.Now().Add(patience/50)))
		for got := 0; got < batch; {
			n, err := in.read()
			if err != nil { // the busy machine lost some: the rest of the batch counts
				lost += batch - got
				return
			}
			for i := range n {
				in.each(i, func([]byte, netip.AddrPort) { got++ })
			}
		}
	}
	move() // neighbours are resolved now
	lost = 0
	b.SetBytes(1000)
	b.ResetTimer()
	for moved := 0; moved < b.N; moved += batch {
		move()
	}
	b.ReportMetric(float64(lost), "lost")
	b.StopTimer()
	cancel()
	if err := <-ended; err != nil {
		b.Error(err)
	}
	check(b, p.Close())
}

func raw(b *testing.B, c *net.UDPConn) interface {
	Control(func(uintptr)) error
	Read(func(uintptr) bool) error
	Write(func(uintptr) bool) error
} {
	r, err := c.SyscallConn()
	check(b, err)
	return r
}

// loadedOpen is a path in the lab with a few sessions.
func loadedOpen(b *testing.B, l *lab) *Path {
	closed := loaded(b, 2)
	var p *Path
	l.in(b, l.core, func() {
		var err error
		p, err = New(closed.cfg, slog.New(slog.DiscardHandler))
		check(b, err)
	})
	for _, s := range closed.live {
		check(b, p.Apply(s.rules.Load().Session))
	}
	return p
}

// runSingle moves packets one by one.
func (p *Path) runSingle(ctx context.Context) error {
	var ev upf.Events = silent{}
	p.events.Store(&ev)
	stop := context.AfterFunc(ctx, func() {
		_ = p.n3[0].conn.SetReadDeadline(time.Now())
		_ = p.tuns[0].file.SetReadDeadline(time.Now())
	})
	defer stop()
	if err := p.n3[0].raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_GRO, 0) }); err != nil {
		return err
	}
	ended := make(chan error, 2)
	go func() {
		w := p.newUplinkWorker()
		buf := make([]byte, 1<<16)
		for {
			n, from, err := p.n3[0].conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				ended <- err
				return
			}
			w.now = p.now()
			w.datagram(buf[:n], from)
			w.flush()
		}
	}()
	go func() {
		w := p.newDownlinkWorker(p.tuns[0])
		for {
			n, err := p.tuns[0].file.Read(w.in)
			if err != nil {
				ended <- err
				return
			}
			w.now = p.now()
			unpack(w.in[:n], func(header, body []byte) {
				w.take(header, body)
				w.flush()
			})
		}
	}()
	for range 2 {
		if err := <-ended; !done(ctx, err) {
			return errors.Join(errors.New("single"), err)
		}
	}
	return nil
}
