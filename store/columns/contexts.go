package columns

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// UE is where the columns of a UE context go, and what is to be done once they are filled.
func UE(u *store.UEContext) ([]any, func() error) {
	var supi, node string
	var tmsi, old, epoch int64
	var record []byte
	return []any{&supi, &tmsi, &old, &node, &epoch, &record}, func() error {
		*u = store.UEContext{SUPI: ident.SUPI(supi), TMSI: uint32(tmsi), OldTMSI: uint32(old), Node: node, Epoch: uint64(epoch),
			Record: record}
		return nil
	}
}

// SM is where the columns of an SM context go, and what is to be done once they are filled.
func SM(n *store.SMContext) ([]any, func() error) {
	var supi, node, dnn, upf, ipv4, ipv6 string
	var id, seid int64
	var record []byte
	return []any{&supi, &id, &seid, &node, &dnn, &upf, &ipv4, &ipv6, &record}, func() (err error) {
		*n = store.SMContext{SUPI: ident.SUPI(supi), PDUSessionID: uint8(id), SEID: uint64(seid), Node: node, DNN: ident.DNN(dnn),
			UPF: upf, Record: record}
		if ipv4 != "" {
			if n.IPv4, err = netip.ParseAddr(ipv4); err != nil {
				return fmt.Errorf("%w: %w", store.ErrDamaged, err)
			}
		}
		if ipv6 != "" {
			if n.IPv6, err = netip.ParsePrefix(ipv6); err != nil {
				return fmt.Errorf("%w: %w", store.ErrDamaged, err)
			}
		}
		return nil
	}
}

// SelectCounts is the query of how many contexts there are.
const SelectCounts = `SELECT (SELECT count(*) FROM ue_context), (SELECT count(*) FROM sm_context)`

// Counts is where the columns of SelectCounts go, the UEs first, and what is to be done once they are filled.
func Counts(c *[2]int) ([]any, func() error) {
	var ues, sessions int64
	return []any{&ues, &sessions}, func() error {
		*c = [2]int{int(ues), int(sessions)}
		return nil
	}
}

// SelectNodes is the query of the nodes and what each has.
const SelectNodes = `SELECT node, life, started, (SELECT count(*) FROM ue_context u WHERE u.node = core_node.node),
	(SELECT count(*) FROM sm_context s WHERE s.node = core_node.node) FROM core_node ORDER BY node`

// Node is where the columns of a node go, and what is to be done once they are filled.
func Node(n *store.Node) ([]any, func() error) {
	var name string
	var life, started, ues, sessions int64
	return []any{&name, &life, &started, &ues, &sessions}, func() error {
		*n = store.Node{Name: name, Life: store.Life{Number: uint64(life), Started: time.Unix(started, 0)}, UEs: int(ues), Sessions: int(sessions)}
		return nil
	}
}

// SelectPulses is the query of what nodes last said of themselves.
const SelectPulses = `SELECT node, life, beat, leaving FROM core_node ORDER BY node`

// Pulse is where the columns of a pulse go, and what is to be done once they are filled.
func Pulse(p *store.Pulse) ([]any, func() error) {
	var node string
	var life, beat int64
	var leaving bool
	return []any{&node, &life, &beat, &leaving}, func() error {
		*p = store.Pulse{Node: node, Life: uint64(life), Beat: uint64(beat), Leaving: leaving}
		return nil
	}
}

// SUPI is where the column of a SUPI goes, and what is to be done once it is filled.
func SUPI(s *ident.SUPI) ([]any, func() error) {
	var supi string
	return []any{&supi}, func() error {
		*s = ident.SUPI(supi)
		return nil
	}
}

// Address is the text of an address, empty for none.
func Address(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// Prefix is the text of a prefix, empty for none.
func Prefix(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}
