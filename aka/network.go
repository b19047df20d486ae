package aka

import (
	"errors"
	"fmt"
	"strings"
)

// ErrServingNetwork says that an MCC, MNC or NID is not of its form, TS 24.501 §9.12.1.
var ErrServingNetwork = errors.New("aka: malformed MCC, MNC or NID")

// ServingNetwork is a serving network name, TS 24.501 §9.12.1: "5G:mnc093.mcc208.3gppnetwork.org".
type ServingNetwork string

// ServingNetworkNSWO is the name in non-seamless WLAN offload, TS 24.501 §9.12.1.
const ServingNetworkNSWO ServingNetwork = "5G:NSWO"

// NewServingNetwork is the name of the PLMN with three digits of mcc and two or three of mnc, TS 24.501 §9.12.1.
// The error is ErrServingNetwork.
func NewServingNetwork(mcc, mnc string) (ServingNetwork, error) {
	if len(mcc) != 3 || !digits(mcc) || len(mnc) < 2 || len(mnc) > 3 || !digits(mnc) {
		return "", fmt.Errorf("%w: mcc %q, mnc %q", ErrServingNetwork, mcc, mnc)
	}
	if len(mnc) == 2 {
		mnc = "0" + mnc
	}
	return ServingNetwork("5G:mnc" + mnc + ".mcc" + mcc + ".3gppnetwork.org"), nil
}

// NewSNPNServingNetwork is the name of the SNPN with 11 hexadecimal digits of nid, in either
// case; the name has them in upper case, TS 24.501 §9.12.1.
// The error is ErrServingNetwork.
func NewSNPNServingNetwork(mcc, mnc, nid string) (ServingNetwork, error) {
	name, err := NewServingNetwork(mcc, mnc)
	if err != nil {
		return "", err
	}
	if len(nid) != 11 || !hexDigits(nid) {
		return "", fmt.Errorf("%w: nid %q", ErrServingNetwork, nid)
	}
	return name + ServingNetwork(":"+strings.ToUpper(nid)), nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func hexDigits(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
