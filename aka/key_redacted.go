package aka

import (
	"fmt"
	"log/slog"
)

// No key shows itself: not under any fmt verb, not in a log.

// Format writes "redacted" whatever the verb.
func (CK) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (CK) String() string { return redacted }

// LogValue is "redacted".
func (CK) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (IK) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (IK) String() string { return redacted }

// LogValue is "redacted".
func (IK) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (CKPrime) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (CKPrime) String() string { return redacted }

// LogValue is "redacted".
func (CKPrime) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (IKPrime) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (IKPrime) String() string { return redacted }

// LogValue is "redacted".
func (IKPrime) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (KAUSF) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (KAUSF) String() string { return redacted }

// LogValue is "redacted".
func (KAUSF) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (KSEAF) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (KSEAF) String() string { return redacted }

// LogValue is "redacted".
func (KSEAF) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (KAMF) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (KAMF) String() string { return redacted }

// LogValue is "redacted".
func (KAMF) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (KASME) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (KASME) String() string { return redacted }

// LogValue is "redacted".
func (KASME) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (KAN) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (KAN) String() string { return redacted }

// LogValue is "redacted".
func (KAN) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (NH) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (NH) String() string { return redacted }

// LogValue is "redacted".
func (NH) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (KSN) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (KSN) String() string { return redacted }

// LogValue is "redacted".
func (KSN) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (AlgorithmKey) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (AlgorithmKey) String() string { return redacted }

// LogValue is "redacted".
func (AlgorithmKey) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (AK) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (AK) String() string { return redacted }

// LogValue is "redacted".
func (AK) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (RES) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (RES) String() string { return redacted }

// LogValue is "redacted".
func (RES) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (RESStar) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (RESStar) String() string { return redacted }

// LogValue is "redacted".
func (RESStar) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (MSK) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (MSK) String() string { return redacted }

// LogValue is "redacted".
func (MSK) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (EMSK) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (EMSK) String() string { return redacted }

// LogValue is "redacted".
func (EMSK) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (KEncr) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (KEncr) String() string { return redacted }

// LogValue is "redacted".
func (KEncr) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (KAut) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (KAut) String() string { return redacted }

// LogValue is "redacted".
func (KAut) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format writes "redacted" whatever the verb.
func (KRe) Format(f fmt.State, _ rune) { redact(f) }

// String is "redacted".
func (KRe) String() string { return redacted }

// LogValue is "redacted".
func (KRe) LogValue() slog.Value { return slog.StringValue(redacted) }
