package flows

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// Options are how Play reaches a core.
type Options struct {
	// Dial makes an association with the AMF for each gNB of the flow.
	Dial func(context.Context) (sctp.Association, error)
	// DialTo makes a further association with an address that the AMF names; nil: gNBs have one alone.
	DialTo func(context.Context, netip.AddrPort) (sctp.Association, error)
	// N3 are addresses of this machine, one for each gNB's tunnels; a gNB without one has no user plane of its own.
	N3 []netip.Addr
	// Datagram lets a packet for a UE arrive from the data network; nil: nobody can, and flows that need it do not apply.
	Datagram func(to netip.Addr) error
	Log      *slog.Logger // nil: nothing is logged
	Ladder   ladder.Sink  // what gNBs and UEs say and hear
	// Deciphered sees each NAS message that is ciphered over the air in clear, as ue.Config has it; nil: nobody does.
	Deciphered func(pdu []byte)
}

// Outcome is how a flow ended.
type Outcome string

// The outcomes.
const (
	Passed        Outcome = "pass"
	Failed        Outcome = "fail"
	NotApplicable Outcome = "not applicable"
)

// Result is what became of a flow against a core.
type Result struct {
	Flow    string  `json:"flow"`
	Clause  string  `json:"clause"`
	Title   string  `json:"title"`
	Outcome Outcome `json:"outcome"`
	// Why is the line of the script that failed and how, or the lines that only who runs the core could play.
	Why string `json:"why,omitempty"`
	// Differences are the messages that the radio heard from the AMF and Limpid would not have sent, or the reverse.
	// Another core may be right with them.
	Differences []string      `json:"differences,omitempty"`
	Took        time.Duration `json:"took_ns"`
}

// errNotApplicable says that a line is not for a core of others.
var errNotApplicable = errors.New("not applicable")

// settleTime is how long nothing is said before a line of a script counts as played.
const settleTime = 150 * time.Millisecond

// Play plays a flow's script against a core that has the flow's configuration and subscribers, and judges it by what
// gNBs and UEs see. A flow whose script reaches into the core does not apply to a core of others.
func Play(ctx context.Context, f *Flow, o Options) Result {
	start := time.Now()
	result := Result{Flow: f.Name, Clause: f.Clause, Title: f.Title, Outcome: Passed}
	s, heard := newField(ctx, o)
	s.subscribers = f.Subscribers
	if lines := s.insideLines(f.Script); len(lines) > 0 {
		result.Outcome, result.Why = NotApplicable, "reaches into the core: "+strings.Join(lines, "; ")
		return result
	}
	_, err := s.play(f.Script)
	if err = errors.Join(err, s.finish(ctx, nil)); err != nil {
		result.Outcome, result.Why = Failed, err.Error()
	}
	if errors.Is(err, errNotApplicable) {
		result.Outcome = NotApplicable
	}
	result.Differences = heard.differences(f.Ladder)
	s.leave(ctx)
	result.Took = time.Since(start)
	return result
}

// anyAddress tells whether another core may choose another address than Limpid would: any but a subscriber's own.
func (s *stage) anyAddress(want string) bool {
	return s.core == nil && !bytes.Contains(s.subscribers, []byte(want))
}

// newField makes a stage without a core.
func newField(ctx context.Context, o Options) (*stage, *heard) {
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	h := &heard{next: o.Ladder, outside: outsideGo()}
	s := &stage{
		recorder: &recorder{start: time.Now(), seids: make(map[string]int)},
		cells:    make(map[string]*gnb.GNB), ues: make(map[string]*ue.UE), gutis: make(gutis), cellConfigs: make(map[string]gnb.Config),
		settle: h.settle, dial: o.Dial, dialTo: o.DialTo, n3: o.N3, datagram: o.Datagram, seen: h.take, deciphered: o.Deciphered,
	}
	h.note = s.recorder
	s.ctx, s.stop = context.WithCancel(ctx)
	return s, h
}

// insideLines are the lines of a script that reach into the core.
func (s *stage) insideLines(script []string) []string {
	var found []string
	for _, line := range script {
		if s.inside(verbOf(line)) {
			found = append(found, line)
		}
	}
	return found
}

