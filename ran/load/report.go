package load

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/limpid-5g/limpid/ran/radio"
)

// Report is how a load went. Durations are nanoseconds in JSON.
type Report struct {
	Start    time.Time     `json:"start"`
	Elapsed  time.Duration `json:"elapsed_ns"` // until the last procedure ended
	GNBs     int           `json:"gnbs"`
	UEs      int           `json:"ues"`
	Mix      string        `json:"mix"`
	Rate     float64       `json:"rate"` // asked for, per second
	InFlight int           `json:"in_flight"`

	Late       int           `json:"late"` // started more than 1 ms after they were due
	LateMax    time.Duration `json:"late_max_ns"`
	NotStarted int           `json:"not_started"` // fell due and never started
	Lost       int           `json:"lost"`        // registrations and sessions that the network ended by itself

	Procedures []ProcedureReport `json:"procedures"` // those that happened
	Series     []Second          `json:"series"`
}

// ProcedureReport is how the procedures of one kind went. Latencies count from when a procedure was due, and only those
// that ended well.
type ProcedureReport struct {
	Name    string      `json:"name"`
	Started int         `json:"started"`
	OK      int         `json:"ok"`
	Failed  int         `json:"failed"`
	Latency Percentiles `json:"latency"`
	Curve   []Point     `json:"curve,omitempty"`
	// Core is the core's part of the procedures that ended well: the sum of the times from when a gNB gave a NAS message of
	// the UE to its association until the AMF's next message about the UE came out of it. What phones and gNBs do in between,
	// and how late the procedure began, is not in it; nil for those after which the UE has no connection.
	Core   *CorePart      `json:"core,omitempty"`
	Errors map[string]int `json:"errors,omitempty"`
	// Refused is when those that the network refused heard of it, from when they were due; nil: it refused nobody.
	Refused *Percentiles `json:"refused,omitempty"`
	// Barred of those that failed were barred by their gNBs, which an AMF had asked for it (TS 38.413 §8.7.7): no AMF heard of them.
	Barred int `json:"barred,omitempty"`
}

// CorePart is what a core takes of procedures of one kind.
type CorePart struct {
	Answers int         `json:"answers"` // in all
	Latency Percentiles `json:"latency"` // of the sum in each procedure
}

// Percentiles describe a distribution.
type Percentiles struct {
	Mean time.Duration `json:"mean_ns"`
	P50  time.Duration `json:"p50_ns"`
	P90  time.Duration `json:"p90_ns"`
	P99  time.Duration `json:"p99_ns"`
	P999 time.Duration `json:"p999_ns"`
	Max  time.Duration `json:"max_ns"`
}

// Point says that the share Quantile took at most Latency.
type Point struct {
	Quantile float64       `json:"quantile"`
	Latency  time.Duration `json:"latency_ns"`
}

// Second is what happened in about one second. AN releases, which are never due, count only where they fail, in InFlight
// and by their latency.
type Second struct {
	At       time.Duration `json:"at_ns"` // its end, after the start
	Due      int           `json:"due"`
	Started  int           `json:"started"`
	OK       int           `json:"ok"`
	Failed   int           `json:"failed"`
	InFlight int           `json:"in_flight"` // at its end
	Late     int           `json:"late"`      // since the start
	// Latency is that of the procedures that ended well in it.
	Latency map[string]Percentiles `json:"latency,omitempty"`
}

func percentiles(h *Histogram) Percentiles {
	return Percentiles{
		Mean: h.Mean(), P50: h.Quantile(0.5), P90: h.Quantile(0.9), P99: h.Quantile(0.99), P999: h.Quantile(0.999), Max: h.Max(),
	}
}

// curve tells a distribution at ever higher quantiles, as far as the count bears it.
func curve(h *Histogram) []Point {
	var points []Point
	const steps = 8 // for each halving of what lies above
	if h.Count() == 0 {
		return nil
	}
	for above := 1.0; above*float64(h.Count()) >= 1; above /= 2 {
		for i := range steps {
			q := 1 - above*(1-float64(i)/(2*steps))
			points = append(points, Point{q, h.Quantile(q)})
		}
	}
	return append(points, Point{1, h.Max()})
}

