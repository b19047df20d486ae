package smf

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// ueAddress is what a session gives its UE, TS 23.501 §5.8.2.2: an IPv4 address, an IPv6 prefix or both, and the routes
// behind it (TS 23.501 §5.6.14). A session of Ethernet has none.
type ueAddress struct {
	ipv4   netip.Addr
	ipv6   netip.Prefix // a /64
	framed []netip.Prefix
}

// overlaps tells whether two sessions could not have their addresses at the same time.
func (a ueAddress) overlaps(b ueAddress) bool {
	return a.ipv4.IsValid() && a.ipv4 == b.ipv4 || a.ipv6.IsValid() && a.ipv6 == b.ipv6
}

// prefixBits is the length of the prefix of an IPv6 session, TS 23.501 §5.8.2.2.3.
const prefixBits = 64

// interfaceID is what the UE makes its link local address of, so that it is unique on the link, TS 23.501 §5.8.2.2.3. The
// network's own is 1; the prefix is the session's alone, so one value serves all.
func (a *ueAddress) interfaceID() [8]byte { return [8]byte{7: 2} }

// smfLinkLocal is the other end of the link, from which router advertisements come.
func smfLinkLocal() netip.Addr { return netip.AddrFrom16([16]byte{0: 0xfe, 1: 0x80, 15: 1}) }

// pduAddress is the address for the UE, TS 24.501 §9.11.4.10; nil where the type has none.
func (s *session) pduAddress() *gsm.PDUAddress {
	switch s.kind {
	case gsm.IPv4:
		return &gsm.PDUAddress{Type: gsm.IPv4, IPv4: s.address.ipv4}
	case gsm.IPv6:
		return &gsm.PDUAddress{Type: gsm.IPv6, InterfaceID: s.address.interfaceID(), SMFLinkLocal: smfLinkLocal()}
	case gsm.IPv4v6:
		return &gsm.PDUAddress{Type: gsm.IPv4v6, IPv4: s.address.ipv4, InterfaceID: s.address.interfaceID(), SMFLinkLocal: smfLinkLocal()}
	}
	return nil
}

// pdi is the address as a packet's source, or destination, TS 29.244 §8.2.62; nil where there is none.
func (a *ueAddress) pdi(destination bool) []pfcp.UEIPAddress {
	if !a.ipv4.IsValid() && !a.ipv6.IsValid() {
		return nil
	}
	u := pfcp.UEIPAddress{IPv4: a.ipv4, Destination: destination}
	if a.ipv6.IsValid() {
		u.IPv6 = a.ipv6.Addr()
	}
	return []pfcp.UEIPAddress{u}
}

// framedRoutes are the routes behind the UE, in the form of RFC 2865 §5.22 (TS 29.244 §8.2.109) or RFC 3162 §2.5
// (TS 29.244 §8.2.111).
func (a *ueAddress) framedRoutes(ipv4 bool) []string {
	gateway := " :: 1"
	if ipv4 {
		gateway = " 0.0.0.0 1"
	}
	var list []string
	for _, p := range a.framed {
		if p.Addr().Is4() == ipv4 {
			list = append(list, p.String()+gateway)
		}
	}
	return list
}

func (a ueAddress) String() string {
	var parts []string
	if a.ipv4.IsValid() {
		parts = append(parts, a.ipv4.String())
	}
	if a.ipv6.IsValid() {
		parts = append(parts, a.ipv6.String())
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ",")
}

// needs tells which addresses a type of session has for its UE, TS 23.501 §5.8.2.2.1.
func needs(kind gsm.PDUSessionType) (ipv4, ipv6 bool) {
	return kind == gsm.IPv4 || kind == gsm.IPv4v6, kind == gsm.IPv6 || kind == gsm.IPv4v6
}

// needsOnN6 are the addresses of a session in the data network: those of its UE, or of unstructured data the one of its
// tunnel to the server, which the UE does not learn, TS 23.501 §5.6.10.3.
func (s *session) needsOnN6() (ipv4, ipv6 bool) {
	if server := s.network.UnstructuredServer.Addr(); s.kind == gsm.Unstructured && server.IsValid() {
		return server.Is4(), server.Is6()
	}
	return needs(s.kind)
}

// serverTunnel is the header that the UPF puts before unstructured data on N6: UDP from and to the server's port.
func (s *session) serverTunnel() pfcp.Opt[pfcp.OuterHeaderCreation] {
	server := s.network.UnstructuredServer
	switch {
	case s.kind != gsm.Unstructured || !server.IsValid():
		return pfcp.Opt[pfcp.OuterHeaderCreation]{}
	case server.Addr().Is4():
		return pfcp.Some(pfcp.OuterHeaderCreation{Description: pfcp.CreateUDPIPv4, IPv4: server.Addr(), Port: server.Port()})
	}
	return pfcp.Some(pfcp.OuterHeaderCreation{Description: pfcp.CreateUDPIPv6, IPv6: server.Addr(), Port: server.Port()})
}

