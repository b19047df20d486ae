// Package store is the contract of Limpid's durable state: what is written here is still there after the process
// is killed or the machine loses power. Package sqlite is the embedded engine; any engine must pass package
// storetest.
//
// # Durability
//
// A method that writes returns nil only when its change is on stable storage. When it returns an
// error of this package, nothing of its change is stored. When its context ends first, or the engine reports an
// I/O error, the change may or may not be stored: read it back. Concurrent writes share one commit, so many
// writers cost few disk writes; each still sees its own error alone.
//
// A change is visible to every reader as soon as the method that made it returns, also when another process made
// it: `limpid subscriber` needs no word with a running core.
//
// # Values
//
// A value that a method returned is shared: it is never changed, by the engine or by the caller. Nor does a caller
// change what it gave to a method, not even when its context ended before the method did its work.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
)

var (
	// ErrNotFound says that there is no such record.
	ErrNotFound = errors.New("not found")
	// ErrExists says that there is such a record already. It comes as an *ExistsError.
	ErrExists = errors.New("exists already")
	// ErrAddressTaken says that a static address belongs to another subscriber on the same slice and DNN.
	ErrAddressTaken = errors.New("static IPv4 address belongs to another subscriber on the same slice and DNN")
	// ErrGPSITaken says that a GPSI belongs to another subscriber.
	ErrGPSITaken = errors.New("GPSI belongs to another subscriber")
	// ErrInvalid says that a record breaks a rule of Subscriber.Validate.
	ErrInvalid = errors.New("invalid record")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("store is closed")
	// ErrVersion says that the file was written by a newer Limpid.
	ErrVersion = errors.New("store is of a newer version")
	// ErrDamaged says that the file is not a store of Limpid or is damaged.
	ErrDamaged = errors.New("store is damaged")
	// ErrPermissions says that others than the owner can read or write the file.
	ErrPermissions = errors.New("store is open to others")
)

// ExistsError names every record that exists already. It is an ErrExists.
type ExistsError struct{ SUPIs []ident.SUPI }

func (e *ExistsError) Error() string {
	const shown = 3
	names := make([]string, 0, shown+1)
	for i, s := range e.SUPIs {
		if i == shown {
			names = append(names, fmt.Sprintf("and %d more", len(e.SUPIs)-shown))
			break
		}
		names = append(names, s.Conceal())
	}
	return strings.Join(names, ", ") + ": " + ErrExists.Error()
}

// Unwrap returns ErrExists.
func (e *ExistsError) Unwrap() error { return ErrExists }

// Store is an engine.
type Store interface {
	Subscribers
	Contexts
	// Close waits for the writes that have begun and releases the engine. Later calls return ErrClosed.
	io.Closer
}

// Place is a place in the feed of changes: behind the change of one subscriber under one revision.
type Place struct {
	Revision int64
	SUPI     ident.SUPI
}

// Behind is the place behind every change of a revision.
func Behind(revision int64) Place { return Place{Revision: revision, SUPI: "~"} }

// Change is a change of a subscriber.
type Change struct {
	Place
	Removed bool
}

// Subscribers is the provisioned data of subscribers, TS 29.505 §5.2. All methods are safe for concurrent use.
type Subscribers interface {
	// AddSubscribers stores new subscribers, all or none. Errors: ErrInvalid, *ExistsError (also for a SUPI given
	// twice), ErrAddressTaken, ErrGPSITaken.
	AddSubscribers(ctx context.Context, subs []Subscriber) error
	// ReplaceSubscriber changes everything of a subscriber but its SUPI. The sequence number never goes back: the
	// greater of the stored and the given one stays. Errors: ErrInvalid, ErrNotFound, ErrAddressTaken, ErrGPSITaken.
	ReplaceSubscriber(ctx context.Context, sub Subscriber) error
	// RemoveSubscriber forgets a subscriber. Error: ErrNotFound.
	RemoveSubscriber(ctx context.Context, supi ident.SUPI) error
	// SUPIOf returns whose a GPSI is. Error: ErrNotFound.
	SUPIOf(ctx context.Context, gpsi string) (ident.SUPI, error)
	// Subscriber returns one subscriber. Error: ErrNotFound.
	Subscriber(ctx context.Context, supi ident.SUPI) (*Subscriber, error)
	// ListSubscribers returns at most limit subscribers whose SUPI sorts after the given one ("" for the first),
	// in order. A limit below 1 is ErrInvalid.
	ListSubscribers(ctx context.Context, after ident.SUPI, limit int) ([]Subscriber, error)

	// AllSubscribers yields every subscriber in the order of their SUPIs, as of one moment. After an error it ends.
	AllSubscribers(ctx context.Context) iter.Seq2[Subscriber, error]

	// Revision is the number of the last change of any subscriber; it only grows. It is cheap enough to be asked every
	// second.
	Revision(ctx context.Context) (int64, error)
	// Changes returns which subscribers were added, replaced or removed after a place in the feed, in the order of the
	// changes, at most limit. One that changed several times is there once, for the last of them. A limit below 1 is
	// ErrInvalid.
	Changes(ctx context.Context, after Place, limit int) ([]Change, error)

	// LeaseSQN raises the sequence number ceiling by n values of SEQ and returns the ceiling before. The n
	// sequence numbers that follow it belong to the caller: no other call returns them, no life has them
	// (Authentication.OfLife), crash or not, TS 33.102 §C.1.2. Errors: ErrNotFound, aka.ErrSQNExhausted.
	LeaseSQN(ctx context.Context, supi ident.SUPI, n uint64) (aka.SQN, error)
	// ResetSQN sets the ceiling, also downwards, TS 33.102 §6.3.5. Error: ErrNotFound.
	ResetSQN(ctx context.Context, supi ident.SUPI, ceiling aka.SQN) error
}
