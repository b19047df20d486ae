package sctp

import (
	"context"
	"testing"
)

// echo sends everything back.
func echo(a Association) {
	for {
		m, err := a.Receive(context.Background())
		if err != nil || a.Send(context.Background(), m) != nil {
			return
		}
	}
}

// benchPair is an association over the loopback interface.
func benchPair(b *testing.B, binding Binding) (g, a Association) {
	b.Helper()
	_, client, l := loopbackPair(b, binding, loopbackNGAP)
	g, err := client.Dial(context.Background(), loopbackGNB, loopbackNGAP)
	if err != nil {
		b.Fatal(err)
	}
	return g, accept(b, l)
}

// eachUserSpace runs a benchmark over UDP and over raw IP, which needs root and a kernel without SCTP.
func eachUserSpace(b *testing.B, f func(b *testing.B, g, a Association)) {
	for _, binding := range []Binding{BindingUDP, BindingRaw} {
		b.Run(string(binding), func(b *testing.B) {
			g, a := benchPair(b, binding)
			b.ReportAllocs()
			f(b, g, a)
		})
	}
}

// BenchmarkEcho sends a message of 100 octets and waits for it to come back.
func BenchmarkEcho(b *testing.B) {
	eachUserSpace(b, func(b *testing.B, g, a Association) {
		go echo(a)
		m := Message{PPID: PPIDNGAP, Data: make([]byte, 100)}
		for b.Loop() {
			mustSend(b, g, m)
			if _, err := g.Receive(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkEchoPipelined keeps up to 64 messages of 100 octets under way on 8 streams.
func BenchmarkEchoPipelined(b *testing.B) {
	eachUserSpace(b, func(b *testing.B, g, a Association) {
		go echo(a)
		window := make(chan struct{}, 64)
		go func() {
			for {
				if _, err := g.Receive(context.Background()); err != nil {
					return
				}
				<-window
			}
		}()
		data := make([]byte, 100)
		for i := 0; b.Loop(); i++ {
			window <- struct{}{}
			mustSend(b, g, Message{Stream: uint16(i % 8), PPID: PPIDNGAP, Data: data})
		}
		for range cap(window) {
			window <- struct{}{}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	})
}

// BenchmarkSenders lets 32 goroutines send messages of 100 octets on one association, as procedures of many UEs do.
func BenchmarkSenders(b *testing.B) {
	eachUserSpace(b, func(b *testing.B, g, a Association) {
		go func() {
			for {
				if _, err := a.Receive(context.Background()); err != nil {
					return
				}
			}
		}()
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			m := Message{PPID: PPIDNGAP, Data: make([]byte, 100)}
			for pb.Next() {
				mustSend(b, g, m)
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	})
}

// BenchmarkLarge moves messages of 200 kB one way.
func BenchmarkLarge(b *testing.B) {
	eachUserSpace(b, func(b *testing.B, g, a Association) {
		m := Message{PPID: PPIDNGAP, Data: make([]byte, 200_000)}
		b.SetBytes(int64(len(m.Data)))
		for b.Loop() {
			mustSend(b, g, m)
			if _, err := a.Receive(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
