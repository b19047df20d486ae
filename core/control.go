package core

import (
	"context"

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
	l, err := control.Listen(path)
	if err != nil {
		return c.cfg.ErrorAt("control.socket", err)
	}
	c.control = l
	c.closers = append(c.closers, l.Close)
	c.log.Info("operators' socket listens", "path", path)
	return nil
}

// serveControl offers what an operator can ask of a running core.
func (c *Core) serveControl(ctx context.Context) error {
	s := control.NewServer(c.nf("control"))
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
	if c.opts.Operations != nil {
		c.opts.Operations(s)
	}
	control.Register(s, "policy/apply", c.applyPolicies)
	return s.Serve(ctx, c.control)
}
