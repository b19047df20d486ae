package gsm

import (
	"encoding/binary"

	"github.com/limpid-5g/limpid/wire/nas"
)

// RuleOperation is the rule operation code, TS 24.501 §9.11.4.13.
type RuleOperation uint8

// Rule operations.
const (
	CreateRule           RuleOperation = 1
	DeleteRule           RuleOperation = 2
	AddPacketFilters     RuleOperation = 3
	ReplacePacketFilters RuleOperation = 4
	DeletePacketFilters  RuleOperation = 5
	ModifyRule           RuleOperation = 6 // without modifying packet filters
)

// QoSRule is a QoS rule, TS 24.501 §9.11.4.13.
type QoSRule struct {
	ID        uint8 // QRI, 1 to 255; 0 if the UE asks for one
	Operation RuleOperation
	Default   bool           // the DQR bit
	Filters   []PacketFilter // of DeletePacketFilters only the ID counts
	// Precedence is 0 to 255, the lower the stronger; QFI is 0 to 63. A rule that is deleted has neither, and one that is
	// modified may omit the QFI or both.
	Precedence     uint8
	QFI            uint8
	OmitPrecedence bool
	OmitQFI        bool
	// Segregation asks for a QoS flow of its own, UE to network.
	Segregation bool
}

// QoSRules is the QoS rules element, TS 24.501 §9.11.4.13. Parse keeps rules whose contents are wrong, so that the
// SMF can answer them with a cause: see Check.
type QoSRules []QoSRule

const (
	ruleHeaderLen = 3
	maxFilters    = 15
)

// DefaultRule returns the default QoS rule that lets all traffic through.
func DefaultRule(id, precedence, qfi uint8) QoSRule {
	all := PacketFilter{ID: 1, Direction: Bidirectional, Components: []Component{{Type: MatchAll}}}
	return QoSRule{ID: id, Operation: CreateRule, Default: true, Filters: []PacketFilter{all}, Precedence: precedence, QFI: qfi}
}

// Parse reads the value part.
func (r *QoSRules) Parse(b []byte) error {
	*r = nil
	n := 0
	for rest := b; len(rest) > 0; n++ {
		if len(rest) < ruleHeaderLen+1 {
			return nas.ErrLength
		}
		size := int(binary.BigEndian.Uint16(rest[1:]))
		if size < 1 || size > len(rest)-ruleHeaderLen {
			return nas.ErrLength
		}
		rest = rest[ruleHeaderLen+size:]
	}
	rules := make(QoSRules, n)
	for i := range rules {
		end := ruleHeaderLen + int(binary.BigEndian.Uint16(b[1:]))
		if err := rules[i].parse(b[0], b[ruleHeaderLen:end]); err != nil {
			return err
		}
		b = b[end:]
	}
	*r = rules
	return nil
}

// parse reads a rule from its operation code on.
func (r *QoSRule) parse(id uint8, b []byte) error {
	*r = QoSRule{ID: id, Operation: RuleOperation(b[0] >> 5), Default: b[0]&0x10 != 0}
	filters := int(b[0] & 0x0f)
	b = b[1:]
	var err error
	switch {
	case filters == 0:
	case r.Operation == DeletePacketFilters:
		if b, err = r.parseFilterIDs(b, filters); err != nil {
			return err
		}
	default:
		if b, err = r.parseFilters(b, filters); err != nil {
			return err
		}
	}
	if r.Operation == DeleteRule {
		return nil
	}
	r.OmitPrecedence, r.OmitQFI = len(b) < 1, len(b) < 2
	if !r.OmitPrecedence {
		r.Precedence = b[0]
	}
	if !r.OmitQFI {
		r.QFI, r.Segregation = b[1]&0x3f, b[1]&0x40 != 0
	}
	return nil
}

func (r *QoSRule) parseFilterIDs(b []byte, n int) ([]byte, error) {
	if len(b) < n {
		return nil, nas.ErrLength
	}
	r.Filters = make([]PacketFilter, n)
	for i := range r.Filters {
		r.Filters[i].ID = b[i] & 0x0f
	}
	return b[n:], nil
}

func (r *QoSRule) parseFilters(b []byte, n int) ([]byte, error) {
	r.Filters = make([]PacketFilter, n)
	for i := range r.Filters {
		if len(b) < 2 || 2+int(b[1]) > len(b) {
			return nil, nas.ErrLength
		}
		end := 2 + int(b[1])
		r.Filters[i] = PacketFilter{
			ID: b[0] & 0x0f, Direction: FilterDirection(b[0] >> 4 & 3), Components: parseComponents(b[2:end]),
		}
		b = b[end:]
	}
	return b, nil
}

// Append writes the value part.
func (r QoSRules) Append(dst []byte) ([]byte, error) {
	for i := range r {
		at := len(dst)
		var err error
		if dst, err = r[i].append(append(dst, r[i].ID, 0, 0)); err != nil {
			return dst, err
		}
		size := len(dst) - at - ruleHeaderLen
		if size > 0xffff {
			return dst, nas.ErrLength
		}
		binary.BigEndian.PutUint16(dst[at+1:], uint16(size))
	}
	return dst, nil
}

func (r *QoSRule) append(dst []byte) ([]byte, error) {
	if len(r.Filters) > maxFilters {
		return dst, nas.ErrTooMany
	}
	if r.Operation > 7 || r.QFI > 0x3f {
		return dst, nas.ErrReserved
	}
	first := byte(r.Operation)<<5 | byte(len(r.Filters))
	if r.Default {
		first |= 0x10
	}
	dst = append(dst, first)
	for i := range r.Filters {
		f := &r.Filters[i]
		if r.Operation == DeletePacketFilters {
			dst = append(dst, f.ID&0x0f)
			continue
		}
		var err error
		if dst, err = f.append(dst); err != nil {
			return dst, err
		}
	}
	if r.Operation == DeleteRule || r.OmitPrecedence {
		return dst, nil
	}
	dst = append(dst, r.Precedence)
	if r.OmitQFI {
		return dst, nil
	}
	last := r.QFI
	if r.Segregation {
		last |= 0x40
	}
	return append(dst, last), nil
}

// Check returns the error of the first rule that is wrong in itself, nil if none is: the cause #83 or #84 of the QoS
// operation, or #44 or #45 of a packet filter, that TS 24.501 §6.3.2.4 and TS 24.501 §6.4.2.4 ask for.
func (r QoSRules) Check() error {
	for i := range r {
		if err := r[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func (r *QoSRule) check() error {
	n := len(r.Filters)
	switch r.Operation {
	case CreateRule:
		if r.OmitPrecedence || r.OmitQFI {
			return CauseSyntacticalErrorInTheQoSOperation
		}
	case DeleteRule, ModifyRule:
		if n != 0 {
			return CauseSyntacticalErrorInTheQoSOperation
		}
	case AddPacketFilters, DeletePacketFilters:
		if n == 0 {
			return CauseSyntacticalErrorInTheQoSOperation
		}
	case ReplacePacketFilters:
	default:
		return CauseSyntacticalErrorInTheQoSOperation
	}
	if r.Operation == DeletePacketFilters {
		return nil
	}
	for i := range r.Filters {
		if err := r.Filters[i].check(); err != nil {
			return err
		}
	}
	return nil
}
