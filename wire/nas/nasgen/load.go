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

// kind is how the value part of a field is written.
type kind int

const (
	octet      kind = iota // uint8 or a type of it
	octets                 // []byte or a type of it
	array                  // [N]byte
	codec                  // a type with Parse and Append methods; a slice type is its own "absent"
	slice                  // codec whose underlying type is a slice
	foreign                // a type of package ident with nas.ParseX and nas.AppendX
	foreignStr             // ident.DNN: "" is absent
)

type field struct {
	name, typ         string // Go name; Go type without pointer
	kind              kind
	pointer           bool
	size              int // of an array
	mandatory         bool
	tag               byte
	half              bool   // type 1 element
	format            string // V, LV, LVE, TV, TLV, TLVE
	shortest, longest int    // octets of the value part
}

type message struct {
	name   string
	typ    byte
	fields []field
}

type pkg struct {
	name     string
	messages []message
	types    map[string]kind
}

// load reads the messages of the package in dir, and the kinds of the types in it and in the shared package.
func load(dir, shared string) (*pkg, error) {
	p := &pkg{types: map[string]kind{"uint8": octet, "[]byte": octets, "ident.DNN": foreignStr, "ident.TAI": foreign, "ident.PLMN": foreign}}
	sharedFiles, _, err := parse(shared)
	if err != nil {
		return nil, err
	}
	files, name, err := parse(dir)
	if err != nil {
		return nil, err
	}
	p.name = name
	eachType(sharedFiles, func(ts *ast.TypeSpec, _ *ast.CommentGroup) { p.types["nas."+ts.Name.Name] = kindOf(ts.Type) })
	eachType(files, func(ts *ast.TypeSpec, _ *ast.CommentGroup) { p.types[ts.Name.Name] = kindOf(ts.Type) })
	eachType(files, func(ts *ast.TypeSpec, doc *ast.CommentGroup) {
		typ, ok := directive(doc)
		if !ok || err != nil {
			return
		}
		var m message
		if m, err = p.message(ts, typ); err == nil {
			p.messages = append(p.messages, m)
		}
	})
	return p, err
}

func parse(dir string) (files []*ast.File, name string, err error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, "", err
	}
	fset := token.NewFileSet()
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || filepath.Base(path) == output {
			continue
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, "", err
		}
		f, err := parser.ParseFile(fset, path, src, parser.ParseComments)
		if err != nil {
			return nil, "", err
		}
		files, name = append(files, f), f.Name.Name
	}
	return files, name, nil
}

func eachType(files []*ast.File, do func(*ast.TypeSpec, *ast.CommentGroup)) {
	for _, f := range files {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, s := range g.Specs {
				do(s.(*ast.TypeSpec), g.Doc)
			}
		}
	}
}

func kindOf(e ast.Expr) kind {
	switch typeString(e) {
	case "uint8":
		return octet
	case "[]byte":
		return octets
	}
	if a, ok := e.(*ast.ArrayType); ok && a.Len == nil {
		return slice
	}
	return codec
}

func typeString(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return typeString(e.X) + "." + e.Sel.Name
	case *ast.ArrayType:
		if e.Len == nil {
			return "[]" + typeString(e.Elt)
		}
		return "[" + e.Len.(*ast.BasicLit).Value + "]" + typeString(e.Elt)
	}
	return ""
}

func directive(doc *ast.CommentGroup) (byte, bool) {
	if doc == nil {
		return 0, false
	}
	for _, c := range doc.List {
		if v, ok := strings.CutPrefix(c.Text, "//nas:message "); ok {
			n, err := strconv.ParseUint(v, 0, 8)
			return byte(n), err == nil
		}
	}
	return 0, false
}

func (p *pkg) message(ts *ast.TypeSpec, typ byte) (message, error) {
	m := message{name: ts.Name.Name, typ: typ}
	for _, f := range ts.Type.(*ast.StructType).Fields.List {
		if f.Tag == nil {
			continue
		}
		tag, err := strconv.Unquote(f.Tag.Value)
		if err != nil {
			return m, err
		}
		fd := field{name: f.Names[0].Name}
		e := f.Type
		if star, ok := e.(*ast.StarExpr); ok {
			fd.pointer, e = true, star.X
		}
		fd.typ = typeString(e)
		if a, ok := e.(*ast.ArrayType); ok && a.Len != nil {
			fd.kind = array
			fd.size, err = strconv.Atoi(a.Len.(*ast.BasicLit).Value)
		} else if k, ok := p.types[fd.typ]; ok {
			fd.kind = k
		} else {
			err = fmt.Errorf("unknown type %s", fd.typ)
		}
		if err == nil {
			err = fd.row(reflect.StructTag(tag).Get("nas"))
		}
		if err != nil {
			return m, fmt.Errorf("%s.%s: %w", m.name, fd.name, err)
		}
		m.fields = append(m.fields, fd)
	}
	return m, nil
}

// row reads a row of a message table: IEI or M, format, length of the element.
func (f *field) row(s string) error {
	w := strings.Fields(s)
	if len(w) != 3 {
		return fmt.Errorf("tag %q: want IEI, format and length", s)
	}
	f.mandatory = w[0] == "M"
	if !f.mandatory {
		iei := w[0]
		f.half = strings.HasSuffix(iei, "-")
		n, err := strconv.ParseUint(strings.Replace(iei, "-", "0", 1), 16, 8)
		if err != nil {
			return err
		}
		f.tag = byte(n)
	}
	if w[2] == "1/2" {
		f.half = true
		return nil
	}
	f.format = strings.ReplaceAll(w[1], "-", "")
	overhead := strings.Count(f.format, "T") + strings.Count(f.format, "L") + strings.Count(f.format, "E")
	lo, hi, ranged := strings.Cut(w[2], "-")
	shortest, err := strconv.Atoi(lo)
	if err != nil {
		return err
	}
	f.shortest, f.longest = shortest-overhead, shortest-overhead
	switch {
	case !ranged:
	case hi == "n":
		f.longest = 255
		if strings.Contains(f.format, "E") {
			f.longest = 65535
		}
	default:
		longest, err := strconv.Atoi(hi)
		if err != nil {
			return err
		}
		f.longest = longest - overhead
	}
	return nil
}
