package flows

import (
	"context"
	"errors"
	"time"
)

// quiet is longer than any procedure may go on alone once the gNBs are gone.
const quiet = 5 * time.Minute

// audit lets a flow come to its end and looks for what it has left where it should not be: with everybody still there,
// and once all gNBs are gone and every timer has run out.
func (s *stage) audit(ctx context.Context) error {
	var errs []error
	look := func(alone bool) {
		for _, found := range s.core.Audit(alone) {
			errs = append(errs, errors.New(found))
		}
	}
	look(false)
	s.silent.Store(false)
	errs = append(errs, s.finish(ctx, nil))
	for name, g := range s.cells {
		errs = append(errs, g.Close(ctx))
		delete(s.cells, name)
	}
	time.Sleep(quiet)
	s.settle()
	look(true)
	return errors.Join(errs...)
}
