package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/limpid-5g/limpid/ident"
)

// transaction is the writing connection and its statements, each prepared at its first use. Writes are not tied to
// one caller's context: a batch belongs to many.
type transaction struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

func newTransaction(ctx context.Context, conn *sql.Conn) (*transaction, error) {
	t := &transaction{conn: conn, statements: make(map[string]*sql.Stmt)}
	for _, query := range []string{"BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"} {
		if _, err := t.prepare(ctx, query); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// prepare returns the statement of a query; queries are constants, so the map stays small.
func (t *transaction) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, ok := t.statements[query]; ok {
		return stmt, nil
	}
	stmt, err := t.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	t.statements[query] = stmt
	return stmt, nil
}

// exec runs a query and returns how many rows it changed.
func (t *transaction) exec(query string, args ...any) (int64, error) {
	stmt, err := t.prepare(context.Background(), query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// scan runs a query that returns one row. The error is sql.ErrNoRows where it returns none.
func (t *transaction) scan(query string, args []any, dest ...any) error {
	stmt, err := t.prepare(context.Background(), query)
	if err != nil {
		return err
	}
	return stmt.QueryRowContext(context.Background(), args...).Scan(dest...)
}

// within runs body between BEGIN and COMMIT, and rolls back after an error of either.
func (t *transaction) within(body func() error) error {
	if _, err := t.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := body()
	if err == nil {
		_, err = t.exec("COMMIT")
	}
	if err == nil {
		return nil
	}
	// SQLite may have rolled back by itself already. If this one fails in earnest, the next BEGIN says so.
	_, _ = t.exec("ROLLBACK")
	return err
}

func (t *transaction) close() error {
	var errs []error
	for _, stmt := range t.statements {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, t.conn.Close())...)
}

// column runs a query that returns SUPIs.
func (t *transaction) column(query string, args ...any) (list []ident.SUPI, err error) {
	stmt, err := t.prepare(context.Background(), query)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(context.Background(), args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var supi string
		if err := rows.Scan(&supi); err != nil {
			return nil, err
		}
		list = append(list, ident.SUPI(supi))
	}
	return list, rows.Err()
}
