package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/internal/arch"
)

// node is a top-level declaration: the folder of its package and its name. Methods of one name count as one.
type node struct{ folder, name string }

// graph says which declaration names which, as far as names tell.
type graph struct {
	uses    map[node]map[string]bool // identifiers
	imports map[node][]string        // folders
	tests   []node
}

func newGraph() *graph {
	return &graph{uses: make(map[node]map[string]bool), imports: make(map[node][]string)}
}

func (g *graph) add(f *arch.File, d declaration, isTest bool) {
	n := node{f.Package, d.name}
	if g.uses[n] == nil {
		g.uses[n] = make(map[string]bool)
	}
	for u := range d.uses {
		g.uses[n][u] = true
	}
	g.imports[n] = append(g.imports[n], importedFolders(f)...)
	if isTest {
		g.tests = append(g.tests, n)
	}
}

// maxNearest bounds the tests kept for one declaration.
const maxNearest = 3

// nearestTests returns, for every declaration, the tests that reach it by the fewest steps.
func (g *graph) nearestTests() map[node][]string {
	nearest := make(map[node][]string)
	level := make(map[node][]string)
	for _, t := range g.tests {
		level[t] = []string{t.folder + " " + t.name}
	}
	for len(level) > 0 {
		for n, tests := range level {
			nearest[n] = tests
		}
		next := make(map[node][]string)
		for n, tests := range level {
			for _, m := range g.named(n) {
				if _, seen := nearest[m]; !seen {
					next[m] = append(next[m], tests...)
				}
			}
		}
		for n, tests := range next {
			slices.Sort(tests)
			tests = slices.Compact(tests)
			next[n] = tests[:min(len(tests), maxNearest)]
		}
		level = next
	}
	return nearest
}

// named returns the declarations that n names, in its own package and in those that it imports.
func (g *graph) named(n node) []node {
	var found []node
	for use := range g.uses[n] {
		for _, folder := range append([]string{n.folder}, g.imports[n]...) {
			m := node{folder, use}
			if _, declared := g.uses[m]; declared {
				found = append(found, m)
			}
		}
	}
	return found
}

func importedFolders(f *arch.File) []string {
	var folders []string
	for _, spec := range f.AST.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if folder, ok := strings.CutPrefix(p, arch.Module+"/"); ok && err == nil {
			folders = append(folders, folder)
		}
	}
	return folders
}