// Inside are the commands of the script that reach into the core, so that the flow is for a core of one's own alone: none, if
// it can be played against any core.
func (f *Flow) Inside() []string {
	var found []string
	for _, line := range f.Script {
		if verb := verbOf(line); reachesInside(verb) && !slices.Contains(found, verb) {
			found = append(found, verb)
		}
	}
	return found
}

// NeedsDataNetwork tells whether packets come to UEs from a data network, which somebody has to send.
func (f *Flow) NeedsDataNetwork() bool {
	return slices.ContainsFunc(f.Script, func(line string) bool { return needsDataNetwork(verbOf(line)) })
}

// verbOf is the command of a line.
func verbOf(line string) string {
	verb, _, _ := strings.Cut(strings.TrimPrefix(line, "begin "), " ")
	return verb
}

// leave deregisters the UEs, so that the next flow finds the core as this one did, and takes the gNBs down.
func (s *stage) leave(ctx context.Context) {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var wg sync.WaitGroup
	for _, u := range s.ues {
		if u.Status().Registered {
			wg.Go(func() { _ = u.Deregister(ctx, true) }) // switching off needs no answer, and some UEs cannot
		}
	}
	wg.Wait()
	s.settle()
	for _, g := range s.cells {
		_ = g.Close(ctx) // the flow is judged already
	}
	s.stop()
	s.wg.Wait()
}

// heard is what the radio hears, in order.
type heard struct {
	next    ladder.Sink
	note    *recorder
	outside uint64 // goroutines that are never in Go

	mu   sync.Mutex
	last time.Time
}

func (h *heard) take(e ladder.Event) {
	h.mu.Lock()
	h.last = time.Now()
	h.mu.Unlock()
	h.note.record(e)
	h.next.Emit(e)
}

// settle waits until nothing has been said for a while and nobody in this process is about to say something.
func (h *heard) settle() {
	const patience, pause = 10 * time.Second, 10 * time.Millisecond
	began := time.Now()
	for from := began; ; {
		h.mu.Lock()
		if h.last.After(from) {
			from = h.last
		}
		h.mu.Unlock()
		quiet := time.Since(from)
		switch {
		case quiet < settleTime:
			time.Sleep(settleTime - quiet)
		case atRest(h.outside) || time.Since(began) > patience: // somebody is busy with a timer of its own
			return
		default:
			time.Sleep(pause)
		}
	}
}

// differences compares, line by line of the script, which messages the AMF sent on N1 and N2 with those of a ladder.
func (h *heard) differences(want string) []string {
	got := h.note.text()
	if want == "" {
		return nil
	}
	var found []string
	expected, seen := fromAMF(want), fromAMF(got)
	for i := range seen { // the lines that were played
		var e step
		s := seen[i]
		if i < len(expected) {
			e = expected[i]
		}
		names := slices.Sorted(maps.Keys(e.sent))
		for name := range s.sent {
			if e.sent[name] == 0 {
				names = append(names, name)
			}
		}
		for _, name := range names {
			if n, m := e.sent[name], s.sent[name]; n != m {
				found = append(found, fmt.Sprintf("%s: %s %d times, want %d", cmp.Or(s.line, e.line), name, m, n))
			}
		}
	}
	return found
}

// step is what the AMF sends in one line of a script.
type step struct {
	line string
	sent map[string]int
}

// fromAMF reads the messages of the AMF in a ladder.
func fromAMF(text string) []step {
	var steps []step
	for line := range strings.Lines(text) {
		if note, ok := strings.CutPrefix(line, "# "); ok {
			steps = append(steps, step{strings.TrimSpace(note), make(map[string]int)})
			continue
		}
		fields := strings.Fields(line)
		if len(steps) > 0 && len(fields) > 5 && fields[2] == "AMF" && (fields[1] == string(ladder.N1) || fields[1] == string(ladder.N2)) {
			message := fields[5]
			if fields[4] == "UE" && len(fields) > 6 { // and its number
				message = fields[6]
			}
			steps[len(steps)-1].sent[message]++
		}
	}
	return steps
}
