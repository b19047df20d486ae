package main

import (
	"os"
	"strings"
	"testing"
)

// TestPagesAreCurrent holds the generated pages against the code and the flows.
func TestPagesAreCurrent(t *testing.T) {
	for file, page := range pages() {
		committed, err := os.ReadFile("../../docs/" + file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := page("../..")
		if err != nil {
			t.Fatal(err)
		}
		if string(committed) != want {
			t.Errorf("docs/%s is not what the code says: run make spec-index", file)
		}
	}
}

// TestBest: a clause belongs to the procedure that names it or the nearest clause above it, and to no other.
func TestBest(t *testing.T) {
	rows := []*row{
		{procedure: procedure{"a", []string{"TS 24.501 §5.4", "TS 23.502 §4.2.2"}}},
		{procedure: procedure{"b", []string{"TS 24.501 §5.4.1"}}},
		{procedure: procedure{"c", []string{"TS 24.501 §5.4.10"}}},
	}
	for clause, want := range map[string]string{
		"TS 24.501 §5.4": "a", "TS 24.501 §5.4.1.3.7": "b", "TS 24.501 §5.4.10": "c", "TS 24.501 §5.4.2": "a", "TS 23.502 §4.2.2.1": "a",
		"TS 24.501 §5": "", "TS 38.413 §5.4": "",
	} {
		got := ""
		for _, r := range best(rows, []string{clause}) {
			got += r.title
		}
		if got != want {
			t.Errorf("%s belongs to %q, want %q", clause, got, want)
		}
	}
}

// TestMissing: what a procedure lacks stands on the page.
func TestMissing(t *testing.T) {
	r := row{code: []string{"x"}}
	if got := r.missing(); got != "good flow, failure flows" {
		t.Errorf("missing %q", got)
	}
	page := renderCompliance(nil, map[string][]*row{"N2": {{procedure: procedure{title: "Nothing"}}}}, nil, 0)
	if !strings.Contains(page, "| Nothing |  |  |  |  | **code, good flow, failure flows** |") {
		t.Error("a procedure without anything is not marked")
	}
}

// TestAnswered: a procedure that is not offered owes its answer all the same, and one for errors no good flow.
func TestAnswered(t *testing.T) {
	not := row{procedure: procedure{title: "Notification"}, fail: []string{"f"}}
	if got := not.missing(); got != "code" {
		t.Errorf("not offered: missing %q", got)
	}
	page := renderCompliance(nil, map[string][]*row{"Connection and reachability": {&not}}, nil, 0)
	if !strings.Contains(page, "| not offered: it brings ") {
		t.Error("that it is not offered is not said")
	}
	errors := row{procedure: procedure{title: "5GSM status"}, code: []string{"x"}}
	if got := errors.missing(); got != "failure flows" {
		t.Errorf("for errors: missing %q", got)
	}
	named := 0
	for _, g := range procedures() {
		for _, p := range g.procedures {
			if p.notOffered() != "" || p.onlyErrors() {
				named++
			}
		}
	}
	if named < 6 {
		t.Errorf("only %d procedures of those that are named apart are in the table", named)
	}
}

// TestEveryClauseHasATest: a clause that is cited in code and that no test cites or names leads nowhere.
func TestEveryClauseHasATest(t *testing.T) {
	page, err := Page("../..")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	document := ""
	for line := range strings.SplitSeq(page, "\n") {
		document, _ = strings.CutPrefix(line, "## ")
		if !strings.HasPrefix(line, "| §") {
			continue
		}
		rows++
		cells := strings.Split(line, " | ")
		if len(cells) != 3 || strings.Trim(cells[2], " |") == "" {
			t.Errorf("%s no test: %s", document, line)
		}
	}
	if rows < 100 {
		t.Fatalf("only %d clauses found", rows)
	}
}

func TestClausesIn(t *testing.T) {
	got := clausesIn("see TS 23.502 §4.2.2.2.2, TS\n24.501 §5.5.1.2.8 b) and TS 33.501 §A.8. RFC 9260 §5.1; TS 24.501 §5.3.9.")
	want := "TS 23.502 §4.2.2.2.2|TS 24.501 §5.5.1.2.8|TS 33.501 §A.8|RFC 9260 §5.1|TS 24.501 §5.3.9"
	if strings.Join(got, "|") != want {
		t.Errorf("got %q", got)
	}
}
