package flows

import (
	"bytes"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/store/faults"
)

var (
	guaranteedSeed = flag.Uint64("guaranteed-seed", 0, "play the random flow of guaranteed bit rates of this seed alone")
	guaranteedRuns = flag.Uint64("guaranteed-runs", 12, "how many random flows of guaranteed bit rates to play")
)

const (
	guaranteedOperations = 90
	// boundOfNodes is the bound on downlink in bit/s, which two of the rules of voice.yaml fit into and three do not.
	boundOfNodes = 250_000
)

// guaranteeVoice bounds guaranteed bit rates and has none.yaml and voice.yaml say whether sessions have one; they begin with one.
func guaranteeVoice(f *Flow) {
	none := bytes.Replace(f.Config, []byte("smf:\n"), []byte("smf:\n  guaranteed: [{dnn: internet, maximum: {uplink: 250 Kbps, downlink: 250 Kbps}}]\n"), 1)
	voice := append([]byte(`pcf: {session_policies: [{dnn: internet, rules: [{name: voice, precedence: 10, 5qi: 1, flows: ["permit out 17 from any 5060 to assigned"],
  maximum: {uplink: 200 Kbps, downlink: 200 Kbps}, guaranteed: {uplink: 100 Kbps, downlink: 100 Kbps}}]}]}
`), none...)
	less := bytes.Replace(voice, []byte("guaranteed: {uplink: 100 Kbps, downlink: 100 Kbps}"), []byte("guaranteed: {uplink: 60 Kbps, downlink: 60 Kbps}"), 1)
	f.Others = map[string][]byte{"none.yaml": none, "voice.yaml": voice, "less.yaml": less}
	f.Config = voice
}

// TestRandomGuaranteed: TS 23.501 §5.7.2.5: phones get sessions with guaranteed bit rates at two nodes over one store, lose them, have them
// changed and take them from node to node at random, while nodes are killed and writes fail. At no moment is more counted than the
// operator set, what is counted is what sessions have, and nothing is left once all are gone. A failure prints its seed.
func TestRandomGuaranteed(t *testing.T) {
	if *guaranteedSeed != 0 {
		playGuaranteed(t, *guaranteedSeed)
		return
	}
	granted, full := 0, 0
	for i := range *guaranteedRuns {
		seed := i + 1
		if i+2 >= *guaranteedRuns {
			seed = rand.Uint64()
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			g, f := playGuaranteed(t, seed)
			granted, full = granted+g, full+f
		})
	}
	if looks := int(*guaranteedRuns) * guaranteedOperations; granted < looks/4 || full < looks/20 {
		t.Errorf("of %d looks %d found something granted and %d no room left: this shows nothing", looks, granted, full)
	}
}

// twoNodes is a stage with two nodes that come and go, and what was seen there.
type twoNodes struct {
	*testing.T
	s       *stage
	r       *rand.Rand
	mu      sync.Mutex // of r, which faults are drawn from too
	well    atomic.Bool
	dead    map[string]bool
	cells   map[string]string
	granted int // looks that have found something granted
	full    int // and no room for one more
}

func (n *twoNodes) draw(below int) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.r.IntN(below)
}

// fault lets one write in twenty go wrong of those that have to do with guaranteed bit rates.
func (n *twoNodes) fault(operation string) faults.Fault {
	if n.well.Load() || !slices.Contains([]string{"Guarantee", "ForgetGuarantees", "RemoveSM", "TakeUE"}, operation) || n.draw(20) > 0 {
		return faults.Fault{}
	}
	return []faults.Fault{{Fail: true}, {Torn: true}, {Delay: 6 * time.Second}}[n.draw(3)]
}

// turn has the script speak of a node, which starts if it is dead or new.
func (n *twoNodes) turn(node string) {
	play(n.s, "node "+node)
	n.s.life.disk.Plan(n.fault)
	switch {
	case n.cells[node] == "":
		n.cells[node] = "gnb-" + node
		play(n.s, "gnb "+n.cells[node])
	case n.dead[node]:
		if err := n.s.setUpAnew(n.Context()); err != nil {
			n.Error(err)
		}
	}
	delete(n.dead, node)
}

