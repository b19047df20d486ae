package pcf

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/sbi/npcf"
)

// checkFlowDescription checks an IPFilterRule as TS 29.212 §5.4.2 restricts it:
// "permit out <protocol> from <remote> [ports] to <UE> [ports]", without options and without "!"; or a description of frames.
func checkFlowDescription(s string) error {
	if npcf.IsEthFlow(s) {
		_, err := npcf.ParseEthFlow(s)
		return err
	}
	const shape = `want "permit out <protocol> from <address> [ports] to <address> [ports]"`
	words := strings.Fields(s)
	if len(words) < 7 || words[0] != "permit" || words[1] != "out" || words[3] != "from" {
		return errors.New(shape)
	}
	if words[2] != "ip" {
		if _, err := strconv.ParseUint(words[2], 10, 8); err != nil {
			return fmt.Errorf("protocol %q: want ip or a number", words[2])
		}
	}
	rest, err := checkEndpoint(words[4:])
	if err != nil {
		return err
	}
	if len(rest) < 2 || rest[0] != "to" {
		return errors.New(shape)
	}
	rest, err = checkEndpoint(rest[1:])
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%q: options are not allowed", rest[0])
	}
	return err
}

// checkEndpoint checks an address and the ports that may follow it, and returns the words after them.
func checkEndpoint(words []string) (rest []string, err error) {
	if err := checkAddress(words[0]); err != nil {
		return nil, err
	}
	words = words[1:]
	if len(words) == 0 || words[0] == "to" {
		return words, nil
	}
	for ports := range strings.SplitSeq(words[0], ",") {
		first, last, isRange := strings.Cut(ports, "-")
		low, err := strconv.ParseUint(first, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("port %q: want numbers, ranges and commas", ports)
		}
		if !isRange {
			continue
		}
		if high, err := strconv.ParseUint(last, 10, 16); err != nil || high < low {
			return nil, fmt.Errorf("port range %q: want low-high", ports)
		}
	}
	return words[1:], nil
}

func checkAddress(s string) error {
	if s == "any" || s == "assigned" {
		return nil
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return nil
	}
	if _, err := netip.ParsePrefix(s); err == nil {
		return nil
	}
	return fmt.Errorf("address %q: want any, assigned, an address or a prefix", s)
}
