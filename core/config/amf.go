package config

import (
	"fmt"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// PowerSaving is what phones may have that makes them reachable more rarely, TS 23.501 §5.31.7.
type PowerSaving struct {
	MICO        bool     `yaml:"mico"`        // mobile initiated connection only, TS 23.501 §5.4.1.3
	ActiveTime  Duration `yaml:"active_time"` // longest T3324 in MICO mode; 0: none
	ExtendedDRX bool     `yaml:"extended_drx"`
}

// Reauthentication says when a phone must prove anew who it is although it has good keys, TS 33.501 §6.1.1.
type Reauthentication struct {
	Registrations uint32 `yaml:"registrations"` // at every so many; 0: never
	NASCount      uint32 `yaml:"nas_count"`     // at this NAS COUNT; 0: shortly before it would wrap around
}

// NetworkName is what phones show, TS 24.501 §5.4.4. Left out, they show what they know of the PLMN.
type NetworkName struct {
	Full  string `yaml:"full"`
	Short string `yaml:"short"`
	// TimeZone of the local time that phones are told, such as "Europe/Berlin"; left out: they are not told the time.
	TimeZone string `yaml:"time_zone"`
}

// RegistrationArea is tracking areas among which a phone moves without telling, TS 23.501 §5.3.2.3, at most 16, and which
// all have the same slices.
type RegistrationArea struct {
	TAIs   []TAIs         `yaml:"tais"`
	Slices []ident.SNSSAI `yaml:"slices"` // left out: those of the PLMN
}

// TAIs are tracking areas of a PLMN.
type TAIs struct {
	PLMN ident.PLMN  `yaml:"plmn"` // left out: the first of the AMF's
	TACs []ident.TAC `yaml:"tacs"`
}

// All are the tracking areas of a registration area.
func (a *RegistrationArea) All() []ident.TAI {
	var all []ident.TAI
	for _, t := range a.TAIs {
		for _, tac := range t.TACs {
			all = append(all, ident.TAI{PLMN: t.PLMN, TAC: tac})
		}
	}
	return all
}

// AMFSet is another AMF set of the region with the slices that it serves.
type AMFSet struct {
	Set    uint16         `yaml:"set"` // AMF Set ID, TS 23.003 §2.10.1
	Slices []ident.SNSSAI `yaml:"slices"`
}

// maxAMFSet is the largest AMF Set ID, TS 23.003 §2.10.1: 10 bits.
const maxAMFSet = 1<<10 - 1

// otherSets: each is another set with slices of its own.
func (v *validator) otherSets() {
	seen := map[uint16]bool{v.AMF.GUAMI.Set: true}
	for i, s := range v.AMF.OtherSets {
		key := fmt.Sprintf("amf.other_sets[%d]", i)
		switch {
		case s.Set > maxAMFSet:
			v.bad(key+".set", "%d: at most %d", s.Set, maxAMFSet)
		case seen[s.Set]:
			v.bad(key+".set", "%d is the AMF's own set, or is there twice", s.Set)
		}
		seen[s.Set] = true
		if len(s.Slices) == 0 {
			v.bad(key+".slices", "no slice: nobody would be sent there")
		}
		v.noTwice(key+".slices", s.Slices)
	}
}

// SlicesOf are the slices in a tracking area: those of its registration area, else those of its PLMN.
func (c *Config) SlicesOf(t ident.TAI) []ident.SNSSAI {
	for i := range c.AMF.RegistrationAreas {
		a := &c.AMF.RegistrationAreas[i]
		if len(a.Slices) > 0 && slices.Contains(a.All(), t) {
			return a.Slices
		}
	}
	for _, p := range c.AMF.PLMNs {
		if p.PLMN == t.PLMN {
			return p.Slices
		}
	}
	return nil
}

// InclusionMode is the number of an NSSAI inclusion mode, nil for none.
func (a *AMF) InclusionMode() *gmm.NSSAIInclusionMode {
	if len(a.NSSAIInclusionMode) != 1 {
		return nil
	}
	mode := gmm.NSSAIInclusionMode(a.NSSAIInclusionMode[0] - 'A')
	return &mode
}

// Location is the time zone, nil if phones are not told the time. The error says why there is none of that name.
func (n *NetworkName) Location() (*time.Location, error) {
	if n.TimeZone == "" {
		return nil, nil
	}
	return time.LoadLocation(n.TimeZone)
}

func (v *validator) registrations() {
	n := &v.AMF.NetworkName
	if _, err := n.Location(); err != nil {
		v.bad("amf.network_name.time_zone", "%q: want a name of the time zone database, such as Europe/Berlin: %v", n.TimeZone, err)
	}
	for _, name := range []struct{ key, text string }{{"full", n.Full}, {"short", n.Short}} {
		if _, err := (gmm.NetworkName{Name: name.text}).Append(nil); err != nil {
			v.bad("amf.network_name."+name.key, "%q: too long, at most 127 letters fit", name.text)
		}
	}
	if m := v.AMF.NSSAIInclusionMode; m != "" {
		v.oneOf("amf.nssai_inclusion_mode", m, "A", "B", "C", "D")
	}
	for i, p := range v.AMF.EquivalentPLMNs {
		if j := slices.Index(v.AMF.EquivalentPLMNs[:i], p); j >= 0 {
			v.bad(fmt.Sprintf("amf.equivalent_plmns[%d]", i), "%s is there twice", p)
		}
	}
	if len(v.AMF.EquivalentPLMNs) > maxEquivalentPLMNs+1 {
		v.bad("amf.equivalent_plmns", "%d networks: at most %d fit beside the present one (TS 24.501 §9.11.3.45)", len(v.AMF.EquivalentPLMNs), maxEquivalentPLMNs)
	}
	if n := v.AMF.Reauthentication.NASCount; n != 0 && (n < minNASCount || n > maxNASCount) {
		v.bad("amf.reauthentication.nas_count", "%d: want %d to %d", n, minNASCount, maxNASCount)
	}
	v.registrationAreas()
	v.otherSets()
	if v.AMF.T3512 != 0 && v.AMF.ImplicitDeregistration == 0 {
		v.bad("amf.implicit_deregistration", "0 would deregister a UE as soon as it is late: want minutes, such as 4m")
	}
}

const (
	maxEquivalentPLMNs = 15
	minNASCount        = 16            // a registration with a session takes less
	maxNASCount        = 1<<24 - 1<<12 // some must be left for the authentication itself
)

// registrationAreas: each tracking area is one that the AMF serves, in one area, and its area fits in a message.
func (v *validator) registrationAreas() {
	taken := make(map[ident.TAI]string)
	for i := range v.AMF.RegistrationAreas {
		a, key := &v.AMF.RegistrationAreas[i], fmt.Sprintf("amf.registration_areas[%d]", i)
		all := a.All()
		if len(all) == 0 || len(all) > maxTAIs {
			v.bad(key+".tais", "%d tracking areas, want 1 to %d (TS 24.501 §9.11.3.9)", len(all), maxTAIs)
		}
		for _, t := range all {
			if other, twice := taken[t]; twice {
				v.bad(key+".tais", "%s is in %s already", t, other)
			}
			taken[t] = key
			p := slices.IndexFunc(v.AMF.PLMNs, func(p PLMN) bool { return p.PLMN == t.PLMN })
			if p < 0 || !slices.Contains(v.AMF.PLMNs[p].TACs, t.TAC) {
				v.bad(key+".tais", "%s is none of amf.plmns tacs", t)
				continue
			}
			for j, s := range a.Slices {
				if !slices.Contains(v.AMF.PLMNs[p].Slices, s) {
					v.bad(fmt.Sprintf("%s.slices[%d]", key, j), "slice %s is none of PLMN %s", s, t.PLMN)
				}
			}
			if t.PLMN != all[0].PLMN && !(slices.Contains(v.AMF.EquivalentPLMNs, t.PLMN) && slices.Contains(v.AMF.EquivalentPLMNs, all[0].PLMN)) {
				v.bad(key+".tais", "PLMNs %s and %s in one area: a phone moves between them only if both are in amf.equivalent_plmns", all[0].PLMN, t.PLMN)
			}
		}
		v.noTwice(key+".slices", a.Slices)
	}
	v.restAreas(taken)
}

// restAreas: what is in no area of its own is one area of the PLMN, which must fit too.
func (v *validator) restAreas(taken map[ident.TAI]string) {
	for i, p := range v.AMF.PLMNs {
		rest := 0
		for _, t := range p.TACs {
			if _, is := taken[ident.TAI{PLMN: p.PLMN, TAC: t}]; !is {
				rest++
			}
		}
		if rest > maxTAIs {
			v.bad(fmt.Sprintf("amf.plmns[%d].tacs", i), "%d tracking areas in no amf.registration_areas are one area together: at most %d fit (TS 24.501 §9.11.3.9)", rest, maxTAIs)
		}
	}
}
