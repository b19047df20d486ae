package subscriber

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/limpid-5g/limpid/store"
)

// sessionTypes reads PDU session types, TS 29.571 §5.4.3.3, in any case.
func (p *parser) sessionTypes(names []string) []store.SessionType {
	if len(names) == 0 {
		return []store.SessionType{store.IPv4}
	}
	list := make([]store.SessionType, len(names))
	for i, name := range names {
		list[i] = store.SessionType(strings.ToUpper(strings.TrimSpace(name)))
	}
	return list
}

func (p *parser) sscModes(digits []string) []uint8 {
	if len(digits) == 0 {
		return []uint8{1}
	}
	list := make([]uint8, len(digits))
	for i, d := range digits {
		list[i] = p.octet("SSC mode", strings.TrimSpace(d))
	}
	return list
}

// protection reads required, preferred or not-needed, in any case.
func (p *parser) protection(of, s string) store.UPProtection {
	switch u := store.UPProtection(strings.ReplaceAll(strings.ToUpper(s), "-", "_")); u {
	case "", store.UPRequired, store.UPPreferred, store.UPNotNeeded:
		return u
	}
	p.fail(fmt.Errorf("user plane %s %q: want required, preferred or not-needed", of, s))
	return ""
}

func (p *parser) prefix(what, s string) netip.Prefix {
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		p.fail(fmt.Errorf("%s %q: want a prefix such as 2001:db8:1:2::/64", what, s))
	}
	return prefix
}
