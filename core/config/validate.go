package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/ident"
)

// minTakeover leaves a node several chances to say that it lives.
const minTakeover = Duration(time.Second)

const (
	defaultMTU     = 1400
	minMTU, maxMTU = 1280, 9000
	minPoolBits    = 8
	maxPoolBits    = 30
	minPool6Bits   = 40
	maxPool6Bits   = 63
	maxPools       = 16
	maxTAIs        = 16      // in a registration area, TS 24.501 §9.11.3.9
	maxSlices      = 1024    // per TAI, TS 38.413 §9.3.1.17
	maxPLMNs       = 12      // served by one AMF, TS 38.413 §9.2.6.2
	maxName        = 150     // AMF name, TS 38.413 §9.3.3.21
	maxUEs         = 1 << 20 // addresses that one UPF can tell apart by the slot of their tunnel
)

// validator collects what is wrong with values that are each of the right type.
type validator struct {
	*Config
	errs Errors
}

func (v *validator) bad(key, format string, args ...any) {
	v.errs = append(v.errs, v.errorAt(key, format, args...))
}

// validate tells every contradiction. The error is Errors.
func (c *Config) validate() error {
	v := &validator{Config: c}
	v.common()
	v.processes()
	if c.Store.Path == "" {
		v.bad("store.path", "want the name of a file")
	}
	if url := string(c.Store.URL); url != "" && !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		v.bad("store.url", "want a URL such as postgres://limpid@db.example/limpid?sslmode=verify-full")
	}
	if t := v.Store.Takeover; t != 0 && t < minTakeover {
		v.bad("store.takeover", "%v: a node that is busy would be taken for dead: want at least %v, or 0 for never", t, minTakeover)
	}
	v.amf()
	v.registrations()
	v.reachability()
	v.n2()
	v.plmns()
	v.algorithms()
	v.homeNetworkKeys()
	v.policies()
	v.admission()
	v.authentication()
	v.n4()
	v.dnns()
	v.tuns()
	v.peers()
	return v.errs.inOrder()
}

func (v *validator) oneOf(key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		v.bad(key, "%q: want one of %v", value, allowed)
	}
}

func (v *validator) amf() {
	if len(v.AMF.Name) > maxName {
		v.bad("amf.name", "%d characters, at most %d fit (TS 38.413 §9.3.3.21)", len(v.AMF.Name), maxName)
	}
	g := v.AMF.GUAMI
	if g.Set > 1023 {
		v.bad("amf.guami.set", "%d: an AMF set has 10 bits, want 0 to 1023 (TS 23.003 §2.10.1)", g.Set)
	}
	if g.Pointer > 63 {
		v.bad("amf.guami.pointer", "%d: an AMF pointer has 6 bits, want 0 to 63 (TS 23.003 §2.10.1)", g.Pointer)
	}
	if len(v.AMF.PLMNs) > 0 && !slices.ContainsFunc(v.AMF.PLMNs, func(p PLMN) bool { return p.PLMN == g.PLMN }) {
		v.bad("amf.guami.plmn", "%s is none of amf.plmns", g.PLMN)
	}
	if v.AMF.MaxProcedures < 1 {
		v.bad("amf.max_procedures", "%d: want at least 1", v.AMF.MaxProcedures)
	}
}

func (v *validator) n2() {
	n := v.AMF.N2
	if !n.Address.IsValid() {
		v.bad("amf.n2.address", "missing: want the address at which gNBs reach the AMF")
	}
	if n.Port == 0 {
		v.bad("amf.n2.port", "0 is no port, 38412 is the AMF's (TS 38.412 §7)")
	}
	if n.UDPPort == 0 {
		v.bad("amf.n2.udp_port", "0 is no port, 9899 is the encapsulation's (RFC 6951 §4.1)")
	}
	if n.MessageRate < 0 {
		v.bad("amf.n2.message_rate", "%d: want the messages per second taken from one gNB, or 0 for no bound", n.MessageRate)
	}
	v.oneOf("amf.n2.sctp", n.SCTP, "auto", "kernel", "raw", "udp")
	v.furtherN2(&n)
}

