package gmm

import (
	"testing"

	"github.com/limpid-5g/limpid/wire/nas/internal/nastest"
)

// benchmarks are messages of real calls.
var benchmarks = map[string]string{
	"RegistrationRequest": "7e004179000d0199f9070000000000000000101001002e04f0f0f0f02f020101530100",
	"RegistrationAccept":  "7e0042010177000bf299f907020040c00006c454074099f90700000115020101210201005e0192",
	"ULNASTransport":      "7e00670100152e0101c1ffff91a12801007b000780000a00000d00120181220101250908696e7465726e6574",
	"ServiceRequest":      "7e004c10000704 0040c0000089 4002020050020200",
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
