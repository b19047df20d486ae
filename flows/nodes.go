package flows

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/nf/upf/memory"
)

// nodes are the cores of an AMF set over one store. The first is "a"; the stage's core is the one that the script speaks
// of at the moment.
type nodes struct {
	present string
	aside   map[string]*aside
	cells   map[string]string // the node that each gNB is connected to
	text    []byte            // of the configuration
	log     *slog.Logger
	several bool
	files   map[string]string       // the store of each node that is a core of its own
	restart map[string]func() error // begins the next life of a node
}

// aside is a node that lives on while the script speaks of another.
type aside struct {
	life *life
	path *memory.Path
}

func (n *nodes) of(f *Flow, log *slog.Logger) {
	n.present, n.text, n.log = "a", f.Config, log
	n.aside, n.cells, n.restart = make(map[string]*aside), make(map[string]string), make(map[string]func() error)
	n.several = slices.ContainsFunc(f.Script, func(line string) bool { return strings.HasPrefix(line, "node ") })
}

// shared tells whether there will be several nodes.
func (n *nodes) shared() bool { return n.several }

// cell notes that a gNB connects to the present node.
func (n *nodes) cell(name string) string {
	n.cells[name] = n.present
	return n.present
}

// config is that of a node: the file NAME.yaml of the flow, or that of the first with another name and another AMF pointer.
func (n *nodes) config(name string, others map[string][]byte) (*config.Config, error) {
	if text, own := others[name+".yaml"]; own {
		return config.Parse(name+".yaml", text)
	}
	text := strings.Replace(string(n.text), "name: limpid", "name: limpid-"+name, 1)
	text = strings.Replace(text, "pointer: 0", "pointer: 1", 1)
	return config.Parse("limpid.yaml", []byte(text))
}

// end takes the nodes aside down.
func (n *nodes) end() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(n.aside)) {
		errs = append(errs, n.aside[name].life.takeDown())
	}
	return errors.Join(errs...)
}

// coreOf is the core of a node.
func (s *stage) coreOf(node string) *core.Core {
	if other := s.nodes.aside[node]; other != nil && node != s.nodes.present {
		return other.life.core
	}
	return s.core
}

// turnTo lets the script speak of another node, which starts if it is new: "node b". With files b.yaml and b.csv it is a core
// of its own, such as another AMF set.
func (s *stage) turnTo(_ context.Context, c *command) error {
	n := &s.nodes
	if s.life != nil {
		n.aside[n.present] = &aside{life: s.life, path: s.path}
	}
	if n.files == nil {
		n.files = map[string]string{n.present: s.file}
	}
	n.present = c.words[1]
	if file, own := n.files[n.present]; own {
		s.file = file
	}
	if other := n.aside[n.present]; other != nil {
		delete(n.aside, n.present)
		s.life, s.core, s.path = other.life, other.life.core, other.path
		return nil
	}
	cfg, err := n.config(n.present, s.others)
	if err != nil {
		return err
	}
	if subscribers, own := s.others[n.present+".csv"]; own {
		s.file = filepath.Join(filepath.Dir(s.file), n.present+".db")
		n.files[n.present] = s.file
		if err := s.provision(subscribers); err != nil {
			return err
		}
	}
	return s.live(cfg, n.log)
}
