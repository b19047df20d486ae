package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/manage/subscriber"
	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/memory"
	"github.com/limpid-5g/limpid/ran"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/load"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/wire/pfcp"
	"github.com/limpid-5g/limpid/wire/sctp"
)

const loadTestConfig = `
name: test
amf:
  n2: {address: 127.0.0.1}
  plmns: [{plmn: "00101", tacs: [1], slices: ["1"]}]
smf:
  dnns: [{name: internet, slices: ["1"], pools: [10.45.0.0/16]}]
upf: {n3: {address: 127.0.0.1}}
`

// loadBed is a core in memory that knows the first subscribers of the load.
type loadBed struct {
	core *core.Core
	ctx  context.Context
	wg   sync.WaitGroup
}

// loadedCore makes one in the bubble; the second result ends it.
func loadedCore(t *testing.T, subscribers int) (*loadBed, func()) {
	t.Helper()
	cfg, err := config.Parse("limpid.yaml", []byte(loadTestConfig))
	if err != nil {
		t.Fatal(err)
	}
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "limpid.db"), sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := range subscribers {
		in := subscriber.Input{IMSI: fmt.Sprintf("00101%010d", i+1), Key: loadTestKey, OPc: loadTestOPc}
		if err := subscriber.Add(t.Context(), st, in); err != nil {
			t.Fatal(err)
		}
	}
	one, two := pfcp.Pipe(netip.MustParseAddrPort("127.0.0.1:8805"), netip.MustParseAddrPort("127.0.0.2:8805"))
	b := &loadBed{}
	b.core, err = core.New(t.Context(), cfg, core.Options{
		Log: slog.New(slog.DiscardHandler), Store: st, WithoutN2: true, WithoutControl: true,
		N4: func(a netip.AddrPort) (pfcp.PacketConn, error) {
			if a.String() == two.LocalAddr().String() {
				return two, nil
			}
			return one, nil
		},
		Datapath: func(upf.Config, *slog.Logger) (upf.Datapath, error) { return memory.New(), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	var stop context.CancelFunc
	b.ctx, stop = context.WithCancel(context.Background())
	b.wg.Go(func() {
		if err := b.core.Run(b.ctx); err != nil {
			t.Errorf("core: %v", err)
		}
	})
	b.core.AwaitUPFs(b.ctx)
	return b, func() {
		stop()
		b.wg.Wait()
		if err := errors.Join(b.core.Close(), st.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

const (
	loadTestKey = "465B5CE8B199B49FAA5F0A2EE238A6BC"
	loadTestOPc = "E8ED289DEBA952E4283B54E88E6183CA"
)

func (b *loadBed) dial(context.Context) (sctp.Association, error) {
	near, far := sctp.Pipe()
	b.wg.Go(func() { b.core.ServeN2(b.ctx, far) })
	return slow{near}, nil
}

// slow is an association on which each message to the gNB takes a millisecond.
type slow struct{ sctp.Association }

func (s slow) Receive(ctx context.Context) (sctp.Message, error) {
	m, err := s.Association.Receive(ctx)
	if err != nil {
		return m, err
	}
	select {
	case <-time.After(time.Millisecond):
	case <-ctx.Done():
	}
	return m, nil
}

// plan is a load of UEs on three gNBs.
func (b *loadBed) plan(t *testing.T, ues int, mix string) load.Plan {
	t.Helper()
	p := load.Plan{Rate: 100, Duration: 10 * time.Second, Session: ue.SessionOptions{DNN: "internet"}}
	var err error
	if p.Mix, err = load.ParseMix(mix); err != nil {
		t.Fatal(err)
	}
	plmn := ident.PLMN{0x00, 0xf1, 0x10}
	p.GNBs = gnbs(ran.Plan{GNB: gnb.Config{Name: "load", ID: 1, PLMN: plmn, TAC: 1, N3: netip.MustParseAddr("127.0.0.3"), Dial: b.dial}}, 3)
	all, err := ran.Consecutive(ran.Credentials{IMSI: "001010000000001", Key: loadTestKey, OPc: loadTestOPc}, ues)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		usim, err := c.USIM(plmn)
		if err != nil {
			t.Fatal(err)
		}
		p.UEs = append(p.UEs, ue.Config{USIM: usim})
	}
	return p
}

func runLoad(t *testing.T, p load.Plan) *load.Report {
	t.Helper()
	r, err := load.Run(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func procedure(t *testing.T, r *load.Report, name string) load.ProcedureReport {
	t.Helper()
	for _, p := range r.Procedures {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no %s in %+v", name, r.Procedures)
	return load.ProcedureReport{}
}

// TestLoadEnds: a mix without service request and detach ends when every UE has its session, TS 23.502 §4.2.2.2.2 and
// TS 23.502 §4.3.2.2.1.
func TestLoadEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, end := loadedCore(t, 30)
		defer end()
		r := runLoad(t, b.plan(t, 30, "attach,session"))
		for _, name := range []string{"attach", "session"} {
			if p := procedure(t, r, name); p.Started != 30 || p.OK != 30 || p.Failed != 0 {
				t.Errorf("%s: %d started, %d ok, %v", p.Name, p.Started, p.OK, p.Errors)
			}
		}
		for name, answers := range map[string]int{"attach": 3, "session": 1} { // each of which takes 1 ms, and nothing else does
			c, want := procedure(t, r, name).Core, time.Duration(answers)*time.Millisecond
			if c == nil || c.Answers != 30*answers || c.Latency.Mean != want || c.Latency.Max != want {
				t.Errorf("%s: the core's part is %+v, want %d answers of 1 ms each", name, c, answers)
			}
		}
		if r.ErrorRate() != 0 || r.NotStarted != 0 || r.Late != 0 || r.Elapsed < 590*time.Millisecond || r.Elapsed > 600*time.Millisecond {
			t.Errorf("%+v", r)
		}
	})
}

// TestLoadGoesOn: with every procedure of the mix UEs come and go until the end of the duration.
func TestLoadGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, end := loadedCore(t, 20)
		defer end()
		var seconds []load.Second
		p := b.plan(t, 20, "attach=1,session=1,service-request=2,detach=1")
		p.Progress = func(s load.Second) { seconds = append(seconds, s) }
		r := runLoad(t, p)
		started := 0
		for _, name := range []string{"attach", "session", "service-request", "detach"} {
			p := procedure(t, r, name)
			started += p.Started
			if p.Started < 150 || p.Failed != 0 || p.OK != p.Started {
				t.Errorf("%s: %d started, %d ok, %v", p.Name, p.Started, p.OK, p.Errors)
			}
		}
		if release := procedure(t, r, "an-release"); release.OK < 500 || release.Failed != 0 || release.Latency.P50 < time.Millisecond {
			t.Errorf("%+v %v", release.Latency, release.Errors)
		}
		if started != 1000 || r.ErrorRate() != 0 || r.NotStarted != 0 {
			t.Errorf("%d procedures started", started)
		}
		if len(seconds) < 9 || seconds[4].Due != 100 || seconds[4].OK < 90 || seconds[4].OK > 110 || seconds[4].InFlight > 5 {
			t.Errorf("seconds %+v", seconds)
		}
	})
}

// TestLoadHandsOver: connected UEs move to the next gNB, TS 23.502 §4.9.1.2.2, and go idle there.
func TestLoadHandsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, end := loadedCore(t, 20)
		defer end()
		r := runLoad(t, b.plan(t, 20, "attach=1,session=1,service-request=3,handover=3,detach=1"))
		for _, name := range []string{"attach", "session", "service-request", "handover", "detach", "an-release"} {
			if p := procedure(t, r, name); p.Started < 80 || p.Failed != 0 || p.OK != p.Started {
				t.Errorf("%s: %d started, %d ok, %v", p.Name, p.Started, p.OK, p.Errors)
			}
		}
		if r.ErrorRate() != 0 || r.NotStarted != 0 || r.Lost != 0 {
			t.Errorf("error rate %v, %d not started, %d lost", r.ErrorRate(), r.NotStarted, r.Lost)
		}
	})
}

