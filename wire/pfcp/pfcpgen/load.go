package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// pkg is what the generator knows of the package.
type pkg struct {
	structs []structure
	grouped map[string]bool   // structs with ie tags
	leaves  map[string]bool   // types with a decode method written by hand
	basic   map[string]string // type name -> uint8, uint16, uint32 or string
}

// structure is a message or a grouped IE.
type structure struct {
	name    string
	message int // message type, -1 for a grouped IE
	fields  []field
}

// form is how often an IE may stand.
type form int

const (
	mandatory form = iota
	optional
	repeated
)

type field struct {
	name, typ string
	ie        int
	form      form
	bit       int // number among the mandatory IEs of the struct, -1 for the others
}

func load(dir string) (*pkg, error) {
	p := &pkg{grouped: map[string]bool{}, leaves: map[string]bool{},
		basic: map[string]string{"uint8": "uint8", "uint16": "uint16", "uint32": "uint32", "string": "string"}}
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_gen.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			if err := p.declaration(d); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return p, nil
}

func (p *pkg) declaration(d ast.Decl) error {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if star, ok := receiver(d).(*ast.StarExpr); ok && d.Name.Name == "decode" {
			p.leaves[star.X.(*ast.Ident).Name] = true
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			if ts, ok := spec.(*ast.TypeSpec); ok {
				if err := p.typeSpec(ts, d.Doc); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func receiver(d *ast.FuncDecl) ast.Expr {
	if d.Recv == nil {
		return nil
	}
	return d.Recv.List[0].Type
}

func (p *pkg) typeSpec(ts *ast.TypeSpec, doc *ast.CommentGroup) error {
	switch t := ts.Type.(type) {
	case *ast.Ident:
		p.basic[ts.Name.Name] = t.Name
	case *ast.StructType:
		s, err := structOf(ts.Name.Name, t, doc)
		if err != nil || s == nil {
			return err
		}
		p.structs = append(p.structs, *s)
		p.grouped[s.name] = true
	}
	return nil
}

// structOf returns nil for a struct that is neither a message nor a grouped IE.
func structOf(name string, t *ast.StructType, doc *ast.CommentGroup) (*structure, error) {
	s := &structure{name: name, message: -1}
	if doc != nil {
		for _, c := range doc.List {
			if n, ok := strings.CutPrefix(c.Text, "//pfcp:message "); ok {
				v, err := strconv.Atoi(n)
				if err != nil {
					return nil, fmt.Errorf("%s: message type %q", name, n)
				}
				s.message = v
			}
		}
	}
	bits := 0
	for _, f := range t.Fields.List {
		if f.Tag == nil {
			continue
		}
		fd, err := fieldOf(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if fd.form == mandatory || fd.bit == 0 {
			fd.bit = bits
			bits++
		}
		s.fields = append(s.fields, fd)
	}
	if s.message < 0 && len(s.fields) == 0 {
		return nil, nil
	}
	return s, nil
}

// fieldOf reads a field's presence from its type; bit is 0 for what must be there and -1 else.
func fieldOf(f *ast.Field) (field, error) {
	tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("ie")
	number, option, _ := strings.Cut(tag, ",")
	ie, err := strconv.Atoi(number)
	if err != nil || len(f.Names) != 1 || (option != "" && option != "M") {
		return field{}, fmt.Errorf("tag %q", tag)
	}
	fd := field{name: f.Names[0].Name, ie: ie, bit: -1}
	switch t := f.Type.(type) {
	case *ast.Ident:
		fd.typ, fd.form, fd.bit = t.Name, mandatory, 0
	case *ast.ArrayType:
		fd.typ, fd.form = t.Elt.(*ast.Ident).Name, repeated
		if option == "M" {
			fd.bit = 0
		}
	case *ast.IndexExpr:
		fd.typ, fd.form = t.Index.(*ast.Ident).Name, optional
	default:
		return field{}, fmt.Errorf("field %s: type %T", fd.name, t)
	}
	return fd, nil
}
