package arch

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestDecisionsHaveOneNumberEach: a decision is found by its number, which its file and its title share.
func TestDecisionsHaveOneNumberEach(t *testing.T) {
	const dir = "../../docs/adr/"
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 10 {
		t.Fatalf("%d decisions, %v", len(files), err)
	}
	name := regexp.MustCompile(`^(\d{4})-[a-z0-9-]+\.md$`)
	taken := make(map[string]string)
	for _, f := range files {
		m := name.FindStringSubmatch(f.Name())
		if m == nil {
			t.Errorf("%s: want NNNN-name.md", f.Name())
			continue
		}
		if other, there := taken[m[1]]; there {
			t.Errorf("%s and %s have one number: the later takes the next free one", other, f.Name())
		}
		taken[m[1]] = f.Name()
		text, err := os.ReadFile(dir + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		n, _ := strconv.Atoi(m[1])
		if title, _, _ := strings.Cut(string(text), "\n"); !strings.HasPrefix(title, "# "+strconv.Itoa(n)+". ") {
			t.Errorf("%s begins with %q, want \"# %d. \" and its title", f.Name(), title, n)
		}
	}
}
