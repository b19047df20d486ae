package metrics

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// TestRead reads families as Prometheus does, and wants nothing of the process beside them.
func TestRead(t *testing.T) {
	s, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []Family{
		{Name: "x_total", Help: "X.", Label: "reason", Read: func(add func(string, float64)) { add("no rule", 3); add("rate", 0) }},
		{Name: "y", Help: "Y.", Gauge: true, Read: func(add func(string, float64)) { add("", 2) }},
	} {
		if err := s.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	r, err := http.Get("http://" + s.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	want := "# HELP x_total X.\n# TYPE x_total counter\nx_total{reason=\"no rule\"} 3\nx_total{reason=\"rate\"} 0\n# HELP y Y.\n# TYPE y gauge\ny 2\n"
	if string(text) != want {
		t.Errorf("%s", text)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	taken, err := Listen(netip.MustParseAddrPort("192.0.2.1:1"))
	if err == nil || !strings.Contains(err.Error(), "192.0.2.1:1") {
		t.Errorf("%v, %v", taken, err)
	}
}
