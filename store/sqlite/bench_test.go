package sqlite_test

import (
	"log/slog"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/store/storetest"
)

const benchSubscribers = 10_000

func filled(b *testing.B) *sqlite.Store {
	b.Helper()
	s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "limpid.db"), sqlite.Options{Create: true, Redo: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			slog.Error("close", "err", err)
		}
	})
	subs := make([]store.Subscriber, benchSubscribers)
	for i := range subs {
		subs[i] = storetest.Subscriber(i)
	}
	if err := s.AddSubscribers(b.Context(), subs); err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkDurablePut is one durable sequence number lease, with as many writers at once as its name says.
func BenchmarkDurablePut(b *testing.B) {
	s := filled(b)
	for _, writers := range []int{1, 64, 256} {
		b.Run(strconv.Itoa(writers), func(b *testing.B) {
			var next atomic.Int64
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for {
						i := next.Add(1)
						if i > int64(b.N) {
							return
						}
						if _, err := s.LeaseSQN(b.Context(), storetest.SUPI(int(i)%benchSubscribers), 32); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "puts/s")
		})
	}
}

// BenchmarkSubscriber reads one whole subscriber.
func BenchmarkSubscriber(b *testing.B) {
	s := filled(b)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		if _, err := s.Subscriber(b.Context(), storetest.SUPI(i*7919%benchSubscribers)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAddSubscribers stores 1,000 subscribers in one call.
func BenchmarkAddSubscribers(b *testing.B) {
	s := filled(b)
	first := benchSubscribers
	for b.Loop() {
		subs := make([]store.Subscriber, 1000)
		for i := range subs {
			subs[i] = storetest.Subscriber(first + i)
		}
		first += len(subs)
		if err := s.AddSubscribers(b.Context(), subs); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "subscribers/s")
}
