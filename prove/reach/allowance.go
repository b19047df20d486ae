package reach

import (
	"fmt"
	"slices"
	"strings"
)

// Allowed is what a package of the house may get hold of.
type Allowed struct{ Own, Through Capability }

// Allowance says it for each package, by its folder ("." is the module's root).
type Allowance map[string]Allowed

const header = `# What each package of the binary may get hold of. internal/modules holds this list against the source: a package that
# takes more fails the build. "own" is what its own source takes; "through" is what it could reach out with through the
# packages that it imports, ours and others'. network: opens sockets. files: opens files by name. exec: starts programs.
# syscall: system calls that could be any. Then unsafe, assembly, linkname, cgo. "-" is nothing.
# Written by: go run ./internal/modules -allowance. Each line that grows needs a reason in the commit.
`

// Parse reads an allowance: lines of `folder | own | through`, and comments.
func Parse(text string) (Allowance, error) {
	a := make(Allowance)
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "|")
		if len(fields) != 3 {
			return nil, fmt.Errorf("allowance line %d: want `folder | own | through`, got %q", i+1, line)
		}
		folder := strings.TrimSpace(fields[0])
		if _, twice := a[folder]; twice || folder == "" {
			return nil, fmt.Errorf("allowance line %d: folder %q is empty or there twice", i+1, folder)
		}
		var allowed Allowed
		for n, to := range []*Capability{&allowed.Own, &allowed.Through} {
			c, err := parseSet(fields[n+1])
			if err != nil {
				return nil, fmt.Errorf("allowance line %d: %w", i+1, err)
			}
			*to = c
		}
		a[folder] = allowed
	}
	return a, nil
}

func parseSet(text string) (Capability, error) {
	var c Capability
	for _, name := range strings.Fields(text) {
		i := slices.Index(names, name)
		switch {
		case i >= 0:
			c |= 1 << i
		case name != "-":
			return 0, fmt.Errorf("no such capability %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	return c, nil
}

// Format writes what the packages of the house hold now as an allowance.
func (r *Report) Format() string {
	var b strings.Builder
	b.WriteString(header)
	for _, h := range r.House() {
		fmt.Fprintf(&b, "%-28s | %-48v | %v\n", r.folder(h.Path), h.Own, h.Through)
	}
	return b.String()
}

func (r *Report) folder(path string) string {
	if path == r.Graph.Main {
		return "."
	}
	return strings.TrimPrefix(path, r.Graph.Main+"/")
}

// Violation is one capability that a package holds and may not, or may and does not hold.
type Violation struct {
	Folder     string
	Capability Capability
	Text       string
}

// Check holds the packages of the house against the allowance, both ways: what is held must be allowed, and what is
// allowed must be held, so that nobody keeps a right which it no longer needs.
func (r *Report) Check(a Allowance) []Violation {
	var found []Violation
	seen := make(map[string]bool)
	for _, h := range r.House() {
		folder := r.folder(h.Path)
		seen[folder] = true
		allowed, listed := a[folder]
		if !listed {
			found = append(found, Violation{folder, h.Own | h.Through, folder + " is not in the allowance"})
		}
		for bit, name := range names {
			c := Capability(1) << bit
			switch {
			case h.Own&c != 0 && allowed.Own&c == 0:
				use, _ := h.First(c)
				found = append(found, Violation{folder, c, fmt.Sprintf("%s newly takes %s: %s/%v", folder, name, folder, use)})
			case h.Own&c == 0 && h.Through&c != 0 && (allowed.Through|allowed.Own)&c == 0:
				found = append(found, Violation{folder, c, fmt.Sprintf("%s newly reaches %s: %s", folder, name, r.Path(h.Path, c))})
			case (allowed.Own&^h.Own)&c != 0, (allowed.Through&^h.Through)&c != 0:
				found = append(found, Violation{folder, c, fmt.Sprintf("%s is allowed %s and no longer holds it: take it off the list", folder, name)})
			}
		}
	}
	for folder := range a {
		if !seen[folder] {
			found = append(found, Violation{folder, 0, folder + " is in the allowance and not in the binary"})
		}
	}
	slices.SortFunc(found, func(a, b Violation) int { return strings.Compare(a.Text, b.Text) })
	return found
}
