package sctp

// queue is a first-in-first-out ring. The zero value is empty.
type queue[T any] struct {
	buf  []T
	head int
	n    int
}

// queueKeep is the capacity that an empty queue may keep.
const queueKeep = 16

func (q *queue[T]) len() int { return q.n }

// at returns the i-th oldest element, 0 <= i < len.
func (q *queue[T]) at(i int) *T { return &q.buf[(q.head+i)%len(q.buf)] }

func (q *queue[T]) push(v T) {
	if q.n == len(q.buf) {
		grown := make([]T, max(4, 2*len(q.buf)))
		for i := range q.n {
			grown[i] = *q.at(i)
		}
		q.buf, q.head = grown, 0
	}
	q.buf[(q.head+q.n)%len(q.buf)] = v
	q.n++
}

// pop removes and returns the oldest element of a queue that is not empty.
func (q *queue[T]) pop() T {
	var zero T
	v := q.buf[q.head]
	q.buf[q.head] = zero
	q.head = (q.head + 1) % len(q.buf)
	if q.n--; q.n == 0 && len(q.buf) > queueKeep {
		*q = queue[T]{}
	}
	return v
}
