package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// constraint is what a directive or an aper tag says of a type.
type constraint struct {
	kind   string // int, enum, bits, octets, printable, visible, utf8, list, sequence, ..., "" when there is none
	lb, ub uint64
	neg    int64 // lower bound when it is negative
	sized  bool
	ext    bool
	root   int // enum: root values
	known  int // enum: root and known extension values
	flags  []string
}

func (c *constraint) has(flag string) bool { return slices.Contains(c.flags, flag) }

// typ is a declared type.
type typ struct {
	name   string
	c      constraint
	expr   ast.Expr // its underlying type expression
	fields []*field
	consts []named
	names  bool // wants a String method
}

// named is a constant with its spelling in the standard.
type named struct{ ident, spelling string }

// field is a field of a struct.
type field struct {
	name     string
	typeName string // a declared type, or the source of a primitive type
	pointer  bool
	c        constraint // of a type that is not named
	optional bool
	tag      string // "ie", "ext" or ""
	id       int
	crit     string
	presence string
}

// pkg is the package whose codec is written.
type pkg struct {
	name  string
	types map[string]*typ
	order []string
	alias map[string]string
}

func parse(dir, skip string) (*pkg, error) {
	p := &pkg{types: map[string]*typ{}, alias: map[string]string{}}
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	consts := map[string][]named{}
	for _, name := range names {
		if base := filepath.Base(name); base == filepath.Base(skip) || strings.HasSuffix(base, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		f, err := parser.ParseFile(fset, name, src, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		p.name = f.Name.Name
		for _, d := range f.Decls {
			if err := p.declaration(d, consts); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	for name, c := range consts {
		if t := p.types[name]; t != nil {
			t.consts = c
		}
	}
	return p, p.resolve()
}

func (p *pkg) declaration(d ast.Decl, consts map[string][]named) error {
	g, ok := d.(*ast.GenDecl)
	if !ok {
		return nil
	}
	switch g.Tok {
	case token.CONST:
		constants(g, consts)
	case token.TYPE:
		for _, s := range g.Specs {
			s := s.(*ast.TypeSpec)
			doc := s.Doc
			if doc == nil {
				doc = g.Doc
			}
			if s.Assign.IsValid() {
				if id, ok := s.Type.(*ast.Ident); ok {
					p.alias[s.Name.Name] = id.Name
				}
				continue
			}
			if err := p.typeDecl(s, doc); err != nil {
				return fmt.Errorf("%s: %w", s.Name.Name, err)
			}
		}
	}
	return nil
}

// constants notes the typed constants of a block and the spelling in their comments.
func constants(g *ast.GenDecl, consts map[string][]named) {
	typeName := ""
	for _, s := range g.Specs {
		v := s.(*ast.ValueSpec)
		if id, ok := v.Type.(*ast.Ident); ok {
			typeName = id.Name
		} else if len(v.Values) > 0 {
			typeName = ""
		}
		if typeName == "" || v.Comment == nil || len(v.Names) != 1 {
			continue
		}
		consts[typeName] = append(consts[typeName], named{v.Names[0].Name, strings.TrimSpace(v.Comment.Text())})
	}
}

func (p *pkg) typeDecl(s *ast.TypeSpec, doc *ast.CommentGroup) error {
	if doc == nil {
		return nil
	}
	t := &typ{name: s.Name.Name, expr: s.Type}
	described := false
	for _, line := range doc.List {
		d, ok := strings.CutPrefix(line.Text, "//aper:")
		if !ok {
			continue
		}
		described = true
		if d == "names" {
			t.names = true
			continue
		}
		c, err := parseConstraint(d)
		if err != nil {
			return err
		}
		t.c = c
	}
	if !described {
		return nil
	}
	if st, ok := s.Type.(*ast.StructType); ok {
		for _, f := range st.Fields.List {
			x, err := parseField(f)
			if err != nil {
				return fmt.Errorf("%v: %w", f.Names, err)
			}
			t.fields = append(t.fields, x)
		}
	}
	p.types[t.name] = t
	p.order = append(p.order, t.name)
	return nil
}

// parseConstraint reads what the package comment describes, without the "aper:".
func parseConstraint(s string) (constraint, error) {
	words := strings.Fields(s)
	if len(words) == 0 {
		return constraint{}, fmt.Errorf("empty constraint")
	}
	c := constraint{kind: words[0]}
	for _, w := range words[1:] {
		lo, hi, isRange := strings.Cut(w, "..")
		root, more, isSum := strings.Cut(w, "+")
		switch {
		case w == "ext":
			c.ext = true
		case c.kind == "message":
			c.flags = append(c.flags, w)
		case isRange:
			if err := c.bounds(lo, hi); err != nil {
				return c, err
			}
		case isSum || w[0] >= '0' && w[0] <= '9':
			n, err := strconv.Atoi(root)
			if err != nil {
				return c, err
			}
			k := 0
			if isSum {
				if k, err = strconv.Atoi(more); err != nil {
					return c, err
				}
			}
			c.root, c.known, c.lb, c.ub, c.sized = n, n+k, uint64(n), uint64(n), true
		default:
			c.flags = append(c.flags, w)
		}
	}
	return c, nil
}

func (c *constraint) bounds(lo, hi string) (err error) {
	c.sized = true
	if strings.HasPrefix(lo, "-") {
		if c.neg, err = strconv.ParseInt(lo, 10, 64); err != nil {
			return err
		}
	} else if c.lb, err = strconv.ParseUint(lo, 10, 64); err != nil {
		return err
	}
	c.ub, err = strconv.ParseUint(hi, 10, 64)
	return err
}

func parseField(f *ast.Field) (*field, error) {
	if len(f.Names) != 1 {
		return nil, fmt.Errorf("one name for each field")
	}
	x := &field{name: f.Names[0].Name}
	expr := f.Type
	if star, ok := expr.(*ast.StarExpr); ok {
		x.pointer, expr = true, star.X
	}
	x.typeName = source(expr)
	if f.Tag == nil {
		return x, nil
	}
	raw, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return nil, err
	}
	tag := reflect.StructTag(raw)
	for part := range strings.SplitSeq(tag.Get("aper"), ",") {
		switch part {
		case "":
		case "optional":
			x.optional = true
		default:
			if x.c, err = parseConstraint(part); err != nil {
				return nil, err
			}
		}
	}
	for _, key := range []string{"ie", "ext"} {
		v, ok := tag.Lookup(key)
		if !ok {
			continue
		}
		parts := append(strings.Split(v, ","), "", "")
		if x.id, err = strconv.Atoi(parts[0]); err != nil {
			return nil, err
		}
		x.tag, x.crit, x.presence = key, parts[1], parts[2]
		x.optional = x.presence != "mandatory"
	}
	return x, nil
}

// source returns the text of the few type expressions that fields may have.
func source(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return source(e.X) + "." + e.Sel.Name
	case *ast.BasicLit:
		return e.Value
	case *ast.ArrayType:
		if e.Len == nil {
			return "[]" + source(e.Elt)
		}
		return "[" + source(e.Len) + "]" + source(e.Elt)
	}
	return fmt.Sprintf("%T", e)
}

// resolve replaces aliases and checks that every field has a described type.
func (p *pkg) resolve() error {
	for _, name := range p.order {
		for _, f := range p.types[name].fields {
			if to, ok := p.alias[f.typeName]; ok {
				f.typeName = to
			}
			if t := p.types[f.typeName]; f.c.kind == "" && (t == nil || t.c.kind == "") {
				return fmt.Errorf("%s.%s: type %s has no aper directive", name, f.name, f.typeName)
			}
		}
	}
	return nil
}
