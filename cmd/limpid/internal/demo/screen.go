package demo

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/limpid-5g/limpid/cmd/limpid/internal/arrows"
	"github.com/limpid-5g/limpid/ladder"
)

// hold is how long an arrow waits for older ones: they come from two processes.
const hold = 50 * time.Millisecond

// screen shows the ladder of one call while it happens.
type screen struct {
	mu      sync.Mutex
	out     io.Writer
	start   time.Time
	last    time.Time // when the last arrow came
	waiting []ladder.Event
	stop    chan struct{}
	ended   bool
}

func newScreen(out io.Writer) *screen {
	s := &screen{out: out, last: time.Now(), stop: make(chan struct{})}
	go s.run()
	return s
}

// follow shows the arrows that a core writes.
func (s *screen) follow(r io.Reader) { go decodeLines(r, s.show) }

func (s *screen) show(e ladder.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.waiting, s.last = append(s.waiting, e), time.Now()
	}
}

func (s *screen) run() {
	tick := time.NewTicker(hold)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			s.mu.Lock()
			s.print(now.Add(-hold))
			s.mu.Unlock()
		case <-s.stop:
			return
		}
	}
}

// print writes the arrows up to a time in their order.
func (s *screen) print(until time.Time) {
	slices.SortStableFunc(s.waiting, func(a, b ladder.Event) int { return a.Time.Compare(b.Time) })
	for len(s.waiting) > 0 && !s.waiting[0].Time.After(until) {
		e := s.waiting[0]
		s.waiting = s.waiting[1:]
		if s.start.IsZero() {
			s.start = e.Time
		}
		fmt.Fprintln(s.out, arrows.Line(e, s.start))
	}
}

// end waits until the arrows of the call have come, then shows no more.
func (s *screen) end() {
	const quiet = 100 * time.Millisecond
	for {
		s.mu.Lock()
		rest := quiet - time.Since(s.last)
		if rest <= 0 {
			s.print(time.Now())
			if !s.ended {
				close(s.stop)
			}
			s.ended = true
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		time.Sleep(rest)
	}
}

// printResults writes a table with a line for each UE, and returns how many got through.
func printResults(out io.Writer, results []result, took time.Duration) (good int) {
	slices.SortFunc(results, func(a, b result) int { return a.UE - b.UE })
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "UE\tIMSI\taddress\tregistration\tsession\tping\tpage\t  result\t")
	for _, r := range results {
		address, verdict := "-", "ok"
		if r.Address.IsValid() {
			address = r.Address.String()
		}
		if r.Error != "" {
			verdict = r.Error
		} else {
			good++
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t  %s\t\n", r.UE, r.IMSI, address, ms(r.Registration), ms(r.Session), ms(r.RTT), octets(r.Page), verdict)
	}
	_ = w.Flush()
	fmt.Fprintf(out, "\n%d of %d UEs got through in %.1f s.\n", good, len(results), took.Seconds())
	return good
}

func ms(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

func octets(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%d B", n)
}
