package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Source is a checkout of the release: its files, and what its go.mod says.
type Source struct {
	Dir    string
	Files  []string // from Dir, with slashes, sorted
	Digest Digest   // of all files, as go.sum hashes a directory
	Module string
	Go     string // the go line
	Pinned string // the toolchain line; empty if there is none
	Direct []string
	Swaps  []string // replace directives, as text
	Sums   []Sum

	copied string // where its files are copied to
}

// Sum is a line of go.sum.
type Sum struct {
	Path, Version, H1 string
	ModOnly           bool // of the go.mod file alone
}

// openSource copies a checkout into a folder, so that nobody changes it between two rebuilds, and reads what it is. Left
// out are .git, bin and, where there is git, what git ignores.
func openSource(ctx context.Context, t *Toolchain, dir, into string) (*Source, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s := &Source{Dir: dir, copied: into}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return nil, fmt.Errorf("%s is no checkout of a Go module: %w", dir, err)
	}
	if err := s.list(ctx); err != nil {
		return nil, err
	}
	if err := copyTree(dir, into, s.Files, time.Unix(0, 0)); err != nil {
		return nil, err
	}
	if err := s.readMod(ctx, t); err != nil {
		return nil, err
	}
	if err := s.readSums(); err != nil {
		return nil, err
	}
	files, err := tree(into, func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	s.Digest = hash1(files)
	return s, nil
}

func (s *Source) readMod(ctx context.Context, t *Toolchain) error {
	cmd := exec.CommandContext(ctx, t.Go, "mod", "edit", "-json")
	cmd.Dir = s.copied
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go.mod of %s: %w: %s", s.Dir, err, bytes.TrimSpace(stderr.Bytes()))
	}
	type module struct{ Path, Version string }
	var mod struct {
		Module        module
		Go, Toolchain string
		Require       []struct {
			Path, Version string
			Indirect      bool
		}
		Replace []struct{ Old, New module }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		return fmt.Errorf("go.mod: %w", err)
	}
	s.Module, s.Go, s.Pinned = mod.Module.Path, mod.Go, mod.Toolchain
	for _, r := range mod.Require {
		if !r.Indirect {
			s.Direct = append(s.Direct, r.Path+"@"+r.Version)
		}
	}
	for _, r := range mod.Replace {
		s.Swaps = append(s.Swaps, strings.TrimRight(r.Old.Path+" "+r.Old.Version, " ")+" => "+strings.TrimRight(r.New.Path+" "+r.New.Version, " "))
	}
	return nil
}

func (s *Source) readSums() error {
	b, err := os.ReadFile(filepath.Join(s.copied, "go.sum"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) != 3 || fromH1(f[2]) == "" {
			return fmt.Errorf("go.sum line %d: want `module version h1:sum`, got %q", i+1, line)
		}
		version, modOnly := strings.CutSuffix(f[1], "/go.mod")
		s.Sums = append(s.Sums, Sum{f[0], version, f[2], modOnly})
	}
	return nil
}

// list finds the files of the checkout.
func (s *Source) list(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(s.Dir, ".git")); err == nil {
		cmd := exec.CommandContext(ctx, "git", "-c", "safe.directory=*", "ls-files", "-coz", "--exclude-standard")
		cmd.Dir = s.Dir
		if out, err := cmd.Output(); err == nil {
			for name := range strings.SplitSeq(string(out), "\x00") {
				info, err := os.Lstat(filepath.Join(s.Dir, name))
				if name != "" && err == nil && info.Mode().IsRegular() { // a file that is deleted and not yet committed is not there
					s.Files = append(s.Files, name)
				}
			}
			slices.Sort(s.Files)
			s.Files = slices.Compact(s.Files)
			return nil
		}
	}
	err := filepath.WalkDir(s.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(s.Dir, path)
		if err != nil {
			return err
		}
		switch {
		case d.IsDir() && (d.Name() == ".git" || rel == "bin"):
			return filepath.SkipDir
		case d.Type().IsRegular():
			s.Files = append(s.Files, filepath.ToSlash(rel))
		}
		return nil
	})
	slices.Sort(s.Files)
	return err
}

// copyTree copies the named files, and gives each the same time of change.
func copyTree(from, to string, names []string, at time.Time) error {
	for _, name := range names {
		target := filepath.Join(to, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := copyFile(filepath.Join(from, filepath.FromSlash(name)), target); err != nil {
			return err
		}
		if err := os.Chtimes(target, at, at); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644|info.Mode().Perm()&0o111)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// stage copies the modules that go.sum names, packed as they were downloaded, into a folder that a go command can use as
// its only source of modules. So each rebuild unpacks them afresh, and checks each against go.sum.
func (s *Source) stage(modCache, to string) error {
	for _, sum := range s.Sums {
		rel := filepath.Join(filepath.FromSlash(escape(sum.Path)), "@v")
		if err := os.MkdirAll(filepath.Join(to, rel), 0o755); err != nil {
			return err
		}
		for _, ext := range []string{".info", ".mod", ".zip"} {
			name := filepath.Join(rel, escape(sum.Version)+ext)
			err := copyFile(filepath.Join(modCache, "cache", "download", name), filepath.Join(to, name))
			if err != nil && !errors.Is(err, fs.ErrNotExist) { // go asks for what it needs, and says what is missing
				return err
			}
		}
	}
	return nil
}

// escape writes a module path or version as the module cache does: a capital letter as "!" and the small one.
func escape(path string) string {
	var b strings.Builder
	for _, r := range path {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('!')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
