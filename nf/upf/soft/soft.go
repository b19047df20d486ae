// Package soft is the UPF's data path in plain Go: GTP-U over a UDP socket on N3, a TUN interface for each data
// network on N6, packets in batches. The kernel routes between the TUN and the rest of N6, so it also decrements the
// time to live and answers packets above the MTU of the TUN.
package soft

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// Path is a upf.Datapath over TUN and UDP.
type Path struct {
	cfg      upf.Config
	log      *slog.Logger
	layout   *upf.Layout
	n3       [2]*socket // over IPv4 and IPv6; nil where N3 has no such address
	tuns     []*tun
	byName   map[string]*tun
	clock    func() int64 // CLOCK_MONOTONIC in nanoseconds
	memory   upf.Memory   // nil: none
	output   Output       // nil: sockets and interfaces
	counters counters
	bufBytes atomic.Int64
	errors   limiter
	waiters  sync.Map // slots of the sessions whose packets wait

	translator translator

	events atomic.Pointer[upf.Events]

	// underWay is held by who has packets from a data network that are looked up and not sent yet.
	underWay sync.RWMutex

	mu      sync.Mutex // guards changes of what follows
	live    map[uint32]*live
	tunnels []atomic.Pointer[tunnel] // by slot of the TEID
	ue4     []atomic.Pointer[live]   // by slot of the address in its pool
	other   addressTable             // UE addresses that are in no pool
	resting resting
	lanes   []lane // by slot of the address in its pool

	closing sync.Once
	closed  error
}

// counters are upf.Counters that many goroutines add to.
type counters struct {
	upIn, upOut, downIn, downOut, signalling, buffered atomic.Uint64
	dropped                                            [upf.Drops]atomic.Uint64
}

func (c *counters) drop(d upf.Drop) { c.dropped[d].Add(1) }

// New opens N3 and the TUN interfaces in the network namespace of the calling thread and sets their addresses and
// routes. Each error says in one line what is missing.
func New(cfg upf.Config, log *slog.Logger) (*Path, error) {
	p, err := closedPath(cfg, log)
	if err != nil {
		return nil, err
	}
	if err := p.open(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// closedPath is a Path that holds sessions but has no sockets yet.
func closedPath(cfg upf.Config, log *slog.Logger) (*Path, error) {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return nil, err
	}
	layout, err := upf.NewLayout(cfg.Networks, cfg.ExtraSlots)
	if err != nil {
		return nil, err
	}
	p := &Path{cfg: cfg, log: log, layout: layout, byName: map[string]*tun{}, clock: monotonic(), live: map[uint32]*live{},
		resting: newResting(), tunnels: make([]atomic.Pointer[tunnel], layout.Slots()), ue4: make([]atomic.Pointer[live], layout.Slots()), lanes: newLanes(layout.Slots())}
	return p, nil
}

func (p *Path) open() error {
	for i := range p.n3 {
		addr := p.cfg.Local(i == 0)
		if !addr.IsValid() {
			continue
		}
		s, err := openSocket(addr, p.log)
		if err != nil {
			return err
		}
		p.n3[i] = s
	}
	for _, n := range p.cfg.Networks {
		t, err := openTUN(n)
		if err != nil {
			return err
		}
		p.tuns = append(p.tuns, t)
		p.byName[n.DNN] = t
		if err := t.configure(p.log); err != nil {
			return err
		}
	}
	return nil
}

// Run moves packets until ctx ends.
func (p *Path) Run(ctx context.Context, ev upf.Events) error {
	p.events.Store(&ev)
	g, ctx := errgroup.WithContext(ctx)
	stop := context.AfterFunc(ctx, func() {
		now := time.Now()
		for _, s := range p.n3 {
			if s != nil {
				_ = s.conn.SetReadDeadline(now)
			}
		}
		for _, t := range p.tuns {
			_ = t.file.SetReadDeadline(now)
		}
	})
	defer stop()
	for _, s := range p.n3 {
		if s != nil {
			g.Go(func() error { return p.uplink(ctx, s) })
		}
	}
	g.Go(func() error { return p.expireAll(ctx) })
	for _, t := range p.tuns {
		g.Go(func() error { return p.downlink(ctx, t) })
	}
	return g.Wait()
}

// Close frees the socket and the interfaces. Call it after Run has returned.
func (p *Path) Close() error {
	p.closing.Do(func() {
		var errs []error
		for _, s := range p.n3 {
			if s != nil {
				errs = append(errs, s.conn.Close())
			}
		}
		for _, t := range p.tuns {
			errs = append(errs, t.file.Close())
		}
		p.closed = errors.Join(errs...)
	})
	return p.closed
}

// done tells whether a read failed because the end was asked for.
func done(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrClosed))
}

// Counters are totals since New.
func (p *Path) Counters() upf.Counters {
	c := upf.Counters{UplinkIn: p.counters.upIn.Load(), UplinkOut: p.counters.upOut.Load(), DownlinkIn: p.counters.downIn.Load(),
		DownlinkOut: p.counters.downOut.Load(), Signalling: p.counters.signalling.Load(), Buffered: p.counters.buffered.Load()}
	for i := range c.Dropped {
		c.Dropped[i] = p.counters.dropped[i].Load()
	}
	return c
}

// EndMarker sends an end marker, TS 29.281 §7.3.2, after the packets that were looked up under the rules before.
func (p *Path) EndMarker(peer netip.Addr, teid uint32, qfi uint8) {
	p.underWay.Lock()
	p.underWay.Unlock() // whoever held it has sent
	p.sendTo(gtpu.AppendEndMarker(nil, teid, gtpu.PDUSession{QFI: qfi}), peer, 0)
}

// Echo sends an Echo Request, TS 29.281 §7.2.1.
func (p *Path) Echo(peer netip.Addr) {
	p.sendTo(gtpu.AppendEchoRequest(nil, 0), peer, 0)
}

func (p *Path) downlinkData(slot uint32, r *upf.Rule, dscp uint8) {
	if ev := p.events.Load(); ev != nil {
		(*ev).DownlinkData(slot, r.PDR, r.QFI, dscp)
	}
}

// now is the clock of the policers.
func (p *Path) now() int64 { return p.clock() }

// monotonic is CLOCK_MONOTONIC in nanoseconds without a system call.
func monotonic() func() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(err) // the kernel has it since 2.6
	}
	start, zero := time.Now(), ts.Nano()
	return func() int64 { return zero + int64(time.Since(start)) }
}

var _ upf.Datapath = (*Path)(nil)

// buffers tells whether a rule makes packets wait.
func buffers(r *upf.Rule) bool { return r.Action&pfcp.ApplyBUFF != 0 }
