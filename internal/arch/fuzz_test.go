package arch

import (
	"go/ast"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestFuzzTargets holds the Makefile's list of fuzz targets against the tree: a target that is gone and a target that
// nobody runs are both errors.
func TestFuzzTargets(t *testing.T) {
	b, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)([a-z0-9/]+):(Fuzz[A-Za-z0-9]+)`).FindAllStringSubmatch(string(b), -1) {
		listed[m[1]+":"+m[2]] = true
	}
	files, _ := loadModule(t)
	exists := make(map[string]bool)
	for _, f := range files {
		for _, decl := range f.AST.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if ok && f.Test && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Fuzz") {
				exists[f.Package+":"+fn.Name.Name] = true
			}
		}
	}
	if len(exists) == 0 {
		t.Fatal("no fuzz target found")
	}
	for target := range listed {
		if !exists[target] {
			t.Errorf("the Makefile runs %s, which does not exist", target)
		}
	}
	for target := range exists {
		if !listed[target] {
			t.Errorf("%s is in no list: add it to FUZZ in the Makefile", target)
		}
	}
}

// TestNoSkips: a skipped test is a test that nobody runs.
func TestNoSkips(t *testing.T) {
	files, set := loadModule(t)
	for _, f := range files {
		if !f.Test {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && (sel.Sel.Name == "Skip" || sel.Sel.Name == "Skipf" || sel.Sel.Name == "SkipNow") {
				if x, ok := sel.X.(*ast.Ident); ok && (x.Name == "t" || x.Name == "b" || x.Name == "f" || x.Name == "tb") {
					t.Errorf("%v: skips", set.Position(n.Pos()))
				}
			}
			return true
		})
	}
}
