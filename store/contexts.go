package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/ident"
)

var (
	// ErrTMSITaken says that another UE of the AMF set has the 5G-TMSI.
	ErrTMSITaken = errors.New("5G-TMSI belongs to another UE")
	// ErrLeased says that another session has the UE address. It comes as a *LeasedError.
	ErrLeased = errors.New("UE address belongs to another session")
	// ErrNotOwner says that a newer context of the same subscriber, or another node, has taken the place.
	ErrNotOwner = errors.New("a newer context has taken the place")
)

// LeasedError names the address that another session has. It is an ErrLeased.
type LeasedError struct{ Address netip.Addr }

func (e *LeasedError) Error() string { return fmt.Sprintf("%s: %v", e.Address, ErrLeased) }

// Unwrap returns ErrLeased.
func (e *LeasedError) Unwrap() error { return ErrLeased }

// UEContext is what an AMF keeps of a registered UE, TS 23.502 §5.2.2.2.2. The columns are what is looked for; all
// else is in Record, in a form of package record that only the AMF reads.
type UEContext struct {
	SUPI ident.SUPI
	// TMSI is of the 5G-GUTI; OldTMSI, if not 0, is still valid until the UE confirms the new one. Both are of one UE
	// only in the whole AMF set.
	TMSI, OldTMSI uint32
	// Node serves the UE; Epoch grows each time that another context of the subscriber takes its place, on the same
	// node or another.
	Node   string
	Epoch  uint64
	Record []byte
	// Known says to KeepUEs that the context was stored before, as this node's and in this epoch.
	Known bool
}

// SMContext is what an SMF keeps of a PDU session, TS 29.502 §5.2.2.2. It holds the lease of its addresses: while it is
// stored no other session on the same data network has them.
type SMContext struct {
	SUPI         ident.SUPI
	PDUSessionID uint8
	// SEID is the local F-SEID, another for each session.
	SEID   uint64
	Node   string
	DNN    ident.DNN
	UPF    string
	IPv4   netip.Addr   // not valid: none
	IPv6   netip.Prefix // not valid: none
	Record []byte
	// Known says to KeepSMs that the session was stored before.
	Known bool
	// WithUE says to KeepSMs of one that is not Known that no other node may have the UE: what that node has taken is all
	// that there is of the UE.
	WithUE bool
}

// SEIDsOfUE is how many SEIDs TakeUE may use: the PDU session identities of a UE are below it.
const SEIDsOfUE = 16

// Contexts is the state of UEs and sessions while they last. All methods are safe for concurrent use; all kinds of
// writes share commits.
type Contexts interface {
	// KeepUEs stores UE contexts, each in the place of what was stored of its subscriber. The errors are one for each,
	// in order: nil, ErrTMSITaken, or ErrNotOwner. That is where a greater epoch is stored, or the same of another node or with another
	// 5G-TMSI; of one that is Known, where not just that epoch of that node is: what has been removed does not come back. The error
	// beside them says that none was stored, or that it is open.
	KeepUEs(ctx context.Context, list []UEContext) ([]error, error)
	// RemoveUE forgets the context of a subscriber that a node has; one that is not there is no error. Error: ErrNotOwner where a greater
	// epoch is stored, or another node's context: epochs begin anew with what has been removed, and a removal may be said again.
	RemoveUE(ctx context.Context, supi ident.SUPI, node string, epoch uint64) error
	// UE returns the context of a subscriber. Error: ErrNotFound.
	UE(ctx context.Context, supi ident.SUPI) (UEContext, error)
	// UEByTMSI returns the context of the UE that calls itself by a 5G-TMSI, the present or the old one. Error: ErrNotFound.
	UEByTMSI(ctx context.Context, tmsi uint32) (UEContext, error)
	// TakeUE makes node the one that serves a subscriber and has all sessions of it, at once, and returns the context
	// with its new epoch. What other nodes had of the sessions gets the SEID seids plus its PDU session identity, so that
	// SEIDsOfUE numbers from seids on must be the caller's alone; what the sessions hold in Guarantees goes with them. Only
	// one of several who have seen the same epoch gets the UE; the nodes that had something of it hear of that by Moved.
	// A record that is not nil comes in the place of the one that was seen, if that is still stored. Whoever does not
	// hear the answer asks again in the same way and is recognised, by the 5G-TMSI that was seen too. Errors: ErrNotFound, ErrNotOwner.
	TakeUE(ctx context.Context, seen *UEContext, node string, seids uint64, record []byte) (UEContext, error)
	// UEs yields every UE context of a node, "" for all, in no order, as of one moment; where a database goes away in the middle, the
	// rest as of when it is back, each once at most. After an error it ends.
	UEs(ctx context.Context, node string) iter.Seq2[UEContext, error]

	// KeepSMs stores SM contexts with the leases of their addresses. The errors are one for each, in order: nil,
	// *LeasedError, or ErrNotOwner where another session is stored under the same identity, which must be removed first,
	// where one that is Known is not stored any more, or where another node has the UE of one that is to be stored WithUE.
	KeepSMs(ctx context.Context, list []SMContext) ([]error, error)
	// RemoveSM forgets a session and gives its addresses back, if it is still the one with that SEID.
	RemoveSM(ctx context.Context, supi ident.SUPI, pduSessionID uint8, seid uint64) error
	// SMsOf returns the sessions of a subscriber.
	SMsOf(ctx context.Context, supi ident.SUPI) ([]SMContext, error)
	// SMs yields every SM context of a node as UEs does.
	SMs(ctx context.Context, node string) iter.Seq2[SMContext, error]

	Guarantees

	// Count returns how many contexts of UEs and of sessions are stored, of all nodes.
	Count(ctx context.Context) (ues, sessions int, err error)
	// Nodes returns every node that has ever started, by name.
	Nodes(ctx context.Context) ([]Node, error)
	// BeginLife notes that a node starts: it is not leaving any more, and what Moved would have told is forgotten. Where processes share
	// a store it returns once what the life before had still under way is stored or lost; what the process of that life writes of
	// contexts from then on is refused, ErrNotOwner.
	BeginLife(ctx context.Context, node string, now time.Time) (Life, error)
	// Beat notes that a node lives, and whether it is leaving, and returns what each node last said of itself, by name.
	Beat(ctx context.Context, node string, leaving bool) ([]Pulse, error)
	// Moved returns, once, which UEs other nodes have taken from a node. If the answer is lost the node finds out
	// when the UE comes back, or when a write of its own is refused.
	Moved(ctx context.Context, node string) ([]ident.SUPI, error)
}

// Pulse is what a node last said of itself. A node of which it stays the same while others can write is silent: no clock
// of another machine tells that.
type Pulse struct {
	Node    string
	Life    uint64 // number of its last start
	Beat    uint64 // grows each time
	Leaving bool   // the others are to take its UEs
}

// Node is a node of the set as the store knows it.
type Node struct {
	Name string
	Life
	UEs, Sessions int // that it has
}

// Life is one run of a node, from its start to its end.
type Life struct {
	// Number is greater than that of every run before, of any node, whatever the clock says.
	Number uint64
	// Started is the time of the start in whole seconds, later than that of the node's run before also if the clock was
	// set back: fit to be the recovery time stamp of TS 29.244 §8.2.65.
	Started time.Time
}