// furtherN2: an address of the AMF is there once, and is one that gNBs can be told.
func (v *validator) furtherN2(n *N2) {
	seen := map[netip.AddrPort]bool{netip.AddrPortFrom(n.Address, n.Port): true}
	if len(n.Further) > 0 && n.Address.IsUnspecified() {
		v.bad("amf.n2.address", "%s: with amf.n2.further gNBs are told the addresses, so it must be one", n.Address)
	}
	if len(n.Further) > maxFurtherN2 {
		v.bad("amf.n2.further", "%d addresses, want at most %d (TS 38.413 §9.2.6.7)", len(n.Further), maxFurtherN2)
	}
	for i, f := range n.Further {
		key := fmt.Sprintf("amf.n2.further[%d]", i)
		if !f.Address.IsValid() || f.Address.IsUnspecified() {
			v.bad(key+".address", "missing: want an address of this machine that gNBs reach")
		}
		at := f.AddrPort(n)
		if seen[at] {
			v.bad(key+".address", "%s is there already", at)
		}
		seen[at] = true
		if f.Usage != "" {
			v.oneOf(key+".usage", f.Usage, "both", "ue", "non-ue")
		}
	}
}

// maxFurtherN2 leaves room for the first: maxnoofTNLAssociations is 32, TS 38.413 §9.2.6.7.
const maxFurtherN2 = 31

func (v *validator) plmns() {
	if len(v.AMF.PLMNs) == 0 || len(v.AMF.PLMNs) > maxPLMNs {
		v.bad("amf.plmns", "%d networks, want 1 to %d", len(v.AMF.PLMNs), maxPLMNs)
	}
	for i, p := range v.AMF.PLMNs {
		key := fmt.Sprintf("amf.plmns[%d]", i)
		if p.PLMN == (ident.PLMN{}) {
			v.bad(key+".plmn", "missing: want MCC and MNC, such as \"00101\"")
		}
		if j := slices.IndexFunc(v.AMF.PLMNs[:i], func(q PLMN) bool { return q.PLMN == p.PLMN }); j >= 0 {
			v.bad(key+".plmn", "%s is amf.plmns[%d] already", p.PLMN, j)
		}
		if len(p.TACs) == 0 {
			v.bad(key+".tacs", "missing: want the tracking area codes of the gNBs, such as [1]")
		}
		for j, t := range p.TACs {
			at := fmt.Sprintf("%s.tacs[%d]", key, j)
			switch {
			case t > ident.MaxTAC:
				v.bad(at, "%d: a tracking area code has 24 bits, want 0 to %d (TS 23.003 §19.4.2.3)", t, ident.MaxTAC)
			case t == 0 || t == ident.MaxTAC-1:
				v.bad(at, "%#06x is reserved and means no tracking area (TS 23.003 §19.4.2.3)", t)
			case slices.Contains(p.TACs[:j], t):
				v.bad(at, "%d is there twice", t)
			}
		}
		if len(p.Slices) == 0 || len(p.Slices) > maxSlices {
			v.bad(key+".slices", "%d slices, want 1 to %d, such as [\"1\"]", len(p.Slices), maxSlices)
		}
		v.noTwice(key+".slices", p.Slices)
	}
}

func (v *validator) noTwice(key string, list []ident.SNSSAI) {
	for i, s := range list {
		if slices.Contains(list[:i], s) {
			v.bad(fmt.Sprintf("%s[%d]", key, i), "slice %s is there twice", s)
		}
	}
}

// algorithms keeps out what protects nothing, TS 33.501 §5.5.
func (v *validator) algorithms() {
	check := func(key, kind string, list []string) {
		if len(list) == 0 {
			v.bad(key, "want at least one of %s1, %s2, %s3", kind, kind, kind)
		}
		for i, a := range list {
			at := fmt.Sprintf("%s[%d]", key, i)
			switch n, known := Algorithm(kind, a); {
			case !known:
				v.bad(at, "%q: want %s1, %s2 or %s3", a, kind, kind, kind)
			case slices.Contains(list[:i], a):
				v.bad(at, "%s is there twice", a)
			case n == 0 && kind == "NIA":
				v.bad(at, "NIA0 protects nothing and is never allowed (TS 33.501 §5.5.2)")
			case n == 0 && !v.AMF.AllowNullCiphering:
				v.bad(at, "NEA0 does not cipher; it needs allow_null_ciphering: true")
			}
		}
	}
	check("amf.ciphering", "NEA", v.AMF.Ciphering)
	check("amf.integrity", "NIA", v.AMF.Integrity)
}

