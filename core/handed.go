package core

import (
	"errors"
	"log/slog"
	"maps"
	"os"
	"slices"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/soft"
	"github.com/limpid-5g/limpid/nf/upf/xdp"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// Names of descriptors beside those of the data path.
const (
	HandedControl = "control" // the operators' socket
	HandedMetrics = "metrics" // where the control plane reads what the user plane counts
	handedRaw4    = "sctp4"
	handedRaw6    = "sctp6"
)

// Opened is what takes privileges to open, for processes that have none: Options.Handed of each.
type Opened struct {
	ControlPlane, UserPlane map[string]*os.File
	closers                 []func() error
}

// OpenControlPlane opens the raw sockets of N2, and what peers need of this core. They are in place until Close, also after an error.
func (o *Opened) OpenControlPlane(cfg *config.Config) error {
	o.ControlPlane = make(map[string]*os.File)
	n2 := cfg.AMF.N2
	if err := o.openSBI(cfg); err != nil {
		return err
	}
	if n2.SCTP != "raw" && (n2.SCTP != "auto" || sctp.KernelHasSCTP()) {
		return nil
	}
	for name, wanted := range map[string]bool{handedRaw4: true, handedRaw6: n2.Address.Is6()} {
		if !wanted {
			continue
		}
		f, err := sctp.OpenRaw(name == handedRaw6)
		if err != nil {
			return cfg.ErrorAt("amf.n2.sctp", err)
		}
		o.ControlPlane[name] = f
	}
	return nil
}

// OpenUserPlane opens the interfaces, sockets and programs of the UPF. They are in place until Close, also after an error.
func (o *Opened) OpenUserPlane(cfg *config.Config, log *slog.Logger) error {
	if cfg.UPF == nil {
		return nil
	}
	settings, err := upfConfig(cfg).WithDefaults()
	if err != nil {
		return cfg.ErrorAt("upf", err)
	}
	slow, err := soft.New(settings, log)
	if err != nil {
		return cfg.ErrorAt("upf", err)
	}
	o.closers = append(o.closers, slow.Close)
	if o.UserPlane, err = slow.Files(); err != nil || cfg.UPF.Datapath == "soft" {
		return err
	}
	c := &Core{cfg: cfg, log: log}
	path, err := c.openXDP(settings, slow, log)
	if err != nil {
		return cfg.ErrorAt("upf", err)
	}
	fast, ok := path.(*xdp.Path)
	if !ok {
		return nil // there is none, as the log says
	}
	o.closers = append(o.closers, fast.Close)
	files, err := fast.HandOver()
	maps.Copy(o.UserPlane, files)
	return err
}

// Close closes the descriptors here, and takes programs and interfaces away that nobody else holds.
func (o *Opened) Close() error {
	var errs []error
	for _, files := range []map[string]*os.File{o.ControlPlane, o.UserPlane} {
		for _, f := range files {
			errs = append(errs, f.Close())
		}
	}
	for _, f := range slices.Backward(o.closers) {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// adoptDatapath makes the data path of what was handed over.
func (c *Core) adoptDatapath(cfg upf.Config, log *slog.Logger) (upf.Datapath, error) {
	slow, err := soft.Adopt(cfg, c.opts.Handed, log)
	if err != nil || !xdp.Handed(c.opts.Handed) {
		return slow, err
	}
	x := c.cfg.UPF.XDP
	fast, err := xdp.Adopt(cfg, xdp.Options{N3: x.N3, N6: x.N6, Pin: x.Pin, Mode: xdpMode(x)}, c.opts.Handed, slow, log)
	if err != nil {
		return nil, errors.Join(err, slow.Close())
	}
	return fast, nil
}
