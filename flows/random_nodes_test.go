package flows

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

var (
	nodesSeed   = flag.Uint64("nodes-seed", 0, "play the random nodes of this seed")
	nodesRounds = flag.Int("nodes-rounds", 2, "rounds of the random nodes")
	nodesIll    = flag.Bool("nodes-ill", false, "drain the random nodes too, and let their disks be slow, full or lie")
)

// The size of TestRandomNodes.
const (
	roamers     = 40
	cellsOfNode = 3
	roundLasts  = 2 * time.Minute // in which phones do what they like, and nodes die
	roundRest   = 40 * time.Second
)

// roam is a stage with two nodes of an AMF set and phones that go from one to the other.
type roam struct {
	*stage
	random   *rand.Rand // of the nodes
	cells    map[string][]*gnb.GNB
	phones   []*roamer
	heard    heardOf
	deaths   int // of nodes
	promises int // that were looked after
	broken   func(format string, args ...any)
}

// roamer is a phone, and what the network has promised it.
type roamer struct {
	*ue.UE
	name     string
	random   *rand.Rand
	sessions map[uint8]netip.Addr // that it was given and has not begun to release
}

// TestRandomNodes: TS 23.501 §5.21.2: phones register, rest, move and leave at two nodes of an AMF set while either node is killed and started again at any
// time. Whom the network has accepted is served by whichever node it comes to, without a new authentication and with its sessions and their
// addresses; the nodes agree with each other; and nothing is left when everybody has gone. A failure prints its seed.
func TestRandomNodes(t *testing.T) {
	seed := *nodesSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-nodes-seed=%d", seed)
	f, err := Parse("random_nodes", roamFlow())
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t)
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		r := &roam{random: rand.New(rand.NewPCG(seed, 5)), cells: make(map[string][]*gnb.GNB), broken: t.Errorf,
			heard: heardOf{asked: make(map[string]int), last: make(map[string][]string)}}
		r.stage, err = newStage(&f, dir, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelInfo})), synctest.Wait, func(s *stage) { s.seen = r.heard.take })
		if err != nil {
			t.Fatal(err)
		}
		r.recorder.off = true
		if err := r.populate(seed); err != nil {
			t.Fatal(err)
		}
		for n := range *nodesRounds {
			r.round()
			if r.inspect(t, n); t.Failed() {
				break
			}
		}
		t.Logf("%d deaths of nodes, %d promises looked after", r.deaths, r.promises)
		if r.promises < *nodesRounds*roamers/2 || r.deaths < *nodesRounds {
			t.Error("it has shown too little")
		}
		if err := r.audit(t.Context()); err != nil {
			t.Errorf("left behind: %v", err)
		}
		r.end(t, &log)
	})
}

// roamFlow is a configuration with room for all phones, and they.
func roamFlow() []byte {
	var b strings.Builder
	b.WriteString("TS 23.501 §5.21.2: random nodes\n-- subscribers.csv --\nimsi,key,opc,slice,dnn\n")
	for i := range roamers {
		fmt.Fprintf(&b, "00101%010d,%s,%s,1,internet\n", i+1, baseKey, baseOPc)
	}
	b.WriteString("-- script --\nnode b\n")
	return []byte(b.String())
}

// heardOf is what phones said and heard last.
type heardOf struct {
	mu    sync.Mutex
	asked map[string]int // to authenticate
	last  map[string][]string
}

// lastHeard is how much of it.
const lastHeard = 30

func (h *heardOf) take(e ladder.Event) {
	if e.Interface != ladder.N1 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range []string{e.From, e.To} {
		h.last[name] = append(h.last[name], fmt.Sprintf("%s %s->%s %s %s", e.Time.Format("04:05.000"), e.From, e.To, e.Message, e.Detail))
		h.last[name] = h.last[name][max(0, len(h.last[name])-lastHeard):]
	}
	if e.Message == "AuthenticationRequest" {
		h.asked[e.To]++
	}
}

func (h *heardOf) timesAsked(name string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked[name]
}

func (h *heardOf) of(name string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.last[name], "\n")
}

