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
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/aka/milenage"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/internal/lab"
	"github.com/limpid-5g/limpid/internal/probe"
	"github.com/limpid-5g/limpid/manage/subscriber"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/store/engine"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// network is cores that die and live again, and everything around them that does not.
type network struct {
	options
	dir       string
	nodes     []*node
	store     string // file or URL by which it is looked at
	random    *mathrand.Rand
	transport sctp.Transport
	tally     tally
	phones    []*phone
	traffic   *traffic // nil: none
}

// node is a core and its radio links.
type node struct {
	name    string
	place   *lab.Lab
	core    netip.Addr // on the cable for N2 and N3
	ran     netip.Addr // the radios' end
	config  string     // file
	socket  string     // of the operators
	pointer int

	mu      sync.RWMutex
	process *lab.Process // nil: dead
	cells   []*gnb.GNB
	links   []sctp.Association // of the cells
}

// cell is the n-th gNB's link to the node, nil if the node is dead.
func (x *node) cell(n int) *gnb.GNB {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if len(x.cells) == 0 {
		return nil
	}
	return x.cells[n%len(x.cells)]
}

// running is the core, nil if it is dead.
func (x *node) running() *lab.Process {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.process
}

// all are the gNBs' links to the node.
func (x *node) all() []*gnb.GNB {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return slices.Clone(x.cells)
}

// pool is as small as it may be for 1,000 phones: what leaks is soon missed.
func pool(ues int) netip.Prefix {
	bits := 30
	for 1<<(32-bits)-3 < ues {
		bits--
	}
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 45, 0, 0}), bits)
}

// newNetwork is one core over a file.
func newNetwork(o *options, l *lab.Lab, dir string) (*network, error) {
	n := &network{options: *o, dir: dir, store: filepath.Join(dir, "limpid.db"), random: mathrand.New(mathrand.NewPCG(o.seed, 1))}
	n.nodes = []*node{{name: "limpid", place: l, core: lab.CoreAddress(), ran: lab.RANAddress()}}
	if o.users > 0 {
		var err error
		if n.traffic, err = newTraffic(n, l); err != nil {
			n.close()
			return nil, err
		}
	}
	if err := n.configure(n.nodes[0], dir, ""); err != nil {
		n.close()
		return nil, err
	}
	return n, n.open(l)
}

// configure writes a node's configuration, over a database if there is a URL.
func (n *network) configure(x *node, dir, url string) error {
	file := filepath.Join(dir, "limpid.db")
	x.config, x.socket = filepath.Join(dir, "limpid.yaml"), filepath.Join(dir, "limpid.sock")
	text, _, err := config.Generate(config.Box{
		Name: x.name, PLMN: ident.PLMN{0x00, 0xf1, 0x10}, TAC: 1, Slice: ident.SNSSAI{SST: 1, SD: ident.NoSD}, DNN: "internet",
		N2: x.core, N3: x.core, Pool: pool(n.ues + n.users), Store: file, SCTP: n.sctp,
	})
	if err != nil {
		return err
	}
	yaml := string(text)
	if url != "" {
		yaml = strings.Replace(yaml, "store:\n", "store:\n  url: "+url+"\n  takeover: "+takeover.String()+"\n", 1)
		yaml = strings.Replace(yaml, "pointer: 0", fmt.Sprint("pointer: ", x.pointer), 1)
		yaml = strings.Replace(yaml, "amf:\n", "amf:\n  congestion_backoff: 2s\n", 1)
	}
	if n.traffic != nil {
		yaml = n.traffic.configured(yaml)
	}
	if n.keep {
		yaml = strings.Replace(yaml, "level: info", "level: debug", 1)
	}
	return os.WriteFile(x.config, []byte(yaml), 0o600)
}

// open provisions the subscribers and opens what carries N2.
func (n *network) open(l *lab.Lab) error {
	if err := n.provision(); err != nil {
		return err
	}
	return l.RAN.Do(func() (err error) { // its sockets belong there
		n.transport, err = sctp.New(sctp.Config{Binding: sctp.Binding(n.sctp), Log: slog.New(slog.DiscardHandler)}.ForN2())
		return err
	})
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
	for i := range n.ues + n.users {
		fmt.Fprintf(&file, "%s,%s,%s\n", imsi(i+1), hex.EncodeToString(k[:]), hex.EncodeToString(op[:]))
	}
	st, err := engine.Open(context.Background(), n.store, true)
	if err != nil {
		return err
	}
	_, err = subscriber.ImportCSV(context.Background(), st, &file)
	if err := errors.Join(err, st.Close()); err != nil {
		return err
	}
	for i := range n.ues + n.users {
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
		if i >= n.ues {
			n.traffic.users = append(n.traffic.users, &talker{p, probe.New(uint32(i), probe.Least), probe.New(uint32(i), probe.Least)})
			continue
		}
		n.phones = append(n.phones, p)
	}
	return nil
}

// start starts a node and sets the gNBs up with it, which are new ones where there were others.
func (n *network) start(ctx context.Context, x *node, life int) error {
	dir := filepath.Join(n.dir, fmt.Sprintf("%s-life-%03d", x.name, life))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	process, err := lab.StartCore(ctx, x.place, dir, n.limpid, []string{"core", "--config", x.config})
	if err != nil {
		return err
	}
	var cells []*gnb.GNB
	var links []sctp.Association
	for i := range n.gnbs {
		var link sctp.Association
		g, err := gnb.New(gnb.Config{
			Name: fmt.Sprintf("gnb%d", i+1), ID: uint32(i + 1), PLMN: ident.PLMN{0x00, 0xf1, 0x10}, TAC: 1,
			N3: x.ran,
			Dial: func(ctx context.Context) (_ sctp.Association, err error) {
				link, err = n.transport.Dial(ctx, netip.AddrPortFrom(x.ran, 0), netip.AddrPortFrom(x.core, sctp.PortNGAP))
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
			process.Kill()
			return process.Failed(fmt.Errorf("NG Setup: %w", err))
		}
		cells, links = append(cells, g), append(links, link)
	}
	x.mu.Lock()
	x.process, x.cells, x.links = process, cells, links
	x.mu.Unlock()
	n.camp()
	return nil
}

// camp lets every phone camp on a cell that has a core: where there are several, on any of them, as it moves about.
func (n *network) camp() {
	var alive []*node
	for _, x := range n.nodes {
		if x.cell(0) != nil {
			alive = append(alive, x)
		}
	}
	if len(alive) == 0 {
		return
	}
	for i, p := range n.phones {
		x := alive[(i/n.gnbs+n.random.IntN(len(alive)))%len(alive)]
		if g := x.cell(i); g != nil {
			p.ue.Camp(g)
		}
	}
}

// kill ends a node in the moment, whatever it does, and then its radio links.
func (n *network) kill(x *node) {
	x.mu.Lock()
	process, cells, links := x.process, x.cells, x.links
	x.process, x.cells, x.links = nil, nil, nil
	x.mu.Unlock()
	if process == nil {
		return
	}
	if n.traffic != nil && n.traffic.stands.Load() {
		n.tally.killedUnderTraffic()
	}
	process.Kill()
	for i, g := range cells {
		_ = links[i].Abort("the core is dead") // it is gone in any case
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_ = g.Close(ctx)
		cancel()
	}
	n.camp()
}

func (n *network) close() {
	for _, x := range n.nodes {
		n.kill(x)
	}
	if n.traffic != nil {
		n.traffic.close()
	}
	if n.transport != nil {
		_ = n.transport.Close() // nothing is left to be said
	}
}
