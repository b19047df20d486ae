// Package core builds a running 5G core from a configuration. It is the only place that joins network functions: each
// gets the services it consumes as interfaces of sbi/, here by plain function calls, while N4 stays PFCP.
package core

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/manage/metrics"
	"github.com/limpid-5g/limpid/nf/amf"
	"github.com/limpid-5g/limpid/nf/ausf"
	"github.com/limpid-5g/limpid/nf/nsacf"
	"github.com/limpid-5g/limpid/nf/nssaaf"
	"github.com/limpid-5g/limpid/nf/nssf"
	"github.com/limpid-5g/limpid/nf/pcf"
	"github.com/limpid-5g/limpid/nf/smf"
	"github.com/limpid-5g/limpid/nf/udm"
	"github.com/limpid-5g/limpid/nf/udr"
	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/sbi/nudr"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/engine"
	"github.com/limpid-5g/limpid/wire/pfcp"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// Options replace parts of a core; the zero value is what an operator runs. Tests in virtual time give pipes.
type Options struct {
	Log *slog.Logger // nil: slog.Default
	// Operations adds to what an operator can ask of the running core.
	Operations func(*control.Server)
	Ladder     ladder.Sink
	// Handed are descriptors that a privileged process opened, by name (Open): what takes privileges is not opened then.
	Handed map[string]*os.File
	// Process is this one's name where the core is divided, and UserPlaneMetrics the socket where its user plane, another one, lets
	// its counters be read.
	Process, UserPlaneMetrics string
	// Memory hears when all that the core knew is back; nil: nobody.
	Memory *Memory
	// Record takes down an operator's act before it is done; its error is why it is not done.
	Record func(ctx context.Context, act string, request any) error

	// Store is used instead of the file that the configuration names; Close does not close it.
	Store store.Store
	// SharedStore says that other nodes work over Store, as they do over a database that the configuration names.
	SharedStore bool
	// WithoutControl opens no socket for operators.
	WithoutControl bool
	// CountedNGAPIDs has the AMF allot AMF UE NGAP IDs one after the other, so that a script can name them.
	CountedNGAPIDs bool
	// WithoutN2 opens no SCTP socket: associations come by ServeN2.
	WithoutN2 bool
	// SCTP is used on N2 instead of a transport of the configured binding; Close does not close it.
	SCTP sctp.Transport
	// Link is used between this core and its peers.
	Link *Link
	// BetweenPeers stands between two AMFs: its error is what an operation ends with that does not get through.
	BetweenPeers func(ctx context.Context, to, operation string) error
	// AAA makes the ends of datagrams with an AAA server instead of UDP sockets.
	AAA func(netip.AddrPort) (net.Conn, error)
	// N4 makes the ends of N4 instead of a UDP socket on the address.
	N4 func(netip.AddrPort) (pfcp.PacketConn, error)
	// Datapath makes the UPF's data path instead of the soft one.
	Datapath func(upf.Config, *slog.Logger) (upf.Datapath, error)
}

// Core is a core whose sockets are open.
type Core struct {
	cfg     *config.Config
	opts    Options
	log     *slog.Logger
	store   store.Store
	amf     *amf.AMF
	smf     *smf.SMF
	upf     *upf.UPF // nil where every UPF is another process
	path    upf.Datapath
	udm     *udm.UDM
	pcf     *pcf.PCF
	nsacf   *nsacf.NSACF
	aaa     *nssaaf.NSSAAF
	peers   *peers
	sbi     *link // nil: there are no peers
	control net.Listener
	metrics *metrics.Server // nil: none
	n2      []sctp.Listener
	watch   *nodeWatch            // over the other nodes; nil: there are none
	changes func(context.Context) // tells of changes of subscribers until the context ends
	closers []func() error        // in the order of opening
}

