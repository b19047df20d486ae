package core

import (
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/nsacf"
	"github.com/limpid-5g/limpid/nf/smf"
)

// admissions: the NSACF counts the registered UEs and the sessions of each bounded slice, and nobody else.
func (c *checker) admissions() {
	for i := range c.NSACF {
		s := &c.NSACF[i]
		if s.UEs > 0 {
			c.admittedUEs(s)
		}
		if s.Slice.Sessions > 0 {
			c.admittedSessions(s)
		}
	}
}

func (c *checker) admittedUEs(s *nsacf.SliceView) {
	counted := make(map[ident.SUPI]bool, len(s.In))
	for _, supi := range s.In {
		counted[supi] = true
		if u := c.ues[supi]; u == nil || !u.Busy && !(u.Registered && slices.Contains(u.Allowed, s.SNSSAI)) {
			c.bad("%s: the NSACF counts it in slice %s and it is not registered with it", supi.Conceal(), s.SNSSAI)
		}
	}
	for supi, u := range c.ues {
		if !u.Busy && u.Registered && slices.Contains(u.Allowed, s.SNSSAI) && !counted[supi] {
			c.bad("%s: registered with slice %s and the NSACF does not count it", supi.Conceal(), s.SNSSAI)
		}
	}
}

func (c *checker) admittedSessions(s *nsacf.SliceView) {
	counted := make(map[nsacf.Session]bool, len(s.Held))
	for _, h := range s.Held {
		counted[h] = true
	}
	there := make(map[nsacf.Session]bool)
	for _, n := range c.refs {
		key := nsacf.Session{SUPI: n.SUPI, PDUSessionID: n.PDUSessionID}
		there[key] = there[key] || n.SNSSAI == s.SNSSAI
		if !n.Busy && n.State == smf.Active && n.SNSSAI == s.SNSSAI && !counted[key] {
			c.bad("%s: in slice %s and the NSACF does not count it", name(n.SUPI, n.PDUSessionID), s.SNSSAI)
		}
	}
	for key := range counted {
		if !there[key] {
			c.bad("%s: the NSACF counts it in slice %s and there is no session", name(key.SUPI, key.PDUSessionID), s.SNSSAI)
		}
	}
}
