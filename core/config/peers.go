package config

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"

	"github.com/limpid-5g/limpid/ident"
)

// SBI is where the network functions of this core serve those of its peers over HTTP/2, TS 29.500 §5.1, with mutual TLS.
type SBI struct {
	Address netip.AddrPort `yaml:"address"`
	// Certificate and Key are PEM files of this core, whose certificate names it as its peers do; CA is that of all peers.
	Certificate string `yaml:"certificate"`
	Key         string `yaml:"key"`
	CA          string `yaml:"ca"`
}

// OpenPEM opens the three files of SBI, by their keys: certificate, key, ca.
func (c *Config) OpenPEM() (map[string]*os.File, error) {
	files := make(map[string]*os.File)
	for key, name := range map[string]string{"certificate": c.SBI.Certificate, "key": c.SBI.Key, "ca": c.SBI.CA} {
		f, err := os.Open(name)
		if err != nil {
			for _, open := range files {
				err = errors.Join(err, open.Close())
			}
			return nil, c.ErrorAt("sbi."+key, err)
		}
		files[key] = f
	}
	return files, nil
}

// Core is another core of the operator: UEs move between its AMF and this one, over N14, TS 23.501 §4.2.7.
type Core struct {
	Name    string         `yaml:"name"` // the name in its own file, and in its certificate
	Address netip.AddrPort `yaml:"address"`
	GUAMI   GUAMI          `yaml:"guami"` // of its AMF; plmn left out: that of this one
	// TAIs are where handovers go to its AMF; left out: phones come and go by registration alone.
	TAIs []TAIs `yaml:"tais"`
}

// All are the tracking areas for which the core is the target of handovers.
func (c *Core) All() []ident.TAI { return (&RegistrationArea{TAIs: c.TAIs}).All() }

func (c *Config) derivePeers() {
	for i := range c.Peers {
		p := &c.Peers[i]
		if p.GUAMI.PLMN == (ident.PLMN{}) {
			p.GUAMI.PLMN = c.AMF.GUAMI.PLMN
		}
		for j := range p.TAIs {
			if t := &p.TAIs[j]; t.PLMN == (ident.PLMN{}) {
				t.PLMN = p.GUAMI.PLMN
			}
		}
	}
}

func (v *validator) peers() {
	for i := range v.Peers {
		v.peer(i, fmt.Sprintf("peers[%d]", i))
	}
	s := &v.SBI
	if len(v.Peers) > 0 && !s.Address.IsValid() {
		v.bad("sbi.address", "missing: peers reach this core at an address and port, such as 192.0.2.1:8443")
	}
	if !s.Address.IsValid() {
		return
	}
	for _, f := range []struct{ key, value, what string }{
		{"certificate", s.Certificate, "certificate"}, {"key", s.Key, "private key"}, {"ca", s.CA, "certificate of who signed those of the peers"},
	} {
		if f.value == "" {
			v.bad("sbi."+f.key, "missing: want the PEM file with the %s; what goes between cores holds keys and is never sent without TLS", f.what)
		}
	}
}

func (v *validator) peer(i int, key string) {
	p := &v.Peers[i]
	switch {
	case p.Name == "":
		v.bad(key+".name", "missing: want the name in the other core's file")
	case p.Name == v.Name:
		v.bad(key+".name", "%q is the name of this core: a core is no peer of itself", p.Name)
	case slices.ContainsFunc(v.Peers[:i], func(q Core) bool { return q.Name == p.Name }):
		v.bad(key+".name", "%q is there twice", p.Name)
	}
	if !p.Address.IsValid() {
		v.bad(key+".address", "missing: want the sbi.address of that core, such as 192.0.2.2:8443")
	}
	switch {
	case p.GUAMI == v.AMF.GUAMI:
		v.bad(key+".guami", "it is that of this core's AMF: two AMFs of a set differ in their pointers (TS 23.003 §2.10.1)")
	case slices.ContainsFunc(v.Peers[:i], func(q Core) bool { return q.GUAMI == p.GUAMI }):
		v.bad(key+".guami", "another peer has it")
	case p.GUAMI.Set > 1023 || p.GUAMI.Pointer > 63:
		v.bad(key+".guami", "want a set of 0 to 1023 and a pointer of 0 to 63 (TS 23.003 §2.10.1)")
	}
	for _, t := range p.All() {
		for j := range v.Peers[:i] {
			if slices.Contains(v.Peers[j].All(), t) {
				v.bad(key+".tais", "%s is in peers[%d] already: a handover has one target AMF", t, j)
			}
		}
	}
}
