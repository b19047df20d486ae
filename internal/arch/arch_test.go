package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	maxFileLines     = 600
	maxFunctionLines = 80
)

func loadModule(t *testing.T) ([]*File, *token.FileSet) {
	t.Helper()
	files, set, err := Load("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 100 {
		t.Fatalf("only %d files found: the rules would hold for nothing", len(files))
	}
	return files, set
}

// imports returns the folders of this module that a file imports.
func imports(f *File) []string {
	var folders []string
	for _, spec := range f.AST.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		if rest, ok := strings.CutPrefix(p, Module+"/"); ok {
			folders = append(folders, rest)
		}
	}
	return folders
}

// layer says what a part of the house may import of the house, and why not more.
type layer struct {
	dir    string
	allow  []string
	reason string
}

// layers, the most particular first: the first that fits a file decides.
var layers = []layer{
	{"ident", nil, "identities are the bottom of the house"},
	{"ladder", nil, "an arrow knows nobody"},
	{"aka", []string{"aka", "ident"}, "keys know nothing of networks"},
	{"wire", []string{"wire", "ident"}, "no NF is imported by what goes over a wire"},
	{"procedure", []string{"procedure"}, "procedures are told what to do by their owners"},
	{"sbi", []string{"sbi", "ident", "aka"}, "a service is an interface and its types"},
	{"store", []string{"store", "ident", "aka"}, "durable state serves NFs and knows none"},
	{"ledger", []string{"ledger"}, "a record knows nothing of what it records"},
	{"prove", []string{"prove"}, "a proof knows nothing of what it proves"},
	{"ran", []string{"ran", "wire", "aka", "ident", "ladder"}, "the simulator works against any core, so it knows nothing of ours"},
	{"manage", []string{"manage", "store", "ident", "aka", "sbi"}, "operators touch the core through its state and services"},
	{"flows", []string{"flows", "core", "ran", "wire", "aka", "ident", "ladder", "nf/upf", "manage", "store"}, "flows run a whole core against the simulator"},
	{"core", []string{"core", "nf", "sbi", "store", "wire", "aka", "ident", "ladder", "procedure", "internal/capture", "manage"}, "core joins NFs; the simulator and the commands lie above it"},
}

// storeUsers may reach the store, the AMF and the SMF by their context keeping alone; every other NF asks the UDR.
var storeUsers = []string{"nf/udr", "nf/amf/context_", "nf/smf/context_"}

// An NF imports the services, never another NF; what it may import besides is the same for all.
var nfMayImport = []string{"sbi", "wire", "aka", "ident", "ladder", "procedure"}

func TestImports(t *testing.T) {
	files, _ := loadModule(t)
	for _, f := range files {
		for _, imported := range imports(f) {
			if reason := forbidden(f, imported); reason != "" {
				t.Errorf("%s imports %s: %s", f.Path, imported, reason)
			}
		}
	}
}

// forbidden returns why the folder of f may not import the other, or nothing.
func forbidden(f *File, imported string) string {
	if f.Test && Within(imported, "internal") {
		return ""
	}
	if strings.HasPrefix(f.Package, "nf/") {
		return forbiddenNF(f, imported)
	}
	for _, l := range layers {
		if !Within(f.Package, l.dir) {
			continue
		}
		if slices.ContainsFunc(l.allow, func(dir string) bool { return Within(imported, dir) }) {
			return ""
		}
		if f.Test && l.dir == "core" && Within(imported, "ran") {
			return "" // a core is tested with phones
		}
		return l.reason
	}
	return ""
}

func forbiddenNF(f *File, imported string) string {
	own := "nf/" + strings.Split(f.Package, "/")[1]
	switch {
	case Within(imported, own):
		return ""
	case Within(imported, "nf") && !f.Test:
		return "an NF imports the sbi/ interface, never another NF; core/ joins them"
	case Within(imported, "nf"):
		return ""
	case Within(imported, "store") && (f.Test || usesStore(f)):
		return ""
	case slices.ContainsFunc(nfMayImport, func(dir string) bool { return Within(imported, dir) }):
		return ""
	}
	return "an NF needs only its services, the wire, keys and identities"
}

func usesStore(f *File) bool {
	return slices.ContainsFunc(storeUsers, func(who string) bool {
		return Within(f.Package, who) || strings.HasPrefix(f.Path, who)
	})
}

