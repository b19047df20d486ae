package core

import (
	"fmt"
	"net/netip"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/smf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
)

// Audit names what procedures should not have left behind in the network functions, nothing if all is well. Alone says
// that no gNB is connected and no procedure can still run, so that no UE may be connected and no session have a user plane.
func (c *Core) Audit(alone bool) []string {
	var found []string
	for _, f := range c.amf.Audit() {
		found = append(found, "AMF: "+f)
	}
	if n := c.amf.Panics(); n > 0 {
		found = append(found, fmt.Sprintf("AMF: %d panics", n))
	}
	if !alone {
		return found
	}
	held, sessions := c.amf.Snapshot(), c.smf.Sessions()
	if held.GNBs+held.Connections+held.Releasing+held.Busy+held.Connected > 0 || held.Contexts != held.Registered {
		found = append(found, fmt.Sprintf("AMF alone: %+v", held))
	}
	if len(sessions) != held.Sessions {
		found = append(found, fmt.Sprintf("SMF has %d sessions and the AMF knows of %d", len(sessions), held.Sessions))
	}
	for _, s := range sessions {
		if s.State != smf.Active || s.UpCnxState == nsmf.Activated || s.GNBTEID != 0 {
			found = append(found, fmt.Sprintf("SMF alone: session %d is %s, its user plane %s", s.PDUSessionID, s.State, s.UpCnxState))
		}
	}
	return found
}

// Contexts returns who is registered, and the address of each session by its local F-SEID, for a comparison with the store.
func (c *Core) Contexts() (map[ident.SUPI]struct{}, map[uint64]netip.Addr) {
	sessions := make(map[uint64]netip.Addr)
	for _, s := range c.smf.Sessions() {
		sessions[s.LocalSEID] = s.Address
	}
	return c.amf.Registered(), sessions
}
