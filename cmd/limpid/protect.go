package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/nf/upf/xdp"
	"github.com/limpid-5g/limpid/prove/egress"
	"github.com/limpid-5g/limpid/prove/lockdown"
	"github.com/limpid-5g/limpid/store/postgres"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// protection keeps a core to its work: before it opens anything the kernel is told whom it may speak to, and once all is
// open it gives up its rights.
type protection struct {
	cfg   *config.Config
	log   *slog.Logger
	guard *egress.Guard // nil: off, or not to be had and not required
	kept  confinement
}

// loadEither reads the configuration of a core, or of a UPF alone.
func loadEither(file string) (*config.Config, error) {
	if cfg, err := config.LoadUPF(file); err == nil && len(cfg.UPF.SMFs) > 0 {
		return cfg, nil
	}
	return config.Load(file)
}

// protect puts the process under the egress policy of its configuration.
func protect(cfg *config.Config, log *slog.Logger) (*protection, error) {
	p := &protection{cfg: cfg, log: log, kept: confinement{mode: lockdown.Mode(cfg.Lockdown), profile: lockdownProfile(cfg)}}
	if cfg.Egress.Mode == "off" {
		log.Warn("egress is off: this process may speak to anybody")
		return p, nil
	}
	policy, err := egressPolicy(cfg)
	if err != nil {
		return nil, err
	}
	p.guard, err = egress.Start(policy)
	switch {
	case err == nil:
		for _, r := range policy.Rules {
			log.Debug("egress declared", "rule", r.String())
		}
		log.Info("egress: the kernel refuses whom the configuration does not name", "peers", len(policy.Rules), "group", p.guard.Group)
	case cfg.Egress.Mode == "required":
		return nil, cfg.ErrorAt("egress.mode", fmt.Errorf("required, and not to be had: %w: set it to auto to run without", err))
	default:
		log.Warn("egress cannot be limited: this process may speak to anybody", "why", err)
	}
	return p, nil
}

// lock gives up the process's rights. Everything must be open.
func (p *protection) lock() error { return p.kept.enter(p.log) }

// run tells the log what is refused until ctx ends.
func (p *protection) run(ctx context.Context) {
	if p.guard == nil {
		return
	}
	if err := p.guard.Watch(ctx, p.log); err != nil {
		p.log.Error("what is refused is not told any more", "error", err)
	}
}

// close takes the egress policy away with the last of the core.
func (p *protection) close() error {
	if p.guard == nil {
		return nil
	}
	return p.guard.Close()
}

// lockdownAnswer and egressAnswer are what the running core says of itself.
type (
	lockdownAnswer struct {
		Reached string     `json:"reached"` // the tier, and what is missing
		Tried   []triedAct `json:"tried"`
	}
	triedAct struct {
		Act     string `json:"act"`
		By      string `json:"by"`
		Refused bool   `json:"refused"`
		Said    string `json:"said"`
	}
	egressAnswer struct {
		On       bool          `json:"on"`
		Group    string        `json:"group"`
		Counts   egress.Counts `json:"counts"` // with the trials
		Trials   uint64        `json:"trials"`
		Refusals []string      `json:"refusals"` // without them
	}
	// trialRequest announces a process that tries whether it is refused.
	trialRequest struct {
		PID int `json:"pid"`
	}
)

// add adds what a guard refused, each line after a prefix.
func (a *egressAnswer) add(prefix string, g *egress.Guard) error {
	n, err := g.Counts()
	a.Counts.Connect += n.Connect
	a.Counts.Send += n.Send
	a.Counts.Create += n.Create
	a.Counts.Packet += n.Packet
	a.Trials += g.Trials()
	for _, r := range g.Refusals() {
		if !r.Trial {
			a.Refusals = append(a.Refusals, fmt.Sprintf("%s%v, %d times", prefix, r, r.Times))
		}
	}
	slices.Sort(a.Refusals)
	return err
}

