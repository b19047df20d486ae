package core

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/amf"
	"github.com/limpid-5g/limpid/nf/pcf"
	"github.com/limpid-5g/limpid/nf/smf"
	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/store"
)

// checker compares the parts of a View.
type checker struct {
	*View
	found []string
	ues   map[ident.SUPI]*amf.UEView
	refs  map[string]*smf.SessionView
	seids map[uint64]*upf.SessionView
}

func (c *checker) bad(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
}

// Check names what does not agree between the network functions and the store. UEs and sessions that are busy are left
// out. Alone is that of Audit.
func (v *View) Check(alone bool) []string {
	c := &checker{View: v, ues: make(map[ident.SUPI]*amf.UEView), refs: make(map[string]*smf.SessionView), seids: make(map[uint64]*upf.SessionView)}
	for _, f := range v.Found {
		c.bad("AMF: %s", f)
	}
	for i := range v.AMF.UEs {
		c.ues[v.AMF.UEs[i].SUPI] = &v.AMF.UEs[i]
	}
	for i := range v.SMF.Sessions {
		c.refs[v.SMF.Sessions[i].Ref] = &v.SMF.Sessions[i]
	}
	if v.UPF != nil {
		for i := range v.UPF.Sessions {
			c.seids[v.UPF.Sessions[i].SEID] = &v.UPF.Sessions[i]
		}
		for _, f := range v.UPF.Found {
			c.bad("UPF: %s", f)
		}
	}
	if n := v.AMF.Panics + v.SMF.Panics; n > 0 {
		c.bad("%d procedures ended in a panic", n)
	}
	c.sessionsOfUEs()
	c.uesOfSessions()
	c.userPlane()
	c.charges()
	c.addresses()
	c.policies()
	c.admissions()
	c.registrations()
	c.stored()
	c.guarantees()
	c.timers()
	if alone {
		c.alone()
	}
	slices.Sort(c.found)
	return c.found
}

func name(supi ident.SUPI, id uint8) string { return fmt.Sprintf("%s session %d", supi.Conceal(), id) }

// sessionsOfUEs: every session of the AMF is one of the SMF, and both say the same of its user plane.
func (c *checker) sessionsOfUEs() {
	for supi, u := range c.ues {
		for _, s := range u.Sessions {
			n := c.refs[s.Ref]
			switch {
			case isElsewhere(s.Ref): // see CheckTogether
			case n == nil || n.State == smf.Released:
				c.bad("%s: the AMF has it and the SMF does not", name(supi, s.ID))
			case n.Busy:
			case n.SUPI != supi || n.PDUSessionID != s.ID:
				c.bad("%s: the AMF's reference leads to %s", name(supi, s.ID), name(n.SUPI, n.PDUSessionID))
			case n.State == smf.Active && s.Active != (n.UpCnxState == nsmf.Activated || n.UpCnxState == nsmf.Activating):
				c.bad("%s: its user plane is active at the AMF: %v, at the SMF: %s", name(supi, s.ID), s.Active, n.UpCnxState)
			}
		}
	}
}

// uesOfSessions: every session of the SMF is one of a registered UE.
func (c *checker) uesOfSessions() {
	seen := make(map[pcf.SessionKey]bool)
	for _, n := range c.refs {
		u := c.ues[n.SUPI]
		switch {
		case c.servedElsewhere(n): // see CheckTogether
			continue
		case n.Busy || n.State == smf.Released || u != nil && u.Busy:
			continue
		case u == nil || !u.Registered:
			c.bad("%s: the SMF has it and its UE is not registered", name(n.SUPI, n.PDUSessionID))
		case !slices.ContainsFunc(u.Sessions, func(s amf.SessionView) bool { return s.Ref == n.Ref }):
			c.bad("%s: the SMF has it and the AMF does not", name(n.SUPI, n.PDUSessionID))
		}
		key := pcf.SessionKey{SUPI: n.SUPI, PDUSessionID: n.PDUSessionID}
		if seen[key] {
			c.bad("%s: the SMF has it twice", name(n.SUPI, n.PDUSessionID))
		}
		seen[key] = true
		if n.State != smf.Active {
			c.bad("%s: at rest while it is %s", name(n.SUPI, n.PDUSessionID), n.State)
		}
	}
}

