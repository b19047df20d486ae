package sctp

import (
	"net/netip"
	"reflect"
	"testing"
	"time"
)

// TestCookie seals and opens a cookie, also with a key that was just changed, but not with one long gone, and not
// after any octet was changed, RFC 9260 §5.1.3.
func TestCookie(t *testing.T) {
	j := newCookieJar()
	want := &cookie{
		created: time.Second, lifetime: time.Minute, localTag: 1, peerTag: 2, localTSN: 3, peerTSN: 4, tieLocal: 5,
		tiePeer: 6, window: 7, outbound: 8, inbound: 9, local: amfPort,
		remote:    netip.MustParseAddrPort("[2001:db8::1]:5000"),
		addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::2")},
	}
	b := j.seal(want, time.Second)
	for _, now := range []time.Duration{time.Second, 2 * time.Hour} {
		if got, err := j.open(b, now); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("after %v: %+v, %v", now, got, err)
		}
	}
	for n := range b {
		if _, err := j.open(b[:n], 2*time.Hour); err == nil {
			t.Errorf("%d octets accepted", n)
		}
		b[n] ^= 0x80
		if _, err := j.open(b, 2*time.Hour); err == nil {
			t.Errorf("changed octet %d not noticed", n)
		}
		b[n] ^= 0x80
	}
	if _, err := j.open(b, 4*time.Hour); err == nil {
		t.Error("accepted with a key of four hours ago")
	}
	if _, err := newCookieJar().open(b, time.Second); err == nil {
		t.Error("accepted by another endpoint")
	}
}

// TestQueue pushes and pops around the ring.
func TestQueue(t *testing.T) {
	var q queue[int]
	next, want := 0, 0
	for round := range 100 {
		for range round % 7 {
			q.push(next)
			next++
		}
		for i := range q.len() {
			if *q.at(i) != want+i {
				t.Fatalf("at %d: %d, want %d", i, *q.at(i), want+i)
			}
		}
		for range min(round%5, q.len()) {
			if got := q.pop(); got != want {
				t.Fatalf("popped %d, want %d", got, want)
			}
			want++
		}
	}
	for q.len() > 0 {
		q.pop()
	}
	if len(q.buf) > queueKeep {
		t.Errorf("an empty queue keeps %d places", len(q.buf))
	}
}

// TestBucket lets a second's worth through at once and then the rate.
func TestBucket(t *testing.T) {
	b := bucket{perSecond: 10}
	count := func(now time.Duration) (n int) {
		for b.allow(now) {
			n++
		}
		return n
	}
	for _, c := range []struct {
		now  time.Duration
		want int
	}{{time.Hour, 10}, {time.Hour, 0}, {time.Hour + 500*time.Millisecond, 5}, {2 * time.Hour, 10}} {
		if got := count(c.now); got != c.want {
			t.Errorf("at %v: %d, want %d", c.now, got, c.want)
		}
	}
}

// TestDeadAlternates keeps an association whose peer lists addresses that nobody answers, RFC 9260 §5.4 and §8.1.
func TestDeadAlternates(t *testing.T) {
	probed(t, Config{AssociationMaxRetrans: 1}, func(t *testing.T, amf *endpoint, l Listener, p *probe) {
		amf.cfg.HeartbeatInterval = time.Second
		i := p.init()
		for n := range byte(7) {
			i.Addresses = append(i.Addresses, netip.AddrFrom4([4]byte{10, 0, 1, n}))
		}
		p.connect(i)
		a := accept(t, l)
		for range 100 {
			time.Sleep(500 * time.Millisecond)
			for _, c := range p.replies() {
				if c.Type == typeHEARTBEAT {
					p.send(appendChunk(nil, typeHEARTBEATACK, 0, c.Value))
				}
			}
		}
		if a.state != stateEstablished || len(a.paths) != 8 {
			t.Errorf("state %d, %d paths", a.state, len(a.paths))
		}
	})
}
