package nas_test

import (
	"bytes"
	"testing"

	free5gc "github.com/free5gc/nas"

	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

type benchmark struct {
	name   string
	pdu    []byte
	decode func([]byte) error
	encode func([]byte) ([]byte, error)
}

func benchmarks(b *testing.B) []benchmark {
	mobility := func(m gmm.Message) benchmark {
		pdu, err := gmm.Append(nil, m)
		if err != nil {
			b.Fatal(err)
		}
		decode := func(p []byte) error { _, err := gmm.Decode(p); return err }
		return benchmark{m.Name(), pdu, decode, func(dst []byte) ([]byte, error) { return gmm.Append(dst, m) }}
	}
	session := func(m gsm.Message) benchmark {
		pdu, err := gsm.Append(nil, m)
		if err != nil {
			b.Fatal(err)
		}
		decode := func(p []byte) error { _, err := gsm.Decode(p); return err }
		return benchmark{m.Name(), pdu, decode, func(dst []byte) ([]byte, error) { return gsm.Append(dst, m) }}
	}
	return []benchmark{mobility(registrationRequest(b)), mobility(registrationAccept()), session(sessionAccept())}
}

func BenchmarkDecode(b *testing.B) {
	for _, bench := range benchmarks(b) {
		b.Run(bench.name+"/limpid", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := bench.decode(bench.pdu); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(bench.name+"/free5gc", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var m free5gc.Message
				if err := m.PlainNasDecode(&bench.pdu); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, bench := range benchmarks(b) {
		b.Run(bench.name+"/limpid", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bench.encode(nil); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(bench.name+"/free5gc", func(b *testing.B) {
			var m free5gc.Message
			pdu := bytes.Clone(bench.pdu)
			if err := m.PlainNasDecode(&pdu); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.PlainNasEncode(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
