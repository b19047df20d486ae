package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/internal/lab"
	"github.com/limpid-5g/limpid/manage/subscriber"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/record"
	"github.com/limpid-5g/limpid/store/sqlite"
)

// pools hold a million UE addresses and fit into the slots of the UPF.
func pools() []netip.Prefix {
	var list []netip.Prefix
	for _, s := range []string{"10.128.0.0/13", "10.136.0.0/14", "10.140.0.0/15", "10.142.0.0/16", "10.143.0.0/17"} {
		list = append(list, netip.MustParsePrefix(s))
	}
	return list
}

// system is the files of a core.
type system struct {
	config, store     string
	homeKey, key, opc string
	next              int // subscriber that has not been used yet, from 1
}

// filesIn are those of a system in a folder.
func filesIn(dir string) *system {
	return &system{config: filepath.Join(dir, "limpid.yaml"), store: filepath.Join(dir, "limpid.db")}
}

// keptSystem is a system that an earlier run has left in a folder.
func keptSystem(dir string) (*system, bool) {
	s := filesIn(dir)
	_, err := os.Stat(s.store)
	return s, err == nil
}

func imsi(n int) string { return fmt.Sprintf("00101%010d", n) }

// exit is what becomes of the path in XDP when a core ends: it goes on for the next one over a folder that stays.
func (o *options) exit() string {
	if o.folder != "" {
		return "keep"
	}
	return "remove"
}

func randomKey() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func newSystem(dir string, o *options, ues int) (*system, error) {
	s := filesIn(dir)
	s.key, s.opc, s.next = randomKey(), randomKey(), 1
	text, keys, err := config.Generate(config.Box{
		Name: "scale", PLMN: ident.PLMN{0x00, 0xf1, 0x10}, TAC: 1, Slice: ident.SNSSAI{SST: 1, SD: ident.NoSD}, DNN: "internet",
		N2: lab.CoreAddress(), N3: lab.CoreAddress(), Pool: pools()[0], Store: s.store, SCTP: o.sctp,
	})
	if err != nil {
		return nil, err
	}
	all := make([]string, 0, len(pools()))
	for _, p := range pools() {
		all = append(all, p.String())
	}
	text = bytes.Replace(text, []byte(pools()[0].String()), []byte(strings.Join(all, ", ")), 1)
	text = bytes.Replace(text, []byte("datapath: soft"), []byte("datapath: "+o.path+"\n  xdp: {n6: [n2], exit: "+o.exit()+"}\n "), 1)
	s.homeKey = fmt.Sprintf("%s:%d:%s", keys[0].Profile, keys[0].ID, keys[0].Key) // the first is of Profile A
	if err := os.WriteFile(s.config, text, 0o600); err != nil {
		return nil, err
	}
	return s, s.provision(ues + o.pairs*o.runs + 1)
}

func (s *system) provision(n int) error {
	var file bytes.Buffer
	file.WriteString("imsi,key,opc\n")
	for i := range n {
		fmt.Fprintf(&file, "%s,%s,%s\n", imsi(i+1), s.key, s.opc)
	}
	st, err := sqlite.Open(context.Background(), s.store, sqlite.Options{Create: true})
	if err != nil {
		return err
	}
	_, err = subscriber.ImportCSV(context.Background(), st, &file)
	return errors.Join(err, st.Close())
}

// Fields of the records of nf/amf and nf/smf that differ from UE to UE.
const (
	ueSession    = 17 // with the reference of the SM context in it
	ueSessionRef = 2
	uePolicy     = 14
	ueConnected  = 23 // the gNB that it is connected to
	smPolicy     = 6
	smActivated  = 11
	smRemoteSEID = 7
	smUplink     = 8 // with the TEID in it
	smUplinkTEID = 2
)

