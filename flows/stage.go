package flows

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/aka/milenage"
	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/manage/subscriber"
	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/memory"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// The subscriber key of base/subscribers.csv, TS 35.208 §4.3 test set 1.
const (
	baseKey = "465b5ce8b199b49faa5f0a2ee238a6bc"
	baseOPc = "cd63cb71954a9f4e48a5994e37a02baf"
)

// stage is a whole core and its radios in memory, in virtual time.
type stage struct {
	core     *core.Core   // of the present life
	path     *memory.Path // likewise
	life     *life
	nodes    nodes  // of the AMF set, where there are several
	file     string // of the store
	recorder *recorder
	cells    map[string]*gnb.GNB
	ues      map[string]*ue.UE
	camps    camps
	gutis    gutis
	// of every gNB by its name
	cellConfigs map[string]gnb.Config
	holds       holds         // what UEs and gNBs hold back
	links       links         // the gNBs' own ends of their associations
	dialled     atomic.Uint32 // associations so far
	unreachable atomic.Value  // address of the AMF that nobody reaches, as text
	said        sync.Map      // UE name -> []byte, its last NAS message as it went over the air
	silent      atomic.Bool   // N4 loses everything
	n4Fault     atomic.Pointer[n4Fault]
	chaos       *chaos            // nil but in the random test
	begun       []<-chan error    // commands that run beside the script
	others      map[string][]byte // further files of the flow
	settle      func()            // waits until everybody has done what can be done without waiting

	arrows  ladder.Sink       // what the core says and hears
	charges map[string]string // what sessions were charged as
	n4Ends  sync.Map          // netip.AddrPort -> *pfcp.PipeConn of who has that address

	// Over real sockets, where they are not nil:
	dial       func(context.Context) (sctp.Association, error)                 // an association of a gNB
	dialTo     func(context.Context, netip.AddrPort) (sctp.Association, error) // likewise, with one of the AMF's addresses
	n3         []netip.Addr                                                    // one for the tunnels of each gNB
	datagram   func(to netip.Addr) error                                       // lets a packet arrive from a data network
	aaa        aaa
	aaaConn    net.PacketConn   // of the AAA server, over real sockets
	server     server           // of unstructured data
	sites      sites            // of the nodes
	seen       ladder.Sink      // what gNBs and UEs see
	deciphered func(pdu []byte) // sees ciphered NAS messages in clear
	reused     atomic.Int64     // how often the network has used a downlink NAS COUNT again
	// the flow would be another one with NEA0
	choosesCiphering bool
	// of the flow, where the core is another's
	subscribers []byte

	ctx  context.Context
	stop context.CancelFunc
	wg   sync.WaitGroup
	done []func() error
}

// camps is the cell on which each UE camps; commands that run beside the script move UEs too.
type camps struct {
	mu sync.Mutex
	at map[*ue.UE]*gnb.GNB
}

func (c *camps) get(u *ue.UE) *gnb.GNB {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at[u]
}

func (c *camps) set(u *ue.UE, cell *gnb.GNB) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at == nil {
		c.at = make(map[*ue.UE]*gnb.GNB)
	}
	c.at[u] = cell
}

func (c *camps) all() map[*ue.UE]*gnb.GNB {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.at)
}

// newStage sets a flow's core up; dir is for its store. It must be called inside a bubble of testing/synctest, whose Wait
// is settle.
func newStage(f *Flow, dir string, log *slog.Logger, settle func(), change ...func(*stage)) (*stage, error) {
	s := &stage{
		file: filepath.Join(dir, "limpid.db"), recorder: &recorder{start: time.Now(), seids: make(map[string]int)},
		cells: make(map[string]*gnb.GNB), ues: make(map[string]*ue.UE), gutis: make(gutis),
		others:      f.Others,
		cellConfigs: make(map[string]gnb.Config), settle: settle,
	}
	s.arrows = s.recorder.record
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.nodes.of(f, log)
	for _, c := range change {
		c(s)
	}
	s.recorder.several = s.nodes.shared()
	cfg, err := s.nodes.config("a")
	if err != nil {
		return nil, err
	}
	if err := s.provision(f.Subscribers); err != nil {
		return nil, err
	}
	if err := s.live(cfg, log); err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.settle()
	return s, nil
}

// provision makes the store with a flow's subscribers.
func (s *stage) provision(subscribers []byte) error {
	st, err := sqlite.Open(s.ctx, s.file, sqlite.Options{Create: true})
	if err != nil {
		return err
	}
	_, err = subscriber.ImportCSV(s.ctx, st, strings.NewReader(string(subscribers)))
	return errors.Join(err, st.Close())
}

// stand puts a core on pipes, with a data path in memory, or on sockets.
func (s *stage) stand(o core.Options) core.Options {
	o.CountedNGAPIDs = true
	if s.dial != nil {
		o.N4 = s.listenN4
		return o
	}
	s.path = memory.New()
	o.WithoutN2, o.N4, o.AAA = true, s.pipes(), s.aaa.dial
	o.Datapath = func(upf.Config, *slog.Logger) (upf.Datapath, error) { return s.path, nil }
	return o
}

