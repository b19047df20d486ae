// Package xdp is the UPF's fast path in the kernel: in its network drivers (XDP), or at the hook of traffic control (tcx) where
// XDP cannot be had. It stands before another upf.Datapath, the slow path, which gets every session too. A packet that the
// programs do not decide passes on untouched to the kernel, and through its sockets and interfaces to the slow path: unknown
// tunnels and addresses, buffering, quotas that are used up, other GTP-U messages, extension chains, options, outer fragments, an expired time
// to live, packets above an MTU, next hops that are not resolved yet. Each packet is so counted by one of the two, and
// Counters and Usage are their sums. The state of policers is in the maps, and both work on it.
//
// The programs go on without the process: maps, programs and links are pinned, and no map of programs is needed.
package xdp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// DefaultPin is where programs, maps and links are pinned unless Options says otherwise.
const DefaultPin = "/sys/fs/bpf/limpid"

// Options is how the fast path is set up beside upf.Config.
type Options struct {
	// N3 and N6 name the interfaces that lead to the gNBs and to the data networks; one may do both. Without N3 it is
	// the one that has the N3 address, without N6 that of the default route.
	N3, N6 []string
	// Pin is a folder on a BPF file system, one for each UPF of a machine; default DefaultPin.
	Pin string
	// Persist leaves the programs at work after Close: the next process with the same Pin takes them over.
	Persist bool
	// Mode is how the programs are attached.
	Mode Mode

	change func(*ebpf.CollectionSpec) // for tests: what makes other programs of these
}

// Mode is how the programs are attached, the same for all interfaces: a frame that a native program sends on is lost at
// an interface that takes none.
type Mode uint8

// Modes.
const (
	Auto    Mode = iota // native where every interface has it and none is a veth, else generic, else tcx
	Native              // native or an error; the other end of a veth needs XDP or GRO of its own
	Generic             // XDP after the kernel has made a packet of each frame
	TCX                 // at the hook of traffic control, which an interface has beside XDP of others
)

func (m Mode) String() string { return [...]string{"auto", "native", "generic", "tcx"}[m] }

// Path is a upf.Datapath that is fast for what is common and leaves the rest to a slow one.
type Path struct {
	options      Options
	log          *slog.Logger
	layout       *upf.Layout
	size         sizes
	pools        []upf.Network // of the pools that the programs know, by index
	networks     []upf.Network
	tables       map[string]uint8 // of routes, by data network
	tableNumbers []int            // the kernel's, by table
	config       programConfig
	loaded       *loaded
	folder       string // where maps and programs are pinned
	links        []attached
	lock         *os.File // of the pin
	near         *neighbours
	slow         upf.Datapath
	adopted      bool             // programs and links are another process's
	base         [counters]uint64 // what an earlier process counted

	mu          sync.Mutex // guards what follows, and loaded, which is nil once the Path is closed
	last        [counters]uint64
	sessions    map[uint32]*session
	atRest      map[uint32]struct{} // slots of sessions of which only the maps know
	applying    *installation
	classifiers *classifiers
	flows       *flowTable
	ledger      *ledger
	revisions   *revisions
	left        map[uint32][]pfcp.URRID // what an earlier process left: URRs by slot

	leftRevisions map[uint32][]*pending // and what it had not ended

	closing sync.Once
	closed  error
}

// attached is a link, and whether it was made by this process.
type attached struct {
	link.Link
	fresh bool
}

