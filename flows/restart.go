package flows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/store/faults"
	"github.com/limpid-5g/limpid/store/sqlite"
)

// life is one run of the core, from its start to its end.
type life struct {
	core *core.Core
	disk *faults.Store
	stop context.CancelFunc
	end  chan struct{} // closed when the core runs no more
}

// restartVerbs are what becomes of the core itself and of its disk.
func (s *stage) restartVerbs() verbs {
	return verbs{
		"kill":    s.killCore,
		"start":   s.startCore,
		"disk":    s.diskFault,
		"restart": s.restartCore,
		"node":    s.turnTo,
	}
}

// live starts a core over the store's file.
func (s *stage) live(cfg *config.Config, log *slog.Logger) error {
	st, err := sqlite.Open(s.ctx, s.file, sqlite.Options{Create: true, Redo: !s.nodes.shared()})
	if err != nil {
		return err
	}
	arrows, node := s.arrows, s.nodes.present
	if s.nodes.shared() {
		arrows = func(e ladder.Event) { s.recorder.recordOf(node, e) }
	}
	link, err := s.nodes.peers.link(cfg)
	if err != nil {
		return errors.Join(err, st.Close())
	}
	ctx, stop := context.WithCancel(s.ctx)
	l := &life{disk: faults.New(st), stop: stop, end: make(chan struct{})}
	l.core, err = core.New(s.ctx, cfg, s.stand(core.Options{Log: log, Ladder: arrows, Store: l.disk, SharedStore: s.nodes.shared(), WithoutControl: true, Link: link, BetweenPeers: s.betweenPeers}))
	if err != nil {
		stop()
		return errors.Join(err, st.Close())
	}
	s.life, s.core = l, l.core
	s.nodes.restart[s.nodes.present] = func() error { return s.live(cfg, log) }
	s.wg.Go(func() {
		defer close(l.end)
		_ = l.core.Run(ctx) // ends with the context; what fails before shows in the ladder
	})
	return nil
}

// endLife takes the core down and waits for it.
func (s *stage) endLife() error {
	l := s.life
	if l == nil {
		return nil
	}
	s.life = nil
	return l.takeDown()
}

func (l *life) takeDown() error {
	l.stop()
	<-l.end
	return errors.Join(l.core.Close(), l.disk.Close())
}

// killCore ends the core as kill -9 does: what is not on disk at this moment never gets there, and nobody is told.
func (s *stage) killCore(context.Context, *command) error {
	s.life.disk.Plan(func(string) faults.Fault { return faults.Fault{Fail: true} })
	s.recorder.mute(true)
	defer s.recorder.mute(false)
	for name := range s.cells {
		if s.nodes.cells[name] == s.nodes.present {
			s.cut(name)
		}
	}
	return s.endLife()
}

// startCore starts the core again. Every gNB sets its interface up anew, without its UEs (TS 38.413 §8.7.1.1).
func (s *stage) startCore(ctx context.Context, _ *command) error {
	if err := s.nodes.restart[s.nodes.present](); err != nil {
		return err
	}
	s.settle()
	return s.setUpAnew(ctx)
}

// setUpAnew has every gNB of the present node come back to a node that was away.
func (s *stage) setUpAnew(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(s.cells)) {
		old := s.cells[name]
		if s.nodes.shared() && s.nodes.cells[name] != s.nodes.present {
			continue
		}
		if err := old.Close(ctx); err != nil {
			return err
		}
		g, err := gnb.New(s.cellConfigs[name])
		if err != nil {
			return err
		}
		s.cells[name] = g
		if err := g.Setup(ctx); err != nil {
			return err
		}
		for u, cell := range s.camps.all() {
			if cell == old {
				u.Camp(g)
				s.camps.set(u, g)
			}
		}
	}
	return nil
}

func (s *stage) restartCore(ctx context.Context, c *command) error {
	if err := s.killCore(ctx, c); err != nil {
		return err
	}
	return s.startCore(ctx, c)
}

// diskFault has every write to the store fail, or take a time, or succeed again: "disk full", "disk slow=5s", "disk torn",
// "disk well". only=NAME leaves other operations of the store alone.
func (s *stage) diskFault(_ context.Context, c *command) error {
	var fault faults.Fault
	switch {
	case len(c.words) > 1 && c.words[1] == "full":
		fault.Fail = true
	case len(c.words) > 1 && c.words[1] == "torn":
		fault.Torn = true
	case c.options["slow"] != "":
		var err error
		if fault.Delay, err = time.ParseDuration(c.options["slow"]); err != nil {
			return err
		}
	case len(c.words) > 1 && c.words[1] == "well":
	default:
		return fmt.Errorf("disk: want full, torn, slow=DURATION or well")
	}
	s.life.disk.Plan(func(operation string) faults.Fault {
		if only := c.options["only"]; only != "" && only != operation {
			return faults.Fault{}
		}
		return fault
	})
	return nil
}
