package load

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// Geometry of a plot, pixels.
const (
	plotWidth, plotHeight = 860, 300
	left, right           = 70, 120
	top, bottom           = 34, 44
	lowest                = 0.001 // drawn on a logarithmic axis
)

// plot is a line chart.
type plot struct {
	title, x, y string
	logarithmic bool // y
	logX        bool
	lines       []line
}

type line struct {
	name   string
	xs, ys []float64
}

func (l *line) add(x, y float64) { l.xs, l.ys = append(l.xs, x), append(l.ys, y) }

// colour is that of the n-th line: they can be told apart without seeing red and green.
func colour(n int) string {
	return []string{"#0072b2", "#e69f00", "#d55e00", "#009e73", "#cc79a7"}[n%5]
}

// axis maps values to 0..1.
type axis struct {
	low, high   float64
	logarithmic bool
}

func (a axis) at(v float64) float64 {
	if a.logarithmic {
		return math.Log10(max(v, lowest)/a.low) / math.Log10(a.high/a.low)
	}
	return (v - a.low) / (a.high - a.low)
}

// newAxis spans the values, from zero or, on a logarithmic axis, from power of ten to power of ten.
func newAxis(values []float64, logarithmic bool) axis {
	low, high := math.Inf(1), 0.0
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	if !logarithmic {
		return axis{high: max(high*1.05, 1)}
	}
	first := math.Floor(math.Log10(max(min(low, high), lowest)))
	last := max(math.Ceil(math.Log10(max(high, lowest))), first+1)
	return axis{math.Pow(10, first), math.Pow(10, last), true}
}

// ticks are the values to be named on the axis.
func (a axis) ticks() []float64 {
	var all []float64
	if a.logarithmic {
		for v := a.low; v <= a.high*1.001; v *= 10 {
			all = append(all, v)
		}
		return all
	}
	step := math.Pow(10, math.Floor(math.Log10(a.high/2)))
	for _, m := range []float64{2, 2.5, 2} {
		if a.high/step > 8 {
			step *= m
		}
	}
	for v := 0.0; v <= a.high; v += step {
		all = append(all, v)
	}
	return all
}

// svg draws the plot.
func (p *plot) svg() template.HTML {
	var xs, ys []float64
	for _, l := range p.lines {
		xs, ys = append(xs, l.xs...), append(ys, l.ys...)
	}
	x, y := newAxis(xs, p.logX), newAxis(ys, p.logarithmic)
	px := func(v float64) float64 { return left + x.at(v)*(plotWidth-left-right) }
	py := func(v float64) float64 { return plotHeight - bottom - y.at(v)*(plotHeight-top-bottom) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img"><title>%s</title>`, plotWidth, plotHeight, p.title)
	fmt.Fprintf(&b, `<text x="%d" y="18" font-weight="bold">%s</text>`, left, p.title)
	for _, v := range y.ticks() {
		fmt.Fprintf(&b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/>`, left, plotWidth-right, py(v), py(v))
		fmt.Fprintf(&b, `<text x="%d" y="%.1f" text-anchor="end">%g</text>`, left-6, py(v)+4, v)
	}
	for _, v := range x.ticks() {
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%g</text>`, px(v), plotHeight-bottom+16, v)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`, (left+plotWidth-right)/2, plotHeight-8, p.x)
	fmt.Fprintf(&b, `<text x="14" y="%d" text-anchor="middle" transform="rotate(-90 14 %d)">%s</text>`, plotHeight/2, plotHeight/2, p.y)
	for n, l := range p.lines {
		fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" stroke-width="1.6" points="`, colour(n))
		for i := range l.xs {
			fmt.Fprintf(&b, "%.1f,%.1f ", px(l.xs[i]), py(l.ys[i]))
		}
		at := top + 18*n
		fmt.Fprintf(&b, `"/><rect x="%d" y="%d" width="12" height="3" fill="%s"/><text x="%d" y="%d">%s</text>`,
			plotWidth-right+10, at, colour(n), plotWidth-right+28, at+6, l.name)
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) // titles and names are this package's own constants
}
