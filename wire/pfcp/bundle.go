package pfcp

import (
	"context"
	"fmt"
	"net/netip"
	"time"
)

// A peer that has the feature BUNDL takes several messages in one datagram, TS 29.244 §6.5: the FO flag in the header of each but the
// last says that another one follows. Each is a message of its own for everything else: it has its own sequence number, its own
// answer, and comes again alone or with others. What comes bundled is taken apart and served one after the other, and the answers go
// back bundled: one by one they would overrun the socket of a peer that has sent several bundles.

// followOn is the FO flag in the first octet of a header, TS 29.244 §7.2.2.1.
const followOn = 4

// Octets of a bundle: one on this machine passes the loopback whole, and with it the socket's room for several; elsewhere it is to fit
// into one frame.
const (
	bundleHere      = 32 << 10
	bundleElsewhere = 1400
)

func bundleSize(peer netip.AddrPort) int {
	if peer.Addr().IsLoopback() {
		return bundleHere
	}
	return bundleElsewhere
}

// bundle is messages on their way into one datagram.
type bundle struct {
	b    []byte
	last int // where the last message begins
}

// add lets appendTo append a message; false: it does not fit any more, and the bundle is as it was.
func (x *bundle) add(most int, appendTo func(dst []byte) []byte) bool {
	at := len(x.b)
	b := appendTo(x.b)
	if at > 0 && len(b) > most {
		x.b = b[:at]
		return false
	}
	if at > 0 {
		b[x.last] |= followOn
	}
	x.b, x.last = b, at
	return true
}

func (x *bundle) empty() { x.b, x.last = x.b[:0], 0 }

// Outcome is what came of one of several requests: the response, or an error as of Request.
type Outcome struct {
	Message Message
	Err     error
}

// RequestBundled is Request for several requests without a SEID to a peer that takes bundles. The outcomes are in the order of the
// requests.
func (e *Endpoint) RequestBundled(ctx context.Context, peer netip.AddrPort, requests []Message) []Outcome {
	outcomes := make([]Outcome, len(requests))
	window, err := e.enter(ctx, peer)
	if err != nil {
		for i := range outcomes {
			outcomes[i].Err = err
		}
		return outcomes
	}
	defer func() { <-window }()
	x := exchange{e: e, requests: requests, outcomes: outcomes, open: len(requests)}
	x.keys, x.answers = e.enrollAll(peer, requests)
	defer e.retireAll(x.keys)
	if e.cfg.Tap != nil {
		for i, m := range requests {
			e.cfg.Tap(Sent, x.keys[i].peer, Header{Type: m.Type(), Sequence: x.keys[i].sequence}, m)
		}
	}
	x.run(ctx)
	return outcomes
}

// exchange is a bundle of requests under way.
type exchange struct {
	e        *Endpoint
	requests []Message
	keys     []transaction
	answers  chan reply
	outcomes []Outcome
	open     int // requests without an outcome
	next     int // where the next answer is looked for first
}

// run sends what has no answer every T1 up to N1 times, TS 29.244 §6.4.
func (x *exchange) run(ctx context.Context) {
	timer := time.NewTimer(x.e.cfg.T1)
	defer timer.Stop()
	for sent := 0; ; sent++ {
		if sent > x.e.cfg.N1 {
			x.end(func(i int) error {
				m := x.requests[i]
				err := fmt.Errorf("%w from %s to %s, sent %d times", ErrNoAnswer, x.keys[i].peer, m.Type(), sent)
				return &Unanswered{Err: err, key: x.keys[i], h: x.header(i), m: m}
			})
			return
		}
		if sent > 0 {
			x.e.Stats.Retransmission.Add(uint64(x.open))
			timer.Reset(x.e.cfg.T1)
		}
		x.send()
		for waiting := true; waiting; {
			select {
			case r := <-x.answers:
				if x.take(r); x.open == 0 {
					return
				}
			case <-timer.C:
				waiting = false
			case <-ctx.Done():
				x.end(func(int) error { return ctx.Err() })
				return
			case <-x.e.ctx.Done():
				x.end(func(int) error { return ErrClosed })
				return
			}
		}
	}
}

func (x *exchange) header(i int) Header {
	return Header{Type: x.requests[i].Type(), Sequence: x.keys[i].sequence}
}

func (x *exchange) done(i int) bool { return x.outcomes[i].Message != nil || x.outcomes[i].Err != nil }

// end gives what has no outcome an error.
func (x *exchange) end(err func(i int) error) {
	for i := range x.outcomes {
		if !x.done(i) {
			x.outcomes[i].Err = err(i)
		}
	}
}

// take notes an answer.
func (x *exchange) take(r reply) {
	for n := range x.keys {
		i := (x.next + n) % len(x.keys)
		if x.keys[i].sequence != r.sequence {
			continue
		}
		x.next = i + 1
		if x.done(i) {
			return
		}
		x.outcomes[i].Message = r.m
		if r.err != nil {
			x.outcomes[i] = Outcome{Err: &Unanswered{Err: r.err, UPFSEID: r.fseid, key: x.keys[i], h: x.header(i), m: x.requests[i]}}
		}
		x.open--
		return
	}
}

// send sends what has no outcome.
func (x *exchange) send() {
	room := x.e.room()
	defer x.e.rooms.Put(room)
	peer := x.keys[0].peer
	most, b := bundleSize(peer), bundle{b: (*room)[:0]}
	for i, m := range x.requests {
		if x.done(i) {
			continue
		}
		put := func(dst []byte) []byte { return Append(dst, x.header(i), m) }
		if !b.add(most, put) {
			x.e.sendBundle(&b, peer)
			b.add(most, put)
		}
	}
	x.e.sendBundle(&b, peer)
	*room = b.b
}

// enrollAll is enroll for several requests, whose answers come on one channel.
func (e *Endpoint) enrollAll(peer netip.AddrPort, requests []Message) ([]transaction, chan reply) {
	keys, answers := make([]transaction, len(requests)), make(chan reply, len(requests))
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, m := range requests {
		keys[i] = e.nextKey(peer)
		e.pending[keys[i]] = pendingRequest{want: m.Type().Response(), answer: answers}
	}
	return keys, answers
}

func (e *Endpoint) retireAll(keys []transaction) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, k := range keys {
		delete(e.pending, k)
	}
}

// reply sends an answer, or lays it to those that go in one datagram.
func (e *Endpoint) reply(wire []byte, peer netip.AddrPort) {
	if !e.bundling {
		e.send(wire, peer)
		return
	}
	e.lay(&e.replies, wire, peer)
}

// lay lays an answer to others, which are sent where it does not fit any more.
func (e *Endpoint) lay(to *bundle, wire []byte, peer netip.AddrPort) {
	put := func(dst []byte) []byte { return append(dst, wire...) }
	if !to.add(bundleSize(peer), put) {
		e.sendBundle(to, peer)
		to.add(bundleSize(peer), put)
	}
}

// sendBundle sends what is in a bundle.
func (e *Endpoint) sendBundle(x *bundle, peer netip.AddrPort) {
	if len(x.b) > 0 {
		e.send(x.b, peer)
		x.empty()
	}
}
