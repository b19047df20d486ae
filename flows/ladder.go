package flows

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/ladder"
)

// recorder writes down the arrows that a core emits.
type recorder struct {
	start time.Time
	mu    sync.Mutex
	lines []string
}

// random is what differs from run to run: identities and sequence numbers that nobody may guess.
var random = regexp.MustCompile(`((?:TMSI|SEID|TEID)=|5g-guti-)[^ ]+`)

func (r *recorder) record(e ladder.Event) {
	if e.Interface == ladder.SBI {
		return // function calls in this process: the flow is what goes over a wire
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	detail := random.ReplaceAllString(e.Detail, "$1*")
	line := fmt.Sprintf("%9.3f  %-4s %-6s -> %-6s %-36s %s", e.Time.Sub(r.start).Seconds(), e.Interface, e.From, e.To, e.Message, detail)
	r.lines = append(r.lines, strings.TrimRight(line, " "))
}

// note writes a line of the script between the arrows.
func (r *recorder) note(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, "# "+line)
}

func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n") + "\n"
}

// same tells whether two ladders show the same flow. Under each line of the script it compares what each party says and
// hears: the arrows of one UE on N1, of one UE on N2, and of N4 each have an order, but one of them may run ahead of another.
func same(got, want string) bool {
	a, b := lanes(got), lanes(want)
	if len(a) != len(b) {
		return false
	}
	for lane, text := range a {
		if b[lane] != text {
			return false
		}
	}
	return true
}

// party finds whom an arrow concerns: a UE on N1 or N2.
var party = regexp.MustCompile(`UE \d+ |RAN-UE-NGAP-ID=\d+`)

// lanes splits a ladder into its parties' parts.
func lanes(text string) map[string]string {
	split := make(map[string]string)
	step := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "# ") {
			step++
			split[fmt.Sprint(step)] = line
			continue
		}
		fields := strings.Fields(line)
		lane := fmt.Sprint(step, " ", fields[min(1, len(fields)-1)], " ", party.FindString(line))
		split[lane] += line
	}
	return split
}
