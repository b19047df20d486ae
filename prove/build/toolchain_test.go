package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plantToolchain writes a toolchain module with a few files and returns its pins, and a GOROOT made of it.
func plantToolchain(t *testing.T) (pins, root string) {
	t.Helper()
	module, root := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		"VERSION": "go1.99.1", "go.env": "GOTOOLCHAIN=auto\n", "bin/go": "go", "pkg/tool/linux_amd64/compile": "compile",
		"src/_go.mod": "module std", "src/fmt/print.go": "package fmt",
	} {
		writeFile(t, filepath.Join(module, filepath.FromSlash(name)), []byte(text))
		installed := strings.Replace(name, "_go.mod", "go.mod", 1)
		writeFile(t, filepath.Join(root, filepath.FromSlash(installed)), []byte(text))
	}
	pins, err := Pins(module, "go1.99.1", "linux/amd64")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(root, "go.env"), []byte("GOTOOLCHAIN=local\n")) // as distributions do
	writeFile(t, filepath.Join(root, "test", "x.go"), []byte("package x"))     // not in the module
	return pins, root
}

func TestToolchain(t *testing.T) {
	for _, tc := range []struct {
		name, file, text string
		genuine          bool
		says             string
	}{
		{"as released", "", "", true, "each the same as in golang.org/toolchain@v0.0.1-go1.99.1.linux-amd64"},
		{"another compiler", "pkg/tool/linux_amd64/compile", "compilE", false, "changed: pkg/tool/linux_amd64/compile"},
		{"another go command", "bin/go", "gO", false, "changed: bin/go"},
		{"another standard library", "src/fmt/print.go", "package fmT", false, "none of the tools, but another file"},
		{"one more file", "src/fmt/more.go", "package fmt", false, "none of the tools, but another file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			pins, root := plantToolchain(t)
			if tc.file != "" {
				writeFile(t, filepath.Join(root, filepath.FromSlash(tc.file)), []byte(tc.text))
			}
			tool := &Toolchain{Version: "go1.99.1", Platform: "linux/amd64", Root: root}
			if err := tool.check(pins); err != nil {
				t.Fatal(err)
			}
			if tool.Genuine() != tc.genuine || !strings.Contains(tool.String(), tc.says) {
				t.Errorf("genuine %v: %v", tool.Genuine(), tool)
			}
			result := &Result{Toolchain: tool, Source: &Source{}}
			result.checkPins()
			if (result.Found(ToolchainDiffers) == nil) != tc.genuine {
				t.Errorf("found %v", result.Findings)
			}
		})
	}
}

func TestAToolchainThatIsNotPinnedIsNotVouchedFor(t *testing.T) {
	_, root := plantToolchain(t)
	tool := &Toolchain{Version: "go1.99.2", Platform: "linux/amd64", Root: root}
	if err := tool.check(pins); err != nil {
		t.Fatal(err)
	}
	if tool.Genuine() || !strings.Contains(tool.String(), "not pinned here") {
		t.Errorf("%v", tool)
	}
}

func TestAnotherToolchainThanGoModPins(t *testing.T) {
	result := &Result{Toolchain: &Toolchain{Version: "go1.26.8"}, Source: &Source{Pinned: "go1.26.7"}}
	result.checkPins()
	if f := result.Found(ToolchainDiffers); f == nil || f.Detail != "go.mod pins go1.26.7, and this machine has go1.26.8" {
		t.Errorf("found %v", result.Findings)
	}
}

// TestThePins checks that toolchain.sum holds what a release needs: each platform with both sums and its compiler.
func TestThePins(t *testing.T) {
	have := make(map[string]bool)
	for line := range strings.SplitSeq(strings.TrimSpace(pins), "\n") {
		if f := strings.Fields(line); !strings.HasPrefix(line, "#") {
			if len(f) != 4 {
				t.Fatalf("line %q", line)
			}
			if strings.HasPrefix(f[3], "h1:") && fromH1(f[3]) == "" {
				t.Errorf("line %q holds no sum", line)
			}
			have[f[2]] = true
		}
	}
	for _, name := range []string{"module", "files", "bin/go", "pkg/tool/linux_amd64/compile", "pkg/tool/linux_amd64/link", "pkg/tool/linux_amd64/asm"} {
		if !have[name] {
			t.Errorf("%s is not pinned", name)
		}
	}
}

// TestHash1 checks the directory hash against sums of go.sum that everybody has.
func TestHash1(t *testing.T) {
	if got := hash1(nil).H1(); got != "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" {
		t.Errorf("an empty directory is %s", got)
	}
	b, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	d := hash1([]file{{"go.mod", sum(string(b))}})
	if fromH1(d.H1()) != d {
		t.Errorf("%s does not come back", d)
	}
	for _, bad := range []string{"", "h1:", "h1:42", "h2:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="} {
		if fromH1(bad) != "" {
			t.Errorf("%q is a sum", bad)
		}
	}
}
