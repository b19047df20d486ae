package flows

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// initialChanges are what a ue line has a phone change of its initial message, TS 24.501 §4.4.6: in-clear=HEX puts elements into
// the first one that ought to be ciphered, and container= decides what is in SECURITY MODE COMPLETE instead of the whole one: none,
// other-algorithms (the whole one with other security capabilities), or the octets of another message.
type initialChanges struct {
	inClear   []byte
	container string
	octets    []byte
}

func newInitialChanges(c *command) (initialChanges, error) {
	i := initialChanges{container: c.options["container"]}
	var err error
	if i.inClear, err = hex.DecodeString(c.options["in-clear"]); err != nil {
		return i, fmt.Errorf("in-clear=: %w", err)
	}
	switch i.container {
	case "", "none", "other-algorithms":
	default:
		if i.octets, err = hex.DecodeString(i.container); err != nil {
			return i, fmt.Errorf("container=: %w", err)
		}
	}
	return i, nil
}

// message changes a message before it is protected.
func (i *initialChanges) message(m gmm.Message) gmm.Message {
	complete, is := m.(*gmm.SecurityModeComplete)
	if !is || i.container == "" {
		return m
	}
	changed := *complete
	changed.NASMessageContainer = i.octets
	if i.container == "other-algorithms" {
		changed.NASMessageContainer = withAlgorithms(complete.NASMessageContainer, []uint8{0}, []uint8{1})
	}
	return &changed
}

// withAlgorithms is a REGISTRATION REQUEST that names other algorithms; what is none stays.
func withAlgorithms(request []byte, nea, nia []uint8) []byte {
	m, err := gmm.Decode(bytes.Clone(request))
	r, is := m.(*gmm.RegistrationRequest)
	if err != nil || !is {
		return request
	}
	r.UESecurityCapability = gmm.NewUESecurityCapability(nea, nia)
	changed, err := gmm.Append(nil, r)
	if err != nil {
		return request
	}
	return changed
}

// pdu changes a message as it goes over the air.
func (i *initialChanges) pdu(pdu []byte) []byte {
	if len(i.inClear) > 0 && bytes.HasPrefix(pdu, []byte{0x7e, 0, byte(gmm.TypeRegistrationRequest)}) {
		return append(bytes.Clone(pdu), i.inClear...)
	}
	return pdu
}
