package build

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// compilerPins are the files of the C compiler that makes the eBPF objects: lines of `package version architecture file
// digest`, with a line of `package version architecture deb digest` for each package as the distribution's signed index has it.
//
//go:embed clang.sum
var compilerPins string

// compiler is the command that must be the pinned one.
const compiler = "clang-19"

// Compiler is the C compiler that makes the eBPF objects, and what is known of it.
type Compiler struct {
	Version string // of its package, as the distribution names it
	Says    string // its own first line
	Files   []string
	Differ  []string // pinned files that are not the pinned ones
	Known   bool     // its version is pinned
}

func (c *Compiler) String() string {
	switch {
	case c == nil:
		return "not needed"
	case !c.Known:
		return fmt.Sprintf("%s, package version %s: not pinned here, so only the bytes of the objects tell", c.Says, c.Version)
	case len(c.Differ) > 0:
		return fmt.Sprintf("%s, package version %s: NOT the pinned files (%s)", c.Says, c.Version, strings.Join(c.Differ, ", "))
	}
	return fmt.Sprintf("%s, package version %s: the %d files that compile and strip are those of the distribution's packages, whose sums are in prove/build/clang.sum",
		c.Says, c.Version, len(c.Files))
}

// findCompiler asks the compiler and its package what they are, and hashes the files that do the work.
func findCompiler(ctx context.Context, pins string) (*Compiler, error) {
	name, err := exec.LookPath(compiler)
	if err != nil {
		return nil, fmt.Errorf("the eBPF objects need %s: apt-get install clang-19 llvm-19: %w", compiler, err)
	}
	says, err := exec.CommandContext(ctx, name, "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	c := &Compiler{}
	c.Says, _, _ = strings.Cut(string(says), "\n")
	version, err := exec.CommandContext(ctx, "dpkg-query", "-W", "-f", "${Version} ${Architecture}", compiler).Output()
	if err != nil {
		c.Version = "unknown (no Debian package)"
		return c, nil
	}
	c.Version = strings.TrimSpace(string(version))
	lines := bufio.NewScanner(strings.NewReader(pins))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) != 5 || strings.HasPrefix(f[0], "#") || f[1]+" "+f[2] != c.Version || f[3] == "deb" {
			continue
		}
		c.Known = true
		c.Files = append(c.Files, f[3])
		sum, _, err := hashFile(f[3])
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		if string(sum) != f[4] {
			c.Differ = append(c.Differ, f[3])
		}
	}
	return c, nil
}

// checkObjects wants each rebuilt eBPF object to be the one that the checkout holds and the binary carries.
func (r *Result) checkObjects(objects map[string]string) error {
	for _, a := range r.Rebuilds[0].Artefacts {
		kept := objects[a.Name]
		if kept == "" {
			continue
		}
		sum, _, err := hashFile(filepath.Join(r.Source.copied, filepath.FromSlash(kept)))
		if err != nil {
			return err
		}
		if sum != a.SHA256 {
			r.find(ObjectDiffers, "%s is not what its sources give: %s, and %s as rebuilt", kept, sum, a.SHA256)
		}
	}
	return nil
}
