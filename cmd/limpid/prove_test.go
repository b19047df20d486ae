package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/prove/build"
)

func TestProveBuildRefusesWhatItCannotLookAt(t *testing.T) {
	empty := t.TempDir()
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"build", "--source", empty}, "is no checkout of a Go module"},
		{[]string{"build", "--source", "../..", "--binary", filepath.Join(empty, "absent")}, "the binary to compare with"},
		{[]string{"build", "here"}, "unknown command"},
	} {
		cmd := newProveCommand()
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		cmd.SetArgs(tc.args)
		if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v: %v, want %q", tc.args, err, tc.want)
		}
	}
}

func TestNothingIsStatedAboutAReleaseThatWasNotMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sbom.json")
	if err := writeStatements(&build.Result{}, build.Release(), file, ""); err == nil {
		t.Error("a bill of materials of nothing was written")
	}
	if err := writeStatements(&build.Result{}, build.Release(), "", ""); err != nil {
		t.Error(err)
	}
}

func TestProveDataplaneOfThisBinary(t *testing.T) {
	cmd := newProveCommand()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"dataplane", "--built-only"})
	if err := cmd.ExecuteContext(t.Context()); err != nil || !strings.Contains(out.String(), "PROVEN.") || !strings.Contains(out.String(), "limpid_n3n6") {
		t.Errorf("%v\n%s", err, &out)
	}
}
