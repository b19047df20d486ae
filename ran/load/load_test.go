package load

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/aka/milenage"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/sctp"
)

func TestParseMix(t *testing.T) {
	tests := []struct {
		text, want string // want empty: an error
	}{
		{"attach", "attach=1"},
		{"attach,session", "attach=1,session=1"},
		{" detach=0.5, attach=2 ", "attach=2,detach=0.5"},
		{"attach=1,session=1,service-request=5,detach=1", "attach=1,session=1,service-request=5,detach=1"},
		{"attach=1,session=0", "attach=1"},
		{"", ""}, {"session", ""}, {"attach=0", ""}, {"attach=-1", ""}, {"attach=NaN", ""}, {"attach=Inf", ""}, {"attach=x", ""},
		{"attach,attach", ""}, {"attach=2e6", ""}, {"attach,an-release", ""}, {"attach,handover", ""}, {"attach,", ""},
	}
	for _, tt := range tests {
		m, err := ParseMix(tt.text)
		if (err == nil) != (tt.want != "") || err == nil && m.String() != tt.want {
			t.Errorf("%q: %v, %v", tt.text, m, err)
		}
	}
}

// TestTurns: each procedure gets its share, spread evenly.
func TestTurns(t *testing.T) {
	m, err := ParseMix("attach=1,session=2,service-request=5,detach=2")
	if err != nil {
		t.Fatal(err)
	}
	turns := newTurns(m)
	for range 7 {
		var n [mixed]int
		for range 10 {
			n[turns.next()]++
		}
		if n != [mixed]int{1, 2, 5, 2, 0} {
			t.Errorf("of ten turns %v", n)
		}
	}
}

// TestBuckets: every duration lies in its bucket, which is at most 1/128 or 1 µs wide.
func TestBuckets(t *testing.T) {
	last := -1
	for us := uint64(0); us < longest; us += 1 + us/300 {
		d := time.Duration(us) * time.Microsecond
		b := bucket(d)
		if b < last || b >= buckets {
			t.Fatalf("%v in bucket %d after %d", d, b, last)
		}
		last = b
		if high := highest(b); high < d || float64(high-d) > max(float64(d)/half, 1000) {
			t.Fatalf("%v is told as %v", d, high)
		}
		if b > 0 && highest(b-1) >= d {
			t.Fatalf("%v lies also in bucket %d", d, b-1)
		}
	}
	if b := bucket(math.MaxInt64); b != buckets-1 || bucket(longest*time.Microsecond) != b {
		t.Errorf("the longest is in bucket %d of %d", b, buckets)
	}
}

// TestQuantiles against the sorted values themselves.
func TestQuantiles(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, seed))
	var h, a, b Histogram
	var all []time.Duration
	for i := range 10000 {
		d := time.Duration(math.Exp(random.Float64()*16)) * time.Microsecond // up to 9 s
		all = append(all, d)
		h.Record(d)
		[]*Histogram{&a, &b}[i%2].Record(d)
	}
	a.Add(&b)
	slices.Sort(all)
	for _, q := range []float64{0, 0.1, 0.5, 0.9, 0.99, 0.999, 1} {
		want := all[max(int(math.Ceil(q*10000)), 1)-1]
		got := h.Quantile(q)
		if got < want || float64(got-want) > max(float64(want)/half, 1000) {
			t.Errorf("seed %d: quantile %v is %v, want %v", seed, q, got, want)
		}
		if a.Quantile(q) != got {
			t.Errorf("quantile %v of the sum is %v, not %v", q, a.Quantile(q), got)
		}
	}
	if a != h || h.Max() != all[9999] || h.Count() != 10000 {
		t.Error("the sum of two histograms is another than that of all")
	}
	var empty Histogram
	if empty.Quantile(0.5) != 0 || empty.Mean() != 0 || empty.Max() != 0 {
		t.Error("an empty histogram holds something")
	}
	empty.Record(-time.Second)
	if empty.Max() != 0 || empty.Count() != 1 {
		t.Error("a negative duration is not none")
	}
}

