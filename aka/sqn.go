package aka

import (
	"errors"
	"fmt"
)

// INDBits is the length of the index part of a sequence number, TS 33.102 §C.3.2.
const INDBits = 5

// MaxSQN is the largest sequence number: 48 bits, TS 33.102 §6.3.7.
const MaxSQN SQN = 1<<48 - 1

// maxSEQ is the largest SEQ that fits in 48 bits beside IND.
const maxSEQ = uint64(MaxSQN >> INDBits)

// DefaultDelta is the largest jump of SEQ that a USIM accepts, TS 33.102 §C.3.2.
const DefaultDelta = 1 << 28

var (
	// ErrSQNExhausted says that the 48-bit range has no later sequence number: the key must be replaced.
	ErrSQNExhausted = errors.New("aka: sequence numbers of the subscription are exhausted")
	// ErrSync says that a sequence number is not acceptable: synchronisation failure, TS 33.102 §6.3.3.
	ErrSync = errors.New("aka: sequence number not in the correct range")
)

// SQN is a 48-bit sequence number SEQ || IND, TS 33.102 §C.1.1.1.
type SQN uint64

// NewSQN is the sequence number that b encodes, most significant octet first.
func NewSQN(b [6]byte) SQN {
	return SQN(b[0])<<40 | SQN(b[1])<<32 | SQN(b[2])<<24 | SQN(b[3])<<16 | SQN(b[4])<<8 | SQN(b[5])
}

// Bytes is the encoding of s, most significant octet first.
func (s SQN) Bytes() [6]byte {
	return [6]byte{byte(s >> 40), byte(s >> 32), byte(s >> 24), byte(s >> 16), byte(s >> 8), byte(s)}
}

// SEQ is the part that grows with every vector.
func (s SQN) SEQ() uint64 { return uint64(s&MaxSQN) >> INDBits }

// IND is the index of the USIM's array entry that judges SEQ, TS 33.102 §C.1.2.
func (s SQN) IND() uint8 { return uint8(s) & (1<<INDBits - 1) }

// String is the 12-digit hexadecimal form used by provisioning interfaces.
func (s SQN) String() string { return fmt.Sprintf("%012x", uint64(s&MaxSQN)) }

// Next is the home network's next sequence number after s, under index ind (modulo 2^INDBits):
// SEQ grows by one, TS 33.102 §C.1.1.2 and §C.3.2. The error is ErrSQNExhausted at the end of the 48-bit range.
func (s SQN) Next(ind uint8) (SQN, error) { return s.Advance(1, ind) }

// Advance is s with SEQ grown by n, under index ind (modulo 2^INDBits). It reserves a block of n sequence numbers
// at once. The error is ErrSQNExhausted where the block does not fit in 48 bits.
func (s SQN) Advance(n uint64, ind uint8) (SQN, error) {
	seq := s.SEQ()
	if n > maxSEQ-seq {
		return 0, ErrSQNExhausted
	}
	return SQN(seq+n)<<INDBits | SQN(ind&(1<<INDBits-1)), nil
}

// Resync is the home network's sequence number after a verified AUTS that brought sqnMS, TS 33.102 §6.3.5: sqnMS unless
// the next vector from s would be accepted anyway.
func (s SQN) Resync(sqnMS SQN) SQN {
	if s.SEQ() >= sqnMS.SEQ() && s.SEQ()-sqnMS.SEQ() < DefaultDelta {
		return s
	}
	return sqnMS & MaxSQN
}

// Verifier is the sequence number memory of a USIM: an array of the highest SEQ accepted for each IND,
// TS 33.102 §C.2. The zero value is a fresh USIM with the limits of TS 33.102 §C.3.2. It is not safe for
// concurrent use.
type Verifier struct {
	// Delta is the largest accepted jump of SEQ above the highest one, TS 33.102 §C.2.1; 0 means DefaultDelta.
	Delta uint64
	// Limit, if not 0, is the age limit L: SEQ must be less than L behind the highest one, TS 33.102 §C.2.2.
	Limit uint64

	seq     [1 << INDBits]uint64
	highest SQN
}

// Accept judges a sequence number whose MAC-A verified and remembers it if it is fresh, TS 33.102 §C.2.2.
// The error is ErrSync; the state is then unchanged and the USIM answers with NewAUTS of Highest.
func (v *Verifier) Accept(sqn SQN) error {
	if sqn > MaxSQN {
		return ErrSync
	}
	delta := v.Delta
	if delta == 0 {
		delta = DefaultDelta
	}
	seq, top := sqn.SEQ(), v.highest.SEQ()
	switch {
	case seq > top && seq-top > delta:
		return ErrSync
	case v.Limit != 0 && seq < top && top-seq >= v.Limit:
		return ErrSync
	case seq <= v.seq[sqn.IND()]:
		return ErrSync
	}
	v.seq[sqn.IND()] = seq
	if seq > top {
		v.highest = sqn
	}
	return nil
}

// Highest is SQN_MS: the accepted sequence number with the highest SEQ, TS 33.102 §C.2.2.
func (v *Verifier) Highest() SQN { return v.highest }
