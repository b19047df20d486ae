// Package engine opens the store that an operator names: a file, or a database.
package engine

import (
	"context"
	"strings"

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/postgres"
	"github.com/limpid-5g/limpid/store/sqlite"
)

// Shared tells whether a name is that of a database, postgres://..., and not of a file.
func Shared(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

// Open opens the store for a command. Create makes a file where there is none; a database's tables are made in any case. Errors: those
// of sqlite.Open and postgres.Open.
func Open(ctx context.Context, name string, create bool) (store.Store, error) {
	return open(ctx, name, sqlite.Options{Create: create})
}

// OpenForCore is Open with create for a core, which keeps contexts.
func OpenForCore(ctx context.Context, name string) (store.Store, error) {
	return open(ctx, name, sqlite.Options{Create: true, Redo: true})
}

func open(ctx context.Context, name string, file sqlite.Options) (store.Store, error) {
	if Shared(name) {
		return postgres.Open(ctx, name, postgres.Options{})
	}
	return sqlite.Open(ctx, name, file)
}
