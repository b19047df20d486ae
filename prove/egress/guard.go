package egress

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/prove/cgroup"
)

// Refusal is something that was refused.
type Refusal struct {
	Hook     Hook
	PID      uint32
	Comm     string
	Protocol uint32
	Remote   string // address and port, empty for a socket
	Trial    bool   // somebody tried whether it is refused: see Nobody and ExpectTrial
	Times    int
}

func (r Refusal) String() string {
	to := ""
	if r.Remote != "" {
		to = " to " + r.Remote
	}
	return fmt.Sprintf("%v, %s%s, by process %d (%s)", r.Hook, protocolName(r.Protocol), to, r.PID, r.Comm)
}

// Guard is a policy at work on a control group. It ends with the process, or with Close.
type Guard struct {
	Group      string // path of the control group
	collection *ebpf.Collection
	links      []link.Link
	events     *ringbuf.Reader

	mu     sync.Mutex
	told   map[Refusal]int      // how often each was seen, Times being 0
	trials uint64               // how many of them were trials
	trying map[uint32]time.Time // processes that were announced to try, until when
}

// Counts are how often something was refused.
type Counts struct{ Connect, Send, Create, Packet uint64 }

// Total is all of them.
func (c Counts) Total() uint64 { return c.Connect + c.Send + c.Create + c.Packet }

// Attach puts a policy on a control group: the folder of it on a file system of type cgroup2.
func Attach(p Policy, group string) (*Guard, error) {
	entries, err := p.entries()
	if err != nil {
		return nil, err
	}
	g := &Guard{Group: group, told: make(map[Refusal]int), trying: make(map[uint32]time.Time)}
	if g.collection, err = ebpf.NewCollection(Built(p)); err != nil {
		return nil, fmt.Errorf("egress: %w", err)
	}
	for k, e := range entries {
		if err := g.collection.Maps[mapPeers].Put(k, e); err != nil {
			return nil, errors.Join(fmt.Errorf("egress: %w", err), g.Close())
		}
	}
	if err := g.collection.Maps[mapPeers].Freeze(); err != nil { // nobody changes the policy from user space any more
		return nil, errors.Join(fmt.Errorf("egress: %w", err), g.Close())
	}
	for name, program := range g.collection.Programs {
		l, err := link.AttachCgroup(link.CgroupOptions{Path: group, Attach: attachOf(name), Program: program})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("egress: %s on %s: %w", name, group, err), g.Close())
		}
		g.links = append(g.links, l)
	}
	if g.events, err = ringbuf.NewReader(g.collection.Maps[mapEvents]); err != nil {
		return nil, errors.Join(fmt.Errorf("egress: %w", err), g.Close())
	}
	return g, nil
}

// abandoned tells whether the process of a group is no more: that of one that just starts is empty too until it is inside.
func abandoned(group string) bool {
	pid, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(group), prefix))
	return err == nil && errors.Is(unix.Kill(pid, 0), unix.ESRCH)
}

func attachOf(name string) ebpf.AttachType { return Built(Policy{}).Programs[name].AttachType }

// prefix begins the name of a control group of ours.
const prefix = "limpid-egress-"

// Start makes a control group below that of this process, puts the policy on it and moves the process into it. Groups
// that earlier processes left empty are removed.
func Start(p Policy) (*Guard, error) {
	var g *Guard
	err := ownGroup(func(root, group string) (err error) {
		if g, err = Attach(p, group); err != nil {
			return errors.Join(err, os.Remove(group))
		}
		if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
			return errors.Join(fmt.Errorf("entering the control group: %w", err), g.Close(), os.Remove(group))
		}
		g.Group = strings.TrimPrefix(group, root)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("egress: %w", err)
	}
	return g, nil
}

// ownGroup makes a control group of this process's own and calls f with it.
func ownGroup(f func(root, group string) error) error {
	return cgroup.Of(os.Getpid(), func(root, path string) (err error) {
		for strings.HasPrefix(filepath.Base(path), prefix) { // a process that was started by one of ours
			path = filepath.Dir(path)
		}
		own := filepath.Join(root, path)
		if left, err := filepath.Glob(filepath.Join(own, prefix+"*")); err == nil {
			for _, dir := range left {
				if abandoned(dir) {
					removeGroup(dir)
				}
			}
		}
		group := filepath.Join(own, prefix+strconv.Itoa(os.Getpid()))
		if err := os.Mkdir(group, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("a control group is needed: %w", err)
		}
		return f(root, group)
	})
}