// serverHeader is the header that the UPF takes off what the server sends.
func (s *session) serverHeader() pfcp.Opt[pfcp.OuterHeaderRemoval] {
	switch tunnel, tunnelled := s.serverTunnel().Get(); {
	case !tunnelled:
		return pfcp.Opt[pfcp.OuterHeaderRemoval]{}
	case tunnel.Description == pfcp.CreateUDPIPv4:
		return pfcp.Some(pfcp.OuterHeaderRemoval{Description: pfcp.RemoveUDPIPv4})
	}
	return pfcp.Some(pfcp.OuterHeaderRemoval{Description: pfcp.RemoveUDPIPv6})
}

// allotAddress gives the session its addresses: those that the subscription fixes, else from the pools.
func (s *session) allotAddress(sub *nudm.SessionManagementSubscriptionData) error {
	ipv4, ipv6 := s.needsOnN6()
	var a ueAddress
	var err error
	if ipv4 {
		if a.ipv4, err = s.network.addresses.give(sub.StaticIPv4); err != nil {
			return s.noAddress("a UE address", s.network.addresses, err)
		}
	}
	if ipv6 {
		first, err := s.network.prefixes.giveBeside(sub.StaticIPv6Prefix.Masked().Addr(), s.network.addresses, a.ipv4)
		if err != nil {
			if a.ipv4.IsValid() {
				s.network.addresses.free(a.ipv4)
			}
			return s.noAddress("an IPv6 prefix", s.network.prefixes, err)
		}
		a.ipv6 = netip.PrefixFrom(first, prefixBits)
	}
	if s.kind != gsm.Unstructured && (ipv4 || ipv6) {
		a.framed = sub.FramedRoutes
		s.warnOfRoutes(a.framed)
	}
	s.mu.Lock()
	s.address = a
	s.mu.Unlock()
	return nil
}

// warnOfRoutes says which networks behind the UE the UPF has no route to.
func (s *session) warnOfRoutes(framed []netip.Prefix) {
	for _, p := range framed {
		within := func(all netip.Prefix) bool { return all.Bits() <= p.Bits() && all.Overlaps(p) }
		if len(s.network.FramedRoutes) > 0 && !slices.ContainsFunc(s.network.FramedRoutes, within) {
			s.smf.log.Warn("no route leads to a network behind the UE", append(s.attrs(), "network", p, "allowed", s.network.FramedRoutes,
				"change", "framed_routes of the DNN, or the subscription")...)
		}
	}
}

func (s *session) noAddress(what string, p *ipPool, err error) error {
	used, size := p.usage()
	return &refusal{cause: gsm.CauseInsufficientResources, sbi: nsmf.CauseInsufficientResourcesSlice, err: err,
		asked: what, allowed: fmt.Sprintf("%d of %d are in use or kept back", used, size), change: "a larger or another pool for this DNN"}
}

// freeAddress gives the UE's addresses back to the pools.
func (s *session) freeAddress() {
	s.mu.Lock()
	a := s.address
	s.address = ueAddress{}
	s.mu.Unlock()
	s.network.free(a)
}

// free gives addresses back to the pools.
func (n *dataNetwork) free(a ueAddress) {
	if a.ipv4.IsValid() {
		n.addresses.free(a.ipv4)
	}
	if a.ipv6.IsValid() {
		n.prefixes.free(a.ipv6.Addr())
	}
}

// pdnType is the type of the session for the UPF, TS 29.244 §8.2.79.
func (s *session) pdnType() pfcp.PDNType {
	switch s.kind {
	case gsm.IPv6:
		return pfcp.PDNTypeIPv6
	case gsm.IPv4v6:
		return pfcp.PDNTypeIPv4v6
	case gsm.Ethernet:
		return pfcp.PDNTypeEthernet
	case gsm.Unstructured:
		return pfcp.PDNTypeNonIP
	}
	return pfcp.PDNTypeIPv4
}

// ngapType is the type of the session for the gNB, TS 38.413 §9.3.1.52.
func (s *session) ngapType() ngap.PDUSessionType {
	switch s.kind {
	case gsm.IPv6:
		return ngap.PDUSessionTypeIPV6
	case gsm.IPv4v6:
		return ngap.PDUSessionTypeIPV4V6
	case gsm.Ethernet:
		return ngap.PDUSessionTypeEthernet
	case gsm.Unstructured:
		return ngap.PDUSessionTypeUnstructured
	}
	return ngap.PDUSessionTypeIPV4
}

// nudmTypes are the names of TS 29.571 §5.4.3.3.
func nudmType(kind gsm.PDUSessionType) nudm.PDUSessionType {
	return [...]nudm.PDUSessionType{nudm.IPv4, nudm.IPv6, nudm.IPv4v6, nudm.Unstructured, nudm.Ethernet}[kind.Value()-1]
}

// add64 is a with n added to its upper 64 bits.
func add64(a netip.Addr, n uint64) netip.Addr {
	b := a.As16()
	binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])+n)
	return netip.AddrFrom16(b)
}
