package flows

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

var mobilitySeed = flag.Uint64("mobility-seed", 0, "play the random mobility of this seed")

// The size of TestRandomMobility.
const (
	walkers         = 500
	walkCells       = 20
	walkOperations  = 10_000
	walkAtOnce      = 40  // operations that run beside each other
	walkAuditEvery  = 500 // operations
	walkRest        = 20 * time.Second
	walkMisbehaving = 5 // at one in so many messages a gNB may lose, repeat or spoil it
)

// walk is a stage full of phones that move.
type walk struct {
	*stage
	random *rand.Rand
	cells  []*gnb.GNB
	names  []string
	phones []*ue.UE
	xn, n2 atomic.Int64 // handovers that took place
	moved  atomic.Int64 // associations lost of gNBs with two
}

// TestRandomMobility lets 500 phones move between 20 gNBs for 10,000 operations beside each other: over Xn and N2,
// cancelled, left half done, idle, woken, registered anew, while gNBs flap, reset and say things twice or not at all.
// The audit is silent all along, and nothing is left when everybody has gone. A failure prints its seed.
func TestRandomMobility(t *testing.T) {
	seed := *mobilitySeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-mobility-seed=%d", seed)
	f, err := Parse("random_mobility", walkFlow())
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t)
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		s, err := newStage(&f, dir, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})), synctest.Wait)
		if err != nil {
			t.Fatal(err)
		}
		s.recorder.off = true
		w := &walk{stage: s, random: rand.New(rand.NewPCG(seed, 3))}
		if err := w.populate(); err != nil {
			t.Fatal(err)
		}
		s.settle() // nobody looks at it
		s.chaos = &chaos{random: rand.New(rand.NewPCG(seed, 4)), rarely: walkMisbehaving}
		w.wander(t)
		if xn, n2 := w.xn.Load(), w.n2.Load(); xn < walkOperations/20 || n2 < walkOperations/20 {
			t.Errorf("only %d handovers over Xn and %d over N2", xn, n2)
		} else {
			t.Logf("%d handovers over Xn, %d over N2, %d of two associations lost", xn, n2, w.moved.Load())
		}
		if w.moved.Load() == 0 {
			t.Error("no gNB has lost one of two associations")
		}
		s.chaos.stop()
		time.Sleep(quiet)
		if err := s.audit(t.Context()); err != nil {
			t.Errorf("left behind: %v", err)
		}
		if n := s.path.Relays(); n > 0 {
			t.Errorf("%d forwarding tunnels are left at the UPF", n)
		}
		s.end(t, &log)
	})
}

// end takes a stage down, and shows the last of its log where the test has failed.
func (s *stage) end(t *testing.T, log *bytes.Buffer) {
	t.Helper()
	if err := s.close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if t.Failed() {
		b := log.Bytes()
		t.Logf("the last of the log:\n%s", b[max(0, len(b)-20_000):])
	}
}

// walkFlow is a configuration with room for all phones, and they.
func walkFlow() []byte {
	var b strings.Builder
	b.WriteString("TS 23.502 §4.9: random mobility\n-- limpid.yaml --\n" + `name: limpid
amf:
  guami: {region: 1, set: 1, pointer: 0}
  n2:
    address: 127.0.0.1
    further: [{address: 127.0.0.2}]
  plmns:
    - plmn: "00101"
      tacs: [1, 2, 3, 4]
      slices: ["1", "2-010203"]
smf:
  n4: {address: 127.0.0.4}
  dnns:
    - name: internet
      slices: ["1", "2-010203"]
      pools: [10.60.0.0/20]
      dns: [192.0.2.53]
      mtu: 1400
upf:
  n4: {address: 127.0.0.8}
  n3: {address: 127.0.0.8}
-- subscribers.csv --
imsi,key,opc,slice,dnn
`)
	for i := range walkers {
		fmt.Fprintf(&b, "00101%010d,%s,%s,1,internet\n", i+1, baseKey, baseOPc)
	}
	b.WriteString("-- script --\nwait 1s\n")
	return []byte(b.String())
}

func (w *walk) populate() error {
	for i := range walkCells {
		name := fmt.Sprintf("gnb%d", i+1)
		if err := w.run(fmt.Sprintf("gnb %s tac=%d", name, i%4+1)); err != nil {
			return err
		}
		w.names, w.cells = append(w.names, name), append(w.cells, w.stage.cells[name])
	}
	for i := range walkers {
		name := fmt.Sprintf("u%d", i+1)
		for _, line := range []string{fmt.Sprintf("ue %s imsi=00101%010d gnb=%s", name, i+1, w.names[i%walkCells]), "register " + name, "session " + name + " 1"} {
			if err := w.run(line); err != nil {
				return fmt.Errorf("%s: %w", line, err)
			}
		}
		w.phones = append(w.phones, w.ues[name])
	}
	return nil
}

