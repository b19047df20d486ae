package load

import (
	"context"
	"errors"
	"time"

	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// sessionID is the identity of the session that each UE may have.
const sessionID = 1

// settleTimeout is how long the network may take to release a connection.
const settleTimeout = 5 * time.Second

// phone is one UE of a load. Only one procedure of it runs at a time.
type phone struct {
	ue   *ue.UE
	cell *gnb.GNB
	next func(*gnb.GNB) *gnb.GNB // to which a cell hands over
	rest state                   // in which its last procedure left it
	// moved says that it was handed over since it was connected: it has to be idle before the next service request.
	moved bool
}

// state is what a UE at rest can do next.
type state uint8

const (
	deregistered state = iota
	registered         // it still wants a session
	served             // it has all that the mix gives it
	connected          // it has, and can be handed over

	states = int(connected) + 1
)

// from is the state from which each procedure of a mix starts.
var from = [mixed]state{Attach: deregistered, Session: registered, ServiceRequest: served, Detach: served, Handover: connected}

// state tells what the UE can do next.
func (f *phone) state(m Mix) state {
	if !f.ue.Status().Registered {
		return deregistered
	}
	if _, ok := f.ue.Session(sessionID); m[Session] > 0 && !ok {
		return registered
	}
	if m[Handover] > 0 && !f.moved && f.ue.Status().Connected {
		return connected
	}
	return served
}

// do runs a procedure. The error is that of the procedure in package ue.
func (f *phone) do(ctx context.Context, p Procedure, plan *Plan) error {
	switch p {
	case Handover:
		target := f.next(f.cell)
		err := f.cell.HandOverXn(ctx, f.ue, target, gnb.XnOptions{Forwarding: gnb.NoForwarding})
		if err == nil {
			f.cell = target
		}
		f.moved = plan.Mix[ServiceRequest] > 0
		return err
	case Attach:
		o := ue.RegisterOptions{Type: gmm.InitialRegistration}
		if plan.Mix[Session] > 0 {
			o.Type |= gmm.FollowOnRequest // so that the AMF keeps the connection, TS 24.501 §5.5.1.2.2
		}
		if plan.AlwaysSUCI {
			o.Identity = ue.UseSUCI
		}
		return f.ue.Register(ctx, o)
	case Session:
		_, err := f.ue.EstablishSession(ctx, sessionID, plan.Session)
		return err
	case ServiceRequest:
		r, err := f.ue.ServiceRequest(ctx, ue.ServiceOptions{})
		if err == nil && len(r.Failed) > 0 {
			err = errNotReactivated
		}
		return err
	case Detach:
		f.moved = false
		return f.ue.Deregister(ctx, false)
	}
	f.moved = false
	return f.cell.ReleaseUE(ctx, f.ue, ngap.CauseRadioNetworkUserInactivity)
}

// errNotReactivated says that a service request brought a session no user plane.
var errNotReactivated = errors.New("the session's user plane was not re-established")

// backOff is how long the network told the UE to keep quiet, TS 24.501 §5.3.9.
func backOff(err error) time.Duration {
	if r, ok := errors.AsType[*ue.RejectError](err); ok {
		return r.BackOff
	}
	return 0
}

// kind names an error so that equal ones count together, whatever their numbers.
func kind(err error) string {
	if r, ok := errors.AsType[*ue.RejectError](err); ok {
		e := *r
		e.BackOff = 0
		return e.Error()
	}
	if t, ok := errors.AsType[*ue.TimeoutError](err); ok {
		return t.Timer + " expired: no answer to " + t.Message
	}
	if errors.Is(err, radio.ErrBarred) {
		return radio.ErrBarred.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no end within the procedure timeout"
	}
	return err.Error()
}

// queue holds phones, first in, first out.
type queue struct {
	items []*phone
	head  int
}

func (q *queue) len() int { return len(q.items) - q.head }

func (q *queue) push(f *phone) {
	if q.head > len(q.items)/2 {
		q.items = append(q.items[:0], q.items[q.head:]...)
		q.head = 0
	}
	q.items = append(q.items, f)
}

func (q *queue) pop() *phone {
	f := q.items[q.head]
	q.items[q.head] = nil
	q.head++
	return f
}
