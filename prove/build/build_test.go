package build

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAReleaseIsProven is the good case: a binary, its source, and nothing wrong.
func TestAReleaseIsProven(t *testing.T) {
	r := newRelease(t)
	binary := r.binary()
	checkDescription(t, binary)
	result := r.prove(binary)
	if !result.Proven() {
		t.Fatalf("found %v", result.Findings)
	}
	a, b := result.Rebuilds[0], result.Rebuilds[1]
	if a.Dir == b.Dir || len(a.Dir) == len(b.Dir) || a.Home == b.Home || a.Zone == b.Zone || a.Umask == b.Umask || a.mtime.Equal(b.mtime) {
		t.Errorf("the rebuilds do not differ in what must not matter:\n%v\n%v", a, b)
	}
	if os.Geteuid() == 0 && (a.UID == b.UID || a.UID == 0 || b.UID == 0 || !a.Offline || !b.Offline) {
		t.Errorf("the rebuilds are not apart, though we are root:\n%v\n%v", a, b)
	}
	var text bytes.Buffer
	if err := result.Write(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"PROVEN: the binary is, byte for byte", "It shows:", "It cannot show:", string(a.Artefacts[0].SHA256)} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the answer does not say %q:\n%s", want, &text)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), filepath.Base(filepath.Dir(filepath.Dir(a.Dir)))+"*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	checkStatements(t, r, result)
}

// TestTheRecipe checks that what is rebuilt is what the Makefile builds, with the flags that make it reproducible.
func TestTheRecipe(t *testing.T) {
	recipe := Release()
	cmd := exec.Command(recipe.Command[0], append([]string{"-n"}, recipe.Command[1:]...)...)
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"go build ", "-trimpath", "-buildvcs=false", "-ldflags=-buildid=", "-o " + recipe.Artefacts[0]} {
		if !strings.Contains(string(out), want) {
			t.Errorf("make build does not say %q: %s", want, out)
		}
	}
}

// checkDescription checks what is said of the good release's binary.
func checkDescription(t *testing.T, binary string) {
	t.Helper()
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	own, _, err := hashFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := Describe(&text, binary, info); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"program    example.com/core/cmd/core\n", "sha256     " + string(own), "setting    CGO_ENABLED=0\n", "with       example.com/dep v1.0.0 h1:"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, &text)
		}
	}
	if err := Describe(&text, binary+"-absent", info); err == nil {
		t.Error("an absent binary is described")
	}
}

// TestMutantBuilds plants one fault each in how the release is built: each must be caught by name.
func TestMutantBuilds(t *testing.T) {
	flags := func(x string) []string {
		return []string{strings.Replace(goBuild, "-ldflags=-buildid=", `-ldflags="-buildid= -X main.built=`+x+`"`, 1)}
	}
	for _, tc := range []struct {
		name     string
		makefile []string
		want     Fault
		detail   string
	}{
		{"a step reads the clock into a flag", flags("$$(date +%s)"), NotReproducible, "bin/core: "},
		{"a step reads the date into a flag", flags("$(shell date +%F)"), NotReproducible, "bin/core: "},
		{"a step writes the time into a source file",
			[]string{`printf 'package main\n\nfunc init() { built = "%s" }\n' "$$(date)" > cmd/core/built.go`, goBuild}, NotReproducible, "bin/core: "},
		{"a flag holds the folder", flags("$(CURDIR)"), NotReproducible, "bin/core: "},
		{"a flag holds a file's date", flags("$$(stat -c %Y go.mod)"), NotReproducible, "bin/core: "},
		{"a step reads the kernel's clock, in seconds", flags("$$(cut -d. -f1 /proc/uptime)"), NotReproducible, "bin/core: "},
		{"the paths are not trimmed", []string{strings.Replace(goBuild, "-trimpath ", "", 1)}, NotReproducible, "bin/core: "},
		{"the recipe makes nothing", []string{"true"}, BuildFails, "bin/core was not made"},
		{"the recipe fails", []string{"echo broken >&2; exit 3"}, BuildFails, "broken"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRelease(t)
			r.makefile(tc.makefile...)
			caught(t, r.prove(""), tc.want, tc.detail)
		})
	}
}

