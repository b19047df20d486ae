package core

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/amf"
	"github.com/limpid-5g/limpid/nf/pcf"
	"github.com/limpid-5g/limpid/nf/smf"
	"github.com/limpid-5g/limpid/nf/udm"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/store"
)

// restore brings back what the store has of UEs and sessions: each network function gets what it knew before, and the
// AMF and the SMF agree on which sessions there are, and which of them are active.
func (c *Core) restore(ctx context.Context, data *udm.UDM, policy *pcf.PCF) error {
	began := time.Now()
	restoredSession := func(s smf.RestoredSession) {
		if s.PolicyID != "" {
			policy.RestoreSM(s.Policy, s.PolicyID, s.UERules)
		}
		if s.Registered {
			data.RestoreSMF(s.SUPI, s.Registration)
		}
	}
	restoredUE := func(u amf.RestoredUE) {
		if u.PolicyID != "" {
			policy.RestoreAM(npcf.AMPolicyRequest{SUPI: u.SUPI, UEAMBR: u.UEAMBR, NotificationURI: string(u.SUPI)}, u.PolicyID)
		}
		data.RestoreAMF(u.SUPI, u.Registration)
	}
	if c.shared() { // and does not know how many of those in the store are its own
		c.joinSet(restoredUE, restoredSession, data, policy)
		c.watch = newNodeWatch(c)
		c.closers = append(c.closers, c.watch.start())
	} else {
		ues, sessions, err := c.store.Count(ctx)
		if err != nil {
			return fmt.Errorf("restore UEs and PDU sessions: %w", err)
		}
		c.amf.Expect(ues)
		c.smf.Expect(sessions)
		data.Expect(ues)
		policy.Expect(ues, sessions)
	}
	sessions, err := c.smf.Restore(ctx, restoredSession)
	if err != nil {
		return fmt.Errorf("restore PDU sessions: %w", err)
	}
	ues, err := c.amf.Restore(ctx, restoredUE)
	if err != nil {
		return fmt.Errorf("restore UEs: %w", err)
	}
	if err := c.agreeSessions(ctx, sessions); err != nil {
		return fmt.Errorf("restore PDU sessions: %w", err)
	}
	c.amf.SettleUserPlanes()
	if ues+sessions > 0 {
		c.log.Info("contexts restored", "ues", ues, "sessions", sessions, "seconds", time.Since(began).Seconds())
	}
	return nil
}

// agreeSessions makes the AMF and the SMF agree on which sessions there are: so many were restored.
func (c *Core) agreeSessions(ctx context.Context, restored int) error {
	if !c.shared() && c.amf.SessionsAgree(restored, c.smf.Has) {
		return nil
	}
	for _, s := range c.smf.Abroad() {
		if c.amf.InSet(s.ServingAMF) && c.amf.Has(s.SUPI, s.Ref) { // of two who say so, the AMF of this node has the UE
			c.smf.ServedHere(s.Ref)
		}
	}
	for _, orphan := range c.amf.AgreeSessions(c.sessions()) {
		elsewhere, err := c.elsewhere(ctx, orphan.SUPI)
		if err != nil {
			return err
		}
		if elsewhere {
			c.lose(ctx, orphan.SUPI, orphan.Ref)
			continue
		}
		c.log.Warn("PDU session ends: no registered UE has it", "supi", orphan.SUPI.Conceal(), "pdu_session", orphan.PDUSessionID)
		c.smf.Discard(orphan.Ref)
	}
	return nil
}

// shared tells whether other nodes work over the same store.
func (c *Core) shared() bool { return c.opts.SharedStore || c.cfg.Store.URL != "" }

// elsewhere tells whether another node has a UE: it may have taken it since its sessions were read.
func (c *Core) elsewhere(ctx context.Context, supi ident.SUPI) (bool, error) {
	if !c.shared() {
		return false, nil
	}
	u, err := c.store.UE(ctx, supi)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return u.Node != c.cfg.AMF.Name, err
}

// joinSet lets UEs come over from the other nodes with their sessions, TS 23.501 §5.21.2.
func (c *Core) joinSet(restoredUE func(amf.RestoredUE), restoredSession func(smf.RestoredSession), data *udm.UDM, policy *pcf.PCF) {
	c.amf.JoinSet(amf.Taking{
		Restored: restoredUE,
		SEIDs:    c.smf.ReserveSEIDs,
		Sessions: func(ctx context.Context, supi ident.SUPI) ([]amf.Session, error) {
			sessions, err := c.smf.Take(ctx, supi, restoredSession)
			list := make([]amf.Session, 0, len(sessions))
			for i := range sessions {
				list = append(list, amfSession(&sessions[i]))
			}
			return list, err
		},
		Ended: c.smf.Disown,
		Lost: func(ctx context.Context, u amf.RestoredUE, refs []string) {
			c.lose(ctx, u.SUPI, refs...)
			_ = policy.DeleteAMPolicy(ctx, u.PolicyID) // this node's own; what is not there is not missed
			_ = data.DeregisterAMF(ctx, u.SUPI, u.Registration.GUAMI)
		},
	})
}

func amfSession(s *smf.SessionInfo) amf.Session {
	return amf.Session{SUPI: s.SUPI, PDUSessionID: s.PDUSessionID, Ref: s.Ref, SNSSAI: s.SNSSAI, DNN: s.DNN, ServingAMF: s.ServingAMF, Active: s.Active()}
}

// sessions is every session of the SMF as the AMF knows one.
func (c *Core) sessions() iter.Seq[amf.Session] {
	return func(yield func(amf.Session) bool) {
		for s := range c.smf.EachSession() {
			if !yield(amfSession(&s)) {
				return
			}
		}
	}
}
