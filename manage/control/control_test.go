package control

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/sbi"
)

type greeting struct {
	Name string `json:"name"`
}

// start serves one operation and returns a client of it.
func start(t *testing.T) (*Client, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "limpid.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(slog.New(slog.DiscardHandler))
	Register(s, "greet", func(_ context.Context, in greeting) (greeting, error) {
		switch in.Name {
		case "":
			return in, sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "nobody there")
		case "devil":
			return in, errors.New("no")
		}
		return greeting{"hello " + in.Name}, nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is still there: %v", err)
		}
	})
	return NewClient(path), path
}

func TestCall(t *testing.T) {
	c, path := start(t)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket: %v %v, want mode 0600", info, err)
	}
	var out greeting
	if err := c.Call(t.Context(), "greet", greeting{"ann"}, &out); err != nil || out.Name != "hello ann" {
		t.Errorf("%v %v", out, err)
	}
	if err := c.Call(t.Context(), "greet", nil, nil); sbi.CauseOf(err) != sbi.CauseContextNotFound {
		t.Errorf("%v, want the operation's own cause", err)
	}
	if p, ok := errors.AsType[*sbi.ProblemDetails](c.Call(t.Context(), "greet", greeting{"devil"}, nil)); !ok || p.Status != http.StatusInternalServerError {
		t.Errorf("%v, want a problem of status 500", p)
	}
	if p, ok := errors.AsType[*sbi.ProblemDetails](c.Call(t.Context(), "greet", map[string]int{"nme": 1}, nil)); !ok || !strings.Contains(p.Detail, "nme") {
		t.Errorf("%v, want the unknown key named", p)
	}
	if err := c.Call(t.Context(), "sing", nil, nil); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("%v, want the unknown operation refused", err)
	}
}

func TestListen(t *testing.T) {
	_, path := start(t)
	if _, err := Listen(path); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("%v, want a live socket left alone", err)
	}
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(file); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("%v, want a file left alone", err)
	}
	if _, err := Listen("/" + strings.Repeat("x", 200)); err == nil || !strings.Contains(err.Error(), "shorter") {
		t.Errorf("%v, want the length explained", err)
	}
	stale := filepath.Join(t.TempDir(), "stale.sock")
	first, err := Listen(stale)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.(*listener).UnixListener.Close(); err != nil { // as kill -9 leaves it
		t.Fatal(err)
	}
	second, err := Listen(stale)
	if err != nil {
		t.Fatalf("a dead socket is in the way: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

func TestNobodyListens(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := NewClient(filepath.Join(t.TempDir(), "none.sock")).Call(ctx, "greet", nil, nil)
	if err == nil || !strings.Contains(err.Error(), "is it running") {
		t.Errorf("%v, want it said that no core runs", err)
	}
}
