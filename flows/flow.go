// Package flows holds the acceptance call flows as text. A flow is one txtar file: a first line that names it and its
// clause, a script, and the ladder of messages that the script must cause. The files limpid.yaml and subscribers.csv are
// those of base/ unless the flow has its own.
package flows

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

//go:embed *.txtar base
var files embed.FS

// Flow is one acceptance call flow.
type Flow struct {
	Name        string // of the file, without .txtar
	Clause      string // such as "TS 23.502 §4.2.2.2.2"
	Title       string
	Config      []byte // YAML
	Subscribers []byte // CSV
	Script      []string
	Ladder      string // expected
}

// All returns every flow, by name.
func All() ([]Flow, error) {
	names, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var all []Flow
	for _, entry := range names {
		if path.Ext(entry.Name()) != ".txtar" {
			continue
		}
		b, err := files.ReadFile(entry.Name())
		if err != nil {
			return nil, err
		}
		f, err := Parse(strings.TrimSuffix(entry.Name(), ".txtar"), b)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b Flow) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Parse reads a flow. The error names the flow and what is wrong with it.
func Parse(name string, b []byte) (Flow, error) {
	archive := txtar.Parse(b)
	f := Flow{Name: name}
	first, _, _ := strings.Cut(string(archive.Comment), "\n")
	var ok bool
	if f.Clause, f.Title, ok = strings.Cut(first, ": "); !ok || !strings.Contains(f.Clause, " §") {
		return f, fmt.Errorf("flow %s: the first line is %q, want clause: title", name, first)
	}
	for _, file := range archive.Files {
		switch file.Name {
		case "limpid.yaml":
			f.Config = file.Data
		case "subscribers.csv":
			f.Subscribers = file.Data
		case "script":
			f.Script = lines(string(file.Data))
		case "ladder":
			f.Ladder = string(file.Data)
		default:
			return f, fmt.Errorf("flow %s: file %q is none of limpid.yaml, subscribers.csv, script, ladder", name, file.Name)
		}
	}
	if len(f.Script) == 0 {
		return f, fmt.Errorf("flow %s: no script", name)
	}
	for _, base := range []struct {
		name string
		dst  *[]byte
	}{{"base/limpid.yaml", &f.Config}, {"base/subscribers.csv", &f.Subscribers}} {
		if *base.dst != nil {
			continue
		}
		b, err := files.ReadFile(base.name)
		if err != nil {
			return f, err
		}
		*base.dst = b
	}
	return f, nil
}

func lines(s string) []string {
	var out []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}
