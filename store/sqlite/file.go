package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/limpid-5g/limpid/store"
)

const (
	fileMode = 0o600
	// applicationID marks the file as ours, "Limp" in ASCII.
	applicationID = 0x4c696d70
	// fileMagic begins every SQLite file.
	fileMagic = "SQLite format 3\x00"
	// fullCheckSize bounds the files that are checked page by page at every opening.
	fullCheckSize = 64 << 20
)

// checkFile refuses a file that others may read, and makes an absent one when asked to. SQLite gives the log files
// beside it the same mode.
func checkFile(path string, create bool) error {
	if create {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, fileMode)
		if err == nil {
			return f.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if err := checkMode(path); err != nil {
		return err
	}
	return checkHeader(path)
}

// checkMode refuses a file that others may read.
func checkMode(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: %w: not a regular file", path, store.ErrDamaged)
	}
	if perm := info.Mode().Perm(); perm&0o077 != 0 {
		return fmt.Errorf("%s: %w (mode %04o) and holds keys: run chmod 600 %s", path, store.ErrPermissions, perm, path)
	}
	return nil
}

// checkHeader refuses a file that does not begin as SQLite's do; SQLite would overwrite one of a few octets. An empty
// file is one whose making was interrupted.
func checkHeader(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, len(fileMagic))
	switch _, err := io.ReadFull(f, head); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil || string(head) != fileMagic:
		return fmt.Errorf("%s: %w: it is no SQLite file", path, store.ErrDamaged)
	}
	return nil
}

// prepareFile checks what kind of file conn opened, migrates it, and checks that it is whole.
func prepareFile(ctx context.Context, conn *sql.Conn, path string, steps []string) error {
	var id, version, objects int64
	row := conn.QueryRowContext(ctx,
		"SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_master)")
	if err := row.Scan(&id, &version, &objects); err != nil {
		return err
	}
	fresh := id == 0 && version == 0 && objects == 0
	if !fresh && id != applicationID {
		return fmt.Errorf("%w: it is a SQLite file of another program", store.ErrDamaged)
	}
	if version > int64(len(steps)) {
		return fmt.Errorf("%w: it has schema %d, this program knows up to %d: run the newer limpid", store.ErrVersion, version, len(steps))
	}
	if info, err := os.Stat(path); err == nil && !fresh && info.Size() <= fullCheckSize {
		if err := check(ctx, conn); err != nil {
			return err
		}
	}
	if _, err := conn.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
		return err
	}
	return migrate(ctx, conn, steps)
}

// check reads every page of the file.
func check(ctx context.Context, conn *sql.Conn) error {
	var finding string
	if err := conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&finding); err != nil {
		return err
	}
	if finding != "ok" {
		return fmt.Errorf("%w: %s; restore it from a backup", store.ErrDamaged, strings.Join(strings.Fields(finding), " "))
	}
	return nil
}

// migrate brings the schema forward, all steps in one transaction.
func migrate(ctx context.Context, conn *sql.Conn, steps []string) error {
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := migrateSteps(ctx, conn, steps)
	if err == nil {
		_, err = conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	}
	return err
}

func migrateSteps(ctx context.Context, conn *sql.Conn, steps []string) error {
	// Read again under the lock: another process may have migrated meanwhile.
	var version int64
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version >= int64(len(steps)) {
		return nil
	}
	for i, step := range steps[version:] {
		if _, err := conn.ExecContext(ctx, step); err != nil {
			return fmt.Errorf("migration to schema %d: %w", int(version)+i+1, err)
		}
	}
	_, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(steps)))
	return err
}
