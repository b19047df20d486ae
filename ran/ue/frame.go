package ue

import (
	"bytes"
	"encoding/binary"

	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// frame is what packet filters look at in an Ethernet frame of the UE, IEEE 802.1Q §9.
type frame struct {
	destination, source []byte
	ethertype           uint16
	ctag, stag          *uint16 // tag control information: PCP, DEI and VID
}

const (
	ethertypeCTag = 0x8100
	ethertypeSTag = 0x88a8
)

// parseFrame reads the header of a frame.
func parseFrame(b []byte) (frame, bool) {
	if len(b) < 14 {
		return frame{}, false
	}
	f := frame{destination: b[:6], source: b[6:12]}
	for b = b[12:]; ; b = b[4:] {
		if len(b) < 2 {
			return f, false
		}
		f.ethertype = binary.BigEndian.Uint16(b)
		tag := &f.ctag
		if f.ethertype == ethertypeSTag {
			tag = &f.stag
		} else if f.ethertype != ethertypeCTag {
			return f, true
		}
		if len(b) < 4 || *tag != nil {
			return f, false
		}
		*tag = new(binary.BigEndian.Uint16(b[2:]))
	}
}

// matches tells whether all components match, TS 24.501 §9.11.4.13. One that does not belong to frames does not.
func (f *frame) matches(components []gsm.Component) bool {
	for _, c := range components {
		if !f.match(c) {
			return false
		}
	}
	return len(components) > 0
}

func (f *frame) match(c gsm.Component) bool {
	within := func(a []byte) bool {
		return bytes.Compare(a, c.Value[:6]) >= 0 && bytes.Compare(a, c.Value[len(c.Value)-6:]) <= 0
	}
	tagged := func(tag *uint16, vid bool) bool {
		if vid {
			return tag != nil && *tag&0xfff == binary.BigEndian.Uint16(c.Value)&0xfff
		}
		return tag != nil && uint8(*tag>>12) == c.Value[0]&0xf
	}
	switch c.Type {
	case gsm.MatchAll:
		return true
	case gsm.DestinationMACAddress, gsm.DestinationMACAddressRange:
		return within(f.destination)
	case gsm.SourceMACAddress, gsm.SourceMACAddressRange:
		return within(f.source)
	case gsm.Ethertype:
		return f.ethertype == binary.BigEndian.Uint16(c.Value)
	case gsm.CTagVID:
		return tagged(f.ctag, true)
	case gsm.STagVID:
		return tagged(f.stag, true)
	case gsm.CTagPCPDEI:
		return tagged(f.ctag, false)
	case gsm.STagPCPDEI:
		return tagged(f.stag, false)
	}
	return false
}
