package procedure

import (
	"context"
	"sync"
	"testing"
)

// deepOwner needs a stack of some 16 kB, as a registration does.
type deepOwner struct{ done *sync.WaitGroup }

func (deepOwner) Open(m any) any       { return m }
func (deepOwner) Collide(any) Decision { return Queue }
func (deepOwner) Panicked(any, error)  {}
func (o deepOwner) Serve(context.Context, any) {
	deep(64)
	o.done.Done()
}

//go:noinline
func deep(n int) byte {
	var room [256]byte
	if n == 0 {
		return room[0]
	}
	return deep(n-1) + room[n]
}

// BenchmarkDeliver is what it costs to have one message of an actor at rest served, beside a goroutine made for it.
func BenchmarkDeliver(b *testing.B) {
	const actors = 64 // busy at the same time
	b.Run("pool", func(b *testing.B) {
		p := NewPool(actors)
		defer p.Stop()
		all := make([]Actor, actors)
		var done sync.WaitGroup
		for b.Loop() {
			done.Add(actors)
			for i := range all {
				if err := p.Insist(&all[i], deepOwner{&done}, i); err != nil {
					b.Fatal(err)
				}
			}
			done.Wait()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/actors, "ns/message")
	})
	b.Run("goroutine", func(b *testing.B) {
		var done sync.WaitGroup
		for b.Loop() {
			done.Add(actors)
			for range actors {
				go func() {
					deep(64)
					done.Done()
				}()
			}
			done.Wait()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/actors, "ns/message")
	})
}
