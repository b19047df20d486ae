package core

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/amf"
	"github.com/limpid-5g/limpid/nf/nsacf"
	"github.com/limpid-5g/limpid/nf/pcf"
	"github.com/limpid-5g/limpid/nf/smf"
	"github.com/limpid-5g/limpid/nf/udm"
	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/store"
)

// View is what each network function and the store hold at about one moment.
type View struct {
	AMF   amf.View
	Found []string // what the AMF finds in itself
	Held  amf.Snapshot
	SMF   smf.View
	UPF   *upf.View  // nil where every UPF is another process
	Own   string     // the name of that UPF
	N4    netip.Addr // of the SMF
	UDM   []udm.RegistrationView
	PCF   pcf.View
	NSACF []nsacf.SliceView
	Store *Stored     // nil where nothing is kept
	Core  string      // its name
	GUAMI ident.GUAMI // of its AMF
}

// Stored is which contexts are on disk.
type Stored struct {
	UEs      map[ident.SUPI]uint32 // their 5G-TMSIs
	Sessions map[pcf.SessionKey]uint64
	// Guarantees is what is counted of the sessions of this node, by their local F-SEIDs; nil where nobody shares bounds.
	Guarantees map[uint64]store.Guarantee
}

// View copies what the core holds. It stops nothing, so that what is under way may not fit together.
func (c *Core) View(ctx context.Context) (View, error) {
	v := View{
		AMF: c.amf.View(), Found: c.amf.Audit(), Held: c.amf.Snapshot(), SMF: c.smf.View(), UDM: c.udm.View(), PCF: c.pcf.View(),
		NSACF: c.nsacf.View(),
		Core:  c.cfg.Name, GUAMI: guami(c.cfg),
	}
	if c.upf != nil {
		own := c.upf.View()
		v.UPF, v.Own, v.N4 = &own, c.cfg.UPF.Name, c.cfg.SMF.N4.Address
	}
	if c.store == nil {
		return v, nil
	}
	v.Store = &Stored{UEs: make(map[ident.SUPI]uint32), Sessions: make(map[pcf.SessionKey]uint64)}
	for u, err := range c.store.UEs(ctx, c.cfg.AMF.Name) {
		if err != nil {
			return v, err
		}
		v.Store.UEs[u.SUPI] = u.TMSI
	}
	for s, err := range c.store.SMs(ctx, c.cfg.AMF.Name) {
		if err != nil {
			return v, err
		}
		v.Store.Sessions[pcf.SessionKey{SUPI: s.SUPI, PDUSessionID: s.PDUSessionID}] = s.SEID
	}
	if !v.SMF.Counted {
		return v, nil
	}
	v.Store.Guarantees = make(map[uint64]store.Guarantee)
	for g, err := range c.store.GuaranteesOf(ctx, c.cfg.AMF.Name) {
		if err != nil {
			return v, err
		}
		v.Store.Guarantees[g.SEID] = g
	}
	return v, nil
}

// Audit names what procedures should not have left behind in the network functions, nothing if all is well. Alone says
// that no gNB is connected and no procedure can still run, so that no UE may be connected and no session have a user plane.
func (c *Core) Audit(alone bool) []string {
	v, err := c.View(context.Background())
	if err != nil {
		return []string{fmt.Sprintf("the store cannot be read: %v", err)}
	}
	return v.Check(alone)
}

// AuditLive is Audit for a core at work: it looks several times, and counts only what it finds each time, so that what
// is under way while it looks is no find.
func (c *Core) AuditLive(ctx context.Context) ([]string, error) {
	const looks, pause = 4, 300 * time.Millisecond
	var found []string
	for look := range looks {
		v, err := c.View(ctx)
		if err != nil {
			return nil, err
		}
		now := v.Check(false)
		if look == 0 {
			found = now
		}
		found = slices.DeleteFunc(found, func(f string) bool { return !slices.Contains(now, f) })
		if len(found) == 0 {
			return nil, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
	return found, nil
}

// Contexts returns who is registered, and the address of each session by its local F-SEID, for a comparison with the store.
func (c *Core) Contexts() (map[ident.SUPI]struct{}, map[uint64]netip.Addr) {
	sessions := make(map[uint64]netip.Addr)
	for _, s := range c.smf.Sessions() {
		sessions[s.LocalSEID] = s.Address
	}
	return c.amf.Registered(), sessions
}

// Collisions are the cells of the AMF's collision table: a running procedure, and a message that it does not wait for.
func Collisions() []amf.Collision { return amf.Collisions() }
