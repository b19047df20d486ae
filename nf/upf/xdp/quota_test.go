package xdp

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
)

// TestQuotaAfterFastPath: a session that the programs served gets a quota: it ends with the same packet as where user space alone
// has served it, and so does a quota after that, TS 29.244 §5.2.2.2.
func TestQuotaAfterFastPath(t *testing.T) {
	for name, rules := range map[string]func(*upf.Session){"plain": func(*upf.Session) {}, "flows": eightFlows} {
		t.Run(name, func(t *testing.T) {
			d := newDiffer(t, 1)
			s := filtered(5, rules)
			apply := func(u ...upf.URR) {
				t.Helper()
				next := *s
				next.URRs = u
				check(t, d.path.Apply(&next))
				check(t, d.alone.path.Apply(&next))
				d.settle()
			}
			send := func(n int) {
				for range n {
					d.now += 1e9
					check(t, d.clock.Set(uint64(d.now)))
					body := udp(1, 2, make([]byte, 72))
					d.both("uplink", programN3, gpdu(gnb, &gtpu.Packet{Type: gtpu.GPDU, TEID: 1<<20 | 5, HasSession: true,
						Session: gtpu.PDUSession{Type: gtpu.Uplink, QFI: 9}, Payload: ipv4(addressOf(5), dnHost, 17, 64, body)}))
					d.both("downlink", programN6, ethernet(oneMAC, gateMAC, ipv4(dnHost, addressOf(5), 17, 64, body)))
				}
			}
			id := s.Rules[0].URRs[0]
			apply()
			send(7)
			for _, quota := range []uint64{650, 450} {
				total := d.path.Usage(5, id).Total()
				before := d.path.Counters().Dropped[upf.DropQuota]
				apply(upf.URR{ID: id, Quota: upf.Limit{Total: total + quota}})
				send(10)
				if got := d.path.Usage(5, id).Total() - total; got < quota || got >= quota+100 || d.path.Counters().Dropped[upf.DropQuota] == before {
					t.Errorf("%d octets passed by a quota of %d", got, quota)
				}
				d.compare()
				apply()
				send(3)
			}
			if d.counts["uplink forwarded"] == 0 || d.counts["downlink forwarded"] == 0 || d.counts["uplink passed"] == 0 {
				t.Errorf("verdicts %v", d.counts)
			}
		})
	}
}

// TestQuota: the programs let packets of both directions pass until a quota is used up, the last one whole, and leave the next to
// user space.
func TestQuota(t *testing.T) {
	for name, x := range map[string]struct {
		quota    upf.Limit
		up, down int // packets of 100 octets that pass
	}{"total": {upf.Limit{Total: 450}, 3, 2}, "uplink": {upf.Limit{Uplink: 250}, 3, 2}, "downlink": {upf.Limit{Downlink: 201}, 3, 3}} {
		for form, rules := range map[string]func(*upf.Session){"plain": oneRule, "flows": eightFlows} {
			t.Run(name+"/"+form, func(t *testing.T) {
				p := plainPath(t, 0)
				s := benchSession(firstUE, 0)
				rules(s)
				id := s.Rules[0].URRs[0]
				s.URRs = []upf.URR{{ID: id, Quota: x.quota}}
				check(t, p.Apply(s))
				up, down := 0, 0
				for range 6 {
					u, d := p.verdicts(t, 0, 100)
					if u == xdpRedirect {
						up++
					}
					if d == xdpRedirect {
						down++
					}
				}
				if up != x.up || down != x.down {
					t.Errorf("%d and %d packets passed, want %d and %d", up, down, x.up, x.down)
				}
				if got, want := p.Usage(0, id), uint64(100*(up+down)); got.Total() != want {
					t.Errorf("usage %+v, want %d octets", got, want)
				}
				s.URRs = []upf.URR{{ID: id, Closed: true}}
				check(t, p.Apply(s))
				if u, d := p.verdicts(t, 0, 100); u != xdpDrop || d != xdpDrop {
					t.Errorf("verdicts %d and %d for a quota that ended", u, d)
				}
			})
		}
	}
}

// TestQuotaAtOnce: of packets of both directions on all processors exactly one uses the quota up, and no later one passes.
func TestQuotaAtOnce(t *testing.T) {
	const octets, rounds, each = 100, 30, 40
	p := plainPath(t, 0)
	s := benchSession(firstUE, 0)
	id, total := s.Rules[0].URRs[0], uint64(0)
	for round := range uint64(rounds) {
		quota := 3*octets + 7*round
		s.URRs = []upf.URR{{ID: id, Quota: upf.Limit{Total: total + quota}}}
		check(t, p.Apply(s))
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range each {
					p.verdicts(t, 0, octets)
				}
			})
		}
		all.Wait()
		now := p.Usage(0, id).Total()
		if passed := now - total; passed < quota || passed >= quota+octets {
			t.Fatalf("round %d: %d octets passed by a quota of %d", round, passed, quota)
		}
		total = now
	}
}

// TestQuotaSurvivesKill: a quota ends with the same packet when the process is dead.
func TestQuotaSurvivesKill(t *testing.T) {
	const rest, octets, sent = 2000, 28 + 8, 100
	l := newLab(t)
	l.quota = 1 << 40
	p := l.start(t, ",0,same")
	l.settle(t, 50)
	p.kill(t, 0, l)
	used := uint64(2 * l.octets)
	l.quota = used + rest
	p = l.start(t, ",0,same")
	check(t, p.cmd.Process.Kill())
	_ = p.cmd.Wait()
	for range sent {
		l.sendUp(t, make([]byte, octets-28))
		l.sendDown(t, make([]byte, octets-28))
	}
	p = l.start(t, ",9,changed")
	var u upf.Usage
	for deadline := time.Now().Add(patience); u.Total() < l.quota; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%+v of a quota of %d", u, l.quota)
		}
		_, err := fmt.Sscanf(p.usage(t), "usage {UplinkBytes:%d DownlinkBytes:%d UplinkPackets:%d DownlinkPackets:%d}",
			&u.UplinkBytes, &u.DownlinkBytes, &u.UplinkPackets, &u.DownlinkPackets)
		check(t, err)
	}
	if u.Total() >= l.quota+octets {
		t.Errorf("%d octets passed by a quota of %d", u.Total(), l.quota)
	}
	for i := range int(u.UplinkPackets) - l.exchanged {
		if l.atDN(t, patience) == nil {
			t.Fatalf("uplink packet %d was counted and did not arrive", i)
		}
	}
	for i := range int(u.DownlinkPackets) - l.exchanged {
		if l.atGNB(t, patience) == nil {
			t.Fatalf("downlink packet %d was counted and did not arrive", i)
		}
	}
	check(t, p.stdin.Close())
	check(t, p.cmd.Wait())
}
