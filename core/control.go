package core

import (
	"context"
	"errors"
	"net"

	"github.com/limpid-5g/limpid/manage/control"
)

// AuditReport is the answer of the operation "audit".
type AuditReport struct {
	Found []string `json:"found"` // what should not be; none if all is well
}

func (c *Core) openControl() error {
	path := c.cfg.Control.Socket
	if c.opts.WithoutControl || path == "off" {
		return nil
	}
	var l net.Listener
	var err error
	if f := c.opts.Handed[HandedControl]; f != nil {
		l, err = net.FileListener(f)
	} else if l, err = control.Listen(path); err == nil {
		c.log.Info("operators' socket listens", "path", path)
	}
	if err != nil {
		return c.cfg.ErrorAt("control.socket", err)
	}
	c.control = l
	c.closers = append(c.closers, func() error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) { // whoever served it has closed it
			return err
		}
		return nil
	})
	return nil
}

// serveControl offers what an operator can ask of a running core.
func (c *Core) serveControl(ctx context.Context) error {
	s := control.NewServer(c.nf("control"))
	s.Before(c.record)
	if c.opts.Operations != nil {
		c.opts.Operations(s)
	}
	c.registerUPF(s)
	if c.amf == nil {
		return s.Serve(ctx, c.control)
	}
	control.Register(s, "audit", func(ctx context.Context, _ struct{}) (AuditReport, error) {
		found, err := c.AuditLive(ctx)
		return AuditReport{Found: found}, err
	})
	c.registerRadioOrders(s)
	c.registerSessionOrders(s)
	c.registerSliceOrders(s)
	control.Register(s, "policy/apply", c.applyPolicies)
	return s.Serve(ctx, c.control)
}

// harmless are the operations that show how the core does and change nothing: only they are not taken down.
func harmless(operation string) bool {
	switch operation {
	case "audit", "gnb.list", "node.list", "slice.list", "upf/drops", "lockdown", "egress", "ue.voice":
		return true
	}
	return false
}

// record takes an operation down before it is done.
func (c *Core) record(ctx context.Context, operation string, request any) error {
	if c.opts.Record == nil || harmless(operation) {
		return nil
	}
	return c.opts.Record(ctx, operation, request)
}