// userPlane: SMF and UPF agree on every session, its address and its tunnels, and the UPF has no others of this SMF but those that
// the SMF is about to delete.
func (c *checker) userPlane() {
	if c.UPF == nil || c.SMF.Down[c.Own] {
		return
	}
	known, moving := make(map[uint64]bool), make(map[uint64]bool) // by the UPF's SEID, by the SMF's
	for _, n := range c.refs {
		if n.Busy {
			moving[n.LocalSEID] = true // on its way to the UPF, or from it
		}
		if n.UPF != c.Own || !n.OnUPF {
			continue
		}
		known[n.RemoteSEID] = true
		if !n.Busy && !n.Unsynced {
			c.onUPF(n, c.seids[n.RemoteSEID])
		}
	}
	for _, l := range c.SMF.Leftovers {
		known[l.RemoteSEID], moving[l.LocalSEID] = true, true
	}
	for seid, s := range c.seids {
		if !known[seid] && !moving[s.CPSEID] && s.Node == c.N4 {
			c.bad("UPF session %#x of the SMF's %#x: the UPF has it and the SMF does not", seid, s.CPSEID)
		}
	}
}

func (c *checker) onUPF(n *smf.SessionView, s *upf.SessionView) {
	at := name(n.SUPI, n.PDUSessionID)
	if s == nil {
		c.bad("%s: the SMF has it on the UPF and the UPF does not", at)
		return
	}
	if s.CPSEID != n.LocalSEID {
		c.bad("%s: the UPF's session is that of another: %#x, want %#x", at, s.CPSEID, n.LocalSEID)
	}
	if n.Address.Is4() && s.UE != n.Address {
		c.bad("%s: address %v at the SMF, %v at the UPF", at, n.Address, s.UE)
	}
	if !slices.Contains(s.TEIDs, n.UplinkTEID) {
		c.bad("%s: its tunnel at the UPF is %#x for the SMF and one of %#x for the UPF", at, n.UplinkTEID, s.TEIDs)
	}
	if s.QERs != n.QERs || s.URRs != n.URRs {
		c.bad("%s: it has %d QERs and %d URRs at the UPF, and %d and %d at the SMF", at, s.QERs, s.URRs, n.QERs, n.URRs)
	}
	gnb := upf.Peer{Address: n.GNBAddress, TEID: n.GNBTEID}
	switch {
	case n.GNBAddress.IsValid() && !slices.Contains(s.Peers, gnb):
		c.bad("%s: the UPF does not send to the gNB's tunnel", at)
	case !n.GNBAddress.IsValid() && len(s.Peers) > 0:
		c.bad("%s: the UPF sends to a tunnel of a gNB and the SMF knows none", at)
	case !n.GNBAddress.IsValid() && !s.Buffers:
		c.bad("%s: without a tunnel to a gNB the UPF does not buffer", at)
	}
}

// charges: no two sessions are charged under one identifier.
func (c *checker) charges() {
	of := make(map[string]string)
	for _, n := range c.refs {
		at := name(n.SUPI, n.PDUSessionID)
		if other, taken := of[n.ChargingID]; taken && n.ChargingID != "" {
			c.bad("sessions %q and %q are charged as %s", min(at, other), max(at, other), n.ChargingID)
		}
		of[n.ChargingID] = at
	}
}

// addressesOfSession is how many addresses a session has at most.
const addressesOfSession = 2