// Algorithm is the number in "NEA2" or "NIA2", TS 33.501 §5.11.1; kind is "NEA" or "NIA".
func Algorithm(kind, name string) (uint8, bool) {
	if len(name) != 4 || name[:3] != kind || name[3] < '0' || name[3] > '3' {
		return 0, false
	}
	return name[3] - '0', true
}

// n4 checks both ends of N4, TS 29.244 §4.2.
func (v *validator) n4() {
	a := v.SMF.N4.Address
	if !a.IsValid() || a.IsUnspecified() {
		v.bad("smf.n4.address", "want the address at which UPFs reach the SMF")
	}
	if len(v.SMF.UPFs) == 0 {
		v.bad("smf.upfs", "no UPF: name one, or add upf to run it in this process")
	}
	for i, p := range v.SMF.UPFs {
		key := fmt.Sprintf("smf.upfs[%d]", i)
		if p.Name == "" {
			v.bad(key+".name", "missing: want a name for logs")
		}
		if !p.Address.IsValid() || p.Address.IsUnspecified() {
			v.bad(key+".address", "missing: want the UPF's address on N4")
		}
		for j, q := range v.SMF.UPFs[:i] {
			if q.Name == p.Name {
				v.bad(key+".name", "%q is the name of smf.upfs[%d] already", p.Name, j)
			}
			if q.Address == p.Address {
				v.bad(key+".address", "%s is the address of smf.upfs[%d] already", p.Address, j)
			}
		}
		for j, name := range p.DNNs {
			if v.dnn(name) < 0 {
				v.bad(fmt.Sprintf("%s.dnns[%d]", key, j), "%q is none of smf.dnns", name)
			}
		}
		for j, s := range p.Slices {
			v.sliceInPLMN(fmt.Sprintf("%s.slices[%d]", key, j), s)
		}
	}
	v.upf()
}

func (v *validator) upf() {
	u := v.UPF
	if u == nil {
		return
	}
	v.n3("upf", u)
	v.networks()
	if len(u.SMFs) > 0 {
		v.bad("upf.smfs", "the UPF of a core obeys the SMF of the core; `limpid upf` runs a UPF alone")
	}
	if u.N4.Address == v.SMF.N4.Address {
		v.bad("upf.n4.address", "%s is smf.n4.address: both need UDP port 8805, so give each its own, such as 127.0.0.2", u.N4.Address)
	}
	if !slices.ContainsFunc(v.SMF.UPFs, func(p UPFPeer) bool { return p.Address == u.N4.Address }) {
		v.bad("upf.n4.address", "%s is none of smf.upfs, so no session would use this UPF", u.N4.Address)
	}
}

// sliceInPLMN: a slice of a data network that no PLMN has is one that no UE could use.
func (v *validator) sliceInPLMN(key string, s ident.SNSSAI) {
	if !slices.ContainsFunc(v.AMF.PLMNs, func(p PLMN) bool { return slices.Contains(p.Slices, s) }) {
		v.bad(key, "slice %s is in no amf.plmns[].slices, so no UE could use it", s)
	}
}

// dnn is the index of a data network, -1 if there is none of that name.
func (v *validator) dnn(name ident.DNN) int {
	return slices.IndexFunc(v.SMF.DNNs, func(d DNN) bool { return d.Name.Equal(name) })
}

// overlapping is the index of the first prefix that p overlaps, -1 if there is none.
func overlapping(p netip.Prefix, others []netip.Prefix) int {
	return slices.IndexFunc(others, p.Overlaps)
}
