package core

import (
	"context"
	"net/netip"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/nf/amf"
)

// operator is who an act is recorded for that came over the operators' socket: whoever may open it.
const operator = "operators' socket"

// UEOrder names a subscriber for an order about a connected UE.
type UEOrder struct {
	SUPI ident.SUPI `json:"supi"`
	On   bool       `json:"on"` // whether something is to begin or to end
	// Collector takes the records of a trace.
	Collector netip.Addr `json:"collector,omitzero"`
	By        string     `json:"by,omitempty"` // who wants it, for the record
}

func (o *UEOrder) who() string {
	if o.By == "" {
		return operator
	}
	return o.By
}

// AMFOrder changes the AMF's place among others.
type AMFOrder struct {
	Capacity uint8  `json:"capacity"`         // relative, 0 to 255
	Backup   string `json:"backup,omitempty"` // AMF name that serves its UEs from now on
}

// AddressOrder names an address of the AMF where it listens for gNBs, TS 23.501 §5.21.1.2.
type AddressOrder struct {
	Address netip.AddrPort `json:"address"`
	Weight  uint8          `json:"weight,omitempty"` // 0 to 255; 0: no UE begins there
}

// GNBOrder names a gNB by its name or global identity.
type GNBOrder struct {
	Name string `json:"name"`
}

// VoiceSupport is the answer of "ue.voice".
type VoiceSupport struct {
	Supported bool `json:"supported"`
}

// AMF is the core's AMF, for orders.
func (c *Core) AMF() *amf.AMF { return c.amf }

// Drain takes the node out of service: the AMF's gNBs go to the backup, and the other nodes take its UEs that are idle.
func (c *Core) Drain(backup string) {
	c.amf.Drain(backup)
	if c.watch != nil {
		c.watch.leaving.Store(true)
	}
}

type done struct{}

// registerRadioOrders offers what an operator can have gNBs do.
func (c *Core) registerRadioOrders(s *control.Server) {
	control.Register(s, "gnb.list", func(context.Context, struct{}) ([]amf.GNBInfo, error) { return c.amf.GNBs(), nil })
	control.Register(s, "gnb.reset", func(_ context.Context, o GNBOrder) (done, error) { return done{}, c.amf.ResetGNB(o.Name) })
	control.Register(s, "amf.capacity", func(_ context.Context, o AMFOrder) (done, error) {
		c.amf.SetCapacity(o.Capacity)
		if c.watch != nil && o.Capacity > 0 {
			c.watch.leaving.Store(false)
		}
		return done{}, nil
	})
	control.Register(s, "amf.weight", func(_ context.Context, o AddressOrder) (done, error) {
		return done{}, c.amf.SetWeight(o.Address, o.Weight)
	})
	control.Register(s, "amf.address-add", func(_ context.Context, o AddressOrder) (done, error) { return done{}, c.amf.AddEndpoint(o.Address) })
	control.Register(s, "amf.address-remove", func(_ context.Context, o AddressOrder) (done, error) { return done{}, c.amf.RemoveEndpoint(o.Address) })
	control.Register(s, "node.list", func(ctx context.Context, _ struct{}) ([]NodeInfo, error) { return c.nodes(ctx) })
	control.Register(s, "amf.drain", func(_ context.Context, o AMFOrder) (done, error) {
		c.Drain(o.Backup)
		return done{}, nil
	})
	control.Register(s, "ue.locate", func(ctx context.Context, o UEOrder) (amf.Location, error) { return c.amf.Locate(ctx, o.SUPI, o.who()) })
	control.Register(s, "ue.follow", func(ctx context.Context, o UEOrder) (done, error) {
		return done{}, c.amf.FollowLocation(ctx, o.SUPI, o.On, o.who())
	})
	control.Register(s, "ue.trace", func(ctx context.Context, o UEOrder) (done, error) {
		if o.On {
			return done{}, c.amf.StartTrace(ctx, o.SUPI, o.Collector, o.who())
		}
		return done{}, c.amf.StopTrace(ctx, o.SUPI, o.who())
	})
	control.Register(s, "ue.authenticate", func(ctx context.Context, o UEOrder) (done, error) {
		return done{}, c.amf.Reauthenticate(ctx, o.SUPI)
	})
	control.Register(s, "ue.deregister", func(ctx context.Context, o UEOrder) (done, error) {
		return done{}, c.amf.Deregister(ctx, o.SUPI, o.On, o.who())
	})
	control.Register(s, "ue.configure", func(ctx context.Context, o UEOrder) (done, error) {
		return done{}, c.amf.UpdateConfiguration(ctx, o.SUPI, o.On)
	})
	control.Register(s, "ue.await-reachable", func(ctx context.Context, o UEOrder) (done, error) { return done{}, c.amf.AwaitReachable(ctx, o.SUPI) })
	control.Register(s, "ue.voice", func(ctx context.Context, o UEOrder) (VoiceSupport, error) {
		ok, err := c.amf.CheckVoiceSupport(ctx, o.SUPI)
		return VoiceSupport{ok}, err
	})
}