// operations lets an operator ask the running core to try what it must not be able to do, and what was refused.
func (p *protection) operations(s *control.Server) {
	p.kept.operation(s)
	control.Register(s, "egress", func(context.Context, struct{}) (egressAnswer, error) {
		if p.guard == nil {
			return egressAnswer{}, nil
		}
		a := egressAnswer{On: true, Group: p.guard.Group}
		return a, a.add("", p.guard)
	})
	control.Register(s, "egress/trial", func(_ context.Context, r trialRequest) (struct{}, error) {
		if p.guard != nil {
			p.guard.ExpectTrial(r.PID)
		}
		return struct{}{}, nil
	})
}

func tried(outcomes []lockdown.Outcome) lockdownAnswer {
	var a lockdownAnswer
	for _, o := range outcomes {
		said := "it was allowed"
		if o.Err != nil {
			said = o.Err.Error()
		}
		a.Tried = append(a.Tried, triedAct{o.Act, o.By.String(), o.Refused(), said})
	}
	return a
}

// lockdownProfile is what a running core goes on needing: the folders of its store, its socket and its pins, and the ports of
// its database and its peers.
func lockdownProfile(cfg *config.Config) lockdown.Profile {
	var p lockdown.Profile
	if cfg.Ledger.Folder != "" {
		p.Write = append(p.Write, cfg.Ledger.Folder)
	}
	alone := cfg.UPF != nil && len(cfg.UPF.SMFs) > 0 // a UPF alone has no store
	if !alone && cfg.Store.URL == "" {
		p.Write = append(p.Write, lockdown.Existing(cfg.Store.Path))
	}
	if hosts, ports, err := databases(cfg); !alone && len(ports) > 0 && err == nil {
		p.Unix = slices.ContainsFunc(hosts, filepath.IsAbs) // one on this machine, by its Unix socket
		p.ConnectTCP = append(p.ConnectTCP, ports...)
		p.Read = append(p.Read, "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl/certs", "/usr/share/ca-certificates")
	}
	for i := range cfg.Peers {
		p.ConnectTCP = append(p.ConnectTCP, cfg.Peers[i].Address.Port())
	}
	if cfg.Control.Socket != "off" {
		p.Write = append(p.Write, lockdown.Existing(cfg.Control.Socket))
	}
	if u := cfg.UPF; u != nil && u.Datapath != "soft" {
		p.Write = append(p.Write, pinOf(cfg))
	}
	return p
}

// pinOf is where the programs of the fast path are pinned.
func pinOf(cfg *config.Config) string {
	if pin := cfg.UPF.XDP.Pin; pin != "" {
		return pin
	}
	return xdp.DefaultPin
}

// metricsPort is where metrics can be read; false: nowhere.
func metricsPort(cfg *config.Config) (uint16, bool) {
	m, err := netip.ParseAddrPort(cfg.Metrics.Address)
	return m.Port(), err == nil
}

// databases are where the shared database and its standbys listen.
func databases(cfg *config.Config) (hosts []string, ports []uint16, err error) {
	if cfg.Store.URL == "" {
		return nil, nil, nil
	}
	list, err := postgres.Hosts(string(cfg.Store.URL))
	if err != nil {
		return nil, nil, cfg.ErrorAt("store.url", err)
	}
	for _, at := range list {
		host, text, err := net.SplitHostPort(at)
		if err != nil {
			return nil, nil, cfg.ErrorAt("store.url", err)
		}
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return nil, nil, cfg.ErrorAt("store.url", err)
		}
		hosts, ports = append(hosts, host), append(ports, uint16(port))
	}
	return hosts, ports, nil
}

// egressPolicy is whom the configuration names: for a core in one process.
func egressPolicy(cfg *config.Config) (egress.Policy, error) {
	p, err := controlPlanePolicy(cfg)
	if err != nil {
		return p, err
	}
	user, err := userPlanePolicy(cfg)
	p.Rules = append(p.Rules, user.Rules...)
	return p, err
}

// peer adds a rule to a policy.
type peer func(network netip.Prefix, protocol uint8, local, remote uint16, why string)

func addTo(p *egress.Policy) peer {
	return func(network netip.Prefix, protocol uint8, local, remote uint16, why string) {
		p.Rules = append(p.Rules, egress.Rule{Network: network, Protocol: protocol, Local: local, Remote: remote, Why: why})
	}
}