// addresses: each belongs to one session, and the pools count no others.
func (c *checker) addresses() {
	owners := make(map[string]string)
	perDNN := make(map[ident.DNN]uint32)
	busy := false
	for _, l := range c.SMF.Leftovers {
		perDNN[l.DNN] += l.Addresses
	}
	for _, n := range c.refs {
		if n.Busy { // it may have what it does not show yet
			busy = true
			perDNN[n.DNN] += addressesOfSession
			continue
		}
		for _, a := range []netip.Addr{n.Address, n.Prefix.Addr()} {
			if !a.IsValid() {
				continue
			}
			key := string(n.DNN) + " " + a.String()
			if other, taken := owners[key]; taken {
				c.bad("%s: it has the address of %s", name(n.SUPI, n.PDUSessionID), other)
			}
			owners[key] = name(n.SUPI, n.PDUSessionID)
			perDNN[n.DNN]++
		}
	}
	for dnn, used := range c.SMF.Addresses {
		if used > perDNN[dnn] {
			c.bad("DNN %s: %d addresses are allotted and sessions have %d", dnn, used, perDNN[dnn])
		}
	}
	if busy {
		return
	}
	for _, g := range c.SMF.Guaranteed {
		if g.Granted != g.Held {
			c.bad("%s: %d/%d bit/s are granted and sessions hold %d/%d", g.Bound, g.Granted.Uplink, g.Granted.Downlink, g.Held.Uplink, g.Held.Downlink)
		}
	}
}

// policies: each registered UE and each session has its association, and the PCF has no others.
func (c *checker) policies() {
	for supi, u := range c.ues {
		if !u.Busy && u.Registered && u.Policy != "" && c.PCF.AM[supi] != u.Policy {
			c.bad("%s: the PCF does not have the AM policy association of the AMF", supi.Conceal())
		}
	}
	for supi := range c.PCF.AM {
		if u := c.ues[supi]; u == nil || !u.Busy && !u.Registered {
			c.bad("%s: an AM policy association without a registered UE", supi.Conceal())
		}
	}
	mine := make(map[pcf.SessionKey]bool)
	for _, n := range c.refs {
		key := pcf.SessionKey{SUPI: n.SUPI, PDUSessionID: n.PDUSessionID}
		mine[key] = true
		if !n.Busy && n.State == smf.Active && c.PCF.SM[key] != n.PolicyID {
			c.bad("%s: the PCF does not have the SM policy association of the SMF", name(n.SUPI, n.PDUSessionID))
		}
	}
	for key := range c.PCF.SM {
		if u := c.ues[key.SUPI]; !mine[key] && (u == nil || !u.Busy) {
			c.bad("%s: an SM policy association without a session", name(key.SUPI, key.PDUSessionID))
		}
	}
}

// registrations: the UDM knows of the UEs and sessions that there are, and of no others.
func (c *checker) registrations() {
	amfOf, smfOf := make(map[ident.SUPI]bool), make(map[pcf.SessionKey]bool)
	for _, r := range c.UDM {
		amfOf[r.SUPI] = r.AMF != ""
		for _, id := range r.SMFs {
			smfOf[pcf.SessionKey{SUPI: r.SUPI, PDUSessionID: id}] = true
		}
	}
	for supi, u := range c.ues {
		if !u.Busy && u.Registered && !amfOf[supi] {
			c.bad("%s: registered and the UDM does not know it", supi.Conceal())
		}
	}
	for supi, there := range amfOf {
		if u := c.ues[supi]; there && (u == nil || !u.Busy && !u.Registered) {
			c.bad("%s: the UDM has it registered and the AMF does not", supi.Conceal())
		}
	}
	for _, n := range c.refs {
		key := pcf.SessionKey{SUPI: n.SUPI, PDUSessionID: n.PDUSessionID}
		if !n.Busy && n.State == smf.Active && n.Registered && !smfOf[key] {
			c.bad("%s: the UDM does not know its SMF", name(n.SUPI, n.PDUSessionID))
		}
		delete(smfOf, key)
	}
	for key := range smfOf {
		if u := c.ues[key.SUPI]; u == nil || !u.Busy {
			c.bad("%s: the UDM knows an SMF for it and there is no session", name(key.SUPI, key.PDUSessionID))
		}
	}
}

