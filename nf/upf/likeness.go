package upf

import (
	"encoding/binary"
	"sync"
)

// What sessions at rest are packed into differs in few octets from one to the next: identities, addresses, times. Each is
// kept as what differs from an earlier one of its length.

// likeness is octets, as those of shape with others at some places. The zero value is none.
type likeness struct {
	shape *string // never changed
	diff  string  // for each place: how many octets to skip from the last one, how many follow, and these
}

// shapes are the octets that others are kept by. The zero value has none.
type shapes struct {
	mu    sync.Mutex
	known map[int]*string // by length
}

const (
	maxShapes = 64 // lengths; the shapes themselves last as long as what is kept by them
	// closeBy is how many equal octets between two places make one of them: a place of its own costs two.
	closeBy = 2
)

// keep makes b one of its kind. Where little is alike, b is what later ones are kept by.
func (x *shapes) keep(b []byte) likeness {
	x.mu.Lock()
	defer x.mu.Unlock()
	shape := x.known[len(b)]
	if shape != nil {
		if d := difference(*shape, b); len(d) <= len(b)/3 {
			return likeness{shape, string(d)}
		}
	}
	if x.known == nil || shape == nil && len(x.known) >= maxShapes {
		x.known = make(map[int]*string)
	}
	s := string(b)
	x.known[len(b)] = &s
	return likeness{shape: &s}
}

// difference is what makes b of shape, which has its length.
func difference(shape string, b []byte) []byte {
	var room [128]byte
	d, from := room[:0], 0
	for i := 0; i < len(b); {
		if b[i] == shape[i] {
			i++
			continue
		}
		end := i + 1
		for j := end; j < len(b) && j-end <= closeBy; j++ {
			if b[j] != shape[j] {
				end = j + 1
			}
		}
		d = binary.AppendUvarint(binary.AppendUvarint(d, uint64(i-from)), uint64(end-i))
		d = append(d, b[i:end]...)
		i, from = end, end
	}
	return d
}

// octets are what was kept.
func (l likeness) octets() []byte {
	b := []byte(*l.shape)
	r := unpacker(l.diff)
	for at := 0; len(r) > 0; {
		at += int(r.number())
		n := int(r.number())
		at += copy(b[at:], r[:n])
		r = r[n:]
	}
	return b
}
