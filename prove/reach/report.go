package reach

import (
	"slices"
	"strings"
)

// Holding is what one package can get hold of.
type Holding struct {
	Path string
	*Taken
	Through Capability   // what reaches out of the process, through what it imports
	via     [16]*Holding // by bit: the import that gives it
}

// Report is what every package of a program, but for the standard library, can get hold of.
type Report struct {
	Graph    *Graph
	Holdings map[string]*Holding
}

// Examine reads the source of every package outside the standard library.
func Examine(g *Graph) (*Report, error) {
	r := &Report{Graph: g, Holdings: make(map[string]*Holding)}
	s := NewScanner(g)
	for _, path := range g.Order { // imports come first
		p := g.Packages[path]
		if p.Standard {
			continue
		}
		taken, err := s.Scan(p)
		if err != nil {
			return nil, err
		}
		h := &Holding{Path: path, Taken: taken}
		imports := slices.Clone(p.Imports)
		slices.Sort(imports)
		for _, imported := range imports {
			_, byName := rules[imported] // whoever uses a name of it is charged already
			if below := r.Holdings[imported]; below != nil && !byName {
				h.inherit(below)
			}
		}
		r.Holdings[path] = h
	}
	return r, nil
}

func (h *Holding) inherit(below *Holding) {
	given := (below.Own | below.Through) & Outward
	for bit := range h.via {
		if c := Capability(1) << bit; given&c != 0 && h.Through&c == 0 {
			h.via[bit] = below
		}
	}
	h.Through |= given
}

// Path explains how the package gets hold of one capability: the imports, and the place in the last of them.
func (r *Report) Path(path string, c Capability) string {
	h := r.Holdings[path]
	var steps []string
	for h != nil {
		if u, ok := h.First(c); ok {
			steps = append(steps, u.String())
			break
		}
		var next *Holding
		for bit, below := range h.via {
			if c&(1<<bit) != 0 && below != nil {
				next = below
				steps = append(steps, below.Path)
				break
			}
		}
		h = next
	}
	return strings.Join(steps, " -> ")
}

// House returns the holdings of the main module's packages, sorted by path.
func (r *Report) House() []*Holding {
	return r.sorted(r.Graph.House)
}

// Of returns the holdings of one module's packages, sorted by path.
func (r *Report) Of(module string) []*Holding {
	return r.sorted(func(path string) bool {
		m := r.Graph.Packages[path].Module
		return m != nil && m.Path == module
	})
}

func (r *Report) sorted(keep func(string) bool) []*Holding {
	var found []*Holding
	for path, h := range r.Holdings {
		if keep(path) {
			found = append(found, h)
		}
	}
	slices.SortFunc(found, func(a, b *Holding) int { return strings.Compare(a.Path, b.Path) })
	return found
}