func TestSchedule(t *testing.T) {
	start := time.Unix(0, 0)
	s := newSchedule(start, 3, 2*time.Second)
	if s.count != 6 || !s.due(0).Equal(start) || s.due(3).Sub(start) != time.Second {
		t.Errorf("%+v", s)
	}
	for _, tt := range []struct {
		at  time.Duration
		due int
	}{{-time.Second, 0}, {0, 1}, {time.Second / 2, 2}, {time.Second, 4}, {time.Hour, 6}} {
		if got := s.dueBy(start.Add(tt.at)); got != tt.due {
			t.Errorf("%d due at %v, want %d", got, tt.at, tt.due)
		}
	}
	if s := newSchedule(start, 0.1, time.Second); s.count != 1 {
		t.Errorf("%+v", s)
	}
}

// testPhones are UEs that camp nowhere: whatever they begin ends at once with ue.ErrNoCell.
func testPhones(t *testing.T, n int) []*phone {
	t.Helper()
	all := make([]*phone, n)
	for i, c := range testUEs(n) {
		u, err := ue.New(c)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = &phone{ue: u, cell: new(gnb.GNB)}
	}
	return all
}

func testUEs(n int) []ue.Config {
	all := make([]ue.Config, n)
	for i := range all {
		imsi := ident.SUPI(fmt.Sprintf("imsi-00101%010d", i+1))
		all[i].USIM = &ue.USIM{SUPI: imsi, HomePLMN: testPLMN, Algorithm: milenage.New(new([16]byte), new(milenage.OPc))}
	}
	return all
}

var (
	testPLMN  = ident.PLMN{0x00, 0xf1, 0x10}
	testSlice = ident.SNSSAI{SST: 1, SD: ident.NoSD}
)

func testPlan(mix Mix) Plan {
	return Plan{Mix: mix, Rate: 10, Duration: 2 * time.Second, Timeout: time.Second, InFlight: 1, Inactivity: time.Millisecond, Wait: wait}
}

// TestOpenLoop: procedures start when they are due, whatever became of those before, and errors count.
func TestOpenLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(testPlan(Mix{Attach: 1}), testPhones(t, 3)).carryOut(t.Context())
		a := r.Procedures[0]
		if a.Started != 20 || a.Failed != 20 || a.Errors[ue.ErrNoCell.Error()] != 20 || r.Late != 0 || r.NotStarted != 0 || r.ErrorRate() != 1 {
			t.Errorf("%+v", r)
		}
		// What happens just when a second ends may count in either.
		if len(r.Series) != 2 || r.Series[0].Started+r.Series[1].Started != 20 || r.Series[0].Started < 10 || r.Series[1].Failed < 9 {
			t.Errorf("%v", r.Series)
		}
	})
}

// TestStall: while the core is silent, what falls due waits for its turn; it starts late, and what never starts is an error.
// The latency of what comes late would count from when it was due: no coordinated omission.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPlan(Mix{Attach: 1})
		p.Timeout = 700 * time.Millisecond
		p.GNBs = []gnb.Config{{PLMN: testPLMN, TAC: 1, Dial: silentAMF(t)}}
		p.UEs = testUEs(2)
		r, err := Run(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		// One at a time and a timeout of 0.7 s: the first starts at 0, the second is due at 0.1 s and starts at 0.7 s, the
		// third is due at 0.2 s and starts at 1.4 s. At 2 s the duration is over, before a fourth can start.
		a := r.Procedures[0]
		if a.Started != 3 || a.Failed != 3 || r.Late != 2 || r.LateMax != 1200*time.Millisecond || r.NotStarted != 17 {
			t.Errorf("%+v", r)
		}
		if r.ErrorRate() != 1 || a.Errors["no end within the procedure timeout"] != 3 {
			t.Errorf("error rate %v, %v", r.ErrorRate(), a.Errors)
		}
	})
}

// TestInterrupt: at the end of ctx no more procedures start, and those that run come to their end.
func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 450*time.Millisecond)
		defer cancel()
		r := newRun(testPlan(Mix{Attach: 1}), testPhones(t, 1)).carryOut(ctx)
		if r.Procedures[0].Started != 5 || r.NotStarted != 0 || r.Elapsed != 450*time.Millisecond {
			t.Errorf("%+v", r)
		}
	})
}

