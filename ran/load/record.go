package load

import (
	"errors"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/ran/ue"
)

// maxKinds bounds the kinds of errors that are counted apart; the rest count as otherErrors.
const (
	maxKinds    = 32
	otherErrors = "other errors"
)

// stats count one procedure.
type stats struct {
	started, ok, failed int
	latency             Histogram // of those that ended well
	refused             Histogram // of those that the network refused
	core                Histogram // of these, the core's part
	answers             int       // of the core to them
	errors              map[string]int
}

// recorder counts what happens, in all and in the running second.
type recorder struct {
	mu      sync.Mutex
	total   [procedures]stats
	now     [procedures]stats
	late    int
	lateMax time.Duration
	lost    int
	lastDue int
	series  []Second
}

func newRecorder() *recorder { return &recorder{} }

// start counts a procedure that starts, so long after it was due.
func (r *recorder) start(p Procedure, late time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total[p].started++
	r.now[p].started++
	if late > lateAfter {
		r.late++
	}
	r.lateMax = max(r.lateMax, late)
}

// end counts a procedure that ended, so long after it was due.
func (r *recorder) end(p Procedure, latency time.Duration, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range []*stats{&r.total[p], &r.now[p]} {
		if err == nil {
			s.ok++
			s.latency.Record(latency)
			continue
		}
		s.failed++
		if _, told := errors.AsType[*ue.RejectError](err); told {
			s.refused.Record(latency)
		}
		s.count(kind(err))
	}
}

// turns counts how often the core answered in a procedure that ended well, and how long it took for that in all.
func (r *recorder) turns(p Procedure, answers int, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total[p].answers += answers
	r.total[p].core.Record(took)
}

// lose counts a registration or session that the network ended by itself.
func (r *recorder) lose() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost++
}

func (s *stats) count(kind string) {
	if s.errors == nil {
		s.errors = make(map[string]int)
	}
	if _, known := s.errors[kind]; !known && len(s.errors) >= maxKinds {
		kind = otherErrors
	}
	s.errors[kind]++
}

// second closes the running second, at a time after the start by which so many procedures had fallen due.
func (r *recorder) second(at time.Duration, due int) Second {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Second{At: at, Due: due - r.lastDue, Late: r.late, Latency: make(map[string]Percentiles)}
	r.lastDue = due
	for p := range r.now {
		n, all := &r.now[p], &r.total[p]
		if Procedure(p) != ANRelease {
			s.Started += n.started
			s.OK += n.ok
		}
		s.Failed += n.failed
		s.InFlight += all.started - all.ok - all.failed
		if n.ok > 0 {
			s.Latency[names[p]] = percentiles(&n.latency)
		}
		*n = stats{}
	}
	r.series = append(r.series, s)
	return s
}
