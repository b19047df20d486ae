package xdp

import (
	"testing"

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