func single(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

// userPlanePolicy is whom the user plane speaks to by its sockets.
func userPlanePolicy(cfg *config.Config) (p egress.Policy, err error) {
	if cfg.UPF == nil {
		return p, nil
	}
	add := addTo(&p)
	gnbs, err := cfg.GNBNetworks()
	if err != nil {
		return p, err
	}
	for _, g := range gnbs {
		add(g, egress.UDP, 0, gtpu.Port, "N3")
		add(g, egress.UDP, gtpu.Port, 0, "N3, answers")
	}
	for _, smf := range controllers(cfg) {
		add(single(smf), egress.UDP, pfcp.Port, 0, "N4 to the SMF")
		add(single(smf), egress.UDP, 0, pfcp.Port, "N4 to the SMF")
	}
	return p, nil
}

// controlPlanePolicy is whom the rest speaks to.
func controlPlanePolicy(cfg *config.Config) (p egress.Policy, err error) {
	add := addTo(&p)
	gnbs, err := cfg.GNBNetworks()
	if err != nil {
		return p, err
	}
	for _, g := range gnbs {
		addN2(cfg, g, add)
	}
	if s := cfg.AMF.N2.SCTP; cfg.AMF.N2.Address.IsValid() && (s == "raw" || s == "auto") {
		p.Raw = append(p.Raw, egress.SCTP)
	}
	for _, u := range cfg.SMF.UPFs {
		add(single(u.Address), egress.UDP, 0, u.Port, "N4 to UPF "+u.Name)
		add(single(u.Address), egress.UDP, pfcp.Port, 0, "N4 to UPF "+u.Name+", answers")
	}
	if m, err := netip.ParseAddrPort(cfg.Metrics.Address); err == nil {
		add(single(m.Addr()), egress.TCP, m.Port(), 0, "who reads the metrics on this machine")
	}
	for i := range cfg.Peers {
		c := &cfg.Peers[i]
		add(single(c.Address.Addr()), egress.TCP, 0, c.Address.Port(), "N14 to core "+c.Name)
		add(single(c.Address.Addr()), egress.TCP, cfg.SBI.Address.Port(), 0, "N14 to core "+c.Name+", answers")
	}
	for _, s := range cfg.NSSAAF.Slices {
		add(single(s.Server.Addr()), egress.UDP, 0, s.Server.Port(), "AAA server of slice "+s.Slice.String())
	}
	if err := addDatabase(cfg, add); err != nil {
		return p, err
	}
	protocols := map[string]uint8{"tcp": egress.TCP, "udp": egress.UDP, "sctp": egress.SCTP}
	for _, x := range cfg.Egress.Peers {
		add(x.Network, protocols[x.Protocol], 0, x.Port, x.Why)
	}
	return p, nil
}

// addN2 names a network of gNBs on N2, TS 38.412 §7.
func addN2(cfg *config.Config, gnbs netip.Prefix, add peer) {
	n2 := cfg.AMF.N2
	if !n2.Address.IsValid() {
		return // a UPF alone
	}
	if n2.SCTP != "udp" {
		add(gnbs, egress.SCTP, n2.Port, 0, "N2")
	}
	if n2.SCTP == "udp" || n2.SCTP == "auto" {
		add(gnbs, egress.UDP, n2.UDPPort, 0, "N2 in UDP, RFC 6951")
	}
}

// controllers are the SMFs that the UPF of a configuration obeys.
func controllers(cfg *config.Config) []netip.Addr {
	switch {
	case cfg.UPF == nil:
		return nil
	case len(cfg.UPF.SMFs) > 0:
		return cfg.UPF.SMFs
	}
	return []netip.Addr{cfg.SMF.N4.Address}
}

// addDatabase names the shared database. Its name is looked up once, now: later only /etc/hosts can tell it.
func addDatabase(cfg *config.Config, add peer) error {
	hosts, ports, err := databases(cfg)
	if err != nil {
		return err
	}
	for i, host := range hosts {
		addrs, err := net.LookupHost(host)
		if err != nil {
			return cfg.ErrorAt("store.url", fmt.Errorf("its host %s has no address: %w", host, err))
		}
		for _, text := range addrs {
			if a, err := netip.ParseAddr(text); err == nil {
				add(netip.PrefixFrom(a.WithZone(""), a.BitLen()), egress.TCP, 0, ports[i], "the store's database")
			}
		}
	}
	return nil
}
