package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// scorecard gathers what was shown.
type scorecard struct {
	out    io.Writer
	rows   []row
	caught int
	passed []string // mutants that were not caught
}

type row struct {
	proof, shows string
	took         time.Duration
	err          error
}

// run runs a command and returns all that it said.
func run(ctx context.Context, command ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
	return string(out), err
}

// proof runs a command that ends with status 0 only if it holds, and shows what it said if it does not.
func (c *scorecard) proof(ctx context.Context, name, shows string, command ...string) {
	fmt.Fprintf(c.out, "%s: %s\n", name, strings.Join(command, " "))
	start := time.Now()
	said, err := run(ctx, command...)
	if err != nil {
		fmt.Fprintln(c.out, said)
	}
	c.rows = append(c.rows, row{name, shows, time.Since(start), err})
}

// note is a proof that was run here.
func (c *scorecard) note(name, shows string, err error) {
	if err != nil {
		fmt.Fprintln(c.out, err)
	}
	c.rows = append(c.rows, row{proof: name, shows: shows, err: err})
}

func (c *scorecard) mutant(where, name string, caught bool, said string) {
	if caught {
		c.caught++
		fmt.Fprintf(c.out, "caught  %-10s %s\n", where, name)
		return
	}
	c.passed = append(c.passed, where+": "+name)
	fmt.Fprintf(c.out, "PASSED  %-10s %s\n%s\n", where, name, said)
}

// mutated are the packages whose tests plant faults: their names begin with TestMutant.
func mutated() []string {
	return []string{"./prove/build", "./prove/reach", "./prove/verifier", "./prove/dataplane", "./prove/lockdown", "./prove/egress", "./ledger", "./cmd/limpid"}
}

// mutants runs the planted faults of the tests: a test of a mutant passes if the mutant is caught.
func (c *scorecard) mutants(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1", "-json", "-run", "^TestMutant"}, mutated()...)...)
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	said := make(map[string]string)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var event struct{ Action, Package, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &event) != nil {
			continue
		}
		key := event.Package + event.Test
		said[key] += event.Output
		_, name, isMutant := strings.Cut(event.Test, "/")
		if !isMutant || event.Action != "pass" && event.Action != "fail" {
			if event.Action == "fail" && event.Test == "" {
				c.passed = append(c.passed, event.Package+" failed")
				fmt.Fprintln(c.out, said[key])
			}
			continue
		}
		where := event.Package[strings.LastIndex(event.Package, "/")+1:]
		c.mutant(where, strings.ReplaceAll(name, "_", " "), event.Action == "pass", said[key])
	}
	if _, failed := errors.AsType[*exec.ExitError](cmd.Wait()); failed && len(c.passed) == 0 {
		c.passed = append(c.passed, "the tests of mutants: "+errOut.String())
	}
	return nil
}

// write prints the scorecard, and tells whether all is well.
func (c *scorecard) write() bool {
	well := len(c.passed) == 0 && c.caught >= leastMutants
	fmt.Fprintf(c.out, "\n%-13s %-8s %7s  %s\n", "PROOF", "RESULT", "TIME", "SHOWS THAT")
	for _, r := range c.rows {
		result := "holds"
		if r.err != nil {
			result, well = "FAILS", false
		}
		fmt.Fprintf(c.out, "%-13s %-8s %5.1f s  %s\n", r.proof, result, r.took.Seconds(), r.shows)
	}
	fmt.Fprintf(c.out, "\n%d planted faults caught by name, %d passed (at least %d must be planted)\n", c.caught, len(c.passed), leastMutants)
	for _, p := range c.passed {
		fmt.Fprintf(c.out, "PASSED: %s\n", p)
	}
	if well {
		fmt.Fprintln(c.out, "\nEvery proof holds. What each cannot show it says itself: run it alone to read that.")
	}
	return well
}
