package store

import (
	"context"
	"iter"

	"github.com/limpid-5g/limpid/ident"
)

// GuaranteePlace is where a guaranteed bit rate is given.
type GuaranteePlace struct {
	DNN   ident.DNN
	Slice ident.SNSSAI
	UPF   string
}

// Guarantee is the guaranteed bit rate that a session holds of what the operator allows all nodes together, bit/s in each
// direction, TS 23.501 §5.7.2.5. The SEID, which no other session ever has, tells whose it is.
type Guarantee struct {
	SEID             uint64
	SUPI             ident.SUPI
	PDUSessionID     uint8
	Node             string
	Place            GuaranteePlace
	Uplink, Downlink uint64
}

// None tells that nothing is held.
func (g *Guarantee) None() bool { return g.Uplink == 0 && g.Downlink == 0 }

// GuaranteeSum is what sessions hold at a place, bit/s.
type GuaranteeSum struct {
	Place            GuaranteePlace
	Uplink, Downlink uint64
}

// Guarantees is what sessions hold of bounds that all nodes over the store share. Only sessions with a guaranteed bit rate are in it.
type Guarantees interface {
	// Guarantee makes what the session with g's SEID holds g, once allow has agreed: it is told what all other sessions hold,
	// and nobody is granted anything between that and the change. Its error refuses and is returned. It may be asked several
	// times, also after Guarantee has returned because its context ended; it is not asked if it is nil, where g is held as it
	// is, or where g is None, which gives everything back. Of two calls for one SEID the first takes effect first.
	Guarantee(ctx context.Context, g Guarantee, allow func(others []GuaranteeSum) error) error
	// ForgetGuarantees gives back what a node holds for sessions that are not stored as its own.
	ForgetGuarantees(ctx context.Context, node string) error
	// GuaranteesOf yields what the sessions of a node hold, "" for all, in no order, as of one moment. After an error it ends.
	GuaranteesOf(ctx context.Context, node string) iter.Seq2[Guarantee, error]
	// GuaranteeSums returns what all sessions hold, in no order.
	GuaranteeSums(ctx context.Context) ([]GuaranteeSum, error)
}
