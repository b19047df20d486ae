// Package build makes a release again from its source, twice and in circumstances that must not matter, and compares what
// comes out: with itself, and with a binary that somebody runs.
package build

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"
)

// Options say what to rebuild and what to compare.
type Options struct {
	Source string // a checkout
	Recipe Recipe
	Binary string // compared with the recipe's first artefact; empty compares none
	// ModCache holds the modules as they were downloaded; empty takes the go command's.
	ModCache string
	// SeedCache is a Go build cache that both rebuilds begin with. It makes tests fast, and leaves out what it holds from
	// the proof: empty compiles all.
	SeedCache string

	target    []string   // environment that fits the binary's platform
	toolchain *Toolchain // examined before; nil looks for it
}

// Fault is the name of what a rebuild found wrong.
type Fault string

// What a rebuild can find wrong.
const (
	NotReproducible   Fault = "not reproducible"   // two rebuilds of one source differ
	BinaryDiffers     Fault = "binary differs"     // the binary is not what the source builds to
	DependencySwapped Fault = "dependency swapped" // a module is not the one that go.sum names
	ToolchainDiffers  Fault = "toolchain differs"  // the toolchain is not the pinned one, or not the binary's
	BuildFails        Fault = "build fails"        // no release came out
	CompilerDiffers   Fault = "compiler differs"   // the C compiler's files are not the pinned ones
	ObjectDiffers     Fault = "object differs"     // an eBPF object in the checkout is not what its sources give
	Vulnerable        Fault = "vulnerable"         // code that can be called has a known vulnerability
)

// Finding is a fault and what shows it.
type Finding struct {
	Fault  Fault
	Detail string
}

// Result is what a rebuild showed.
type Result struct {
	Toolchain *Toolchain
	Compiler  *Compiler // nil: the release has no eBPF object
	Source    *Source
	Rebuilds  []*Rebuild
	Binary    *Artefact // what the rebuilds are compared with; nil if nothing
	Info      *debug.BuildInfo
	Licences  map[string]string // by module path: SPDX
	Scanned   string            // the database of vulnerabilities that was looked at; empty: none
	Findings  []Finding
}

// Proven tells whether nothing was found wrong.
func (r *Result) Proven() bool { return len(r.Findings) == 0 }

// Found returns the first finding of a fault; nil if there is none.
func (r *Result) Found(f Fault) *Finding {
	for i := range r.Findings {
		if r.Findings[i].Fault == f {
			return &r.Findings[i]
		}
	}
	return nil
}

func (r *Result) find(f Fault, format string, args ...any) {
	r.Findings = append(r.Findings, Finding{f, fmt.Sprintf(format, args...)})
}

// Run rebuilds and compares. What it finds wrong is in the result; an error means that it could not look. Its own files are
// in a temporary folder, which it removes.
func Run(ctx context.Context, o Options) (*Result, error) {
	work, err := os.MkdirTemp("", "limpid-prove-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	if err := os.Chmod(work, 0o711); err != nil { // other users pass through
		return nil, err
	}
	r := &Result{Licences: make(map[string]string)}
	if r.Toolchain = o.toolchain; r.Toolchain == nil {
		if r.Toolchain, err = findToolchain(ctx); err != nil {
			return nil, err
		}
	}
	if r.Source, err = openSource(ctx, r.Toolchain, o.Source, filepath.Join(work, "source")); err != nil {
		return nil, err
	}
	r.Licences[r.Source.Module] = licenceOf(r.Source.copied)
	r.checkPins()
	if len(o.Recipe.Objects) > 0 {
		if r.Compiler, err = findCompiler(ctx, compilerPins); err != nil {
			return nil, err
		}
		if len(r.Compiler.Differ) > 0 {
			r.find(CompilerDiffers, "%v", r.Compiler)
		}
	}
	if o.Binary != "" {
		if err := r.readBinary(&o); err != nil {
			return nil, err
		}
	}
	if err := r.rebuild(ctx, &o, work); err != nil {
		return nil, err
	}
	if r.made() {
		r.compareRebuilds()
		if err := r.checkObjects(o.Recipe.Objects); err != nil {
			return nil, err
		}
		if err := r.readRebuilt(); err != nil {
			return nil, err
		}
		if r.Binary != nil {
			r.compareBinary()
		}
	}
	return r, nil
}

// checkPins looks for what makes a build depend on something else than source and go.sum.
func (r *Result) checkPins() {
	for _, swap := range r.Source.Swaps {
		r.find(DependencySwapped, "go.mod replaces %s: what is built is not the module that go.sum names", swap)
	}
	t := r.Toolchain
	if t.Pinned != "" && !t.Genuine() {
		r.find(ToolchainDiffers, "%v", t)
	}
	if pin := r.Source.Pinned; pin != "" && pin != t.Version {
		r.find(ToolchainDiffers, "go.mod pins %s, and this machine has %s", pin, t.Version)
	}
}

func (r *Result) rebuild(ctx context.Context, o *Options, work string) error {
	modCache := o.ModCache
	if modCache == "" {
		modCache = r.Toolchain.ModCache
	}
	proxy := filepath.Join(work, "proxy")
	if err := os.MkdirAll(proxy, 0o755); err != nil {
		return err
	}
	if err := r.Source.stage(modCache, proxy); err != nil {
		return err
	}
	for i, b := range variants(work) {
		if i > 0 { // a rebuild that finds everything in a cache could start within the same second
			if err := sleep(ctx, apart-r.Rebuilds[0].Took); err != nil {
				return err
			}
		}
		r.Rebuilds = append(r.Rebuilds, b)
		err := b.run(ctx, r.Source, r.Toolchain, o, proxy)
		if errors.Is(err, errBuild) {
			fault := BuildFails
			if strings.Contains(b.Output, "checksum mismatch") {
				fault = DependencySwapped
			}
			r.find(fault, "rebuild %d: %s", i+1, lastLines(b.Output))
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func lastLines(text string) string {
	const most = 12
	lines := strings.Split(text, "\n")
	if len(lines) > most {
		lines = lines[len(lines)-most:]
	}
	return strings.Join(lines, "\n")
}

// made tells whether both rebuilds left every artefact.
func (r *Result) made() bool {
	return len(r.Rebuilds) == 2 && len(r.Rebuilds[0].Artefacts) > 0 &&
		len(r.Rebuilds[0].Artefacts) == len(r.Rebuilds[1].Artefacts)
}

func (r *Result) compareRebuilds() {
	for i, a := range r.Rebuilds[0].Artefacts {
		if b := r.Rebuilds[1].Artefacts[i]; a.SHA256 != b.SHA256 {
			r.find(NotReproducible, "%s: %s", a.Name, difference(a, b))
		}
	}
}

// readRebuilt reads what the rebuilt binary says of itself, and the licences of the modules in it.
func (r *Result) readRebuilt() error {
	first := r.Rebuilds[0]
	info, err := buildinfo.ReadFile(first.Artefacts[0].Path)
	if err != nil {
		return fmt.Errorf("the rebuilt %s: %w", first.Artefacts[0].Name, err)
	}
	r.Info = info
	for _, m := range info.Deps {
		dir := filepath.Join(first.modCache, filepath.FromSlash(escape(m.Path)+"@"+escape(m.Version)))
		if m.Replace == nil {
			r.Licences[m.Path] = licenceOf(dir)
		}
	}
	return nil
}
