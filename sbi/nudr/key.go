package nudr

import (
	"fmt"
	"log/slog"
)

// Key is a long-term secret of 16 or 32 octets (K, OPc, TOPc). It prints as "redacted" whatever the verb.
type Key []byte

// Format implements fmt.Formatter.
func (Key) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte("redacted")) }

// LogValue implements slog.LogValuer.
func (Key) LogValue() slog.Value { return slog.StringValue("redacted") }
