// Command modules writes docs/modules.md, the table of every module of others in the binary: why it is there, its licence,
// its size, and what it can get hold of; and what the tests hold our own packages against.
//
//	go run ./internal/modules > docs/modules.md
//	go run ./internal/modules -allowance > prove/allowance.txt
//	go run ./internal/modules -toolchain DIR -version go1.26.8 -platform linux/amd64 # lines for prove/build/toolchain.sum
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/limpid-5g/limpid/prove/build"
	"github.com/limpid-5g/limpid/prove/reach"
)

// program is what the binary is made of.
const program = "./cmd/limpid"

func main() {
	root := flag.String("root", ".", "the checkout")
	allowance := flag.Bool("allowance", false, "write what our own packages hold now, as an allowance")
	toolchain := flag.String("toolchain", "", "write the pins of the Go toolchain module unpacked in this folder")
	version := flag.String("version", "", "with -toolchain: its version, such as go1.26.8")
	platform := flag.String("platform", "", "with -toolchain: its platform, such as linux/amd64")
	flag.Parse()
	var err error
	switch {
	case *toolchain != "":
		err = pins(os.Stdout, *toolchain, *version, *platform)
	case *allowance:
		err = writeAllowance(os.Stdout, *root)
	default:
		err = writeTable(os.Stdout, *root)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "modules:", err)
		os.Exit(1)
	}
}

func pins(w io.Writer, dir, version, platform string) error {
	if version == "" || platform == "" {
		return errors.New("-toolchain needs -version and -platform")
	}
	lines, err := build.Pins(dir, version, platform)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, lines)
	return err
}

func examine(root string) (*reach.Report, error) {
	g, err := reach.List(context.Background(), root, program)
	if err != nil {
		return nil, err
	}
	return reach.Examine(g)
}

func writeAllowance(w io.Writer, root string) error {
	r, err := examine(root)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, r.Format())
	return err
}

func writeTable(w io.Writer, root string) error {
	r, err := examine(root)
	if err != nil {
		return err
	}
	reasons, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	if err != nil {
		return err
	}
	table, err := sourceTable(r, string(reasons))
	if err != nil {
		return err
	}
	reached, err := reachedTable(r, r.Graph.Main+strings.TrimPrefix(program, "."))
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, table+reached)
	return err
}
