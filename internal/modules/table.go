package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/limpid-5g/limpid/prove/licence"
	"github.com/limpid-5g/limpid/prove/reach"
)

const intro = `# Modules of others in the binary

Written by ` + "`go run ./internal/modules > docs/modules.md`" + ` from go.mod, the modules' own source and
[dependencies.md](dependencies.md). A module without a reason there, with a licence that is not known, or a second copy of a
component fails the build. What our own packages may get hold of is in [prove/allowance.txt](../prove/allowance.txt).

## What their source takes

Lines are those of the packages that are compiled into the binary for linux/amd64. A number is how many places of these packages take the
thing: network opens sockets, files opens files by name, exec starts programs, syscall makes system calls that could be any.
The analysis reads names in the source (package ` + "`prove/reach`" + `): it charges whoever obtains such a thing, also where
the place is never reached, and does not see what a module does with what it is handed. The standard library is part of the
toolchain and is not listed; it carries copies of its own of parts of golang.org/x (%s).

`

// sourceTable writes the part of the page that comes from source alone.
func sourceTable(r *reach.Report, dependencies string) (string, error) {
	modules := r.Graph.Modules()
	if err := oneCopy(modules); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, intro, strings.Join(vendored(r.Graph), ", "))
	b.WriteString("| module | version | why | licence | Go lines | assembly lines |")
	for _, c := range columns {
		fmt.Fprintf(&b, " %v |", c)
	}
	b.WriteString("\n|---|---|---|---|---|---|" + strings.Repeat("---|", len(columns)) + "\n")
	for _, m := range modules {
		row, err := row(r, m, dependencies)
		if err != nil {
			return "", err
		}
		b.WriteString(row)
	}
	return b.String(), nil
}

// columns of the table, one for each capability.
var columns = []reach.Capability{reach.Network, reach.Files, reach.Exec, reach.Syscall, reach.Unsafe, reach.Assembly, reach.Linkname, reach.Cgo}

func row(r *reach.Report, m *reach.Module, dependencies string) (string, error) {
	if m.Replace != nil {
		return "", fmt.Errorf("module %s is replaced by %s: the binary must be made of what go.sum names", m.Path, m.Replace.Path)
	}
	why, ok := reason(dependencies, m.Path)
	if !ok {
		return "", fmt.Errorf("module %s has no line in docs/dependencies.md that says why it is there", m.Path)
	}
	spdx, err := licence.Of(m.Dir)
	if err != nil {
		return "", fmt.Errorf("module %s: %w", m.Path, err)
	}
	lines, assembly := 0, 0
	counts := make([]int, len(columns))
	for _, h := range r.Of(m.Path) {
		lines += h.Lines
		n, err := assemblyLines(r.Graph.Packages[h.Path])
		if err != nil {
			return "", err
		}
		assembly += n
		for _, u := range h.Uses {
			if i := slices.Index(columns, u.Capability); i >= 0 {
				counts[i]++
			}
		}
	}
	row := fmt.Sprintf("| `%s` | %s | %s | %s | %d | %d |", m.Path, m.Version, why, spdx, lines, assembly)
	for _, n := range counts {
		row += " " + number(n) + " |"
	}
	return row + "\n", nil
}

func number(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

func assemblyLines(p *reach.Listed) (int, error) {
	n := 0
	for _, name := range p.SFiles {
		b, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			return 0, err
		}
		n += bytes.Count(b, []byte("\n"))
	}
	return n, nil
}

// majorVersion is the end of a module path that says which major version it is.
var majorVersion = regexp.MustCompile(`(/v[0-9]+|\.v[0-9]+)$`)

// oneCopy fails if a component is there in two major versions.
func oneCopy(modules []*reach.Module) error {
	seen := make(map[string]string)
	for _, m := range modules {
		component := majorVersion.ReplaceAllString(m.Path, "")
		if other, twice := seen[component]; twice {
			return fmt.Errorf("%s and %s are two copies of one component", other, m.Path)
		}
		seen[component] = m.Path
	}
	return nil
}

// vendored lists the modules whose packages the standard library carries.
func vendored(g *reach.Graph) []string {
	var found []string
	for path, p := range g.Packages {
		if rest, ok := strings.CutPrefix(path, "vendor/"); ok && p.Standard {
			found = append(found, strings.Join(strings.SplitN(rest, "/", 4)[:3], "/"))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

var quoted = regexp.MustCompile("`([^`]+)`")

// reason returns what docs/dependencies.md says a module is used for: the second cell of the row whose first cell names
// the module, whole or by the end of its path.
func reason(dependencies, module string) (string, bool) {
	for line := range strings.SplitSeq(dependencies, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		for _, name := range quoted.FindAllStringSubmatch(cells[1], -1) {
			if name[1] == module || strings.HasSuffix(module, "/"+name[1]) {
				return strings.TrimSpace(cells[2]), true
			}
		}
	}
	return "", false
}
