package amf

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// What the core of these tests takes: one processor serves 667 UEs per second and nothing else, or says no to 13,333.
const (
	simStep  = 300 * time.Microsecond // of one processor, for each of a UE's messages
	simSteps = 5                      // messages of a UE
	simRead  = 75 * time.Microsecond  // to read an initial message, and to turn its UE away
	simFull  = float64(time.Second) / float64(simSteps*simStep)
)

// simCore is a core with one processor, which goes to those who want it in turn.
type simCore struct {
	processor chan struct{}
	due       atomic.Int32  // UEs that wait for it
	radio     time.Duration // until a UE answers
	pool      *procedure.Pool
	admission *admission

	mu      sync.Mutex
	served  []time.Duration
	refused []time.Duration // how long it took to hear so
}

func newSimCore(radio time.Duration) *simCore {
	c := &simCore{processor: make(chan struct{}, 1), radio: radio, pool: procedure.NewPool(20_000)}
	c.admission = newAdmission(func() int { return int(c.due.Load()) }, c.pool.AtWork)
	c.admission.mostDue, c.admission.mostAtWork, c.admission.few = admissionDue, admissionAtWork, admissionFew
	c.admission.pacing.least = admissionLeast
	c.pool.OnLess(func(done bool) {
		if done { // who is not due any more still waits for this processor
			c.admission.less(true)
		}
	})
	return c
}

func (c *simCore) work(d time.Duration) {
	c.due.Add(1)
	c.processor <- struct{}{}
	c.due.Add(-1)
	c.admission.less(false)
	time.Sleep(d)
	<-c.processor
}

// simUE is a UE that registers.
type simUE struct {
	core  *simCore
	actor procedure.Actor
	due   time.Time
}

type simAnswer struct{}

func (u *simUE) Self() *procedure.Actor         { return &u.actor }
func (u *simUE) Open(m any) any                 { return m }
func (u *simUE) Collide(any) procedure.Decision { return procedure.Queue }
func (u *simUE) Panicked(any, error)            {}

func (u *simUE) Serve(ctx context.Context, _ any) {
	c := u.core
	c.work(simStep)
	for range simSteps - 1 {
		_, err := procedure.Ask[simAnswer](ctx, u, T3560, func() error {
			time.AfterFunc(c.radio, func() { _ = c.pool.Follow(&u.actor, u, simAnswer{}) })
			return nil
		})
		if err != nil {
			return
		}
		c.work(simStep)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.served = append(c.served, time.Since(u.due))
}

// offer lets UEs come at a rate, as a share of what the core can do. What came while the processor was busy is read in one go.
func (c *simCore) offer(share float64, d time.Duration) {
	begin, n := time.Now(), 0
	due := func() time.Duration { return time.Duration(float64(n) / (share * simFull) * float64(time.Second)) }
	for due() < d {
		time.Sleep(time.Until(begin.Add(due())))
		c.processor <- struct{}{}
		for ; due() < d && time.Since(begin) >= due(); n++ {
			u := &simUE{core: c, due: begin.Add(due())}
			time.Sleep(simRead)
			refuse := func() {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.refused = append(c.refused, time.Since(u.due))
			}
			if !c.admission.hasRoom() {
				refuse()
				continue
			}
			c.admission.enter(func() {
				if c.pool.Deliver(&u.actor, u, struct{}{}) != nil {
					refuse()
				}
			}, refuse)
		}
		<-c.processor
	}
}

// settle waits until everything is done, and returns what was counted since the last time.
func (c *simCore) settle() (served []time.Duration, refused []time.Duration) {
	for c.pool.Running() > 0 || c.admission.waiting.Load() > 0 {
		time.Sleep(time.Millisecond)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	served, refused = c.served, c.refused
	c.served, c.refused = nil, nil
	return served, refused
}

// quantile is the duration that the share q of all does not exceed.
func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[int(q*float64(len(all)-1))]
}

// TestOverloadOfSlowPhones: what the core has begun with comes back to it a second later, and it has not begun with more than it can finish.
func TestOverloadOfSlowPhones(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const radio, load = 250 * time.Millisecond, 10 * time.Second
		c := newSimCore(radio)
		c.offer(0.5, 5*time.Second)
		c.settle()
		c.offer(2.5, load)
		served, _ := c.settle()
		rest := (simSteps-1)*radio + simSteps*simStep
		if worst := quantile(served, 1); worst > rest+250*time.Millisecond {
			t.Errorf("an admitted UE takes %v, and %v in a core at rest", worst, rest)
		}
		if share := float64(len(served)) / (simFull * load.Seconds()); share < 0.8 {
			t.Errorf("%d served, that is %.2f of what it can do", len(served), share)
		}
		c.pool.Stop()
	})
}

