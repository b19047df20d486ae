package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/internal/lab"
	"github.com/limpid-5g/limpid/ran/load"
)

const (
	soakMix   = "attach,session,service-request=4,detach"
	soakShare = 0.3
	soakUEs   = 4000
	soakTrial = 15 * time.Second // at saturation, to know what 30 % is
	soakLines = 60               // of the series, at most
	soakWarm  = 0.2              // share of the time before the first window that is compared
	soakGrows = 1.1              // between the windows, which is flat
)

// state is what the core takes at one moment.
type state struct {
	after      time.Duration
	rss        float64 // octets, as the rest
	heap       float64
	goroutines float64
	share      float64 // of a CPU since the last
}

// runSoak puts 30 % load on a core for a long time and wants its memory and goroutines flat.
func (o *options) runSoak(ctx context.Context, out io.Writer) error {
	o.runs, o.warmUp, o.ues = 1, soakUEs, soakUEs
	if err := o.check(); err != nil {
		return err
	}
	return o.with(ctx, func(l *lab.Lab, s *system, c *lab.Process) error {
		trial, err := o.stint(ctx, l, s, c, &task{ues: soakUEs, rate: saturated, mix: soakMix, time: soakTrial, more: []string{"--max-errors", "1"}})
		if err != nil {
			return fmt.Errorf("saturation: %w", err)
		}
		most := trial.done() / trial.report.Elapsed.Seconds()
		rate := soakShare * most
		fmt.Fprintf(out, "saturation: %.0f procedures per second (%s, %d UEs); %s at %.0f per second\n", most, soakMix, soakUEs, o.soak, rate)
		watched := make(chan []state, 1)
		watching, stop := context.WithCancel(ctx)
		defer stop()
		go func() { watched <- o.watch(watching, l, c, out) }()
		// What fails is told below, by cause.
		r, err := o.stint(ctx, l, s, c, &task{ues: soakUEs, rate: rate, mix: soakMix, time: o.soak, more: []string{"--max-errors", "1"}})
		stop()
		series := <-watched
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%.0f procedures ended well, share that failed %.6f, core CPU %.0f %% of one\n", r.done(), r.report.ErrorRate(), 100*r.cpu.Seconds()/o.soak.Seconds())
		for _, p := range r.report.Procedures {
			fmt.Fprintf(out, "  %-16s %8d ok, p50 %s, p99 %s\n", p.Name, p.OK, p.Latency.P50.Round(10*time.Microsecond), p.Latency.P99.Round(10*time.Microsecond))
		}
		if failed := r.report.ErrorRate(); failed > 0 {
			failures(out, &r.report)
			return fmt.Errorf("%.6f of the procedures failed, or their registrations or sessions were lost again (%d)", failed, r.report.Lost)
		}
		return flat(out, series)
	}, o.limpid, "core", "--config")
}

// done is how many procedures of the mix ended well: a rate is asked for in these, and AN releases come by themselves beside them.
func (s *sample) done() float64 {
	n := 0
	for _, p := range s.report.Procedures {
		if p.Name != load.ANRelease.String() {
			n += p.OK
		}
	}
	return float64(n)
}

// failures tells what failed by cause, and in which seconds.
func failures(out io.Writer, r *load.Report) {
	for _, p := range r.Procedures {
		for cause, n := range p.Errors {
			fmt.Fprintf(out, "  %-16s %8d failed: %s\n", p.Name, n, cause)
		}
	}
	for _, s := range r.Series {
		if s.Failed > 0 {
			fmt.Fprintf(out, "  in the second that ended after %s: %d failed, %d ended well, %d went on\n", s.At.Round(time.Second), s.Failed, s.OK, s.InFlight)
		}
	}
}

// watch prints what the core takes until ctx ends.
func (o *options) watch(ctx context.Context, l *lab.Lab, c *lab.Process, out io.Writer) (series []state) {
	every := max(o.soak/soakLines, time.Second)
	tick := time.NewTicker(every)
	defer tick.Stop()
	began := time.Now()
	last, _ := c.CPU()
	fmt.Fprintln(out, " minutes   RSS MB  heap MB  goroutines  CPU %")
	for {
		select {
		case <-ctx.Done():
			return series
		case <-tick.C:
		}
		now, err := look(ctx, l, c)
		if err != nil {
			if ctx.Err() == nil {
				fmt.Fprintln(out, "not measured:", err)
			}
			continue
		}
		cpu, _ := c.CPU()
		now.after, now.share = time.Since(began), (cpu-last).Seconds()/every.Seconds()
		last = cpu
		series = append(series, now)
		fmt.Fprintf(out, "%8.1f %8.1f %8.1f %11.0f %6.0f\n", now.after.Minutes(), now.rss/1e6, now.heap/1e6, now.goroutines, 100*now.share)
	}
}

// look reads what the core takes now.
func look(ctx context.Context, l *lab.Lab, c *lab.Process) (state, error) {
	rss, err := c.Memory()
	if err != nil {
		return state{}, err
	}
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (conn net.Conn, err error) {
			err = l.Core.Do(func() error {
				var d net.Dialer
				conn, err = d.DialContext(ctx, network, address)
				return err
			})
			return conn, err
		}}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+metricsAddress+"/metrics", nil)
	if err != nil {
		return state{}, err
	}
	answer, err := client.Do(req)
	if err != nil {
		return state{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	s := state{rss: float64(rss)}
	for line := range strings.Lines(string(text)) {
		_, _ = fmt.Sscanf(line, "limpid_goroutines %g", &s.goroutines)
		_, _ = fmt.Sscanf(line, "limpid_heap_live_bytes %g", &s.heap)
	}
	if s.goroutines == 0 { // the heap in use is 0 until garbage is collected for the first time
		return s, errors.Join(err, errors.New("the core does not tell its goroutines"))
	}
	return s, err
}

// flat compares the last third of a series with the one after it had warmed up.
func flat(out io.Writer, series []state) error {
	if len(series) < 10 {
		return errors.New("too short for a verdict")
	}
	from := int(float64(len(series)) * soakWarm)
	n := (len(series) - from) / 3
	first, last := series[from:from+n], series[len(series)-n:]
	var errs []error
	for _, x := range []struct {
		name string
		of   func(state) float64
	}{
		{"RSS", func(s state) float64 { return s.rss }}, {"heap in use", func(s state) float64 { return s.heap }},
		{"goroutines", func(s state) float64 { return s.goroutines }},
	} {
		a, b := middle(first, x.of), middle(last, x.of)
		fmt.Fprintf(out, "%-12s %.4g, in the last part %.4g: %.3f times\n", x.name, a, b, b/a)
		if b > a*soakGrows {
			errs = append(errs, fmt.Errorf("%s is not flat: %.4g became %.4g", x.name, a, b))
		}
	}
	return errors.Join(errs...)
}

func middle(series []state, of func(state) float64) float64 {
	all := make([]float64, len(series))
	for i, s := range series {
		all[i] = of(s)
	}
	slices.Sort(all)
	return all[len(all)/2]
}
