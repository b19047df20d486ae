// Package backup copies what an operator has provisioned out of a store and into one, also while a core runs on it.
//
// A backup is itself a store: an SQLite file that the sqlite3 shell reads. It holds the subscribers with their keys and
// sequence numbers, as of one moment. It does not hold the contexts of UEs and sessions: they are on disk already, and an
// old one would use NAS COUNTs and addresses a second time (TS 24.501 §4.4.3.1). After a restore every phone registers anew.
package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/sqlite"
)

const (
	pageSize   = 500
	unfinished = ".unfinished"
)

// Save writes a backup of from to a new file, readable by its owner alone, and returns how many subscribers it holds. The
// file is there under its name only when it is whole. Error: fs.ErrExist where something is at that name already.
func Save(ctx context.Context, from store.Subscribers, file string) (int, error) {
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("%s: %w: a backup never replaces one, choose another name", file, errors.Join(err, fs.ErrExist))
	}
	young := file + unfinished
	if err := os.Remove(young); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	to, err := sqlite.Open(ctx, young, sqlite.Options{Create: true})
	if err != nil {
		return 0, err
	}
	n, err := copyAll(ctx, from, to)
	if err = errors.Join(err, to.Close()); err != nil {
		return 0, errors.Join(err, os.Remove(young))
	}
	if err := checkWhole(ctx, young, n); err != nil {
		return 0, err
	}
	return n, os.Rename(young, file)
}

// checkWhole opens a finished file once more, which reads every page of a small one, and counts.
func checkWhole(ctx context.Context, file string, want int) error {
	st, err := sqlite.Open(ctx, file, sqlite.Options{})
	if err != nil {
		return err
	}
	n := 0
	for _, e := range st.AllSubscribers(ctx) {
		if e != nil {
			err = e
			break
		}
		n++
	}
	if err == nil && n != want {
		err = fmt.Errorf("%s: %w: it holds %d subscribers of %d", file, store.ErrDamaged, n, want)
	}
	return errors.Join(err, st.Close())
}

// Load brings the subscribers of a backup into a store that has none, and returns how many they were. Errors: those of
// sqlite.Open for the file, and store.ErrExists where the store has subscribers.
func Load(ctx context.Context, file string, to store.Subscribers) (n int, err error) {
	there, err := to.ListSubscribers(ctx, "", 1)
	if err != nil {
		return 0, err
	}
	if len(there) > 0 {
		return 0, fmt.Errorf("the store has subscribers (%s), and a backup is only restored into one that has none: %w", there[0].SUPI.Conceal(), store.ErrExists)
	}
	from, err := sqlite.Open(ctx, file, sqlite.Options{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	n, err = copyAll(ctx, from, to)
	if err != nil {
		return n, fmt.Errorf("%d subscribers are restored, then: %w; empty the store and restore again", n, err)
	}
	return n, nil
}

// copyAll returns how many subscribers are durable in to.
func copyAll(ctx context.Context, from, to store.Subscribers) (int, error) {
	n := 0
	page := make([]store.Subscriber, 0, pageSize)
	flush := func() error {
		err := to.AddSubscribers(ctx, page)
		if err == nil {
			n, page = n+len(page), make([]store.Subscriber, 0, pageSize)
		}
		return err
	}
	for sub, err := range from.AllSubscribers(ctx) {
		if err != nil {
			return n, err
		}
		if page = append(page, sub); len(page) == pageSize {
			if err := flush(); err != nil {
				return n, err
			}
		}
	}
	return n, flush()
}
