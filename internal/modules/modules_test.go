package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/limpid-5g/limpid/prove/reach"
)

const checkout = "../.."

// examined is the binary's source, read once for all tests.
var examined = sync.OnceValues(func() (*reach.Report, error) { return examine(checkout) })

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(checkout, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestAllowance fails the build when a package of ours newly reaches the network, files, other programs, or takes a way
// round Go's rules.
func TestAllowance(t *testing.T) {
	r, err := examined()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.House()); n < 30 {
		t.Fatalf("only %d packages of ours found: the allowance would hold for nothing", n)
	}
	a, err := reach.Parse(read(t, "prove/allowance.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range r.Check(a) {
		t.Error(v.Text)
	}
}

// TestTable holds docs/modules.md against the modules that are in the binary now.
func TestTable(t *testing.T) {
	r, err := examined()
	if err != nil {
		t.Fatal(err)
	}
	table, err := sourceTable(r, read(t, "docs/dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := read(t, "docs/modules.md")
	if !strings.HasPrefix(page, table) {
		t.Error("docs/modules.md is not what the source says: run go run ./internal/modules > docs/modules.md")
	}
	_, reached, found := strings.Cut(page, "## What the binary reaches")
	if !found {
		t.Fatal("docs/modules.md does not say what the binary reaches")
	}
	for _, m := range r.Graph.Modules() {
		if !strings.Contains(reached, "| `"+m.Path+"` |") {
			t.Errorf("docs/modules.md does not say what the binary reaches in %s", m.Path)
		}
	}
}

func TestAModuleNeedsAReason(t *testing.T) {
	const dependencies = "| module | used for | why |\n|---|---|---|\n| `a.org/one` (with `two`, `x/three`) | ones | because |\n"
	for _, tc := range []struct {
		module string
		ok     bool
	}{
		{"a.org/one", true}, {"b.org/two", true}, {"c.org/x/three", true},
		{"a.org/ones", false}, {"c.org/y/three", false}, {"two.org", false},
	} {
		if why, ok := reason(dependencies, tc.module); ok != tc.ok || ok && why != "ones" {
			t.Errorf("%s: %q, %v", tc.module, why, ok)
		}
	}
	r, err := examined()
	if err != nil {
		t.Fatal(err)
	}
	dropped := strings.ReplaceAll(read(t, "docs/dependencies.md"), "goccy/go-yaml", "goccy/go-xml")
	if _, err := sourceTable(r, dropped); err == nil || !strings.Contains(err.Error(), "goccy/go-yaml has no line") {
		t.Errorf("a module without a reason passes: %v", err)
	}
}

func TestASwappedOrDoubledModuleIsRefused(t *testing.T) {
	r, err := examined()
	if err != nil {
		t.Fatal(err)
	}
	dependencies := read(t, "docs/dependencies.md")
	swapped := *r.Graph.Modules()[0]
	swapped.Replace = &reach.Module{Path: "example.org/other"}
	if _, err := row(r, &swapped, dependencies); err == nil || !strings.Contains(err.Error(), "replaced by example.org/other") {
		t.Errorf("a replaced module passes: %v", err)
	}
	for _, pair := range [][2]string{{"a.org/x", "a.org/x/v2"}, {"gopkg.in/yaml.v2", "gopkg.in/yaml.v3"}} {
		if err := oneCopy([]*reach.Module{{Path: pair[0]}, {Path: pair[1]}}); err == nil {
			t.Errorf("%v pass as different components", pair)
		}
	}
	if err := oneCopy([]*reach.Module{{Path: "a.org/x"}, {Path: "a.org/y/v2"}}); err != nil {
		t.Error(err)
	}
}

// TestCallGraph checks on a small program that what main cannot call is told from what it can.
func TestCallGraph(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":   "module example.com/p\n\ngo 1.26.0\n",
		"main.go":  "package main\n\nimport \"example.com/p/q\"\n\nfunc main() { var d q.Doer = q.Called{}; d.Do() }\n",
		"q/q.go":   "package q\n\ntype Doer interface{ Do() }\n\ntype Called struct{}\n\nfunc (Called) Do() { below() }\n\nfunc below() {}\n\nfunc Uncalled() {}\n",
		"q/r/r.go": "package r\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g, err := reach.List(t.Context(), dir, ".")
	if err != nil {
		t.Fatal(err)
	}
	functions, _, err := callGraph(g, "example.com/p")
	if err != nil {
		t.Fatal(err)
	}
	reached := make(map[string]bool)
	for f := range functions {
		if f.Pkg != nil && f.Pkg.Pkg.Path() == "example.com/p/q" {
			reached[f.Name()] = true
		}
	}
	if !reached["Do"] || !reached["below"] || reached["Uncalled"] {
		t.Errorf("reached %v", reached)
	}
}
