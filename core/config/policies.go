package config

import (
	"fmt"
	"slices"
)

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
	}
}

// ErrorAt is an error about a key of the file, for checks that only a network function can make.
func (c *Config) ErrorAt(key string, err error) error { return c.errorAt(key, "%v", err) }