// pipes joins the two ends of N4: whoever asks first gets the near end and the second the far one.
func (s *stage) pipes() func(netip.AddrPort) (pfcp.PacketConn, error) {
	network := make(map[netip.AddrPort]pfcp.PacketConn)
	return func(addr netip.AddrPort) (pfcp.PacketConn, error) {
		if conn, ok := network[addr]; ok {
			return conn, nil
		}
		near, far := pfcp.Pipe(addr, other(addr))
		s.n4Ends.Store(addr, near)
		s.n4Ends.Store(other(addr), far)
		near.Lose = func(b []byte) bool { return s.losesN4(b, near.Deliver) }
		far.Lose = func(b []byte) bool { return s.losesN4(b, far.Deliver) }
		network[other(addr)] = far
		return near, nil
	}
}

// The N4 addresses of base/limpid.yaml.
var n4 = [2]netip.AddrPort{netip.MustParseAddrPort("127.0.0.4:8805"), netip.MustParseAddrPort("127.0.0.8:8805")}

func other(addr netip.AddrPort) netip.AddrPort {
	if addr == n4[0] {
		return n4[1]
	}
	return n4[0]
}

// play runs the script and returns the ladder.
func (s *stage) play(script []string) (string, error) {
	for _, line := range script {
		s.recorder.note(line)
		if err := s.run(line); err != nil {
			return s.recorder.text(), fmt.Errorf("%s: %w", line, err)
		}
		s.settle()
	}
	return s.recorder.text(), nil
}

// close takes everything down and waits for it.
func (s *stage) close() error {
	var errs []error
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, g := range s.cells {
		errs = append(errs, g.Close(ctx))
	}
	errs = append(errs, s.endLife(), s.nodes.end())
	s.stop()
	s.wg.Wait()
	for i := len(s.done) - 1; i >= 0; i-- {
		errs = append(errs, s.done[i]())
	}
	return errors.Join(errs...)
}

// addGNB makes a gNB and runs its NG Setup.
func (s *stage) addGNB(ctx context.Context, c *command) error {
	name := c.words[1]
	plmn, err := ident.ParsePLMN(option(c, "plmn", "00101"))
	if err != nil {
		return err
	}
	tac, err := strconv.ParseUint(option(c, "tac", "1"), 10, 24)
	if err != nil {
		return err
	}
	list, err := parseSlices(option(c, "slices", "1"))
	if err != nil {
		return err
	}
	number := len(s.cells) + 1
	id, err := strconv.ParseUint(option(c, "id", strconv.Itoa(number)), 10, 32)
	if err != nil {
		return err
	}
	also, err := areas(c.options["also"])
	if err != nil {
		return err
	}
	cfg := gnb.Config{
		Name: name, ID: uint32(id), Also: also, PLMN: plmn, TAC: ident.TAC(tac), Slices: list, Dial: s.dialFor(name), DialTo: s.dialToFor(name),
		N3:    netip.AddrFrom4([4]byte{127, 0, 0, byte(10 + number)}),
		Hooks: s.cellMisbehaviour(c), Ladder: s.xn, Reroute: s.reroutes(c.options["reroute"]),
	}
	if s.seen != nil {
		cfg.Ladder = s.seen
	}
	if len(s.n3) > 0 {
		cfg.N3, cfg.DataPath = s.n3[min(number, len(s.n3))-1], number <= len(s.n3)
	}
	g, err := gnb.New(cfg)
	if err != nil {
		return err
	}
	s.cells[name], s.cellConfigs[name] = g, cfg
	return g.Setup(ctx)
}

// dialFor gives a gNB one end of an association in memory and the core the other.
func (s *stage) dialFor(name string) func(context.Context) (sctp.Association, error) {
	if dial := s.dial; dial != nil {
		if s.dialTo != nil && s.sites.n2 != nil {
			dial = s.dialNode(s.nodes.cell(name))
		}
		return func(ctx context.Context) (sctp.Association, error) {
			near, err := dial(ctx)
			if err == nil {
				s.noteLink(name, near)
			}
			return near, err
		}
	}
	dial := s.dialToFor(name)
	return func(ctx context.Context) (sctp.Association, error) { return dial(ctx, n2Address) }
}

// n2Address is where the AMF of base/limpid.yaml is.
var n2Address = netip.MustParseAddrPort("127.0.0.1:38412")

// dialToFor is dialFor with a choice of the AMF's addresses; nil where there is none.
func (s *stage) dialToFor(name string) func(context.Context, netip.AddrPort) (sctp.Association, error) {
	dial := s.dialTo
	switch {
	case dial == nil && s.dial != nil:
		return nil
	case dial == nil:
		dial = s.pipeTo(s.nodes.cell(name))
	}
	return func(ctx context.Context, at netip.AddrPort) (sctp.Association, error) {
		if s.unreachable.Load() == at.String() {
			return nil, sctp.ErrPeerUnreachable
		}
		near, err := dial(ctx, at)
		if err == nil {
			s.noteLink(name, near)
		}
		return near, err
	}
}

