package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/callgraph/rta"
	"golang.org/x/tools/go/ssa"

	"github.com/limpid-5g/limpid/prove/reach"
)

// importer serves packages that were checked before.
type importer struct {
	from    *reach.Listed
	checked map[string]*types.Package
}

func (i importer) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if to, ok := i.from.ImportMap[path]; ok {
		path = to
	}
	if p := i.checked[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%s is not checked yet", path)
}

// callGraph type-checks the whole program from source, and returns the functions that rapid type analysis reaches from
// main and the packages' initialisation.
func callGraph(g *reach.Graph, root string) (map[*ssa.Function]bool, *ssa.Program, error) {
	set := token.NewFileSet()
	prog := ssa.NewProgram(set, ssa.InstantiateGenerics)
	prog.CreatePackage(types.Unsafe, nil, nil, true)
	checked := make(map[string]*types.Package)
	for _, path := range g.Order {
		if path == "unsafe" {
			continue
		}
		p := g.Packages[path]
		var files []*ast.File
		for _, name := range p.Source() {
			f, err := parser.ParseFile(set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return nil, nil, err
			}
			files = append(files, f)
		}
		info := &types.Info{
			Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object),
			Implicits: make(map[ast.Node]types.Object), Selections: make(map[*ast.SelectorExpr]*types.Selection),
			Scopes: make(map[ast.Node]*types.Scope), Instances: make(map[*ast.Ident]types.Instance), FileVersions: make(map[*ast.File]string),
		}
		conf := types.Config{Importer: importer{p, checked}, Sizes: types.SizesFor("gc", reach.Arch), FakeImportC: true}
		pkg, err := conf.Check(path, set, files, info)
		if err != nil {
			return nil, nil, err
		}
		checked[path] = pkg
		prog.CreatePackage(pkg, files, info, true)
	}
	prog.Build()
	main := prog.Package(checked[root])
	if main == nil || main.Func("main") == nil {
		return nil, nil, fmt.Errorf("%s has no main", root)
	}
	result := rta.Analyze([]*ssa.Function{main.Func("main"), main.Func("init")}, false)
	found := make(map[*ssa.Function]bool, len(result.Reachable))
	for f := range result.Reachable {
		found[f] = true
	}
	return found, prog, nil
}
