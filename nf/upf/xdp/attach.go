package xdp

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// attempt is a mode and why it is tried.
type attempt struct {
	mode Mode
	why  string
}

// attempts are the modes to try, the best first.
func (o Options) attempts(devices []device) []attempt {
	if o.Mode != Auto {
		return []attempt{{o.Mode, "the configuration asks for it"}}
	}
	for _, x := range devices {
		if x.kind == "veth" {
			why := "interface " + x.name + " is a veth, whose other end may take no native frames"
			return []attempt{{Generic, why}, {TCX, ""}}
		}
	}
	return []attempt{{Native, "the drivers have it"}, {Generic, ""}, {TCX, ""}}
}

// attachAll attaches to all interfaces in one mode, the first of the attempts that works.
func (p *Path) attachAll(devices []device) error {
	var failed error
	for _, x := range p.options.attempts(devices) {
		if failed != nil {
			x.why = failed.Error()
		}
		err := p.attachEach(devices, x)
		if err == nil {
			return nil
		}
		failed = errors.Join(failed, err)
		for _, l := range p.links {
			if l.fresh {
				failed = errors.Join(failed, l.Detach(), l.Unpin())
			}
			_ = l.Close()
		}
		p.links = nil
	}
	return failed
}

// attachEach attaches to all interfaces, and says so once all are.
func (p *Path) attachEach(devices []device, x attempt) error {
	programs, said := make([]*ebpf.Program, len(devices)), make([]string, len(devices))
	var err error
	for i, d := range devices {
		if programs[i], err = p.programFor(d, x.mode); err != nil {
			return err
		}
	}
	for i, d := range devices {
		if said[i], err = p.attach(d, programs[i], x.mode); err != nil {
			return err
		}
	}
	for i, d := range devices {
		p.log.Info(said[i], "interface", d.name, "program", d.program(), "mode", x.mode.String(), "why", x.why)
	}
	return nil
}

// programFor is what is put on a device; nil if it is left to user space in that mode. It is pinned beside its maps before any link
// changes over: the next process finds it there if this one dies before all have.
func (p *Path) programFor(d device, mode Mode) (*ebpf.Program, error) {
	name, from := d.program(), p.loaded.collection
	if mode == TCX {
		if err := p.loaded.loadTCX(p.config, p.size, p.options.change); err != nil {
			return nil, err
		}
		name, from = programTCX+strings.TrimPrefix(name, "limpid_"), p.loaded.tcx
	}
	program := from.Programs[name]
	if program == nil {
		return nil, nil
	}
	return program, pinProgram(program, filepath.Join(p.folder, name))
}

// attach puts the program on an interface: in place of an earlier one if there is one, at once, in its mode and for each
// packet either; else anew. It returns what was done.
func (p *Path) attach(d device, program *ebpf.Program, mode Mode) (string, error) {
	if program == nil {
		return "an interface of VLANs alone is served in user space", nil
	}
	folder := filepath.Join(p.options.Pin, "links")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("upf: xdp: %w", err)
	}
	file := filepath.Join(folder, d.name)
	if l, err := link.LoadPinnedLink(file, nil); err == nil {
		if err = l.Update(program); err == nil {
			p.links = append(p.links, attached{l, false})
			return "fast path replaced that of an earlier process", nil
		}
		p.log.Info("earlier fast path cannot be taken over, attaching anew", "interface", d.name, "why", err)
		if err := errors.Join(l.Unpin(), l.Close()); err != nil {
			return "", fmt.Errorf("upf: xdp: interface %q: %w", d.name, err)
		}
	}
	l, err := hook(program, d.index, mode)
	if err != nil {
		return "", fmt.Errorf("upf: xdp: interface %q: %s: %w", d.name, mode, err)
	}
	if err := l.Pin(file); err != nil {
		return "", fmt.Errorf("upf: xdp: interface %q: %w", d.name, errors.Join(err, l.Close()))
	}
	p.links = append(p.links, attached{l, true})
	return "fast path attached", nil
}

func hook(program *ebpf.Program, index int, mode Mode) (link.Link, error) {
	switch mode {
	case TCX:
		return link.AttachTCX(link.TCXOptions{Program: program, Interface: index, Attach: ebpf.AttachTCXIngress})
	case Native:
		return link.AttachXDP(link.XDPOptions{Program: program, Interface: index, Flags: link.XDPDriverMode})
	}
	return link.AttachXDP(link.XDPOptions{Program: program, Interface: index, Flags: link.XDPGenericMode})
}
