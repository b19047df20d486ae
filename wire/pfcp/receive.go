package pfcp

import (
	"encoding/binary"
	"errors"
	"hash/maphash"
	"net"
	"net/netip"
	"runtime/debug"
)

// receive reads datagrams until the connection is closed.
func (e *Endpoint) receive() {
	defer e.wg.Done()
	buf := make([]byte, 1<<16)
	for {
		n, peer, err := e.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			if e.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			continue // an ICMP error of an earlier datagram: the request's own timer deals with it
		}
		peer = plain(peer)
		if e.cfg.Allow != nil && !e.cfg.Allow(peer) {
			e.Stats.NotAllowed.Add(1)
			continue
		}
		e.datagram(peer, buf[:n])
	}
}

// datagram takes the messages of one datagram apart, TS 29.244 §6.5. One that cannot be read ends it: nobody knows where the next
// begins.
func (e *Endpoint) datagram(peer netip.AddrPort, b []byte) {
	h, _, err := DecodeHeader(b)
	e.bundling = err == nil && h.FollowOn
	for err == nil && h.FollowOn {
		n := 4 + int(binary.BigEndian.Uint16(b[2:]))
		b[0] &^= followOn // alone it would be the same message
		e.message(peer, h, nil, b[:n])
		b = b[n:]
		h, _, err = DecodeHeader(b)
	}
	e.message(peer, h, err, b)
	e.sendBundle(&e.replies, peer)
	e.bundling = false
	if len(e.bundled) > 0 {
		first := e.bundled[0]
		first.others = e.bundled[1:]
		e.bundled = nil
		e.begin(first)
	}
}

// message sorts one message: response, request, or what TS 29.244 §7.6 says of neither.
func (e *Endpoint) message(peer netip.AddrPort, h Header, err error, b []byte) {
	switch {
	case errors.Is(err, ErrVersion):
		// Another version's answer is answered with silence, or two functions might never stop.
		if h.Type != TypeVersionNotSupportedResponse {
			e.send(Append(nil, Header{Sequence: h.Sequence}, &VersionNotSupportedResponse{}), peer)
		}
	case err != nil:
		e.discard(peer, err)
	case h.Type.IsResponse():
		e.response(peer, h, b)
	default:
		e.request(peer, h, b)
	}
}

func (e *Endpoint) discard(peer netip.AddrPort, err error) {
	e.Stats.Undecodable.Add(1)
	e.cfg.Log.Debug("PFCP datagram discarded", "peer", peer, "error", err)
}

// response wakes the request that waits for it, once. A response that cannot be read ends the wait too, TS 29.244 §7.6.1.
func (e *Endpoint) response(peer netip.AddrPort, h Header, b []byte) {
	key := transaction{peer, h.Sequence}
	e.mu.Lock()
	p, ok := e.pending[key]
	ok = ok && (h.Type == p.want || h.Type == TypeVersionNotSupportedResponse)
	if ok {
		delete(e.pending, key)
	}
	e.mu.Unlock()
	if !ok {
		e.Stats.Unexpected.Add(1)
		e.late(peer, b)
		return
	}
	h, m, err := Decode(b)
	if err == nil && e.cfg.Tap != nil {
		e.cfg.Tap(Received, peer, h, m)
	}
	if h.Type == TypeVersionNotSupportedResponse {
		err = ErrVersion
	}
	r := reply{sequence: key.sequence, m: m, err: err}
	if err != nil && h.Type == TypeSessionEstablishmentResponse {
		r.fseid = fseidIn(b)
	}
	p.answer <- r // it has room for the one answer
}

// late tells of a session that an answer tells of which nobody waits for any more.
func (e *Endpoint) late(peer netip.AddrPort, b []byte) {
	if e.cfg.Late == nil {
		return
	}
	h, m, err := Decode(b)
	answer, ok := m.(*SessionEstablishmentResponse)
	if err != nil || !ok || !answer.Cause.Accepted() || !answer.UPFSEID.Present() {
		return
	}
	if e.cfg.Tap != nil {
		e.cfg.Tap(Received, peer, h, m)
	}
	e.cfg.Late(peer, h, answer)
}

