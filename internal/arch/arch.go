// Package arch keeps the rules of the house (ARCHITECTURE.md) as tests: who may import whom, how long a file and a
// function may be, which package names say nothing, and that no package has mutable state of its own.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Module is the path of the module whose rules these are.
const Module = "github.com/limpid-5g/limpid"

// File is one parsed Go file of the module.
type File struct {
	Path      string // from the module's root, with slashes
	Package   string // folder, from the module's root
	Test      bool
	Generated bool
	Lines     int
	AST       *ast.File
}

// Load parses every Go file below root, tests included; nested modules and testdata are left out.
func Load(root string) ([]*File, *token.FileSet, error) {
	set := token.NewFileSet()
	var files []*File
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != root && skipped(path, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		f, err := load(set, root, path)
		if err != nil {
			return err
		}
		files = append(files, f)
		return nil
	})
	return files, set, err
}

func skipped(path, name string) bool {
	if name == "testdata" || strings.HasPrefix(name, ".") {
		return true
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err == nil
}

func load(set *token.FileSet, root, path string) (*File, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	tree, err := parser.ParseFile(set, path, b, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return nil, err
	}
	rel = filepath.ToSlash(rel)
	folder := filepath.ToSlash(filepath.Dir(rel))
	return &File{
		Path: rel, Package: folder, AST: tree,
		Test: strings.HasSuffix(rel, "_test.go"), Generated: ast.IsGenerated(tree),
		Lines: strings.Count(string(b), "\n"),
	}, nil
}

// Within tells whether the folder is dir or lies below it.
func Within(folder, dir string) bool { return folder == dir || strings.HasPrefix(folder, dir+"/") }
