package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/limpid-5g/limpid/internal/lab"
	"github.com/limpid-5g/limpid/ran/load"
)

// sample is one run: a number of UEs each registered and got a session.
type sample struct {
	pairs  int
	cpu    time.Duration // of the core
	leave  time.Duration // CPU of the core to take leave of the UEs afterwards; 0: not measured
	report load.Report
}

// perSecond is how many registrations with session were done per second.
func (s *sample) perSecond() float64 { return float64(s.pairs) / s.report.Elapsed.Seconds() }

// cost is the core's CPU time for one registration with session.
func (s *sample) cost() time.Duration { return s.cpu / time.Duration(s.pairs) }

// measurement is all runs on one core.
type measurement struct {
	options
	runs   []*sample
	half   *sample
	memory float64 // octets per UE
}

// cost is the median of the runs.
func (m *measurement) cost() time.Duration {
	all := make([]time.Duration, len(m.runs))
	for i, r := range m.runs {
		all[i] = r.cost()
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// saturation is the median of the runs, in registrations with session per second.
func (m *measurement) saturation() float64 {
	all := make([]float64, len(m.runs))
	for i, r := range m.runs {
		all[i] = r.perSecond()
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// halfLoad is half of what the core does with all of one processor's time, in registrations with session per second.
func (m *measurement) halfLoad() float64 {
	if m.rate > 0 {
		return m.rate
	}
	return 0.5 / m.cost().Seconds()
}

// once lets UEs that were never there before register and get a session, at a rate of procedures per second.
func (o *options) once(ctx context.Context, l *lab.Lab, s *system, c *lab.Process, ues int, rate float64) (*sample, error) {
	r, err := o.stint(ctx, l, s, c, &task{ues: ues, rate: rate, mix: "attach,session", time: runTime, yields: rate != saturated && !o.apart})
	if err != nil {
		return nil, err
	}
	if rate := r.report.ErrorRate(); rate != 0 {
		return nil, fmt.Errorf("error rate %v: %+v", rate, r.report.Procedures)
	}
	return r, nil
}

// yielding is the niceness of a generator that lets the core go first, so that what is measured of a core at part load is little of what
// the generator beside it takes. A gNB has processors of its own.
const yielding = "10"

// task is a load of one kind.
type task struct {
	ues    int // that were never there before
	rate   float64
	mix    string
	time   time.Duration
	more   []string // arguments
	yields bool     // the core goes first where both want a processor
}

// stint puts a load on the core.
func (o *options) stint(ctx context.Context, l *lab.Lab, s *system, c *lab.Process, k *task) (*sample, error) {
	args := []string{
		"ran", "load", "--amf", lab.CoreAddress().String(), "--n2", lab.RANAddress().String(), "--sctp", o.sctp, "--plmn", "00101",
		"--imsi", imsi(s.next), "--key", s.key, "--opc", s.opc, "--suci", s.homeKey, "--gnbs", strconv.Itoa(o.gnbs),
		"--ues", strconv.Itoa(k.ues), "--rate", strconv.FormatFloat(k.rate, 'f', -1, 64), "--mix", k.mix,
		"--duration", k.time.String(), "--json", "-", "--stay", "-1s",
	}
	if k.rate == saturated {
		args = append(args, "--in-flight", strconv.Itoa(o.inFlight))
	}
	args = append(args, k.more...)
	s.next += k.ues
	if err := c.Quiet(ctx); err != nil {
		return nil, err
	}
	before, err := c.CPU()
	if err != nil {
		return nil, err
	}
	command := append([]string{o.limpid}, args...)
	if k.yields {
		command = append([]string{"nice", "-n", yielding}, command...)
	}
	cmd := exec.Command(command[0], command[1:]...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p, err := lab.Start(l.RAN, cmd, filepath.Join(filepath.Dir(s.config), "load.log"))
	if err != nil {
		return nil, err
	}
	go func() { // an interrupt ends the load, and with it the reading of its report
		select {
		case <-ctx.Done():
			_ = cmd.Process.Kill()
		case <-p.Done():
		}
	}()
	r := &sample{pairs: k.ues}
	if err := json.NewDecoder(out).Decode(&r.report); err != nil {
		return nil, errors.Join(p.Failed(fmt.Errorf("no report: %w", err)), p.Stop())
	}
	after, err := c.CPU() // before the gNBs leave, which costs the core more
	if err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	r.cpu = after - before
	if err := p.Stop(); err != nil {
		return nil, err
	}
	if err := c.Quiet(ctx); err != nil { // the UEs of this run have left before the next begins
		return nil, err
	}
	left, err := c.CPU()
	r.leave = left - after
	return r, err
}

// write prints the measurement beside the floor.
func (m *measurement) write(out io.Writer, f floor) {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	fmt.Fprintln(out, processors(m.apart))
	fmt.Fprintf(out, "registration (Profile A SUCI, 5G-AKA, NEA2/NIA2) with one PDU session; SCTP %s, PFCP over UDP; %d gNBs\n", m.sctp, m.gnbs)
	for i, r := range m.runs {
		fmt.Fprintf(out, "saturation, run %d: %d UEs, %.0f per second, core CPU %.3f ms each, %.0f per second and core of CPU; afterwards %.3f ms each as the gNBs leave\n",
			i+1, r.pairs, r.perSecond(), ms(r.cost()), 1/r.cost().Seconds(), ms(r.leave)/float64(r.pairs))
	}
	fmt.Fprintf(out, "median: %.0f per second; core CPU %.3f ms each: %.0f per second and core of CPU\n",
		m.saturation(), ms(m.cost()), 1/m.cost().Seconds())
	fmt.Fprintf(out, "floor: cryptography %.3f ms + system calls %.3f ms = %.3f ms: the core is at %.1f times the floor\n",
		ms(f.cryptography), ms(f.systemCalls), ms(f.sum()), float64(m.cost())/float64(f.sum()))
	fmt.Fprintf(out, "half load: %.0f per second, core CPU %.3f ms each, %d started more than 1 ms late\n",
		m.half.perSecond(), ms(m.half.cost()), m.half.report.Late)
	for _, p := range m.half.report.Procedures {
		fmt.Fprintf(out, "  %-8s p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, max %.2f ms, from when it was due\n",
			p.Name, ms(p.Latency.P50), ms(p.Latency.P90), ms(p.Latency.P99), ms(p.Latency.Max))
		if c := p.Core; c != nil {
			fmt.Fprintf(out, "  %-8s p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, max %.2f ms, the core's part: %.1f answers, each from the gNB's sending to its hearing\n",
				"", ms(c.Latency.P50), ms(c.Latency.P90), ms(c.Latency.P99), ms(c.Latency.Max), float64(c.Answers)/float64(p.OK))
		}
	}
	fmt.Fprintf(out, "memory: %.1f KB of RSS per UE, registered with a session\n", m.memory/1000)
}
