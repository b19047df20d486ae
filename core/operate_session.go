package core

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/sbi"
)

// SessionOrder names a PDU session, or with session 0 all sessions of a subscriber, or without SUPI everybody's.
type SessionOrder struct {
	SUPI    ident.SUPI `json:"supi,omitempty"`
	Session uint8      `json:"session,omitempty"` // TS 24.007 §11.2.3.1b, 1 to 15
	By      string     `json:"by,omitempty"`      // who wants it, for the record
}

// maxSession is the greatest PDU session identity, TS 24.007 §11.2.3.1b.
const maxSession = 15

func (o *SessionOrder) check() error {
	if o.SUPI == "" || o.Session == 0 || o.Session > maxSession {
		return sbi.Problem(http.StatusBadRequest, sbi.CauseMandatoryIEIncorrect, "PDU session %d of %q: want a SUPI and 1 to %d", o.Session, o.SUPI, maxSession)
	}
	return nil
}

// registerSessionOrders offers what an operator can do with sessions.
func (c *Core) registerSessionOrders(s *control.Server) {
	control.Register(s, "session.list", func(_ context.Context, o SessionOrder) ([]SessionInfo, error) { return c.listSessions(&o), nil })
	order := func(name string, do func(ident.SUPI, uint8) error) {
		control.Register(s, "session."+name, func(_ context.Context, o SessionOrder) (done, error) {
			if err := o.check(); err != nil {
				return done{}, err
			}
			c.log.Info("order about a PDU session", "order", name, "supi", o.SUPI.Conceal(), "pdu_session", o.Session,
				slog.String("by", cmp.Or(o.By, operator)))
			return done{}, do(o.SUPI, o.Session)
		})
	}
	order("release", c.ReleaseSession)
	order("relocate", c.RelocateSession)
}

// listSessions are the sessions of a subscriber, or everybody's without saying whose they are.
func (c *Core) listSessions(o *SessionOrder) []SessionInfo {
	all := c.Sessions()
	if o.SUPI != "" {
		c.log.Info("PDU sessions of a subscriber shown", "supi", o.SUPI.Conceal(), slog.String("by", cmp.Or(o.By, operator)))
		all = slices.DeleteFunc(all, func(i SessionInfo) bool { return i.SUPI != o.SUPI })
	} else {
		for i := range all {
			all[i].SUPI = ident.SUPI(all[i].SUPI.Conceal())
		}
	}
	slices.SortFunc(all, func(a, b SessionInfo) int {
		return cmp.Or(cmp.Compare(a.SUPI, b.SUPI), cmp.Compare(a.PDUSessionID, b.PDUSessionID), cmp.Compare(a.Ref, b.Ref))
	})
	return all
}
