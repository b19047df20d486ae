package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this test binary a `limpid` for the scripts.
func TestMain(m *testing.M) {
	testscript.Main(suite{m}, map[string]func(){"limpid": func() { os.Exit(run()) }})
}

// productVariable names the binary that end to end tests run: one built as it is released, without cgo (which the race
// detector brings in, and with which a core could not give up its rights).
const productVariable = "LIMPID_TEST_PRODUCT"

func product() string { return os.Getenv(productVariable) }

type suite struct{ *testing.M }

// Run builds the product before the tests.
func (s suite) Run() int {
	dir, err := os.MkdirTemp("", "limpid-product-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary := filepath.Join(dir, "limpid")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-buildid=", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	if err := os.Setenv(productVariable, binary); err != nil {
		panic(err)
	}
	return s.M.Run()
}

// TestScripts runs testdata/*.txtar: the command line as an operator sees it.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireExplicitExec: true, RequireUniqueNames: true})
}
