package amf

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A UE that is new here begins only while hardly anybody who was let in waits for a processor. So what was begun is finished first and takes
// about the same time under any load, and how many begin follows from what the core can do. The others wait in a queue of their own. How long
// its first has waited says whether that is a moment's crowd or more than the core can do: then whoever comes is turned away at once, before
// anything is made of the message, TS 24.501 §5.3.9 and TS 23.501 §5.19.5.2.
//
// What a UE costs the core shows only as the UE answers, step by step. So that a core that has just become idle does not begin with more
// than it can finish, those who wait begin at the rate at which the core was seen to work while some waited.
const (
	admissionDue     = 8                      // UEs for each processor that may wait for it
	admissionAtWork  = 256                    // and that may be at work, which they are also while they wait for the store
	admissionCrowd   = 150 * time.Millisecond // that one may wait if nobody was turned away lately
	admissionFew     = 64                     // for each processor that may wait even longer then
	admissionStands  = 25 * time.Millisecond  // that one may wait if somebody was
	admissionLately  = time.Second
	admissionPatient = time.Second           // nobody waits longer: nothing moves
	admissionLook    = 5 * time.Millisecond  // how often a queue is looked at
	admissionMeasure = 20 * time.Millisecond // how long it is looked how fast the core works
	admissionPieces  = 32                    // of work are needed to say anything
	admissionLeast   = 100                   // UEs per second for each processor that it can do
	admissionGrowth  = 0.01                  // of the rate each time, if the core had time for more, and
	admissionGrows   = 5                     // so many times as much if that goes on
	admissionLearns  = 4000                  // UEs from which follows how much work one is
	admissionGuess   = 9.0                   // pieces of work, before it is known
)

// admission decides over UEs that are new here.
type admission struct {
	due, atWork         func() int
	mostDue, mostAtWork int
	few                 int
	done                atomic.Int64 // pieces of work: from when a UE was given something until it waits or rests
	waiting             atomic.Int32 // length of queue

	mu      sync.Mutex
	queue   []newcomer
	emptied time.Time // when it became empty
	looking bool      // somebody looks at it
	away    time.Time // when the last was turned away
	stock   stock
	work    work
	pacing  pacing
}

// newcomer is a UE that waits for its turn.
type newcomer struct {
	since  time.Time
	begin  func()
	refuse func()
}

// stock counts those who came, and those of them who were turned away.
type stock struct{ came, away int }

// work is how many pieces of work went with so many UEs.
type work struct {
	ues, pieces float64
	last        int64
}

// note counts one more UE.
func (w *work) note(done int64) {
	w.ues++
	w.pieces += float64(done - w.last)
	w.last = done
	if w.ues > admissionLearns {
		w.ues /= 2
		w.pieces /= 2
	}
}

// each is how many pieces of work a UE is.
func (w *work) each() float64 { return max(w.pieces/w.ues, 1) }

// pacing is how fast those who wait begin.
type pacing struct {
	rate   float64 // per second; 0: at once
	least  float64 // that it ever is, however slow the core was seen to be: it may have been away
	tokens float64 // UEs that may begin now
	filled time.Time
	at     time.Time     // since when somebody waits
	done   int64         // by then
	spent  time.Duration // while somebody waited, before
	pieces int64         // of work that were done in it
	held   int           // how often the core had too much to do for one more
	idle   int           // how often nothing but the rate kept one from beginning
	grown  int           // how often in a row the rate was seen to be too low
}

// resume notes that somebody waits from now on, pause that nobody does: what is done while nobody waits says nothing about what could be.
func (p *pacing) resume(now time.Time, done int64) { p.at, p.done = now, done }

func (p *pacing) pause(now time.Time, done int64) {
	p.spent += now.Sub(p.at)
	p.pieces += done - p.done
}

// fill gives what has come together since the last time.
func (p *pacing) fill(now time.Time) {
	p.tokens = min(p.tokens+p.rate*now.Sub(p.filled).Seconds(), max(p.rate*admissionMeasure.Seconds(), 1))
	p.filled = now
}

// measure adapts the rate to what was done while UEs waited.
func (p *pacing) measure(now time.Time, done int64, each float64) {
	p.pause(now, done)
	p.resume(now, done)
	if p.spent < admissionMeasure || p.rate == 0 && p.pieces < admissionPieces {
		return
	}
	seen := float64(p.pieces) / p.spent.Seconds() / each
	idle := p.idle > p.held
	p.spent, p.pieces, p.held, p.idle = 0, 0, 0, 0
	if idle {
		p.grown = min(p.grown+1, admissionGrows)
		p.rate *= 1 + admissionGrowth*float64(p.grown)
		return
	}
	if p.grown = 0; p.rate == 0 {
		p.rate, p.tokens, p.filled = seen, 0, now
	} else {
		p.rate += (seen - p.rate) / 8
	}
	p.rate = max(p.rate, p.least)
}

