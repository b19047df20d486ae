// Package pfcp is the Packet Forwarding Control Protocol of TS 29.244 (Release 17): what an SMF and a UPF say to
// each other over N4. Messages and grouped IEs are plain Go structs, declared once with their IE types in tags;
// codec_gen.go is made from them by pfcpgen. Endpoint speaks the protocol over UDP with its transactions.
//
// In a struct the Go type of a field is its presence:
//
//	PDRID  PDRID        `ie:"56"`   mandatory
//	FARID  Opt[FARID]   `ie:"108"`  conditional or optional
//	QERID  []QERID      `ie:"109"`  any number
//	URRID  []URRID      `ie:"81,M"` one or more
package pfcp

//go:generate go run ./pfcpgen -out codec_gen.go

// Opt is an IE that may be absent. Its zero value is absent.
type Opt[T any] struct {
	v   T
	set bool
}

// Some is a present IE.
func Some[T any](v T) Opt[T] { return Opt[T]{v: v, set: true} }

// Get returns the value and whether the IE is present.
func (o Opt[T]) Get() (T, bool) { return o.v, o.set }

// Present tells whether the IE is there.
func (o Opt[T]) Present() bool { return o.set }

// Or returns the value, or def if the IE is absent.
func (o Opt[T]) Or(def T) T {
	if o.set {
		return o.v
	}
	return def
}

// Value returns the value, or its zero value if the IE is absent.
func (o Opt[T]) Value() T { return o.v }
