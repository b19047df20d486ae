// Package radio is the air interface between a simulated UE and a simulated gNB, as their upper layers see it:
// RRC connections that carry NAS (TS 38.331 §5.3.3), paging (TS 38.331 §5.3.2), AS security (TS 38.331 §5.3.4) and data
// radio bearers (TS 38.331 §5.3.5). It is made of function calls in one process; nothing is encoded.
package radio

import (
	"errors"

	"github.com/limpid-5g/limpid/ident"
)

// EstablishmentCause is why a UE sets up a connection, TS 38.331 §6.2.2 (RRCSetupRequest). The values are those of the
// RRC Establishment Cause IE, TS 38.413 §9.3.1.111.
type EstablishmentCause uint8

// Establishment causes that a UE maps its NAS procedures to, TS 24.501 §4.5.6.
const (
	Emergency          EstablishmentCause = 0
	HighPriorityAccess EstablishmentCause = 1
	MTAccess           EstablishmentCause = 2
	MOSignalling       EstablishmentCause = 3
	MOData             EstablishmentCause = 4
)

// Setup is what a UE gives in the RRC Setup Complete message, TS 38.331 §6.2.2.
type Setup struct {
	NAS    []byte // the initial NAS message
	Cause  EstablishmentCause
	STMSI  *ident.STMSI   // nil if the UE has no 5G-S-TMSI to give
	GUAMI  *ident.GUAMI   // the registered AMF, nil if none
	Slices []ident.SNSSAI // S-NSSAIs that help to choose an AMF, TS 24.501 §4.6.2.3
}

// Cell is a cell on which UEs camp.
type Cell interface {
	// TAI is what the cell broadcasts, TS 38.331 §6.2.2 (SIB1).
	TAI() ident.TAI
	// Connect sets up an RRC connection, TS 38.331 §5.3.3. The error is ErrBarred or says why there is no service.
	Connect(t Terminal, s Setup) (Connection, error)
	// Monitor makes the cell call t.Paged when id is paged, TS 38.304 §7.1; it replaces what t monitored before.
	Monitor(t Terminal, id ident.STMSI)
	// Ignore ends Monitor.
	Ignore(t Terminal)
}

// Connection is one RRC connection as the UE holds it.
type Connection interface {
	// Send carries an uplink NAS message, TS 38.331 §5.7.2.
	Send(nas []byte) error
	// Lose is radio link failure: the UE goes and the gNB notices, TS 38.331 §5.3.10.
	Lose()
	// Leave is a suspended UE that goes away unnoticed, TS 38.331 §5.3.13.
	Leave()
}

// Terminal is the UE as a gNB sees it. Calls for one connection come one after the other, and never from inside a call
// of the Connection.
type Terminal interface {
	// Receive takes a downlink NAS message, TS 38.331 §5.7.1. The terminal owns it.
	Receive(nas []byte)
	// Secure starts AS security, TS 38.331 §5.3.4: the UE checks that kgnb is the key it derived, TS 33.501 §A.9.
	Secure(kgnb [32]byte) error
	// AddBearer gives a PDU session its user plane, TS 38.331 §5.3.5. A bearer replaces one of the same session.
	AddBearer(b Bearer) error
	// RemoveBearer takes the user plane of a PDU session away.
	RemoveBearer(pduSession uint8)
	// Packet takes a downlink packet of a PDU session. It may keep nothing of it.
	Packet(pduSession, qfi uint8, packet []byte)
	// HandOver sends the UE to another cell, TS 38.331 §5.3.5.5.2: it goes on there with the same NAS security. It
	// checks the target's key against the one that it derives, TS 33.501 §6.9.2.3.4. On an error it has not moved.
	HandOver(h Handover) error
	// Released says that the RRC connection is gone, TS 38.331 §5.3.8.
	Released()
	// Rerouted says that another AMF serves the connection from now on: what the UE has begun goes on there,
	// TS 23.502 §4.2.2.2.3. The cell stands for the same one with that AMF.
	Rerouted(cell Cell, c Connection)
	// Suspended says that the RRC connection is suspended, TS 38.331 §5.3.8.
	Suspended()
	// Resumed says that it is there again, TS 38.331 §5.3.13, with the bearers of some sessions.
	Resumed(c Connection, bearers []Bearer)
	// Paged says that the cell paged the identity that the terminal monitors, TS 38.331 §5.3.2.
	Paged()
}

// Handover is a reconfiguration with sync, TS 38.331 §5.3.5.5.2.
type Handover struct {
	Cell       Cell
	Connection Connection
	Bearers    []Bearer // of the PDU sessions that the target has admitted; the others lose theirs
	NCC        uint8    // next hop chaining counter of Key, TS 33.501 §6.9.2.1.1
	PCI        uint16   // physical cell identity of the target cell
	ARFCN      uint32   // of its downlink
	// Container is the Intra N1 mode NAS transparent container, TS 24.501 §9.11.2.6; nil: NAS security stays as it is.
	Container []byte
	KeyChange bool     // keySetChangeIndicator: Key comes from a new KgNB, TS 33.501 §6.9.2.3.4
	Key       [32]byte // KNG-RAN*, which a real gNB would not tell: the UE is to derive the same
}

// Bearer is the user plane of one PDU session at the gNB.
type Bearer interface {
	PDUSession() uint8
	// QFIs are the QoS flow identifiers set up.
	QFIs() []uint8
	// Send carries an uplink packet in a QoS flow. It keeps nothing of it.
	Send(qfi uint8, packet []byte) error
}

// Errors of the air interface.
var (
	// ErrBarred says that the cell bars this kind of access, TS 38.413 §8.7.6 (overload).
	ErrBarred = errors.New("radio: access is barred")
	// ErrNoService says that the gNB has no core network.
	ErrNoService = errors.New("radio: the gNB has no core network")
	// ErrReleased says that the connection is gone.
	ErrReleased = errors.New("radio: the connection is released")
)
