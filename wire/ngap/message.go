// Package ngap encodes and decodes the messages between an NG-RAN node and the AMF, TS 38.413 Release 17.
//
// A message is a struct with the standard's name and a field for each IE. A field of an IE that may be absent is
// a pointer or a slice and nil when it is absent; an absent string is empty. A CHOICE is a struct with a field for
// each alternative, of which exactly one is set. The declarations carry the IE's id, criticality, presence and
// constraints as tags; wire/aper/apergen writes codec_gen.go from them.
//
// The messages of TS 38.413 §9.2 are in the files *_messages.go; the containers between NG-RAN node and SMF (§9.3.4)
// in transfer.go; IEs (§9.3) in files named for their subject: identity, ran_node, interface, ue_context, session,
// qos, slice, location, security, mobility, paging and so on. RIM (§8.16), broadcast and multicast sessions
// (§8.17, §8.18) and private messages are not declared, so they are unknown procedures. A few IEs of services for which
// the core is only a messenger (MDT, ProSe, QoE measurements, multicast) are kept as they came, as aper.Open.
//
// Decoding does not copy: octet strings and bit strings in a decoded message alias the input, which the caller
// must leave alone as long as the message is in use.
package ngap

//go:generate go run ../aper/apergen -out codec_gen.go

import "fmt"

// Message is an NGAP message: a pointer to one of the message structs, such as *InitialUEMessage.
type Message interface {
	// Name is the message's name as in TS 38.413 §9.4.4, such as "InitialUEMessage".
	Name() string
	ProcedureCode() ProcedureCode
	PDUType() PDUType
	// Criticality is the procedure's criticality, TS 38.413 §9.4.3.
	Criticality() Criticality
}

// PDUType is the type of message, TS 38.413 §9.3.1.1. Its values are also those of the Triggering Message IE,
// TS 38.413 §9.3.1.3.
//
//aper:enum 3
type PDUType uint8

// Values of PDUType.
const (
	InitiatingMessage   PDUType = iota // initiating-message
	SuccessfulOutcome                  // successful-outcome
	UnsuccessfulOutcome                // unsuccessful-outcome
)

// TriggeringMessage is the Triggering Message of the Criticality Diagnostics IE, TS 38.413 §9.3.1.3.
type TriggeringMessage = PDUType

// Criticality says what a receiver does with what it does not understand, TS 38.413 §10.3.2.
//
//aper:enum 3
type Criticality uint8

// Values of Criticality.
const (
	Reject Criticality = iota // reject
	Ignore                    // ignore
	Notify                    // notify
)

// ProtocolIEID identifies an IE, TS 38.413 §9.4.7. Its String is the name of the field that holds the IE.
//
//aper:int 0..65535 ids
type ProtocolIEID uint16

// Diagnostics lists what was not understood or missing, TS 38.413 §9.3.1.3; it can be sent as it is.
type Diagnostics = CriticalityDiagnostics

// DecodeError says why a message was refused and holds what the answer needs, TS 38.413 §10.
type DecodeError struct {
	Cause       Cause
	Message     string         // name of the message, empty when it is not known
	Procedure   *ProcedureCode // nil when it could not be read
	PDUType     PDUType        // meaningful when Procedure is set
	AMFUENGAPID *AMFUENGAPID   // nil when it could not be read
	RANUENGAPID *RANUENGAPID   // nil when it could not be read
	Diagnostics *Diagnostics   // nil when there is nothing to report
	// Silent is set when the sender must not be answered: the procedure is unknown and its criticality is
	// ignore (TS 38.413 §10.3.4.1), or the message is an outcome or an ERROR INDICATION (§10.3.4.2, §10.5).
	Silent bool
	Reason string // what was wrong and where, for the log
}

func (e *DecodeError) Error() string {
	name := e.Message
	if name == "" && e.Procedure != nil {
		name = fmt.Sprintf("%v (%v)", *e.Procedure, e.PDUType)
	}
	if name == "" {
		name = "NGAP message"
	}
	return fmt.Sprintf("%s: %s (%v)", name, e.Reason, e.Cause)
}

// ErrorIndication is the message that reports the error to the peer, TS 38.413 §8.7.4; nil when the peer must not be
// answered. A caller whose procedure has a message of unsuccessful outcome sends that one instead (§10.3.4.2).
func (e *DecodeError) ErrorIndication() *ErrorIndication {
	if e.Silent {
		return nil
	}
	cause := e.Cause
	return &ErrorIndication{
		AMFUENGAPID: e.AMFUENGAPID, RANUENGAPID: e.RANUENGAPID, Cause: &cause, CriticalityDiagnostics: e.Diagnostics,
	}
}

// Decode reads one message. Its error is a *DecodeError. TS 38.413 §9.4.
func Decode(b []byte) (Message, error) {
	m, _, err := DecodeReport(b)
	return m, err
}

// Append appends the encoding of m to dst, TS 38.413 §9.4. The encoding is canonical: equal messages give equal
// bytes. A value outside its constraints is refused with an error that names its field, and dst comes back as it was.
func Append(dst []byte, m Message) ([]byte, error) {
	var e encoder
	e.Reset(dst)
	if m == nil {
		return dst, fmt.Errorf("ngap: no message")
	}
	if !e.message(m) {
		return dst, fmt.Errorf("ngap: %T is not a message of this package", m)
	}
	if e.Failed() {
		return dst, fmt.Errorf("ngap: %s: %w", m.Name(), e.Err())
	}
	return e.Bytes(), nil
}
