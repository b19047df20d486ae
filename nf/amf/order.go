package amf

import (
	"context"
	"errors"
	"net/http"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// order is what an operator wants of one UE; its own goroutine does it.
type order struct {
	name string
	do   func(ctx context.Context, ue *ue) error
	done chan<- error // has room for one
}

// order has a UE's goroutine do something and waits for its end. Errors: CauseContextNotFound, CauseUEInCMIdle, what
// the gNB answers.
func (a *AMF) order(ctx context.Context, supi ident.SUPI, name string, do func(ctx context.Context, ue *ue) error) error {
	u := a.ues.bySUPI.get(supi)
	if u == nil {
		return sbi.Problem(http.StatusNotFound, namf.CauseContextNotFound, "%s is not registered here", supi.Conceal())
	}
	done := make(chan error, 1)
	if err := u.follow(&order{name, do, done}); err != nil {
		return sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "%v", err)
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// obey serves an order.
func (ue *ue) obey(ctx context.Context, o *order) {
	err := errors.New("its procedure failed inside")
	defer func() { o.done <- err }()
	if ue.conn == nil || !ue.conn.contextSetUp {
		err = sbi.Problem(http.StatusConflict, namf.CauseUEInCMIdle, "%s is not connected", ue.supi.Conceal())
		return
	}
	before := ue.running
	ue.running = operation
	defer func() { ue.running = before }()
	err = o.do(ctx, ue)
	if err != nil {
		ue.log().Warn("order not carried out", "order", o.name, "reason", err)
	}
}

// askGNB sends a message about the UE and waits for one of the answers.
func (ue *ue) askGNB(ctx context.Context, t procedure.Timer, m ngap.Message, answers func(m any) bool) (any, error) {
	conn := ue.conn
	if conn == nil {
		return nil, procedure.ErrSuperseded
	}
	return procedure.AskFor(ctx, ue, t, func() error { conn.gnb.send(conn, m); return nil }, answers)
}

// refusedByGNB is a gNB's refusal of an order.
func refusedByGNB(cause ngap.Cause) error {
	return sbi.Problem(http.StatusForbidden, sbi.CauseSystemFailure, "the gNB refuses: %v", cause)
}
