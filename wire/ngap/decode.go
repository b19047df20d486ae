package ngap

import (
	"fmt"

	"github.com/limpid-5g/limpid/wire/aper"
)

// maxReported bounds the IEs in the diagnostics, maxnoofErrors of TS 38.413 §9.3.1.3.
const maxReported = 256

// decoder reads a message and collects what TS 38.413 §10.3 calls abstract syntax errors.
type decoder struct {
	aper.Decoder
	notUnderstood bool // something in the current IE is not understood
	rejected      bool // an IE of criticality reject is not understood or missing
	constructed   bool // IEs in wrong order or too many, TS 38.413 §10.3.6
	reason        string
	report        CriticalityDiagnosticsIEList
	amfUENGAPID   AMFUENGAPID
	ranUENGAPID   RANUENGAPID
	hasAMF        bool
	hasRAN        bool
}

// ieHeader is what precedes the value of an IE, TS 38.413 §9.4.8.
type ieHeader struct {
	id          ProtocolIEID
	criticality Criticality
	outer       bool // notUnderstood of what holds this IE
	scope       aper.Scope
}

// minIEBits is the length of the shortest IE: id, criticality with padding, length and one octet.
const minIEBits = 5 * 8

// ieCount reads the number of IEs of a ProtocolIE-Container, TS 38.413 §9.4.8.
func (d *decoder) ieCount() int { return d.Count(0, 65535, minIEBits, false) }

// extensionCount reads the number of IEs of a ProtocolExtensionContainer, TS 38.413 §9.4.8.
func (d *decoder) extensionCount() int { return d.Count(1, 65535, minIEBits, false) }

// openIE reads the head of an IE. The value must be read next and closed with closeIE.
func (d *decoder) openIE() ieHeader {
	id, criticality, scope := d.OpenField()
	ie := ieHeader{id: ProtocolIEID(id), criticality: Criticality(criticality), outer: d.notUnderstood, scope: scope}
	d.notUnderstood = false
	return ie
}

// closeIE ends an IE and tells whether all of it was understood.
func (d *decoder) closeIE(ie *ieHeader) bool {
	ok := !d.notUnderstood
	d.notUnderstood = ie.outer
	if ok {
		d.Close(ie.scope)
		return true
	}
	d.Skip(ie.scope)
	d.notComprehended(ie)
	return false
}

// skipIE passes over an IE that this release does not know, TS 38.413 §10.3.4.2.
func (d *decoder) skipIE(ie *ieHeader) {
	d.notUnderstood = ie.outer
	d.Skip(ie.scope)
	if !d.Failed() {
		d.notComprehended(ie)
	}
}

// notComprehended acts by the criticality that the sender gave to the IE, TS 38.413 §10.3.4.2.
func (d *decoder) notComprehended(ie *ieHeader) {
	switch ie.criticality {
	case Reject:
		d.reject(fmt.Sprintf("IE %v of criticality reject is not understood", ie.id))
	case Ignore:
		return
	}
	d.diagnose(ie.id, ie.criticality, TypeOfErrorNotUnderstood)
}

func (d *decoder) reject(reason string) {
	if !d.rejected && !d.constructed {
		d.reason = reason
	}
	d.rejected = true
}

func (d *decoder) diagnose(id ProtocolIEID, c Criticality, t TypeOfError) {
	if len(d.report) < maxReported {
		d.report = append(d.report, CriticalityDiagnosticsIEItem{IECriticality: c, IEID: id, TypeOfError: t})
	}
}

// inOrder notes that the IE at this position of the definition has come, and tells whether it may come here:
// after those before it and once, TS 38.413 §10.3.6.
func (d *decoder) inOrder(seen *uint64, position int, ie *ieHeader) bool {
	if *seen>>position == 0 {
		*seen |= 1 << position
		return true
	}
	if !d.constructed {
		d.reason = fmt.Sprintf("IE %v is repeated or out of order", ie.id)
	}
	d.constructed = true
	d.notUnderstood = ie.outer
	d.Skip(ie.scope)
	return false
}

// mandatoryIE is an IE that a container must hold.
type mandatoryIE struct {
	position    int
	id          ProtocolIEID
	criticality Criticality
}

// missing acts on the mandatory IEs that did not come, TS 38.413 §10.3.5. Those of a falsely constructed message
// may have come out of order.
func (d *decoder) missing(seen uint64, mandatory []mandatoryIE) {
	if d.Failed() || d.constructed {
		return
	}
	for _, ie := range mandatory {
		if seen>>ie.position&1 != 0 || ie.criticality == Ignore {
			continue
		}
		if ie.criticality == Reject {
			d.reject(fmt.Sprintf("IE %v is missing", ie.id))
		}
		d.diagnose(ie.id, ie.criticality, TypeOfErrorMissing)
	}
}

// unknownAlternative passes over a choice-Extensions alternative that this release does not know; the IE that
// holds the choice is not understood.
func (d *decoder) unknownAlternative() {
	ie := d.openIE()
	d.skipAlternative(&ie)
}

// skipAlternative ends a choice-Extensions alternative that this release does not know.
func (d *decoder) skipAlternative(ie *ieHeader) {
	d.Skip(ie.scope)
	d.notUnderstood = true
}

// closeAlternative ends a choice-Extensions alternative. What is not understood in it is not understood in the IE
// that holds the choice.
func (d *decoder) closeAlternative(ie *ieHeader) {
	if d.notUnderstood {
		d.Skip(ie.scope)
		return
	}
	d.notUnderstood = ie.outer
	d.Close(ie.scope)
}

