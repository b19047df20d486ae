package gsm

import (
	"encoding/binary"

	"github.com/limpid-5g/limpid/wire/nas"
)

// PDUSessionType is TS 24.501 §9.11.4.11.
type PDUSessionType uint8

// PDU session types.
const (
	IPv4         PDUSessionType = 1
	IPv6         PDUSessionType = 2
	IPv4v6       PDUSessionType = 3
	Unstructured PDUSessionType = 4
	Ethernet     PDUSessionType = 5
)

// Value returns the type that the receiver is to assume for an unused value.
func (t PDUSessionType) Value() PDUSessionType {
	if t < IPv4 || t > Ethernet {
		return IPv4v6
	}
	return t
}

func (t PDUSessionType) String() string {
	return [...]string{"IPv4", "IPv6", "IPv4v6", "Unstructured", "Ethernet"}[t.Value()-1]
}

// SSCMode is TS 24.501 §9.11.4.16.
type SSCMode uint8

// SSC modes.
const (
	SSCMode1 SSCMode = 1
	SSCMode2 SSCMode = 2
	SSCMode3 SSCMode = 3
)

// Value returns the mode that the network is to assume for an unused value.
func (m SSCMode) Value() SSCMode {
	if m >= 4 && m <= 6 {
		return m - 3
	}
	return m
}

// AllowedSSCMode is TS 24.501 §9.11.4.5.
type AllowedSSCMode uint8

// Flags of AllowedSSCMode.
const (
	SSC1Allowed AllowedSSCMode = 1 << 0
	SSC2Allowed AllowedSSCMode = 1 << 1
	SSC3Allowed AllowedSSCMode = 1 << 2
)

// ReattemptIndicator is TS 24.501 §9.11.4.17.
type ReattemptIndicator uint8

// Flags of ReattemptIndicator.
const (
	NoReattemptInS1Mode         ReattemptIndicator = 1 << 0 // RATC
	NoReattemptInEquivalentPLMN ReattemptIndicator = 1 << 1 // EPLMNC
)

// Capability is the 5GSM capability, TS 24.501 §9.11.4.1: the octets as received.
type Capability []byte

// ReflectiveQoS tells whether the UE supports reflective QoS (RqoS).
func (c Capability) ReflectiveQoS() bool { return len(c) > 0 && c[0]&1 != 0 }

// MultiHomedIPv6 tells whether the UE supports multi-homed IPv6 sessions (MH6-PDU).
func (c Capability) MultiHomedIPv6() bool { return len(c) > 0 && c[0]&2 != 0 }

// DataRate is the most that a UE can protect the integrity of, TS 24.501 §9.11.4.7.
type DataRate uint8

// Data rates. Other values count as Rate64Kbps.
const (
	Rate64Kbps DataRate = 0x00
	RateNull   DataRate = 0x01
	RateFull   DataRate = 0xff
)

// IntegrityProtectionMaximumDataRate is TS 24.501 §9.11.4.7.
type IntegrityProtectionMaximumDataRate struct {
	Uplink, Downlink DataRate
}

// Parse reads the value part.
func (r *IntegrityProtectionMaximumDataRate) Parse(b []byte) error {
	if len(b) < 2 {
		return nas.ErrLength
	}
	*r = IntegrityProtectionMaximumDataRate{DataRate(b[0]), DataRate(b[1])}
	return nil
}

// Append writes the value part.
func (r IntegrityProtectionMaximumDataRate) Append(dst []byte) ([]byte, error) {
	return append(dst, byte(r.Uplink), byte(r.Downlink)), nil
}

// MaximumPacketFilters is the maximum number of supported packet filters, TS 24.501 §9.11.4.9: 17 to 1,024.
type MaximumPacketFilters uint16

const maxPacketFilters = 1<<11 - 1

// Parse reads the value part.
func (m *MaximumPacketFilters) Parse(b []byte) error {
	if len(b) < 2 {
		return nas.ErrLength
	}
	*m = MaximumPacketFilters(binary.BigEndian.Uint16(b) >> 5)
	return nil
}

// Append writes the value part.
func (m MaximumPacketFilters) Append(dst []byte) ([]byte, error) {
	if m > maxPacketFilters {
		return dst, nas.ErrReserved
	}
	return binary.BigEndian.AppendUint16(dst, uint16(m)<<5), nil
}

// ServingPLMNRateControl is the most uplink messages with user data in six minutes, TS 24.301 §9.9.4.28
// (TS 24.501 §9.11.4.20).
type ServingPLMNRateControl uint16

// NoRateControl means that there is no limit.
const NoRateControl ServingPLMNRateControl = 0xffff

// Parse reads the value part.
func (r *ServingPLMNRateControl) Parse(b []byte) error {
	if len(b) < 2 {
		return nas.ErrLength
	}
	*r = ServingPLMNRateControl(binary.BigEndian.Uint16(b))
	return nil
}

// Append writes the value part.
func (r ServingPLMNRateControl) Append(dst []byte) ([]byte, error) {
	return binary.BigEndian.AppendUint16(dst, uint16(r)), nil
}