// New loads the programs, takes over what an earlier process left under the same pin, and attaches to the interfaces in
// the network namespace of the calling thread. The slow path belongs to the Path from then on. On error it stays the
// caller's, and what an earlier process left stays at work: a caller that goes on with the slow path alone calls Discard
// first.
func New(cfg upf.Config, o Options, slow upf.Datapath, log *slog.Logger) (*Path, error) {
	if o.Pin == "" {
		o.Pin = DefaultPin
	}
	p, err := prepare(cfg, log)
	if err != nil {
		return nil, err
	}
	p.options, p.slow = o, slow
	pin := filepath.Join(o.Pin, folderName(p.config, p.size))
	_, missing := os.Stat(pin)
	if err := p.open(cfg, pin); err != nil {
		_ = p.release(func(a attached) bool { return a.fresh })
		if missing != nil {
			_ = os.RemoveAll(pin)
		}
		fresh := filepath.Join(o.Pin, staging+filepath.Base(pin))
		if at, err := current(o.Pin); err == nil && at != fresh {
			_ = os.RemoveAll(fresh)
		}
		return nil, err
	}
	return p, nil
}

// prepare lays out what the programs are told.
func prepare(cfg upf.Config, log *slog.Logger) (*Path, error) {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return nil, err
	}
	layout, err := upf.NewLayout(cfg.Networks, cfg.ExtraSlots)
	if err != nil {
		return nil, err
	}
	p := &Path{log: log, layout: layout, networks: cfg.Networks, sessions: map[uint32]*session{}, atRest: map[uint32]struct{}{}, tables: map[string]uint8{},
		tableNumbers: []int{unix.RT_TABLE_MAIN}, size: sizes{slots: layout.Slots(), flows: defaultFlows}}
	if a := cfg.Local(true); a.IsValid() {
		p.config.N3 = networkOrder(a)
	}
	if a := cfg.Local(false); a.IsValid() {
		p.config.N3v6 = addressWords(a)
	}
	for _, n := range cfg.Networks {
		if !p.knowRoutes(n) {
			continue
		}
		for _, pool := range n.Pools {
			if !pool.Addr().Is4() {
				p.knowPool6(n, pool, layout)
				continue
			}
			if len(p.pools) == maxPools {
				log.Warn("more pools than the fast path knows: the rest is served in user space", "pool", pool, "known", maxPools)
				continue
			}
			first := hostOrder(pool.Addr())
			slot, _ := layout.SlotOf4(first)
			p.config.Pool[len(p.pools)] = poolConfig{First: first, Size: 1 << (32 - pool.Bits()), Slot: slot, MTU: uint32(n.MTU)}
			p.pools = append(p.pools, n)
		}
	}
	p.config.Pools = uint32(len(p.pools))
	return p, nil
}

// knowPool6 lets the prefixes of a pool of IPv6 be found by their offset, if there is room; those of others are looked up.
func (p *Path) knowPool6(n upf.Network, pool netip.Prefix, layout *upf.Layout) {
	size := 1 << max(0, 64-pool.Bits())
	first, beside := pool.Addr().As16(), uint32(unpaired)
	if p.config.Pools6 == maxPools6 || pool.Bits() > 64 || p.size.slots6+size > maxSlots6 || first == [16]byte{} { // ::/64 is that of sessions without
		return
	}
	if other, ok := poolBeside(n.Pools, pool); ok {
		if slot, ok := layout.SlotOf4(hostOrder(other.Addr())); ok {
			beside = slot
		}
	}
	p.config.Pool6[p.config.Pools6] = pool6Config{First: binary.BigEndian.Uint64(first[:]), Size: uint32(size), At: uint32(p.size.slots6), MTU: uint32(n.MTU), Beside: beside}
	p.config.Pools6++
	p.size.slots6 += size
}

// poolBeside is the pool of IPv4 with the same number among its like as one of IPv6: the SMF gives out addresses and prefixes of
// dual-stack sessions at the same offset there, mostly.
func poolBeside(pools []netip.Prefix, pool netip.Prefix) (netip.Prefix, bool) {
	before := 0
	for _, p := range pools[:slices.Index(pools, pool)] {
		if !p.Addr().Is4() {
			before++
		}
	}
	for _, p := range pools {
		if !p.Addr().Is4() {
			continue
		}
		if before == 0 {
			return p, true
		}
		before--
	}
	return netip.Prefix{}, false
}

