package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/ran"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/load"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// loadFlags are the flags of `limpid ran load`: those of the gNB and of the UEs are those of `limpid ran`.
type loadFlags struct {
	ranFlags
	gnbs           int
	rate           float64
	mix            string
	inFlight       int
	ignoreOverload bool
	timeout        time.Duration
	inactivity     time.Duration
	stay           time.Duration
	alwaysSUCI     bool
	jsonFile       string
	htmlFile       string
	maxErrors      float64
}

// newRANLoadCommand is `limpid ran load`: a load generator for any core.
func newRANLoadCommand() *cobra.Command {
	f := loadFlags{ranFlags: ranFlags{noTUN: true}}
	cmd := &cobra.Command{
		Use:   "load --amf ADDRESS --plmn PLMN --imsi IMSI --key K --opc OPC --gnbs G --ues N --rate R --mix attach,session",
		Short: "Put a 5G core under load and measure its latencies",
		Long: "Put a 5G core under load with many gNBs and UEs, signalling only. Procedures fall due at the given rate, however\n" +
			"slow the core is, and a latency counts from when its procedure was due. The mix gives each procedure a weight:\n" +
			"attach, session, service-request and detach. If no UE can do the one whose turn it is, one that brings a UE nearer\n" +
			"to it takes the turn; UEs that may do a service request next are released first, which is shown as an-release.\n" +
			"A mix without service-request and detach ends when every UE has what it gives. UEs stay registered at the end.\n" +
			"The exit status is 0 if at most the share --max-errors of the procedures failed, never started, or was taken back by\n" +
			"the network (a registration or session lost again).",
		Example: "  limpid ran load --amf 10.0.0.1 --plmn 00101 --subscribers subscribers.csv --gnbs 10 --ues 20000 --rate 500 \\\n" +
			"      --mix attach=1,session=1,service-request=5,handover=2,detach=1 --duration 5m --html load.html",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f.network(cmd)
	f.declare(cmd)
	return cmd
}

func (f *loadFlags) declare(cmd *cobra.Command) {
	s := cmd.Flags()
	s.IntVar(&f.gnbs, "gnbs", 1, "how many gNBs; their identities follow --gnb-id")
	s.IntVar(&f.count, "ues", 1000, "how many UEs")
	s.Float64Var(&f.rate, "rate", 100, "procedures that fall due per second")
	s.StringVar(&f.mix, "mix", "attach,session", "weights of attach, session, service-request, handover and detach")
	s.DurationVar(&f.duration, "duration", time.Minute, "how long procedures fall due")
	s.IntVar(&f.inFlight, "in-flight", 0, "bound of the procedures that run at the same time (default: none)")
	s.DurationVar(&f.timeout, "timeout", 20*time.Second, "how long a procedure may take")
	s.DurationVar(&f.inactivity, "inactivity", 100*time.Millisecond, "how long a UE is connected before it is released for a service request")
	s.BoolVar(&f.ignoreOverload, "ignore-overload", false, "gNBs send on what an overloaded AMF asks them to keep away")
	s.DurationVar(&f.stay, "stay", 0, "how long the gNBs stay at the end; negative: until interrupted")
	s.BoolVar(&f.alwaysSUCI, "always-suci", false, "UEs forget 5G-GUTI and keys before each registration")
	s.StringVar(&f.jsonFile, "json", "", "file for the report as JSON, - for standard output")
	s.StringVar(&f.htmlFile, "html", "", "file for the report as a page with plots")
	s.Float64Var(&f.maxErrors, "max-errors", 0, "share of procedures that may fail, 0 to 1")
	s.StringVar(&f.first.IMSI, "imsi", "", "IMSI of the first UE; the others follow")
	s.StringVar(&f.first.Key, "key", "", "K in hexadecimal")
	s.StringVar(&f.first.OPc, "opc", "", "OPc (tuak: TOPc) in hexadecimal")
	s.StringVar(&f.first.OP, "op", "", "OP (tuak: TOP) in hexadecimal, from which OPc is made")
	s.StringVar(&f.first.Algorithm, "algorithm", "milenage", "milenage or tuak")
	s.StringVar(&f.subscribers, "subscribers", "", "CSV file with columns imsi, key, opc or op, algorithm")
	s.StringVar(&f.suci, "suci", "null", "concealment: null, A:keyid:publickey or B:keyid:publickey")
	s.StringVar(&f.routingIndicator, "routing-indicator", "0", "1 to 4 digits")
	s.StringVar(&f.dnn, "dnn", "internet", "data network name; empty: the network's default")
	s.BoolVarP(&f.verbose, "verbose", "v", false, "log what happens")
	f.imeisv = ue.DefaultIMEISV
}

// loadGrowth is by how many percent the heap of a load grows before garbage is collected: what that takes of the processors the core
// beside it does not have.
const loadGrowth = 400

func (f *loadFlags) run(ctx context.Context, out, errOut io.Writer) error {
	level := slog.LevelError
	if f.verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: level}))
	plan, err := f.load(log)
	if err != nil {
		return err
	}
	carrier := f.sctpConfig(log)
	carrier.Arrivals = true
	transport, err := sctp.New(carrier)
	if err != nil {
		return err
	}
	defer transport.Close()
	dial, err := f.dialer(transport)
	if err != nil {
		return err
	}
	for i := range plan.GNBs {
		plan.GNBs[i].Dial = dial
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(loadGrowth)
	}
	waiting, endWaiting, err := load.PreciseWait()
	if err != nil {
		return err
	}
	defer func() { _ = endWaiting() }()
	plan.Wait = waiting
	plan.Progress = func(s load.Second) { fmt.Fprintln(errOut, s) }
	var written error
	plan.Done = func(r *load.Report) {
		written = f.write(r, out)
		f.linger(ctx)
	}
	report, err := load.Run(ctx, plan)
	if err := errors.Join(err, written); err != nil {
		return err
	}
	if rate := report.ErrorRate(); rate > f.maxErrors {
		return fmt.Errorf("error rate %.6f is above %g", rate, f.maxErrors)
	}
	return nil
}

