package config

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/limpid-5g/limpid/aka/suci"
	"github.com/limpid-5g/limpid/ident"
)

// Bounds of the inactivity after which a user plane is taken down: TS 29.244 §8.2.83 has seconds.
const minInactivity, maxInactivity = time.Second, 7 * 24 * time.Hour

// dnns checks the data networks and their addresses.
func (v *validator) dnns() {
	if len(v.SMF.DNNs) == 0 {
		v.bad("smf.dnns", "no data network: name at least one")
	}
	ues := v.extraSlots()
	for i, d := range v.SMF.DNNs {
		key := fmt.Sprintf("smf.dnns[%d]", i)
		if _, err := ident.ParseDNN(string(d.Name)); err != nil {
			v.bad(key+".name", "%v", err)
		}
		if j := v.dnn(d.Name); j < i {
			v.bad(key+".name", "%q is the name of smf.dnns[%d] already", d.Name, j)
		}
		if len(d.Slices) == 0 {
			v.bad(key+".slices", "missing: want the slices in which the data network exists, such as [\"1\"]")
		}
		v.noTwice(key+".slices", d.Slices)
		for j, s := range d.Slices {
			v.sliceInPLMN(fmt.Sprintf("%s.slices[%d]", key, j), s)
		}
		if d.MTU < minMTU || d.MTU > maxMTU {
			v.bad(key+".mtu", "%d: want %d to %d octets", d.MTU, minMTU, maxMTU)
		}
		for j, a := range d.DNS {
			if !a.IsValid() || a.IsUnspecified() || a.Is4In6() || a.Zone() != "" {
				v.bad(fmt.Sprintf("%s.dns[%d]", key, j), "%s: want the address of a DNS server", a)
			}
		}
		for j, a := range d.PCSCF {
			if !a.IsValid() || a.IsUnspecified() || a.Is4In6() || a.Zone() != "" {
				v.bad(fmt.Sprintf("%s.pcscf[%d]", key, j), "%s: want the address of a P-CSCF", a)
			}
		}
		if t := time.Duration(d.Inactivity); t < 0 || t > 0 && t < minInactivity || t > maxInactivity {
			v.bad(key+".inactivity", "%v: want %v to %v, or 0 for no limit", t, minInactivity, maxInactivity)
		}
		v.oneOf(key+".always_on", d.AlwaysOn, "never", "requested", "required")
		v.oneOf(key+".up_security.integrity", d.Security.Integrity, "required", "preferred", "not-needed")
		v.oneOf(key+".up_security.confidentiality", d.Security.Confidentiality, "required", "preferred", "not-needed")
		ues += v.pools(key, i)
		for _, other := range v.SMF.DNNs {
			v.framedRoutes(key, d.FramedRoutes, other.Pools)
		}
		v.unstructured(key, d)
		v.gateway(key, d)
	}
	if v.UPF != nil && ues > maxUEs {
		v.bad("smf.dnns", "the pools have %d addresses in all, the UPF of this process can serve %d", ues, maxUEs)
	}
}

func (v *validator) extraSlots() int {
	if v.UPF == nil {
		return 0
	}
	return v.UPF.ExtraSlots
}

// pools checks the pools of one data network and returns how many addresses they have.
func (v *validator) pools(key string, i int) (size int) {
	d := &v.SMF.DNNs[i]
	pools := d.Pools
	if len(pools) == 0 && !d.Ethernet && !d.Unstructured || len(pools) > maxPools {
		v.bad(key+".pools", "%d pools, want 1 to %d, such as [10.45.0.0/16]", len(pools), maxPools)
	}
	for j, p := range pools {
		at := fmt.Sprintf("%s.pools[%d]", key, j)
		low, high := minPoolBits, maxPoolBits
		if p.Addr().Is6() {
			low, high = minPool6Bits, maxPool6Bits
		}
		switch {
		case !p.IsValid() || p.Addr().Is4In6() || p.Bits() < low || p.Bits() > high:
			v.bad(at, "%s: want an IPv4 prefix from /%d to /%d or an IPv6 prefix from /%d to /%d", p, minPoolBits, maxPoolBits, minPool6Bits, maxPool6Bits)
			continue
		case p != p.Masked():
			v.bad(at, "%s has host bits set, did you mean %s?", p, p.Masked())
			continue
		}
		if p.Addr().Is4() { // the UPF keeps a slot for each of them; sessions of IPv6 alone share the extra slots
			size += 1 << (32 - p.Bits())
		}
		v.reserved(at, "pool", p)
		for k := range i + 1 {
			others := v.SMF.DNNs[k].Pools
			if k == i {
				others = pools[:j]
			}
			if o := overlapping(p, others); o >= 0 {
				v.bad(at, "pool %s overlaps %s of smf.dnns[%d].pools[%d]", p, others[o], k, o)
			}
		}
	}
	return size
}

// framedRoutes checks where the networks behind UEs lie.
func (v *validator) framedRoutes(key string, framed, pools []netip.Prefix) {
	for i, p := range framed {
		at := fmt.Sprintf("%s.framed_routes[%d]", key, i)
		switch {
		case !p.IsValid() || p.Addr().Is4In6() || p.Bits() == 0:
			v.bad(at, "%s: want the prefix in which networks behind UEs lie, such as 172.20.0.0/16", p)
			continue
		case p != p.Masked():
			v.bad(at, "%s has host bits set, did you mean %s?", p, p.Masked())
			continue
		}
		if o := overlapping(p, pools); o >= 0 {
			v.bad(at, "%s overlaps the pool %s", p, pools[o])
		}
		v.reserved(at, "prefix", p)
	}
}

