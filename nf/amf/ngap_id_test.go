package amf

import (
	"testing"

	"github.com/limpid-5g/limpid/wire/ngap"
)

// TestNGAPIDs: AMF UE NGAP IDs have 40 bits, none comes twice, and the next is no neighbour of the last (TS 38.413 §9.3.3.1).
func TestNGAPIDs(t *testing.T) {
	var a, b ngapIDs
	a.conceal()
	b.conceal()
	const n = 200_000
	seen := make(map[ngap.AMFUENGAPID]bool, n)
	near, same := 0, 0
	var last ngap.AMFUENGAPID
	for range n {
		id := a.allot()
		if id >= 1<<40 || seen[id] {
			t.Fatalf("%#x has more than 40 bits or was there before", id)
		}
		seen[id] = true
		if d := int64(id) - int64(last); d > -1000 && d < 1000 {
			near++
		}
		if id == b.allot() {
			same++
		}
		last = id
	}
	if near > 10 || same > 10 {
		t.Errorf("%d of %d are next to the one before, %d are those of another process", near, n, same)
	}
}

func BenchmarkNGAPID(b *testing.B) {
	var counted, concealed ngapIDs
	concealed.conceal()
	for name, ids := range map[string]*ngapIDs{"counted": &counted, "concealed": &concealed} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				ids.allot()
			}
		})
	}
}
