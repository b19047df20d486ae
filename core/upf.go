package core

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/manage/metrics"
	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/xdp"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// UserPlane is a UPF alone in its process, which SMFs of other processes control over N4.
type UserPlane struct {
	c *Core
}

// NewUserPlane opens all that a UPF needs. cfg is that of config.LoadUPF.
func NewUserPlane(cfg *config.Config, opts Options) (*UserPlane, error) {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	c := &Core{cfg: cfg, opts: opts, log: opts.Log}
	if err := errors.Join(c.openUPF(), c.openMetrics(), c.openControl()); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &UserPlane{c}, nil
}

// Run serves until ctx ends, which is no error, or until something fails.
func (u *UserPlane) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return u.c.upf.Run(ctx) })
	u.c.runManagement(ctx, g)
	u.c.log.Info("UPF runs", "name", u.c.cfg.UPF.Name, "smfs", upfConfig(u.c.cfg).CPFunctions)
	err := g.Wait()
	u.c.log.Info("UPF ends")
	return err
}

// Close frees what NewUserPlane opened and Run has not closed yet.
func (u *UserPlane) Close() error { return u.c.Close() }

// runManagement serves operators and metrics.
func (c *Core) runManagement(ctx context.Context, g *errgroup.Group) {
	if c.control != nil {
		g.Go(func() error { return c.serveControl(ctx) })
	}
	if c.metrics != nil {
		g.Go(func() error { return c.metrics.Run(ctx) })
	}
}

// openMetrics opens the address where counters can be read, if the configuration names one.
func (c *Core) openMetrics() error {
	if c.opts.WithoutControl {
		return nil
	}
	if f := c.opts.Handed[HandedMetrics]; f != nil {
		l, err := net.FileListener(f)
		if err != nil {
			return c.cfg.ErrorAt("metrics.address", err)
		}
		c.metrics = metrics.On(l)
	} else if c.cfg.Metrics.Address != "" {
		at, err := netip.ParseAddrPort(c.cfg.Metrics.Address)
		if err != nil {
			return c.cfg.ErrorAt("metrics.address", err)
		}
		if c.metrics, err = metrics.Listen(at); err != nil {
			return c.cfg.ErrorAt("metrics.address", err)
		}
		c.log.Info("metrics can be read", "address", at, "path", "/metrics")
	} else {
		return nil
	}
	c.closers = append(c.closers, c.metrics.Close)
	if c.opts.UserPlaneMetrics != "" {
		c.metrics.AddProcess("user-plane", c.opts.UserPlaneMetrics)
	}
	return errors.Join(c.measureUPF(), c.measureProcess())
}

// measureUPF lets the counters of the UPF be read.
func (c *Core) measureUPF() error {
	if c.upf == nil {
		return nil
	}
	count := func(read func(upf.Counters) uint64) func(func(string, float64)) {
		return func(add func(string, float64)) { add("", float64(read(c.upf.Counters()))) }
	}
	var errs []error
	for _, f := range []metrics.Family{
		{Name: "limpid_upf_uplink_received_packets_total", Help: "GTP-U packets that came in on N3 and N9.", Read: count(func(n upf.Counters) uint64 { return n.UplinkIn })},
		{Name: "limpid_upf_uplink_sent_packets_total", Help: "Those of them that went out.", Read: count(func(n upf.Counters) uint64 { return n.UplinkOut })},
		{Name: "limpid_upf_downlink_received_packets_total", Help: "Packets that came in on N6.", Read: count(func(n upf.Counters) uint64 { return n.DownlinkIn })},
		{Name: "limpid_upf_downlink_sent_packets_total", Help: "Those of them that went out.", Read: count(func(n upf.Counters) uint64 { return n.DownlinkOut })},
		{Name: "limpid_upf_signalling_packets_total", Help: "GTP-U signalling and router solicitations.", Read: count(func(n upf.Counters) uint64 { return n.Signalling })},
		{Name: "limpid_upf_buffered_packets", Help: "Packets that wait for idle UEs.", Gauge: true, Read: count(func(n upf.Counters) uint64 { return n.Buffered })},
		{Name: "limpid_upf_sessions", Help: "PFCP sessions.", Gauge: true, Read: func(add func(string, float64)) { add("", float64(c.upf.Sessions())) }},
		{Name: "limpid_upf_dropped_packets_total", Help: "Packets that were dropped, by reason.", Label: "reason", Read: func(add func(string, float64)) {
			for d, n := range c.upf.Counters().Dropped {
				add(upf.Drop(d).String(), float64(n))
			}
		}},
		{Name: "limpid_upf_pfcp_discarded_messages_total", Help: "PFCP messages that were not served, by reason.", Label: "reason", Read: c.discardedN4},
	} {
		errs = append(errs, c.metrics.Add(f))
	}
	return errors.Join(errs...)
}