// caught fails unless the fault was found, alone, with the detail.
func caught(t *testing.T, result *Result, want Fault, detail string) {
	t.Helper()
	f := result.Found(want)
	if result.Proven() || f == nil || !strings.Contains(f.Detail, detail) {
		t.Errorf("not caught as %q with %q: found %q", want, detail, result.Findings)
	}
	var text bytes.Buffer
	if err := result.Write(&text); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "FOUND") || !strings.Contains(text.String(), "NOT PROVEN") {
		t.Errorf("the answer does not say so:\n%s", &text)
	}
	if want != BinaryDiffers && want != DependencySwapped && strings.Contains(text.String(), "does not depend on") ||
		want == DependencySwapped && strings.Contains(text.String(), "is the one that go.sum names") {
		t.Errorf("the answer claims what was not shown:\n%s", &text)
	}
}

const otherDependency = "package dep\n\nfunc Answer() int { return 43 }\n"

// TestMutantDependencies swaps the dependency in each way that there is.
func TestMutantDependencies(t *testing.T) {
	t.Run("its file in the module cache is another", func(t *testing.T) {
		t.Parallel()
		r := newRelease(t)
		r.dependency(otherDependency)
		caught(t, r.prove(""), DependencySwapped, "checksum mismatch")
	})
	t.Run("its sum in go.sum is another", func(t *testing.T) {
		t.Parallel()
		r := newRelease(t)
		had := r.dependency(otherDependency)
		r.dependency("package dep\n\nfunc Answer() int { return 42 }\n")
		r.write("go.sum", had)
		caught(t, r.prove(""), DependencySwapped, "checksum mismatch")
	})
	t.Run("go.mod replaces it by a folder", func(t *testing.T) {
		t.Parallel()
		r := newRelease(t)
		r.write("go.mod", "module example.com/core\n\ngo 1.26.0\n\nrequire example.com/dep v1.0.0\n\nreplace example.com/dep => ./dep\n")
		r.write("dep/go.mod", "module example.com/dep\n\ngo 1.26.0\n")
		r.write("dep/dep.go", otherDependency)
		caught(t, r.prove(""), DependencySwapped, "example.com/dep => ./dep")
	})
	t.Run("both its file and its sum, after the binary was built", func(t *testing.T) {
		t.Parallel()
		r := newRelease(t)
		binary := r.binary()
		r.write("go.sum", r.dependency(otherDependency))
		caught(t, r.prove(binary), BinaryDiffers, "module example.com/dep: the binary says")
	})
}

// TestMutantBinaries compares a binary with a source that it was not built from.
func TestMutantBinaries(t *testing.T) {
	r := newRelease(t)
	binary := r.binary()
	good, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("one byte is changed", func(t *testing.T) {
		bad := bytes.Clone(good)
		bad[len(bad)/2] ^= 1
		changed := filepath.Join(t.TempDir(), "core")
		writeFile(t, changed, bad)
		caught(t, r.prove(changed), BinaryDiffers, "1 of ")
	})
	t.Run("something is appended", func(t *testing.T) {
		longer := filepath.Join(t.TempDir(), "core")
		writeFile(t, longer, append(bytes.Clone(good), 'x'))
		caught(t, r.prove(longer), BinaryDiffers, "in sections none")
	})
	t.Run("a source file is changed after the build", func(t *testing.T) {
		r.write("cmd/core/main.go", strings.Replace(mainSource, `"core"`, `"gore"`, 1))
		caught(t, r.prove(binary), BinaryDiffers, "our own source differs")
	})
}

func TestWhatCannotBeLookedAtIsAnError(t *testing.T) {
	r := newRelease(t)
	toolchain, err := examined()
	if err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(t.TempDir(), "core")
	writeFile(t, text, []byte("#!/bin/sh\n"))
	for _, o := range []Options{
		{Source: t.TempDir()},
		{Source: r.source, Binary: filepath.Join(r.source, "absent")},
		{Source: r.source, Binary: text},
	} {
		o.Recipe, o.ModCache, o.toolchain = r.recipe, r.modCache, toolchain
		if result, err := Run(t.Context(), o); err == nil {
			t.Errorf("%+v: %v", o, result.Findings)
		}
	}
	r.write("go.sum", "example.com/dep v1.0.0 42\n")
	if _, err := Run(t.Context(), Options{Source: r.source, Recipe: r.recipe, ModCache: r.modCache, toolchain: toolchain}); err == nil {
		t.Error("a broken go.sum passes")
	}
}
