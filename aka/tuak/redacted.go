package tuak

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "redacted"

// Format writes "redacted" whatever the verb.
func (TOP) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is "redacted".
func (TOP) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (TOPc) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is "redacted".
func (TOPc) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (Tuak) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is "redacted".
func (Tuak) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (Functions) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is "redacted".
func (Functions) LogValue() slog.Value { return slog.StringValue(redacted) }