func (n *twoNodes) look() {
	n.Helper()
	sums, err := n.s.life.disk.GuaranteeSums(n.Context())
	if err != nil {
		n.Errorf("not known what is granted: %v", err)
	}
	for _, sum := range sums {
		if sum.Uplink > boundOfNodes || sum.Downlink > boundOfNodes {
			n.Errorf("%d/%d bit/s are granted of %d", sum.Uplink, sum.Downlink, boundOfNodes)
		}
		n.granted++
		if sum.Downlink+100_000 > boundOfNodes {
			n.full++
		}
	}
}

func (n *twoNodes) operate() {
	u, id, here := fmt.Sprintf("u%d", 1+n.draw(4)), fmt.Sprint(1+n.draw(2)), n.s.nodes.present
	other := map[string]string{"a": "b", "b": "a"}[here]
	camp := "camp " + u + " " + n.cells[here]
	for _, line := range [][]string{
		{camp, "begin register " + u}, {camp, "begin register " + u + " type=mobility"}, {camp, "begin service-request " + u}, {camp, "begin service-request " + u},
		{"begin session " + u + " " + id}, {"begin session " + u + " " + id}, {"begin session " + u + " " + id}, {"begin session " + u + " " + id},
		{"begin release-session " + u + " " + id}, {"begin release-session " + u + " " + id}, {"begin idle " + u}, {"begin idle " + u}, {"begin deregister " + u},
		{"policy none.yaml"}, {"policy voice.yaml"}, {"policy voice.yaml"}, {"policy less.yaml"}, {"wait 50ms"}, {"wait 1s"}, {"wait 20s"}, {"TURN"}, {"TURN"}, {"TURN"}, {"KILL"},
	}[n.draw(24)] {
		switch line {
		case "TURN":
			n.turn(other)
		case "KILL":
			play(n.s, "kill")
			n.dead[here] = true
			n.turn(other)
		default:
			play(n.s, line)
		}
	}
}

func playGuaranteed(t *testing.T, seed uint64) (granted, full int) {
	t.Helper()
	f, err := Parse("guaranteed", []byte("TS 23.501 §5.7.2.5: random\n-- script --\nnode b\n"))
	if err != nil {
		t.Fatal(err)
	}
	guaranteeVoice(&f)
	f.Subscribers = append(bytes.TrimSpace(f.Subscribers), "\n001010000000004,465b5ce8b199b49faa5f0a2ee238a6bc,cd63cb71954a9f4e48a5994e37a02baf,1,internet\n"...)
	dir := folder(t)
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		s, err := newStage(&f, dir, slog.New(slog.NewTextHandler(&log, nil)), synctest.Wait)
		if err != nil {
			t.Fatal(err)
		}
		n := &twoNodes{T: t, s: s, r: rand.New(rand.NewPCG(seed, 5)), dead: make(map[string]bool), cells: make(map[string]string)}
		n.turn("a")
		n.turn("b")
		for i := range 4 {
			play(s, fmt.Sprintf("ue u%d imsi=00101000000000%d gnb=%s", i+1, i+1, n.cells["b"]))
			play(s, fmt.Sprintf("begin register u%d", i+1))
		}
		for range guaranteedOperations {
			n.operate()
			n.look()
		}
		n.well.Store(true)
		for _, node := range []string{"a", "b"} {
			n.turn(node)
		}
		time.Sleep(quiet)
		n.look()
		s.begun = nil
		if err := s.audit(t.Context()); err != nil {
			t.Errorf("left behind: %v", err)
		}
		n.turn("a")
		play(s, "gnb last")
		for i := range 4 {
			for _, line := range []string{"camp u%d last", "begin register u%d identity=suci", "wait 20s", "begin deregister u%d", "wait 20s"} {
				play(s, strings.Replace(line, "%d", fmt.Sprint(i+1), 1))
			}
		}
		time.Sleep(quiet)
		if sums, err := s.life.disk.GuaranteeSums(t.Context()); err != nil || len(sums) > 0 {
			t.Errorf("all are gone and %+v is granted, %v", sums, err)
		}
		if err := s.close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if t.Failed() {
			t.Logf("-guaranteed-seed=%d\n%s\nlog:\n%s", seed, s.recorder.text(), log.String())
		}
		granted, full = n.granted, n.full
	})
	return granted, full
}
