// Package flows holds the acceptance call flows as text. A flow is one txtar file: a first line that names it and its
// clause, a script, and the ladder of messages that the script must cause. The files limpid.yaml and subscribers.csv are
// those of base/ unless the flow has its own.
package flows

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

//go:embed *.txtar base
var files embed.FS

// Flow is one acceptance call flow.
type Flow struct {
	Name        string // of the file, without .txtar
	Clause      string // such as "TS 23.502 §4.2.2.2.2", or several, with commas between them
	Title       string
	Config      []byte // YAML
	Subscribers []byte // CSV
	Script      []string
	Ladder      string // expected
	// Collisions are the cells of the AMF's collision table that the flow shows, "N2 handover × path switch request".
	Collisions []string
	// OtherOrders are ladders that are as right: where messages cross on the way, either may be first.
	OtherOrders []string
	// Races says why the ladder is one of many that are right, "" if it is not: who is first depends on the machine. It is shown,
	// not compared; what the script expects, the cells, and the audit at the end are judged all the same.
	Races string
	// Crosses says what the core and the others say at the same time, "" if nothing: which is first on the way depends on the machine.
	// Each direction is compared by itself then.
	Crosses string
	// Others are further files by their names: configurations that the script puts into use, and what further cores have.
	Others map[string][]byte
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
	comment, contents := readArchive(b)
	f := Flow{Name: name}
	first, _, _ := strings.Cut(string(comment), "\n")
	var ok bool
	if f.Clause, f.Title, ok = strings.Cut(first, ": "); !ok || !strings.Contains(f.Clause, " §") {
		return f, fmt.Errorf("flow %s: the first line is %q, want clause: title", name, first)
	}
	for _, file := range contents {
		switch file.name {
		case "limpid.yaml":
			f.Config = file.data
		case "subscribers.csv":
			f.Subscribers = file.data
		case "script":
			f.Script = lines(string(file.data))
		case "ladder":
			f.Ladder = string(file.data)
		case "collisions":
			f.Collisions = lines(string(file.data))
		case "races":
			f.Races = strings.TrimSpace(string(file.data))
		case "crosses":
			f.Crosses = strings.TrimSpace(string(file.data))
		case "other order":
			f.OtherOrders = append(f.OtherOrders, string(file.data))
		default:
			if e := path.Ext(file.name); e == ".yaml" || e == ".csv" {
				if f.Others == nil {
					f.Others = make(map[string][]byte)
				}
				f.Others[file.name] = file.data
				continue
			}
			return f, fmt.Errorf("flow %s: file %q is none of limpid.yaml, subscribers.csv, script, collisions, races, crosses, ladder, other order", name, file.name)
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

// OwnConfiguration tells whether the core has to be configured as the flow says, rather than as most flows.
func (f *Flow) OwnConfiguration() bool {
	b, err := files.ReadFile("base/limpid.yaml")
	return err != nil || !bytes.Equal(b, f.Config)
}

// Clauses are the clauses that the flow shows.
func (f *Flow) Clauses() []string { return strings.Split(f.Clause, ", ") }

// misbehaving are the options of a script that make somebody break a rule.
var misbehaving = regexp.MustCompile(` (container|in-clear|mute|twice|deaf|spoil|times|refuse|early|radio-lost|vanish|as|stale)=`)

// failing are the messages that say that a procedure does not succeed.
var failing = regexp.MustCompile(`^ +\S+ +N[12] .* (\S*Reject|\S*Failure|ErrorIndication|NASNonDeliveryIndication|Status) `)

// Failure tells whether the flow shows a procedure that fails: somebody refuses, breaks a rule, is silent or is lost.
func (f *Flow) Failure() bool {
	if strings.HasSuffix(f.Name, "_no_answer") {
		return true // who is silent is in no line
	}
	for _, line := range f.Script {
		switch verbOf(line) {
		case "n4", "replay", "say", "send", "initial", "ngap", "vanish", "gsm":
			return true
		}
		if strings.Contains(line, " fails ") || misbehaving.MatchString(line) {
			return true
		}
	}
	for line := range strings.Lines(f.Ladder) {
		if failing.MatchString(strings.TrimRight(line, "\n") + " ") {
			return true
		}
	}
	return false
}

// Shows tells whether a ladder shows the flow, in any of its orders.
func (f *Flow) Shows(ladder string) bool {
	same := Same
	if f.Crosses != "" {
		same = sameDirections
	}
	return f.Races != "" || same(ladder, f.Ladder) || slices.ContainsFunc(f.OtherOrders, func(other string) bool { return same(ladder, other) })
}

// Write writes the flow as a txtar archive that holds everything, also what it has from base/.
func (f *Flow) Write(w io.Writer) error {
	list := []file{{"limpid.yaml", f.Config}, {"subscribers.csv", f.Subscribers}}
	for _, name := range slices.Sorted(maps.Keys(f.Others)) {
		list = append(list, file{name, f.Others[name]})
	}
	if len(f.Collisions) > 0 {
		list = append(list, file{"collisions", []byte(strings.Join(f.Collisions, "\n") + "\n")})
	}
	if f.Races != "" {
		list = append(list, file{"races", []byte(f.Races + "\n")})
	}
	if f.Crosses != "" {
		list = append(list, file{"crosses", []byte(f.Crosses + "\n")})
	}
	list = append(list, file{"script", []byte(strings.Join(f.Script, "\n") + "\n")}, file{"ladder", []byte(f.Ladder)})
	for _, other := range f.OtherOrders {
		list = append(list, file{"other order", []byte(other)})
	}
	_, err := w.Write(writeArchive(f.Clause+": "+f.Title+"\n\n", list...))
	return err
}