// wander plays the operations, many at once. That some fail is no news.
func (w *walk) wander(t *testing.T) {
	var running sync.WaitGroup
	for n := 0; n < walkOperations; n += walkAtOnce {
		for range walkAtOnce {
			op := w.operation()
			running.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				op(ctx)
			})
		}
		if w.random.IntN(4) > 0 { // else the next run into them
			running.Wait()
		}
		time.Sleep(time.Duration(w.random.IntN(3000)) * time.Millisecond)
		if (n+walkAtOnce)%walkAuditEvery < walkAtOnce {
			running.Wait()
			time.Sleep(walkRest) // what was begun has come to its end
			w.settle()
			for _, found := range w.core.Audit(false) {
				t.Errorf("after %d operations: %s", n+walkAtOnce, found)
			}
			if t.Failed() {
				return
			}
		}
	}
}

// flapOne loses one of a gNB's two associations, and makes it again: its UEs go over to the other.
func (w *walk) flapOne(name string) func(context.Context) {
	older := w.random.IntN(2) == 0
	return func(ctx context.Context) {
		g, ends := w.stage.cells[name], w.linksOf(name)
		if at, _ := g.Associations(); len(at) < 2 || len(ends) < 2 {
			return
		}
		number := len(ends)
		if older {
			number--
		}
		at := ends[number-1].RemoteAddr()
		if w.cutLink(name, number) == nil {
			w.moved.Add(1)
		}
		time.Sleep(time.Second)
		_ = g.Join(ctx, at)
	}
}

func count(n *atomic.Int64, err error) {
	if err == nil {
		n.Add(1)
	}
}

// operation chooses what happens next.
func (w *walk) operation() func(context.Context) {
	u, to := w.phones[w.random.IntN(walkers)], w.cells[w.random.IntN(walkCells)]
	from, _ := u.Cell().(*gnb.GNB)
	switch n := w.random.IntN(1000); {
	case n < 380:
		o := gnb.XnOptions{Forwarding: []gnb.Forwarding{gnb.DirectForwarding, gnb.NoForwarding}[w.random.IntN(2)]}
		return func(ctx context.Context) { count(&w.xn, from.HandOverXn(ctx, u, to, o)) }
	case n < 680:
		o := gnb.N2Options{Forwarding: gnb.Forwarding(w.random.IntN(3)), Twice: w.random.IntN(20) == 0, Stay: w.random.IntN(20) == 0}
		if w.random.IntN(8) == 0 {
			o.Cancel = gnb.Moment(w.random.IntN(4))
		}
		return func(ctx context.Context) { count(&w.n2, from.HandOverN2(ctx, u, to, o)) }
	case n < 760:
		return func(ctx context.Context) { _ = from.ReleaseUE(ctx, u, ngap.CauseRadioNetworkUserInactivity) }
	case n < 880:
		return func(ctx context.Context) { _, _ = u.ServiceRequest(ctx, ue.ServiceOptions{}) }
	case n < 920:
		return func(ctx context.Context) {
			_ = u.Register(ctx, ue.RegisterOptions{Type: gmm.MobilityRegistrationUpdate})
		}
	case n < 940:
		return func(ctx context.Context) {
			_ = u.Deregister(ctx, false)
			_ = u.Register(ctx, ue.RegisterOptions{})
			_, _ = u.EstablishSession(ctx, 1, ue.SessionOptions{})
		}
	case n < 960:
		return func(context.Context) { u.Camp(to) }
	case n < 990:
		return func(context.Context) {
			if s, ok := u.Session(1); ok {
				w.packetFor(string(s.DNN), s.Address)
			}
		}
	case n < 994:
		return func(ctx context.Context) { _ = to.Reset(ctx, ngap.CauseMiscOMIntervention, u) }
	case n < 996:
		return func(context.Context) { _ = w.core.AMF().ResetGNB(w.names[0]) }
	}
	name := w.names[w.random.IntN(walkCells)]
	if w.random.IntN(2) == 0 {
		return w.flapOne(name)
	}
	return func(ctx context.Context) { // the gNB flaps
		w.cut(name)
		time.Sleep(time.Second)
		_ = w.stage.cells[name].Setup(ctx)
	}
}
