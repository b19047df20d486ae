package ident

import (
	"fmt"
	"strings"
)

// SUPI is a subscription permanent identifier of type IMSI, TS 23.003 §2.2A, in the form of TS 29.571:
// "imsi-001010000000001".
type SUPI string

const imsiPrefix = "imsi-"

// ParseSUPI reads "imsi-" followed by 6 to 15 digits, or the digits alone.
func ParseSUPI(s string) (SUPI, error) {
	imsi := strings.TrimPrefix(s, imsiPrefix)
	if len(imsi) < 6 || len(imsi) > 15 {
		return "", fmt.Errorf("IMSI %q: want 6 to 15 digits, has %d", s, len(imsi))
	}
	for i := range len(imsi) {
		if imsi[i] < '0' || imsi[i] > '9' {
			return "", fmt.Errorf("IMSI %q: %q is not a digit", s, imsi[i])
		}
	}
	return SUPI(imsiPrefix + imsi), nil
}

// IMSI returns the digits.
func (s SUPI) IMSI() string { return strings.TrimPrefix(string(s), imsiPrefix) }

// Conceal is the form for logs: MCC and the last two digits, enough to tell two phones apart on a screen and
// not enough to name a person.
func (s SUPI) Conceal() string {
	imsi := s.IMSI()
	if len(imsi) < 6 {
		return "imsi-?"
	}
	return imsiPrefix + imsi[:3] + strings.Repeat("*", len(imsi)-5) + imsi[len(imsi)-2:]
}

// DNN is a data network name, TS 23.003 §9A, in dotted text.
type DNN string

// ParseDNN checks that the name is 1 to 100 octets of dot-separated labels (RFC 1035 §2.3.1).
func ParseDNN(s string) (DNN, error) {
	if len(s) == 0 || len(s) > 99 {
		return "", fmt.Errorf("DNN %q: want 1 to 99 characters", s)
	}
	for label := range strings.SplitSeq(s, ".") {
		if len(label) == 0 || len(label) > 63 {
			return "", fmt.Errorf("DNN %q: each label has 1 to 63 characters", s)
		}
		for i := range len(label) {
			c := label[i]
			alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
			if !alnum && (c != '-' || i == 0 || i == len(label)-1) {
				return "", fmt.Errorf("DNN %q: %q is not allowed there", s, c)
			}
		}
	}
	return DNN(s), nil
}

// Equal compares without regard to case (RFC 1035 §2.3.3).
func (d DNN) Equal(other DNN) bool { return strings.EqualFold(string(d), string(other)) }
