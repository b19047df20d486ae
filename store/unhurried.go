package store

import "context"

// unhurried is the key of a context's hurry.
type unhurried struct{}

// Unhurried returns a context for a write that nobody waits for. The engine may let it ride with the commit of the next write
// that somebody waits for; after a short time of its own choice, some 25 ms, or once hurry is closed it commits it in any case.
// Until the write returns it is not durable, and no reader sees it; it is applied before every write that begins later.
func Unhurried(ctx context.Context, hurry <-chan struct{}) context.Context {
	return context.WithValue(ctx, unhurried{}, hurry)
}

// sharing is the key of a context that is Sharing.
type sharing struct{}

// Sharing returns a context for a write that somebody waits for, but no phone: where others come all the time the engine may let
// it wait some 4 ms for the commit of the next. It is applied before every write that begins later.
func Sharing(ctx context.Context) context.Context { return context.WithValue(ctx, sharing{}, true) }

// IsSharing is for engines: it tells whether a write is Sharing.
func IsSharing(ctx context.Context) bool { return ctx.Value(sharing{}) != nil }

// Hurry is for engines: it tells whether a write is Unhurried, and until when.
func Hurry(ctx context.Context) (hurry <-chan struct{}, ok bool) {
	hurry, ok = ctx.Value(unhurried{}).(<-chan struct{})
	return hurry, ok
}
