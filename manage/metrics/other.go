package metrics

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Bounds of another process's answer.
const (
	answerTime = time.Second
	maxAnswer  = 1 << 20 // octets
)

// AddProcess lets what another process of the same core counts be read with the rest: its Server listens on a Unix socket.
// While that does not answer its families are left out, and limpid_process_answers tells so. Call it before Run.
func (s *Server) AddProcess(name, socket string) {
	client := &http.Client{Timeout: answerTime, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		}}}
	s.others = append(s.others, prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		families, err := read(client)
		answers := 1.0
		if err != nil {
			answers = 0
		}
		own := prometheus.NewRegistry()
		err = own.Register(collector{
			Family{Gauge: true, Label: "process", Read: func(add func(string, float64)) { add(name, answers) }},
			prometheus.NewDesc("limpid_process_answers", "Whether the metrics of another process of the core are here.", []string{"process"}, nil),
		})
		if err != nil {
			return nil, err
		}
		told, err := own.Gather()
		return append(families, told...), err
	}))
}

func read(client *http.Client) ([]*dto.MetricFamily, error) {
	r, err := client.Get("http://process/metrics")
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics: %s", r.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(r.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	return slices.Collect(maps.Values(families)), nil
}
