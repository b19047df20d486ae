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
	others   []prometheus.Gatherer
}

// Listen opens the address; nothing is served before Run.
func Listen(at netip.AddrPort) (*Server, error) {
	l, err := net.Listen("tcp", at.String())
	if err != nil {
		return nil, fmt.Errorf("metrics: cannot listen on %s: %w", at, errors.Unwrap(err))
	}
	return On(l), nil
}

// On serves on a listener that is open.
func On(l net.Listener) *Server { return &Server{listener: l, registry: prometheus.NewRegistry()} }

// Addr is the address.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Run serves until ctx ends, which is no error.
func (s *Server) Run(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(append(prometheus.Gatherers{s.registry}, s.others...), promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
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

// Family is values under one name, told apart by a label if it has one.
type Family struct {
	Name, Help, Label string
	Gauge             bool // it goes down too
	Read              func(add func(label string, value float64))
}

// Add lets a family be read. Its Read is called for each reader and does not block.
func (s *Server) Add(f Family) error {
	var labels []string
	if f.Label != "" {
		labels = []string{f.Label}
	}
	return s.registry.Register(collector{f, prometheus.NewDesc(f.Name, f.Help, labels, nil)})
}

// collector reads a family when it is asked.
type collector struct {
	Family
	desc *prometheus.Desc
}

func (c collector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

func (c collector) Collect(ch chan<- prometheus.Metric) {
	kind := prometheus.CounterValue
	if c.Gauge {
		kind = prometheus.GaugeValue
	}
	c.Read(func(label string, value float64) {
		if c.Label == "" {
			ch <- prometheus.MustNewConstMetric(c.desc, kind, value)
			return
		}
		ch <- prometheus.MustNewConstMetric(c.desc, kind, value, label)
	})
}
