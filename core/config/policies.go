package config

import (
	"fmt"
	"slices"
	"time"
)

// maxRQTimer is what a GPRS timer can say, TS 24.008 §10.5.7.3.
const maxRQTimer = 31 * 6 * time.Minute

// policies checks what refers to another part of the file. The rules themselves are read by the PCF, which checks
// them as a whole.
func (v *validator) policies() {
	if v.PCF.RFSPIndex > 256 {
		v.bad("pcf.rfsp_index", "%d: want 1 to 256, or 0 for the subscribed one (TS 29.571 §5.4.2)", v.PCF.RFSPIndex)
	}
	for i, p := range v.PCF.SessionPolicies {
		key := fmt.Sprintf("pcf.session_policies[%d]", i)
		at := v.dnn(p.DNN)
		if at < 0 {
			v.bad(key+".dnn", "%q is none of smf.dnns", p.DNN)
		} else if p.Slice != nil && !slices.Contains(v.SMF.DNNs[at].Slices, *p.Slice) {
			v.bad(key+".slice", "slice %s is none of smf.dnns[%d].slices", p.Slice, at)
		}
		if t := time.Duration(p.ReflectiveQoSTimer); t%time.Second != 0 || t > maxRQTimer {
			v.bad(key+".reflective_qos_timer", "%v: want whole seconds, at most %v", t, maxRQTimer)
		}
	}
	for i, g := range v.SMF.Guaranteed {
		key := fmt.Sprintf("smf.guaranteed[%d]", i)
		if g.DNN == "" && g.Slice == nil && g.UPF == "" {
			v.bad(key, "names nothing: want a dnn, a slice or a upf")
		}
		if g.DNN != "" && v.dnn(g.DNN) < 0 {
			v.bad(key+".dnn", "%q is none of smf.dnns", g.DNN)
		}
		if g.Slice != nil {
			v.sliceInPLMN(key+".slice", *g.Slice)
		}
		if g.UPF != "" && !slices.ContainsFunc(v.SMF.UPFs, func(u UPFPeer) bool { return u.Name == g.UPF }) {
			v.bad(key+".upf", "%q is none of smf.upfs", g.UPF)
		}
		if g.Maximum == (AMBR{}) {
			v.bad(key+".maximum", "missing: want an uplink or a downlink bit rate")
		}
	}
}

// ErrorAt is an error about a key of the file, for checks that only a network function can make.
func (c *Config) ErrorAt(key string, err error) error { return c.errorAt(key, "%v", err) }
