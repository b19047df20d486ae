package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this test binary a `limpid` for the scripts, and for the processes that a demo starts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"limpid": func() { os.Exit(run()) }})
}

// TestScripts runs testdata/*.txtar: the command line as an operator sees it.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireExplicitExec: true, RequireUniqueNames: true})
}
