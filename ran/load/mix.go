package load

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Procedure is one of those that a load is made of.
type Procedure uint8

// The procedures. ANRelease is not chosen in a Mix: it follows by itself.
const (
	Attach         Procedure = iota // registration, TS 23.502 §4.2.2.2.2
	Session                         // PDU session establishment, TS 23.502 §4.3.2.2.1
	ServiceRequest                  // UE triggered service request, TS 23.502 §4.2.3.2
	Detach                          // UE-initiated deregistration, TS 23.502 §4.2.2.3.2
	Handover                        // Xn based handover to the next gNB, TS 23.502 §4.9.1.2.2
	ANRelease                       // for user inactivity, TS 23.502 §4.2.6

	procedures = int(ANRelease) + 1
	mixed      = int(Handover) + 1
)

// names are those of the command line and of reports.
var names = [procedures]string{"attach", "session", "service-request", "detach", "handover", "an-release"}

func (p Procedure) String() string {
	if int(p) < procedures {
		return names[p]
	}
	return fmt.Sprintf("procedure %d", uint8(p))
}

// Mix is how the procedures share the rate: each gets its weight's share of all weights.
type Mix [mixed]float64

const maxWeight = 1e6

// ParseMix reads weights such as "attach=1,session=1,service-request=5,detach=1"; without "=" a weight is 1.
func ParseMix(s string) (Mix, error) {
	var m Mix
	var seen [mixed]bool
	for one := range strings.SplitSeq(s, ",") {
		name, text, given := strings.Cut(strings.TrimSpace(one), "=")
		p, err := mixedProcedure(name)
		if err != nil {
			return m, err
		}
		if seen[p] {
			return m, fmt.Errorf("mix: %s is there twice", p)
		}
		seen[p], m[p] = true, 1
		if !given {
			continue
		}
		if m[p], err = strconv.ParseFloat(text, 64); err != nil {
			return m, fmt.Errorf("mix: weight %q of %s is not a number", text, p)
		}
	}
	return m, m.check()
}

func mixedProcedure(name string) (Procedure, error) {
	for p, n := range names[:mixed] {
		if n == name {
			return Procedure(p), nil
		}
	}
	return 0, fmt.Errorf("mix: %q is none of %s", name, strings.Join(names[:mixed], ", "))
}

func (m Mix) check() error {
	for p, w := range m {
		if !(w >= 0 && w <= maxWeight) {
			return fmt.Errorf("mix: weight %v of %s: want 0 to %v", w, Procedure(p), maxWeight)
		}
	}
	if m[Attach] == 0 {
		return errors.New("mix: no attach, without which a UE can do nothing")
	}
	if m[Handover] > 0 && m[Session] == 0 {
		return errors.New("mix: handover without session, for which UEs stay connected: add session")
	}
	return nil
}

// ends tells whether every UE comes to a state in which it has nothing more to do.
func (m Mix) ends() bool { return m[ServiceRequest] == 0 && m[Detach] == 0 && m[Handover] == 0 }

// String is what ParseMix reads.
func (m Mix) String() string {
	var parts []string
	for p, w := range m {
		if w > 0 {
			parts = append(parts, fmt.Sprintf("%s=%s", Procedure(p), strconv.FormatFloat(w, 'g', -1, 64)))
		}
	}
	return strings.Join(parts, ",")
}

// turns deals out procedures by their weights, as evenly as possible and always in the same order.
type turns struct {
	mix    Mix
	credit [mixed]float64
	total  float64
}

func newTurns(m Mix) *turns {
	t := &turns{mix: m}
	for _, w := range m {
		t.total += w
	}
	return t
}

func (t *turns) next() Procedure {
	best := Attach
	for p, w := range t.mix {
		t.credit[p] += w
		if w > 0 && t.credit[p] > t.credit[best] {
			best = Procedure(p)
		}
	}
	t.credit[best] -= t.total
	return best
}

// instead says which procedures take the turn of one that no UE can do now, in this order: those that bring a UE nearer
// to it first.
var instead = [mixed][]Procedure{
	Attach:         {Detach, Session, Handover, ServiceRequest},
	Session:        {Attach, Detach, Handover, ServiceRequest},
	ServiceRequest: {Session, Attach, Handover, Detach},
	Detach:         {Session, Attach, Handover, ServiceRequest},
	Handover:       {ServiceRequest, Session, Attach, Detach},
}
