package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/aka/milenage"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/internal/lab"
	"github.com/limpid-5g/limpid/manage/subscriber"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// network is a core that dies and lives again, and everything around it that does not.
type network struct {
	options
	lab       *lab.Lab
	dir       string
	config    string // file
	store     string // file
	socket    string // of the operators
	random    *mathrand.Rand
	transport sctp.Transport
	tally     tally
	phones    []*phone

	mu    sync.RWMutex // held for reading during a phone's procedure, so that gNBs change between them
	core  *lab.Process
	cells []*gnb.GNB
	links []sctp.Association // of the cells
}

// pool is as small as it may be for 1,000 phones: what leaks is soon missed.
func pool(ues int) netip.Prefix {
	bits := 30
	for 1<<(32-bits)-3 < ues {
		bits--
	}
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 45, 0, 0}), bits)
}

func newNetwork(o *options, l *lab.Lab, dir string) (*network, error) {
	n := &network{options: *o, lab: l, dir: dir, config: filepath.Join(dir, "limpid.yaml"), store: filepath.Join(dir, "limpid.db"), socket: filepath.Join(dir, "limpid.sock"),
		random: mathrand.New(mathrand.NewPCG(o.seed, 1))}
	text, _, err := config.Generate(config.Box{
		Name: "chaos", PLMN: ident.PLMN{0x00, 0xf1, 0x10}, TAC: 1, Slice: ident.SNSSAI{SST: 1, SD: ident.NoSD}, DNN: "internet",
		N2: lab.CoreAddress(), N3: lab.CoreAddress(), Pool: pool(o.ues), Store: n.store, SCTP: o.sctp,
	})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(n.config, text, 0o600); err != nil {
		return nil, err
	}
	if err := n.provision(); err != nil {
		return nil, err
	}
	err = l.RAN.Do(func() (err error) { // its sockets belong there
		n.transport, err = sctp.New(sctp.Config{Binding: sctp.Binding(o.sctp), Log: slog.New(slog.DiscardHandler)}.ForN2())
		return err
	})
	return n, err
}

func imsi(n int) string { return fmt.Sprintf("00101%010d", n) }

// provision makes the subscribers and their phones.
func (n *network) provision() error {
	var k, op [16]byte
	_, _ = rand.Read(k[:]) // never fails
	_, _ = rand.Read(op[:])
	opc := milenage.OPc(op)
	var file bytes.Buffer
	file.WriteString("imsi,key,opc\n")
	for i := range n.ues {
		fmt.Fprintf(&file, "%s,%s,%s\n", imsi(i+1), hex.EncodeToString(k[:]), hex.EncodeToString(op[:]))
	}
	st, err := sqlite.Open(context.Background(), n.store, sqlite.Options{Create: true})
	if err != nil {
		return err
	}
	_, err = subscriber.ImportCSV(context.Background(), st, &file)
	if err := errors.Join(err, st.Close()); err != nil {
		return err
	}
	for i := range n.ues {
		supi, err := ident.ParseSUPI("imsi-" + imsi(i+1))
		if err != nil {
			return err
		}
		p := &phone{network: n, random: mathrand.New(mathrand.NewPCG(n.seed, uint64(i)+2))}
		p.ue, err = ue.New(ue.Config{
			USIM:  &ue.USIM{SUPI: supi, HomePLMN: ident.PLMN{0x00, 0xf1, 0x10}, Algorithm: milenage.New(&k, &opc)},
			Hooks: ue.Hooks{Downlink: p.hear, CountReused: p.countReused},
		})
		if err != nil {
			return err
		}
		n.phones = append(n.phones, p)
	}
	return nil
}

// start starts the core and sets the gNBs up, which are new ones where there were others.
func (n *network) start(ctx context.Context, life int) error {
	dir := filepath.Join(n.dir, fmt.Sprintf("life-%03d", life))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	core, err := lab.StartCore(ctx, n.lab, dir, n.limpid, []string{"core", "--config", n.config})
	if err != nil {
		return err
	}
	n.core = core
	n.cells, n.links = nil, nil
	for i := range n.gnbs {
		var link sctp.Association
		g, err := gnb.New(gnb.Config{
			Name: fmt.Sprintf("gnb%d", i+1), ID: uint32(i + 1), PLMN: ident.PLMN{0x00, 0xf1, 0x10}, TAC: 1,
			N3: lab.RANAddress(),
			Dial: func(ctx context.Context) (_ sctp.Association, err error) {
				link, err = n.transport.Dial(ctx, netip.AddrPortFrom(lab.RANAddress(), 0), netip.AddrPortFrom(lab.CoreAddress(), sctp.PortNGAP))
				return link, err
			},
		})
		if err != nil {
			return err
		}
		setup, cancel := context.WithTimeout(ctx, 10*time.Second)
		err = g.Setup(setup)
		cancel()
		if err != nil {
			return fmt.Errorf("NG Setup: %w", err)
		}
		n.cells, n.links = append(n.cells, g), append(n.links, link)
	}
	for i, p := range n.phones {
		p.ue.Camp(n.cells[i%len(n.cells)])
	}
	return nil
}

// kill ends the core in the moment, whatever it does, and then its radio links.
func (n *network) kill() {
	n.core.Kill()
	for i, g := range n.cells {
		_ = n.links[i].Abort("the core is dead") // it is gone in any case
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_ = g.Close(ctx)
		cancel()
	}
}

func (n *network) close() {
	if n.core != nil {
		n.core.Kill()
	}
	_ = n.transport.Close() // nothing is left to be said
}
