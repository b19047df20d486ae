package xdp

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestUserPlanePage holds docs/userplane.md to the code: the lists of what is left to user space are those of Reason and Pass, and each
// test that it names exists.
func TestUserPlanePage(t *testing.T) {
	const root = "../../.."
	b, err := os.ReadFile(filepath.Join(root, "docs/userplane.md"))
	check(t, err)
	page := string(b)
	var why, passed []string
	for r := range reasons {
		if r != 0 {
			why = append(why, r.String())
		}
	}
	for r := range passReasons {
		passed = append(passed, r.String())
	}
	for title, want := range map[string][]string{"## Tunnels and addresses that XDP leaves to Go": why, "## Packets that XDP leaves to Go": passed} {
		_, section, ok := strings.Cut(page, title+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		var got []string
		for _, row := range regexp.MustCompile(`(?m)^\| ([^|]+) \|`).FindAllStringSubmatch(section, -1) {
			if row[1] != "reason" {
				got = append(got, row[1])
			}
		}
		if !ok || !slices.Equal(got, want) {
			t.Errorf("%s\ngot  %q\nwant %q", title, got, want)
		}
	}
	defined := map[string]bool{}
	check(t, filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		source, err := os.ReadFile(file)
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllSubmatch(source, -1) {
			defined[string(m[1])] = true
		}
		return err
	}))
	for _, name := range regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w+`).FindAllString(page, -1) {
		if !defined[name] {
			t.Errorf("the page names %s, which does not exist", name)
		}
	}
}