// New opens everything that cfg names, so that what is missing is told at once. gNBs are let in by Run.
func New(ctx context.Context, cfg *config.Config, opts Options) (*Core, error) {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	c := &Core{cfg: cfg, opts: opts, log: opts.Log}
	if err := c.open(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Core) open(ctx context.Context) error {
	st, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	keys, err := c.cfg.UDM.KeyRing()
	if err != nil {
		return err
	}
	policies := pcfConfig(c.cfg)
	if err := policies.Validate(); err != nil {
		return c.cfg.ErrorAt("pcf.session_policies", err)
	}
	networks := plmns(c.cfg)
	t := tracer{sink: c.opts.Ladder}
	life, err := st.BeginLife(ctx, c.cfg.AMF.Name, time.Now())
	if err != nil {
		return c.cfg.ErrorAt("store", err)
	}
	repository := udr.New(c.udrConfig(life), st, c.nf("udr"))
	data := udm.New(udm.Config{HomePLMNs: networks, HomeNetworkKeys: keys, AuthenticatedSlices: authenticatedSlices(c.cfg)}, t.udr("UDM", repository), c.nf("udm"))
	authentication := ausf.New(ausf.Config{ServingPLMNs: networks}, t.udmAuthentication("AUSF", data), c.nf("ausf"))
	toAMF, toSMF := &tracedAMF{tracer: t}, &tracedSMFNotify{tracer: t}
	policy := pcf.New(policies, pcf.Deps{UDR: t.udr("PCF", repository), Sessions: toSMF, Access: toAMF}, c.nf("pcf"))
	slice := nssf.New(nssfConfig(c.cfg), c.nf("nssf"))
	c.store, c.udm, c.pcf, c.nsacf = st, data, policy, nsacf.New(nsacfConfig(c.cfg), c.nf("nsacf"))
	c.aaa = c.nssaaf()
	c.changes = func(ctx context.Context) {
		repository.Watch(ctx, func(change nudr.DataChange) { data.DataChanged(ctx, change) })
	}

	if err := errors.Join(c.openUPF(), c.openMetrics(), c.measureSlices()); err != nil {
		return err
	}
	if err := c.openPeers(); err != nil {
		return err
	}
	if err := c.openSMF(smf.Deps{
		SDM: t.sdm("SMF", data), UECM: t.uecm("SMF", data), Policy: t.smPolicy("SMF", policy), AMF: toAMF, Ladder: c.opts.Ladder,
		Contexts: st, Life: life, ServingAMF: c.servingAMF(toAMF), Admission: c.sessionAdmission(t), Settled: c.opts.Memory.Started,
	}); err != nil {
		return err
	}
	access := amfConfig(c.cfg)
	access.CountedNGAPIDs = c.opts.CountedNGAPIDs
	toSessions := sessions{t.smf("AMF", c.smf), t.transferFailures("AMF", c.smf), c.peers}
	c.amf, err = amf.New(access, amf.Services{
		Authentication: t.ausf("AMF", authentication), SDM: t.sdm("AMF", data), UECM: t.uecm("AMF", data),
		Policy: t.amPolicy("AMF", policy), Slices: t.nssf("AMF", slice), Sessions: toSessions, Contexts: st,
		TransferFailures: toSessions, Peers: c.peers.amfs(), Admission: t.nsacf("AMF", c.nsacf), SliceAuthentication: c.aaa,
	}, c.opts.Ladder, c.nf("amf"))
	if err != nil {
		return err
	}
	c.closers = append(c.closers, func() error { c.amf.Close(); return nil })
	toAMF.next, toSMF.next = c.amf, c.smf
	c.nsacf.Subscribe(c.amf)
	data.Subscribe(t.notifications("AMF", c.amf))
	data.Subscribe(t.notifications("SMF", c.smf))
	c.aaa.Notify(t.uecm("NSSAAF", data), c.amf)
	if err := c.restore(ctx, data, policy); err != nil {
		return err
	}
	if err := c.openNSSAAF(); err != nil {
		return err
	}
	if err := c.openControl(); err != nil {
		return err
	}
	return c.openN2()
}

// nf is the logger of one network function.
func (c *Core) nf(name string) *slog.Logger { return c.log.With("nf", name) }

func (c *Core) openStore(ctx context.Context) (store.Store, error) {
	if c.opts.Store != nil {
		return c.opts.Store, nil
	}
	name, key := c.cfg.Store.Path, "store.path"
	if url := string(c.cfg.Store.URL); url != "" {
		name, key = url, "store.url"
	}
	st, err := engine.OpenForCore(ctx, name)
	if err != nil {
		return nil, c.cfg.ErrorAt(key, err)
	}
	c.closers = append(c.closers, st.Close)
	if key == "store.url" {
		c.log.Info("store open", "engine", "PostgreSQL")
	} else {
		c.log.Info("store open", "engine", "SQLite", "path", name)
	}
	return st, nil
}

// udrConfig gives the UDR the sequence numbers of its life where it alone serves the subscribers. Nodes that share them lease
// each block: a USIM takes those of two lives at once for old ones.
func (c *Core) udrConfig(life store.Life) udr.Config {
	if c.shared() {
		return udr.Config{}
	}
	return udr.Config{Life: life.Number}
}

func (c *Core) openUPF() error {
	if c.cfg.UPF == nil {
		return nil
	}
	cfg, err := upfConfig(c.cfg).WithDefaults()
	if err != nil {
		return c.cfg.ErrorAt("upf", err)
	}
	if c.opts.N4 != nil {
		if cfg.N4Conn, err = c.opts.N4(cfg.N4); err != nil {
			return c.cfg.ErrorAt("upf.n4.address", err)
		}
	}
	path, err := c.openDatapath(cfg)
	if err != nil {
		return c.cfg.ErrorAt("upf", err)
	}
	c.path = path
	if c.upf, err = upf.New(cfg, path, c.nf("upf")); err != nil {
		return c.cfg.ErrorAt("upf.n4.address", err)
	}
	c.closers = append(c.closers, c.upf.Close)
	c.log.Info("N4 of the UPF listens", "address", cfg.N4, "protocol", "PFCP over UDP")
	c.log.Info("N3 listens", "address", netip.AddrPortFrom(cfg.N3, portGTPU), "protocol", "GTP-U over UDP")
	return nil
}

func (c *Core) openSMF(deps smf.Deps) error {
	addr := netip.AddrPortFrom(c.cfg.SMF.N4.Address, pfcp.Port)
	var err error
	if c.opts.N4 != nil {
		deps.N4, err = c.opts.N4(addr)
	} else {
		deps.N4, err = pfcp.Listen(addr)
	}
	if err != nil {
		return c.cfg.ErrorAt("smf.n4.address", err)
	}
	if c.smf, err = smf.New(c.smfConfig(), deps, c.nf("smf")); err != nil {
		return errors.Join(c.cfg.ErrorAt("smf", err), deps.N4.Close())
	}
	c.closers = append(c.closers, func() error { c.smf.Close(); return nil })
	c.log.Info("N4 of the SMF listens", "address", addr, "protocol", "PFCP over UDP")
	return nil
}

func (c *Core) smfConfig() smf.Config {
	cfg := smfConfig(c.cfg)
	cfg.Shared, cfg.Node = c.shared(), c.cfg.AMF.Name
	return cfg
}

func (c *Core) openN2() error {
	if c.opts.WithoutN2 {
		return nil
	}
	transport, n2 := c.opts.SCTP, c.cfg.AMF.N2
	if transport == nil {
		var err error
		cfg := sctpConfig(c.cfg, c.log)
		cfg.RawSockets = [2]*os.File{c.opts.Handed[handedRaw4], c.opts.Handed[handedRaw6]}
		if transport, err = sctp.New(cfg); err != nil {
			return c.cfg.ErrorAt("amf.n2.sctp", err)
		}
		c.closers = append(c.closers, transport.Close)
	}
	for i, e := range endpoints(&n2) {
		key := "amf.n2.address"
		if i > 0 {
			key = fmt.Sprintf("amf.n2.further[%d].address", i-1)
		}
		l, err := transport.Listen(e.Address)
		if err != nil {
			return c.cfg.ErrorAt(key, err)
		}
		c.n2 = append(c.n2, l)
		c.closers = append(c.closers, l.Close)
		c.log.Info("N2 listens", "address", l.Addr(), "protocol", "NGAP over SCTP", "binding", string(transport.Binding()))
	}
	return nil
}

// Run serves until ctx ends, which is no error, or until something fails. The user plane ends last.
func (c *Core) Run(ctx context.Context) error {
	userPlane, stopUserPlane := context.WithCancel(context.WithoutCancel(ctx))
	defer stopUserPlane()
	g, ctx := errgroup.WithContext(ctx)
	if c.upf != nil {
		g.Go(func() error { return c.upf.Run(userPlane) })
	}
	g.Go(func() error {
		defer stopUserPlane()
		return unlessCancelled(c.smf.Run(ctx))
	})
	for _, l := range c.n2 {
		g.Go(func() error { return unlessCancelled(c.amf.Serve(ctx, l)) })
	}
	if c.sbi != nil {
		g.Go(func() error { return c.sbi.serve(ctx, c) })
	}
	c.runManagement(ctx, g)
	g.Go(func() error { c.changes(ctx); return nil })
	if c.watch != nil {
		c.watch.serving.Store(true)
	}
	c.log.Info("core runs", "name", c.cfg.Name, "guami", guami(c.cfg))
	err := g.Wait()
	c.log.Info("core ends")
	return err
}

func unlessCancelled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// ServeN2 serves one association with a gNB until it ends.
func (c *Core) ServeN2(ctx context.Context, assoc sctp.Association) {
	c.amf.ServeAssociation(ctx, assoc)
}

// Close frees what New opened and Run has not closed yet, the last first.
func (c *Core) Close() error {
	var errs []error
	for _, f := range slices.Backward(c.closers) {
		errs = append(errs, f())
	}
	c.closers = nil
	return errors.Join(errs...)
}

// Check tells whether the network functions would take a configuration, without opening anything.
func Check(cfg *config.Config) error {
	policies := pcfConfig(cfg)
	if err := policies.Validate(); err != nil {
		return cfg.ErrorAt("pcf.session_policies", err)
	}
	if cfg.UPF == nil {
		return nil
	}
	if _, err := upfConfig(cfg).WithDefaults(); err != nil {
		return cfg.ErrorAt("upf", err)
	}
	return nil
}

// AwaitUPFs waits until the SMF has an association with each of its UPFs, TS 29.244 §6.2.6, but not for ever: a UPF
// that is away is no reason not to serve the others. It tells whether ctx still goes on.
func (c *Core) AwaitUPFs(ctx context.Context) bool {
	const patience, step = 3 * time.Second, 10 * time.Millisecond
	for waited := time.Duration(0); waited < patience && !c.allUPFsUp(); waited += step {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(step):
		}
	}
	return ctx.Err() == nil
}

func (c *Core) allUPFsUp() bool {
	for _, u := range c.smf.UPFs() {
		if !u.Up {
			return false
		}
	}
	return true
}
