package demo

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/manage/subscriber"
	"github.com/limpid-5g/limpid/ran"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// system is the files of a core and what its RAN has to know.
type system struct {
	config string // file
	order  order
}

// parallel is how many UEs are on their way at the same time.
const parallel = 16

// newSystem writes a configuration and a store with subscribers, each with random keys.
func newSystem(dir string, binding sctp.Binding, ues int) (*system, error) {
	s := &system{config: filepath.Join(dir, "limpid.yaml")}
	s.order = order{
		AMF: netip.AddrPortFrom(n2Core.Addr(), sctp.PortNGAP), N2: n2RAN.Addr(), N3: n3RAN.Addr(), SCTP: binding,
		PLMN: ident.PLMN{0x00, 0xf1, 0x10}, TAC: 1, Slice: ident.SNSSAI{SST: 1, SD: ident.NoSD}, DNN: "internet", Parallel: parallel,
	}
	db := filepath.Join(dir, "limpid.db")
	text, keys, err := config.Generate(config.Box{
		Name: "demo", PLMN: s.order.PLMN, TAC: s.order.TAC, Slice: s.order.Slice, DNN: s.order.DNN,
		N2: n2Core.Addr(), N3: n3Core.Addr(), Pool: uePool, Store: db, SCTP: cmp.Or(string(binding), "auto"),
	})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(s.config, text, 0o600); err != nil {
		return nil, err
	}
	s.order.HomeKey = fmt.Sprintf("%s:%d:%s", keys[0].Profile, keys[0].ID, keys[0].Key)
	for i := range ues {
		s.order.UEs = append(s.order.UEs, ran.Credentials{
			IMSI: fmt.Sprintf("%s%010d", s.order.PLMN, i+1), Key: randomKey(), OPc: randomKey(),
		})
	}
	return s, s.provision(db)
}

// randomKey is 128 bits in hexadecimal.
func randomKey() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// provision adds the subscribers to a new store.
func (s *system) provision(db string) error {
	ctx := context.Background()
	st, err := sqlite.Open(ctx, db, sqlite.Options{Create: true})
	if err != nil {
		return err
	}
	for _, u := range s.order.UEs {
		in := subscriber.Input{IMSI: u.IMSI, Key: u.Key, OPc: u.OPc, Slices: []string{s.order.Slice.String()}, DNNs: []string{string(s.order.DNN)}}
		if err := subscriber.Add(ctx, st, in); err != nil {
			return errors.Join(err, st.Close())
		}
	}
	return st.Close()
}
