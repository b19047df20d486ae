package sqlite_test

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/storetest"
)

// BenchmarkRegistration is what a registration with a session reads and writes: a subscriber, a block of sequence numbers,
// the UE context twice and the SM context twice, each durable before the next. So many of them are under way at once as the
// name says. It reports the CPU time of each and how long one write takes.
func BenchmarkRegistration(b *testing.B) {
	for _, atOnce := range []int{1, 4, 64} {
		b.Run(strconv.Itoa(atOnce), func(b *testing.B) {
			s := filled(b)
			took := make([][]time.Duration, atOnce)
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			before := used(b)
			for w := range atOnce {
				wg.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						took[w] = append(took[w], register(b, s, int(i))...)
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(used(b)-before)/float64(b.N)/1e3, "cpu-µs/op")
			all := slices.Concat(took...)
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2])/1e3, "p50-µs")
			b.ReportMetric(float64(all[len(all)*99/100])/1e3, "p99-µs")
			b.ReportMetric(float64(all[len(all)-1])/1e3, "max-µs")
		})
	}
}

// register does it for subscriber i and returns how long each write took.
func register(b *testing.B, s store.Store, i int) (took []time.Duration) {
	timed := func(write func() error) {
		start := time.Now()
		if err := write(); err != nil {
			b.Error(err)
		}
		took = append(took, time.Since(start))
	}
	ctx, supi := b.Context(), storetest.SUPI(i%benchSubscribers)
	if _, err := s.Subscriber(ctx, supi); err != nil {
		b.Error(err)
	}
	timed(func() error { _, err := s.LeaseSQN(ctx, supi, 32); return err })
	record := make([]byte, 400)
	binary.BigEndian.PutUint64(record, uint64(i))
	ue := store.UEContext{SUPI: supi, TMSI: uint32(i%benchSubscribers+1) * 2654435761, Node: "bench", Record: record}
	sm := store.SMContext{SUPI: supi, PDUSessionID: 1, SEID: 1, Node: "bench", DNN: "internet", UPF: "upf", Record: record}
	sm.IPv4 = netip.AddrFrom4([4]byte{10, 45, byte(i % benchSubscribers >> 8), byte(i % benchSubscribers)})
	for n := range 2 {
		ue.Known = n > 0
		timed(func() error { _, err := s.KeepUEs(ctx, []store.UEContext{ue}); return err })
	}
	for n := range 2 {
		sm.Known = n > 0
		timed(func() error { _, err := s.KeepSMs(ctx, []store.SMContext{sm}); return err })
	}
	return took
}

// used is the CPU time of this process.
func used(b *testing.B) time.Duration {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
