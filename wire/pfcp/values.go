package pfcp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/ident"
)

// Precedence orders the PDRs of a session, the lowest value first, TS 29.244 §8.2.11.
type Precedence uint32

// QFI is a QoS flow identifier of 6 bits, TS 29.244 §8.2.89.
type QFI uint8

func (q *QFI) decode(b []byte) Cause {
	if len(b) < 1 {
		return CauseInvalidLength
	}
	*q = QFI(b[0] & 0x3f)
	return 0
}
func (q QFI) append(dst []byte) []byte { return append(dst, byte(q)&0x3f) }

// RQI is the reflective QoS indicator, 1 to have downlink packets marked, TS 29.244 §8.2.88.
type RQI uint8

// PPI is the paging policy indicator of 3 bits, TS 29.244 §8.2.116.
type PPI uint8

// Seconds is a duration in whole seconds.
type Seconds uint32

// Duration is the duration in Go's form.
func (s Seconds) Duration() time.Duration { return time.Duration(s) * time.Second }

// Interface is a source or destination interface, TS 29.244 §8.2.2 and §8.2.24.
type Interface uint8

// Interface values.
const (
	InterfaceAccess       Interface = 0
	InterfaceCore         Interface = 1
	InterfaceSGiLANN6LAN  Interface = 2
	InterfaceCPFunction   Interface = 3
	InterfaceLIFunction   Interface = 4 // as a destination
	Interface5GVNInternal Interface = 4 // as a source; 5 as a destination
)

func (i *Interface) decode(b []byte) Cause {
	if len(b) < 1 {
		return CauseInvalidLength
	}
	*i = Interface(b[0] & 0xf)
	return 0
}
func (i Interface) append(dst []byte) []byte { return append(dst, byte(i)&0xf) }

// InterfaceType tells the reference point behind an Interface, TS 29.244 §8.2.118.
type InterfaceType uint8

// InterfaceType values that a 5G UPF meets.
const (
	InterfaceTypeN33GPP           InterfaceType = 11
	InterfaceTypeN3TrustedNon3G   InterfaceType = 12
	InterfaceTypeN3DataForwarding InterfaceType = 14
	InterfaceTypeN9               InterfaceType = 15
	InterfaceTypeN6               InterfaceType = 17
)

// PDNType is the type of a PDU session, TS 29.244 §8.2.79.
type PDNType uint8

// PDNType values.
const (
	PDNTypeIPv4     PDNType = 1
	PDNTypeIPv6     PDNType = 2
	PDNTypeIPv4v6   PDNType = 3
	PDNTypeNonIP    PDNType = 4
	PDNTypeEthernet PDNType = 5
)

func (p *PDNType) decode(b []byte) Cause {
	if len(b) < 1 {
		return CauseInvalidLength
	}
	*p = PDNType(b[0] & 7)
	return 0
}
func (p PDNType) append(dst []byte) []byte { return append(dst, byte(p)&7) }

// Timestamp is a point in time in seconds since 1900, RFC 5905 §6; TS 29.244 §8.2.65 and others.
type Timestamp uint32

// ntpEpoch is 1900-01-01 in seconds before the Unix epoch.
const ntpEpoch = 2208988800

// NewTimestamp is the Timestamp of t.
func NewTimestamp(t time.Time) Timestamp { return Timestamp(t.Unix() + ntpEpoch) }

// Time is the Timestamp as UTC. As RFC 5905 §6 has eras, values with a clear first bit are after February 2036.
func (t Timestamp) Time() time.Time {
	s := int64(t) - ntpEpoch
	if t < 1<<31 {
		s += 1 << 32
	}
	return time.Unix(s, 0).UTC()
}

// Timer is a coded duration: 3 bits of unit and 5 bits of count, TS 29.244 §8.2.78.
type Timer uint8

// Duration is the coded duration; infinite tells that there is no end.
func (t Timer) Duration() (d time.Duration, infinite bool) {
	n := time.Duration(t & 0x1f)
	switch t >> 5 {
	case 0:
		return n * 2 * time.Second, false
	case 2:
		return n * 10 * time.Minute, false
	case 3:
		return n * time.Hour, false
	case 4:
		return n * 10 * time.Hour, false
	case 7:
		return 0, true
	default: // 1, and "other values shall be interpreted as multiples of 1 minute"
		return n * time.Minute, false
	}
}

// GateStatus opens or closes both directions of a QER, TS 29.244 §8.2.7. The zero value is open.
type GateStatus struct {
	UplinkClosed, DownlinkClosed bool
}

func (g *GateStatus) decode(b []byte) Cause {
	if len(b) < 1 {
		return CauseInvalidLength
	}
	if b[0]&0b1010 != 0 { // values 2 and 3 are for future use
		return CauseMandatoryIEIncorrect
	}
	g.UplinkClosed, g.DownlinkClosed = b[0]&4 != 0, b[0]&1 != 0
	return 0
}

func (g GateStatus) append(dst []byte) []byte {
	return append(dst, bit(g.UplinkClosed, 4)|bit(g.DownlinkClosed, 1))
}

// MBR is a maximum bit rate in kbit/s (1 kbit = 1000 bit), TS 29.244 §8.2.8.
type MBR struct {
	Uplink, Downlink uint64
}

func (m *MBR) decode(b []byte) Cause {
	if len(b) < 10 {
		return CauseInvalidLength
	}
	m.Uplink, m.Downlink = uint40(b), uint40(b[5:])
	return 0
}