// fseidIn looks for the UP F-SEID in a response that cannot be read as a whole.
func fseidIn(b []byte) (f Opt[FSEID]) {
	_, rest, err := DecodeHeader(b)
	for err == nil && len(rest) > 0 {
		t, v, after, bad := next(rest)
		if bad != nil {
			break
		}
		if rest = after; t != IEFSEID {
			continue
		}
		var found FSEID
		if found.decode(v) == 0 {
			return Some(found)
		}
		break
	}
	return f
}

// request serves a request once, however often it comes, TS 29.244 §6.4.
func (e *Endpoint) request(peer netip.AddrPort, h Header, b []byte) {
	key := transaction{peer, h.Sequence}
	e.mu.Lock()
	a, again := e.answers.find(key, b)
	e.mu.Unlock()
	if again {
		e.Stats.Repeated.Add(1)
		if a != nil {
			e.reply(a, peer)
		}
		return
	}
	if e.cfg.Known != nil && h.Type == TypeSessionEstablishmentRequest && e.known(key, h, b) {
		return
	}
	h, m, err := Decode(b)
	var bad *Error
	switch {
	case errors.As(err, &bad):
		refusal := Refusal(h.Type, e.cfg.NodeID, bad)
		if refusal == nil { // a heartbeat without its time stamp: its response has no cause
			e.discard(peer, err)
			return
		}
		e.Stats.Refused.Add(1)
		e.cfg.Log.Warn("PFCP request refused", "peer", peer, "message", h.Type, "error", bad)
		seid := uint64(0)
		if h.SEID != 0 && e.cfg.PeerSEID != nil {
			seid = e.cfg.PeerSEID(h.SEID)
		}
		e.answer(key, e.open(key, b), seid, refusal, e.reply)
		return
	case err != nil:
		e.discard(peer, err)
		return
	}
	if !e.admit() {
		e.Stats.Overload.Add(1)
		return
	}
	if e.cfg.Tap != nil {
		e.cfg.Tap(Received, peer, h, m)
	}
	r := served{key: key, h: h, m: m, slot: e.open(key, b)}
	if e.bundling {
		e.bundled = append(e.bundled, r)
		return
	}
	e.begin(r)
}

