package pfcp

import "encoding/binary"

// PFDManagementRequest gives the UP function the packet flow descriptions of applications, TS 29.244 §7.4.3.1. An
// application without PFDs loses those it had; a request without applications takes all away.
//
//pfcp:message 3
type PFDManagementRequest struct {
	ApplicationIDsPFDs []ApplicationIDsPFDs `ie:"58"`
	NodeID             Opt[NodeID]          `ie:"60"`
}

// PFDManagementResponse answers a PFDManagementRequest, TS 29.244 §7.4.3.2.
//
//pfcp:message 4
type PFDManagementResponse struct {
	Cause       Cause       `ie:"19"`
	OffendingIE Opt[IEType] `ie:"40"`
	NodeID      Opt[NodeID] `ie:"60"`
}

// ApplicationIDsPFDs are the PFDs of one application, TS 29.244 §7.4.3.1.
type ApplicationIDsPFDs struct {
	ApplicationID string       `ie:"24"`
	PFDContext    []PFDContext `ie:"59"`
}

// PFDContext is one or more PFDs, TS 29.244 §7.4.3.1.
type PFDContext struct {
	PFDContents []PFDContents `ie:"61,M"`
}

// PFDContents is a packet flow description, TS 29.244 §8.2.39.
type PFDContents struct {
	FlowDescription    string // "" if absent
	URL                string
	DomainName         string
	Custom             string
	DomainNameProtocol string
	FlowDescriptions   []string // additional ones
	URLs               []string
	DomainNames        []string // each with its protocol after it
}

func (p *PFDContents) decode(b []byte) Cause {
	if len(b) < 2 {
		return CauseInvalidLength
	}
	flags, b := b[0], b[2:]
	*p = PFDContents{}
	for i, f := range [...]*string{&p.FlowDescription, &p.URL, &p.DomainName, &p.Custom, &p.DomainNameProtocol} {
		if flags>>i&1 == 0 {
			continue
		}
		v, rest, ok := takeText(b)
		if !ok {
			return CauseInvalidLength
		}
		*f, b = v, rest
	}
	for i, f := range [...]*[]string{&p.FlowDescriptions, &p.URLs, &p.DomainNames} {
		if flags>>(5+i)&1 == 0 {
			continue
		}
		all, rest, ok := takeText(b)
		if !ok {
			return CauseInvalidLength
		}
		for inner := []byte(all); len(inner) > 0; {
			v, next, ok := takeText(inner)
			if !ok {
				return CauseInvalidLength
			}
			*f, inner = append(*f, v), next
		}
		b = rest
	}
	return 0
}

func (p PFDContents) append(dst []byte) []byte {
	at := len(dst)
	dst = append(dst, 0, 0)
	for i, v := range [...]string{p.FlowDescription, p.URL, p.DomainName, p.Custom, p.DomainNameProtocol} {
		if v != "" {
			dst[at] |= 1 << i
			dst = appendText(dst, v)
		}
	}
	for i, list := range [...][]string{p.FlowDescriptions, p.URLs, p.DomainNames} {
		if len(list) == 0 {
			continue
		}
		dst[at] |= 1 << (5 + i)
		var inner []byte
		for _, v := range list {
			inner = appendText(inner, v)
		}
		dst = appendText(dst, string(inner))
	}
	return dst
}

// takeText reads a length of two octets and as much text.
func takeText(b []byte) (text string, rest []byte, ok bool) {
	if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
		return "", nil, false
	}
	n := 2 + int(binary.BigEndian.Uint16(b))
	return string(b[2:n]), b[n:], true
}

func appendText(dst []byte, text string) []byte {
	text = text[:min(len(text), 0xffff)]
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(text))), text...)
}