// TestOverloadIsFlat: whatever comes, a UE that is let in is served in a small multiple of the time it takes in a core at rest, the core serves
// nearly as many as it can, the others hear at once that they are refused, and a second after it is over all is as before.
func TestOverloadIsFlat(t *testing.T) {
	const (
		load = 4 * time.Second
		rest = (simSteps-1)*20*time.Millisecond + simSteps*simStep
	)
	for _, tt := range []struct {
		name   string
		share  float64
		least  float64 // of what the core can do, or of what comes, is served
		flat   bool
		nobody bool // is refused
	}{
		{name: "80 %", share: 0.8, least: 1, flat: true, nobody: true},
		{name: "saturation", share: 1, least: 0.9, flat: true},
		{name: "2.5 times", share: 2.5, least: 0.85, flat: true},
		{name: "5 times", share: 5, least: 0.75, flat: true},
		{name: "2.5 times, all let in", share: 2.5, least: 0.8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newSimCore(20 * time.Millisecond)
				if !tt.flat {
					c.admission.mostDue, c.admission.mostAtWork = 1<<30, 1<<30
				}
				c.offer(0.5, 2*time.Second)
				before, refused := c.settle()
				if len(refused) > 0 {
					t.Fatalf("%d are refused at half load", len(refused))
				}
				began := time.Now()
				c.offer(tt.share, load)
				served, refused := c.settle()
				if share := float64(len(served)) / (min(tt.share, 1) * simFull * time.Since(began).Seconds()); share < tt.least*0.98 {
					t.Errorf("%d served, that is %.2f of what it can do", len(served), share)
				}
				all := served
				t.Logf("%d served in p50 %v, p99 %v, max %v; %d refused after p50 %v, max %v", len(all), quantile(all, 0.5), quantile(all, 0.99),
					quantile(all, 1), len(refused), quantile(refused, 0.5), quantile(refused, 1))
				if flat := quantile(all, 0.5) < 2*rest && quantile(all, 0.99) < 4*rest; flat != tt.flat {
					t.Errorf("admitted UEs take p50 %v, p99 %v, and %v in a core at rest", quantile(all, 0.5), quantile(all, 0.99), rest)
				}
				if tt.nobody && len(refused) > 0 {
					t.Errorf("%d are refused", len(refused))
				}
				if most, slowest := quantile(refused, 0.9), quantile(refused, 1); tt.flat && (most > 5*time.Millisecond || slowest > admissionCrowd+10*time.Millisecond) {
					t.Errorf("refused UEs hear of it after %v, and the last after %v", most, slowest)
				}
				c.offer(0.5, time.Second)
				c.offer(0.5, time.Second)
				after, refused := c.settle()
				if a, b := quantile(before, 0.99), quantile(after, 0.99); len(refused) > 0 || a*11/10 < b {
					t.Errorf("afterwards %d are refused, and the others take p99 %v, before %v", len(refused), b, a)
				}
				c.pool.Stop()
			})
		})
	}
}

