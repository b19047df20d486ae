package http2

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Serve serves a core with a name to those that it knows until ctx ends, which is no error; it closes the listener. What runs then
// is cut off: a peer that has no answer asks again or gives up, as if the core had died.
func Serve(ctx context.Context, l net.Listener, name string, own Peer, known []Known, security *tls.Config, say *slog.Logger) error {
	s := Server(Handler(name, own, known), security)
	r := &refusals{log: say, seen: make(map[string]*refusal)}
	s.TLSConfig.VerifyConnection = func(c tls.ConnectionState) error {
		_, err := peerIn(&c, known)
		return err
	}
	s.ErrorLog = log.New(r, "", 0)
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	if err := s.ServeTLS(l, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("N14: %w", err)
	}
	return nil
}

const (
	refusalPause = time.Minute // between two lines about the same address
	maxRefusals  = 64          // addresses that are remembered
)

// refusals tells the log of connections that did not come about: at once, then at most once a minute for each address.
type refusals struct {
	log *slog.Logger

	mu   sync.Mutex
	seen map[string]*refusal
}

type refusal struct {
	told   time.Time
	untold int
}

// Write takes a line of http.Server.
func (r *refusals) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	rest, ok := strings.CutPrefix(text, "http: TLS handshake error from ")
	at, why, also := strings.Cut(rest, ": ")
	if !ok || !also { // of the house
		if untold, tell := r.note("", time.Now()); tell {
			r.log.Error("N14", "error", text, "untold", untold)
		}
		return len(line), nil
	}
	from, _, err := net.SplitHostPort(at)
	if err != nil {
		from = at
	}
	if untold, tell := r.note(from, time.Now()); tell {
		r.log.Warn("N14: a connection is refused", "from", from, "reason", why, "untold", untold)
	}
	return len(line), nil
}

// note counts one from an address; tell is whether it is time to say so, untold how many were not told since the last time.
func (r *refusals) note(from string, now time.Time) (untold int, tell bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen[from] == nil && len(r.seen) >= maxRefusals {
		maps.DeleteFunc(r.seen, func(_ string, n *refusal) bool { return now.Sub(n.told) >= refusalPause })
		if len(r.seen) >= maxRefusals {
			from = "others"
		}
	}
	n := r.seen[from]
	if n == nil {
		n = &refusal{}
		r.seen[from] = n
	}
	if now.Sub(n.told) < refusalPause {
		n.untold++
		return 0, false
	}
	untold = n.untold
	n.told, n.untold = now, 0
	return untold, true
}
