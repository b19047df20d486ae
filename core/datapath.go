package core

import (
	"errors"
	"log/slog"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/soft"
	"github.com/limpid-5g/limpid/nf/upf/xdp"
)

// openDatapath makes the data path that the options or the configuration name.
func (c *Core) openDatapath(cfg upf.Config) (upf.Datapath, error) {
	log := c.nf("upf")
	if c.opts.Datapath != nil {
		return c.opts.Datapath(cfg, log)
	}
	if c.opts.Handed != nil {
		return c.adoptDatapath(cfg, log)
	}
	slow, err := soft.New(cfg, log)
	if err != nil || c.cfg.UPF.Datapath == "soft" {
		return slow, err
	}
	return c.openXDP(cfg, slow, log)
}

// openXDP puts the fast path before slow. Where it cannot be had, "auto" goes on without it and says why.
func (c *Core) openXDP(cfg upf.Config, slow upf.Datapath, log *slog.Logger) (upf.Datapath, error) {
	x := c.cfg.UPF.XDP
	fast, err := xdp.New(cfg, xdp.Options{N3: x.N3, N6: x.N6, Pin: x.Pin, Mode: xdpMode(x), Persist: x.Exit == "keep"}, slow, log)
	switch {
	case err == nil:
		return fast, nil
	case c.cfg.UPF.Datapath == "xdp":
		return nil, c.cfg.ErrorAt("upf.datapath", errors.Join(err, slow.Close()))
	}
	log.Warn("no XDP: every packet goes through user space", "reason", err)
	if err := xdp.Discard(x.Pin); err != nil {
		log.Warn("programs of an earlier process may be at work", "error", err)
	}
	return slow, nil
}

func xdpMode(x config.XDP) xdp.Mode {
	switch x.Mode {
	case "native":
		return xdp.Native
	case "tcx":
		return xdp.TCX
	case "generic":
		return xdp.Generic
	}
	return xdp.Auto
}
