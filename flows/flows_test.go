package flows

import (
	"bytes"
	"flag"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
)

var rewrite = flag.Bool("rewrite", false, "write the ladders that the flows cause into their files")

// TestFlows plays every flow in virtual time and compares its ladder with the expected one.
func TestFlows(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("only %d flows", len(all))
	}
	for _, f := range all {
		t.Run(f.Name, func(t *testing.T) { playFlow(t, &f) })
	}
}

func playFlow(t *testing.T, f *Flow) {
	dir := folder(t)
	var log bytes.Buffer
	var got string
	seen := noteCollisions(slog.NewTextHandler(&log, nil))
	synctest.Test(t, func(t *testing.T) {
		s, err := newStage(f, dir, slog.New(seen), synctest.Wait)
		if err != nil {
			t.Fatal(err)
		}
		got, err = s.play(f.Script)
		if err != nil {
			t.Errorf("%v\n%s", err, got)
		}
		if err := s.audit(t.Context()); err != nil {
			t.Errorf("left behind: %v", err)
		}
		if err := s.close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	switch {
	case t.Failed():
		t.Logf("log:\n%s", log.String())
	case *rewrite:
		writeLadder(t, f, got)
		writeCollisions(t, f, seen)
	case !f.Shows(got):
		t.Errorf("ladder differs (run with -rewrite to accept it)\ngot:\n%s\nwant:\n%s\nlog:\n%s", got, f.Ladder, log.String())
	}
	if err := seen.judge(f); err != nil {
		t.Error(err)
	}
}

func writeLadder(t *testing.T, f *Flow, ladder string) {
	t.Helper()
	name := f.Name + ".txtar"
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	comment, files := readArchive(b)
	files = slices.DeleteFunc(files, func(f file) bool { return f.name == "ladder" })
	files = append(files, file{"ladder", []byte(ladder)})
	if err := os.WriteFile(name, writeArchive(string(comment), files...), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestParseRefuses: a flow that says less than it must is an error.
func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "no clause\n-- script --\nwait 1s\n", "TS 23.502 §4.2.6: no script\n", "TS 23.502 §4.2.6: odd\n-- other --\n"} {
		if _, err := Parse("bad", []byte(text)); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

// TestSame: parties may run ahead of each other, and nothing else may differ.
func TestSame(t *testing.T) {
	const a = "# register u1\n 0.000 N1 AMF -> UE 1 Reject\n 0.000 N4 SMF -> UPF Deletion\n 0.000 N4 UPF -> SMF Done\n"
	const swapped = "# register u1\n 0.000 N4 SMF -> UPF Deletion\n 0.000 N4 UPF -> SMF Done\n 0.000 N1 AMF -> UE 1 Reject\n"
	const wrong = "# register u1\n 0.000 N1 AMF -> UE 1 Reject\n 0.000 N4 UPF -> SMF Done\n 0.000 N4 SMF -> UPF Deletion\n"
	const less = "# register u1\n 0.000 N4 SMF -> UPF Deletion\n 0.000 N4 UPF -> SMF Done\n"
	if !Same(a, swapped) {
		t.Error("parties that run ahead of each other differ")
	}
	if Same(a, wrong) || Same(a, less) || Same(less, a) {
		t.Error("an order that matters, or a missing arrow, goes unnoticed")
	}
	const twice = "# register u1\n 0.000 N1 AMF -> UE 1 Reject\n 0.000 N4 SMF -> UPF Deletion\n 0.000 N4 SMF -> UPF Again\n 0.000 N4 UPF -> SMF Done\n"
	const turned = "# register u1\n 0.000 N1 AMF -> UE 1 Reject\n 0.000 N4 SMF -> UPF Again\n 0.000 N4 SMF -> UPF Deletion\n 0.000 N4 UPF -> SMF Done\n"
	const reported = "# wait\n 0.000 N4 UPF -> SMF PFCP Session Report Request SEID=#1\n 0.000 N4 SMF -> UPF PFCP Session Report Response SEID=#1\n 0.000 N4 SMF -> UPF PFCP Session Modification Request SEID=#1\n"
	const later = "# wait\n 0.000 N4 UPF -> SMF PFCP Session Report Request SEID=#1\n 0.000 N4 SMF -> UPF PFCP Session Modification Request SEID=#1\n 0.000 N4 SMF -> UPF PFCP Session Report Response SEID=#1\n"
	const early = "# wait\n 0.000 N4 SMF -> UPF PFCP Session Modification Request SEID=#1\n 0.000 N4 UPF -> SMF PFCP Session Report Request SEID=#1\n 0.000 N4 SMF -> UPF PFCP Session Report Response SEID=#1\n"
	if !Same(reported, later) || Same(reported, early) {
		t.Error("the answer to a report holds up what the report starts, or that may come before the report")
	}
	crossing := Flow{Ladder: a, Crosses: "deletion and answer"}
	if !crossing.Shows(wrong) {
		t.Error("messages that cross differ")
	}
	if crossing.Ladder = twice; crossing.Shows(turned) || crossing.Shows(a) {
		t.Error("an order of one direction, or a missing arrow, goes unnoticed")
	}
}

// TestWrite: what Write writes is the same flow to Parse.
func TestWrite(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		var b bytes.Buffer
		if err := f.Write(&b); err != nil {
			t.Fatal(err)
		}
		again, err := Parse(f.Name, b.Bytes())
		if err != nil || !reflect.DeepEqual(again, f) {
			t.Errorf("%s: written and read it is another flow: %v", f.Name, err)
		}
	}
}
