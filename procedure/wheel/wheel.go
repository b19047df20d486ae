// Package wheel is one timing wheel for very many long timers: the idle timers of UEs, TS 24.501 §5.3.7. Starting and
// stopping a timer is O(1), a timer is a few words inside its owner, and behind a million of them stand one runtime timer
// and no goroutine.
//
// The wheel is hierarchical: level 0 has a slot for each of the next 64 ticks, level 1 a slot for each of the next 64
// times 64 ticks, and so on. A timer lies where its tick first differs from now, and moves down when its time comes near.
package wheel

import (
	"math/bits"
	"sync"
	"time"
)

const (
	slotBits = 6
	slots    = 1 << slotBits
	levels   = 6 // 64^6 ticks: 2,000 years of seconds
	batch    = 512
)

// Owner is told of the end of its timer.
type Owner interface {
	// Expire is called once when t ends, on a goroutine of the wheel that must not be held up. A Stop or Start that
	// comes at the same moment may come too late: the owner tells by its own state whether it still cares.
	Expire(t *Timer)
}

// Timer is one timer; the zero value is stopped. It lies inside its owner, must not be copied, and belongs to one Wheel.
type Timer struct {
	next, prev *Timer // nil: stopped
	tick       int64
	owner      Owner
}

// Wheel runs timers. Its methods may be called from several goroutines.
type Wheel struct {
	tick  time.Duration
	start time.Time

	mu       sync.Mutex
	passed   time.Duration // that Pass has let pass
	now      int64         // the last tick that was served
	running  bool
	closed   bool
	length   int
	occupied [levels]uint64
	heads    [levels][slots]Timer // rings: the head is no timer
	alarm    *time.Timer
	due      int64 // when the alarm goes off, if it is set
}

// New makes a wheel that counts in ticks: a timer ends at the first tick after its time, never before it.
func New(tick time.Duration) *Wheel {
	w := &Wheel{tick: tick, start: time.Now()}
	for i := range w.heads {
		for j := range w.heads[i] {
			h := &w.heads[i][j]
			h.next, h.prev = h, h
		}
	}
	return w
}

// Start starts t, or starts it again, to end after d.
func (w *Wheel) Start(t *Timer, owner Owner, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unlink(t)
	if w.closed {
		return
	}
	t.owner = owner
	t.tick = max(int64((w.elapsed()+max(d, 0)+w.tick-1)/w.tick), w.now+1)
	w.link(t)
	w.length++
	w.arm()
}

// Stop stops t and tells whether it ran.
func (w *Wheel) Stop(t *Timer) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unlink(t)
}

// Len is how many timers run.
func (w *Wheel) Len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.length
}

// Left is how long t still runs, to the tick, and whether it runs.
func (w *Wheel) Left(t *Timer) (time.Duration, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t.next == nil {
		return 0, false
	}
	return max(time.Duration(t.tick)*w.tick-w.elapsed(), 0), true
}

// elapsed is the wheel's own time. The lock is held.
func (w *Wheel) elapsed() time.Duration { return time.Since(w.start) + w.passed }

// Next is when the wheel looks at its timers next, which is never later than the next end of one; it is false without timers.
func (w *Wheel) Next() (time.Duration, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _, tick, ok := w.first()
	return max(time.Duration(tick)*w.tick-w.elapsed(), 0), ok
}

// Pass lets d of the wheel's own time pass at once, for who plays in minutes what takes hours. A timer that its owner starts
// when another ends counts from the end of d: who wants both in their order lets no more than Next pass.
func (w *Wheel) Pass(d time.Duration) {
	w.mu.Lock()
	w.passed += d
	w.mu.Unlock()
	w.run()
}

// Close ends the wheel: no timer ends any more.
func (w *Wheel) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.alarm != nil {
		w.alarm.Stop()
	}
}

