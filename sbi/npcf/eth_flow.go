package npcf

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// EthFlow describes frames by their headers, in the downlink direction: Source is the remote end. It is the text form of the
// EthFlowDescription of TS 29.514 §5.6.2.17, without an IP flow inside.
type EthFlow struct {
	Source, Destination MACRange
	Ethertype           uint16 // 0: any
	CTag, STag          TagFilter
}

// MACRange is from First to Last, both included; the zero range is every address.
type MACRange struct{ First, Last [6]byte }

// Any tells whether the range is every address.
func (r MACRange) Any() bool { return r == MACRange{} }

// TagFilter is what a VLAN tag must have; the zero value does not look at the tag.
type TagFilter struct {
	VID      uint16 // 1 to 4094; 0: any
	Priority bool   // whether PCP counts
	PCP      uint8  // 0 to 7
}

// Any tells whether the tag is not looked at.
func (t TagFilter) Any() bool { return t == TagFilter{} }

// ethernet is the first word of a flow description of frames.
const ethernet = "ethernet"

// IsEthFlow tells whether a flow description is about frames, not about IP packets.
func IsEthFlow(text string) bool { return strings.HasPrefix(text, ethernet+" ") }

// ErrEthFlow says what a flow description of frames looks like.
var ErrEthFlow = errors.New(`want "ethernet from <MAC> to <MAC> [type 0x88f7] [c-tag 100/5] [s-tag 200]", where a MAC is "any", ` +
	`an address or a range with "-", and a tag is a VLAN, a VLAN/PCP or */PCP; at least one of them not "any"`)

// ParseEthFlow reads the text form. Errors wrap ErrEthFlow.
func ParseEthFlow(text string) (f EthFlow, err error) {
	bad := func(what string) (EthFlow, error) {
		return f, fmt.Errorf("flow description %.128q: %q: %w", text, what, ErrEthFlow)
	}
	w := strings.Fields(text)
	if len(w) < 5 || len(w)%2 == 0 || w[0] != ethernet || w[1] != "from" || w[3] != "to" {
		return bad("shape")
	}
	seen := make(map[string]bool)
	for ; len(w) > 1; w = w[2:] {
		name, value := w[1], w[2]
		if seen[name] {
			return bad(name + " twice")
		}
		seen[name] = true
		switch name {
		case "from":
			f.Source, err = parseMACRange(value)
		case "to":
			f.Destination, err = parseMACRange(value)
		case "type":
			var n uint64
			if n, err = strconv.ParseUint(value, 0, 16); err == nil && n < minEthertype {
				err = strconv.ErrRange
			}
			f.Ethertype = uint16(n)
		case "c-tag":
			f.CTag, err = parseTag(value)
		case "s-tag":
			f.STag, err = parseTag(value)
		default:
			return bad(name)
		}
		if err != nil {
			return bad(value)
		}
	}
	if f == (EthFlow{}) {
		return bad("everything")
	}
	return f, nil
}

const (
	minEthertype = 0x600 // IEEE 802.3 §3.2.6: what is less is a length
	maxVID       = 4094
	maxPCP       = 7
)

func parseMACRange(s string) (r MACRange, err error) {
	if s == "any" {
		return r, nil
	}
	first, last, ranged := strings.Cut(s, "-")
	if !ranged {
		last = first
	}
	if r.First, err = parseMAC(first); err != nil {
		return r, err
	}
	if r.Last, err = parseMAC(last); err == nil && (bytes.Compare(r.First[:], r.Last[:]) > 0 || r.Any()) {
		err = strconv.ErrRange
	}
	return r, err
}

func parseMAC(s string) (a [6]byte, err error) {
	parts := strings.Split(s, ":")
	if len(parts) != len(a) {
		return a, strconv.ErrSyntax
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 16, 8)
		if err != nil || len(p) != 2 {
			return a, strconv.ErrSyntax
		}
		a[i] = byte(n)
	}
	return a, nil
}

func parseTag(s string) (t TagFilter, err error) {
	vid, pcp, prioritised := strings.Cut(s, "/")
	if vid != "*" {
		n, err := strconv.ParseUint(vid, 10, 16)
		if err != nil || n == 0 || n > maxVID {
			return t, strconv.ErrRange
		}
		t.VID = uint16(n)
	}
	if prioritised {
		n, err := strconv.ParseUint(pcp, 10, 8)
		if err != nil || n > maxPCP {
			return t, strconv.ErrRange
		}
		t.Priority, t.PCP = true, uint8(n)
	}
	if t.Any() {
		return t, strconv.ErrSyntax
	}
	return t, nil
}

// String is the text form.
func (f EthFlow) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s from %s to %s", ethernet, f.Source, f.Destination)
	if f.Ethertype != 0 {
		fmt.Fprintf(&b, " type 0x%04x", f.Ethertype)
	}
	if !f.CTag.Any() {
		fmt.Fprintf(&b, " c-tag %s", f.CTag)
	}
	if !f.STag.Any() {
		fmt.Fprintf(&b, " s-tag %s", f.STag)
	}
	return b.String()
}

func (r MACRange) String() string {
	text := func(a [6]byte) string {
		return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4], a[5])
	}
	switch {
	case r.Any():
		return "any"
	case r.First == r.Last:
		return text(r.First)
	}
	return text(r.First) + "-" + text(r.Last)
}

func (t TagFilter) String() string {
	vid := "*"
	if t.VID != 0 {
		vid = strconv.Itoa(int(t.VID))
	}
	if t.Priority {
		return fmt.Sprintf("%s/%d", vid, t.PCP)
	}
	return vid
}
