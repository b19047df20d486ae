package gsm

import (
	"testing"

	"github.com/limpid-5g/limpid/wire/nas/internal/nastest"
)

// benchmarks are messages of real calls.
var benchmarks = map[string]string{
	"PDUSessionEstablishmentRequest": "2e0101c1ffff91a12801007b000780000a00000d00",
	"PDUSessionEstablishmentAccept":  acceptHex,
}

func BenchmarkDecode(b *testing.B) {
	for name, hex := range benchmarks {
		pdu := nastest.Unhex(b, hex)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(pdu); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/Into", func(b *testing.B) {
			m, err := Decode(pdu)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := m.Decode(pdu); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	for name, hex := range benchmarks {
		m, err := Decode(nastest.Unhex(b, hex))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			buf := make([]byte, 0, 256)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Append(buf, m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
