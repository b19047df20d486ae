package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// defaultMuxUsers serve, or add to, the multiplexer that any package of the binary can add a page to without being asked, as
// expvar does (which the Prometheus library brings along): nobody may.
func defaultMuxUsers(file *ast.File) []string {
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "http" && strings.Contains(" DefaultServeMux Handle HandleFunc ListenAndServe ListenAndServeTLS Serve ServeTLS ", " "+n.Sel.Name+" ") {
				found = append(found, "http."+n.Sel.Name)
			}
		case *ast.CompositeLit:
			if s, ok := n.Type.(*ast.SelectorExpr); ok && s.Sel.Name == "Server" {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "http" && !namesHandler(n) {
					found = append(found, "http.Server without a Handler")
				}
			}
		}
		return true
	})
	return found
}

func namesHandler(l *ast.CompositeLit) bool {
	for _, e := range l.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if k, ok := kv.Key.(*ast.Ident); ok && k.Name == "Handler" {
				return true
			}
		}
	}
	return false
}

func TestNoDefaultServeMux(t *testing.T) {
	files, _ := loadModule(t)
	for _, f := range files {
		if f.Test {
			continue
		}
		for _, what := range defaultMuxUsers(f.AST) {
			t.Errorf("%s: %s would show pages that other packages add by themselves: serve a Handler of your own", f.Path, what)
		}
	}
}

func TestDefaultServeMuxIsFound(t *testing.T) {
	const source = `package x
import "net/http"
func f() { http.HandleFunc("/", nil); _ = http.ListenAndServe("", nil); _ = &http.Server{}; _ = &http.Server{Handler: http.DefaultServeMux}; _ = http.NewServeMux() }`
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(defaultMuxUsers(file), ", "); got != "http.HandleFunc, http.ListenAndServe, http.Server without a Handler, http.DefaultServeMux" {
		t.Errorf("found %s", got)
	}
}
