package flows

import (
	"context"
	"errors"
	"log/slog"
	"maps"
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
}

// aside is a node that lives on while the script speaks of another.
type aside struct {
	life *life
	path *memory.Path
}

func (n *nodes) of(f *Flow, log *slog.Logger) {
	n.present, n.text, n.log = "a", f.Config, log
	n.aside, n.cells = make(map[string]*aside), make(map[string]string)
	n.several = slices.ContainsFunc(f.Script, func(line string) bool { return strings.HasPrefix(line, "node ") })
}

// shared tells whether there will be several nodes.
func (n *nodes) shared() bool { return n.several }

// cell notes that a gNB connects to the present node.
func (n *nodes) cell(name string) string {
	n.cells[name] = n.present
	return n.present
}

// config is that of a node: another name and another AMF pointer.
func (n *nodes) config(name string) (*config.Config, error) {
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

// turnTo lets the script speak of another node, which starts if it is new: "node b".
func (s *stage) turnTo(_ context.Context, c *command) error {
	n := &s.nodes
	if s.life != nil {
		n.aside[n.present] = &aside{life: s.life, path: s.path}
	}
	n.present = c.words[1]
	if other := n.aside[n.present]; other != nil {
		delete(n.aside, n.present)
		s.life, s.core, s.path = other.life, other.life.core, other.path
		return nil
	}
	cfg, err := n.config(n.present)
	if err != nil {
		return err
	}
	return s.live(cfg, n.log)
}