func TestTheRulesCatchWhatTheyForbid(t *testing.T) {
	for _, tc := range []struct{ folder, imported string }{
		{"nf/amf", "nf/smf"}, {"nf/amf", "store"}, {"nf/smf", "core"}, {"wire/nas", "nf/amf"}, {"aka", "wire/nas"},
		{"ident", "aka"}, {"ran/ue", "nf/amf"}, {"ran", "core"}, {"sbi/namf", "nf/amf"}, {"store/sqlite", "nf/udr"},
	} {
		if forbidden(&File{Package: tc.folder}, tc.imported) == "" {
			t.Errorf("%s may import %s", tc.folder, tc.imported)
		}
	}
}

func TestSizes(t *testing.T) {
	files, set := loadModule(t)
	for _, f := range files {
		if f.Generated || f.Test {
			continue
		}
		if f.Lines > maxFileLines {
			t.Errorf("%s has %d lines, more than %d: a room too large, or two rooms", f.Path, f.Lines, maxFileLines)
		}
		for _, decl := range f.AST.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := set.Position(fn.End()).Line - set.Position(fn.Pos()).Line + 1; n > maxFunctionLines {
				t.Errorf("%s: %s has %d lines, more than %d", f.Path, fn.Name.Name, n, maxFunctionLines)
			}
		}
	}
}

// emptyNames are package names that say nothing of what is inside.
var emptyNames = []string{"context", "common", "util", "utils", "models", "handler", "manager", "factory", "helpers", "misc", "base", "shared"}

func TestPackageNames(t *testing.T) {
	files, _ := loadModule(t)
	for _, f := range files {
		if slices.Contains(emptyNames, f.AST.Name.Name) || slices.Contains(emptyNames, path.Base(f.Package)) {
			t.Errorf("%s: package name %q says nothing", f.Path, f.AST.Name.Name)
		}
	}
}

func TestNoInitFunctions(t *testing.T) {
	files, _ := loadModule(t)
	for _, f := range files {
		for _, decl := range f.AST.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: func init runs before anybody asked", f.Path)
			}
		}
	}
}

// TestNoMutablePackageState finds package-level variables that some function assigns to, increments or takes the
// address of.
func TestNoMutablePackageState(t *testing.T) {
	files, set := loadModule(t)
	for _, name := range mutated(files, set) {
		t.Error(name)
	}
}

func mutated(files []*File, set *token.FileSet) []string {
	vars := make(map[string]map[string]bool) // folder -> names
	specs := make(map[any]bool)              // declarations of packages
	for _, f := range files {
		if f.Test {
			continue
		}
		for _, decl := range f.AST.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			for _, spec := range gen.Specs {
				specs[spec] = true
				for _, id := range spec.(*ast.ValueSpec).Names {
					if vars[f.Package] == nil {
						vars[f.Package] = make(map[string]bool)
					}
					vars[f.Package][id.Name] = true
				}
			}
		}
	}
	var found []string
	for _, f := range files {
		if f.Test {
			continue
		}
		for _, decl := range f.AST.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				for _, target := range written(n) {
					id := root(target)
					if id == nil || id.Name == "_" || !vars[f.Package][id.Name] {
						continue
					}
					if id.Obj == nil || specs[id.Obj.Decl] { // bound in another file of the package, or at the top of this one

						found = append(found, fmt.Sprintf("%v: %s changes the package's variable %s", set.Position(n.Pos()), fn.Name.Name, id.Name))
					}
				}
				return true
			})
		}
	}
	return found
}

// written returns what a statement writes to.
func written(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	}
	return nil
}

// root returns the variable at the bottom of x.y[z].
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

func TestMutableStateIsFound(t *testing.T) {
	const planted = `package p
var table = map[string]int{}
var count int
var fine = 1
func f() { fine := 2; fine++; var count int; count++; _ = fine }
func g() { table["x"] = 1 }
func h() { count++ }
`
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, "p.go", planted, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := mutated([]*File{{Path: "p.go", Package: "p", AST: tree}}, set)
	if len(found) != 2 || !strings.Contains(found[0], "g changes") || !strings.Contains(found[1], "h changes") {
		t.Fatalf("found %q", found)
	}
}
