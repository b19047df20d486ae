package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/internal/probe"
)

const (
	shown = 40 // violations that are printed
	clock = "15:04:05.000"
)

// tally is what happened.
type tally struct {
	mu         sync.Mutex
	done       map[string][2]int // by procedure: succeeded, failed
	violations []string
	reused     []string // downlink NAS COUNTs that came twice
	reported   [2]int   // of them
	restarts   []time.Duration
	promotions []time.Duration
	lives      int
	packets    int // of traffic, sent while the tunnels stood
	missing    int // of them
	gap, pause time.Duration
	underLoad  int // kills while there was traffic
}

func (t *tally) count(procedure string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done == nil {
		t.done = make(map[string][2]int)
	}
	n := t.done[procedure]
	if err == nil {
		n[0]++
	} else {
		n[1]++
	}
	t.done[procedure] = n
}

func (t *tally) violation(format string, args ...any) { t.note(&t.violations, format, args...) }

func (t *tally) reuse(format string, args ...any) { t.note(&t.reused, format, args...) }

func (t *tally) note(list *[]string, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*list = append(*list, fmt.Sprintf("%s: ", time.Now().Format(clock))+fmt.Sprintf(format, args...))
}

// traffic counts the packets of a stream.
func (t *tally) traffic(o probe.Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.packets, t.missing = t.packets+o.Sent, t.missing+o.Lost
	t.gap, t.pause = max(t.gap, o.Gap), max(t.pause, o.Pause)
}

func (t *tally) killedUnderTraffic() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.underLoad++
}

func (t *tally) restarted(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.restarts = append(t.restarts, d)
}

func (t *tally) promoted(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.promotions = append(t.promotions, d)
}

func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var parts []string
	for name, n := range t.done {
		parts = append(parts, fmt.Sprintf("%d %ss (%d cut off)", n[0], name, n[1]))
	}
	slices.Sort(parts)
	if len(t.restarts) > 0 {
		parts = append(parts, fmt.Sprintf("start with NG Setup at most %.0f ms", 1000*slices.Max(t.restarts).Seconds()))
	}
	if n := len(t.promotions); n > 0 {
		parts = append(parts, fmt.Sprintf("%d primaries killed, another after at most %.0f ms", n, 1000*slices.Max(t.promotions).Seconds()))
	}
	if t.packets > 0 {
		parts = append(parts, fmt.Sprintf("%d packets of users sent through %d kills, %d lost, longest gap %.0f ms (of the sender %.0f ms)", t.packets, t.underLoad, t.missing,
			1000*t.gap.Seconds(), 1000*t.pause.Seconds()))
	}
	return strings.Join(append(parts, fmt.Sprintf("%d promises broken", len(t.violations)), fmt.Sprintf("%d NAS COUNTs used twice", len(t.reused))), ", ")
}

// report prints how it stands after so many kills, and what was broken since the last report.
func (t *tally) report(out io.Writer, kills int) {
	fmt.Fprintf(out, "%d kills: %s\n", kills, t.String())
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, broken := range slices.Concat(t.violations[t.reported[0]:], t.reused[t.reported[1]:]) {
		fmt.Fprintln(out, "broken:", broken)
	}
	t.reported = [2]int{len(t.violations), len(t.reused)}
}

// verdict is an error if anything was broken.
func (t *tally) verdict() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := slices.Concat(t.violations, t.reused)
	if len(all) == 0 {
		return nil
	}
	return errors.New("broken:\n" + strings.Join(all[:min(len(all), shown)], "\n"))
}