// TestLost: a phone that rests in another state than its last procedure left it has lost something.
func TestLost(t *testing.T) {
	phones := testPhones(t, 1)
	r := newRun(testPlan(Mix{Attach: 1, Detach: 1}), phones)
	r.pools[deregistered].pop()
	phones[0].rest = served
	r.pools[served].push(phones[0])
	f, p, ok := r.claim(t.Context(), Detach)
	if !ok || p != Attach || f != phones[0] || r.record.lost != 1 {
		t.Errorf("%v, %v, %d lost", p, ok, r.record.lost)
	}
}

// TestQueue against a plain slice.
func TestQueue(t *testing.T) {
	var q queue
	var want []*phone
	for i := range 1000 {
		if i%3 != 2 {
			f := &phone{}
			q.push(f)
			want = append(want, f)
		} else {
			if q.pop() != want[0] {
				t.Fatal("not first in, first out")
			}
			want = want[1:]
		}
		if q.len() != len(want) {
			t.Fatalf("%d in the queue, want %d", q.len(), len(want))
		}
	}
}

func TestKind(t *testing.T) {
	reject := &ue.RejectError{Message: "RegistrationReject", GMM: gmm.CauseCongestion, BackOff: 30 * time.Second}
	if backOff(fmt.Errorf("x: %w", reject)) != 30*time.Second || backOff(io.EOF) != 0 {
		t.Error("wrong back-off")
	}
	other := *reject
	other.BackOff = time.Minute
	if kind(reject) != kind(&other) {
		t.Errorf("%q and %q", kind(reject), kind(&other))
	}
	var s stats
	for i := range 2 * maxKinds {
		s.count(kind(fmt.Errorf("kind %d", i)))
	}
	if len(s.errors) != maxKinds+1 || s.errors[otherErrors] != maxKinds {
		t.Errorf("%d kinds, %d others", len(s.errors), s.errors[otherErrors])
	}
}

// TestRefused: the report tells those whom the network refused, and when they heard of it, from those whom their gNB barred.
func TestRefused(t *testing.T) {
	r := newRun(testPlan(Mix{Attach: 1}), testPhones(t, 1))
	for _, err := range []error{nil, &ue.RejectError{GMM: gmm.CauseCongestion}, radio.ErrBarred, fmt.Errorf("x: %w", radio.ErrBarred), io.EOF} {
		r.record.start(Attach, 0)
		r.record.end(Attach, 3*time.Millisecond, err)
	}
	p := r.report(time.Second, 0).Procedures[0]
	if p.Failed != 4 || p.Barred != 2 || p.Refused == nil || p.Refused.Max < 2*time.Millisecond || p.Refused.Max > 4*time.Millisecond {
		t.Errorf("%+v, refused %+v", p, p.Refused)
	}
}

func TestBadPlans(t *testing.T) {
	for name, change := range map[string]func(*Plan){
		"no gNB":       func(p *Plan) { p.GNBs = nil },
		"no UE":        func(p *Plan) { p.UEs = nil },
		"rate":         func(p *Plan) { p.Rate = math.NaN() },
		"high rate":    func(p *Plan) { p.Rate = 2 * maxRate },
		"duration":     func(p *Plan) { p.Duration = 0 },
		"in flight":    func(p *Plan) { p.InFlight = -1 },
		"mix":          func(p *Plan) { p.Mix = Mix{} },
		"gNB":          func(p *Plan) { p.GNBs[0].TAC = ident.MaxTAC + 1 },
		"UE":           func(p *Plan) { p.UEs[0].USIM = nil },
		"unreachable":  func(p *Plan) { p.GNBs[0].Dial = func(context.Context) (sctp.Association, error) { return nil, io.EOF } },
		"not answered": func(p *Plan) { p.GNBs[0].SetupTimeout = time.Nanosecond },
	} {
		p := testPlan(Mix{Attach: 1})
		p.GNBs = []gnb.Config{{PLMN: testPLMN, TAC: 1, Dial: silentAMF(t)}}
		p.UEs = testUEs(1)
		change(&p)
		if _, err := Run(t.Context(), p); err == nil {
			t.Errorf("%s: a load began", name)
		}
	}
}

