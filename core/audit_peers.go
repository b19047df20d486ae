package core

import (
	"fmt"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/amf"
	"github.com/limpid-5g/limpid/nf/smf"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nsmf"
)

// isElsewhere tells whether a session of the AMF lives in another core.
func isElsewhere(ref string) bool {
	core, _, err := sbi.ContextRef(ref)
	return err == nil && core != ""
}

// servedElsewhere tells whether the UE of a session is at another core.
func (v *View) servedElsewhere(n *smf.SessionView) bool {
	return n.ServingAMF != (ident.GUAMI{}) && n.ServingAMF != v.GUAMI
}

// CheckTogether names what does not agree between cores that are each other's peers: a UE is in one of them, and a session
// that stayed in one while its UE went to another is known to both.
func CheckTogether(views []View) []string {
	var found []string
	bad := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	home := make(map[ident.SUPI]string)
	ues := make(map[string]amf.SessionView) // of AMFs, by the URI
	for i := range views {
		v := &views[i]
		for _, u := range v.AMF.UEs {
			if u.Busy || !u.Registered {
				continue
			}
			if other, twice := home[u.SUPI]; twice {
				bad("%s: registered at %s and at %s", u.SUPI.Conceal(), other, v.Core)
			}
			home[u.SUPI] = v.Core
			for _, s := range u.Sessions {
				if isElsewhere(s.Ref) {
					ues[s.Ref] = s
				}
			}
		}
	}
	for i := range views {
		v := &views[i]
		for j := range v.SMF.Sessions {
			n := &v.SMF.Sessions[j]
			uri := sbi.ContextURI(v.Core, n.Ref)
			s, known := ues[uri]
			delete(ues, uri)
			switch {
			case n.Busy || n.State == smf.Released:
			case known && !v.servedElsewhere(n):
				bad("%s: the SMF of %s does not know that its UE is at %s", name(n.SUPI, n.PDUSessionID), v.Core, home[n.SUPI])
			case v.servedElsewhere(n) && !known:
				bad("%s: %s has it for AMF %s, which does not", name(n.SUPI, n.PDUSessionID), v.Core, n.ServingAMF)
			case known && s.Active != (n.UpCnxState != nsmf.Deactivated):
				bad("%s: its user plane is active at the AMF: %v, at the SMF of %s: %s", name(n.SUPI, n.PDUSessionID), s.Active, v.Core, n.UpCnxState)
			}
		}
	}
	for uri := range ues {
		bad("an AMF has %s, which its SMF has not", uri)
	}
	slices.Sort(found)
	return found
}