// TestOverloadEnds: a second after more came than the core can do, nobody is refused any more who would not have been before.
func TestOverloadEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newSimCore(20 * time.Millisecond)
		c.offer(5, 3*time.Second)
		c.offer(0.8, time.Second)
		c.mu.Lock()
		refused := len(c.refused)
		c.mu.Unlock()
		c.offer(0.8, 3*time.Second)
		_, all := c.settle()
		if n := len(all) - refused; n > 0 {
			t.Errorf("%d are refused though the load has fallen", n)
		}
		c.pool.Stop()
	})
}

// TestHiccup: a processor that is away for a moment, so that UEs are turned away, does not make the core think that it can do little for long.
func TestHiccup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newSimCore(20 * time.Millisecond)
		c.offer(0.7, 2*time.Second)
		c.settle()
		var away sync.WaitGroup
		away.Go(func() { // it does a hundredth of its work
			for range 15 {
				c.work(30 * time.Millisecond)
			}
		})
		c.offer(0.7, time.Second)
		away.Wait()
		c.mu.Lock()
		refused := len(c.refused)
		c.mu.Unlock()
		c.offer(0.7, 3*time.Second)
		_, all := c.settle()
		if n := len(all) - refused; refused == 0 || n > 50 {
			t.Errorf("%d are refused while the processor is away, and %d afterwards", refused, n)
		}
		c.pool.Stop()
	})
}

// TestRateGrows: a rate that is far too low, seen while the processor was away, is right again within a second.
func TestRateGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newSimCore(20 * time.Millisecond)
		c.offer(0.5, time.Second)
		c.settle()
		p := &c.admission.pacing
		p.rate, p.filled, c.admission.emptied, c.admission.away = p.least, time.Now(), time.Now(), time.Now()
		c.offer(0.5, time.Second)
		c.mu.Lock()
		refused := len(c.refused)
		c.mu.Unlock()
		c.offer(0.5, 3*time.Second)
		if _, all := c.settle(); refused == 0 || len(all) > refused {
			t.Errorf("%d are refused in the first second, and %d afterwards", refused, len(all)-refused)
		}
		c.pool.Stop()
	})
}

// TestCrowd: who comes all at once is served after the other, as far as it takes no longer than a moment.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newSimCore(20 * time.Millisecond)
		c.offer(90, time.Millisecond)
		served, refused := c.settle()
		if len(served) != 60 || len(refused) != 0 {
			t.Errorf("of a crowd %d are served and %d refused", len(served), len(refused))
		}
		c.pool.Stop()
	})
}

// TestNothingMoves: who waits behind those whom the core cannot serve is told in time.
func TestNothingMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var due, began, refused atomic.Int32
		due.Store(admissionDue)
		is := func() int { return int(due.Load()) }
		a := newAdmission(is, is)
		a.mostDue = admissionDue
		for range 10 {
			if !a.hasRoom() {
				t.Fatal("no room")
			}
			a.enter(func() { began.Add(1) }, func() { refused.Add(1) })
		}
		time.Sleep(admissionPatient + 2*admissionLook)
		if began.Load() != 0 || refused.Load() != 10 || !a.hasRoom() {
			t.Errorf("%d have begun and %d were refused", began.Load(), refused.Load())
		}
		time.Sleep(admissionLately)
		a.enter(func() { began.Add(1) }, func() { refused.Add(1) })
		due.Add(-1)
		time.Sleep(2 * admissionLook)
		if began.Load() != 1 {
			t.Error("who waits does not begin when there is room")
		}
	})
}

