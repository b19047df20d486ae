// Package ladder tells, message by message, what a core or a simulated radio says to whom: the arrows of a
// figure of TS 23.502. A nil Sink costs nothing and is what a core runs with unless somebody watches.
package ladder

import "time"

// Interface names a reference point of TS 23.501 §4.2.7 ("N1", "N2", "N4") or, for a service between network
// functions, "SBI".
type Interface string

// The reference points that the ladder shows.
const (
	N1  Interface = "N1"
	N2  Interface = "N2"
	N3  Interface = "N3"
	N4  Interface = "N4"
	N14 Interface = "N14"
	Xn  Interface = "Xn"
	SBI Interface = "SBI"
)

// Event is one arrow. Detail holds the key IEs as "name=value" separated by spaces; never a key.
type Event struct {
	Time      time.Time
	From, To  string
	Interface Interface
	Message   string
	Detail    string
}

// Sink takes events. It may be called from many goroutines and must not block.
type Sink func(Event)

// On tells whether anybody watches, so that a caller can spare itself the making of Detail.
func (s Sink) On() bool { return s != nil }

// Emit stamps the event with the time and hands it over; on a nil Sink it does nothing.
func (s Sink) Emit(e Event) {
	if s == nil {
		return
	}
	e.Time = time.Now()
	s(e)
}
