package gmm

import (
	"fmt"

	"github.com/limpid-5g/limpid/wire/nas"
)

// IntraN1Container is the value of the Intra N1 mode NAS transparent container, TS 24.501 §9.11.2.6: what the target AMF of a
// handover tells the UE of NAS security. NGAP (NASC) and RRC carry the value alone.
type IntraN1Container struct {
	MAC        [4]byte // over what follows it
	Algorithms SecurityAlgorithms
	NewKAMF    bool // K_AMF_change_flag: a new KAMF was derived
	NgKSI      KeySetIdentifier
	Sequence   uint8 // of the downlink NAS COUNT
}

// Sizes of the container and of what its MAC is not calculated over, in octets.
const (
	intraN1Len      = 7
	containerMACLen = 4
)

// Append appends the value to dst.
func (c *IntraN1Container) Append(dst []byte) []byte {
	return c.appendProtected(append(dst, c.MAC[:]...))
}

func (c *IntraN1Container) appendProtected(dst []byte) []byte {
	flags := byte(c.NgKSI & 0x0f)
	if c.NewKAMF {
		flags |= 1 << 4
	}
	return append(dst, byte(c.Algorithms), flags, c.Sequence)
}

// Protected is what the MAC is calculated over, TS 33.501 §6.9.2.3.3.
func (c *IntraN1Container) Protected() []byte { return c.appendProtected(nil) }

// DecodeIntraN1Container reads the value of a container. Octets behind it are of a later release.
func DecodeIntraN1Container(b []byte) (c IntraN1Container, err error) {
	if len(b) < intraN1Len {
		return c, fmt.Errorf("Intra N1 mode NAS transparent container of %d octets: want %d: %w", len(b), intraN1Len, nas.ErrLength)
	}
	copy(c.MAC[:], b)
	b = b[containerMACLen:]
	c.Algorithms, c.NewKAMF, c.NgKSI, c.Sequence = SecurityAlgorithms(b[0]), b[1]&(1<<4) != 0, KeySetIdentifier(b[1]&0x0f), b[2]
	return c, nil
}
