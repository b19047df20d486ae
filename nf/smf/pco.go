package smf

import (
	"encoding/binary"

	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// protocolConfiguration answers what the UE asked for in its extended protocol configuration options,
// TS 24.008 §10.5.6.3A: DNS servers, P-CSCFs, the link MTU and the bearer control mode. It is nil if there is nothing to
// answer. That the address comes by NAS needs no answer: it is in the accept.
func (d *dataNetwork) protocolConfiguration(kind gsm.PDUSessionType, asked gsm.ProtocolConfigurationOptions) gsm.ProtocolConfigurationOptions {
	var answer gsm.ProtocolConfigurationOptions
	if ipcp := d.answerIPCP(ipcpRequest(asked)); ipcp != nil {
		answer = answer.Add(nas.Downlink, gsm.IPCP, ipcp)
	}
	for _, server := range d.DNSServers {
		v4 := server.Is4() && asked.Asks(gsm.DNSServerIPv4Address)
		v6 := server.Is6() && asked.Asks(gsm.DNSServerIPv6Address)
		if v4 || v6 {
			answer = answer.AddDNS(server)
		}
	}
	for _, server := range d.PCSCF {
		v4 := server.Is4() && asked.Asks(gsm.PCSCFIPv4Address)
		v6 := server.Is6() && asked.Asks(gsm.PCSCFIPv6Address)
		if v4 || v6 {
			answer = answer.AddPCSCF(server)
		}
	}
	for _, id := range linkMTUs(kind) {
		if asked.Asks(id) {
			answer = answer.AddMTU(id, d.linkMTU(kind))
		}
	}
	if asked.Asks(gsm.BearerControlMode) {
		answer = answer.Add(nas.Downlink, gsm.BearerControlMode, []byte{bearerControlMSNW})
	}
	return answer
}

// bearerControlMSNW lets UE and network both ask for bearers, TS 24.008 §10.5.6.3.1.
const bearerControlMSNW = 2

// linkMTU is what a packet of the UE may have, octets. Unstructured data goes in UDP on N6.
func (d *dataNetwork) linkMTU(kind gsm.PDUSessionType) uint16 {
	const udp, ipv4, ipv6 = 8, 20, 40
	switch server := d.UnstructuredServer.Addr(); {
	case kind != gsm.Unstructured || !server.IsValid():
		return d.MTU
	case server.Is4():
		return d.MTU - udp - ipv4
	}
	return d.MTU - udp - ipv6
}

// linkMTUs are the containers in which a UE asks for the MTU of a type of session.
func linkMTUs(kind gsm.PDUSessionType) []gsm.ContainerID {
	switch kind {
	case gsm.Ethernet:
		return []gsm.ContainerID{gsm.EthernetFramePayloadMTU}
	case gsm.Unstructured:
		return []gsm.ContainerID{gsm.UnstructuredLinkMTU, gsm.NonIPLinkMTU}
	}
	return []gsm.ContainerID{gsm.IPv4LinkMTU}
}

// IPCP (RFC 1332 §3) with the name server options of RFC 1877 §1.1 and §1.3, which older modems use to ask for DNS.
const (
	ipcpConfigureRequest = 1
	ipcpConfigureAck     = 2
	ipcpConfigureNak     = 3
	ipcpConfigureReject  = 4
	ipcpPrimaryDNS       = 129
	ipcpSecondaryDNS     = 131
	ipcpHeader           = 4
	ipcpAddressOption    = 6
)

// ipcpRequest finds a Configure-Request.
func ipcpRequest(asked gsm.ProtocolConfigurationOptions) []byte {
	for id, v := range asked.Containers(nas.Uplink) {
		if id == gsm.IPCP && len(v) >= ipcpHeader && v[0] == ipcpConfigureRequest {
			if n := int(binary.BigEndian.Uint16(v[2:])); n >= ipcpHeader && n <= len(v) {
				return v[:n]
			}
		}
	}
	return nil
}

// answerIPCP names the DNS servers by Configure-Nak and refuses options that cannot be served by Configure-Reject. It
// is nil for no request and for one that is not well formed.
func (d *dataNetwork) answerIPCP(request []byte) []byte {
	if request == nil {
		return nil
	}
	var servers [][]byte
	for _, s := range d.DNSServers {
		if s.Is4() {
			servers = append(servers, s.AsSlice())
		}
	}
	var nak, reject []byte
	for b := request[ipcpHeader:]; len(b) > 0; b = b[b[1]:] {
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			return nil
		}
		option, want := b[:b[1]], len(servers)
		switch b[0] {
		case ipcpPrimaryDNS:
			want = 0
		case ipcpSecondaryDNS:
			want = 1
		}
		if want < len(servers) && len(option) == ipcpAddressOption {
			nak = append(append(nak, b[0], ipcpAddressOption), servers[want]...)
		} else {
			reject = append(reject, option...)
		}
	}
	code, options := byte(ipcpConfigureAck), []byte(nil)
	switch {
	case nak != nil:
		code, options = ipcpConfigureNak, nak
	case reject != nil:
		code, options = ipcpConfigureReject, reject
	}
	answer := binary.BigEndian.AppendUint16([]byte{code, request[1]}, uint16(ipcpHeader+len(options)))
	return append(answer, options...)
}
