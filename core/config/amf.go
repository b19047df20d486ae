package config

import (
	"time"

	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// PowerSaving is what phones may have that makes them reachable more rarely, TS 23.501 §5.31.7.
type PowerSaving struct {
	MICO        bool     `yaml:"mico"`        // mobile initiated connection only, TS 23.501 §5.4.1.3
	ActiveTime  Duration `yaml:"active_time"` // longest T3324 in MICO mode; 0: none
	ExtendedDRX bool     `yaml:"extended_drx"`
}

// NetworkName is what phones show, TS 24.501 §5.4.4. Left out, they show what they know of the PLMN.
type NetworkName struct {
	Full  string `yaml:"full"`
	Short string `yaml:"short"`
	// TimeZone of the local time that phones are told, such as "Europe/Berlin"; left out: they are not told the time.
	TimeZone string `yaml:"time_zone"`
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
	if v.AMF.T3512 != 0 && v.AMF.ImplicitDeregistration == 0 {
		v.bad("amf.implicit_deregistration", "0 would deregister a UE as soon as it is late: want minutes, such as 4m")
	}
}
