package postgres_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/postgres"
)

// TestHosts: a primary and its standby are both peers; a Unix socket is none.
func TestHosts(t *testing.T) {
	for source, want := range map[string][]string{
		"postgres://u:secret@192.0.2.1:5433,192.0.2.2/db?target_session_attrs=read-write&sslmode=require": {"192.0.2.1:5433", "192.0.2.2:5432"},
		"postgres://u@[2001:db8::1]/db?sslmode=require":                                                   {"[2001:db8::1]:5432"},
		"host=/run/postgresql dbname=db":                                                                  nil,
	} {
		if got, err := postgres.Hosts(source); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", source, got, err)
		}
	}
	if _, err := postgres.Hosts("postgres://u:secret@h:x/db"); !errors.Is(err, store.ErrInvalid) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}
