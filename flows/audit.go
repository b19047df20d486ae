package flows

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/ident"
)

// quiet is longer than any procedure may go on alone once the gNBs are gone.
const quiet = 5 * time.Minute

// audit lets a flow come to its end and looks for what it has left where it should not be: with everybody still there,
// and once all gNBs are gone and every timer has run out.
func (s *stage) audit(ctx context.Context) error {
	var errs []error
	time.Sleep(time.Second) // what nobody waits for is on disk by then
	s.settle()
	errs = append(errs, s.disagreements(ctx, false)...)
	s.silent.Store(false)
	s.n4Fault.Store(nil)
	errs = append(errs, s.finish(ctx, nil))
	for name, g := range s.cells {
		errs = append(errs, g.Close(ctx))
		delete(s.cells, name)
	}
	time.Sleep(quiet)
	s.settle()
	errs = append(errs, s.disagreements(ctx, true)...)
	if n := s.reused.Load(); n > 0 && s.chaos == nil { // a gNB may say twice that a message was not delivered: then the same octets come twice
		errs = append(errs, fmt.Errorf("%d downlink NAS COUNTs were used twice", n)) // TS 33.501 §6.4.3.1
	}
	return errors.Join(append(errs, s.auditStore(ctx))...)
}

// disagreements are what the network functions of the cores hold otherwise than each other; alone: without any gNB.
func (s *stage) disagreements(ctx context.Context, alone bool) []error {
	var errs []error
	views := make([]core.View, 0, 1)
	for _, c := range s.cores() {
		v, err := c.View(ctx)
		if err != nil {
			errs = append(errs, err)
		}
		for _, found := range v.Check(alone) {
			errs = append(errs, fmt.Errorf("%s: %s", v.Core, found))
		}
		views = append(views, v)
	}
	if len(s.nodes.files) > 1 {
		return errs // they are no peers
	}
	for _, found := range core.CheckTogether(views) {
		errs = append(errs, errors.New(found))
	}
	return errs
}

// auditStore looks for contexts in the store that no network function has, or the other way round.
func (s *stage) auditStore(ctx context.Context) error {
	var errs []error
	ues, sessions := make(map[ident.SUPI]struct{}), make(map[uint64]netip.Addr)
	cores := s.cores()
	if len(s.nodes.files) > 1 { // the others have stores of their own
		cores = cores[:1]
	}
	for _, c := range cores {
		u, n := c.Contexts()
		maps.Copy(ues, u)
		maps.Copy(sessions, n)
	}
	for u, err := range s.life.disk.UEs(ctx, "") {
		errs = append(errs, err)
		if _, known := ues[u.SUPI]; err == nil && !known {
			errs = append(errs, fmt.Errorf("the store has %s, which is not registered", u.SUPI))
		}
		delete(ues, u.SUPI)
	}
	for supi := range ues {
		errs = append(errs, fmt.Errorf("%s is registered and not in the store", supi))
	}
	for g, err := range s.life.disk.GuaranteesOf(ctx, "") {
		errs = append(errs, err)
		if _, known := sessions[g.SEID]; err == nil && !known {
			errs = append(errs, fmt.Errorf("the store counts %d/%d bit/s for session %d of %s, which is not there", g.Uplink, g.Downlink, g.PDUSessionID, g.SUPI))
		}
	}
	for n, err := range s.life.disk.SMs(ctx, "") {
		errs = append(errs, err)
		address, known := sessions[n.SEID]
		if err == nil && (!known || address != n.IPv4) {
			errs = append(errs, fmt.Errorf("the store has session %d of %s with %s, the SMF %v", n.PDUSessionID, n.SUPI, n.IPv4, address))
		}
		delete(sessions, n.SEID)
	}
	for seid := range sessions {
		errs = append(errs, fmt.Errorf("session %#x is not in the store", seid))
	}
	return errors.Join(errs...)
}
