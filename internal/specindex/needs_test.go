package main

import (
	"strings"
	"testing"
)

// TestNeedsNameWhatIsThere: a line that names a flow or a test that there is not, or nothing, is refused with its number.
func TestNeedsNameWhatIsThere(t *testing.T) {
	there, tests := map[string]bool{"paging": true}, map[string]string{"TestPaging": "nf/smf/x_test.go"}
	render := func(text string, there map[string]bool, tests map[string]string) (string, error) {
		return (&needPage{file: "day.txt", text: text}).render(there, tests)
	}
	page, err := render("# note\n\n## Connection\npaging: T3513: paging TestPaging\n", there, tests)
	if err != nil {
		t.Fatal(err)
	}
	if want := "| paging: T3513 | [paging](../flows/paging.txtar), [TestPaging](../nf/smf/x_test.go) |"; !strings.Contains(page, want) {
		t.Errorf("page\n%s\nwants %s", page, want)
	}
	for text, want := range map[string]string{
		"a: paging\nb: pagging": `day.txt:2: "pagging" is no flow and no test`,
		"a: TestPagin":          `"TestPagin" is no flow and no test`,
		"only words":            "day.txt:1: want",
		"nothing shows this: ":  "nothing shows it",
	} {
		if _, err := render(text, there, tests); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}
