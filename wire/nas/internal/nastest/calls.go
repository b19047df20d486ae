// Package nastest holds what the tests of wire/nas share: PDUs of real calls, tshark as an independent decoder, and
// messages with every element filled in.
package nastest

import (
	"bufio"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Call is a sequence of PDUs within one security context.
type Call struct {
	Key  []byte // K_NASint of 128-NIA2, empty if not known
	PDUs []PDU
}

// PDU is a NAS PDU as sent over N1. All are of the null ciphering algorithm.
type PDU struct {
	Uplink bool
	Octets []byte
}

// Plain returns the plain message inside.
func (p PDU) Plain() []byte {
	const securityHeaderLen = 7
	if p.Octets[1]&0x0f != 0 {
		return p.Octets[securityHeaderLen:]
	}
	return p.Octets
}

// Calls reads wire/nas/testdata/calls.txt.
func Calls(tb testing.TB) []Call {
	tb.Helper()
	_, here, _, _ := runtime.Caller(0)
	f, err := os.Open(filepath.Join(filepath.Dir(here), "..", "..", "testdata", "calls.txt"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var calls []Call
	for s := bufio.NewScanner(f); s.Scan(); {
		kind, digits, _ := strings.Cut(s.Text(), " ")
		if kind == "" || kind == "#" {
			continue
		}
		octets, err := hex.DecodeString(digits)
		if err != nil {
			tb.Fatal(err)
		}
		if kind == "key" {
			calls = append(calls, Call{Key: octets})
			continue
		}
		c := &calls[len(calls)-1]
		c.PDUs = append(c.PDUs, PDU{kind == "U", octets})
	}
	return calls
}

// Unhex decodes hexadecimal text; spaces are allowed.
func Unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