// TestReduction: gNBs are asked to keep away the share of UEs that is turned away, TS 38.413 §8.7.7, at once when it has been seen for a moment,
// less of them as soon as nobody is, and hear when it is over, TS 38.413 §8.7.8.
func TestReduction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig()
		cfg.MaxProcedures, cfg.Overload = 1000, Overload{Start: 900, Stop: 700}
		a := testAMF(t, cfg)
		g, sent := testGNB(a)
		defer closeAll(t, a, g)
		told := func(came, away int) int {
			a.admission.mu.Lock()
			a.admission.stock.came += came
			for range away {
				a.admission.turnedAway(time.Now())
			}
			a.admission.mu.Unlock()
			a.watchLoad()
			time.Sleep(loadLook)
			synctest.Wait()
			a.load.mu.Lock()
			defer a.load.mu.Unlock()
			return a.load.told
		}
		if r := told(1000, 0); r != 0 {
			t.Errorf("reduction %d, and nobody was turned away", r)
		}
		if r := told(1, 1); r > 15 {
			t.Errorf("reduction %d for one", r)
		}
		time.Sleep(10 * time.Second)
		before := len(sent(t))
		told(0, 1)
		if r := told(1000, 600); r < 58 || r > 68 {
			t.Errorf("reduction %d where 600 of 1,000 are turned away", r)
		}
		if all := sent(t)[before:]; len(all) == 0 || all[len(all)-1] != "OverloadStart" {
			t.Errorf("sent %v", all)
		}
		if r := told(800, 400); r < 78 || r > 84 {
			t.Errorf("reduction %d where of the 40 %% that are left half are turned away", r)
		}
		last := loadAll
		for n := 0; last > 0; n++ {
			r := told(40, 0)
			if r > last || n > 20 {
				t.Fatalf("reduction %d after %d, and nobody is turned away", r, last)
			}
			last = r
		}
		if all := sent(t); all[len(all)-1] != "OverloadStop" {
			t.Errorf("sent %v", all)
		}
		a.load.mu.Lock()
		defer a.load.mu.Unlock()
		if a.load.watched {
			t.Error("the watch does not end")
		}
	})
}

// TestTurnedAwayAtOnce: for a UE for which there is no room nothing is made but its answer, TS 24.501 §5.3.9, and the release of its connection;
// who may not be turned away is not even counted, TS 23.501 §5.19.5.2.
func TestTurnedAwayAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testAMF(t, testConfig())
		g, sent := testGNB(a)
		defer closeAll(t, a, g)
		never := func() { t.Error("it begins, or is refused, though it waits") }
		a.admission.due = func() int { return 1 << 20 }
		a.admission.away = time.Now()
		a.admission.enter(never, func() {})
		time.Sleep(2 * admissionStands)
		pdu, err := gmm.Append(nil, &gmm.ServiceRequest{STMSI: gmm.STMSIIdentity(ident.STMSI{Set: 1, TMSI: 7})})
		if err != nil {
			t.Fatal(err)
		}
		initial := func(ran ngap.RANUENGAPID, cause ngap.RRCEstablishmentCause) {
			g.links[0].initialUE(&ngap.InitialUEMessage{RANUENGAPID: ran, NASPDU: slices.Clone(pdu), RRCEstablishmentCause: cause})
		}
		g.links[0].gnb.Store(g)
		initial(1, ngap.RRCEstablishmentCauseMOSignalling)
		expect(t, sent(t), "DownlinkNASTransport", "UEContextReleaseCommand")
		if c := g.connectionByRAN(1); c == nil || !g.isReleased(c) || a.pool.Running() != 0 {
			t.Errorf("connection %+v, %d UEs busy", c, a.pool.Running())
		}
		if s := a.admission.takeStock(); s != (stock{1, 1}) {
			t.Errorf("counted %+v", s)
		}
		for i, cause := range []ngap.RRCEstablishmentCause{ngap.RRCEstablishmentCauseEmergency, ngap.RRCEstablishmentCauseHighPriorityAccess,
			ngap.RRCEstablishmentCauseMTAccess, ngap.RRCEstablishmentCauseMPSPriorityAccess, ngap.RRCEstablishmentCauseMCSPriorityAccess} {
			initial(ngap.RANUENGAPID(2+i), cause)
		}
		if s := a.admission.takeStock(); s != (stock{}) {
			t.Errorf("counted %+v though nobody of them is turned away", s)
		}
		time.Sleep(2 * admissionPatient)
	})
}
