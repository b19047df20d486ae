package columns

import (
	"iter"

	"github.com/limpid-5g/limpid/store"
)

// Assemble yields a subscriber as soon as all its rows have come. Next reads the next row into r and tells whether there
// was one.
func Assemble(r *Subscriber, next func() (bool, error)) iter.Seq2[store.Subscriber, error] {
	return func(yield func(store.Subscriber, error) bool) {
		var subs []store.Subscriber // the one whose rows come, and the first row of the next
		for {
			more, err := next()
			if err == nil && more {
				subs, err = r.AppendTo(subs)
			}
			if err != nil {
				yield(store.Subscriber{}, err)
				return
			}
			if len(subs) > 0 && (!more || len(subs) > 1) {
				if !yield(subs[0], nil) {
					return
				}
				subs = append([]store.Subscriber(nil), subs[1:]...)
			}
			if !more {
				return
			}
		}
	}
}
