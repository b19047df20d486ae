package smf

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"
)

func pool(gateway string, prefixes ...string) *ipPool {
	var list []netip.Prefix
	for _, p := range prefixes {
		list = append(list, netip.MustParsePrefix(p))
	}
	var g netip.Addr
	if gateway != "" {
		g = netip.MustParseAddr(gateway)
	}
	return newIPPool(list, g)
}

// TestPoolExcludes gives every host but the gateway once, TS 23.501 §5.8.2.2.1.
func TestPoolExcludes(t *testing.T) {
	tests := []struct {
		name, gateway string
		prefixes      []string
		want          []string
	}{
		{"first host is the gateway", "", []string{"10.0.0.0/29"}, []string{"10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"}},
		{"another gateway", "10.0.0.6", []string{"10.0.0.0/29"}, []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"}},
		{"gateway elsewhere", "10.9.9.9", []string{"10.0.0.0/30"}, []string{"10.0.0.1", "10.0.0.2"}},
		{"two prefixes", "", []string{"10.0.0.0/30", "10.1.0.0/30"}, []string{"10.0.0.2", "10.1.0.1", "10.1.0.2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := pool(tt.gateway, tt.prefixes...)
			for _, want := range tt.want {
				if a, err := p.allot(); err != nil || a != netip.MustParseAddr(want) {
					t.Errorf("%v, %v, want %s", a, err, want)
				}
			}
			if a, err := p.allot(); !errors.Is(err, errPoolEmpty) {
				t.Errorf("%v, %v, want %v", a, err, errPoolEmpty)
			}
		})
	}
}

// TestPoolReuse gives the address that was freed longest ago.
func TestPoolReuse(t *testing.T) {
	p := pool("", "10.0.0.0/29")
	for range 5 {
		if _, err := p.allot(); err != nil {
			t.Fatal(err)
		}
	}
	order := []netip.Addr{netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("10.0.0.2")}
	for _, a := range order {
		p.free(a)
		p.free(a) // twice does no harm
	}
	p.free(netip.MustParseAddr("192.0.2.1")) // nor does a foreign one
	for _, want := range order {
		if a, err := p.allot(); a != want {
			t.Errorf("%v, %v, want %v", a, err, want)
		}
	}
	if a, err := p.allot(); err == nil {
		t.Errorf("gave %v twice", a)
	}
}

// TestPoolStatic keeps static addresses out of the others' way, TS 23.501 §5.8.2.2.1.
func TestPoolStatic(t *testing.T) {
	p := pool("", "10.0.0.0/29")
	inside, outside := netip.MustParseAddr("10.0.0.3"), netip.MustParseAddr("172.16.0.1")
	for _, a := range []netip.Addr{inside, outside} {
		if err := p.allotStatic(a); err != nil {
			t.Error(err)
		}
		if err := p.allotStatic(a); !errors.Is(err, errAddressTaken) {
			t.Errorf("%v a second time: %v", a, err)
		}
	}
	for _, taken := range []string{"10.0.0.0", "10.0.0.1", "10.0.0.7"} {
		if err := p.allotStatic(netip.MustParseAddr(taken)); !errors.Is(err, errAddressTaken) {
			t.Errorf("%s: %v", taken, err)
		}
	}
	for range 4 {
		if a, err := p.allot(); err != nil || a == inside {
			t.Errorf("%v, %v", a, err)
		}
	}
	p.free(inside)
	p.free(outside)
	if a, err := p.allot(); err != nil || a != inside {
		t.Errorf("%v, %v", a, err)
	}
	if err := p.allotStatic(outside); err != nil {
		t.Error(err)
	}
}

// TestPoolStaticComesAndGoes: an address that is taken by name and freed over and over does not make the queue grow.
func TestPoolStaticComesAndGoes(t *testing.T) {
	p := pool("", "10.0.0.0/29")
	first, err := p.allot()
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		p.free(first)
		if err := p.allotStatic(first); err != nil {
			t.Fatal(err)
		}
	}
	p.free(first)
	if n := len(p.ranges[0].freed); n > 16 {
		t.Errorf("queue of %d for 8 addresses", n)
	}
	for range 5 {
		if _, err := p.allot(); err != nil {
			t.Fatal(err)
		}
	}
	if a, err := p.allot(); err == nil {
		t.Errorf("gave %v twice", a)
	}
}

// TestPoolRandom compares with a set: no address twice, none lost, and the queue stays small.
func TestPoolRandom(t *testing.T) {
	const seed = 1
	r := rand.New(rand.NewPCG(seed, seed))
	p := pool("", "10.0.0.0/26", "10.0.1.0/28")
	held := map[netip.Addr]bool{}
	const hosts = 64 + 16 - 4 - 1
	for range 20_000 {
		switch r.IntN(3) {
		case 0:
			a, err := p.allot()
			if (err != nil) != (len(held) == hosts) || held[a] {
				t.Fatalf("seed %d: %v, %v with %d held", seed, a, err, len(held))
			}
			if err == nil {
				held[a] = true
			}
		case 1:
			a := netip.AddrFrom4([4]byte{10, 0, 0, byte(2 + r.IntN(61))})
			if err := p.allotStatic(a); (err != nil) != held[a] {
				t.Fatalf("seed %d: %v, %v", seed, a, err)
			}
			held[a] = true
		case 2:
			for a := range held {
				p.free(a)
				delete(held, a)
				break
			}
		}
	}
	for _, r := range p.ranges {
		if uint32(len(r.freed)) > 2*r.size {
			t.Errorf("queue of %d for %d addresses", len(r.freed), r.size)
		}
	}
}

func BenchmarkPool(b *testing.B) {
	p := pool("", "10.0.0.0/16")
	b.ReportAllocs()
	for b.Loop() {
		a, err := p.allot()
		if err != nil {
			b.Fatal(err)
		}
		p.free(a)
	}
}

// TestPoolBeside: a prefix has the offset of the session's address where that is free, and another where it is not, or a fixed one.
func TestPoolBeside(t *testing.T) {
	addresses, prefixes := pool("", "10.0.0.0/29", "10.1.0.0/29"), pool("", "2001:db8:0:8::/61", "2001:db8:1::/62")
	for _, x := range []struct{ fixed, beside, want string }{
		{"", "10.0.0.3", "2001:db8:0:b::"},
		{"", "10.0.0.3", "2001:db8:0:9::"}, // taken
		{"2001:db8:0:a::", "10.0.0.4", "2001:db8:0:a::"},
		{"", "10.0.0.2", "2001:db8:0:c::"}, // fixed for another
		{"", "10.1.0.3", "2001:db8:1:3::"}, // of the second range
		{"", "10.1.0.5", "2001:db8:0:d::"}, // which is shorter
		{"", "192.0.2.1", "2001:db8:0:e::"},
		{"", "", "2001:db8:0:f::"},
	} {
		var fixed, beside netip.Addr
		if x.fixed != "" {
			fixed = netip.MustParseAddr(x.fixed)
		}
		if x.beside != "" {
			beside = netip.MustParseAddr(x.beside)
		}
		if got, err := prefixes.giveBeside(fixed, addresses, beside); err != nil || got != netip.MustParseAddr(x.want) {
			t.Errorf("%v, %v beside %s, want %s", got, err, x.beside, x.want)
		}
	}
	prefixes.free(netip.MustParseAddr("2001:db8:0:b::"))
	if got, err := prefixes.giveBeside(netip.Addr{}, addresses, netip.MustParseAddr("10.0.0.3")); err != nil || got != netip.MustParseAddr("2001:db8:0:b::") {
		t.Errorf("%v, %v after it was given back", got, err)
	}
}
