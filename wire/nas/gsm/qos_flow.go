package gsm

import (
	"encoding/binary"

	"github.com/limpid-5g/limpid/wire/nas"
)

// FlowOperation is the operation code of a QoS flow description, TS 24.501 §9.11.4.12.
type FlowOperation uint8

// Flow operations.
const (
	CreateFlow FlowOperation = 1
	DeleteFlow FlowOperation = 2
	ModifyFlow FlowOperation = 3
)

// FlowParameterID is the identifier of a parameter, TS 24.501 §9.11.4.12.
type FlowParameterID uint8

// Parameters of a QoS flow description.
const (
	Parameter5QI               FlowParameterID = 1
	ParameterGFBRUplink        FlowParameterID = 2
	ParameterGFBRDownlink      FlowParameterID = 3
	ParameterMFBRUplink        FlowParameterID = 4
	ParameterMFBRDownlink      FlowParameterID = 5
	ParameterAveragingWindow   FlowParameterID = 6
	ParameterEPSBearerIdentity FlowParameterID = 7
)

// FlowParameter is a parameter and its contents.
type FlowParameter struct {
	ID    FlowParameterID
	Value []byte
}

// QoSFlowDescription is TS 24.501 §9.11.4.12.
type QoSFlowDescription struct {
	QFI       uint8 // 0 to 63
	Operation FlowOperation
	// E says that the parameters are included (CreateFlow) or replace all earlier ones (ModifyFlow).
	E          bool
	Parameters []FlowParameter
}

// QoSFlowDescriptions is the QoS flow descriptions element, TS 24.501 §9.11.4.12.
type QoSFlowDescriptions []QoSFlowDescription

const (
	flowHeaderLen     = 3
	maxFlowParameters = 63
)

// NewQoSFlow returns the description that creates a QoS flow with the parameters given.
func NewQoSFlow(qfi uint8, parameters ...FlowParameter) QoSFlowDescription {
	return QoSFlowDescription{QFI: qfi, Operation: CreateFlow, E: true, Parameters: parameters}
}

// FiveQI returns the parameter 5QI.
func FiveQI(v uint8) FlowParameter { return FlowParameter{Parameter5QI, []byte{v}} }

// FlowBitRate returns a GFBR or MFBR parameter of a rate in bit/s.
func FlowBitRate(id FlowParameterID, bitsPerSecond uint64) FlowParameter {
	return FlowParameter{id, NewBitRate(bitsPerSecond).append(nil)}
}

// AveragingWindow returns the parameter averaging window, in ms.
func AveragingWindow(ms uint16) FlowParameter {
	return FlowParameter{ParameterAveragingWindow, binary.BigEndian.AppendUint16(nil, ms)}
}

// FiveQI returns the 5QI, and false if the description has none.
func (d QoSFlowDescription) FiveQI() (uint8, bool) {
	v := d.parameter(Parameter5QI, 1)
	if v == nil {
		return 0, false
	}
	return v[0], true
}

// BitRate returns a GFBR or MFBR, and false if the description has none.
func (d QoSFlowDescription) BitRate(id FlowParameterID) (BitRate, bool) {
	v := d.parameter(id, bitRateLen)
	if v == nil || id < ParameterGFBRUplink || id > ParameterMFBRDownlink {
		return BitRate{}, false
	}
	return parseBitRate(v), true
}

func (d QoSFlowDescription) parameter(id FlowParameterID, size int) []byte {
	for _, p := range d.Parameters {
		if p.ID == id && len(p.Value) >= size {
			return p.Value
		}
	}
	return nil
}

// Parse reads the value part.
func (d *QoSFlowDescriptions) Parse(b []byte) error {
	*d = nil
	ds := make(QoSFlowDescriptions, 0, 1)
	for len(b) > 0 {
		if len(b) < flowHeaderLen {
			return nas.ErrLength
		}
		f := QoSFlowDescription{QFI: b[0] & 0x3f, Operation: FlowOperation(b[1] >> 5), E: b[2]&0x40 != 0}
		n := int(b[2] & 0x3f)
		b = b[flowHeaderLen:]
		if 2*n > len(b) {
			return nas.ErrLength
		}
		if n > 0 {
			f.Parameters = make([]FlowParameter, n)
		}
		for i := range f.Parameters {
			if len(b) < 2 || 2+int(b[1]) > len(b) {
				return nas.ErrLength
			}
			end := 2 + int(b[1])
			f.Parameters[i] = FlowParameter{FlowParameterID(b[0]), b[2:end:end]}
			b = b[end:]
		}
		ds = append(ds, f)
	}
	*d = ds
	return nil
}

// Append writes the value part.
func (d QoSFlowDescriptions) Append(dst []byte) ([]byte, error) {
	for i := range d {
		f := &d[i]
		if len(f.Parameters) > maxFlowParameters {
			return dst, nas.ErrTooMany
		}
		if f.QFI > 0x3f || f.Operation > 7 {
			return dst, nas.ErrReserved
		}
		flags := byte(len(f.Parameters))
		if f.E {
			flags |= 0x40
		}
		dst = append(dst, f.QFI, byte(f.Operation)<<5, flags)
		for _, p := range f.Parameters {
			if len(p.Value) > 255 {
				return dst, nas.ErrLength
			}
			dst = append(dst, byte(p.ID), byte(len(p.Value)))
			dst = append(dst, p.Value...)
		}
	}
	return dst, nil
}

// Check returns the error of the first description that is wrong in itself, nil if none is: the cause #83 or #84 of the
// QoS operation that TS 24.501 §6.3.2.4 and TS 24.501 §6.4.2.4 ask for.
func (d QoSFlowDescriptions) Check() error {
	for _, f := range d {
		switch {
		case f.Operation == 0 || f.Operation > ModifyFlow:
			return CauseSyntacticalErrorInTheQoSOperation
		case f.Operation == CreateFlow && (!f.E || len(f.Parameters) == 0):
			return CauseSyntacticalErrorInTheQoSOperation
		case f.Operation == DeleteFlow && (f.E || len(f.Parameters) > 0):
			return CauseSyntacticalErrorInTheQoSOperation
		case f.Operation == ModifyFlow && len(f.Parameters) == 0:
			return CauseSyntacticalErrorInTheQoSOperation
		}
	}
	return nil
}
