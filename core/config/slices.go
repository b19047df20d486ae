package config

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/limpid-5g/limpid/ident"
)

// NSACF is the Network Slice Admission Control Function, TS 23.501 §5.15.11.
type NSACF struct {
	Slices []SliceBound `yaml:"slices"` // that have a bound; left out: none has
	// EarlyCheck is how full a slice is, in percent of its UEs, from which on it is asked before a phone is accepted: a phone
	// that is refused then does not lose what it has just got. 0: always.
	EarlyCheck int `yaml:"early_check"`
	// BackOff is how long a phone may not ask again for a slice that is full, TS 24.501 §9.11.3.75; 0: it is not told.
	BackOff Duration `yaml:"back_off"`
}

// SliceBound is how much a slice may be used; what is left out has no bound. smf.back_off.slice is how long a phone waits
// that got no session.
type SliceBound struct {
	Slice    ident.SNSSAI `yaml:"slice"`
	UEs      int          `yaml:"ues"` // registered with it at this node
	Sessions int          `yaml:"sessions"`
}

// NSSAAF is the Network Slice-Specific Authentication and Authorization Function, TS 23.501 §6.2.34.
type NSSAAF struct {
	Slices []SliceAAA `yaml:"slices"` // that authenticate their phones; left out: none does
	// Listen is where their servers may ask by themselves (RFC 5176, UDP), to revoke what they have granted or to authenticate
	// anew, such as 192.0.2.1:3799; left out: they may not. The subscribers need a GPSI.
	Listen netip.AddrPort `yaml:"listen"`
}

// SlicePhones says who is authenticated.
type SlicePhones string

// Who is: all who are subscribed to the slice, or those whose subscription says so (limpid subscriber set --authenticated-slice).
const (
	AllPhones    SlicePhones = "all"
	MarkedPhones SlicePhones = "marked"
)

// SliceAAA has the phones of a slice authenticated by a RADIUS server before they get it.
type SliceAAA struct {
	Slice  ident.SNSSAI   `yaml:"slice"`
	Phones SlicePhones    `yaml:"phones"` // all (default) or marked
	Server netip.AddrPort `yaml:"server"` // UDP, such as 192.0.2.8:1812
	Secret Secret         `yaml:"secret"` // shared with it, in hexadecimal, at least 16 octets
}

const minRADIUSSecret = 16 // RFC 2865 §3

func (v *validator) authentication() {
	if at := v.NSSAAF.Listen; at.IsValid() && (at.Addr().IsUnspecified() || at.Port() == 0) {
		v.bad("nssaaf.listen", "%s: want an address and a port, such as 192.0.2.1:3799", at)
	}
	for i, s := range v.NSSAAF.Slices {
		key := fmt.Sprintf("nssaaf.slices[%d]", i)
		v.sliceInPLMN(key+".slice", s.Slice)
		if slices.ContainsFunc(v.NSSAAF.Slices[:i], func(o SliceAAA) bool { return o.Slice == s.Slice }) {
			v.bad(key+".slice", "slice %s is there twice", s.Slice)
		}
		if s.Phones != "" && s.Phones != AllPhones && s.Phones != MarkedPhones {
			v.bad(key+".phones", "%q: want %s or %s", s.Phones, AllPhones, MarkedPhones)
		}
		if !s.Server.IsValid() || s.Server.Addr().IsUnspecified() || s.Server.Port() == 0 {
			v.bad(key+".server", "missing: want the address and port of its RADIUS server, such as 192.0.2.8:1812")
		}
		if len(s.Secret) < minRADIUSSecret {
			v.bad(key+".secret", "%d octets: want at least %d, in hexadecimal (RFC 2865 §3)", len(s.Secret), minRADIUSSecret)
		}
	}
}

func (v *validator) admission() {
	n := &v.NSACF
	if n.EarlyCheck < 0 || n.EarlyCheck > 100 {
		v.bad("nsacf.early_check", "%d %%: want 0 to 100", n.EarlyCheck)
	}
	if n.BackOff < 0 {
		v.bad("nsacf.back_off", "%v: want a duration, such as 10m, or 0 for none", n.BackOff)
	}
	for i, s := range n.Slices {
		key := fmt.Sprintf("nsacf.slices[%d]", i)
		v.sliceInPLMN(key+".slice", s.Slice)
		if slices.ContainsFunc(n.Slices[:i], func(o SliceBound) bool { return o.Slice == s.Slice }) {
			v.bad(key+".slice", "slice %s is there twice", s.Slice)
		}
		if s.UEs < 0 || s.Sessions < 0 || s.UEs+s.Sessions == 0 {
			v.bad(key, "%d UEs, %d sessions: want at least one bound above 0", s.UEs, s.Sessions)
		}
	}
}
