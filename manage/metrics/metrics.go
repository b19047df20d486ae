// Package metrics lets a program of this machine read what a core counts, in the text form of Prometheus over HTTP. It
// is off unless the configuration names an address, which is one of this machine alone.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/limpid-5g/limpid/nf/upf"
)

// Bounds of a reader.
const (
	headerTime   = 5 * time.Second
	shutdownTime = time.Second
)

// Server is where counters can be read.
type Server struct {
	listener net.Listener
	registry *prometheus.Registry
}

// Listen opens the address; nothing is served before Run.
func Listen(at netip.AddrPort) (*Server, error) {
	l, err := net.Listen("tcp", at.String())
	if err != nil {
		return nil, fmt.Errorf("metrics: cannot listen on %s: %w", at, errors.Unwrap(err))
	}
	return &Server{l, prometheus.NewRegistry()}, nil
}

// Addr is the address.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Run serves until ctx ends, which is no error.
func (s *Server) Run(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: headerTime}
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		_ = server.Shutdown(end)
	})
	defer stop()
	if err := server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("metrics: %w", err)
	}
	return nil
}

// Close frees the address if Run was never called.
func (s *Server) Close() error {
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// UPF adds what a UPF counts.
func (s *Server) UPF(u *upf.UPF) { s.registry.MustRegister(userPlane{u}) }

// userPlane reads the counters of a UPF when it is asked.
type userPlane struct {
	upf *upf.UPF
}

func packets() *prometheus.Desc {
	return prometheus.NewDesc("limpid_upf_packets_total", "Packets that came in and went out.", []string{"direction", "way"}, nil)
}

func dropped() *prometheus.Desc {
	return prometheus.NewDesc("limpid_upf_dropped_packets_total", "Packets that were dropped, by reason.", []string{"reason"}, nil)
}

func signalling() *prometheus.Desc {
	return prometheus.NewDesc("limpid_upf_signalling_packets_total", "GTP-U signalling and router solicitations.", nil, nil)
}

func buffered() *prometheus.Desc {
	return prometheus.NewDesc("limpid_upf_buffered_packets", "Packets that wait for idle UEs.", nil, nil)
}

func sessions() *prometheus.Desc {
	return prometheus.NewDesc("limpid_upf_sessions", "PFCP sessions.", nil, nil)
}

func discarded() *prometheus.Desc {
	return prometheus.NewDesc("limpid_upf_pfcp_discarded_total", "PFCP messages that were not served, by reason.", []string{"reason"}, nil)
}

// Describe is what Collect may send.
func (userPlane) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{packets(), dropped(), signalling(), buffered(), sessions(), discarded()} {
		ch <- d
	}
}

// Collect reads the counters.
func (u userPlane) Collect(ch chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	c, n4 := u.upf.Counters(), u.upf.Stats()
	count(packets(), c.UplinkIn, "uplink", "in")
	count(packets(), c.UplinkOut, "uplink", "out")
	count(packets(), c.DownlinkIn, "downlink", "in")
	count(packets(), c.DownlinkOut, "downlink", "out")
	count(signalling(), c.Signalling)
	for d, n := range c.Dropped {
		count(dropped(), n, upf.Drop(d).String())
	}
	ch <- prometheus.MustNewConstMetric(buffered(), prometheus.GaugeValue, float64(c.Buffered))
	ch <- prometheus.MustNewConstMetric(sessions(), prometheus.GaugeValue, float64(u.upf.Sessions()))
	count(discarded(), n4.NotAllowed.Load(), "peer not declared")
	count(discarded(), n4.Undecodable.Load(), "not readable")
	count(discarded(), n4.Refused.Load(), "wrong or missing IE")
	count(discarded(), n4.Unexpected.Load(), "answer to nothing")
	count(discarded(), n4.Overload.Load(), "too many at once")
}
