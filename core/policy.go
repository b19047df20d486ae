package core

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/pcf"
	"github.com/limpid-5g/limpid/nf/smf"
	"github.com/limpid-5g/limpid/sbi"
)

// PolicyRequest is the operation "policy/apply": the text of a configuration, of which the part pcf is taken.
type PolicyRequest struct {
	Name   string `json:"name"` // of the file, for errors
	Config []byte `json:"config"`
}

// Detail is what a record says of the request: a configuration holds secrets, its hash none.
func (p PolicyRequest) Detail() string {
	return fmt.Sprintf("%s sha256 %x", p.Name, sha256.Sum256(p.Config))
}

// ApplyPolicies takes the pcf part of cfg into use: sessions and UEs that it concerns are changed at once, TS 23.502
// §4.16.5.2 and §4.16.2.2. On an error nothing has changed.
func (c *Core) ApplyPolicies(ctx context.Context, cfg *config.Config) (pcf.Change, error) {
	done, err := c.pcf.Reconfigure(ctx, pcfConfig(cfg))
	if err != nil {
		return done, cfg.ErrorAt("pcf.session_policies", err)
	}
	return done, nil
}

func (c *Core) applyPolicies(ctx context.Context, req PolicyRequest) (pcf.Change, error) {
	cfg, err := config.Parse(req.Name, req.Config)
	if err != nil {
		return pcf.Change{}, sbi.Problem(http.StatusBadRequest, sbi.CauseInvalidMsgFormat, "%v", err)
	}
	done, err := c.ApplyPolicies(ctx, cfg)
	if err != nil {
		return done, sbi.Problem(http.StatusBadRequest, sbi.CauseMandatoryIEIncorrect, "%v", err)
	}
	return done, nil
}

// SessionInfo is a copy of what an SM context is at one moment, and GuaranteedUse what is granted under a bound.
type (
	SessionInfo   = smf.SessionInfo
	GuaranteedUse = smf.GuaranteedUse
)

// Sessions are the sessions of the SMF, in no order.
func (c *Core) Sessions() []SessionInfo { return c.smf.Sessions() }

// Guaranteed are the bounds on guaranteed bit rates with what is granted under them, by all nodes over the store.
func (c *Core) Guaranteed(ctx context.Context) ([]GuaranteedUse, error) { return c.smf.Guaranteed(ctx) }

// ReleaseSession releases a session with its UE's knowledge, TS 23.502 §4.3.4.2.
func (c *Core) ReleaseSession(supi ident.SUPI, id uint8) error { return c.smf.ReleaseSession(supi, id) }

// RelocateSession gives a session another anchor as its SSC mode allows, TS 23.502 §4.3.5.
func (c *Core) RelocateSession(supi ident.SUPI, id uint8) error { return c.smf.Relocate(supi, id) }

// ReloadPolicies applies the policies of a configuration file whenever again asks for it, until ctx ends. A file that is
// wrong changes nothing and is told in the log.
func (c *Core) ReloadPolicies(ctx context.Context, file string, again <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-again:
		}
		cfg, err := config.Load(file)
		if err == nil {
			_, err = c.ApplyPolicies(ctx, cfg)
		}
		if err != nil {
			c.log.Error("configuration not reloaded: everything stays as it was", "file", file, "error", err)
		}
	}
}
