package sctp

// fragment is the data of one DATA chunk of a longer message.
type fragment struct {
	next *fragment
	data []byte
}

// run is a gapless sequence of fragments of one message.
type run struct {
	first, last uint32 // TSNs
	head, tail  *fragment
	size, count int

	stream      uint16
	ssn         uint16
	ppid        uint32
	unordered   bool
	begun, done bool // has the first, the last fragment
}

// reassembly joins fragments as they come, RFC 9260 §6.9. Finding the neighbours of a fragment takes constant
// time, whatever the order in which they arrive.
type reassembly struct {
	byFirst, byLast map[uint32]*run
}

// insert takes in a fragment and returns the run if the message is complete.
func (q *reassembly) insert(d *dataChunk, maxMessage int) (whole *run, reason string) {
	f := &fragment{data: append([]byte(nil), d.Data...)}
	r := &run{
		first: d.TSN, last: d.TSN, head: f, tail: f, size: len(f.data), count: 1,
		stream: d.Stream, ssn: d.SSN, ppid: d.PPID, unordered: d.Unordered, begun: d.Beginning, done: d.Ending,
	}
	left, right := q.byLast[d.TSN-1], q.byFirst[d.TSN+1]
	if left != nil && !left.done {
		if r.begun || !left.same(r) {
			return nil, "fragments of two messages are mixed"
		}
		q.remove(left)
		left.join(r)
		r = left
	} else if !r.begun && left != nil {
		return nil, "fragment without a beginning"
	}
	if right != nil && (!right.begun || !r.done) {
		if right.begun || r.done || !r.same(right) {
			return nil, "fragments of two messages are mixed"
		}
		q.remove(right)
		r.join(right)
	}
	if r.size > maxMessage {
		return nil, "message is too large"
	}
	if r.begun && r.done {
		return r, ""
	}
	if q.byFirst == nil {
		q.byFirst, q.byLast = make(map[uint32]*run), make(map[uint32]*run)
	}
	q.byFirst[r.first], q.byLast[r.last] = r, r
	return nil, ""
}

func (q *reassembly) remove(r *run) {
	delete(q.byFirst, r.first)
	delete(q.byLast, r.last)
	if len(q.byFirst) == 0 {
		q.byFirst, q.byLast = nil, nil
	}
}

// same tells whether two runs may belong to one message.
func (r *run) same(o *run) bool {
	return r.stream == o.stream && r.unordered == o.unordered && (r.unordered || r.ssn == o.ssn)
}

// join appends a run that follows. The PPID is the first fragment's.
func (r *run) join(o *run) {
	r.tail.next, r.tail = o.head, o.tail
	r.last, r.done = o.last, o.done
	r.size += o.size
	r.count += o.count
}

// message joins the data of a complete run.
func (r *run) message() Message {
	data := make([]byte, 0, r.size)
	for f := r.head; f != nil; f = f.next {
		data = append(data, f.data...)
	}
	return Message{Stream: r.stream, PPID: r.ppid, Unordered: r.unordered, Data: data}
}
