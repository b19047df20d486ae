package xdp

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the programs
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
)

//go:generate bpf/build.sh ../

//go:embed limpid.bpf.o
var object []byte

//go:embed tcx.bpf.o
var tcxObject []byte

// Names of the programs, by what the interface leads to.
const (
	programN3   = "limpid_n3"
	programN6   = "limpid_n6"
	programN3N6 = "limpid_n3n6"

	programTagged = "limpid_tagged"

	programTCX = "limpid_tcx_" // and what stands after "limpid_" in the others
)

// layoutVersion is part of the name of the folder with the pinned maps. It changes with layout.go, and with what
// changing.go and revision.go keep in maps.
const layoutVersion = 8

// loaded is the programs and the maps, which user space sees as memory.
type loaded struct {
	collection                       *ebpf.Collection
	tcx                              *ebpf.Collection // its programs over the same maps; nil unless they are needed
	mappings                         [][]byte
	uplinks                          []uplink
	downlinks                        []downlink
	flows                            []flow
	classifiers                      []classifier
	accounts                         []account
	hops                             []nextHop
	routes                           []routeTable
	slots6                           []uint64
	changing                         []changing
	carried                          []carried
	revisions                        []revision
	counters, ports, vlans, prefixes *ebpf.Map
}

// sizes of the maps that depend on the configuration.
type sizes struct {
	slots, flows int
	slots6       int // prefixes of IPv6 in pools
}

// defaultFlows is room for the rules of sessions that have several.
const defaultFlows = 1 << 16

// accounts is room in the ledger: one for each slot, and more for URRs beyond the first of a session.
func (s sizes) accounts() int { return s.slots + max(1024, s.slots/4) }

// Programs are the programs of this release for XDP and for tcx, and their maps, before they are told anything.
func Programs() (xdp, tcx *ebpf.CollectionSpec, err error) {
	if xdp, err = specOf(object); err == nil {
		tcx, err = specOf(tcxObject)
	}
	return xdp, tcx, err
}

func specOf(object []byte) (*ebpf.CollectionSpec, error) {
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(object))
	if err != nil {
		return nil, fmt.Errorf("upf: xdp: %w", err)
	}
	return spec, nil
}

// Built is what this release loads for a configuration: the programs, their maps and what they are told.
func Built(cfg upf.Config) (xdp, tcx *ebpf.CollectionSpec, err error) {
	p, err := prepare(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, err
	}
	if xdp, err = built(object, p.config, p.size); err == nil {
		tcx, err = built(tcxObject, p.config, p.size)
	}
	return xdp, tcx, err
}

func built(object []byte, c programConfig, size sizes) (*ebpf.CollectionSpec, error) {
	spec, err := specOf(object)
	if err != nil {
		return nil, err
	}
	c.Homes = homesOf(size.flows)
	if err := spec.Variables["config"].Set(c); err != nil {
		return nil, fmt.Errorf("upf: xdp: %w", err)
	}
	for name, n := range map[string]int{"uplinks": size.slots, "downlinks": size.slots, "flows": size.flows, "classifiers": maxClassifiers, "ledger": size.accounts(), "prefixes": size.slots, "slots6": max(1, size.slots6)} {
		spec.Maps[name].MaxEntries = uint32(n)
	}
	addRevisions(spec, size)
	return spec, nil
}

// addRevisions adds the maps of which the programs know nothing.
func addRevisions(spec *ebpf.CollectionSpec, size sizes) {
	for name, m := range map[string]struct {
		octets  uintptr
		entries int
	}{"carried": {unsafe.Sizeof(carried{}), size.flows}, "revisions": {unsafe.Sizeof(revision{}), maxRevisions}} {
		spec.Maps[name] = &ebpf.MapSpec{Name: name, Type: ebpf.Array, Flags: unix.BPF_F_MMAPABLE, KeySize: 4, ValueSize: uint32(m.octets), MaxEntries: uint32(m.entries)}
	}
}

// load loads the programs for maps of given sizes. Maps are taken from the folder pin on a BPF file system, or made and
// pinned there; without pin they end with the process.
func load(c programConfig, size sizes, pin string, change func(*ebpf.CollectionSpec)) (*loaded, error) {
	spec, err := built(object, c, size)
	if err != nil {
		return nil, err
	}
	if change != nil {
		change(spec)
	}
	options := ebpf.CollectionOptions{}
	if pin != "" {
		if err := os.MkdirAll(pin, 0o700); err != nil {
			return nil, fmt.Errorf("upf: xdp: %w", err)
		}
		options.Maps.PinPath = pin
		for name, m := range spec.Maps {
			if !strings.HasPrefix(name, ".") { // a program's own data lives as long as the program
				m.Pinning = ebpf.PinByName
			}
		}
	}
	collection, err := ebpf.NewCollectionWithOptions(spec, options)
	if err != nil {
		return nil, fmt.Errorf("upf: xdp: %w", err)
	}
	return loadedFrom(collection)
}