// sample is a report with something of everything.
func sample() *Report {
	r := newRun(testPlan(Mix{Attach: 1, Session: 2}), nil)
	r.schedule = newSchedule(time.Unix(1e9, 0).UTC(), 10, time.Second)
	for i := range 100 {
		r.record.start(Attach, time.Duration(i)*20*time.Microsecond)
		r.record.end(Attach, time.Duration(i*i)*time.Microsecond, nil)
		r.record.start(Session, 0)
		r.record.end(Session, time.Second, map[bool]error{true: errors.New(`<script src="x">`)}[i%9 == 0])
	}
	r.record.second(time.Second, 10)
	r.record.second(2*time.Second, 20)
	return r.report(2*time.Second, 3)
}

// TestHTML: the page is well-formed, and refers to nothing outside itself.
func TestHTML(t *testing.T) {
	for name, r := range map[string]*Report{"full": sample(), "empty": {}} {
		var page bytes.Buffer
		if err := r.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		text := page.String()
		elements := map[string]int{}
		for d := xml.NewDecoder(&page); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			start, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			elements[start.Name.Local]++
			for _, a := range start.Attr {
				if slices.Contains([]string{"src", "href", "srcset", "data", "action"}, a.Name.Local) {
					t.Errorf("%s: <%s> refers to %q", name, start.Name.Local, a.Value)
				}
			}
		}
		if elements["script"]+elements["link"]+elements["img"]+elements["iframe"] != 0 || strings.Contains(text, "url(") || strings.Contains(text, "://") {
			t.Errorf("%s: the page needs something else: %v", name, elements)
		}
		if name == "full" && (elements["svg"] != 4 || elements["polyline"] < 10) {
			t.Errorf("%s: %v", name, elements)
		}
		if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
			t.Errorf("%s: a number is none", name)
		}
	}
}

func TestReport(t *testing.T) {
	r := sample()
	a, s := r.Procedures[0], r.Procedures[1]
	if a.OK != 100 || a.Latency.Max != 9801*time.Microsecond || s.Failed != 12 || r.Late != 49 || r.LateMax != 1980*time.Microsecond {
		t.Errorf("%+v", r)
	}
	if got, want := r.ErrorRate(), 15.0/203; math.Abs(got-want) > 1e-9 {
		t.Errorf("error rate %v, want %v", got, want)
	}
	for i, p := range a.Curve {
		if i > 0 && (p.Quantile <= a.Curve[i-1].Quantile || p.Latency < a.Curve[i-1].Latency) {
			t.Errorf("the curve falls: %v", a.Curve)
		}
	}
	var text, encoded bytes.Buffer
	if err := errors.Join(r.WriteText(&text), r.WriteJSON(&encoded)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"attach", "9.80", `session: 12 x <script src="x">`, "49 started late", "3 never started"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
	var back Report
	if err := json.Unmarshal(encoded.Bytes(), &back); err != nil || back.Procedures[0].Latency != a.Latency {
		t.Errorf("%+v, %v", back, err)
	}
	if line := r.Series[0].String(); !strings.Contains(line, "due 10  started 200  ok 188  failed 12") {
		t.Error(line)
	}
}

func TestPreciseWait(t *testing.T) {
	wait, end, err := PreciseWait()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	}()
	if err := wait(t.Context(), time.Now().Add(-time.Hour)); err != nil {
		t.Error(err)
	}
	for _, after := range []time.Duration{0, time.Hour, 0} { // one that is given up leaves the next alone
		until := time.Now().Add(5 * time.Millisecond)
		if err := wait(t.Context(), until); err != nil || time.Now().Before(until) {
			t.Errorf("%v, %v too early", err, time.Until(until))
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(after/time.Hour*time.Millisecond, cancel) // before it waits, or while it does
		if err := wait(ctx, time.Now().Add(time.Hour)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	r := newRecorder()
	for i := 0; b.Loop(); i++ {
		r.start(Attach, 0)
		r.end(Attach, time.Duration(i%1000)*time.Microsecond, nil)
	}
}