// stored: what is on disk is what there is.
func (c *checker) stored() {
	if c.Store == nil {
		return
	}
	for supi, u := range c.ues {
		if tmsi, there := c.Store.UEs[supi]; !u.Busy && u.Registered && (!there || tmsi != u.TMSI) {
			c.bad("%s: registered and not in the store with its 5G-TMSI", supi.Conceal())
		}
	}
	for supi := range c.Store.UEs {
		if u := c.ues[supi]; u == nil || !u.Busy && !u.Registered {
			c.bad("%s: in the store and not registered", supi.Conceal())
		}
	}
	mine := make(map[pcf.SessionKey]bool)
	for _, n := range c.refs {
		key := pcf.SessionKey{SUPI: n.SUPI, PDUSessionID: n.PDUSessionID}
		mine[key] = true
		if !n.Busy && n.State == smf.Active && c.Store.Sessions[key] != n.LocalSEID {
			c.bad("%s: not in the store", name(n.SUPI, n.PDUSessionID))
		}
	}
	for key := range c.Store.Sessions {
		if u := c.ues[key.SUPI]; !mine[key] && (u == nil || !u.Busy) {
			c.bad("%s: in the store and the SMF does not have it", name(key.SUPI, key.PDUSessionID))
		}
	}
}

// guarantees: the store counts what each session has of the bounds that all nodes share, where it has it, and nothing of others.
func (c *checker) guarantees() {
	if c.Store == nil || c.Store.Guarantees == nil {
		return
	}
	here := make(map[uint64]bool)
	for _, n := range c.refs {
		here[n.LocalSEID] = true
		g, has := c.Store.Guarantees[n.LocalSEID], n.Guaranteed
		switch {
		case n.Busy || c.SMF.Uncounted[n.LocalSEID]:
		case g.Uplink != has.Uplink || g.Downlink != has.Downlink:
			c.bad("%s: %d/%d bit/s are guaranteed, and %d/%d counted in the store", name(n.SUPI, n.PDUSessionID), has.Uplink, has.Downlink, g.Uplink, g.Downlink)
		case !g.None() && (g.Place != store.GuaranteePlace{DNN: n.DNN, Slice: n.SNSSAI, UPF: n.UPF}):
			c.bad("%s: its guaranteed bit rate is counted at %+v", name(n.SUPI, n.PDUSessionID), g.Place)
		}
	}
	for seid, g := range c.Store.Guarantees {
		if u := c.ues[g.SUPI]; !here[seid] && !c.SMF.Uncounted[seid] && (u == nil || !u.Busy) {
			c.bad("%s: %d/%d bit/s guaranteed are counted in the store and there is no session", name(g.SUPI, g.PDUSessionID), g.Uplink, g.Downlink)
		}
	}
}

// timers: no more idle timers run than UEs have.
func (c *checker) timers() {
	mine, busy := 0, 0
	for _, u := range c.ues {
		switch {
		case u.Busy:
			busy++
		case u.IdleTimer:
			mine++
		}
	}
	if c.AMF.Timers > mine+busy {
		c.bad("AMF: %d idle timers run and UEs have %d", c.AMF.Timers, mine)
	}
}

// alone: nobody is connected and nothing is under way.
func (c *checker) alone() {
	if h := c.Held; h.GNBs+h.Connections+h.Releasing+h.Busy+h.Connected > 0 || h.Contexts != h.Registered {
		c.bad("AMF alone: %+v", h)
	}
	if n := c.AMF.Procedure + c.SMF.Procedures; n > 0 {
		c.bad("%d procedures run and nobody is there", n)
	}
	for _, n := range c.refs {
		if n.State != smf.Active || n.UpCnxState != nsmf.Deactivated || n.GNBAddress.IsValid() {
			c.bad("%s: alone it is %s, its user plane %s", name(n.SUPI, n.PDUSessionID), n.State, n.UpCnxState)
		}
	}
}