func loadedFrom(collection *ebpf.Collection) (*loaded, error) {
	l := &loaded{collection: collection, counters: collection.Maps["counters"], ports: collection.Maps["ports"],
		vlans: collection.Maps["vlans"], prefixes: collection.Maps["prefixes"]}
	if err := l.see(); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// loadTCX loads the programs for tcx over the maps of the others.
func (l *loaded) loadTCX(c programConfig, size sizes, change func(*ebpf.CollectionSpec)) error {
	if l.tcx != nil {
		return nil
	}
	spec, err := built(tcxObject, c, size)
	if err != nil {
		return err
	}
	if change != nil {
		change(spec)
	}
	shared := map[string]*ebpf.Map{}
	for name := range spec.Maps {
		if m := l.collection.Maps[name]; m != nil && !strings.HasPrefix(name, ".") { // a program's own data is its own
			shared[name] = m
		}
	}
	if l.tcx, err = ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{MapReplacements: shared}); err != nil {
		return fmt.Errorf("upf: xdp: tcx: %w", err)
	}
	return nil
}

// makePinFolder makes a folder and wants it on a BPF file system.
func makePinFolder(pin string) error {
	if err := os.MkdirAll(pin, 0o700); err != nil {
		return fmt.Errorf("upf: xdp: %w", err)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(pin, &fs); err != nil {
		return fmt.Errorf("upf: xdp: %s: %w", pin, err)
	}
	if fs.Type != unix.BPF_FS_MAGIC {
		return fmt.Errorf("upf: xdp: %s is on no BPF file system: mount -t bpf bpf /sys/fs/bpf", pin)
	}
	return nil
}

// see maps what user space writes into memory.
func (l *loaded) see() error {
	return errors.Join(mapTo(l, &l.uplinks, "uplinks"), mapTo(l, &l.downlinks, "downlinks"), mapTo(l, &l.flows, "flows"), mapTo(l, &l.classifiers, "classifiers"),
		mapTo(l, &l.accounts, "ledger"), mapTo(l, &l.hops, "nh"), mapTo(l, &l.routes, "routes"),
		mapTo(l, &l.slots6, "slots6"), mapTo(l, &l.changing, "changing"), mapTo(l, &l.carried, "carried"), mapTo(l, &l.revisions, "revisions"))
}

// block is the session in a slot.
func (l *loaded) block(slot uint32) block { return block{&l.uplinks[slot], &l.downlinks[slot]} }

func mapTo[T any](l *loaded, to *[]T, name string) error {
	var err error
	*to, err = mapped[T](l, name)
	return err
}

func mapped[T any](l *loaded, name string) ([]T, error) {
	m := l.collection.Maps[name]
	var one T
	if uintptr(m.ValueSize()) != unsafe.Sizeof(one) {
		return nil, fmt.Errorf("upf: xdp: map %s holds %d octets, want %d", name, m.ValueSize(), unsafe.Sizeof(one))
	}
	n := int(m.MaxEntries())
	page := os.Getpagesize()
	size := (n*int(m.ValueSize()) + page - 1) / page * page
	b, err := unix.Mmap(m.FD(), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("upf: xdp: map %s: %w", name, err)
	}
	l.mappings = append(l.mappings, b)
	return unsafe.Slice((*T)(unsafe.Pointer(&b[0])), n), nil
}

// close forgets maps and programs; what is pinned stays.
func (l *loaded) close() error {
	var errs []error
	for _, b := range l.mappings {
		errs = append(errs, unix.Munmap(b))
	}
	l.collection.Close()
	if l.tcx != nil {
		l.tcx.Close()
	}
	return errors.Join(errs...)
}

// totals sums the counters of all processors.
func (l *loaded) totals() ([counters]uint64, error) {
	var out [counters]uint64
	for i := range out {
		var each []uint64
		if err := l.counters.Lookup(uint32(i), &each); err != nil {
			return out, fmt.Errorf("upf: xdp: counters: %w", err)
		}
		for _, n := range each {
			out[i] += n
		}
	}
	return out, nil
}

// folderName names the layout: maps of another layout are not taken over.
func folderName(c programConfig, size sizes) string {
	b, err := binary.Append(nil, binary.LittleEndian, c.Pool)
	if err == nil {
		b, err = binary.Append(b, binary.LittleEndian, c.Pool6)
	}
	if err != nil {
		panic(err) // numbers of fixed size
	}
	sum := sha256.Sum256(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, uint32(size.slots)), uint32(size.flows)))
	return fmt.Sprintf("v%d-%s", layoutVersion, hex.EncodeToString(sum[:4]))
}

// pinPrograms pins the programs beside their maps, so that they can be looked at.
func (l *loaded) pinPrograms(pin string) error {
	programs := maps.Clone(l.collection.Programs)
	if l.tcx != nil {
		maps.Copy(programs, l.tcx.Programs)
	}
	for name, p := range programs {
		if err := pinProgram(p, filepath.Join(pin, name)); err != nil {
			return err
		}
	}
	return nil
}

// pinProgram pins a program in place of an earlier one, once.
func pinProgram(p *ebpf.Program, file string) error {
	if p.IsPinned() {
		return nil
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("upf: xdp: %w", err)
	}
	if err := p.Pin(file); err != nil {
		return fmt.Errorf("upf: xdp: %w", err)
	}
	return nil
}
