// Package arrows shows ladders: one line for each message between two parties.
package arrows

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/limpid-5g/limpid/ladder"
)

const (
	width = 140   // columns that a line has at most
	party = 8     // columns of a name
	queue = 16384 // arrows that wait for a slow reader; further ones are left out
)

// Writer shows arrows without ever holding up who sends the messages.
type Writer struct {
	out     *bufio.Writer
	write   func(io.Writer, ladder.Event) error
	events  chan ladder.Event
	omitted atomic.Int64
	stop    chan struct{}
	done    sync.WaitGroup
	err     error // the first; after done
}

// Text writes aligned lines to w, with the time since the first.
func Text(w io.Writer) *Writer {
	var start time.Time
	return newWriter(w, func(out io.Writer, e ladder.Event) error {
		if start.IsZero() {
			start = e.Time
		}
		_, err := io.WriteString(out, Line(e, start)+"\n")
		return err
	})
}

// JSON writes one object a line to w.
func JSON(w io.Writer) *Writer {
	return newWriter(w, func(out io.Writer, e ladder.Event) error { return json.NewEncoder(out).Encode(e) })
}

func newWriter(w io.Writer, write func(io.Writer, ladder.Event) error) *Writer {
	a := &Writer{out: bufio.NewWriter(w), write: write, events: make(chan ladder.Event, queue), stop: make(chan struct{})}
	a.done.Go(a.run)
	return a
}

func (a *Writer) run() {
	for {
		select {
		case e := <-a.events:
			a.put(e)
		case <-a.stop:
			for len(a.events) > 0 {
				a.put(<-a.events)
			}
			a.tellOmitted(time.Now())
			return
		}
	}
}

// put writes an arrow, and how many were left out before it; what is written is sent on when nothing waits.
func (a *Writer) put(e ladder.Event) {
	a.tellOmitted(e.Time)
	if a.err == nil {
		a.err = a.write(a.out, e)
	}
	if len(a.events) == 0 && a.err == nil {
		a.err = a.out.Flush()
	}
}

// tellOmitted says how many arrows were left out since it last did, with the last of them at the end.
func (a *Writer) tellOmitted(at time.Time) {
	n := a.omitted.Swap(0)
	if n == 0 || a.err != nil {
		return
	}
	a.err = a.write(a.out, ladder.Event{Time: at, Message: fmt.Sprintf("(%d messages are not shown: the reader is too slow)", n)})
	if len(a.events) == 0 && a.err == nil {
		a.err = a.out.Flush()
	}
}

// Show is a ladder.Sink.
func (a *Writer) Show(e ladder.Event) {
	select {
	case a.events <- e:
	default:
		a.omitted.Add(1)
	}
}

// Close writes what still waits. What comes afterwards is not shown.
func (a *Writer) Close() error {
	close(a.stop)
	a.done.Wait()
	return a.err
}

// Line is one message: milliseconds since start, who to whom, where, what, and its key information elements.
func Line(e ladder.Event, start time.Time) string {
	ms := float64(e.Time.Sub(start).Microseconds()) / 1000
	head := fmt.Sprintf("%10.3f  %-8s → %-8s %-3s  %-48s ", ms, cut(e.From, party), cut(e.To, party), e.Interface, e.Message)
	return strings.TrimRight(head+cut(e.Detail, width-utf8.RuneCountInString(head)), " ")
}

// Header names the columns of Line.
func Header() string {
	return fmt.Sprintf("%10s  %-8s   %-8s %-3s  %-48s %s", "ms", "from", "to", "", "message", "key information elements")
}

// cut shortens s to n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := []rune(s)
	return string(runes[:max(0, n-1)]) + "…"
}
