package sbi

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Binary is an N1 message or N2 information: bytes that network functions pass on. Between processes it travels as a
// part of its own beside the JSON that refers to it, TS 29.500 §6.1.2.4.
type Binary []byte

// Hex is bytes that are written in hexadecimal, such as a key.
type Hex []byte

// MarshalText writes hexadecimal digits.
func (h Hex) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

// UnmarshalText reads them.
func (h *Hex) UnmarshalText(b []byte) (err error) {
	*h, err = hex.DecodeString(string(b))
	return err
}

// NGAPCause is TS 29.571 §5.4.4.12: a group of TS 38.413 §9.3.1.2 in its order there, and a value.
type NGAPCause struct {
	Group uint32 `json:"group"`
	Value uint32 `json:"value"`
}

// A resource of another core is named by a URI whose host is the name of that core, as its peers know it: where it is
// reached is theirs to say.
const (
	scheme     = "https://"
	smContexts = "/nsmf-pdusession/v1/sm-contexts/"
)

// ContextURI is the URI of an SM context of the SMF of a core, TS 29.502 §6.1.3.3.
func ContextURI(core, ref string) string { return scheme + core + smContexts + ref }

// ContextRef takes a URI of an SM context apart; one of this core is a reference alone, and core is "".
func ContextRef(uri string) (core, ref string, err error) {
	rest, ok := strings.CutPrefix(uri, scheme)
	if !ok {
		return "", uri, nil
	}
	core, ref, ok = strings.Cut(rest, smContexts)
	if !ok || core == "" || ref == "" || strings.ContainsAny(core+ref, "/?#") {
		return "", "", fmt.Errorf("%q is not the URI of an SM context", uri)
	}
	return core, ref, nil
}

// CallbackURI is where the AMF of a core is told of a handover of a UE, TS 29.518 §5.2.2.3.6.
func CallbackURI(core, context string) string {
	return scheme + core + "/namf-callback/v1/n2-info/" + context
}

// CallbackHost is the core that a callback URI names.
func CallbackHost(uri string) (core string, ok bool) {
	rest, ok := strings.CutPrefix(uri, scheme)
	core, _, cut := strings.Cut(rest, "/")
	return core, ok && cut && core != ""
}
