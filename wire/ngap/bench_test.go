package ngap

import "testing"

// benchmarked names the messages whose first golden is measured.
var benchmarked = []string{
	"NGSetupRequest", "InitialUEMessage", "DownlinkNASTransport", "InitialContextSetupRequest",
	"PDUSessionResourceSetupRequest",
}

// golden returns the first golden message with the name.
func golden(tb testing.TB, name string) ([]byte, Message) {
	tb.Helper()
	for _, b := range goldens(tb) {
		if m, err := Decode(b); err == nil && m.Name() == name {
			return b, m
		}
	}
	tb.Fatalf("no golden %s", name)
	return nil, nil
}

func BenchmarkDecode(b *testing.B) {
	for _, name := range benchmarked {
		b.Run(name, func(b *testing.B) {
			msg, _ := golden(b, name)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(msg); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, name := range benchmarked {
		b.Run(name, func(b *testing.B) {
			_, m := golden(b, name)
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if buf, err = Append(buf[:0], m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