// knowRoutes notes where packets to a data network are routed. One with a table of its own is apart from the others on both
// sides, by the interface that packets come from, which the programs do not look at: user space serves it. Its tables are
// named so that the rules that lead to them do not keep the others from the fast path.
func (p *Path) knowRoutes(n upf.Network) bool {
	if n.Table == 0 {
		p.tables[n.DNN] = 0
		return true
	}
	for _, table := range []int{n.Table, n.Table + 1} {
		if len(p.tableNumbers) < maxTables && (table == n.Table || n.UEToUE == upf.UEToUEForward) {
			p.tableNumbers = append(p.tableNumbers, table)
		}
	}
	p.log.Info("a data network with a routing table of its own is served in user space", "dnn", n.DNN)
	return false
}

func (p *Path) open(cfg upf.Config, pin string) error {
	err := p.own()
	if err != nil {
		return err
	}
	var migration *migration
	if p.folder, migration, err = p.openMaps(pin); err != nil {
		return err
	}
	devices, err := p.begin(cfg)
	if err != nil {
		return err
	}
	if err := p.attachAll(devices); err != nil {
		return err
	}
	if err := p.loaded.pinPrograms(p.folder); err != nil {
		return err
	}
	if err := p.removeLinks(devices); err != nil {
		return err
	}
	return p.settleMaps(p.folder, pin, migration)
}

// begin takes over what the maps hold and lets them follow the kernel's routes. It returns the devices to attach to.
func (p *Path) begin(cfg upf.Config) (_ []device, err error) {
	if p.base, err = p.loaded.totals(); err != nil {
		return nil, err
	}
	p.last = p.base
	p.loaded.endChanges(len(p.loaded.uplinks), p.loaded.block)
	if p.near, err = newNeighbours(p.loaded, p.tableNumbers, p.log); err != nil {
		return nil, err
	}
	p.near.echo = p.slow.Echo
	p.inherit()
	if shares, ok := p.slow.(interface{ Keep(upf.Memory) }); ok {
		shares.Keep(memory{p})
	}
	ports, err := p.near.ports(p.options, cfg.N3)
	if err != nil {
		return nil, err
	}
	devices, err := p.near.devices(ports)
	if err != nil {
		return nil, err
	}
	return devices, p.near.serve(ports, devices)
}

// removeLinks removes the links of interfaces that an earlier process had and this one has not.
func (p *Path) removeLinks(ports []device) error {
	links, err := filepath.Glob(filepath.Join(p.options.Pin, "links", "*"))
	if err != nil {
		return fmt.Errorf("upf: xdp: %w", err)
	}
	for _, l := range links {
		if slices.ContainsFunc(ports, func(x device) bool { return x.name == filepath.Base(l) }) {
			continue
		}
		p.log.Info("fast path taken from an interface that is not configured any more", "interface", filepath.Base(l))
		if err := detach(l); err != nil {
			return err
		}
	}
	return nil
}

// Run runs the slow path until ctx ends; the programs are at work since New.
func (p *Path) Run(ctx context.Context, ev upf.Events) error { return p.slow.Run(ctx, ev) }

// DropBuffered discards the session's buffered packets, which the slow path keeps.
func (p *Path) DropBuffered(slot uint32) { p.slow.DropBuffered(slot) }

// Rearm lets the next buffered packet be told again.
func (p *Path) Rearm(slot uint32) { p.slow.Rearm(slot) }

// EndMarker sends an end marker, TS 29.281 §7.3.2.
func (p *Path) EndMarker(peer netip.Addr, teid uint32, qfi uint8) { p.slow.EndMarker(peer, teid, qfi) }

// Echo sends an Echo Request, TS 29.281 §7.2.1.
func (p *Path) Echo(peer netip.Addr) { p.slow.Echo(peer) }

