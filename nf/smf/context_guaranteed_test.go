package smf

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/faults"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// sharedDisk is a store that other nodes use too, and what was asked of it.
type sharedDisk struct {
	*faults.Store
	mu     sync.Mutex
	writes []string
	reads  int // of what sessions are guaranteed
	before map[string]func()
}

func (d *sharedDisk) GuaranteesOf(ctx context.Context, node string) iter.Seq2[store.Guarantee, error] {
	d.mu.Lock()
	d.reads++
	d.mu.Unlock()
	return d.Store.GuaranteesOf(ctx, node)
}

func (d *sharedDisk) GuaranteeSums(ctx context.Context) ([]store.GuaranteeSum, error) {
	d.mu.Lock()
	d.reads++
	d.mu.Unlock()
	return d.Store.GuaranteeSums(ctx)
}

// wrote returns the writes since it was asked last.
func (d *sharedDisk) wrote() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.writes
	d.writes = nil
	return list
}

// plan notes each write, does first what is to come before it, and lets it go wrong.
func (d *sharedDisk) plan(fault func(string) faults.Fault) {
	d.Plan(func(operation string) faults.Fault {
		d.mu.Lock()
		d.writes = append(d.writes, operation)
		first := d.before[operation]
		delete(d.before, operation)
		d.mu.Unlock()
		if first != nil {
			first()
		}
		return fault(operation)
	})
}

func well(string) faults.Fault { return faults.Fault{} }

const (
	voiceRate  = 100e3
	voiceBound = 150e3
)

// voice is a rule with a guaranteed rate, for which there is room once under the bound.
func voice() npcf.PCCRule {
	return npcf.PCCRule{ID: "voice", Precedence: 10, FlowDescriptions: []string{"permit out 17 from 203.0.113.0/24 to assigned"}, FiveQI: 1,
		ARP: nudm.ARP{PriorityLevel: 5}, MaxBitRate: nudm.AMBR{Uplink: voiceRate, Downlink: voiceRate}, GuaranteedBitRate: nudm.AMBR{Uplink: voiceRate, Downlink: voiceRate}}
}

