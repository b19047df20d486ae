package probe

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// TestStream: what does not arrive is counted, but not what may be under way, or is of before; what is repeated, overtaken or of another
// is told apart.
func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, other := New(1, Least), New(2, Least)
		old := s.Next()
		if s.Outcome(time.Now()).Arrived() {
			t.Error("one has arrived that is under way")
		}
		s.Begin()
		var sent [][]byte
		for range 6 {
			sent = append(sent, s.Next())
			time.Sleep(time.Millisecond)
		}
		until := time.Now()
		time.Sleep(time.Millisecond)
		s.Next() // may be under way
		s.Take(old)
		for _, i := range []int{0, 1, 3, 2, 2, 5} { // 4 is lost, 2 overtaken and repeated
			s.Take(sent[i])
			time.Sleep(2 * time.Millisecond)
		}
		s.Take(other.Next())
		s.Take([]byte{1, 2})
		o := s.Outcome(until)
		if o.Sent != 6 || o.Lost != 1 || o.Reordered != 1 || o.Foreign != 1 || o.Pause != 2*time.Millisecond || !o.Arrived() || o.Losses[0] != o.Losses[1] {
			t.Errorf("%+v", o)
		}
		if o.Gap != 7*time.Millisecond { // from Begin to the first
			t.Errorf("gap %v", o.Gap)
		}
		s.Watch()
		s.Take(sent[4])
		if o := s.Outcome(until); o.Lost != 0 || o.Gap != 2*time.Millisecond {
			t.Errorf("%+v", o)
		}
		s.Next()
		s.Unsent()
		if o := s.Outcome(time.Now()); o.Sent != 7 {
			t.Errorf("%+v", o)
		}
	})
}

// TestDatagram: the headers are those of RFC 791 §3.1 and RFC 768, with the right checksum.
func TestDatagram(t *testing.T) {
	s := New(7, 100)
	from, to := netip.MustParseAddrPort("10.45.0.2:9001"), netip.MustParseAddrPort("10.45.0.1:9000")
	b := Datagram(from, to, s.Next())
	sum := 0
	for i := 0; i < 20; i += 2 {
		sum += int(b[i])<<8 | int(b[i+1])
	}
	if sum = sum>>16 + sum&0xffff; sum != 0xffff {
		t.Errorf("checksum: %x", sum)
	}
	if len(b) != 100 || int(b[2])<<8|int(b[3]) != 100 || int(b[24])<<8|int(b[25]) != 80 {
		t.Errorf("% x", b)
	}
	if owner, ok := Owner(Payload(b)); !ok || owner != 7 {
		t.Errorf("owner %d, %v", owner, ok)
	}
	if _, ok := Owner(Payload(b[:Headers-1])); ok {
		t.Error("a packet that is cut has an owner")
	}
}
