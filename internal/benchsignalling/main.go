// Command benchsignalling measures what one registration with one PDU session costs a core: it makes two network
// namespaces, runs `limpid core` in one and `limpid ran load` in the other, and reads the core's CPU time and memory from
// the outside. UEs conceal their identity with Profile A, authenticate by 5G-AKA and use NEA2 and NIA2; N2 is SCTP and N4
// is PFCP over UDP, both through the kernel's sockets. Beside it stands a floor measured in the same run: the
// cryptography and the system calls alone. It needs root.
//
//	go build -o bin/limpid ./cmd/limpid && go run ./internal/benchsignalling -limpid bin/limpid
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/limpid-5g/limpid/internal/lab"
	"github.com/limpid-5g/limpid/internal/profiled"
)

// options are the choices of a measurement.
type options struct {
	limpid   string // the binary
	profile  string // file for a profile of the core, empty: none
	kind     string // of profile
	ues      int    // of each run
	runs     int    // at saturation
	warmUp   int    // UEs that register before anything is measured
	gnbs     int
	inFlight int // procedures that run at the same time at saturation
	sctp     string
	soak     time.Duration
	without  []string      // keys of the configuration that say how the core is kept in, which are turned off
	divided  bool          // into processes
	fullOnly bool          // nothing at half load
	rate     float64       // of the run at half load, registrations with session per second; 0: half of what a processor does
	apart    bool          // core and load have a processor each
	backOff  time.Duration // T3346; 0: as generated
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) == 5 && os.Args[1] == profiled.Role {
		exit(profiled.Core(ctx, os.Args[2], os.Args[3], os.Args[4]))
	}
	var o options
	flag.StringVar(&o.limpid, "limpid", "bin/limpid", "the binary to measure")
	flag.StringVar(&o.profile, "profile", "", "file for a profile of a core of the same sources, taken in runs of their own; FILE.2 is that of half load")
	flag.StringVar(&o.kind, "profile-kind", profiled.CPU, "what -profile is: cpu, trace, or allocs of everything together")
	flag.IntVar(&o.ues, "ues", 4000, "UEs of each run")
	flag.IntVar(&o.runs, "runs", 5, "runs at saturation")
	flag.IntVar(&o.warmUp, "warm-up", 1000, "UEs that register before anything is measured")
	flag.IntVar(&o.gnbs, "gnbs", 8, "gNBs")
	flag.IntVar(&o.inFlight, "in-flight", 64, "procedures that run at the same time at saturation")
	flag.StringVar(&o.sctp, "sctp", "raw", "what carries SCTP: raw, udp or kernel")
	flag.BoolVar(&o.apart, "pin", false, "give the core and the load a processor each, so that neither waits for the other")
	cost := flag.Bool("cost", false, "measure what lockdown and egress cost, each against a core without them in turns")
	rounds := flag.Int("rounds", 6, "rounds of -cost")
	flag.DurationVar(&o.soak, "soak", 0, "instead: this long at 30 % load, with memory and goroutines as a series")
	flag.Float64Var(&o.rate, "rate", 0, "registrations with session per second of the run at half load; 0: half of what the core does with one processor's time")
	overload := flag.Bool("overload", false, "instead: two and a half times what the core can do, and half of it afterwards")
	shares := flag.String("shares", "", "instead: the share of each part in a CPU profile that was taken before")
	flag.Parse()
	switch {
	case *shares != "":
		exit(writeShares(ctx, os.Stdout, *shares))
	case o.soak > 0:
		exit(o.runSoak(ctx, os.Stdout))
	case *overload:
		exit(o.runOverload(ctx, os.Stdout))
	}
	if *cost {
		exit(o.costs(ctx, os.Stdout, *rounds))
	}
	exit(o.run(ctx, os.Stdout))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchsignalling:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// maxUEs is bounded by the pool of addresses.
const maxUEs = 60_000