// inNodes is inWorld for an SMF that shares bounds with others, where rules are what the PCF decides.
func inNodes(t *testing.T, rules []npcf.PCCRule, test func(*world, *sharedDisk)) {
	t.Helper()
	disk := &sharedDisk{before: make(map[string]func())}
	inWorld(t, func(w *world, cfg *Config) {
		st, err := sqlite.Open(w.t.Context(), filepath.Join(t.TempDir(), "limpid.db"), sqlite.Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		disk.Store = faults.New(st)
		w.disk, cfg.Shared, cfg.Node = disk, true, "this"
		cfg.Guaranteed = []Guaranteed{{DNN: internet, Rate: nudm.AMBR{Uplink: voiceBound, Downlink: voiceBound}}}
		w.pcf.rules = rules
	}, func(w *world) {
		disk.plan(well)
		defer func() {
			w.smf.Close()
			_ = disk.Close()
		}()
		test(w, disk)
	})
}

// counts is what the store counts of this node and of all, downlink.
func (d *sharedDisk) counts(w *world) (this, all uint64) {
	w.t.Helper()
	for g, err := range d.Store.GuaranteesOf(context.Background(), "") {
		if err != nil {
			w.t.Error(err)
		}
		if g.Node == "this" {
			this += g.Downlink
		}
		all += g.Downlink
	}
	return this, all
}

// elsewhere has another node grant a rate.
func (d *sharedDisk) elsewhere(w *world, rate uint64) {
	w.t.Helper()
	if err := d.Store.Store.Guarantee(context.Background(), store.Guarantee{SEID: 1 << 50, SUPI: "imsi-001010000000099", PDUSessionID: 1, Node: "other",
		Place: store.GuaranteePlace{DNN: internet, Slice: slice, UPF: "upf"}, Uplink: rate, Downlink: rate}, nil); err != nil {
		w.t.Error(err)
	}
}

func (w *world) releases(ref string) {
	w.t.Helper()
	if err := w.smf.ReleaseSMContext(w.t.Context(), ref, nsmf.SMContextReleaseData{}); err != nil {
		w.t.Error(err)
	}
	synctest.Wait()
}

// TestGuaranteedIsCountedFirst: TS 23.501 §5.7.2.5: what a session is guaranteed is counted before it is stored, and has its end after the
// session is stored without it. A session without a guaranteed rate costs the store nothing.
func TestGuaranteedIsCountedFirst(t *testing.T) {
	inNodes(t, []npcf.PCCRule{voice()}, func(w *world, disk *sharedDisk) {
		ref := w.established()
		if got := disk.wrote(); !slices.Equal(got[:min(3, len(got))], []string{"Guarantee", "KeepSMs", "Guarantee"}) {
			t.Errorf("established with %v", got)
		}
		if this, _ := disk.counts(w); this != voiceRate || len(w.info(ref).QFIs) != 2 {
			t.Errorf("%d bit/s are counted, the session has flows %v", this, w.info(ref).QFIs)
		}
		w.pass(time.Second)
		disk.wrote()
		w.decide(ref)
		w.complete(ref)
		if got := disk.wrote(); !slices.Equal(got, []string{"KeepSMs", "Guarantee"}) {
			t.Errorf("taken away with %v", got)
		}
		if this, _ := disk.counts(w); this != 0 || len(w.info(ref).QFIs) != 1 {
			t.Errorf("%d bit/s are counted, the session has flows %v", this, w.info(ref).QFIs)
		}
		w.decide(ref, voice())
		w.complete(ref)
		w.pass(time.Second)
		disk.wrote()
		w.releases(ref)
		if got := disk.wrote(); !slices.Equal(got, []string{"RemoveSM", "Guarantee"}) {
			t.Errorf("released with %v", got)
		}
		if _, all := disk.counts(w); all != 0 {
			t.Errorf("%d bit/s are counted of nobody", all)
		}
		w.noLeak()
	})
	inNodes(t, nil, func(w *world, disk *sharedDisk) {
		before := disk.reads
		ref := w.established()
		w.idle(ref)
		w.releases(ref)
		w.pass(time.Second)
		if got := disk.wrote(); slices.Contains(got, "Guarantee") || disk.reads != before {
			t.Errorf("a session without guaranteed rate costs %v and %d reads", got, disk.reads-before)
		}
		w.noLeak()
	})
}

// TestStoreDoesNotCount: where the store does not say what all have, nothing is guaranteed, within a time that the UE waits for, and
// whatever became of the write, nothing stays counted.
func TestStoreDoesNotCount(t *testing.T) {
	for name, fault := range map[string]faults.Fault{"refused": {Fail: true}, "answer lost": {Torn: true}, "late": {Delay: time.Minute}} {
		t.Run(name, func(t *testing.T) {
			inNodes(t, []npcf.PCCRule{voice()}, func(w *world, disk *sharedDisk) {
				disk.plan(func(operation string) faults.Fault {
					if operation == "Guarantee" {
						return fault
					}
					return faults.Fault{}
				})
				ref := w.create(request(1, nil))
				w.pass(9 * time.Second) // before the gNB's silence has taken the user plane down
				w.update(ref, gnbAccepts(0x77))
				if n := w.info(ref); n.State != Active || len(n.QFIs) != 1 {
					t.Errorf("session is %s with flows %v", n.State, n.QFIs)
				}
				if len(w.pcf.asked) != 1 || w.pcf.asked[0].RuleReports[0].FailureCode != npcf.RuleResourcesLimitation {
					t.Errorf("PCF heard %+v", w.pcf.asked)
				}
				disk.plan(well)
				w.pass(10 * time.Second)
				if this, _ := disk.counts(w); this != 0 {
					t.Errorf("%d bit/s are counted, and the session has none", this)
				}
				w.releases(ref)
				w.noLeak()
			})
		})
	}
}

// TestGivenBackOnceStoreAnswers: what an ended session had is given back when the store takes it, and not before the session is
// removed there; one that is changed keeps it until then.
func TestGivenBackOnceStoreAnswers(t *testing.T) {
	fails := func(operations ...string) func(string) faults.Fault {
		return func(operation string) faults.Fault { return faults.Fault{Fail: slices.Contains(operations, operation)} }
	}
	for name, away := range map[string][]string{"all": {"Guarantee", "RemoveSM", "KeepSMs"}, "count": {"Guarantee"}, "sessions": {"RemoveSM", "KeepSMs"}} {
		t.Run(name, func(t *testing.T) {
			inNodes(t, []npcf.PCCRule{voice()}, func(w *world, disk *sharedDisk) {
				for _, end := range []func(string){w.releases, func(ref string) { w.decide(ref); w.complete(ref) }} {
					ref := w.established()
					w.pass(time.Second)
					disk.plan(fails(away...))
					end(ref)
					w.pass(30 * time.Second)
					if this, _ := disk.counts(w); this != voiceRate {
						t.Errorf("%d bit/s are counted while the store is away", this)
					}
					disk.plan(well)
					w.pass(5 * time.Second)
					if _, all := disk.counts(w); all != 0 {
						t.Errorf("%d bit/s are still counted", all)
					}
					if w.info(ref).State == Active {
						w.releases(ref)
					}
					w.pass(5 * time.Second)
					w.noLeak()
				}
			})
		})
	}
}

// TestForgottenWhileSilent: a node that was taken for dead, so that what it held for a session just begun was forgotten, does not
// grant it if it is another's by now, and counts it again if not.
func TestForgottenWhileSilent(t *testing.T) {
	for name, others := range map[string]uint64{"another's": voiceRate, "free": 0} {
		t.Run(name, func(t *testing.T) {
			inNodes(t, []npcf.PCCRule{voice()}, func(w *world, disk *sharedDisk) {
				disk.before["KeepSMs"] = func() {
					if err := disk.Store.Store.ForgetGuarantees(context.Background(), "this"); err != nil {
						t.Error(err)
					}
					if others > 0 {
						disk.elsewhere(w, others)
					}
				}
				ref := w.create(request(1, nil))
				this, all := disk.counts(w)
				if others == 0 {
					if w.update(ref, gnbAccepts(0x77)); w.info(ref).State != Active || this != voiceRate {
						t.Errorf("session is %s, %d bit/s are counted", w.info(ref).State, this)
					}
					w.releases(ref)
					w.noLeak()
					return
				}
				if m, ok := w.decode(w.one().N1SMMsg).(*gsm.PDUSessionEstablishmentReject); !ok || m.Cause != gsm.CauseInsufficientResources {
					t.Errorf("UE heard %+v", m)
				}
				if this != 0 || all != voiceRate {
					t.Errorf("%d of %d bit/s are counted of this node", this, all)
				}
				w.noLeak()
			})
		})
	}
}

// TestOtherNodesCount: what others hold refuses, and a flow that may pre-empt takes nothing from its own node's where that would not do.
func TestOtherNodesCount(t *testing.T) {
	weak := voice()
	weak.ARP, weak.GuaranteedBitRate = nudm.ARP{PriorityLevel: 9, Preemptable: true}, nudm.AMBR{Uplink: 40e3, Downlink: 40e3}
	inNodes(t, []npcf.PCCRule{weak}, func(w *world, disk *sharedDisk) {
		first := w.established()
		strong := voice()
		strong.ARP.MayPreempt, strong.ARP.PriorityLevel = true, 1
		for _, c := range []struct {
			others uint64
			want   int // flows of each in the end
			gives  bool
		}{{60e3, 1, false}, {50e3, 2, true}} {
			disk.elsewhere(w, c.others)
			w.pcf.mu.Lock()
			w.pcf.rules = []npcf.PCCRule{strong}
			w.pcf.mu.Unlock()
			d := createData(request(2, func(m *gsm.PDUSessionEstablishmentRequest) { m.PDUSessionID = 6 }))
			d.PDUSessionID = 6
			created, err := w.smf.CreateSMContext(w.t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if c.gives {
				w.complete(first)
			}
			w.update(created.Ref, gnbAccepts(0x78))
			if n, f := len(w.info(created.Ref).QFIs), len(w.info(first).QFIs); n != c.want || (f == 1) != c.gives {
				t.Errorf("beside %d bit/s of others it has %d flows, the other one %d", c.others, n, f)
			}
			if _, all := disk.counts(w); all > voiceBound {
				t.Errorf("%d bit/s are counted of %d", all, uint64(voiceBound))
			}
			w.releases(created.Ref)
			w.amf.take()
		}
		w.releases(first)
		w.noLeak()
	})
}

// TestCountedAfterRestart: TS 23.007 §26: whenever a node is killed, the store counts after its restart what its sessions come back with.
func TestCountedAfterRestart(t *testing.T) {
	inNodes(t, []npcf.PCCRule{voice()}, func(w *world, disk *sharedDisk) {
		ref := w.established()
		w.pass(time.Second)
		n := w.smf.find(ref)
		for name, at := range map[string]nudm.AMBR{"before it had more": {Uplink: 140e3, Downlink: 140e3}, "of an older version": {}} {
			g := w.smf.admission.nodes.of(n, n.place(), at)
			begun := g
			begun.SEID, begun.PDUSessionID, begun.Uplink, begun.Downlink = 7, 7, 10e3, 10e3
			for _, g := range []store.Guarantee{g, begun} {
				if err := disk.Store.Store.Guarantee(w.t.Context(), g, nil); err != nil {
					t.Fatal(err)
				}
			}
			near, _ := pfcp.Pipe(smfN4, upfN4)
			life, err := disk.BeginLife(w.t.Context(), "this", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			again, err := New(w.smf.cfg, Deps{SDM: w.udm, UECM: w.udm, Policy: w.pcf, AMF: w.amf, N4: near, Contexts: disk, Life: life}, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			if count, err := again.Restore(w.t.Context(), func(RestoredSession) {}); err != nil || count != 1 {
				t.Fatalf("%s: %d sessions, %v", name, count, err)
			}
			if this, all := disk.counts(w); this != voiceRate || all != voiceRate {
				t.Errorf("%s: %d of %d bit/s are counted", name, this, all)
			}
			again.Close()
		}
		w.releases(ref)
		w.noLeak()
	})
}

// TestCountedOnceAtRest: TS 23.501 §5.7.2.5: of a session that came over and is busy when it is looked at, the store counts what it holds
// once it is at rest.
func TestCountedOnceAtRest(t *testing.T) {
	inNodes(t, []npcf.PCCRule{voice()}, func(w *world, disk *sharedDisk) {
		ref := w.established()
		w.pass(time.Second)
		n := w.smf.find(ref)
		more := w.smf.admission.nodes.of(n, n.place(), nudm.AMBR{Uplink: 140e3, Downlink: 140e3})
		if err := disk.Store.Store.Guarantee(w.t.Context(), more, nil); err != nil {
			t.Fatal(err)
		}
		w.smf.admission.nodes.arrived.Store(true)
		looks := func(want uint64) {
			t.Helper()
			w.smf.SettleLeft(w.t.Context())
			w.pass(time.Second)
			if this, _ := disk.counts(w); this != want {
				t.Errorf("%d bit/s are counted, want %d", this, want)
			}
		}
		if !w.smf.pool.Hold(&n.actor) {
			t.Fatal("it is busy")
		}
		looks(140e3)
		w.smf.pool.Release(&n.actor, n, nil)
		looks(voiceRate)
		w.releases(ref)
		w.noLeak()
	})
}

// TestSeenByAll: who operates a node sees what all nodes grant, and hears where that is not known.
func TestSeenByAll(t *testing.T) {
	inNodes(t, []npcf.PCCRule{voice()}, func(w *world, disk *sharedDisk) {
		disk.elsewhere(w, 30e3)
		ref := w.established()
		uses, err := w.smf.Guaranteed(w.t.Context())
		if err != nil || len(uses) != 1 || uses[0].Granted.Downlink != voiceRate+30e3 || !strings.Contains(uses[0].String(), string(internet)) {
			t.Errorf("%+v, %v", uses, err)
		}
		ctx, cancel := context.WithCancel(w.t.Context())
		cancel()
		if _, err := w.smf.Guaranteed(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		w.releases(ref)
		w.noLeak()
	})
}
