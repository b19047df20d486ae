package core

import (
	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/soft"
)

// openDatapath makes the data path that the options name, or the one in plain Go.
func (c *Core) openDatapath(cfg upf.Config) (upf.Datapath, error) {
	if c.opts.Datapath != nil {
		return c.opts.Datapath(cfg, c.nf("upf"))
	}
	return soft.New(cfg, c.nf("upf"))
}