// removeGroup removes a group with those below it. One that is in use stays.
func removeGroup(dir string) {
	below, _ := filepath.Glob(filepath.Join(dir, "*", "cgroup.procs"))
	for _, b := range below {
		_ = os.Remove(filepath.Dir(b))
	}
	_ = os.Remove(dir)
}

// trialTime is how long a process may try that was announced.
const trialTime = time.Minute

// ExpectTrial announces that a process tries whether it is refused what nobody declared, for one minute from now: what it is
// refused is told as a trial.
func (g *Guard) ExpectTrial(pid int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(g.trying, func(_ uint32, until time.Time) bool { return now.After(until) })
	g.trying[uint32(pid)] = now.Add(trialTime)
}

// Trials is how many of the refusals that were seen were trials.
func (g *Guard) Trials() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.trials
}

// Watch tells the log what is refused until ctx ends: each culprit and destination at once, then each time that the number
// has doubled. A trial is told as one.
func (g *Guard) Watch(ctx context.Context, log *slog.Logger) error {
	stop := context.AfterFunc(ctx, func() { _ = g.events.Close() })
	defer stop()
	for {
		record, err := g.events.Read()
		if errors.Is(err, ringbuf.ErrClosed) || errors.Is(err, os.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("egress: %w", err)
		}
		r, err := parse(record.RawSample)
		if err != nil {
			return err
		}
		r, times := g.note(r)
		if times&(times-1) != 0 {
			continue
		}
		level, text := slog.LevelWarn, "egress refused: this destination is not declared"
		if r.Trial {
			level, text = slog.LevelInfo, "egress tried, and refused as it should be"
		}
		log.Log(ctx, level, text, "at", r.Hook.String(), "protocol", protocolName(r.Protocol), "to", r.Remote, "pid", r.PID, "program", r.Comm, "times", times)
	}
}

const mostTold = 4096 // different refusals that are remembered

// note counts a refusal, and tells whether it was a trial and how often it was seen.
func (g *Guard) note(r Refusal) (Refusal, int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until, announced := g.trying[r.PID]; announced && time.Now().Before(until) {
		r.Trial = true
	}
	if r.Trial {
		g.trials++
	}
	if _, known := g.told[r]; !known && len(g.told) >= mostTold {
		clear(g.told)
	}
	g.told[r]++
	return r, g.told[r]
}

// Refusals lists what was refused and seen so far.
func (g *Guard) Refusals() []Refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]Refusal, 0, len(g.told))
	for r, n := range g.told {
		r.Times = n
		list = append(list, r)
	}
	return list
}

func parse(b []byte) (Refusal, error) {
	var e event
	if _, err := binary.Decode(b, binary.NativeEndian, &e); err != nil || e.Hook >= hooks {
		return Refusal{}, fmt.Errorf("egress: %d octets from the kernel are no event", len(b))
	}
	r := Refusal{Hook: e.Hook, PID: e.PID, Comm: string(bytes.TrimRight(e.Comm[:], "\x00")), Protocol: e.Protocol}
	if e.Hook != HookCreate {
		r.Trial = slices.Contains(Nobody(), addressOf(e.Address))
		r.Remote = fmt.Sprintf("%s port %d", addressOf(e.Address), networkOrder16(e.Port))
	}
	return r, nil
}

// Counts reads the counters of all processors.
func (g *Guard) Counts() (Counts, error) {
	var c Counts
	for hook, to := range map[Hook]*uint64{HookConnect: &c.Connect, HookSend: &c.Send, HookCreate: &c.Create, HookPacket: &c.Packet} {
		var each []uint64
		if err := g.collection.Maps[mapCount].Lookup(uint32(hook), &each); err != nil {
			return c, fmt.Errorf("egress: %w", err)
		}
		for _, n := range each {
			*to += n
		}
	}
	return c, nil
}

// Close takes the policy away. The control group stays, with the process in it.
func (g *Guard) Close() error {
	var errs []error
	if g.events != nil {
		errs = append(errs, g.events.Close())
	}
	for _, l := range g.links {
		errs = append(errs, l.Close())
	}
	if g.collection != nil {
		g.collection.Close()
	}
	return errors.Join(errs...)
}