// unstructured checks the other end of the tunnels for unstructured data.
func (v *validator) unstructured(key string, d DNN) {
	server, at := d.UnstructuredServer, key+".unstructured_server"
	switch {
	case d.Unstructured && v.UPF != nil && !server.IsValid():
		v.bad(at, "missing: the UPF of this file carries unstructured data in UDP: want its server's address and port, such as 192.0.2.7:4747 (TS 23.501 §5.6.10.3)")
	case server == (netip.AddrPort{}):
	case !d.Unstructured:
		v.bad(at, "no session is unstructured: want unstructured: true beside it")
	case !server.IsValid() || server.Port() == 0 || server.Addr().IsUnspecified() || server.Addr().IsMulticast() || server.Addr().Zone() != "":
		v.bad(at, "%s: want the address and port of a server", server)
	case !slices.ContainsFunc(d.Pools, func(p netip.Prefix) bool { return p.Addr().Is4() == server.Addr().Is4() }):
		v.bad(at, "%s: sessions need addresses of its version: want a pool of them", server)
	}
}

// reserved: an address of the core itself may not be given to a UE.
func (v *validator) reserved(at, what string, p netip.Prefix) {
	own := map[string]netip.Addr{"amf.n2.address": v.AMF.N2.Address, "smf.n4.address": v.SMF.N4.Address}
	if v.UPF != nil {
		own["upf.n3.address"], own["upf.n4.address"] = v.UPF.N3.Address, v.UPF.N4.Address
	}
	for key, a := range own {
		if p.Contains(a) {
			v.bad(at, "%s %s contains %s, which is %s", what, p, a, key)
		}
	}
}

func (v *validator) gateway(key string, d DNN) {
	v4 := d.IPv4Pools()
	if len(v4) == 0 {
		if d.Gateway.IsValid() {
			v.bad(key+".gateway", "%s: there is no IPv4 pool that it could be in", d.Gateway)
		}
		return
	}
	p := v4[0]
	if !p.Contains(d.Gateway) {
		v.bad(key+".gateway", "%s is not in the first pool, %s", d.Gateway, p)
	} else if d.Gateway == p.Masked().Addr() || !p.Contains(d.Gateway.Next()) {
		v.bad(key+".gateway", "%s is the network or the broadcast address of %s", d.Gateway, p)
	}
}

// tuns checks the names of interfaces, which the kernel bounds to 15 characters.
func (v *validator) tuns() {
	if v.UPF == nil {
		return
	}
	names, networks := make(map[string]int), make(map[string]int)
	for i, t := range v.UPF.TUNs {
		key := fmt.Sprintf("upf.tuns[%d]", i)
		if v.dnn(t.DNN) < 0 {
			v.bad(key+".dnn", "%q is none of smf.dnns", t.DNN)
		}
		if len(t.Name) == 0 || len(t.Name) > 15 || !interfaceName(t.Name) {
			v.bad(key+".name", "%q: want an interface name of 1 to 15 letters, digits, '-', '_' or '.'", t.Name)
		}
		if j, twice := names[t.Name]; twice {
			v.bad(key+".name", "%q is the name of upf.tuns[%d] already", t.Name, j)
		}
		if j, twice := networks[string(t.DNN)]; twice {
			v.bad(key+".dnn", "%q has upf.tuns[%d] already", t.DNN, j)
		}
		names[t.Name], networks[string(t.DNN)] = i, i
	}
}

func interfaceName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return s != "." && s != ".."
}

// homeNetworkKeys reads each key as the UDM will, TS 33.501 §C.3.4. An error never repeats a key.
func (v *validator) homeNetworkKeys() {
	for i, k := range v.UDM.HomeNetworkKeys {
		key := fmt.Sprintf("udm.home_network_keys[%d]", i)
		if _, err := k.Key(); err != nil {
			at := key + ".private_key"
			if _, ok := schemes()[k.Profile]; !ok {
				at = key + ".profile"
			}
			v.bad(at, "%v", err)
		}
		for j, other := range v.UDM.HomeNetworkKeys[:i] {
			if other.ID == k.ID && other.Profile == k.Profile {
				v.bad(key+".id", "%d is that of udm.home_network_keys[%d], which is also of profile %s", k.ID, j, k.Profile)
			}
		}
	}
}

func schemes() map[string]suci.Scheme {
	return map[string]suci.Scheme{"A": suci.ProfileA, "B": suci.ProfileB}
}

// Key is the key in the form that opens SUCIs.
func (k *HomeNetworkKey) Key() (*suci.PrivateKey, error) {
	scheme, ok := schemes()[k.Profile]
	if !ok {
		return nil, fmt.Errorf("%q: want A (X25519) or B (P-256) (TS 33.501 §C.3.4)", k.Profile)
	}
	if len(k.PrivateKey) != 32 {
		return nil, fmt.Errorf("%d octets, want 32 in hexadecimal (TS 33.501 §C.3.4)", len(k.PrivateKey))
	}
	return suci.NewPrivateKey(scheme, k.ID, k.PrivateKey)
}

// KeyRing is all home network keys.
func (u *UDM) KeyRing() (*suci.KeyRing, error) {
	keys := make([]*suci.PrivateKey, 0, len(u.HomeNetworkKeys))
	for i := range u.HomeNetworkKeys {
		k, err := u.HomeNetworkKeys[i].Key()
		if err != nil {
			return nil, fmt.Errorf("home network key %d: %w", i, err)
		}
		keys = append(keys, k)
	}
	return suci.NewKeyRing(keys...)
}
