package main

import (
	"bytes"
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
	"github.com/limpid-5g/limpid/internal/lab"
	"github.com/limpid-5g/limpid/manage/subscriber"
	"github.com/limpid-5g/limpid/store/sqlite"
)

// metricsAddress is where the core tells what it takes, in its own namespace.
const metricsAddress = "127.0.0.1:9090"

// system is the files of a core and what its load has to know.
type system struct {
	config  string // file
	homeKey string // as limpid ran load reads it
	key     string
	opc     string
	next    int // subscriber that has not been used yet, from 1
}

func newSystem(dir string, o *options) (*system, error) {
	s := &system{config: filepath.Join(dir, "limpid.yaml"), key: randomKey(), opc: randomKey(), next: 1}
	db := filepath.Join(dir, "store", "limpid.db")
	if err := errors.Join(os.Chmod(dir, 0o711), os.Mkdir(filepath.Dir(db), 0o700)); err != nil {
		return nil, err
	}
	text, keys, err := config.Generate(config.Box{
		Name: "bench", PLMN: ident.PLMN{0x00, 0xf1, 0x10}, TAC: 1, Slice: ident.SNSSAI{SST: 1, SD: ident.NoSD}, DNN: "internet",
		N2: lab.CoreAddress(), N3: lab.CoreAddress(), Pool: netip.MustParsePrefix("10.45.0.0/16"), Store: db, SCTP: o.sctp,
	})
	if err != nil {
		return nil, err
	}
	s.homeKey = fmt.Sprintf("%s:%d:%s", keys[0].Profile, keys[0].ID, keys[0].Key) // the first is of Profile A
	for _, setting := range o.without {
		text = bytes.Replace(text, []byte(setting+": required"), []byte(setting+": off"), 1)
	}
	if o.backOff > 0 {
		text = bytes.Replace(text, []byte("\namf:\n"), fmt.Appendf(nil, "\namf:\n  congestion_backoff: %s\n", o.backOff), 1)
	}
	if o.divided {
		text = append(text, "processes: {separate: true}\n"...)
	}
	if o.soak > 0 {
		text = append(text, "\nmetrics:\n  address: "+metricsAddress+"\n"...)
	}
	if err := os.WriteFile(s.config, text, 0o600); err != nil {
		return nil, err
	}
	return s, s.provision(db, o.total())
}

// imsi is the n-th subscriber.
func imsi(n int) string { return fmt.Sprintf("00101%010d", n) }

// randomKey is 128 bits in hexadecimal.
func randomKey() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func (s *system) provision(db string, n int) error {
	var file bytes.Buffer
	file.WriteString("imsi,key,opc\n")
	for i := range n {
		fmt.Fprintf(&file, "%s,%s,%s\n", imsi(i+1), s.key, s.opc)
	}
	ctx := context.Background()
	st, err := sqlite.Open(ctx, db, sqlite.Options{Create: true})
	if err != nil {
		return err
	}
	_, err = subscriber.ImportCSV(ctx, st, &file)
	return errors.Join(err, st.Close())
}
