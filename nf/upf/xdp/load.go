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

// Names of the programs, by what the interface leads to.
const (
	programN3   = "limpid_n3"
	programN6   = "limpid_n6"
	programN3N6 = "limpid_n3n6"
)

// layoutVersion is part of the name of the folder with the pinned maps. It changes with layout.go.
const layoutVersion = 1

// loaded is the programs and the maps, which user space sees as memory.
type loaded struct {
	collection *ebpf.Collection
	mappings   [][]byte
	blocks     []block
	hops       []nextHop
	routes     *routeTable
	counters   *ebpf.Map
	ports      *ebpf.Map
}

// Programs are the programs of this release and their maps, before they are told anything.
func Programs() (*ebpf.CollectionSpec, error) {
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(object))
	if err != nil {
		return nil, fmt.Errorf("upf: xdp: %w", err)
	}
	return spec, nil
}

// Built is what this release loads for a configuration: the programs, their maps and what they are told.
func Built(cfg upf.Config) (*ebpf.CollectionSpec, error) {
	p, err := prepare(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return built(p.config, p.layout.Slots())
}

func built(c programConfig, slots int) (*ebpf.CollectionSpec, error) {
	spec, err := Programs()
	if err != nil {
		return nil, err
	}
	if err := spec.Variables["config"].Set(c); err != nil {
		return nil, fmt.Errorf("upf: xdp: %w", err)
	}
	spec.Maps["sess"].MaxEntries = uint32(slots)
	return spec, nil
}

// load loads the programs for a number of slots. Maps are taken from the folder pin on a BPF file system, or made and
// pinned there; without pin they end with the process.
func load(c programConfig, slots int, pin string) (*loaded, error) {
	spec, err := built(c, slots)
	if err != nil {
		return nil, err
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
	l := &loaded{collection: collection, counters: collection.Maps["counters"], ports: collection.Maps["ports"]}
	if err := l.see(); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
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
	var err error
	if l.blocks, err = mapped[block](l, "sess"); err != nil {
		return err
	}
	if l.hops, err = mapped[nextHop](l, "nh"); err != nil {
		return err
	}
	tables, err := mapped[routeTable](l, "routes")
	if err != nil {
		return err
	}
	l.routes = &tables[0]
	return nil
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
func folderName(c programConfig, slots int) string {
	b, err := binary.Append(nil, binary.LittleEndian, c.Pool)
	if err != nil {
		panic(err) // numbers of fixed size
	}
	sum := sha256.Sum256(binary.LittleEndian.AppendUint32(b, uint32(slots)))
	return fmt.Sprintf("v%d-%s", layoutVersion, hex.EncodeToString(sum[:4]))
}

// pinPrograms pins the programs beside their maps, so that they can be looked at.
func (l *loaded) pinPrograms(pin string) error {
	for name, p := range l.collection.Programs {
		file := filepath.Join(pin, name)
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("upf: xdp: %w", err)
		}
		if err := p.Pin(file); err != nil {
			return fmt.Errorf("upf: xdp: %w", err)
		}
	}
	return nil
}
