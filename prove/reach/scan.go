package reach

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Use is one place where a package takes something.
type Use struct {
	Capability Capability
	Symbol     string // net.Dial, import "unsafe", //go:linkname
	File       string // base name
	Line       int
	Func       int // line where the function declaration around it begins; 0 outside functions
}

func (u Use) String() string { return fmt.Sprintf("%s:%d %s", u.File, u.Line, u.Symbol) }

// Taken is what one package takes in its own source.
type Taken struct {
	Own   Capability
	Uses  []Use // by file and line
	Lines int   // of Go
}

// First returns the first place where the package takes any of c.
func (t *Taken) First(c Capability) (Use, bool) {
	for _, u := range t.Uses {
		if u.Capability&c != 0 {
			return u, true
		}
	}
	return Use{}, false
}

// Scanner reads the source of a graph's packages.
type Scanner struct {
	graph *Graph
	kinds map[string]map[string]token.Token // package -> name -> CONST, TYPE, VAR or FUNC
}

// NewScanner makes a scanner for the packages of g.
func NewScanner(g *Graph) *Scanner {
	return &Scanner{graph: g, kinds: make(map[string]map[string]token.Token)}
}

// Scan reads the package's files and returns what they take.
func (s *Scanner) Scan(p *Listed) (*Taken, error) {
	t := &Taken{}
	set := token.NewFileSet()
	for _, name := range p.Source() {
		file, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("package %s: %w", p.ImportPath, err)
		}
		t.Lines += set.File(file.FileStart).LineCount()
		if err := s.scanFile(p, set, file, t); err != nil {
			return nil, err
		}
	}
	for _, name := range p.SFiles {
		t.add(Use{Assembly, "assembly", name, 1, 0})
	}
	for _, name := range slices.Concat(p.CgoFiles, p.CFiles) {
		t.add(Use{Cgo, "cgo", name, 1, 0})
	}
	slices.SortStableFunc(t.Uses, func(a, b Use) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, strings.Compare(a.Symbol, b.Symbol))
	})
	return t, nil
}

func (t *Taken) add(u Use) {
	t.Own |= u.Capability
	t.Uses = append(t.Uses, u)
}

func (s *Scanner) scanFile(p *Listed, set *token.FileSet, file *ast.File, t *Taken) error {
	use := func(c Capability, symbol string, pos token.Pos) {
		if c != 0 {
			at := set.Position(pos)
			t.add(Use{c, symbol, filepath.Base(at.Filename), at.Line, function(set, file, pos)})
		}
	}
	imported := make(map[string]string) // name in this file -> import path
	for _, spec := range file.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("package %s: import %s", p.ImportPath, spec.Path.Value)
		}
		target = p.resolve(target)
		c, err := s.charge(target)
		if err != nil {
			return err
		}
		use(c, "import "+strconv.Quote(target), spec.Pos())
		switch name := s.importName(spec, target); name {
		case ".":
			use(rules[target].all(), "import . "+strconv.Quote(target), spec.Pos())
		default:
			imported[name] = target
		}
	}
	for _, group := range file.Comments {
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "//go:linkname ") {
				use(Linkname, strings.TrimSpace(c.Text), c.Pos())
			}
		}
	}
	var failed error
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		id, ok := sel.X.(*ast.Ident)
		if !ok || id.Obj != nil { // a local name that hides the import
			return true
		}
		if target, ok := imported[id.Name]; ok {
			c, err := s.name(target, sel.Sel.Name)
			if err != nil && failed == nil {
				failed = err
			}
			use(c, path.Base(target)+"."+sel.Sel.Name, sel.Pos())
		}
		return true
	})
	return failed
}

// function returns the line where the function declaration around pos begins, 0 if there is none.
func function(set *token.FileSet, file *ast.File, pos token.Pos) int {
	for _, decl := range file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Pos() <= pos && pos < fn.End() {
			return set.Position(fn.Pos()).Line
		}
	}
	return 0
}

func (s *Scanner) importName(spec *ast.ImportSpec, target string) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	if p := s.graph.Packages[target]; p != nil {
		return p.Name
	}
	return path.Base(target)
}

// charge is what the import alone costs.
func (s *Scanner) charge(target string) (Capability, error) {
	switch target {
	case "unsafe":
		return Unsafe, nil
	case "C":
		return Cgo, nil
	}
	p := s.graph.Packages[target]
	if p == nil {
		return 0, fmt.Errorf("package %s is not in the graph", target)
	}
	if _, known := rules[target]; known || reviewed[target] || !p.Standard {
		return 0, nil
	}
	var c Capability
	for _, path := range p.Imports {
		c |= unlisted[path]
	}
	return c, nil
}

// name is what one name of the package gives.
func (s *Scanner) name(target, name string) (Capability, error) {
	r, known := rules[target]
	if !known {
		return 0, nil
	}
	if c, ok := r.special[name]; ok {
		return c, nil
	}
	if r.rest == 0 || slices.Contains(strings.Fields(r.harmless), name) {
		return 0, nil
	}
	kinds, err := s.declared(target)
	if err != nil {
		return 0, err
	}
	if kind := kinds[name]; kind == token.CONST || kind == token.TYPE {
		return 0, nil
	}
	return r.rest, nil
}

// all is the most that the rule's package can give.
func (r rule) all() Capability {
	c := r.rest
	for _, s := range r.special {
		c |= s
	}
	return c
}

// declared returns what kind of thing each name of the package is.
func (s *Scanner) declared(target string) (map[string]token.Token, error) {
	if kinds, ok := s.kinds[target]; ok {
		return kinds, nil
	}
	kinds := make(map[string]token.Token)
	s.kinds[target] = kinds
	set := token.NewFileSet()
	for _, name := range s.graph.Packages[target].Source() {
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok {
				continue // what is in no map is a function
			}
			for _, spec := range gen.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					kinds[spec.Name.Name] = token.TYPE
				case *ast.ValueSpec:
					for _, id := range spec.Names {
						kinds[id.Name] = gen.Tok
					}
				}
			}
		}
	}
	return kinds, nil
}
