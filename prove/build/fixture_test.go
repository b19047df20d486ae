package build

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const goBuild = "go build -trimpath -buildvcs=false -ldflags=-buildid= -o bin/core ./cmd/core"

const mainSource = `package main

import "example.com/dep"

var built string

func main() { println("core", dep.Answer(), built) }
`

const mit = `MIT License. Permission is hereby granted, free of charge, to any person obtaining a copy of it.
The above copyright notice and this permission notice shall be included in all copies.
`

// release is a small release with one dependency, in a checkout of its own with a module cache of its own.
type release struct {
	t                *testing.T
	source, modCache string
	recipe           Recipe
}

func newRelease(t *testing.T) *release {
	t.Helper()
	dir := t.TempDir()
	r := &release{t, filepath.Join(dir, "source"), filepath.Join(dir, "modules"),
		Recipe{Command: []string{"make", "build"}, Artefacts: []string{"bin/core"}}}
	r.write("cmd/core/main.go", mainSource)
	r.write("LICENSE", "Apache License\nVersion 2.0, January 2004\n")
	r.write("go.mod", "module example.com/core\n\ngo 1.26.0\n\nrequire example.com/dep v1.0.0\n")
	r.makefile(goBuild)
	r.write("go.sum", r.dependency("package dep\n\nfunc Answer() int { return 42 }\n"))
	return r
}

func (r *release) makefile(lines ...string) {
	r.write("Makefile", "build:\n\t"+strings.Join(lines, "\n\t")+"\n")
}

func (r *release) write(name, text string) {
	r.t.Helper()
	writeFile(r.t, filepath.Join(r.source, filepath.FromSlash(name)), []byte(text))
}

func writeFile(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// dependency puts example.com/dep with the given source into the module cache, and returns the lines of go.sum for it.
func (r *release) dependency(source string) string {
	r.t.Helper()
	const mod = "module example.com/dep\n\ngo 1.26.0\n"
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	var files []file
	for name, text := range map[string]string{"go.mod": mod, "dep.go": source, "LICENSE": mit} {
		name = "example.com/dep@v1.0.0/" + name
		w, err := z.Create(name)
		if err != nil {
			r.t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			r.t.Fatal(err)
		}
		files = append(files, file{name, sum(text)})
	}
	if err := z.Close(); err != nil {
		r.t.Fatal(err)
	}
	at := filepath.Join(r.modCache, "cache", "download", "example.com", "dep", "@v", "v1.0.0")
	writeFile(r.t, at+".zip", packed.Bytes())
	writeFile(r.t, at+".mod", []byte(mod))
	writeFile(r.t, at+".info", []byte(`{"Version":"v1.0.0"}`))
	return fmt.Sprintf("example.com/dep v1.0.0 %s\nexample.com/dep v1.0.0/go.mod %s\n",
		hash1(files).H1(), hash1([]file{{"go.mod", sum(mod)}}).H1())
}

func sum(text string) Digest {
	h := sha256.Sum256([]byte(text))
	return Digest(hex.EncodeToString(h[:]))
}

// seeds is where the tests' build cache lies; TestMain makes and removes it.
var seeds string

// seed is a Go build cache that holds the standard library, made once, when the first test asks for it.
var seed = sync.OnceValues(func() (string, error) {
	cache, main := filepath.Join(seeds, "cache"), filepath.Join(seeds, "main.go")
	if err := os.WriteFile(main, []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		return "", err
	}
	for _, flags := range []string{"-trimpath", "-buildvcs=false"} { // with paths trimmed, and without
		cmd := exec.Command("go", "build", flags, "-o", filepath.Join(seeds, "main"), main)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "GOENV=off", "GOCACHE="+cache)
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w: %s", err, out)
		}
	}
	return cache, nil
})

// examined is the machine's toolchain, hashed once for all tests of the package.
var examined = sync.OnceValues(func() (*Toolchain, error) { return findToolchain(context.Background()) })

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if seeds, err = os.MkdirTemp("", "limpid-seed-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(seeds)
	return m.Run()
}

// prove rebuilds the release and compares it with the binary, if one is named.
func (r *release) prove(binary string) *Result {
	r.t.Helper()
	cache, err := seed()
	if err != nil {
		r.t.Fatal(err)
	}
	toolchain, err := examined()
	if err != nil {
		r.t.Fatal(err)
	}
	result, err := Run(r.t.Context(), Options{Source: r.source, Recipe: r.recipe, Binary: binary, ModCache: r.modCache,
		SeedCache: cache, toolchain: toolchain})
	if err != nil {
		r.t.Fatal(err)
	}
	return result
}

// binary makes the release as its owner would, and returns where its binary is kept.
func (r *release) binary() string {
	r.t.Helper()
	cache, err := seed()
	if err != nil {
		r.t.Fatal(err)
	}
	dir := r.t.TempDir()
	s := &Source{Dir: r.source}
	if err := s.list(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	if err := copyTree(r.source, filepath.Join(dir, "src"), s.Files, time.Unix(1e9, 0)); err != nil {
		r.t.Fatal(err)
	}
	cmd := exec.Command(r.recipe.Command[0], r.recipe.Command[1:]...)
	cmd.Dir = filepath.Join(dir, "src")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly -modcacherw", "GOWORK=off", "GOTOOLCHAIN=local", "GOENV=off", "GOSUMDB=off",
		"GOCACHE="+cache, "GOMODCACHE="+filepath.Join(dir, "modules"),
		"GOPROXY="+fileURL(filepath.Join(r.modCache, "cache", "download")))
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("%v: %s", err, out)
	}
	return filepath.Join(dir, "src", "bin", "core")
}