func (r *roam) populate(seed uint64) error {
	for _, node := range []string{"a", "b"} {
		if err := r.run("node " + node); err != nil {
			return err
		}
		for i := range cellsOfNode {
			name := fmt.Sprintf("gnb-%s%d", node, i+1)
			if err := r.run("gnb " + name); err != nil {
				return err
			}
			r.cells[node] = append(r.cells[node], r.stage.cells[name])
		}
	}
	for i := range roamers {
		name := fmt.Sprintf("u%d", i+1)
		if err := r.run(fmt.Sprintf("ue %s imsi=00101%010d gnb=gnb-a1", name, i+1)); err != nil {
			return err
		}
		r.phones = append(r.phones, &roamer{UE: r.ues[name], name: name, random: rand.New(rand.NewPCG(seed, 100+uint64(i))), sessions: make(map[uint8]netip.Addr)})
	}
	return nil
}

// round lets all phones do what they like while nodes die and come back.
func (r *roam) round() {
	ctx, cancel := context.WithTimeout(context.Background(), roundLasts)
	defer cancel()
	var running sync.WaitGroup
	for _, p := range r.phones {
		running.Go(func() {
			for ctx.Err() == nil {
				time.Sleep(time.Duration(p.random.IntN([]int{10, 300, 4000}[p.random.IntN(3)])) * time.Millisecond)
				r.operation(p)
			}
		})
	}
	for ctx.Err() == nil {
		for range r.random.IntN(10) {
			time.Sleep(time.Duration(r.random.IntN(4000)) * time.Millisecond)
			r.send(r.phones[r.random.IntN(roamers)])
		}
		r.suffer([]string{"a", "b"}[r.random.IntN(2)])
	}
	running.Wait()
}

// send lets a packet for a phone arrive at the UPFs of both nodes.
func (r *roam) send(p *roamer) {
	s, ok := p.Session(1)
	if !ok {
		return
	}
	flow := upf.Flow{Remote: netip.MustParseAddr("192.0.2.1"), Local: s.Address, Protocol: 17, RemotePort: 7, LocalPort: 7, HasPorts: true}
	r.path.Downlink("internet", flow, packetSize)
	for _, other := range r.nodes.aside {
		other.path.Downlink("internet", flow, packetSize)
	}
}

// suffer lets something happen to a node: it dies, or with -nodes-ill it may be drained before, or have a disk that is slow or full for a
// while.
func (r *roam) suffer(node string) {
	do := func(lines ...string) {
		for _, line := range lines {
			if err := r.run(line); err != nil {
				r.broken("%s: %v", line, err)
			}
		}
	}
	a := func(seconds int) time.Duration { return time.Duration(r.random.IntN(1000*seconds)) * time.Millisecond }
	switch n := r.random.IntN(6); {
	case n == 0 && *nodesIll:
		do("node "+node, "disk "+[]string{"slow=2s", "slow=9s", "full", "torn"}[r.random.IntN(4)])
		time.Sleep(a(10))
		do("disk well")
	case n == 1 && *nodesIll:
		do("node "+node, "operator drain backup="+map[string]string{"a": "limpid-b-amf", "b": "limpid-amf"}[node])
		time.Sleep(a(10))
		r.die(node)
	default:
		r.die(node)
	}
}