// pipeTo makes associations in memory with the core of a node.
func (s *stage) pipeTo(node string) func(context.Context, netip.AddrPort) (sctp.Association, error) {
	return func(_ context.Context, at netip.AddrPort) (sctp.Association, error) {
		c := s.coreOf(node)
		if c == nil {
			return nil, fmt.Errorf("node %s does not run", node)
		}
		n := s.dialled.Add(1)
		near, far := sctp.PipeBetween(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, byte(1 + n>>8), byte(n)}), 38412), at)
		s.wg.Go(func() { c.ServeN2(s.ctx, far) })
		return near, nil
	}
}

func (s *stage) closeGNB(ctx context.Context, c *command) error {
	g := s.cells[c.words[1]]
	delete(s.cells, c.words[1])
	return g.Close(ctx)
}

func (s *stage) resetGNB(ctx context.Context, c *command) error {
	var only []radio.Terminal // "reset gnb1 u1": of one UE
	for _, name := range c.words[2:] {
		only = append(only, s.ues[name])
	}
	return s.cells[c.words[1]].Reset(ctx, ngap.CauseMiscOMIntervention, only...)
}

// addUE makes a UE and lets it camp on a gNB.
func (s *stage) addUE(_ context.Context, c *command) error {
	name := c.words[1]
	supi, err := ident.ParseSUPI(option(c, "imsi", "001010000000001"))
	if err != nil {
		return err
	}
	key, err := hex.DecodeString(option(c, "key", baseKey))
	if err != nil || len(key) != 16 {
		return fmt.Errorf("key: want 32 hexadecimal digits: %w", err)
	}
	opc, err := hex.DecodeString(baseOPc)
	if err != nil {
		return err
	}
	usim := &ue.USIM{SUPI: supi, Algorithm: milenage.New((*[16]byte)(key), (*milenage.OPc)(opc))}
	if usim.HomeKey, err = homeKey(c.options["suci"]); err != nil {
		return err
	}
	usim.RoutingIndicator = c.options["routing"]
	if usim.HomePLMN, err = ident.ParsePLMN(option(c, "home", "00101")); err != nil {
		return err
	}
	if ahead := c.options["sqn"]; ahead != "" {
		n, err := strconv.ParseUint(ahead, 0, 48)
		if err != nil {
			return err
		}
		for ind := range aka.SQN(1 << aka.INDBits) {
			if err := usim.SQN.Accept(aka.SQN(n) | ind); err != nil {
				return err
			}
		}
	}
	initial, err := newInitialChanges(c)
	if err != nil {
		return err
	}
	cfg := ue.Config{
		USIM: usim, Name: name, Hooks: s.misbehaviour(c, usim, initial), Ladder: s.seen, Deciphered: s.deciphered,
		ExtendedRejections: c.options["extended-rejections"] != "", Suspendable: c.options["suspendable"] != "",
	}
	cfg.Hooks.CountReused = func(uint32) { s.reused.Add(1) }
	if cfg.SliceCredentials, err = sliceCredentials(c.options["slice-credential"]); err != nil {
		return err
	}
	if cfg.NEA, err = algorithms(c.options["nea"]); err != nil {
		return err
	}
	if cfg.NIA, err = algorithms(c.options["nia"]); err != nil {
		return err
	}
	u, err := ue.New(cfg)
	if err != nil {
		return err
	}
	cell, ok := s.cells[option(c, "gnb", "gnb1")]
	if !ok {
		return fmt.Errorf("no gNB %q", option(c, "gnb", "gnb1"))
	}
	u.Camp(cell)
	s.camps.set(u, cell)
	s.ues[name] = u
	return nil
}

// packetFor lets a packet arrive from a data network.
func (s *stage) packetFor(network string, to netip.Addr) error {
	if s.datagram != nil && s.nodes.shared() {
		return s.datagramBy(network, to)
	}
	if s.datagram != nil {
		return s.datagram(to)
	}
	from := netip.MustParseAddr("192.0.2.1")
	s.path.Downlink(network, upf.Flow{Remote: from, Local: to, Protocol: 17, RemotePort: 7, LocalPort: 7, HasPorts: true}, packetSize)
	return nil
}

func option(c *command, name, otherwise string) string {
	if v, ok := c.options[name]; ok {
		return v
	}
	return otherwise
}

func algorithms(s string) ([]uint8, error) {
	if s == "" {
		return nil, nil
	}
	var list []uint8
	for one := range strings.SplitSeq(s, ",") {
		n, err := strconv.ParseUint(one, 10, 3)
		if err != nil {
			return nil, err
		}
		list = append(list, uint8(n))
	}
	return list, nil
}