func (m MBR) append(dst []byte) []byte { return appendUint40(appendUint40(dst, m.Uplink), m.Downlink) }

// GBR is a guaranteed bit rate in kbit/s, TS 29.244 §8.2.9.
type GBR MBR

func (g *GBR) decode(b []byte) Cause   { return (*MBR)(g).decode(b) }
func (g GBR) append(dst []byte) []byte { return MBR(g).append(dst) }

const maxUint40 = 1<<40 - 1

func uint40(b []byte) uint64 { return uint64(b[0])<<32 | uint64(binary.BigEndian.Uint32(b[1:5])) }

// appendUint40 saturates: a rate beyond 1.1 Pbit/s is no limit.
func appendUint40(dst []byte, v uint64) []byte {
	v = min(v, maxUint40)
	return binary.BigEndian.AppendUint32(append(dst, byte(v>>32)), uint32(v))
}

func bit(on bool, mask byte) byte {
	if on {
		return mask
	}
	return 0
}

// NetworkInstance names a data network, TS 29.244 §8.2.4 and §8.2.117. Limpid's are DNNs, sent as the labels of
// TS 23.003 §9.1; from a peer that sends plain text the text is taken.
type NetworkInstance string

func (n *NetworkInstance) decode(b []byte) Cause {
	if name, ok := unlabel(b); ok {
		*n = name
	} else {
		*n = NetworkInstance(b)
	}
	return 0
}

// maxName is the length of a domain name in labels, RFC 1035 §2.3.4.
const maxName = 255

// unlabel joins labels with dots; it fails if the octets are not exactly a row of labels.
func unlabel(b []byte) (NetworkInstance, bool) {
	if len(b) == 0 || len(b) > maxName {
		return "", false
	}
	var buf [maxName]byte
	for at := 0; at < len(b); {
		n := int(b[at])
		if n == 0 || n > 63 || at+1+n > len(b) {
			return "", false
		}
		label := b[at+1 : at+1+n]
		if bytes.IndexByte(label, '.') >= 0 {
			return "", false
		}
		copy(buf[at:], label)
		at += 1 + n
		buf[at-1] = '.'
	}
	return NetworkInstance(buf[:len(b)-1]), true
}

// append writes labels, or the plain text if it has no labels of 1 to 63 octets.
func (n NetworkInstance) append(dst []byte) []byte {
	at := len(dst)
	for label := range strings.SplitSeq(string(n), ".") {
		if len(label) == 0 || len(label) > 63 || len(n) >= maxName {
			return append(dst[:at], n...)
		}
		dst = append(append(dst, byte(len(label))), label...)
	}
	return dst
}

// ForwardingPolicy names a policy that is configured in the UP function, TS 29.244 §8.2.23.
type ForwardingPolicy string

func (p *ForwardingPolicy) decode(b []byte) Cause {
	if len(b) < 1 || len(b) < 1+int(b[0]) {
		return CauseInvalidLength
	}
	*p = ForwardingPolicy(b[1 : 1+int(b[0])])
	return 0
}

func (p ForwardingPolicy) append(dst []byte) []byte {
	p = p[:min(len(p), 255)]
	return append(append(dst, byte(len(p))), p...)
}

// SNSSAI is a network slice, TS 29.244 §8.2.176.
type SNSSAI ident.SNSSAI

func (s *SNSSAI) decode(b []byte) Cause {
	if len(b) < 4 {
		return CauseInvalidLength
	}
	v := binary.BigEndian.Uint32(b)
	s.SST, s.SD = uint8(v>>24), v&0xffffff
	return 0
}

func (s SNSSAI) append(dst []byte) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(s.SST)<<24|s.SD&0xffffff)
}

func (s SNSSAI) String() string { return ident.SNSSAI(s).String() }

// RuleType is the kind of a rule, TS 29.244 §8.2.80.
type RuleType uint8

// RuleType values.
const (
	RulePDR RuleType = 0
	RuleFAR RuleType = 1
	RuleQER RuleType = 2
	RuleURR RuleType = 3
	RuleBAR RuleType = 4
)

func (t RuleType) String() string {
	names := [...]string{"PDR", "FAR", "QER", "URR", "BAR"}
	if int(t) < len(names) {
		return names[t]
	}
	return fmt.Sprintf("rule type %d", uint8(t))
}

// FailedRuleID names the rule that could not be made or changed, TS 29.244 §8.2.80.
type FailedRuleID struct {
	Type RuleType
	ID   uint32
}

func (f FailedRuleID) String() string { return fmt.Sprintf("%s %d", f.Type, f.ID) }

// octets is the width of the rule's identity.
func (t RuleType) octets() int {
	switch t {
	case RulePDR, 5: // 5 is a MAR
		return 2
	case RuleBAR, 6: // 6 is an SRR
		return 1
	default:
		return 4
	}
}

func (f *FailedRuleID) decode(b []byte) Cause {
	if len(b) < 1 {
		return CauseInvalidLength
	}
	f.Type = RuleType(b[0] & 0x1f)
	n := f.Type.octets()
	if len(b) < 1+n {
		return CauseInvalidLength
	}
	f.ID = 0
	for _, o := range b[1 : 1+n] {
		f.ID = f.ID<<8 | uint32(o)
	}
	return 0
}

func (f FailedRuleID) append(dst []byte) []byte {
	dst = append(dst, byte(f.Type))
	for i := f.Type.octets() - 1; i >= 0; i-- {
		dst = append(dst, byte(f.ID>>(8*i)))
	}
	return dst
}
