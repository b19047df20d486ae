package amf

import (
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// sendTimeout bounds how long a message may wait for room in a gNB's send buffer.
const sendTimeout = 5 * time.Second

// gnb is the AMF's end of the NG interface with one gNB, over one TNL association or several.
type gnb struct {
	amf *AMF
	log *slog.Logger

	mu      sync.Mutex
	links   []*tnla // associations that stand, the oldest first
	counted int     // associations so far
	ready   bool    // NG Setup has succeeded
	id      string  // global RAN node id, as text
	name    string
	epoch   uint64                          // counts how often all connections were dropped
	asked   map[ngap.ProcedureCode]question // procedures that the AMF began
	gone    chan struct{}                   // closed when the last association has ended
	pace    pace
	tas     map[ident.TAI][]ident.SNSSAI // what it serves: slices by tracking area
	conns   map[ngap.AMFUENGAPID]*connection
	byRAN   map[ngap.RANUENGAPID]*connection // the same connections
}

func (a *AMF) newGNB(log *slog.Logger) *gnb {
	return &gnb{
		amf: a, log: log, asked: make(map[ngap.ProcedureCode]question), gone: make(chan struct{}),
		conns: make(map[ngap.AMFUENGAPID]*connection), byRAN: make(map[ngap.RANUENGAPID]*connection),
	}
}

// send sends a message about a UE on the association to which it is bound, TS 23.502 §4.2.7.2, or one that concerns no UE
// on the association for such. Where that one has just died it goes over another.
func (g *gnb) send(conn *connection, m ngap.Message) {
	var tried *tnla
	for {
		l, stream := g.choose(conn)
		if l == nil || l == tried {
			g.log.Warn("cannot send: no association", "message", m.Name())
			return
		}
		if err := l.transmit(stream, m); err == nil || !l.over() {
			return
		}
		g.unlink(l)
		tried = l
	}
}

// errNoAssociation says that a gNB's last association has ended.
var errNoAssociation = errors.New("no association with the gNB")

func (g *gnb) isReady() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ready
}

func (g *gnb) is(id string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ready && g.id == id
}

func (g *gnb) reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ready = false
}

// label is how the gNB appears in ladders and logs.
func (g *gnb) label() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.name != "" {
		return g.name
	}
	return "gNB"
}

// slicesIn returns the slices that the gNB supports in a tracking area.
func (g *gnb) slicesIn(t ident.TAI) ([]ident.SNSSAI, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, ok := g.tas[t]
	return s, ok
}

// identity is the global RAN node identity as text, "" before NG Setup.
func (g *gnb) identity() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.id
}

// servesAny tells whether the gNB serves one of the tracking areas.
func (g *gnb) servesAny(list []ident.TAI) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(list, func(t ident.TAI) bool { _, ok := g.tas[t]; return ok })
}
