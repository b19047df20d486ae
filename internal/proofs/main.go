// Command proofs is `make prove`: it starts a core with phones in namespaces of its own, runs every proof against it, then
// plants faults and wants each to be caught by name, and prints a scorecard. It ends with status 0 only if every proof holds
// and no mutant passes. It needs root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// leastMutants is how many planted faults there must be at least.
const leastMutants = 20

func main() {
	limpid := flag.String("limpid", "bin/limpid", "the binary")
	quick := flag.Bool("quick", false, "leave out the two rebuilds of the release, which take minutes")
	vulndb := flag.String("vulndb", "", "a copy of the Go vulnerability database")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	card := &scorecard{out: os.Stdout}
	if err := prove(ctx, card, *limpid, *vulndb, *quick); err != nil {
		fmt.Fprintln(os.Stderr, "proofs:", err)
		os.Exit(1)
	}
	if !card.write() {
		os.Exit(1)
	}
}

func prove(ctx context.Context, card *scorecard, limpid, vulndb string, quick bool) error {
	limpid, err := filepath.Abs(limpid)
	if err != nil {
		return err
	}
	if !quick {
		args := []string{"prove", "build"}
		if vulndb != "" {
			args = append(args, "--vulndb", vulndb)
		}
		card.proof(ctx, "build", "the binary and its eBPF objects are what this source gives", append([]string{limpid}, args...)...)
	}
	card.proof(ctx, "modules", "third-party modules and what our packages reach are as written down", "go", "test", "-count=1", "./internal/modules")
	card.proof(ctx, "interception", "the table of functions holds no code for it", "go", "test", "-count=1", "-run", "TestNoInterception", "./cmd/limpid")
	if err := live(ctx, card, limpid); err != nil {
		return err
	}
	return card.mutants(ctx)
}

// live runs the proofs against a core with phones, and plants faults beside it.
func live(ctx context.Context, card *scorecard, limpid string) (err error) {
	lab, err := newLab(ctx, limpid)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lab.close()) }()
	if err := lab.start(ctx, ""); err != nil {
		return err
	}
	card.note("phones", "three phones register and reach the data network under lockdown and egress", lab.phones(ctx))
	card.proof(ctx, "dataplane", "the programs on the interface are the built ones, and nobody else is in the way", lab.inCore(lab.dataplane()...)...)
	card.proof(ctx, "lockdown", "the running core is refused every act that it does not need", lab.inCore(lab.lockdown()...)...)
	card.proof(ctx, "egress", "the core's control group reaches nobody but declared peers", lab.inCore(lab.egress()...)...)
	card.note("phones", "three phones register and reach the data network after all that", lab.phones(ctx))

	if err := plant(ctx, card, lab, []fault{
		{"a packet socket beside the running core", "foreign socket", lab.packetSocket, lab.dataplane},
		{"a firewall rule that copies what the running core sends", "foreign rule", lab.copyingRule, lab.dataplane},
		{"the program at work is replaced by one with another instruction", "program differs", lab.changedProgram, lab.dataplane},
		{"a foreign program in the running core's control group", "foreign program", lab.foreignProgram, lab.dataplane},
		{"the running core's policy is taken off its control group", "egress_packet is 0 times", lab.restarted(ctx, "egress: {mode: off}"), lab.egress},
		{"a core that keeps its rights", "ALLOWED", lab.restarted(ctx, "lockdown: off"), lab.lockdown},
	}); err != nil {
		return err
	}
	return divided(ctx, card, lab)
}

// divided runs the proofs against the same core as a loader and its processes.
func divided(ctx context.Context, card *scorecard, lab *lab) error {
	if err := lab.divide(ctx); err != nil {
		return err
	}
	card.note("phones", "divided into processes: three phones register and reach the data network", lab.phones(ctx))
	card.proof(ctx, "dataplane", "divided: the programs are the built ones, and nobody else is in the way of any process", lab.inCore(lab.dataplane()...)...)
	card.proof(ctx, "lockdown", "divided: loader, control plane, user plane and ledger are each refused what they do not need", lab.inCore(lab.lockdown()...)...)
	card.proof(ctx, "egress", "divided: each process reaches nobody but its own declared peers", lab.inCore(lab.egress()...)...)
	card.note("processes", "divided: each process is killed and comes back, and phones get through", lab.killed(ctx))
	card.proof(ctx, "lockdown", "divided: those that came back are locked down as before", lab.inCore(lab.lockdown()...)...)
	card.proof(ctx, "ledger", "divided: no record of the ledger was changed, taken out or put in", lab.ledger()...)
	return plant(ctx, card, lab, []fault{
		{"a record in the running core's ledger is changed", "a record was changed", lab.changedRecord, lab.ledger},
		{"a foreign program in the control group of one process", "foreign program", lab.foreignProgram, lab.dataplane},
		{"the program at work is replaced while the core is divided", "program differs", lab.changedProgram, lab.dataplane},
	})
}

// fault is planted beside a running core, and caught by a command that says its name.
type fault struct {
	name, says string
	plant      func() (func() error, error)
	command    func() []string
}

func plant(ctx context.Context, card *scorecard, lab *lab, faults []fault) error {
	for _, m := range faults {
		undo, err := m.plant()
		if err != nil {
			return fmt.Errorf("planting %q: %w", m.name, err)
		}
		out, failed := run(ctx, lab.inCore(m.command()...)...)
		card.mutant("live", m.name, failed != nil && strings.Contains(out, m.says), out)
		if err := undo(); err != nil {
			return fmt.Errorf("after %q: %w", m.name, err)
		}
	}
	return nil
}

// patience bounds one command of a proof.
const patience = 20 * time.Minute