// TestLoadAtRest: a UE at rest has no goroutine. Those of the store's connections may vary.
func TestLoadAtRest(t *testing.T) {
	goroutines := func(ues int) (n int) {
		synctest.Test(t, func(t *testing.T) {
			b, end := loadedCore(t, ues)
			defer end()
			p := b.plan(t, ues, "attach,session")
			p.Done = func(*load.Report) {
				synctest.Wait()
				n = runtime.NumGoroutine()
			}
			if r := runLoad(t, p); r.ErrorRate() != 0 {
				t.Errorf("%+v", r)
			}
		})
		return n
	}
	if few, many := goroutines(5), goroutines(50); many > few+10 {
		t.Errorf("%d goroutines with 5 UEs, %d with 50", few, many)
	}
}

// TestLoadCountsErrors: UEs that the core does not know are refused, and the refusals are counted by their cause.
func TestLoadCountsErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, end := loadedCore(t, 5)
		defer end()
		p := b.plan(t, 10, "attach")
		p.Rate, p.Duration = 10, time.Second
		a := procedure(t, runLoad(t, p), "attach")
		if a.OK != 5 || a.Failed != 5 || len(a.Errors) != 1 {
			t.Errorf("%+v", a)
		}
		for kind := range a.Errors {
			if !strings.HasPrefix(kind, "RegistrationReject") {
				t.Errorf("kind %q", kind)
			}
		}
	})
}

func TestLoadFlags(t *testing.T) {
	base := []string{
		"--amf", "127.0.0.1", "--plmn", "00101", "--imsi", "001010000000001", "--key", loadTestKey, "--opc", loadTestOPc,
	}
	for _, bad := range [][]string{
		{"--ues", "0"}, {"--ues", "-1", "--subscribers", "nowhere.csv"}, {"--gnbs", "0"}, {"--gnbs", "2", "--gnb-id", "4294967295"},
		{"--max-errors", "2"}, {"--mix", "session"}, {"--mix", "fly"}, {"--suci", "C:1:00"}, {"--rate", "NaN"}, {"--rate", "0"},
		{"--duration", "0s"}, {"--in-flight", "-1"}, {"--subscribers", "nowhere.csv"}, {"--amf", "nobody"},
	} {
		cmd := newRANLoadCommand()
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		cmd.SetOut(io.Discard)
		cmd.SetErr(io.Discard)
		cmd.SetArgs(append(append([]string{"--sctp", "udp"}, base...), bad...))
		if err := cmd.ExecuteContext(t.Context()); err == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
}

// TestLoadWrites: the report goes where the flags say.
func TestLoadWrites(t *testing.T) {
	var out bytes.Buffer
	f := loadFlags{jsonFile: "-", htmlFile: filepath.Join(t.TempDir(), "load.html")}
	if err := f.write(&load.Report{Mix: "attach=1", Elapsed: time.Second}, &out); err != nil {
		t.Fatal(err)
	}
	var back load.Report
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.Mix != "attach=1" {
		t.Errorf("%+v, %v", back, err)
	}
	f.htmlFile = filepath.Join(t.TempDir(), "absent", "load.html")
	if err := f.write(&load.Report{}, io.Discard); err == nil {
		t.Error("a page in an absent folder was written")
	}
}