// place is where a tick lies, seen from now.
func (w *Wheel) place(tick int64) (level, slot int) {
	if different := uint64(tick ^ w.now); different >= slots {
		level = min((bits.Len64(different)-1)/slotBits, levels-1)
	}
	return level, int(tick>>(level*slotBits)) & (slots - 1)
}

func (w *Wheel) link(t *Timer) {
	level, slot := w.place(t.tick)
	h := &w.heads[level][slot]
	t.next, t.prev = h, h.prev
	t.prev.next, h.prev = t, t
	w.occupied[level] |= 1 << slot
}

// unlink takes a timer out of whatever ring it is in. An emptied slot is noticed when its turn comes.
func (w *Wheel) unlink(t *Timer) bool {
	if t.next == nil {
		return false
	}
	t.next.prev, t.prev.next = t.prev, t.next
	t.next, t.prev = nil, nil
	w.length--
	return true
}

// first is the slot whose turn is next, and its tick. Lower levels come before higher ones.
func (w *Wheel) first() (level, slot int, tick int64, ok bool) {
	for level := range levels {
		if w.occupied[level] == 0 {
			continue
		}
		shift := level * slotBits
		here := int(w.now>>shift) & (slots - 1)
		slot := (bits.TrailingZeros64(bits.RotateLeft64(w.occupied[level], -here)) + here) & (slots - 1)
		round := w.now >> (shift + slotBits) << (shift + slotBits)
		return level, slot, round + int64(slot)<<shift, true
	}
	return 0, 0, 0, false
}

// arm sets the alarm for the slot whose turn is next.
func (w *Wheel) arm() {
	if w.running || w.closed {
		return
	}
	_, _, tick, ok := w.first()
	if !ok || w.due == tick {
		return
	}
	w.due = tick
	in := max(time.Duration(tick)*w.tick-w.elapsed(), 0)
	if w.alarm == nil {
		w.alarm = time.AfterFunc(in, w.run)
		return
	}
	w.alarm.Reset(in)
}

// run serves every slot whose turn has come.
func (w *Wheel) run() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running {
		return
	}
	w.running, w.due = true, 0
	reached := int64(w.elapsed() / w.tick)
	for !w.closed {
		level, slot, tick, ok := w.first()
		if !ok || tick > reached {
			break
		}
		w.now = tick
		w.occupied[level] &^= 1 << slot
		w.empty(&w.heads[level][slot])
	}
	w.now = max(w.now, min(reached, w.calm(reached)))
	w.running = false
	w.arm()
}

// calm is the last tick up to reached at which nothing is due, so that new timers find their place from there.
func (w *Wheel) calm(reached int64) int64 {
	if _, _, tick, ok := w.first(); ok && tick <= reached {
		return tick - 1
	}
	return reached
}

// empty ends the timers of a slot that are due and moves the others down. It lets go of the lock now and then.
func (w *Wheel) empty(h *Timer) {
	var moving Timer // a ring of its own: what is started meanwhile may belong to the same slot of the next round
	if h.next == h {
		return
	}
	moving.next, moving.prev = h.next, h.prev
	moving.next.prev, moving.prev.next = &moving, &moving
	h.next, h.prev = h, h
	expired := make([]*Timer, 0, batch)
	for moving.next != &moving {
		expired = expired[:0]
		for n := 0; n < batch && moving.next != &moving; n++ {
			t := moving.next
			t.next.prev, t.prev.next = t.prev, t.next
			if t.tick > w.now {
				w.link(t)
				continue
			}
			t.next, t.prev = nil, nil
			w.length--
			expired = append(expired, t)
		}
		w.tell(expired)
	}
}

// tell calls owners without the lock.
func (w *Wheel) tell(expired []*Timer) {
	owners := make([]Owner, len(expired))
	for i, t := range expired {
		owners[i] = t.owner
	}
	w.mu.Unlock()
	defer w.mu.Lock()
	for i, t := range expired {
		owners[i].Expire(t)
	}
}
