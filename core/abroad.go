package core

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/amf"
	"github.com/limpid-5g/limpid/nf/smf"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/store"
)

// A session may be at the SMF of one node of a set while its UE is at the AMF of another. What the AMF says while the SMF's node is
// dead is lost: what the store has of the UE is the last word.

// abroadEvery is the time between two looks at the sessions of this SMF whose UEs are at other AMFs of the set.
const abroadEvery = 10 * time.Second

// abroad is what was found amiss at the last look, by the session's reference. What is amiss twice is mended: the AMF may have been about
// to say it.
type abroad struct {
	last  time.Time
	amiss map[string]amiss
}

// amiss is what is wrong with a session.
type amiss uint8

const (
	inOrder amiss = iota
	isNobodys
	isHere
	isIdle // and its user plane active
)

// settleAbroad looks at the sessions whose UEs are at other AMFs of the set, now and then.
func (c *Core) settleAbroad(ctx context.Context, x *abroad) {
	if time.Since(x.last) < abroadEvery {
		return
	}
	before := x.amiss
	x.last, x.amiss = time.Now(), make(map[string]amiss)
	for _, s := range c.smf.Abroad() {
		a, err := c.compareAbroad(ctx, &s)
		if err != nil {
			return // the store is away
		}
		if a == inOrder {
			continue
		}
		if before[s.Ref] != a {
			x.amiss[s.Ref] = a
			if s.ServingAMF == (ident.GUAMI{}) {
				c.smf.Stay(s.Ref)
			}
			continue
		}
		c.mendAbroad(ctx, &s, a)
	}
}

// compareAbroad compares a session with what is stored of its UE.
func (c *Core) compareAbroad(ctx context.Context, s *smf.SessionInfo) (amiss, error) {
	if s.ServingAMF != (ident.GUAMI{}) && !c.amf.InSet(s.ServingAMF) {
		return inOrder, nil // of another store
	}
	u, err := c.store.UE(ctx, s.SUPI)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return isNobodys, nil
	case err != nil:
		return inOrder, err
	}
	refs, connected, err := amf.Stored(u.Record)
	switch {
	case err != nil: // its node says so
		return inOrder, nil
	case u.Node == c.cfg.AMF.Name && s.ServingAMF == (ident.GUAMI{}): // it has come back
		return inOrder, nil
	case u.Node == c.cfg.AMF.Name && slices.Contains(refs, s.Ref):
		return isHere, nil
	case !slices.Contains(refs, sbi.ContextURI(c.cfg.Name, s.Ref)):
		return isNobodys, nil
	case !connected && s.Active():
		return isIdle, nil
	case s.ServingAMF == (ident.GUAMI{}): // the AMF has not said yet that it has it
		c.smf.Stay(s.Ref)
	}
	return inOrder, nil
}

func (c *Core) mendAbroad(ctx context.Context, s *smf.SessionInfo, a amiss) {
	attrs := []any{slog.String("supi", s.SUPI.Conceal()), slog.Int("pdu_session", int(s.PDUSessionID)), slog.Any("amf", s.ServingAMF)}
	switch {
	case a == isIdle:
		c.log.Warn("user plane of a PDU session is taken down: its UE is idle at another AMF", attrs...)
		if err := c.smf.Deactivate(ctx, s.Ref); err != nil {
			c.log.Warn("user plane not taken down", append(attrs, slog.Any("error", err))...)
		}
	case a == isHere:
		c.smf.ServedHere(s.Ref)
	case s.ServingAMF == (ident.GUAMI{}):
		c.smf.Lost(ctx, s.Ref)
	default:
		c.log.Warn("PDU session ends: the AMF that its UE went to does not have it", attrs...)
		c.smf.Discard(s.Ref)
	}
}

// lose drops the sessions of a UE that another node of the set has taken, but for those that stay here while it is there.
func (c *Core) lose(ctx context.Context, supi ident.SUPI, refs ...string) {
	var there []string
	u, err := c.store.UE(ctx, supi)
	if err == nil && u.Node != c.cfg.AMF.Name {
		there, _, _ = amf.Stored(u.Record) // of one that cannot be read nothing is known
	}
	for _, ref := range refs {
		if slices.Contains(there, sbi.ContextURI(c.cfg.Name, ref)) {
			c.smf.Stay(ref)
			continue
		}
		c.smf.Lost(ctx, ref)
	}
}