func newAdmission(due, atWork func() int) *admission {
	n := runtime.GOMAXPROCS(0)
	return &admission{
		due: due, atWork: atWork, mostDue: admissionDue * n, mostAtWork: admissionAtWork * n, few: admissionFew * n,
		work: work{ues: 100, pieces: 100 * admissionGuess}, pacing: pacing{least: float64(admissionLeast * n)},
	}
}

// hasRoom counts one who comes, and tells whether it may enter.
func (a *admission) hasRoom() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stock.came++
	if len(a.queue) == 0 {
		return true
	}
	now := time.Now()
	few, bound := a.bounds(now)
	if len(a.queue) <= few || a.wait(now) <= bound {
		return true
	}
	a.turnedAway(now)
	return false
}

// bounds are how many may wait whatever it takes, and how long more may; a.mu is held.
func (a *admission) bounds(now time.Time) (few int, wait time.Duration) {
	if now.Sub(a.away) < admissionLately {
		return 0, admissionStands
	}
	return a.few, admissionCrowd
}

// wait is how long the next who comes will wait; a.mu is held.
func (a *admission) wait(now time.Time) time.Duration {
	first := now.Sub(a.queue[0].since)
	if r := a.pacing.rate; r > 0 && first > admissionLook {
		return time.Duration(float64(len(a.queue)) / r * float64(time.Second))
	}
	return first
}

// turnedAway notes one who is; a.mu is held.
func (a *admission) turnedAway(now time.Time) {
	if now.Sub(a.away) > loadLook {
		a.stock = stock{came: 1} // from now on
	}
	a.away = now
	a.stock.away++
}

// enter begins with one who comes, or lets it wait until it is its turn. One of the two functions is called, once.
func (a *admission) enter(begin, refuse func()) {
	a.mu.Lock()
	now := time.Now()
	if len(a.queue) == 0 {
		if a.pacing.rate > 0 && now.Sub(a.emptied) > admissionLately {
			a.pacing.rate = 0 // what was true then
		}
		if a.opens(now) {
			a.mu.Unlock()
			begin()
			return
		}
		a.pacing.resume(now, a.done.Load())
		if !a.looking {
			a.looking = true
			time.AfterFunc(admissionLook, a.look)
		}
	}
	a.queue = append(a.queue, newcomer{now, begin, refuse})
	a.waiting.Add(1)
	a.mu.Unlock()
}

// opens tells whether one may begin, and counts it if so; a.mu is held.
func (a *admission) opens(now time.Time) bool {
	p := &a.pacing
	if a.due() >= a.mostDue || a.atWork() >= a.mostAtWork {
		p.held++
		return false
	}
	if p.rate > 0 {
		p.fill(now)
		if p.tokens < 1 {
			p.idle++
			return false
		}
		p.tokens--
	}
	a.work.note(a.done.Load())
	return true
}

// less is told of UEs that wait for a processor no more, and of work that is done.
func (a *admission) less(done bool) {
	if done {
		a.done.Add(1)
	}
	if a.waiting.Load() > 0 {
		a.next()
	}
}

// next begins with those whose turn it is, and turns away those who have waited too long.
func (a *admission) next() {
	for {
		a.mu.Lock()
		if len(a.queue) == 0 {
			a.mu.Unlock()
			return
		}
		now := time.Now()
		waited := now.Sub(a.queue[0].since)
		few, _ := a.bounds(now)
		late := waited > admissionPatient || waited > admissionCrowd && len(a.queue) > few
		if !late && !a.opens(now) {
			a.mu.Unlock()
			return
		}
		first := a.pop(now)
		if late {
			a.turnedAway(now)
		}
		a.mu.Unlock()
		if late {
			first.refuse()
		} else {
			first.begin()
		}
	}
}

// pop takes the first out of the queue; a.mu is held.
func (a *admission) pop(now time.Time) newcomer {
	first := a.queue[0]
	a.queue[0] = newcomer{}
	if a.queue = a.queue[1:]; len(a.queue) == 0 {
		a.emptied = now
		a.pacing.pause(now, a.done.Load())
	}
	a.waiting.Add(-1)
	return first
}

// look goes on as long as somebody waits.
func (a *admission) look() {
	a.mu.Lock()
	if len(a.queue) > 0 {
		a.pacing.measure(time.Now(), a.done.Load(), a.work.each())
	}
	a.mu.Unlock()
	a.next()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.looking = len(a.queue) > 0; a.looking {
		time.AfterFunc(admissionLook, a.look)
	}
}

// turnsAway tells whether somebody was turned away lately.
func (a *admission) turnsAway() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return time.Since(a.away) < loadLook
}

// takeStock returns what was counted since the last time.
func (a *admission) takeStock() stock {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.stock
	a.stock = stock{}
	return s
}
