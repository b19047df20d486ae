package main

import (
	"fmt"
	"go/ast"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/limpid-5g/limpid/prove/reach"
)

const reachedIntro = `
## What the binary reaches

A call graph of the whole program (rapid type analysis, golang.org/x/tools) tells which of these places lie in a function that
can be called from main. "3 of 5: f.go:12 net.Dial" means that three of five places can be reached, and the first of them.
The graph takes every method of a type that becomes an interface value for called, so it errs to the safe side; what assembly,
linkname and reflection by name call is not in it. Places outside functions, which run at start, count as reached.

| module | functions reached | network | files | exec | syscall |
|---|---|---|---|---|---|
`

// place is a function declaration: its package's folder, file and line.
type place struct {
	dir, file string
	line      int
}

// reachedTable writes the part of the page that comes from the call graph.
func reachedTable(r *reach.Report, root string) (string, error) {
	functions, prog, err := callGraph(r.Graph, root)
	if err != nil {
		return "", err
	}
	reached := make(map[place]bool)
	perModule := make(map[string]int)
	for f := range functions {
		decl, ok := f.Syntax().(*ast.FuncDecl)
		if !ok {
			continue
		}
		at := prog.Fset.Position(decl.Pos())
		p := place{filepath.Dir(at.Filename), filepath.Base(at.Filename), at.Line}
		if !reached[p] {
			reached[p] = true
			perModule[moduleOf(r.Graph, f)]++
		}
	}
	var b strings.Builder
	b.WriteString(reachedIntro)
	for _, m := range r.Graph.Modules() {
		fmt.Fprintf(&b, "| `%s` | %d |", m.Path, perModule[m.Path])
		for _, c := range []reach.Capability{reach.Network, reach.Files, reach.Exec, reach.Syscall} {
			fmt.Fprintf(&b, " %s |", reachedCell(r, m, c, reached))
		}
		b.WriteString("\n")
	}
	return b.String(), nil
}

func moduleOf(g *reach.Graph, f *ssa.Function) string {
	if f.Pkg == nil {
		if origin := f.Origin(); origin != nil && origin != f {
			return moduleOf(g, origin)
		}
		return ""
	}
	if p := g.Packages[f.Pkg.Pkg.Path()]; p != nil && p.Module != nil {
		return p.Module.Path
	}
	return ""
}

func reachedCell(r *reach.Report, m *reach.Module, c reach.Capability, reached map[place]bool) string {
	all, found, first := 0, 0, ""
	for _, h := range r.Of(m.Path) {
		dir := r.Graph.Packages[h.Path].Dir
		for _, u := range h.Uses {
			if u.Capability != c {
				continue
			}
			all++
			if u.Func != 0 && !reached[place{dir, u.File, u.Func}] {
				continue
			}
			found++
			if first == "" {
				first = strings.TrimPrefix(strings.TrimPrefix(h.Path, m.Path), "/")
				first = strings.TrimPrefix(first+"/"+u.String(), "/")
			}
		}
	}
	switch {
	case all == 0:
		return "-"
	case found == 0:
		return fmt.Sprintf("0 of %d", all)
	}
	return fmt.Sprintf("%d of %d: %s", found, all, first)
}
