package udr

import (
	"context"
	"time"

	"github.com/limpid-5g/limpid/sbi/nudr"
	"github.com/limpid-5g/limpid/store"
)

const (
	// watchInterval is how soon a change of another process is noticed: an operator who changes a subscriber with the
	// command line need not tell the core.
	watchInterval = time.Second
	changesPage   = 256
)

// Watch tells of every change of subscription data until ctx ends, TS 29.504 §5.2.2.8. A store that fails is asked again.
func (u *UDR) Watch(ctx context.Context, tell func(nudr.DataChange)) {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	var last store.Place
	known, failing := false, false
	for {
		err := func() error {
			revision, err := u.store.Revision(ctx)
			if err != nil || known && revision == last.Revision {
				return err
			}
			if !known {
				last, known = store.Behind(revision), true
				return nil
			}
			return u.follow(ctx, &last, tell)
		}()
		if err != nil && ctx.Err() == nil && !failing {
			u.log.Warn("changes of subscribers are not seen until the store answers", "error", err)
		}
		failing = err != nil
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// follow reads the feed of changes to its end.
func (u *UDR) follow(ctx context.Context, last *store.Place, tell func(nudr.DataChange)) error {
	for {
		page, err := u.store.Changes(ctx, *last, changesPage)
		if err != nil {
			return err
		}
		for _, c := range page {
			u.recent.drop(c.SUPI) // whoever is told reads anew
			tell(nudr.DataChange{SUPI: c.SUPI, Removed: c.Removed})
			*last = c.Place
		}
		if len(page) < changesPage {
			return nil
		}
	}
}
