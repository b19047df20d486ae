package flows

import (
	"bytes"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/store/faults"
)

var everyWrite = flag.Bool("every-write", false, "let every write of two nodes go wrong, not a few of them")

// lifeBetweenNodes makes every kind of write that a phone causes which goes from node a to node b and back.
var lifeBetweenNodes = []string{
	"node a", "camp u1 gnb1", "register u1", "session u1 1", "idle u1",
	"node b", "camp u1 gnb2", "service-request u1", "policy none.yaml", "policy voice.yaml", "session u1 2", "release-session u1 2", "idle u1",
	"node a", "camp u1 gnb1", "register u1 type=mobility", "service-request u1", "idle u1",
}

// fewWrites is how many of the writes go wrong in each way unless -every-write says that all do.
const fewWrites = 1

// TestEveryWriteOfTwoNodes: TS 23.501 §5.21.2: lets writes of a phone's life between two nodes of a set go wrong in each way, others in
// each run. Once the store is well again the phone is served at either node, without a new authentication and with its session.
func TestEveryWriteOfTwoNodes(t *testing.T) {
	writes := playBetweenNodes(t, -1, faults.Fault{})
	if writes < 8 {
		t.Fatalf("only %d writes: the test would hold for nothing", writes)
	}
	for _, way := range []struct {
		name  string
		fault faults.Fault
	}{{"fail", faults.Fault{Fail: true}}, {"torn", faults.Fault{Torn: true}}, {"delay", faults.Fault{Delay: 6 * time.Second}}} {
		list := rand.Perm(int(writes))
		if !*everyWrite {
			list = list[:fewWrites]
		}
		for _, n := range list {
			t.Run(fmt.Sprintf("%s/%d", way.name, n), func(t *testing.T) {
				if playBetweenNodes(t, int64(n), way.fault); t.Failed() {
					t.Logf("play it again with -every-write -run '^%s$'", t.Name())
				}
			})
		}
	}
}

// playBetweenNodes plays the life of a phone with a fault of one write, -1: none, and returns how many writes there were.
func playBetweenNodes(t *testing.T, write int64, fault faults.Fault) (writes int64) {
	t.Helper()
	f, err := Parse("writes", []byte("TS 23.501 §5.21.2: every write\n-- script --\nnode b\n"))
	if err != nil {
		t.Fatal(err)
	}
	guaranteeVoice(&f)
	dir := t.TempDir()
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		s, err := newStage(&f, dir, slog.New(slog.NewTextHandler(&log, nil)), synctest.Wait)
		if err != nil {
			t.Fatal(err)
		}
		must := func(lines ...string) {
			t.Helper()
			for _, line := range lines {
				s.recorder.note(line)
				if err := s.run(line); err != nil {
					t.Errorf("%s: %v", line, err)
				}
				synctest.Wait()
			}
		}
		var count atomic.Int64
		var hit atomic.Bool
		plan := func(operation string) faults.Fault {
			if operation == "Beat" || operation == "Moved" || count.Add(1)-1 != write {
				return faults.Fault{}
			}
			hit.Store(true)
			return fault
		}
		must("gnb gnb1", "ue u1")
		s.life.disk.Plan(plan)
		must("node b", "gnb gnb2")
		s.life.disk.Plan(plan)
		promised := false
		for _, line := range lifeBetweenNodes {
			s.recorder.note(line)
			if err := s.run(line); err != nil && !hit.Load() {
				t.Errorf("%s, without a fault: %v", line, err)
			}
			time.Sleep(100 * time.Millisecond) // what nobody waited for is written, or fails
			if hit.Load() {
				promised = s.ues["u1"].Status().Registered
				break
			}
		}
		writes = count.Load()
		time.Sleep(time.Minute)
		if hit.Load() && promised {
			for _, at := range []string{"b", "a"} {
				must("node "+at, "camp u1 gnb"+map[string]string{"a": "1", "b": "2"}[at])
				holdsPromise(t, s, func(line string) { must(line) })
				must("idle u1")
				time.Sleep(5 * time.Second)
			}
		}
		must("node a", "camp u1 gnb1", "register u1 identity=suci", "session u1 3", "deregister u1")
		time.Sleep(5 * time.Second)
		must("granted downlink=0")
		if err := s.audit(t.Context()); err != nil {
			t.Errorf("left behind: %v", err)
		}
		if err := s.close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if t.Failed() {
			text := s.recorder.text()
			t.Logf("%s\nlog:\n%s", text[max(0, len(text)-3000):], strings.TrimSpace(log.String()[max(0, log.Len()-3000):]))
		}
	})
	return writes
}
