package nas

import "errors"

// Error says why a received message is not accepted and what the receiver owes the sender, TS 24.501 §7.
type Error struct {
	// Message is the name of the message, empty if its type is unknown.
	Message string
	// IE is the information element at fault, empty if none.
	IE string
	// Cause is the gmm.Cause or gsm.Cause to answer with (TS 24.501 §7.4 to TS 24.501 §7.8); errors.As finds it. Nil if Ignore.
	Cause error
	// Ignore says that the message is dropped without an answer (TS 24.501 §7.2).
	Ignore bool
	// Err is the detail.
	Err error
}

func (e *Error) Error() string {
	s := "NAS message"
	if e.Message != "" {
		s = e.Message
	}
	if e.IE != "" {
		s += ": " + e.IE
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause and the detail.
func (e *Error) Unwrap() []error {
	var errs []error
	if e.Cause != nil {
		errs = append(errs, e.Cause)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// Errors of information elements. The message decoders turn them into the causes of TS 24.501 §7.
var (
	// ErrMissing reports a mandatory element that is absent or cut off.
	ErrMissing = errors.New("missing or truncated")
	// ErrLength reports a length that the element's clause excludes.
	ErrLength = errors.New("wrong length")
	// ErrReserved reports a reserved value.
	ErrReserved = errors.New("reserved value")
	// ErrTooMany reports more entries than the element can hold.
	ErrTooMany = errors.New("too many entries")
	// ErrDigit reports an identity whose digits are not decimal.
	ErrDigit = errors.New("not a decimal digit")
	// ErrComprehension reports an unknown element that the sender marked "comprehension required"
	// (TS 24.007 §11.2.4).
	ErrComprehension = errors.New("unknown element that must be understood")
)
