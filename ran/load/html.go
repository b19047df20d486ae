package load

import (
	"fmt"
	"html/template"
	"io"
	"time"
)

// WriteHTML writes the report as one page that needs nothing else: its plots are inline SVG.
func (r *Report) WriteHTML(w io.Writer) error {
	return page().Execute(w, struct {
		*Report
		Seconds, Errors string
		Plots           []template.HTML
	}{r, fmt.Sprintf("%.1f", r.Elapsed.Seconds()), fmt.Sprintf("%.4f %%", 100*r.ErrorRate()), r.plots()})
}

func (r *Report) plots() []template.HTML {
	all := []template.HTML{r.ratePlot().svg()}
	for _, p := range r.Procedures {
		if p.OK > 0 {
			all = append(all, r.latencyPlot(p.Name).svg())
		}
	}
	return append(all, r.curvePlot().svg())
}

// ratePlot shows what was due and what was done, per second. The last part of a second is left out.
func (r *Report) ratePlot() *plot {
	p := &plot{title: "Rate over time", x: "seconds", y: "procedures per second"}
	due, ok, failed := line{name: "due"}, line{name: "ok"}, line{name: "failed"}
	last := time.Duration(0)
	for _, s := range r.Series {
		width := (s.At - last).Seconds()
		last = s.At
		if width < 0.5 {
			continue
		}
		x := s.At.Seconds()
		due.add(x, float64(s.Due)/width)
		ok.add(x, float64(s.OK)/width)
		failed.add(x, float64(s.Failed)/width)
	}
	p.lines = []line{due, ok, failed}
	return p
}

// latencyPlot shows the percentiles of a procedure over time.
func (r *Report) latencyPlot(name string) *plot {
	p := &plot{title: "Latency of " + name + " over time", x: "seconds", y: "ms", logarithmic: true}
	p50, p90, p99, most := line{name: "p50"}, line{name: "p90"}, line{name: "p99"}, line{name: "max"}
	for _, s := range r.Series {
		l, ok := s.Latency[name]
		if !ok {
			continue
		}
		x := s.At.Seconds()
		p50.add(x, inMS(l.P50))
		p90.add(x, inMS(l.P90))
		p99.add(x, inMS(l.P99))
		most.add(x, inMS(l.Max))
	}
	p.lines = []line{p50, p90, p99, most}
	return p
}

// curvePlot shows the distributions of all procedures; to the right lie ever rarer latencies.
func (r *Report) curvePlot() *plot {
	p := &plot{title: "Latency by percentile", x: "one procedure in so many takes longer", y: "ms", logarithmic: true, logX: true}
	for i := range r.Procedures {
		c := &r.Procedures[i]
		l := line{name: c.Name}
		for _, point := range c.Curve {
			if point.Quantile < 1 {
				l.add(1/(1-point.Quantile), inMS(point.Latency))
			}
		}
		p.lines = append(p.lines, l)
	}
	return p
}

func inMS(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func page() *template.Template {
	return template.Must(template.New("report").Funcs(template.FuncMap{"ms": ms}).Parse(pageText))
}

const pageText = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<title>Load of {{.Start.Format "2006-01-02 15:04:05 MST"}}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #1b1b1f; background: #fff }
table { border-collapse: collapse; margin: 1em 0 }
th, td { padding: .25em .7em; text-align: right; border-bottom: 1px solid #ddd; font-variant-numeric: tabular-nums }
th:first-child, td:first-child { text-align: left }
svg { width: 100%; height: auto; margin: 1em 0 } svg text { font: 12px system-ui, sans-serif; fill: #444 }
</style>
</head>
<body>
<h1>Load of {{.Start.Format "2006-01-02 15:04:05 MST"}}</h1>
<p>{{.UEs}} UEs on {{.GNBs}} gNBs, {{.Mix}} at {{.Rate}} per second, {{.Seconds}} s. {{.Late}} started more than 1 ms late
(worst {{ms .LateMax}} ms), {{.NotStarted}} never started, {{.Lost}} registrations or sessions were lost again, error rate {{.Errors}}. Latencies are milliseconds from when a procedure
was due, whether or not it could start then.</p>
<table>
<tr><th>procedure</th><th>started</th><th>ok</th><th>failed</th><th>mean</th><th>p50</th><th>p90</th><th>p99</th><th>p99.9</th><th>max</th></tr>
{{- range .Procedures}}
<tr><td>{{.Name}}</td><td>{{.Started}}</td><td>{{.OK}}</td><td>{{.Failed}}</td>
{{- with .Latency}}<td>{{ms .Mean}}</td><td>{{ms .P50}}</td><td>{{ms .P90}}</td><td>{{ms .P99}}</td><td>{{ms .P999}}</td><td>{{ms .Max}}</td>{{end}}</tr>
{{- end}}
</table>
{{- range .Procedures}}{{$name := .Name}}{{range $kind, $count := .Errors}}
<p>{{$name}}: {{$count}} × {{$kind}}</p>{{end}}{{end}}
{{range .Plots}}{{.}}
{{end}}</body>
</html>
`