// Counters are the totals of both paths since New.
func (p *Path) Counters() upf.Counters {
	c, now := p.slow.Counters(), p.totals()
	for i := range now {
		now[i] -= p.base[i]
	}
	c.UplinkIn, c.UplinkOut = c.UplinkIn+now[0], c.UplinkOut+now[0]
	c.DownlinkIn, c.DownlinkOut = c.DownlinkIn+now[1], c.DownlinkOut+now[1]
	for i := range c.Dropped {
		up, down := now[counterDrops+2*i], now[counterDrops+2*i+1]
		c.UplinkIn, c.DownlinkIn, c.Dropped[i] = c.UplinkIn+up, c.DownlinkIn+down, c.Dropped[i]+up+down
	}
	return c
}

// totals is what the programs counted, at Close if that has been.
func (p *Path) totals() [counters]uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loaded == nil {
		return p.last
	}
	now, err := p.loaded.totals()
	if err != nil { // the map is ours as long as the Path is open
		p.log.Error("counters cannot be read", "error", err)
		return p.last
	}
	p.last = now
	return now
}

// Close ends the fast path, or with Options.Persist leaves it at work, and closes the slow path.
func (p *Path) Close() error {
	p.closing.Do(func() {
		err := p.release(func(attached) bool { return !p.options.Persist })
		if !p.options.Persist && !p.adopted {
			err = errors.Join(err, discard(p.options.Pin))
		}
		p.closed = errors.Join(err, p.slow.Close())
	})
	return p.closed
}

// release gives back what the process holds, and unpins the links that are told.
func (p *Path) release(unpin func(attached) bool) error {
	var errs []error
	if p.near != nil {
		p.near.close()
	}
	if p.loaded != nil {
		p.totals()
	}
	for _, l := range p.links {
		if unpin(l) {
			errs = append(errs, l.Detach(), l.Unpin())
		}
		errs = append(errs, l.Close())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loaded != nil {
		errs = append(errs, p.loaded.close())
		p.loaded = nil
	}
	if p.lock != nil {
		errs = append(errs, p.lock.Close())
	}
	return errors.Join(errs...)
}

// own makes the folder of the pins and holds it against another process.
func (p *Path) own() error {
	if err := makePinFolder(p.options.Pin); err != nil {
		return err
	}
	var err error
	if p.lock, err = os.Open(p.options.Pin); err != nil {
		return fmt.Errorf("upf: xdp: %w", err)
	}
	if err := unix.Flock(int(p.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("upf: xdp: %s is used by another process: %w", p.options.Pin, err)
	}
	return nil
}

// Discard ends what an earlier process left at work under a pin, DefaultPin if it is empty. Without any it does nothing.
func Discard(pin string) error {
	if pin == "" {
		pin = DefaultPin
	}
	return discard(pin)
}

func discard(pin string) error {
	links, err := filepath.Glob(filepath.Join(pin, "links", "*"))
	layouts, bad := filepath.Glob(filepath.Join(pin, "*v*-*"))
	errs := []error{err, bad}
	for _, l := range links {
		errs = append(errs, detach(l))
	}
	for _, l := range layouts {
		errs = append(errs, os.RemoveAll(l))
	}
	return errors.Join(errs...)
}

// detach ends a pinned link at once: without its name alone the kernel would end it later.
func detach(file string) error {
	l, err := link.LoadPinnedLink(file, nil)
	if err != nil {
		return fmt.Errorf("upf: xdp: %s: %w", file, err)
	}
	if err := errors.Join(l.Detach(), l.Unpin(), l.Close()); err != nil {
		return fmt.Errorf("upf: xdp: %s: %w", file, err)
	}
	return nil
}

// hostOrder is an IPv4 address as a number.
func hostOrder(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

// networkOrder is an IPv4 address as the processor reads it from a packet.
func networkOrder(a netip.Addr) uint32 {
	b := a.As4()
	return binary.NativeEndian.Uint32(b[:])
}

var _ upf.Datapath = (*Path)(nil)
