package flows

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/store/faults"
)

// lifeOfAPhone makes every kind of write that a phone causes.
var lifeOfAPhone = []string{
	"register u1", "session u1 1", "idle u1", "service-request u1", "session u1 2", "release-session u1 2", "idle u1",
	"register u1 type=periodic", "register u1 type=mobility", "deregister u1",
}

// TestEveryWrite lets each write of a phone's life go wrong in each way, with the core killed after it or not. Whatever
// the phone was told before still holds: it need not authenticate again and has its session. And nothing is left behind.
func TestEveryWrite(t *testing.T) {
	writes := playWithFault(t, trouble{write: -1, line: -1})
	if writes < 8 {
		t.Fatalf("only %d writes: the test would hold for nothing", writes)
	}
	for name, tr := range map[string]trouble{
		"fail": {fault: faults.Fault{Fail: true}}, "delay": {fault: faults.Fault{Delay: 6 * time.Second}},
		"fail and kill": {fault: faults.Fault{Fail: true}, kill: true}, "torn and kill": {fault: faults.Fault{Torn: true}, kill: true},
	} {
		for n := range writes {
			tr.write, tr.line = n, -1
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) { playWithFault(t, tr) })
		}
	}
}

// TestKillAfterEveryLine kills the core in the moment in which the phone has its answer.
func TestKillAfterEveryLine(t *testing.T) {
	for n, line := range lifeOfAPhone {
		t.Run(line, func(t *testing.T) { playWithFault(t, trouble{write: -1, line: n, kill: true}) })
	}
}

// trouble is what goes wrong in the life of a phone.
type trouble struct {
	fault faults.Fault
	write int64 // with which write, from 0; -1: none
	line  int   // after which line without a fault, from 0; -1: none
	kill  bool  // the core is killed after the line in which it comes
}

// playWithFault plays the life of a phone with a trouble. It returns how many writes there were.
func playWithFault(t *testing.T, tr trouble) (writes int64) {
	t.Helper()
	f, err := Parse("writes", []byte("TS 23.007 §25: every write\n-- script --\nwait 1s\n"))
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t)
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		s, err := newStage(&f, dir, slog.New(slog.NewTextHandler(&log, nil)), synctest.Wait)
		if err != nil {
			t.Fatal(err)
		}
		must := func(line string) {
			s.recorder.note(line)
			if err := s.run(line); err != nil {
				t.Errorf("%s: %v", line, err)
			}
			synctest.Wait()
		}
		must("gnb gnb1")
		must("ue u1")
		var count atomic.Int64
		var hit atomic.Bool
		s.life.disk.Plan(func(string) faults.Fault {
			if i := count.Add(1) - 1; i == tr.write || tr.kill && hit.Load() { // a dying core writes nothing more
				hit.Store(true)
				return tr.fault
			}
			return faults.Fault{}
		})
		for i, line := range lifeOfAPhone {
			told := s.ues["u1"].Status()
			err := s.run(line)
			if err != nil && !hit.Load() {
				t.Errorf("%s, without a fault: %v", line, err)
			}
			if i != tr.line {
				time.Sleep(100 * time.Millisecond) // what nobody waited for is written, or fails
			}
			if !hit.Load() && i != tr.line {
				continue
			}
			if tr.kill {
				must("kill")
				must("start")
			} else {
				must("disk well")
			}
			time.Sleep(time.Minute)
			deregistering := strings.HasPrefix(line, "deregister") // with a fault, whether the core took it is open
			if now := s.ues["u1"].Status(); now.Registered && (told.Registered || err == nil) && !deregistering {
				must("camp u1 gnb1")
				holdsPromise(t, s, must)
			}
			break
		}
		writes = count.Load()
		must("disk well")
		s.begun = nil
		must("register u1 identity=suci")
		must("session u1 3")
		must("deregister u1")
		if err := s.audit(t.Context()); err != nil {
			t.Errorf("left behind: %v", err)
		}
		if err := s.close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if t.Failed() {
			t.Logf("%s\nlog:\n%s", s.recorder.text(), log.String())
		}
	})
	return writes
}

// holdsPromise checks that a phone that was accepted is served without a new authentication.
func holdsPromise(t *testing.T, s *stage, must func(string)) {
	t.Helper()
	before := len(s.recorder.text())
	if !s.ues["u1"].Status().Connected {
		must("service-request u1")
	}
	if text := s.recorder.text()[before:]; strings.Contains(text, "AuthenticationRequest") {
		t.Errorf("the phone had to authenticate again:\n%s", text)
	}
}

// TestStartWritesNothing: what a core brings back, and its UPF gets again, is stored as it is: a start writes as much with UEs
// as without.
func TestStartWritesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, err := Parse("start", []byte("TS 23.007 §25: a start\n-- script --\nwait 1s\n"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := newStage(&f, folder(t), slog.New(slog.DiscardHandler), synctest.Wait)
		if err != nil {
			t.Fatal(err)
		}
		writes := func(lines ...string) int64 {
			for _, line := range lines {
				if err := s.run(line); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				synctest.Wait()
			}
			time.Sleep(10 * time.Second)
			return s.life.disk.Writes()
		}
		without := writes("gnb gnb1", "ue u1", "wait 1s", "kill", "start")
		before := writes("camp u1 gnb1", "register u1", "session u1 1", "session u1 2", "idle u1", "wait 1s")
		if before == without {
			t.Error("writes are not counted")
		}
		if with := writes("kill", "start"); with != without {
			t.Errorf("%d writes at the start with sessions, %d without", with, without)
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
}
