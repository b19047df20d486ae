package core

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/manage/metrics"
	"github.com/limpid-5g/limpid/nf/amf"
	"github.com/limpid-5g/limpid/nf/nsacf"
	"github.com/limpid-5g/limpid/nf/nssaaf"
	"github.com/limpid-5g/limpid/sbi/nnsacf"
)

// SliceUse is a slice with how much of it is used.
type SliceUse = nsacf.Use

func nsacfConfig(c *config.Config) nsacf.Config {
	cfg := nsacf.Config{EarlyCheck: c.NSACF.EarlyCheck}
	for _, s := range c.NSACF.Slices {
		cfg.Slices = append(cfg.Slices, nsacf.Slice{SNSSAI: s.Slice, UEs: s.UEs, Sessions: s.Sessions})
	}
	return cfg
}

// controlSlices tells the AMF which slices are subject to admission control.
func controlSlices(c *config.Config, cfg *amf.Config) {
	cfg.SliceBackOff = time.Duration(c.NSACF.BackOff)
	for _, s := range c.NSACF.Slices {
		if s.UEs > 0 {
			cfg.AdmissionControlled = append(cfg.AdmissionControlled, s.Slice)
		}
	}
}

// sessionAdmission is what bounds the sessions of the SMF, nil where nothing does.
func (c *Core) sessionAdmission(t tracer) nnsacf.NSAC {
	for _, s := range c.cfg.NSACF.Slices {
		if s.Sessions > 0 {
			return t.nsacf("SMF", c.nsacf)
		}
	}
	return nil
}

// authenticatedSlices are those that authenticate their UEs.
func authenticatedSlices(c *config.Config) []ident.SNSSAI {
	var list []ident.SNSSAI
	for _, s := range c.NSSAAF.Slices {
		if s.Phones != config.MarkedPhones {
			list = append(list, s.Slice)
		}
	}
	return list
}

// openNSSAAF lets AAA servers ask by themselves.
func (c *Core) openNSSAAF() error {
	at := c.cfg.NSSAAF.Listen
	if !at.IsValid() || c.opts.AAA != nil {
		return nil
	}
	conn, err := net.ListenPacket("udp", at.String())
	if err != nil {
		return c.cfg.ErrorAt("nssaaf.listen", err)
	}
	c.closers = append(c.closers, conn.Close)
	go func() {
		if err := c.aaa.Serve(context.Background(), conn); err != nil {
			c.log.Error("AAA servers cannot ask any more", "error", err)
		}
	}()
	return nil
}

// AAARequest answers what an AAA server has sent from an address, as it does what comes to nssaaf.listen.
func (c *Core) AAARequest(ctx context.Context, from netip.Addr, request []byte) []byte {
	return c.aaa.Answer(ctx, from, request)
}

// nssaaf makes the NSSAAF, which asks the AAA servers of the configuration.
func (c *Core) nssaaf() *nssaaf.NSSAAF {
	cfg := nssaaf.Config{Name: c.cfg.Name}
	for _, s := range c.cfg.NSSAAF.Slices {
		cfg.Servers = append(cfg.Servers, nssaaf.Server{SNSSAI: s.Slice, Addr: s.Server.Addr(), Secret: s.Secret, Dial: func(ctx context.Context) (net.Conn, error) {
			if c.opts.AAA != nil {
				return c.opts.AAA(s.Server)
			}
			var d net.Dialer
			return d.DialContext(ctx, "udp", s.Server.String())
		}})
	}
	return nssaaf.New(cfg, c.nf("nssaaf"))
}

// Slices are the slices that have a bound, with how much of them is used.
func (c *Core) Slices() []SliceUse { return c.nsacf.Uses() }

// registerSliceOrders offers what an operator can see of slices.
func (c *Core) registerSliceOrders(s *control.Server) {
	control.Register(s, "slice.list", func(context.Context, struct{}) ([]SliceUse, error) { return c.Slices(), nil })
}

// measureSlices lets the use of bounded slices be read.
func (c *Core) measureSlices() error {
	if c.metrics == nil {
		return nil
	}
	each := func(read func(*SliceUse) int) func(func(string, float64)) {
		return func(add func(string, float64)) {
			for _, u := range c.Slices() {
				add(u.Slice.String(), float64(read(&u)))
			}
		}
	}
	var errs []error
	for _, f := range []metrics.Family{
		{Name: "limpid_slice_ues", Help: "Registered UEs of a slice that has a bound.", Gauge: true, Read: each(func(u *SliceUse) int { return u.UEs })},
		{Name: "limpid_slice_ues_maximum", Help: "How many there may be; 0: any number.", Gauge: true, Read: each(func(u *SliceUse) int { return u.MaximumUEs })},
		{Name: "limpid_slice_sessions", Help: "PDU sessions of a slice that has a bound.", Gauge: true, Read: each(func(u *SliceUse) int { return u.Sessions })},
		{Name: "limpid_slice_sessions_maximum", Help: "How many there may be; 0: any number.", Gauge: true, Read: each(func(u *SliceUse) int { return u.MaximumSessions })},
		{Name: "limpid_slice_refused_ues_total", Help: "UEs refused because a slice was full.", Read: each(func(u *SliceUse) int { return int(u.RefusedUEs) })},
		{Name: "limpid_slice_refused_sessions_total", Help: "PDU sessions refused because a slice was full.", Read: each(func(u *SliceUse) int { return int(u.RefusedSessions) })},
	} {
		f.Label = "slice"
		errs = append(errs, c.metrics.Add(f))
	}
	return errors.Join(errs...)
}

type tracedNSACF struct {
	hop
	next nnsacf.NSAC
}

func (t tracer) nsacf(from string, next nnsacf.NSAC) nnsacf.NSAC {
	if !t.sink.On() {
		return next
	}
	return tracedNSACF{t.hop(from, "NSACF"), next}
}

func (s tracedNSACF) NumOfUEsUpdate(ctx context.Context, req nnsacf.UEACRequest) map[ident.SNSSAI]nnsacf.Reason {
	answered := s.asked("Nnsacf_NSAC_NumOfUEsUpdate", "supi", req.SUPI.Conceal(), "slices", req.Slices)
	r := s.next.NumOfUEsUpdate(ctx, req)
	if len(r) > 0 {
		answered(nil, "refused", r)
	} else {
		answered(nil)
	}
	return r
}

func (s tracedNSACF) NumOfPDUsUpdate(ctx context.Context, req nnsacf.PDUACRequest) nnsacf.Reason {
	answered := s.asked("Nnsacf_NSAC_NumOfPDUsUpdate", "session", req.PDUSessionID, "slice", req.SNSSAI, "operation", req.Operation)
	r := s.next.NumOfPDUsUpdate(ctx, req)
	if r != "" {
		answered(nil, "refused", r)
	} else {
		answered(nil)
	}
	return r
}
