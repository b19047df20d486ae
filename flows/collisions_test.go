package flows

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/core"
)

// TestCollisions: every cell of the AMF's collision table has a flow that shows it, and TestFlows sees to it that it does.
func TestCollisions(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	shown := make(map[string]bool)
	for _, f := range all {
		for _, cell := range f.Collisions {
			shown[cell] = true
		}
	}
	known := make(map[string]bool)
	missing := 0
	for _, c := range core.Collisions() {
		known[c.String()] = true
		if !shown[c.String()] {
			missing++
			t.Errorf("no flow shows %s: %s", c, c.Decision)
		}
	}
	for cell := range shown {
		if !known[cell] {
			t.Errorf("a flow shows %q, which is no cell of the table", cell)
		}
	}
	t.Logf("%d cells, %d without a flow", len(known), missing)
}

// writeCollisions puts all that took place into a flow that names collisions.
func writeCollisions(t *testing.T, f *Flow, c *collisions) {
	t.Helper()
	name := f.Name + ".txtar"
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte("-- collisions --\n")) {
		return
	}
	known := make(map[string]bool)
	for _, k := range core.Collisions() {
		known[k.String()] = true
	}
	var list []string
	for _, cell := range slices.Sorted(maps.Keys(c.cells)) {
		if known[cell] {
			list = append(list, cell)
		} else {
			t.Logf("%s: %s took place, which is no cell of the table", f.Name, cell)
		}
	}
	f.Collisions = list
	comment, files := readArchive(b)
	for i := range files {
		if files[i].name == "collisions" {
			files[i].data = []byte(strings.Join(list, "\n") + "\n")
		}
	}
	if err := os.WriteFile(name, writeArchive(string(comment), files...), 0o644); err != nil {
		t.Fatal(err)
	}
}
