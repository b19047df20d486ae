package smf

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// refusal is why a session is not established: the cause for the UE, that for the AMF, and one line for the operator.
type refusal struct {
	cause   gsm.Cause
	sbi     sbi.Cause // "" means NETWORK_FAILURE
	status  int       // of HTTP; 0 means 403
	asked   string
	allowed string
	change  string // what the operator or the user would have to change
	ssc     gsm.AllowedSSCMode
	err     error
}

func (r *refusal) Error() string {
	s := r.cause.Error()
	if r.err != nil {
		s += ": " + r.err.Error()
	}
	return s
}

func (r *refusal) Unwrap() []error {
	if r.err == nil {
		return []error{r.cause}
	}
	return []error{r.cause, r.err}
}

// failure is a refusal because something inside the network failed.
func failure(err error, change string) *refusal {
	return &refusal{cause: gsm.CauseNetworkFailure, sbi: nsmf.CauseNetworkFailure, status: http.StatusGatewayTimeout,
		err: err, asked: "a PDU session", allowed: "none while this lasts", change: change}
}

// asRefusal finds the refusal in err, or makes one.
func asRefusal(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	return failure(err, "see the error")
}

// log tells in one line what was asked, what is allowed and what to change.
func (r *refusal) log(l *slog.Logger, attrs []any) { r.logAs(l, "PDU session refused", attrs) }

func (r *refusal) logAs(l *slog.Logger, message string, attrs []any) {
	attrs = append(attrs, "cause", r.cause.Error(), "asked", r.asked, "allowed", r.allowed, "change", r.change)
	if r.err != nil {
		attrs = append(attrs, "error", r.err)
	}
	l.Warn(message, attrs...)
}

// message is the PDU SESSION ESTABLISHMENT REJECT, TS 24.501 §6.4.1.4.
func (r *refusal) message(t Timers, id, pti uint8) *gsm.PDUSessionEstablishmentReject {
	m := &gsm.PDUSessionEstablishmentReject{PDUSessionID: id, PTI: pti, Cause: r.cause}
	if r.ssc != 0 {
		m.AllowedSSCMode = &r.ssc
	}
	m.BackOffTimer = t.backOff(r.cause)
	return m
}

// backOff is the back-off timer that goes with a cause, TS 24.501 §6.2.7 and §6.2.8; nil for none.
func (t *Timers) backOff(cause gsm.Cause) *nas.GPRSTimer3 {
	var d time.Duration
	switch cause {
	case gsm.CauseInsufficientResources:
		d = t.T3396
	case gsm.CauseInsufficientResourcesForSpecificSliceAndDNN:
		d = t.T3584
	case gsm.CauseInsufficientResourcesForSpecificSlice:
		d = t.T3585
	}
	if d <= 0 {
		return nil
	}
	timer := nas.NewGPRSTimer3(d)
	return &timer
}

// smContextError is the answer to the AMF, with what the UE must hear.
func (r *refusal) smContextError(n1 []byte) *nsmf.SMContextError {
	status, cause := r.status, r.sbi
	if status == 0 {
		status = http.StatusForbidden
	}
	if cause == "" {
		cause = nsmf.CauseNetworkFailure
	}
	return &nsmf.SMContextError{ProblemDetails: sbi.Problem(status, cause, "%s", r.Error()), N1SMMsg: n1}
}

// status5GSM is a 5GSM STATUS, TS 24.501 §6.5.
func status5GSM(id, pti uint8, cause gsm.Cause) gsm.Message {
	return &gsm.Status{PDUSessionID: id, PTI: pti, Cause: cause}
}

// encode writes a 5GSM message that is built here and so always fits; should it not, the log says so.
func (s *SMF) encode(m gsm.Message) []byte {
	b, err := gsm.Append(nil, m)
	if err != nil {
		s.log.Error("5GSM message cannot be encoded", "message", m.Name(), "error", err)
		return nil
	}
	return b
}

// reject sends the refusal of a session whose SM context was already promised to the AMF, TS 24.501 §6.4.1.4.
func (s *session) reject(ctx context.Context, req establishment, r *refusal) {
	r.log(s.smf.log, s.attrs())
	t := s.transfer(s.smf.encode(r.message(s.smf.cfg.Timers, s.id, req.pti)), nsmf.N2SMInfo{}, false)
	t.ReleaseOnSent = true
	if _, err := s.amf().N1N2MessageTransfer(ctx, s.supi, t); err != nil {
		s.smf.log.Info("UE was not told of the refusal", s.attrs(slog.Any("error", err))...)
	}
}