// uintExt reads an extensible INTEGER; a value that does not fit is not understood.
func (d *decoder) uintExt(lb, ub, most uint64) uint64 {
	v, ok := d.UintExt(lb, ub, most)
	if !ok {
		d.notUnderstood = true
	}
	return v
}

// enumExt reads an extensible ENUMERATED; a value after the known ones is not understood.
func (d *decoder) enumExt(root, known int) uint8 {
	v := d.EnumExt(root)
	if int(v) >= known {
		d.notUnderstood = true
	}
	return v
}

func (d *decoder) noteAMFUENGAPID(id AMFUENGAPID) { d.amfUENGAPID, d.hasAMF = id, true }

func (d *decoder) noteRANUENGAPID(id RANUENGAPID) { d.ranUENGAPID, d.hasRAN = id, true }

// DecodeReport reads one message and, beside it, reports the IEs that were not understood or missing and whose
// criticality asks to notify the sender (nil if none): TS 38.413 §10.3.4.2 and §10.3.5. Its error is a *DecodeError.
func DecodeReport(b []byte) (Message, *Diagnostics, error) {
	var d decoder
	d.Reset(b)
	if d.Bool() {
		return nil, nil, &DecodeError{Cause: CauseProtocolAbstractSyntaxErrorReject, Reason: "unknown type of message"}
	}
	typ := PDUType(d.Enum(3))
	procedure := ProcedureCode(d.Octet())
	criticality := Criticality(d.Enum(3))
	scope := d.Open()
	if d.Failed() {
		return nil, nil, &DecodeError{Cause: CauseProtocolTransferSyntaxError, Reason: d.Err().Error()}
	}
	m := d.message(typ, procedure)
	if m == nil {
		return nil, nil, unknownProcedure(typ, procedure, criticality)
	}
	d.Close(scope)
	if d.Failed() || d.constructed || d.rejected || d.Remaining() != 0 {
		return nil, nil, d.refusal(m, typ, procedure, criticality)
	}
	if len(d.report) == 0 {
		return m, nil, nil
	}
	return m, d.diagnostics(typ, procedure, criticality), nil
}

// unknownProcedure acts by the criticality of the procedure, TS 38.413 §10.3.4.1.
func unknownProcedure(typ PDUType, procedure ProcedureCode, criticality Criticality) *DecodeError {
	e := &DecodeError{
		Cause:     CauseProtocolAbstractSyntaxErrorReject,
		Procedure: &procedure,
		PDUType:   typ,
		Silent:    criticality == Ignore,
		Reason:    "unknown procedure",
		Diagnostics: &Diagnostics{
			ProcedureCode: &procedure, TriggeringMessage: &typ, ProcedureCriticality: &criticality,
		},
	}
	if criticality != Reject {
		e.Cause = CauseProtocolAbstractSyntaxErrorIgnoreAndNotify
	}
	return e
}

// refusal makes the error for a message that cannot be used.
func (d *decoder) refusal(m Message, typ PDUType, procedure ProcedureCode, criticality Criticality) *DecodeError {
	e := &DecodeError{Message: m.Name(), Procedure: &procedure, PDUType: typ}
	e.Silent = typ != InitiatingMessage || procedure == ProcedureCodeErrorIndication
	e.Diagnostics = d.diagnostics(typ, procedure, criticality)
	if d.hasAMF {
		id := d.amfUENGAPID
		e.AMFUENGAPID = &id
	}
	if d.hasRAN {
		id := d.ranUENGAPID
		e.RANUENGAPID = &id
	}
	switch {
	case d.Failed():
		e.Cause, e.Reason = CauseProtocolTransferSyntaxError, d.Err().Error()
	case d.constructed:
		e.Cause, e.Reason = CauseProtocolAbstractSyntaxErrorFalselyConstructedMessage, d.reason
	case d.rejected:
		e.Cause, e.Reason = CauseProtocolAbstractSyntaxErrorReject, d.reason
	default:
		e.Cause = CauseProtocolTransferSyntaxError
		e.Reason = fmt.Sprintf("%d octets after the message", d.Remaining()/8)
	}
	return e
}

func (d *decoder) diagnostics(typ PDUType, procedure ProcedureCode, criticality Criticality) *Diagnostics {
	return &Diagnostics{
		ProcedureCode:             &procedure,
		TriggeringMessage:         &typ,
		ProcedureCriticality:      &criticality,
		IEsCriticalityDiagnostics: d.report,
	}
}

// transferError makes the error of a container that is decoded by itself, such as a
// PDUSessionResourceSetupRequestTransfer.
func (d *decoder) transferError(name string) error {
	e := &DecodeError{Message: name, Reason: d.reason}
	switch {
	case d.Failed():
		e.Cause, e.Reason = CauseProtocolTransferSyntaxError, d.Err().Error()
	case d.constructed:
		e.Cause = CauseProtocolAbstractSyntaxErrorFalselyConstructedMessage
	case d.rejected:
		e.Cause = CauseProtocolAbstractSyntaxErrorReject
	case d.Remaining() >= 8:
		e.Cause, e.Reason = CauseProtocolTransferSyntaxError, fmt.Sprintf("%d octets too many", d.Remaining()/8)
	default:
		return nil
	}
	if len(d.report) > 0 {
		e.Diagnostics = &Diagnostics{IEsCriticalityDiagnostics: d.report}
	}
	return e
}
