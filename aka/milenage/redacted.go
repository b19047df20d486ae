package milenage

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "redacted"

// Format writes "redacted" whatever the verb.
func (OP) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is "redacted".
func (OP) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (OPc) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is "redacted".
func (OPc) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (Milenage) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is "redacted".
func (Milenage) LogValue() slog.Value { return slog.StringValue(redacted) }
