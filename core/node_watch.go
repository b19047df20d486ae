package core

import (
	"context"
	"errors"
	"hash/fnv"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/smf"
	"github.com/limpid-5g/limpid/store"
)

const (
	// beatsOfPatience is how many beats a node may miss before it is silent.
	beatsOfPatience = 5
	longestBeat     = 2 * time.Second
)

// nodeWatch has this node say over the store that it lives, and takes over what others leave behind when they do not say it
// any more, TS 23.501 §5.21.2. Nobody's clock is compared with another's: a node is silent if it stays the same in the store
// while this one can write there.
type nodeWatch struct {
	c       *Core
	silence time.Duration // after which a node is dead; 0: none ever is
	leaving atomic.Bool   // the others are to take this node's UEs
	serving atomic.Bool   // gNBs are let in, so that UEs may come over
	last    time.Time     // of the last beat that the store took
	abroad  abroad        // of the goroutine that takes over

	mu   sync.Mutex
	seen map[string]*sighting
}

// sighting is what a node last said, and when that was new.
type sighting struct {
	store.Pulse
	since time.Time
	empty bool // nothing is left of it
}

func newNodeWatch(c *Core) *nodeWatch {
	return &nodeWatch{c: c, silence: time.Duration(c.cfg.Store.Takeover), seen: make(map[string]*sighting), abroad: abroad{last: time.Now()}}
}

// every is the time between two beats.
func (w *nodeWatch) every() time.Duration {
	if w.silence == 0 {
		return longestBeat
	}
	return min(w.silence/beatsOfPatience, longestBeat)
}

// start watches until stop is called.
func (w *nodeWatch) start() (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.run(ctx)
	}()
	return func() error {
		cancel()
		<-ended
		return nil
	}
}

func (w *nodeWatch) run(ctx context.Context) {
	tick := time.NewTicker(w.every())
	defer tick.Stop()
	var taking sync.WaitGroup
	defer taking.Wait()
	var busy atomic.Bool
	for {
		if w.look(ctx) && w.serving.Load() && busy.CompareAndSwap(false, true) {
			taking.Go(func() { // the next beat does not wait for it
				defer busy.Store(false)
				w.takeOver(ctx)
			})
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// look says that this node lives and notes who else does. It tells whether the store answered.
func (w *nodeWatch) look(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*w.every())
	defer cancel()
	name := w.c.cfg.AMF.Name
	pulses, err := w.c.store.Beat(ctx, name, w.leaving.Load())
	if err != nil {
		return false
	}
	moved, err := w.c.store.Moved(ctx, name)
	if err != nil {
		w.c.log.Warn("not known which UEs other nodes have taken", "error", err)
	}
	for _, supi := range moved {
		w.c.amf.Moved(supi)
		w.c.smf.Moved(supi)
	}
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.Sub(w.last) > 2*w.every() { // the store was away, for others perhaps too: they get their time to come back
		clear(w.seen)
	}
	w.last = now
	for _, p := range pulses {
		if s := w.seen[p.Node]; p.Node != name && (s == nil || s.Pulse != p) {
			w.seen[p.Node] = &sighting{Pulse: p, since: now}
		}
	}
	return true
}

// isSilent tells whether a node has said nothing for so many times what it may.
func (w *nodeWatch) isSilent(s *sighting, times time.Duration) bool {
	return w.silence > 0 && time.Since(s.since) >= times*w.silence
}

// takeOver takes UEs of dead and of leaving nodes over, of each a share that is this node's among those that live; what the
// others have not taken by then too.
func (w *nodeWatch) takeOver(ctx context.Context) {
	w.c.smf.SettleLeft(ctx)
	w.c.settleAbroad(ctx, &w.abroad)
	if w.leaving.Load() {
		return
	}
	w.c.amf.SettleRest(ctx)
	w.mu.Lock()
	living := []string{w.c.cfg.AMF.Name}
	var from []*sighting
	for _, s := range w.seen {
		switch {
		case s.empty:
		case w.isSilent(s, 1), s.Leaving:
			from = append(from, s)
		default:
			living = append(living, s.Node)
		}
	}
	w.mu.Unlock()
	slices.Sort(living)
	mine := uint32(slices.Index(living, w.c.cfg.AMF.Name))
	for _, s := range from {
		dead, late := w.isSilent(s, 1), w.isSilent(s, 2)
		want := func(supi ident.SUPI) bool {
			h := fnv.New32a()
			_, _ = h.Write([]byte(supi)) // never fails
			return late || h.Sum32()%uint32(len(living)) == mine
		}
		w.takeFrom(ctx, s, dead, want)
	}
}

func (w *nodeWatch) takeFrom(ctx context.Context, s *sighting, dead bool, want func(ident.SUPI) bool) {
	began := time.Now()
	sum, err := w.c.amf.TakeFrom(ctx, s.Node, dead, want)
	if err != nil {
		if ctx.Err() == nil {
			w.c.log.Warn("UEs of another node not taken over", "from", s.Node, "error", err)
		}
		return
	}
	if sum.UEs > 0 {
		why := "it is leaving"
		if dead {
			why = "it is silent"
		}
		w.c.log.Warn("UEs of another node taken over", "from", s.Node, "why", why, "ues", sum.UEs, "left", sum.Left, "seconds", time.Since(began).Seconds())
	}
	if sum.UEs+sum.Left > 0 || !dead {
		return
	}
	if err := w.forgetSessions(ctx, s.Node); err != nil {
		w.c.log.Warn("sessions of nobody not forgotten", "node", s.Node, "error", err)
		return
	}
	w.mu.Lock()
	s.empty = true
	w.mu.Unlock()
}

// forgetSessions gives back the addresses and the guaranteed bit rates of what a dead node has of UEs that are no more, or are another's.
func (w *nodeWatch) forgetSessions(ctx context.Context, node string) error {
	var list []store.SMContext
	for n, err := range w.c.store.SMs(ctx, node) {
		if err != nil {
			return err
		}
		list = append(list, n)
	}
	for _, n := range list {
		switch u, err := w.c.store.UE(ctx, n.SUPI); {
		case errors.Is(err, store.ErrNotFound), err == nil && u.Node != node && !smf.ServesOtherAMF(&n):
		case err != nil:
			return err
		default:
			continue
		}
		if err := w.c.store.RemoveSM(ctx, n.SUPI, n.PDUSessionID, n.SEID); err != nil {
			return err
		}
	}
	return w.c.store.ForgetGuarantees(ctx, node)
}

// state is what is known of a node: "here", "alive", "leaving" or "silent".
func (w *nodeWatch) state(node string) string {
	if w == nil || node == w.c.cfg.AMF.Name {
		if w != nil && w.leaving.Load() {
			return "leaving"
		}
		return "alive"
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch s := w.seen[node]; {
	case s == nil:
		return "unknown"
	case w.isSilent(s, 1):
		return "silent"
	case s.Leaving:
		return "leaving"
	}
	return "alive"
}
