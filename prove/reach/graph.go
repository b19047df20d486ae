// Package reach finds what each package of a program can get hold of: the network, files, other programs, raw system
// calls, and the ways around Go's own rules (unsafe, assembly, linkname, cgo).
//
// It reads source, not types: a package is charged with every name of the standard library, or of golang.org/x/sys, that
// hands out such a thing, and with what it imports. So the one who obtains a socket is charged, not the one who is handed
// it as an io.Reader. What nobody has looked at is charged (tables.go): a new function of package os or net counts until
// someone lists it as harmless.
package reach

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Module is a module of the graph, as `go list` tells it.
type Module struct {
	Path, Version, Sum, Dir string
	Main                    bool
	Replace                 *Module
}

// Listed is a package as `go list` tells it.
type Listed struct {
	ImportPath, Name, Dir             string
	Standard                          bool
	Module                            *Module
	GoFiles, CgoFiles, SFiles, CFiles []string
	Imports                           []string
	ImportMap                         map[string]string
	Error                             *struct{ Err string }
}

// Graph holds the packages of a program by import path, and their order: each after all that it imports.
type Graph struct {
	Packages map[string]*Listed
	Order    []string
	Main     string // path of the main module
}

// The platform whose source is read, on every machine: files for other platforms are not looked at.
const (
	OS   = "linux"
	Arch = "amd64"
)

// List asks the go command in dir for the packages that the patterns name and all that they import, for OS and Arch,
// without cgo and without the network. A package that does not compile is listed all the same: its source is what counts.
func List(ctx context.Context, dir string, patterns ...string) (*Graph, error) {
	args := append([]string{"list", "-e", "-deps", "-json=ImportPath,Name,Dir,Standard,Module,GoFiles,CgoFiles,SFiles,CFiles,Imports,ImportMap,Error"}, patterns...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+OS, "GOARCH="+Arch, "GOFLAGS=-mod=readonly", "GOPROXY=off", "GOWORK=off")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go list in %s: %w: %s", dir, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return decode(&stdout)
}

func decode(r io.Reader) (*Graph, error) {
	g := &Graph{Packages: make(map[string]*Listed)}
	for d := json.NewDecoder(r); ; {
		var p Listed
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			if len(g.Order) == 0 || g.Main == "" {
				return nil, errors.New("go list found no package of a main module")
			}
			return g, nil
		case err != nil:
			return nil, fmt.Errorf("what go list says cannot be read: %w", err)
		}
		if p.Name == "" && p.Error != nil {
			return nil, fmt.Errorf("package %s: %s", p.ImportPath, p.Error.Err)
		}
		if p.Module != nil && p.Module.Main {
			g.Main = p.Module.Path
		}
		g.Packages[p.ImportPath] = &p
		g.Order = append(g.Order, p.ImportPath)
	}
}

// House tells whether the package belongs to the main module.
func (g *Graph) House(path string) bool {
	p := g.Packages[path]
	return p != nil && p.Module != nil && p.Module.Main
}

// Foreign tells whether the package belongs to another module.
func (g *Graph) Foreign(path string) bool {
	p := g.Packages[path]
	return p != nil && p.Module != nil && !p.Module.Main
}

// Modules returns every module but the main one, sorted by path.
func (g *Graph) Modules() []*Module {
	found := make(map[string]*Module)
	for _, p := range g.Packages {
		if p.Module != nil && !p.Module.Main {
			found[p.Module.Path] = p.Module
		}
	}
	modules := make([]*Module, 0, len(found))
	for _, m := range found {
		modules = append(modules, m)
	}
	slices.SortFunc(modules, func(a, b *Module) int { return strings.Compare(a.Path, b.Path) })
	return modules
}

// Source returns the full paths of the package's Go files.
func (p *Listed) Source() []string {
	var files []string
	for _, name := range slices.Concat(p.GoFiles, p.CgoFiles) {
		files = append(files, filepath.Join(p.Dir, name))
	}
	return files
}

// resolve returns the import path that the source's import path means in this package (vendoring of the standard
// library).
func (p *Listed) resolve(path string) string {
	if to, ok := p.ImportMap[path]; ok {
		return to
	}
	return path
}
