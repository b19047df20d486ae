package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/limpid-5g/limpid/aka/milenage"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/internal/lab"
	"github.com/limpid-5g/limpid/internal/probe"
	"github.com/limpid-5g/limpid/manage/subscriber"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// TS 35.208 §4.3 test set 1.
const (
	key = "465b5ce8b199b49faa5f0a2ee238a6bc"
	opc = "cd63cb71954a9f4e48a5994e37a02baf"
)

const (
	gnbs    = 4
	dnPort  = 9000 // of the host behind the core
	uePort  = 9001
	session = 1
)

// network is the PLMN 001/01, TS 23.003 §2.2.
func network() ident.PLMN { return ident.PLMN{0x00, 0xf1, 0x10} }

// pool is where UE addresses come from; its first address is the core's end of the data network.
func pool() netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 45, 0, 0}), 16) }

func gateway() netip.Addr { return pool().Addr().Next() }

// n3 is the address of a gNB.
func n3(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 10, 2, byte(11 + i)}) }

// provision writes the core's configuration and its subscribers.
func (o *options) provision(dir string) (file string, err error) {
	db := filepath.Join(dir, "limpid.db")
	text, _, err := config.Generate(config.Box{
		Name: "bench", PLMN: network(), TAC: 1, Slice: ident.SNSSAI{SST: 1, SD: ident.NoSD}, DNN: "internet",
		N2: lab.CoreAddress(), N3: lab.CoreAddress(), Pool: pool(), Store: db, SCTP: o.sctp,
	})
	if err != nil {
		return "", err
	}
	file = filepath.Join(dir, "limpid.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return "", err
	}
	var list bytes.Buffer
	list.WriteString("imsi,key,opc\n")
	for i := range o.ues {
		fmt.Fprintf(&list, "00101%010d,%s,%s\n", i+1, key, opc)
	}
	ctx := context.Background()
	st, err := sqlite.Open(ctx, db, sqlite.Options{Create: true})
	if err != nil {
		return "", err
	}
	_, err = subscriber.ImportCSV(ctx, st, &list)
	return file, errors.Join(err, st.Close())
}

// field is the radios, the UEs and the host behind the core.
type field struct {
	o       *options
	gnbs    []*gnb.GNB
	phones  []*phone
	dn      *net.UDPConn
	lab     *lab.Lab
	tun     int // index of the data network's interface at the core
	closers []func() error
}

// phone is a UE with what its packets met.
type phone struct {
	index    int
	ue       *ue.UE
	at       *gnb.GNB
	address  netip.Addr
	up, down *probe.Stream
}

// openField opens the sockets of the radios in one namespace and that of the host in the other.
func (o *options) openField(ctx context.Context, l *lab.Lab) (*field, error) {
	f := &field{o: o, lab: l}
	err := l.Core.Do(func() (err error) {
		if f.tun, err = longQueue(); err != nil {
			return err
		}
		f.dn, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(gateway(), dnPort)))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("host behind the core: %w", err)
	}
	_ = f.dn.SetReadBuffer(8 << 20) // the kernel may grant less
	f.closers = append(f.closers, f.dn.Close)
	var transport sctp.Transport
	err = l.RAN.Do(func() (err error) {
		if err := addAddresses(); err != nil {
			return err
		}
		transport, err = sctp.New(sctp.Config{Binding: sctp.Binding(o.sctp), Log: slog.New(slog.DiscardHandler)}.ForN2())
		return err
	})
	if err != nil {
		return nil, err
	}
	f.closers = append(f.closers, transport.Close)
	for i := range gnbs {
		cfg := gnb.Config{Name: fmt.Sprintf("gnb%d", i+1), ID: uint32(i + 1), PLMN: network(), TAC: 1, N3: n3(i), DataPath: true}
		cfg.Dial = func(ctx context.Context) (assoc sctp.Association, err error) {
			err = l.RAN.Do(func() (err error) {
				assoc, err = transport.Dial(ctx, netip.AddrPortFrom(n3(i), 0), netip.AddrPortFrom(lab.CoreAddress(), sctp.PortNGAP))
				return err
			})
			return assoc, err
		}
		var g *gnb.GNB
		if err := l.RAN.Do(func() (err error) { g, err = gnb.New(cfg); return err }); err != nil {
			return nil, err
		}
		f.closers = append(f.closers, func() error { return g.Close(context.Background()) })
		if err := g.Setup(ctx); err != nil {
			return nil, err
		}
		f.gnbs = append(f.gnbs, g)
	}
	return f, nil
}

// queue is how many packets may wait before the core reads them: as long as a machine that does other things, too, may
// let it wait.
const queue = 20_000

// longQueue finds the interface of the data network and lengthens its queue.
func longQueue() (index int, err error) {
	link, err := netlink.LinkByName("limpid0")
	if err != nil {
		return 0, err
	}
	return link.Attrs().Index, netlink.LinkSetTxQLen(link, queue)
}

// overflowed counts the packets that found the queue full: the machine lost them, no handover did.
func (f *field) overflowed() (n int, err error) {
	err = f.lab.Core.Do(func() error {
		link, err := netlink.LinkByIndex(f.tun)
		if err == nil && link.Attrs().Statistics != nil {
			n = int(link.Attrs().Statistics.TxDropped)
		}
		return err
	})
	return n, err
}

func addAddresses() error {
	link, err := netlink.LinkByName("n2")
	if err != nil {
		return err
	}
	for i := range gnbs {
		a := n3(i)
		if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(24, 32)}}); err != nil {
			return fmt.Errorf("%s: %w", a, err)
		}
	}
	return nil
}

func (f *field) close() {
	for i := len(f.closers) - 1; i >= 0; i-- {
		if err := f.closers[i](); err != nil {
			fmt.Fprintln(os.Stderr, "benchhandover:", err)
		}
	}
}

// attach registers all UEs and gives each a session.
func (f *field) attach(ctx context.Context) error {
	slots := make(chan struct{}, 16)
	errs := make([]error, f.o.ues)
	var wg sync.WaitGroup
	for i := range f.o.ues {
		p := &phone{index: i, at: f.gnbs[i%2], up: probe.New(uint32(i), size), down: probe.New(uint32(i), size)}
		f.phones = append(f.phones, p)
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			errs[i] = p.attach(ctx)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (p *phone) attach(ctx context.Context) error {
	supi, err := ident.ParseSUPI(fmt.Sprintf("00101%010d", p.index+1))
	if err != nil {
		return err
	}
	k, err := hex.DecodeString(key)
	if err != nil {
		return err
	}
	op, err := hex.DecodeString(opc)
	if err != nil {
		return err
	}
	usim := &ue.USIM{SUPI: supi, HomePLMN: network(), Algorithm: milenage.New((*[16]byte)(k), (*milenage.OPc)(op))}
	if p.ue, err = ue.New(ue.Config{USIM: usim}); err != nil {
		return err
	}
	p.ue.Camp(p.at)
	if err := p.ue.Register(ctx, ue.RegisterOptions{}); err != nil {
		return fmt.Errorf("UE %d: %w", p.index, err)
	}
	s, err := p.ue.EstablishSession(ctx, session, ue.SessionOptions{})
	if err != nil {
		return fmt.Errorf("UE %d: %w", p.index, err)
	}
	p.address = s.Address
	if err := p.ue.OnPacket(session, p.receive); err != nil {
		return err
	}
	for !s.UserPlane { // the bearer comes with the accept or a moment later
		if err := ctx.Err(); err != nil {
			return err
		}
		time.Sleep(time.Millisecond)
		s, _ = p.ue.Session(session)
	}
	return nil
}