func (o *options) check() error {
	switch {
	case o.ues < 1 || o.runs < 1 || o.warmUp < 1 || o.gnbs < 1 || o.inFlight < 1:
		return errors.New("every number must be 1 or more")
	case o.runs > maxUEs || o.ues > maxUEs || o.warmUp > maxUEs || o.total() > maxUEs:
		return fmt.Errorf("more than %d UEs in all: fewer runs or UEs, please", maxUEs)
	}
	limpid, err := filepath.Abs(o.limpid)
	if err != nil {
		return err
	}
	o.limpid = limpid
	_, err = os.Stat(limpid)
	return err
}

// total is how many subscribers a measurement needs: one run more at half load.
func (o *options) total() int { return o.warmUp + (o.runs+1)*o.ues }

func (o *options) run(ctx context.Context, out io.Writer) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	floor, err := measureFloor()
	if err != nil {
		return err
	}
	plain := *o
	plain.profile = ""
	m, err := plain.measure(ctx, o.limpid, "core", "--config")
	if err != nil {
		return err
	}
	m.write(out, floor)
	if o.profile == "" {
		fmt.Fprintln(out, "no CPU profile asked for (-profile): limpid core itself has no profiler")
		return nil
	}
	file, err := filepath.Abs(o.profile)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	p := &options{limpid: o.limpid, ues: o.ues, runs: o.runs, warmUp: o.warmUp, gnbs: o.gnbs, inFlight: o.inFlight, sctp: o.sctp, apart: o.apart, rate: o.rate}
	if o.kind != profiled.Allocs {
		p.profile = file
	}
	m, err = p.measure(ctx, self, profiled.Role, o.kind, file)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s profile of the core in %s, taken in other runs of the same sources: %.3f ms per registration with session\n",
		o.kind, file, m.cost().Seconds()*1000)
	return nil
}

// measure runs a core, which is what `binary args... config` starts, and its load.
func (o *options) measure(ctx context.Context, binary string, args ...string) (m *measurement, err error) {
	err = o.with(ctx, func(l *lab.Lab, s *system, c *lab.Process) error {
		m, err = o.load(ctx, l, s, c)
		return err
	}, binary, args...)
	return m, err
}

// with starts a core for f.
func (o *options) with(ctx context.Context, f func(*lab.Lab, *system, *lab.Process) error, binary string, args ...string) (err error) {
	dir, err := os.MkdirTemp("", "limpid-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := newSystem(dir, o)
	if err != nil {
		return err
	}
	l, err := lab.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if o.apart {
		if err := keepApart(l); err != nil {
			return err
		}
	}
	c, err := lab.StartCore(ctx, l, dir, binary, append(args, s.config))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	return f(l, s, c)
}

// load puts the core under load: first to warm it up, then at saturation, and at last at half of that.
func (o *options) load(ctx context.Context, l *lab.Lab, s *system, c *lab.Process) (*measurement, error) {
	m := &measurement{options: *o}
	if _, err := o.once(ctx, l, s, c, o.warmUp, saturated); err != nil {
		return nil, fmt.Errorf("warm-up: %w", err)
	}
	before, err := c.Memory()
	if err != nil {
		return nil, err
	}
	for i := range o.runs {
		r, err := o.once(ctx, l, s, c, o.ues, saturated)
		if err != nil {
			return nil, fmt.Errorf("run %d: %w", i+1, err)
		}
		m.runs = append(m.runs, r)
	}
	if o.fullOnly {
		return m, nil
	}
	if o.profile != "" {
		if err := c.Signal(ctx, syscall.SIGUSR1, o.profile); err != nil {
			return nil, err
		}
	}
	// Two procedures for each pair, at half the pairs per second.
	if m.half, err = o.once(ctx, l, s, c, o.ues, 2*m.halfLoad()); err != nil {
		return nil, fmt.Errorf("half load: %w", err)
	}
	after, err := c.Memory()
	if err != nil {
		return nil, err
	}
	m.memory = float64(after-before) / float64((o.runs+1)*o.ues)
	return m, nil
}

// saturated is a rate that no core keeps up with: what runs is bounded by -in-flight alone.
const saturated = 1e6

// runTime bounds a run.
const runTime = 10 * time.Minute
