package build

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// pins are the toolchains whose files we know: lines of `version platform name digest`.
//
//go:embed toolchain.sum
var pins string

// Toolchain is the Go toolchain that makes the release, and what is known of its files.
type Toolchain struct {
	Version  string // go1.26.8
	Platform string // linux/amd64
	Root     string
	Go       string // the go command itself
	ModCache string
	Files    int
	Digest   Digest   // of every file but go.env, which holds settings only
	Pinned   Digest   // what Digest must be; empty if this toolchain is not pinned
	Module   string   // the sum of the whole toolchain module as the public checksum database has it
	Differ   []string // names of pinned files that are not the pinned ones
}

// Genuine tells whether every file is the one that the public checksum database vouches for.
func (t *Toolchain) Genuine() bool { return t.Pinned != "" && t.Pinned == t.Digest }

// String says how far the toolchain is known.
func (t *Toolchain) String() string {
	switch {
	case t.Genuine():
		return fmt.Sprintf("%s %s, %d files: each the same as in golang.org/toolchain@%s, %s in the public checksum database",
			t.Version, t.Platform, t.Files, moduleVersion(t.Version, t.Platform), t.Module)
	case t.Pinned != "":
		return fmt.Sprintf("%s %s, %d files: NOT those of golang.org/toolchain@%s (changed: %s)",
			t.Version, t.Platform, t.Files, moduleVersion(t.Version, t.Platform), strings.Join(t.Differ, ", "))
	}
	return fmt.Sprintf("%s %s, %d files, %s: not pinned here, so compare this sum with a toolchain that you trust",
		t.Version, t.Platform, t.Files, t.Digest.H1())
}

func moduleVersion(version, platform string) string {
	return "v0.0.1-" + version + "." + strings.ReplaceAll(platform, "/", "-")
}

// findToolchain asks the go command of the search path what it is, and hashes its files.
func findToolchain(ctx context.Context) (*Toolchain, error) {
	name, err := exec.LookPath("go")
	if err != nil {
		return nil, fmt.Errorf("a rebuild needs the Go toolchain: %w", err)
	}
	cmd := exec.CommandContext(ctx, name, "env", "-json", "GOVERSION", "GOROOT", "GOHOSTOS", "GOHOSTARCH", "GOMODCACHE")
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s env: %w", name, err)
	}
	var env struct{ GOVERSION, GOROOT, GOHOSTOS, GOHOSTARCH, GOMODCACHE string }
	if err := json.Unmarshal(out, &env); err != nil {
		return nil, fmt.Errorf("%s env: %w", name, err)
	}
	t := &Toolchain{Version: env.GOVERSION, Platform: env.GOHOSTOS + "/" + env.GOHOSTARCH, Root: env.GOROOT,
		Go: filepath.Join(env.GOROOT, "bin", "go"), ModCache: env.GOMODCACHE}
	return t, t.check(pins)
}

// check hashes the toolchain's files and compares them with the pins.
func (t *Toolchain) check(pins string) error {
	files, err := tree(t.Root, inToolchain)
	if err != nil {
		return fmt.Errorf("the toolchain's files: %w", err)
	}
	for i := range files { // the module carries go.mod files under another name
		if path.Base(files[i].name) == "go.mod" {
			files[i].name = path.Join(path.Dir(files[i].name), "_go.mod")
		}
	}
	t.Files = len(files)
	t.Digest = hash1(files)
	lines := bufio.NewScanner(strings.NewReader(pins))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) != 4 || f[0] != t.Version || f[1] != t.Platform {
			continue
		}
		switch f[2] {
		case "module":
			t.Module = f[3]
		case "files":
			t.Pinned = fromH1(f[3])
		default:
			i := slices.IndexFunc(files, func(have file) bool { return have.name == f[2] })
			if i < 0 || string(files[i].digest) != f[3] {
				t.Differ = append(t.Differ, f[2])
			}
		}
	}
	if t.Pinned != "" && t.Pinned != t.Digest && t.Differ == nil {
		t.Differ = []string{"none of the tools, but another file"}
	}
	return nil
}

// inToolchain tells which files of GOROOT the toolchain module has too; go.env, which distributions change, is left out.
func inToolchain(name string) bool {
	dir, _, below := strings.Cut(name, "/")
	if !below {
		return name != "go.env"
	}
	return dir == "bin" || dir == "lib" || dir == "pkg" || dir == "src"
}

// Pins returns the lines of toolchain.sum for the toolchain whose module (golang.org/toolchain@version, as the go command
// downloaded and verified it) is unpacked in dir.
func Pins(dir, version, platform string) (string, error) {
	files, err := tree(dir, func(string) bool { return true })
	if err != nil {
		return "", err
	}
	var b strings.Builder
	line := func(name, digest string) { fmt.Fprintf(&b, "%s %s %s %s\n", version, platform, name, digest) }
	var kept, module []file
	for _, f := range files {
		if inToolchain(f.name) {
			kept = append(kept, f)
		}
		if tool := strings.HasPrefix(f.name, "pkg/tool/") || f.name == "bin/go"; tool {
			line(f.name, string(f.digest))
		}
		f.name = "golang.org/toolchain@" + moduleVersion(version, platform) + "/" + f.name
		module = append(module, f)
	}
	line("module", hash1(module).H1())
	line("files", hash1(kept).H1())
	return b.String(), nil
}