// die kills a node and starts it again after a while.
func (r *roam) die(node string) {
	r.deaths++
	for _, line := range []string{"node " + node, "kill"} {
		if err := r.run(line); err != nil {
			r.broken("%s: %v", line, err)
		}
	}
	time.Sleep(time.Duration(r.random.IntN(15_000)) * time.Millisecond)
	if err := r.nodes.restart[node](); err != nil {
		r.broken("node %s: %v", node, err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, g := range r.cells[node] {
		if err := g.Setup(ctx); err != nil {
			r.broken("NG Setup with node %s: %v", node, err)
		}
	}
}

// operation is one that a phone chooses. That it fails is no news, that a promise breaks is.
func (r *roam) operation(p *roamer) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	before := p.Status()
	if n := p.random.IntN(20); n < 8 && !before.Connected || n == 0 { // else the radio link is lost
		p.Camp(r.anyCell(p))
	}
	if !before.Registered {
		if p.Register(ctx, ue.RegisterOptions{}) == nil {
			clear(p.sessions)
			r.session(ctx, p, 1)
		}
		return
	}
	asked := r.heard.timesAsked(p.name)
	switch n := p.random.IntN(100); {
	case n < 30:
		_, _ = p.ServiceRequest(ctx, ue.ServiceOptions{})
	case n < 55:
		if g, ok := p.Cell().(*gnb.GNB); ok && before.Connected {
			_ = g.ReleaseUE(ctx, p.UE, ngap.CauseRadioNetworkUserInactivity)
		}
	case n < 65:
		_ = p.Register(ctx, ue.RegisterOptions{Type: gmm.MobilityRegistrationUpdate})
	case n < 70:
		_ = p.Register(ctx, ue.RegisterOptions{Type: gmm.PeriodicRegistrationUpdate})
	case n < 80:
		r.session(ctx, p, uint8(1+p.random.IntN(3)))
	case n < 87:
		id := uint8(1 + p.random.IntN(3))
		delete(p.sessions, id)
		_ = p.ReleaseSession(ctx, id)
	case n < 90:
		clear(p.sessions)
		_ = p.Deregister(ctx, p.random.IntN(2) == 0)
		return
	case n < 94:
		if g, ok := p.Cell().(*gnb.GNB); ok && before.Connected {
			_ = g.HandOverXn(ctx, p.UE, r.anyCell(p), gnb.XnOptions{})
		}
	case n < 97:
		if g, ok := p.Cell().(*gnb.GNB); ok && before.Connected {
			_ = g.HandOverN2(ctx, p.UE, r.anyCell(p), gnb.N2Options{})
		}
	default:
		time.Sleep(time.Duration(p.random.IntN(30_000)) * time.Millisecond)
	}
	if !p.Status().Registered {
		r.broken("%s has lost its registration at %s:\n%s", p.name, r.at(p), r.heard.of(p.name))
	}
	if n := r.heard.timesAsked(p.name); n != asked {
		r.broken("%s had to authenticate again at %s:\n%s", p.name, r.at(p), r.heard.of(p.name))
	}
}

// at names the cell of a phone.
func (r *roam) at(p *roamer) string {
	for name, g := range r.stage.cells {
		if p.Cell() == g {
			return name
		}
	}
	return "no cell"
}

// anyCell is a cell of a node, alive or not.
func (r *roam) anyCell(p *roamer) *gnb.GNB {
	node := []string{"a", "b"}[p.random.IntN(2)]
	return r.cells[node][p.random.IntN(cellsOfNode)]
}

// session has a phone establish a session, and keeps what it was given.
func (r *roam) session(ctx context.Context, p *roamer, id uint8) {
	if _, there := p.sessions[id]; there {
		return
	}
	if s, err := p.EstablishSession(ctx, id, ue.SessionOptions{}); err == nil {
		p.sessions[id] = s.Address
	}
}

// inspect looks after every promise once everybody is at rest.
func (r *roam) inspect(t *testing.T, n int) {
	time.Sleep(roundRest)
	r.settle()
	for _, err := range r.disagreements(t.Context(), false) {
		t.Errorf("after round %d: %v", n, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	for _, p := range r.phones {
		if !p.Status().Registered {
			continue
		}
		if !p.Status().Connected {
			p.Camp(r.anyCell(p))
			asked := r.heard.timesAsked(p.name)
			if _, err := p.ServiceRequest(ctx, ue.ServiceOptions{}); err != nil {
				t.Errorf("after round %d: %s is not served at %s: %v", n, p.name, r.at(p), err)
			}
			if r.heard.timesAsked(p.name) != asked {
				t.Errorf("after round %d: %s had to authenticate again at %s", n, p.name, r.at(p))
			}
		}
		r.promises++
		for id, address := range p.sessions {
			if s, ok := p.Session(id); !ok || s.Address != address {
				t.Errorf("after round %d: %s had session %d with %s, now %v %v", n, p.name, id, address, ok, s.Address)
			}
		}
	}
	time.Sleep(roundRest)
	r.settle()
	for _, err := range r.disagreements(t.Context(), false) {
		t.Errorf("after round %d, all awake: %v", n, err)
	}
}
