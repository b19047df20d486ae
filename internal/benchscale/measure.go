package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/limpid-5g/limpid/internal/lab"
	"github.com/limpid-5g/limpid/internal/profiled"
	"github.com/limpid-5g/limpid/ran/load"
)

// inFlight procedures run at the same time.
const inFlight = 32

// look is how often the log is read.
const look = 100 * time.Millisecond

// measure makes a store with n UEs, unless it is there, and measures a core over it.
func (o *options) measure(ctx context.Context, n int) (r *result, err error) {
	dir := o.folder
	if dir == "" {
		if dir, err = os.MkdirTemp("", "limpid-scale-"); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	l, err := lab.New()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	r = &result{ues: n}
	s, kept := keptSystem(dir)
	if !kept {
		if s, err = o.fill(ctx, l, dir, r); err != nil {
			return nil, err
		}
	}
	if info, err := os.Stat(s.store); err == nil {
		r.storeSize = info.Size()
	}
	return r, o.start(ctx, l, s, dir, r)
}

// fill makes a store with the UEs of a result.
func (o *options) fill(ctx context.Context, l *lab.Lab, dir string, r *result) (*system, error) {
	s, err := newSystem(dir, o, r.ues)
	if err != nil {
		return nil, err
	}
	if err := o.first(ctx, l, s, dir); err != nil {
		return nil, fmt.Errorf("the first UE: %w", err)
	}
	began := time.Now()
	if err := s.prefill(ctx, r.ues); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	r.prefill = time.Since(began)
	return s, nil
}

// first has one UE register and get a session, and the core end in order.
func (o *options) first(ctx context.Context, l *lab.Lab, s *system, dir string) error {
	c, err := lab.StartCore(ctx, l, dir, o.limpid, []string{"core", "--config", s.config})
	if err != nil {
		return err
	}
	_, _, err = o.load(ctx, l, s, c, 1)
	return errors.Join(err, c.Quiet(ctx), c.Stop()) // once its gNB is gone it is idle
}

// start starts a core over the whole store and measures it.
func (o *options) start(ctx context.Context, l *lab.Lab, s *system, dir string, r *result) (err error) {
	began := time.Now()
	binary, args, err := o.core(s)
	if err != nil {
		return err
	}
	c, err := lab.StartCore(ctx, l, dir, binary, args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	r.start = time.Since(began)
	text, err := os.ReadFile(filepath.Join(dir, "core.log"))
	if err != nil {
		return err
	}
	if want := fmt.Appendf(nil, "ues=%d sessions=%d", r.ues, r.ues); !bytes.Contains(text, want) {
		return fmt.Errorf("the core does not say %q:\n%s", want, text)
	}
	for !bytes.Contains(text, []byte("sessions restored on UPF")) { // a core that gets no processor is quiet too
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.Done():
			return c.Failed(errors.New("the core has ended"))
		case <-time.After(look):
		}
		if text, err = os.ReadFile(filepath.Join(dir, "core.log")); err != nil {
			return err
		}
	}
	r.given = time.Since(began)
	if err := c.Quiet(ctx); err != nil {
		return err
	}
	r.whole = max(r.given, time.Since(began)-time.Second) // which being quiet twice takes at least
	if r.startCPU, err = c.CPU(); err != nil {
		return err
	}
	if o.cpu != "" || o.allocs != "" {
		return nil
	}
	if r.peak, err = c.PeakMemory(); err != nil {
		return err
	}
	if r.memory, err = c.Settled(ctx); err != nil {
		return err
	}
	if o.heap != "" {
		return c.Signal(ctx, syscall.SIGUSR1, o.heap)
	}
	if o.folder != "" { // a registration would add to the store
		return nil
	}
	var costs []time.Duration
	for range o.runs {
		cost, report, err := o.load(ctx, l, s, c, o.pairs)
		if err != nil {
			return err
		}
		if rate := report.ErrorRate(); rate != 0 {
			return fmt.Errorf("error rate %v: %+v", rate, report.Procedures)
		}
		costs = append(costs, cost/time.Duration(o.pairs))
	}
	slices.Sort(costs)
	r.pair = costs[len(costs)/2]
	return nil
}

// load lets UEs that were never there before register and get a session, and returns the core's CPU time.
func (o *options) load(ctx context.Context, l *lab.Lab, s *system, c *lab.Process, ues int) (time.Duration, *load.Report, error) {
	cmd := exec.Command(o.limpid, "ran", "load", "--amf", lab.CoreAddress().String(), "--n2", lab.RANAddress().String(),
		"--sctp", o.sctp, "--plmn", "00101", "--imsi", imsi(s.next), "--key", s.key, "--opc", s.opc, "--suci", s.homeKey,
		"--gnbs", "4", "--ues", strconv.Itoa(ues), "--rate", "1000000", "--in-flight", strconv.Itoa(inFlight),
		"--mix", "attach,session", "--duration", "10m", "--json", "-", "--stay", "-1s")
	s.next += ues
	if err := c.Quiet(ctx); err != nil {
		return 0, nil, err
	}
	before, err := c.CPU()
	if err != nil {
		return 0, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, nil, err
	}
	p, err := lab.Start(l.RAN, cmd, filepath.Join(filepath.Dir(s.config), "load.log"))
	if err != nil {
		return 0, nil, err
	}
	go func() { // an interrupt ends the load, and with it the reading of its report
		select {
		case <-ctx.Done():
			_ = cmd.Process.Kill()
		case <-p.Done():
		}
	}()
	report := new(load.Report)
	if err := json.NewDecoder(out).Decode(report); err != nil {
		return 0, nil, errors.Join(p.Failed(fmt.Errorf("no report: %w", err)), p.Stop())
	}
	after, err := c.CPU()
	return after - before, report, errors.Join(err, p.Stop())
}

// core is the program to measure.
func (o *options) core(s *system) (binary string, args []string, err error) {
	self, err := os.Executable()
	switch {
	case o.cpu != "":
		return self, []string{profiled.Role, profiled.CPU, o.cpu, s.config}, err
	case o.allocs != "":
		return self, []string{profiled.Role, profiled.Allocs, o.allocs, s.config}, err
	case o.heap != "":
		return self, []string{profiled.Role, profiled.Heap, o.heap, s.config}, err
	}
	return o.limpid, []string{"core", "--config", s.config}, err
}