// load reads the flags.
func (f *loadFlags) load(log *slog.Logger) (load.Plan, error) {
	if f.gnbs < 1 || uint64(f.gnbs) > 1<<16 || uint64(f.gnbID)+uint64(f.gnbs)-1 > math.MaxUint32 {
		return load.Plan{}, fmt.Errorf("--gnbs %d: want 1 to %d, with identities of 32 bits", f.gnbs, 1<<16)
	}
	if !(f.maxErrors >= 0 && f.maxErrors <= 1) {
		return load.Plan{}, fmt.Errorf("--max-errors %v: want 0 to 1", f.maxErrors)
	}
	if f.count < 1 {
		return load.Plan{}, fmt.Errorf("--ues %d: want 1 or more", f.count)
	}
	one, err := f.plan(log)
	if err != nil {
		return load.Plan{}, err
	}
	if len(one.UEs) < f.count {
		return load.Plan{}, fmt.Errorf("--ues %d: there are only %d subscribers in %s", f.count, len(one.UEs), f.subscribers)
	}
	p := load.Plan{
		UEs: one.UEs[:f.count], Rate: f.rate, Duration: f.duration, InFlight: f.inFlight, Timeout: f.timeout,
		Inactivity: f.inactivity, AlwaysSUCI: f.alwaysSUCI, Session: one.Session, Log: log,
	}
	p.Session.Transmissions = 1 // a lost request is an error of the load, not a slow success
	for i := range p.UEs {
		p.UEs[i].Log = nil // what goes wrong is counted
	}
	one.GNB.Hooks.IgnoreOverload = f.ignoreOverload
	p.GNBs = gnbs(one, f.gnbs)
	p.Mix, err = load.ParseMix(f.mix)
	return p, err
}

// gnbs are copies of the plan's gNB, each with a name and an identity of its own.
func gnbs(p ran.Plan, n int) []gnb.Config {
	all := make([]gnb.Config, n)
	for i := range all {
		all[i] = p.GNB
		all[i].ID += uint32(i)
		all[i].Name = fmt.Sprintf("%s-%d", p.GNB.Name, i+1)
	}
	return all
}

// write writes the report wherever the flags want it.
func (f *loadFlags) write(r *load.Report, out io.Writer) error {
	var errs []error
	switch f.jsonFile {
	case "-":
		errs = append(errs, r.WriteJSON(out))
	case "":
		errs = append(errs, r.WriteText(out))
	default:
		errs = append(errs, r.WriteText(out), writeFile(f.jsonFile, r.WriteJSON))
	}
	if f.htmlFile != "" {
		errs = append(errs, writeFile(f.htmlFile, r.WriteHTML))
	}
	return errors.Join(errs...)
}

func writeFile(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}

// linger stays as long as the flags say, or until ctx ends.
func (f *loadFlags) linger(ctx context.Context) {
	if f.stay < 0 {
		<-ctx.Done()
		return
	}
	t := time.NewTimer(f.stay)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
