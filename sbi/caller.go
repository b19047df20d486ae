package sbi

import (
	"context"
	"net/http"
)

type callerKey struct{}

// WithCaller notes which core asks, as its certificate proves.
func WithCaller(ctx context.Context, core string) context.Context {
	return context.WithValue(ctx, callerKey{}, core)
}

// Caller is the core that asks; "" is a network function of this one.
func Caller(ctx context.Context) string {
	core, _ := ctx.Value(callerKey{}).(string)
	return core
}

// NotYours refuses what is another core's to say, TS 29.500 §5.2.7.2.
func NotYours(format string, args ...any) *ProblemDetails {
	return Problem(http.StatusForbidden, CauseModificationNotAllowed, format, args...)
}