func (r *run) report(elapsed time.Duration, notStarted int) *Report {
	r.record.mu.Lock()
	defer r.record.mu.Unlock()
	out := &Report{
		Start: r.schedule.start, Elapsed: elapsed, GNBs: len(r.plan.GNBs), UEs: len(r.phones), Mix: r.plan.Mix.String(),
		Rate: r.plan.Rate, InFlight: r.plan.InFlight, Late: r.record.late, LateMax: r.record.lateMax, NotStarted: notStarted,
		Lost: r.record.lost, Series: r.record.series,
	}
	for p := range r.record.total {
		s := &r.record.total[p]
		if s.started == 0 {
			continue
		}
		report := ProcedureReport{
			Name: names[p], Started: s.started, OK: s.ok, Failed: s.failed,
			Latency: percentiles(&s.latency), Curve: curve(&s.latency), Errors: s.errors,
		}
		report.Barred = s.errors[radio.ErrBarred.Error()]
		if s.refused.Count() > 0 {
			p := percentiles(&s.refused)
			report.Refused = &p
		}
		if s.answers > 0 {
			report.Core = &CorePart{Answers: s.answers, Latency: percentiles(&s.core)}
		}
		out.Procedures = append(out.Procedures, report)
	}
	return out
}

// ErrorRate is the share of the procedures due that failed, never started, or whose outcome the network took back, 0 to 1.
func (r *Report) ErrorRate() float64 {
	bad, all := r.NotStarted+r.Lost, r.NotStarted
	for i := range r.Procedures {
		bad += r.Procedures[i].Failed
		all += r.Procedures[i].Started
	}
	if all == 0 {
		return 0
	}
	return min(float64(bad)/float64(all), 1)
}

// WriteJSON writes the report as JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// WriteText writes the report as a table for people.
func (r *Report) WriteText(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "PROCEDURE\tSTARTED\tOK\tFAILED\tOK/S\tMEAN\tP50\tP90\tP99\tP99.9\tMAX\t")
	for i := range r.Procedures {
		p := &r.Procedures[i]
		l := p.Latency
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%.1f\t%s\t%s\t%s\t%s\t%s\t%s\t\n", p.Name, p.Started, p.OK, p.Failed,
			float64(p.OK)/r.Elapsed.Seconds(), ms(l.Mean), ms(l.P50), ms(l.P90), ms(l.P99), ms(l.P999), ms(l.Max))
	}
	_ = w.Flush()
	for i := range r.Procedures {
		if p := &r.Procedures[i]; p.Core != nil {
			l := p.Core.Latency
			fmt.Fprintf(out, "%s: the core's part, %.1f answers each: mean %s, p50 %s, p90 %s, p99 %s, max %s\n", p.Name,
				float64(p.Core.Answers)/float64(p.OK), ms(l.Mean), ms(l.P50), ms(l.P90), ms(l.P99), ms(l.Max))
		}
	}
	for i := range r.Procedures {
		p := &r.Procedures[i]
		if l := p.Refused; l != nil {
			fmt.Fprintf(out, "%s: refused after p50 %s, p99 %s, max %s\n", p.Name, ms(l.P50), ms(l.P99), ms(l.Max))
		}
		for _, k := range p.kinds() {
			fmt.Fprintf(out, "%s: %d x %s\n", p.Name, p.Errors[k], k)
		}
	}
	_, err := fmt.Fprintf(out, "%d UEs on %d gNBs, %s at %g per second, %.1f s; latency in ms from when a procedure was due; the core's part from gNBs' sending to their hearing of it\n"+
		"%d started late (worst %s ms), %d never started, %d registrations or sessions lost again, error rate %.4f %%\n",
		r.UEs, r.GNBs, r.Mix, r.Rate, r.Elapsed.Seconds(), r.Late, ms(r.LateMax), r.NotStarted, r.Lost, 100*r.ErrorRate())
	return err
}

// kinds are the errors, the most frequent first.
func (p *ProcedureReport) kinds() []string {
	var all []string
	for k := range p.Errors {
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b string) int {
		if d := p.Errors[b] - p.Errors[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return all
}

// ms is a duration in milliseconds as text.
func ms(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond)) }

// String is one line for people.
func (s Second) String() string {
	line := fmt.Sprintf("%4.0f s  due %d  started %d  ok %d  failed %d  in flight %d  late %d",
		s.At.Seconds(), s.Due, s.Started, s.OK, s.Failed, s.InFlight, s.Late)
	for _, name := range names {
		if l, ok := s.Latency[name]; ok {
			line += fmt.Sprintf("  %s p50 %s p99 %s ms", name, ms(l.P50), ms(l.P99))
		}
	}
	return line
}
