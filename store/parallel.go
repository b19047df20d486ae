package store

import (
	"iter"
	"runtime"
	"sync"
)

// chunk is how many elements a worker of InParallel takes at once.
const chunk = 256

// InParallel calls f for every element that seq yields, on as many goroutines as there are processors, and returns when
// the last call has ended. The element is f's until it returns. The error is that of seq, at which it stops.
func InParallel[T any](seq iter.Seq2[T, error], f func(*T)) error {
	work := make(chan []T, 4)
	free := make(chan []T, 4)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for list := range work {
				for i := range list {
					f(&list[i])
				}
				clear(list)
				select {
				case free <- list[:0]:
				default:
				}
			}
		})
	}
	var failed error
	list := make([]T, 0, chunk)
	for v, err := range seq {
		if err != nil {
			failed = err
			break
		}
		if list = append(list, v); len(list) == chunk {
			work <- list
			select {
			case list = <-free:
			default:
				list = make([]T, 0, chunk)
			}
		}
	}
	work <- list
	close(work)
	wg.Wait()
	return failed
}
