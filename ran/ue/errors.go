package ue

import (
	"errors"
	"fmt"
	"time"

	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// RejectError is a refusal by the network. errors.As finds the gmm.Cause or the gsm.Cause in it.
type RejectError struct {
	Message string    // the message that refused, such as "RegistrationReject"
	GMM     gmm.Cause // 0 if the message carries none
	GSM     gsm.Cause // 0 if the message carries none
	// BackOff is how long the UE may not try again (T3346, T3396, T3584 or T3585), 0 if no timer was given.
	BackOff time.Duration
}

func (e *RejectError) Error() string {
	s := e.Message
	if e.GMM != 0 {
		s += ": " + e.GMM.Error()
	}
	if e.GSM != 0 {
		s += ": " + e.GSM.Error()
	}
	if e.BackOff != 0 {
		s += fmt.Sprintf(" (back off %v)", e.BackOff)
	}
	return s
}

// Unwrap gives the causes.
func (e *RejectError) Unwrap() []error {
	var errs []error
	if e.GMM != 0 {
		errs = append(errs, e.GMM)
	}
	if e.GSM != 0 {
		errs = append(errs, e.GSM)
	}
	return errs
}

// TimeoutError says that the network did not answer, TS 24.501 §10.2 and TS 24.501 §10.3.
type TimeoutError struct {
	Timer   string // such as "T3510"
	Message string // what was sent
	Tries   int
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("%s expired: no answer to %s (sent %d times)", e.Timer, e.Message, e.Tries)
}

// Timeout tells that the error is a timeout.
func (e *TimeoutError) Timeout() bool { return true }

// ProtocolError says that the network broke the protocol in a way that ends the procedure.
type ProtocolError struct {
	Message string
	Err     error
}

func (e *ProtocolError) Error() string { return e.Message + ": " + e.Err.Error() }

// Unwrap gives the detail.
func (e *ProtocolError) Unwrap() error { return e.Err }

// Errors of procedures.
var (
	// ErrReleased says that the N1 NAS signalling connection was released during the procedure.
	ErrReleased = errors.New("the NAS signalling connection was released before the procedure ended")
	// ErrBusy says that another 5GMM procedure of this UE runs.
	ErrBusy = errors.New("another 5GMM procedure runs")
	// ErrNotRegistered says that the procedure needs a registered UE.
	ErrNotRegistered = errors.New("the UE is not registered")
	// ErrRegistered says that the UE is registered already.
	ErrRegistered = errors.New("the UE is registered already")
	// ErrNoCell says that the UE camps on no cell.
	ErrNoCell = errors.New("the UE camps on no cell")
	// ErrIdle says that the procedure needs a connected UE.
	ErrIdle = errors.New("the UE is in 5GMM-IDLE mode")
	// ErrSession says that there is no such PDU session, or that there is one already.
	ErrSession = errors.New("no PDU session with this identity, or it exists already")
	// ErrNoBearer says that the PDU session has no user plane now.
	ErrNoBearer = errors.New("the PDU session has no user-plane resources")
	// ErrNotGenuine says that the UE takes the network for a false one, TS 24.501 §5.4.1.3.7.
	ErrNotGenuine = errors.New("the network failed the authentication check")
	// ErrContainer says that what a handover tells of NAS security is not right, TS 33.501 §6.9.2.3.4.
	ErrContainer = errors.New("the NAS container of the handover is not genuine")
	// ErrKgNB says that the gNB got another key than the UE derived, TS 33.501 §A.9.
	ErrKgNB = errors.New("the gNB's key is not the one that the UE derived")
)
