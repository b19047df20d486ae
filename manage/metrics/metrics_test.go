package metrics

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
)

// page is what a reader sees.
func page(t *testing.T, s *Server) string {
	t.Helper()
	r, err := http.Get("http://" + s.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s %v", r.Status, err)
	}
	_ = r.Body.Close()
	return string(text)
}

// serve runs a server until stop is called.
func serve(t *testing.T, s *Server) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// TestAnotherProcess: its families stand on the same page, those of one name together, and the page is there without it too.
func TestAnotherProcess(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "m.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	other := On(listener)
	first, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	first.AddProcess("user-plane", socket)
	add := func(s *Server, f Family, label string, value float64) {
		f.Read = func(add func(string, float64)) { add(label, value) }
		if err := s.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	threads := Family{Name: "threads", Help: "T.", Label: "process", Gauge: true}
	add(first, threads, "control-plane", 3)
	add(other, threads, "user-plane", 4)
	add(other, Family{Name: "packets_total", Help: "P."}, "", 7)
	stopFirst, stopOther := serve(t, first), serve(t, other)
	answers := "# HELP limpid_process_answers Whether the metrics of another process of the core are here.\n# TYPE limpid_process_answers gauge\nlimpid_process_answers{process=\"user-plane\"} "
	own := "# HELP threads T.\n# TYPE threads gauge\nthreads{process=\"control-plane\"} 3\n"
	if got, want := page(t, first), answers+"1\n# HELP packets_total P.\n# TYPE packets_total counter\npackets_total 7\n"+own+"threads{process=\"user-plane\"} 4\n"; got != want {
		t.Errorf("%s", got)
	}
	stopOther()
	if got, want := page(t, first), answers+"0\n"+own; got != want {
		t.Errorf("without it: %s", got)
	}
	stopFirst()
}

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
