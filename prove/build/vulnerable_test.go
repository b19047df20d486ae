package build

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const checkout = "../.."

// scanned looks for the planted vulnerability in a small release.
func scanned(t *testing.T, main string) *Result {
	t.Helper()
	r := newRelease(t)
	r.write("cmd/core/main.go", main)
	toolchain, err := examined()
	if err != nil {
		t.Fatal(err)
	}
	// The modules of the release must be at hand: the scanner downloads nothing.
	t.Setenv("GOMODCACHE", filepath.Join(t.TempDir(), "modules"))
	t.Setenv("GOFLAGS", "-modcacherw")
	fill := exec.Command(toolchain.Go, "mod", "download", "all")
	fill.Dir = r.source
	fill.Env = append(os.Environ(), "GOPROXY="+fileURL(filepath.Join(r.modCache, "cache", "download")), "GOSUMDB=off", "GOTOOLCHAIN=local")
	if out, err := fill.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	result := &Result{Toolchain: toolchain, Source: &Source{Dir: r.source}}
	if err := result.scanWith(t.Context(), scannerBinary(t), "testdata/vulndb", "./cmd/core"); err != nil {
		t.Fatal(err)
	}
	return result
}

// scannerBinary builds the scanner with the modules of this machine.
func scannerBinary(t *testing.T) []string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "govulncheck")
	cmd := exec.Command("go", "build", "-o", name, "golang.org/x/vuln/cmd/govulncheck")
	cmd.Dir = filepath.Join(checkout, filepath.FromSlash(scanner))
	cmd.Env = append(os.Environ(), "GOMODCACHE="+homeModules(t), "GOFLAGS=", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return []string{name}
}

// homeModules is the module cache of this machine, whatever the test's environment says.
func homeModules(t *testing.T) string {
	t.Helper()
	toolchain, err := examined()
	if err != nil {
		t.Fatal(err)
	}
	return toolchain.ModCache
}

func TestMutantWithAKnownVulnerability(t *testing.T) {
	result := scanned(t, mainSource)
	if f := result.Found(Vulnerable); f == nil || !strings.Contains(f.Detail, "GO-2026-0001: example.com/dep@v1.0.0, example.com/dep.Answer can be called; mended in v1.0.1") {
		t.Errorf("not caught: %v", result.Findings)
	}
}

func TestAVulnerabilityThatNothingCalls(t *testing.T) {
	result := scanned(t, "package main\n\nimport _ \"example.com/dep\"\n\nvar built string\n\nfunc main() { println(built) }\n")
	if !result.Proven() || result.Scanned == "" {
		t.Errorf("found %v", result.Findings)
	}
}

func TestScanRefusesWhatItCannotRead(t *testing.T) {
	r := &Result{Source: &Source{Dir: "."}}
	if err := r.Scan(t.Context(), checkout, t.TempDir(), "./cmd/core"); err == nil || !strings.Contains(err.Error(), "no vulnerability database") {
		t.Error(err)
	}
	if _, err := vulnerabilities(strings.NewReader("{")); err == nil {
		t.Error("half a message passes")
	}
}

// TestCompilerIsThePinnedOne looks at the machine's C compiler, and at what is said of one whose files are others.
func TestCompilerIsThePinnedOne(t *testing.T) {
	c, err := findCompiler(t.Context(), compilerPins)
	if _, missing := exec.LookPath(compiler); missing != nil {
		if err == nil || !strings.Contains(err.Error(), "apt-get install clang-19") {
			t.Errorf("%v, want what to install", err)
		}
		return
	}
	if err != nil || len(c.Differ) > 0 {
		t.Fatalf("%v %v", c, err)
	}
	if !c.Known {
		t.Logf("%v", c)
		return
	}
	swapped, err := findCompiler(t.Context(), strings.ReplaceAll(compilerPins, "bin/clang 4", "bin/clang 5"))
	if err != nil || len(swapped.Differ) != 1 || !strings.Contains(swapped.String(), "NOT the pinned files") {
		t.Errorf("a swapped compiler passes: %v %v", swapped, err)
	}
}

// TestMutantObject: an eBPF object in the checkout that its sources do not give.
func TestMutantObject(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "kept.o"), []byte("as checked in"))
	writeFile(t, filepath.Join(dir, "built.o"), []byte("as rebuilt"))
	sum, _, err := hashFile(filepath.Join(dir, "built.o"))
	if err != nil {
		t.Fatal(err)
	}
	r := &Result{Source: &Source{copied: dir}, Rebuilds: []*Rebuild{{Artefacts: []Artefact{{Name: "bin/built.o", SHA256: sum}}}}}
	if err := r.checkObjects(map[string]string{"bin/built.o": "kept.o"}); err != nil || r.Found(ObjectDiffers) == nil {
		t.Errorf("not caught: %v %v", r.Findings, err)
	}
	r.Findings = nil
	writeFile(t, filepath.Join(dir, "kept.o"), []byte("as rebuilt"))
	if err := r.checkObjects(map[string]string{"bin/built.o": "kept.o"}); err != nil || !r.Proven() {
		t.Errorf("found %v %v", r.Findings, err)
	}
	var text bytes.Buffer
	r.Compiler = &Compiler{Says: "clang", Version: "1"}
	r.Toolchain = &Toolchain{}
	if err := r.Write(&text); err != nil || !strings.Contains(text.String(), "not pinned here") {
		t.Errorf("%v\n%s", err, &text)
	}
}