// admit takes a place among what is served at once, Config.Concurrency. Requests of one datagram share theirs.
func (e *Endpoint) admit() bool {
	if len(e.bundled) > 0 {
		return true
	}
	select {
	case e.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

// served is a request that is being served.
type served struct {
	key    transaction
	h      Header
	m      Message
	slot   *answer
	others []served // that came in the same datagram, behind it
}

// maxIdleServers bounds the goroutines that wait for the next request. One that has served a request has a stack of the size that
// requests need.
const maxIdleServers = 64

// begin serves a request on a goroutine of its own, one that has ended another if there is one.
func (e *Endpoint) begin(r served) {
	e.mu.Lock()
	if n := len(e.idle); n > 0 {
		server := e.idle[n-1]
		e.idle = e.idle[:n-1]
		e.mu.Unlock()
		server <- r // which has room for one
		return
	}
	e.mu.Unlock()
	e.wg.Add(1)
	go e.serve(r)
}

// serve serves one request after the other until there are goroutines enough for that or the endpoint is closed.
func (e *Endpoint) serve(r served) {
	defer e.wg.Done()
	next := make(chan served, 1)
	for {
		e.serveOne(&r)
		e.mu.Lock()
		if len(e.idle) >= maxIdleServers {
			e.mu.Unlock()
			return
		}
		e.idle = append(e.idle, next)
		e.mu.Unlock()
		select {
		case r = <-next:
		case <-e.ctx.Done():
			return
		}
	}
}

// serveOne serves a request and those that came with it. Answers to several go in one datagram.
func (e *Endpoint) serveOne(r *served) {
	defer func() {
		*r = served{}
		<-e.slots
	}()
	if e.cfg.Handle == nil {
		return
	}
	if len(r.others) == 0 {
		e.respond(r, e.send)
		return
	}
	var replies bundle
	lay := func(wire []byte, peer netip.AddrPort) { e.lay(&replies, wire, peer) }
	e.respond(r, lay)
	for i := range r.others {
		e.respond(&r.others[i], lay)
	}
	e.sendBundle(&replies, r.key.peer)
}

// respond has a request handled and answers it.
func (e *Endpoint) respond(r *served, send func([]byte, netip.AddrPort)) {
	if seid, m := e.handle(r.key.peer, r.h, r.m); m != nil {
		e.answer(r.key, r.slot, seid, m, send)
	}
}

// known answers a request that Known knows.
func (e *Endpoint) known(key transaction, h Header, b []byte) bool {
	seid, response := e.cfg.Known(key.peer, b)
	if response == nil {
		return false
	}
	if e.cfg.Tap != nil {
		if _, m, err := Decode(b); err == nil {
			e.cfg.Tap(Received, key.peer, h, m)
		}
	}
	e.answer(key, e.open(key, b), seid, response, e.reply)
	return true
}

// handle serves a request. One that makes the handler panic is refused: it ends no other's.
func (e *Endpoint) handle(peer netip.AddrPort, h Header, m Message) (seid uint64, response Message) {
	defer func() {
		if why := recover(); why != nil {
			e.Stats.Panics.Add(1)
			e.cfg.Log.Error("panic while serving a PFCP request", "peer", peer, "message", h.Type, "panic", why, "stack", string(debug.Stack()))
			seid, response = 0, Refusal(h.Type, e.cfg.NodeID, &Error{Cause: CauseSystemFailure})
		}
	}()
	return e.cfg.Handle(e.ctx, peer, h, m)
}

// open notes that a request is being served.
func (e *Endpoint) open(key transaction, b []byte) *answer {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.answers.open(key, b)
}

// usualAnswer is what most answers fit into.
const usualAnswer = 64

// answer sends a response with its request's sequence number and keeps it for when the request comes again.
func (e *Endpoint) answer(key transaction, slot *answer, seid uint64, m Message, send func([]byte, netip.AddrPort)) {
	h := Header{Type: m.Type(), SEID: seid, Sequence: key.sequence}
	wire := Append(make([]byte, 0, usualAnswer), h, m)
	if len(wire) > maxDatagram {
		e.cfg.Log.Error("PFCP response does not fit a datagram", "peer", key.peer, "message", m.Type(), "octets", len(wire))
		return
	}
	e.mu.Lock()
	slot.wire = wire
	e.mu.Unlock()
	if e.cfg.Tap != nil {
		e.cfg.Tap(Sent, key.peer, h, m)
	}
	send(wire, key.peer)
}

// answer is a request that came, and what was answered; wire is nil while it is being served.
type answer struct {
	key    transaction
	digest uint64
	wire   []byte
}

// answerCache keeps the last answers, the oldest going first. A request is the same if its octets are: a peer that
// restarted may use a sequence number again for another request.
type answerCache struct {
	seed maphash.Seed
	byID map[transaction]*answer
	ring []*answer
	next int
}

func newAnswerCache(size int) answerCache {
	return answerCache{seed: maphash.MakeSeed(), byID: make(map[transaction]*answer), ring: make([]*answer, size)}
}

// find tells whether the request came before, and its answer if there is one already.
func (c *answerCache) find(key transaction, b []byte) ([]byte, bool) {
	a := c.byID[key]
	if a == nil || a.digest != maphash.Bytes(c.seed, b) {
		return nil, false
	}
	return a.wire, true
}

func (c *answerCache) open(key transaction, b []byte) *answer {
	if old := c.ring[c.next]; old != nil && c.byID[old.key] == old {
		delete(c.byID, old.key)
	}
	a := &answer{key: key, digest: maphash.Bytes(c.seed, b)}
	c.ring[c.next] = a
	c.next = (c.next + 1) % len(c.ring)
	c.byID[key] = a
	return a
}
