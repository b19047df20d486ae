// Package control is how an operator on the same machine speaks to a running core: operations over HTTP and JSON on a
// Unix socket that only its owner can open. The commands of limpid that need a running core are its clients.
package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/limpid-5g/limpid/sbi"
)

const (
	maxBody = 1 << 20 // octets of a request
	// maxSocketPath is sun_path of unix(7) without its final zero and the suffix of a young socket.
	maxSocketPath = 107 - len(youngSuffix)
	youngSuffix   = ".new"
	shutdownTime  = time.Second
)

// Server offers operations. Register comes before Serve.
type Server struct {
	mux    *http.ServeMux
	log    *slog.Logger
	before func(ctx context.Context, name string, request any) error
}

// NewServer makes a server without operations.
func NewServer(log *slog.Logger) *Server { return &Server{mux: http.NewServeMux(), log: log} }

// Before has f see each operation that is asked for; its error is the answer, and nothing is done.
func (s *Server) Before(f func(ctx context.Context, name string, request any) error) { s.before = f }

// Register offers an operation by its name, such as "audit" or "node/drain". The request is In as JSON, in which a key
// that is not known is an error; the answer is Out, or the *sbi.ProblemDetails that op's error is or carries.
func Register[In, Out any](s *Server, name string, op func(context.Context, In) (Out, error)) {
	s.mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) {
		var in In
		if err := decode(r.Body, &in); err != nil {
			s.refuse(w, name, sbi.Problem(http.StatusBadRequest, sbi.CauseInvalidMsgFormat, "%s: %v", name, err))
			return
		}
		if s.before != nil {
			if err := s.before(r.Context(), name, in); err != nil {
				s.refuse(w, name, err)
				return
			}
		}
		out, err := op(r.Context(), in)
		if err != nil {
			s.refuse(w, name, err)
			return
		}
		s.log.Info("operation", "name", name)
		s.answer(w, http.StatusOK, out)
	})
}

// decode reads one JSON value; nothing at all stands for the zero value.
func decode(r io.Reader, in any) error {
	d := json.NewDecoder(io.LimitReader(r, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func (s *Server) refuse(w http.ResponseWriter, name string, err error) {
	s.log.Warn("operation refused", "name", name, "error", err)
	p, ok := errors.AsType[*sbi.ProblemDetails](err)
	if !ok {
		p = sbi.Problem(http.StatusInternalServerError, sbi.CauseSystemFailure, "%v", err)
	}
	s.answer(w, p.Status, p)
}

func (s *Server) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.log.Debug("operator is gone before the answer", "error", err)
	}
}

// Listen makes the socket at path, readable and writable by its owner alone. What a process that died has left there is
// replaced. Errors: the path is too long for a socket, something else is there, a live process listens there.
func Listen(path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("socket %q has %d characters, at most %d are possible: choose a shorter path", path, len(path), maxSocketPath)
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	// The socket takes its place only once its mode is right.
	young := path + youngSuffix
	_ = os.Remove(young) // of a process that died in between
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: young, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(young, 0o600), os.Rename(young, path)); err != nil {
		return nil, errors.Join(err, l.Close(), os.Remove(young))
	}
	return &listener{l, path}, nil
}

func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there and no socket: move it away, or choose another path", path)
	}
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = conn.Close() // it was only to see who is there
		return fmt.Errorf("another process listens on %s: end it, or choose another path", path)
	}
	return os.Remove(path)
}

// listener removes its own file when it ends.
type listener struct {
	*net.UnixListener
	path string
}

func (l *listener) Close() error {
	err := l.UnixListener.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return errors.Join(err, os.Remove(l.path))
}

// Serve answers on l until ctx ends, and closes it.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	h := &http.Server{
		Handler: s.mux, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: withCaller,
	}
	stop := context.AfterFunc(ctx, func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		if h.Shutdown(last) != nil {
			_ = h.Close() // who does not read its answer in time is cut off
		}
	})
	defer stop()
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
