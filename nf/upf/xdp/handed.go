package xdp

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
)

// handedMap begins the names of the maps that a Path consists of.
const handedMap = "map."

// HandOver gives copies of the descriptors of the maps by name, for Adopt in a process that may load no programs. The Path
// only holds programs and links in place from then on: it is not to Run, nor to be told of sessions.
func (p *Path) HandOver() (map[string]*os.File, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.near.close()
	p.near = nil
	out := make(map[string]*os.File)
	for name, m := range p.loaded.collection.Maps {
		if strings.HasPrefix(name, ".") {
			continue // a program's own data
		}
		fd, err := unix.FcntlInt(uintptr(m.FD()), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return nil, fmt.Errorf("upf: xdp: map %s: %w", name, err)
		}
		out[handedMap+name] = os.NewFile(uintptr(fd), name)
	}
	return out, nil
}

// Handed tells whether there are maps among descriptors.
func Handed(files map[string]*os.File) bool {
	for name := range files {
		if strings.HasPrefix(name, handedMap) {
			return true
		}
	}
	return false
}

// Adopt makes a Path over the maps that another process's Path of the same configuration handed over: that one keeps the
// programs at work. The files are the Path's from then on, and so is slow.
func Adopt(cfg upf.Config, o Options, files map[string]*os.File, slow upf.Datapath, log *slog.Logger) (*Path, error) {
	p, err := prepare(cfg, log)
	if err != nil {
		return nil, err
	}
	p.options, p.slow = o, slow
	p.adopted = true
	collection := &ebpf.Collection{Maps: make(map[string]*ebpf.Map), Programs: make(map[string]*ebpf.Program)}
	for name, f := range files {
		name, ours := strings.CutPrefix(name, handedMap)
		if !ours {
			continue
		}
		fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		if err == nil {
			err = f.Close()
		}
		if err == nil {
			collection.Maps[name], err = ebpf.NewMapFromFD(fd)
		}
		if err != nil {
			collection.Close()
			return nil, fmt.Errorf("upf: xdp: map %s: %w", name, err)
		}
	}
	spec, err := built(object, p.config, p.size)
	if err != nil {
		return nil, err
	}
	for name, m := range spec.Maps {
		if got := collection.Maps[name]; !strings.HasPrefix(name, ".") && (got == nil || got.MaxEntries() != m.MaxEntries) {
			collection.Close()
			return nil, fmt.Errorf("upf: xdp: map %s was not handed over as this configuration has it", name)
		}
	}
	if p.loaded, err = loadedFrom(collection); err != nil {
		return nil, err
	}
	if _, err := p.begin(cfg); err != nil {
		return nil, errors.Join(err, p.release(func(attached) bool { return false }))
	}
	return p, nil
}
