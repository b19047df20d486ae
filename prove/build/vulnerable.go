package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// scanner is the folder of the module whose tool looks for known vulnerabilities, in a checkout.
const scanner = "prove/vulncheck"

// Scan looks for the known vulnerabilities of a database folder in the code that a program can call, without a network. tools
// is a checkout that has the scanner.
func (r *Result) Scan(ctx context.Context, tools, database, program string) error {
	command := []string{"go", "-C", filepath.Join(tools, filepath.FromSlash(scanner)), "tool", "govulncheck"}
	return r.scanWith(ctx, command, database, program)
}

func (r *Result) scanWith(ctx context.Context, command []string, database, program string) error {
	database, err := filepath.Abs(database)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(database, "index", "db.json")); err != nil {
		return fmt.Errorf("%s is no vulnerability database: %w", database, err)
	}
	source, err := filepath.Abs(r.Source.Dir)
	if err != nil {
		return err
	}
	args := append(slices.Clone(command[1:]), "-format", "json", "-db", fileURL(database), "-C", source, program)
	cmd := exec.CommandContext(ctx, command[0], args...)
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOWORK=off", "GOTOOLCHAIN=local", "GOFLAGS=-mod=readonly", "CGO_ENABLED=0")
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("govulncheck: %w: %s", err, lastLines(strings.TrimSpace(errOut.String())))
	}
	found, err := vulnerabilities(&out)
	if err != nil {
		return err
	}
	r.Scanned = database
	for _, f := range found {
		r.find(Vulnerable, "%s", f)
	}
	return nil
}

// vulnerabilities reads what govulncheck says: one line for each that concerns code which can be called, or a module that is
// built in.
func vulnerabilities(from io.Reader) ([]string, error) {
	type frame struct{ Module, Version, Package, Function string }
	var found []string
	for d := json.NewDecoder(from); ; {
		var message struct {
			Finding *struct {
				OSV   string
				Fixed string `json:"fixed_version"`
				Trace []frame
			}
		}
		err := d.Decode(&message)
		if errors.Is(err, io.EOF) {
			slices.Sort(found)
			return slices.Compact(found), nil
		}
		if err != nil {
			return nil, fmt.Errorf("govulncheck: %w", err)
		}
		f := message.Finding
		if f == nil || len(f.Trace) == 0 {
			continue
		}
		at := f.Trace[0]
		if at.Function == "" { // the module or package is there, and nothing of it that is vulnerable is called
			continue
		}
		fixed := "no version mends it"
		if f.Fixed != "" {
			fixed = "mended in " + f.Fixed
		}
		found = append(found, fmt.Sprintf("%s: %s@%s, %s.%s can be called; %s", f.OSV, at.Module, at.Version, at.Package, at.Function, fixed))
	}
}