func (c *Core) discardedN4(add func(string, float64)) {
	n := c.upf.Stats()
	add("peer not declared", float64(n.NotAllowed.Load()))
	add("not readable", float64(n.Undecodable.Load()))
	add("wrong or missing IE", float64(n.Refused.Load()))
	add("answer to nothing", float64(n.Unexpected.Load()))
	add("too many at once", float64(n.Overload.Load()))
}

// DropReport is the answer of the operation "upf/drops".
type DropReport struct {
	UplinkIn, UplinkOut     uint64
	DownlinkIn, DownlinkOut uint64
	Signalling, Buffered    uint64
	Drops                   []DropCount
	Passed                  []DropCount // by a fast path to user space, which forwards or drops them
}

// DropCount is how many packets were dropped for a reason.
type DropCount struct {
	Reason, Meaning string
	Packets         uint64
}

// registerUPF offers what an operator can ask of the UPF.
func (c *Core) registerUPF(s *control.Server) {
	if c.upf == nil {
		return
	}
	control.Register(s, "upf/drops", func(context.Context, struct{}) (DropReport, error) {
		n := c.upf.Counters()
		r := DropReport{UplinkIn: n.UplinkIn, UplinkOut: n.UplinkOut, DownlinkIn: n.DownlinkIn, DownlinkOut: n.DownlinkOut,
			Signalling: n.Signalling, Buffered: n.Buffered}
		for d, packets := range n.Dropped {
			text := upf.Drop(d).Text()
			r.Drops = append(r.Drops, DropCount{text.Name, text.Meaning, packets})
		}
		if fast, ok := c.path.(interface{ Passed() map[xdp.Pass]uint64 }); ok {
			passed := fast.Passed()
			for _, why := range slices.Sorted(maps.Keys(passed)) {
				r.Passed = append(r.Passed, DropCount{Reason: why.String(), Packets: passed[why]})
			}
		}
		return r, nil
	})
}

// upfConfig is what the UPF of a configuration is told: the data networks of the SMF in the same file with what the UPF
// adds to them, or those of a UPF alone.
func upfConfig(c *config.Config) upf.Config {
	u := c.UPF
	cfg := upf.Config{
		N4: netip.AddrPortFrom(u.N4.Address, pfcp.Port), N3: u.N3.Address, N3v6: u.N3.AddressV6, ExtraSlots: u.ExtraSlots,
		CPFunctions: u.SMFs, EchoInterval: time.Duration(u.Echo),
		BufferPackets: u.Buffer.Packets, MaxBufferPackets: u.Buffer.MaxPackets, BufferBytes: u.Buffer.Bytes,
		BufferExpiry: time.Duration(u.Buffer.Expiry),
	}
	if len(u.SMFs) > 0 {
		for i := range u.Networks {
			n := &u.Networks[i]
			cfg.Networks = append(cfg.Networks, withN6(upf.Network{DNN: string(n.DNN), TUN: n.TUN, Pools: n.Pools, Framed: n.Framed, MTU: int(n.MTU), Gateway: n.Gateway}, n))
		}
		return cfg
	}
	cfg.CPFunctions = []netip.Addr{c.SMF.N4.Address}
	for _, d := range c.SMF.DNNs {
		cfg.Networks = append(cfg.Networks, withN6(upf.Network{
			DNN: string(d.Name), TUN: c.TUNOf(d.Name), Pools: d.Pools, Framed: d.FramedRoutes, MTU: int(d.MTU),
			Gateway: gateways(&d),
		}, u.Network(d.Name)))
	}
	return cfg
}

// withN6 adds what the configuration of the UPF says of a data network.
func withN6(n upf.Network, c *config.UPFNetwork) upf.Network {
	if c == nil {
		return n
	}
	n.Ethernet, n.NAT = c.Ethernet, c.NAT
	n.UEToUE = map[string]upf.UEToUE{"deny": upf.UEToUEDeny, "allow": upf.UEToUEAllow, "forward": upf.UEToUEForward}[c.UEToUE]
	n.Parent, n.VLAN, n.Addresses, n.Table = c.N6.Interface, uint16(c.N6.VLAN), c.N6.Addresses, c.N6.Table
	for _, r := range c.N6.Routes {
		n.Routes = append(n.Routes, upf.Route{To: r.To, Via: r.Via})
	}
	return n
}
