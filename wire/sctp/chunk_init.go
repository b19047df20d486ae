package sctp

import (
	"encoding/binary"
	"errors"
	"net/netip"
)

// The parameters of INIT and INIT ACK, RFC 9260 §3.3.2 and §3.3.3.
const (
	parameterIPv4                  = 5
	parameterIPv6                  = 6
	parameterStateCookie           = 7
	parameterUnrecognized          = 8
	parameterCookiePreservative    = 9
	parameterHostName              = 11
	parameterSupportedAddressTypes = 12
)

// maxPeerAddresses bounds how many addresses of one peer we keep.
const maxPeerAddresses = 8

// maxUnrecognized bounds the octets of unknown parameters that we report back.
const maxUnrecognized = 512

// initChunk is INIT or INIT ACK, RFC 9260 §3.3.2 and §3.3.3.
type initChunk struct {
	Tag             uint32 // initiate tag
	Window          uint32 // advertised receiver window credit, octets
	OutboundStreams uint16
	InboundStreams  uint16
	TSN             uint32 // initial TSN

	Addresses    []netip.Addr // at most maxPeerAddresses
	AddressTypes []uint16     // supported address types, as parameter types
	Cookie       []byte       // INIT ACK only, not copied
	Unrecognized []byte       // parameters to report to the peer, as they came, padded
	HostName     bool         // the obsolete host name parameter is there, RFC 9260 §3.3.2.1.4
	cookieLonger uint32       // cookie preservative, ms
}

var (
	errInitTag     = errors.New("sctp: initiate tag 0")
	errInitStreams = errors.New("sctp: no streams")
	errInitWindow  = errors.New("sctp: receiver window below 1500")
)

// initFixedSize is the length in octets of the fixed part after the chunk header.
const initFixedSize = 16

func parseINIT(c chunk) (initChunk, error) {
	v := c.Value
	if len(v) < initFixedSize {
		return initChunk{}, errChunkValue
	}
	i := initChunk{
		Tag:             binary.BigEndian.Uint32(v),
		Window:          binary.BigEndian.Uint32(v[4:]),
		OutboundStreams: binary.BigEndian.Uint16(v[8:]),
		InboundStreams:  binary.BigEndian.Uint16(v[10:]),
		TSN:             binary.BigEndian.Uint32(v[12:]),
	}
	for p, err := range tlvs(v[initFixedSize:]) {
		if err != nil {
			return i, err
		}
		if !i.parameter(p) {
			break
		}
	}
	switch {
	case i.Tag == 0:
		return i, errInitTag
	case i.OutboundStreams == 0 || i.InboundStreams == 0:
		return i, errInitStreams
	case i.Window < 1500:
		return i, errInitWindow
	}
	return i, nil
}

// parameter takes in one parameter and tells whether to go on, RFC 9260 §3.2.1.
func (i *initChunk) parameter(p tlv) bool {
	switch p.Type {
	case parameterIPv4, parameterIPv6:
		if a, ok := netip.AddrFromSlice(p.Value); ok && len(i.Addresses) < maxPeerAddresses &&
			a.Is4() == (p.Type == parameterIPv4) {
			i.Addresses = append(i.Addresses, a.Unmap())
		}
	case parameterStateCookie:
		i.Cookie = p.Value
	case parameterUnrecognized: // the peer goes on without what it does not know, and so do we
	case parameterCookiePreservative:
		if len(p.Value) >= 4 {
			i.cookieLonger = binary.BigEndian.Uint32(p.Value)
		}
	case parameterHostName:
		i.HostName = true
	case parameterSupportedAddressTypes:
		for v := p.Value; len(v) >= 2 && len(i.AddressTypes) < 4; v = v[2:] {
			i.AddressTypes = append(i.AddressTypes, binary.BigEndian.Uint16(v))
		}
	default:
		action := p.Type >> 14
		if action&unknownReport != 0 && len(i.Unrecognized)+padded(len(p.raw)) <= maxUnrecognized {
			i.Unrecognized = appendTLV(i.Unrecognized, p.Type, p.Value)
		}
		return action&unknownSkip != 0
	}
	return true
}

// append encodes INIT or INIT ACK, without padding after the last parameter, RFC 9260 §3.2. The Unrecognized
// parameters go back to the peer, each wrapped in a parameter of its own.
func (i *initChunk) append(b []byte, t chunkType) []byte {
	start, pad := len(b), 0
	b = append(b, byte(t), 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, i.Tag)
	b = binary.BigEndian.AppendUint32(b, i.Window)
	b = binary.BigEndian.AppendUint16(b, i.OutboundStreams)
	b = binary.BigEndian.AppendUint16(b, i.InboundStreams)
	b = binary.BigEndian.AppendUint32(b, i.TSN)
	parameter := func(t uint16, v []byte) {
		b, pad = appendTLV(b, t, v), padded(len(v))-len(v)
	}
	for _, a := range i.Addresses {
		if a.Is4() {
			parameter(parameterIPv4, a.AsSlice())
		} else {
			parameter(parameterIPv6, a.AsSlice())
		}
	}
	if len(i.AddressTypes) > 0 {
		var v []byte
		for _, t := range i.AddressTypes {
			v = binary.BigEndian.AppendUint16(v, t)
		}
		parameter(parameterSupportedAddressTypes, v)
	}
	if i.Cookie != nil {
		parameter(parameterStateCookie, i.Cookie)
	}
	for p, err := range tlvs(i.Unrecognized) {
		if err != nil {
			break
		}
		parameter(parameterUnrecognized, p.raw)
	}
	binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start-pad))
	return b
}
