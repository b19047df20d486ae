package flows

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/ladder"
)

// recorder writes down the arrows that a core emits.
type recorder struct {
	start time.Time
	off   bool // nothing is written down
	// several cores run, each with an N4: when their heartbeats come says nothing
	several bool
	mu      sync.Mutex
	lines   []string
	muted   bool
	// of N4: the number of a session by the owner and the value of an identifier
	seids    map[string]int
	sessions int
}

// random is what differs from run to run: identities that nobody may guess.
var random = regexp.MustCompile(`((?:TMSI|TEID|T3346)=|5g-guti-)[^ ]+`)

// seid is a session endpoint identifier, TS 29.244 §5.6.2: the receiver's, or that of either end where it says so.
var seid = regexp.MustCompile(`(CP-|UP-|)SEID=(0x[0-9a-f]+)`)

// numbered puts the number of the session, in order of appearance, in the place of its random identifiers.
func (r *recorder) numbered(e ladder.Event, node string) string {
	number := 0
	return seid.ReplaceAllStringFunc(e.Detail, func(s string) string {
		parts := seid.FindStringSubmatch(s)
		owner := map[string]string{"": e.To, "CP-": "SMF", "UP-": "UPF"}[parts[1]]
		if parts[2] == "0x0" {
			return parts[1] + "SEID=0"
		}
		key := node + owner + parts[2]
		if r.seids[key] == 0 && number == 0 {
			r.sessions++
			number = r.sessions
		}
		if r.seids[key] == 0 {
			r.seids[key] = number // the other end's, in the same message
		}
		number = r.seids[key]
		return fmt.Sprintf("%sSEID=#%d", parts[1], number)
	})
}

func (r *recorder) record(e ladder.Event) { r.recordOf("", e) }

// recordOf is record for one of several cores, whose N4 session endpoint identifiers are its own.
func (r *recorder) recordOf(node string, e ladder.Event) {
	if r.off || e.Interface == ladder.SBI || r.several && strings.HasPrefix(e.Message, "PFCP Heartbeat") {
		return // function calls in this process: the flow is what goes over a wire
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	detail := random.ReplaceAllString(r.numbered(e, node), "$1*")
	line := fmt.Sprintf("%9.3f  %-4s %-6s -> %-6s %-36s %s", e.Time.Sub(r.start).Seconds(), e.Interface, e.From, e.To, e.Message, detail)
	if !r.muted {
		r.lines = append(r.lines, strings.TrimRight(line, " "))
	}
}

// mute drops the arrows of a core that takes itself down where another would be dead.
func (r *recorder) mute(muted bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.muted = muted
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

// Same tells whether two ladders show the same flow. Under each line of the script it compares what each party says and
// hears: the arrows of one UE on N1, of one UE or gNB on N2, of one session on N4 and of one operation on N14 each have an order, but one of them may run ahead of
// another; so may what leaves beside the rest.
func Same(got, want string) bool { return maps.Equal(lanes(got, false), lanes(want, false)) }

// sameDirections is Same where what a party says and what it hears may cross: each has its order.
func sameDirections(got, want string) bool { return maps.Equal(lanes(got, true), lanes(want, true)) }

// party finds whom an arrow concerns: a UE on N1 or N2, a session on N4.
var party = regexp.MustCompile(`UE \d+ |RAN-UE-NGAP-ID=\d+|SEID=#\d+`)

// besides finds what does not wait for the rest nor holds it up: the answer to a report on N4, which leaves beside what the
// report starts, and a gNB's word about a message that it could not use, while the next is on its way.
var besides = regexp.MustCompile(`PFCP Session Report Response|-> AMF    ErrorIndication`)

// lanes splits a ladder into its parties' parts, each direction by itself or both together.
func lanes(text string, directed bool) map[string]string {
	split := make(map[string]string)
	step := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "# ") {
			step++
			split[fmt.Sprint(step)] = line
			continue
		}
		fields := strings.Fields(line)
		lane := fmt.Sprint(step, " ", party.FindString(line))
		if len(fields) > 4 {
			lane += " " + fields[1]
			if fields[1] == string(ladder.N2) { // the gNB's end
				lane += " " + strings.Trim(fields[2]+fields[4], "AMF")
			}
			if fields[1] == string(ladder.N14) && len(fields) > 5 { // the operation
				lane += " " + fields[5]
			}
			if besides.MatchString(line) {
				lane += " besides"
			}
			if directed {
				lane += " from " + fields[2]
			}
		}
		split[lane] += line
	}
	return split
}