// prefill stores copies of the one UE and session that the store has, so that there are ues of them.
func (s *system) prefill(ctx context.Context, ues int) error {
	st, err := sqlite.Open(ctx, s.store, sqlite.Options{})
	if err != nil {
		return err
	}
	supi, err := ident.ParseSUPI("imsi-" + imsi(1))
	if err != nil {
		return errors.Join(err, st.Close())
	}
	u, err := st.UE(ctx, supi)
	if err != nil {
		return errors.Join(err, st.Close())
	}
	sms, err := st.SMsOf(ctx, supi)
	if err != nil || len(sms) != 1 {
		return errors.Join(err, st.Close(), fmt.Errorf("%d sessions to copy, want 1", len(sms)))
	}
	if err := errors.Join(without(u.Record, ueConnected), without(sms[0].Record, smActivated)); err != nil {
		return errors.Join(fmt.Errorf("the first UE is not idle: %w", err), st.Close())
	}
	first := offset(sms[0].IPv4)
	const batch = 500
	uelist, smlist := make([]store.UEContext, 0, batch), make([]store.SMContext, 0, batch)
	addresses := newAddresses(sms[0].IPv4)
	for i := 2; i <= ues; i++ {
		cu, cs, err := copyOf(i, &u, &sms[0], addresses.next(), first)
		if err != nil {
			return errors.Join(err, st.Close())
		}
		uelist, smlist = append(uelist, cu), append(smlist, cs)
		if len(uelist) < batch && i < ues {
			continue
		}
		if err := keep(ctx, st, uelist, smlist); err != nil {
			return errors.Join(err, st.Close())
		}
		uelist, smlist = uelist[:0], smlist[:0]
	}
	s.next = ues + 1
	return st.Close()
}

// without is an error if a record has a field.
func without(b []byte, field int) error {
	r, err := record.Open(b)
	if err != nil {
		return err
	}
	for r.Next() {
		if r.Field() == field {
			return fmt.Errorf("its record has field %d", field)
		}
	}
	return r.Err()
}

func keep(ctx context.Context, st store.Contexts, ues []store.UEContext, sms []store.SMContext) error {
	refused, err := st.KeepUEs(ctx, ues)
	refused2, err2 := st.KeepSMs(ctx, sms)
	return errors.Join(append(append(refused, refused2...), err, err2)...)
}

// copyOf is the i-th UE and its session.
func copyOf(i int, u *store.UEContext, n *store.SMContext, address netip.Addr, first uint32) (store.UEContext, store.SMContext, error) {
	cu, cn := *u, *n
	supi, err := ident.ParseSUPI("imsi-" + imsi(i))
	if err != nil {
		return cu, cn, err
	}
	cu.SUPI, cn.SUPI = supi, supi
	cu.TMSI, cu.OldTMSI = uint32(i)+0x10000000, 0
	cn.SEID = n.SEID + uint64(i)
	cn.IPv4 = address
	ref, policy := fmt.Appendf(nil, "%x", cn.SEID), fmt.Appendf(nil, "POLICY%020d", i)
	cu.Record, err = record.Edit(u.Record, func(field int, value any) any {
		switch field {
		case uePolicy:
			return policy
		case ueSession:
			b, _ := record.EditGroup(value.([]byte), func(field int, value any) any { // it was read before
				if field == ueSessionRef {
					return ref
				}
				return value
			})
			return b
		}
		return value
	})
	if err != nil {
		return cu, cn, err
	}
	cn.Record, err = record.Edit(n.Record, func(field int, value any) any {
		switch field {
		case smPolicy:
			return policy
		case smRemoteSEID:
			return value.(uint64) + uint64(i)
		case smUplink:
			b, _ := record.EditGroup(value.([]byte), func(field int, value any) any {
				if field == smUplinkTEID {
					return value.(uint64) - uint64(first) + uint64(offset(address)) // the slot is that of the address
				}
				return value
			})
			return b
		}
		return value
	})
	return cu, cn, err
}

// offset is the slot of an address: its place in all pools.
func offset(a netip.Addr) uint32 {
	var before uint32
	for _, p := range pools() {
		if p.Contains(a) {
			return before + binary.BigEndian.Uint32(a.AsSlice()) - binary.BigEndian.Uint32(p.Addr().AsSlice())
		}
		before += 1 << (32 - p.Bits())
	}
	return 0
}

// addresses are those of the pools after a given one.
type addresses struct {
	last netip.Addr
	pool int
}

func newAddresses(after netip.Addr) *addresses { return &addresses{last: after} }

func (a *addresses) next() netip.Addr {
	for {
		a.last = a.last.Next()
		p := pools()[a.pool]
		if !p.Contains(a.last.Next()) { // the broadcast address, or beyond
			a.pool++
			a.last = pools()[a.pool].Addr()
			continue
		}
		return a.last
	}
}
