package main

import (
	"os"
	"strings"
	"testing"
)

// TestPageIsCurrent holds docs/spec-index.md against the code.
func TestPageIsCurrent(t *testing.T) {
	committed, err := os.ReadFile("../../docs/spec-index.md")
	if err != nil {
		t.Fatal(err)
	}
	page, err := Page("../..")
	if err != nil {
		t.Fatal(err)
	}
	if string(committed) != page {
		t.Error("docs/spec-index.md is not what the code says: run make spec-index")
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
