package flows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/nf/upf/memory"
)

// nodes are several cores over one store: of an AMF set ("node b"), or of sets of their own ("core b"). The first is "a";
// the stage's core is the one that the script speaks of at the moment.
type nodes struct {
	present string
	aside   map[string]*aside
	cells   map[string]string // the node that each gNB is connected to
	text    []byte            // of the configuration
	log     *slog.Logger
	others  map[string]bool // every node of the script but the first; true: of another set
	peers   peering
	own     map[string][]byte                     // further files of the flow: NAME.yaml is a node's configuration
	files   map[string]string                     // the store of each node that is a core of its own
	restart map[string]func() error               // begins the next life of a node
	place   func(node string, cfg *config.Config) // over sockets: gives a node addresses of its own
}

// aside is a node that lives on while the script speaks of another.
type aside struct {
	life *life
	path *memory.Path
}

func (n *nodes) of(f *Flow, log *slog.Logger) {
	n.present, n.text, n.log, n.own = "a", f.Config, log, f.Others
	n.aside, n.cells, n.others = make(map[string]*aside), make(map[string]string), make(map[string]bool)
	n.restart = make(map[string]func() error)
	for _, line := range f.Script {
		words := strings.Fields(line)
		if len(words) > 1 && (words[0] == "node" || words[0] == "core") && words[1] != "a" {
			n.others[words[1]] = n.others[words[1]] || words[0] == "core"
		}
	}
}

// shared tells whether there will be several nodes.
func (n *nodes) shared() bool { return len(n.others) > 0 }

// cell notes that a gNB connects to the present node.
func (n *nodes) cell(name string) string {
	n.cells[name] = n.present
	return n.present
}

// nodeName is the name of a node's core.
func nodeName(node string) string {
	if node == "a" {
		return "limpid"
	}
	return "limpid-" + node
}

// config is the configuration of a node, which has its place.
func (n *nodes) config(node string) (*config.Config, error) {
	cfg, err := n.parse(node)
	if err == nil && n.place != nil {
		n.place(node, cfg)
	}
	return cfg, err
}

// parse makes the configuration of a node: another name and another AMF pointer, or another AMF set with a tracking area of its own. Each
// knows the others as peers.
func (n *nodes) parse(node string) (*config.Config, error) {
	if text, own := n.own[node+".yaml"]; own {
		return config.Parse(node+".yaml", text)
	}
	text := string(n.text)
	switch {
	case node == "a":
	case n.others[node]:
		text = strings.Replace(text, "set: 1,", "set: 2,", 1)
		text = strings.Replace(text, "tacs: [1]", "tacs: [2]", 1)
	default:
		text = strings.Replace(text, "pointer: 0", "pointer: 1", 1)
	}
	text = strings.Replace(text, "name: limpid", "name: "+nodeName(node), 1)
	peers := slices.DeleteFunc(append(slices.Sorted(maps.Keys(n.others)), "a"), func(other string) bool {
		_, own := n.own[other+".yaml"]
		return other == node || own
	})
	if len(peers) > 0 {
		text += "sbi: {address: 127.0.0.1:1, certificate: none, key: none, ca: none}\npeers:\n"
	}
	for _, other := range peers {
		set, pointer, tac := 1, 0, 1
		if n.others[other] {
			set, tac = 2, 2
		} else if other != "a" {
			pointer = 1
		}
		text += fmt.Sprintf("  - {name: %s, address: 127.0.0.1:1, guami: {region: 1, set: %d, pointer: %d}, tais: [{tacs: [%d]}]}\n", nodeName(other), set, pointer, tac)
	}
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

// coreOf is the core of a node, nil if it does not run.
func (s *stage) coreOf(node string) *core.Core {
	if other := s.nodes.aside[node]; other != nil && node != s.nodes.present {
		return other.life.core
	}
	if node != s.nodes.present && s.nodes.shared() {
		return nil
	}
	return s.core
}

// cores are all that run.
func (s *stage) cores() []*core.Core {
	list := []*core.Core{s.core}
	for _, name := range slices.Sorted(maps.Keys(s.nodes.aside)) {
		if name != s.nodes.present {
			list = append(list, s.nodes.aside[name].life.core)
		}
	}
	return list
}

// turnTo lets the script speak of another node, which starts if it is new: "node b", or "core b" for one of another AMF set. With files
// b.yaml and b.csv it is what these say, and has a store of its own.
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
	cfg, err := n.config(n.present)
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
	if err := s.live(cfg, n.log); err != nil || n.place == nil {
		return err
	}
	s.core.AwaitUPFs(s.ctx)
	return nil
}

// betweenPeers swallows what a core is not to answer.
func (s *stage) betweenPeers(ctx context.Context, to, operation string) error {
	s.nodes.peers.mu.Lock()
	silent := s.nodes.peers.away[to] == operation
	s.nodes.peers.mu.Unlock()
	if !silent {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}
