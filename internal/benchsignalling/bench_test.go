package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/internal/lab"
	"github.com/limpid-5g/limpid/ran/load"
)

// TestMeasure: the whole measurement, small. It needs root.
func TestMeasure(t *testing.T) {
	limpid, err := lab.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	o := options{limpid: limpid, ues: 40, runs: 2, warmUp: 10, gnbs: 2, inFlight: 8, sctp: "raw"}
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	m, err := o.measure(ctx, o.limpid, "core", "--config")
	if err != nil {
		t.Fatal(err)
	}
	if len(m.runs) != 2 || m.saturation() <= 0 || m.half.perSecond() >= m.saturation() {
		t.Errorf("%v per second, at half load %v", m.saturation(), m.half.perSecond())
	}
	for _, r := range append(m.runs, m.half) {
		for _, p := range r.report.Procedures {
			if p.OK != o.ues || p.Failed != 0 {
				t.Errorf("%+v", p)
			}
		}
	}
}

// TestFloor: a registration costs at least a de-concealment, and that is not nothing.
func TestFloor(t *testing.T) {
	f, err := measureFloor()
	if err != nil {
		t.Fatal(err)
	}
	if f.cryptography <= 0 || f.systemCalls <= 0 || f.sum() != f.cryptography+f.systemCalls {
		t.Errorf("%+v", f)
	}
}

func TestMedians(t *testing.T) {
	var m measurement
	for _, cpu := range []time.Duration{9, 1, 5} {
		m.runs = append(m.runs, &sample{pairs: 10, cpu: cpu * 10 * time.Millisecond, report: load.Report{Elapsed: cpu * time.Second}})
	}
	m.half = m.runs[1]
	if m.cost() != 5*time.Millisecond || m.saturation() != 2 {
		t.Errorf("%v, %v per second", m.cost(), m.saturation())
	}
	var out bytes.Buffer
	m.write(&out, floor{cryptography: 2 * time.Millisecond, systemCalls: 3 * time.Millisecond})
	if !strings.Contains(out.String(), "core CPU 5.000 ms each: 200 per second and core of CPU") || !strings.Contains(out.String(), "at 1.0 times the floor") {
		t.Error(out.String())
	}
}

func TestBadOptions(t *testing.T) {
	good := options{limpid: "bench_test.go", ues: 1, runs: 1, warmUp: 1, gnbs: 1, inFlight: 1}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*options){
		"no binary": func(o *options) { o.limpid = "absent" },
		"no UE":     func(o *options) { o.ues = 0 },
		"too many":  func(o *options) { o.ues, o.runs = 1<<40, 1<<40 },
		"no gNB":    func(o *options) { o.gnbs = -1 },
	} {
		o := good
		change(&o)
		if o.check() == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
