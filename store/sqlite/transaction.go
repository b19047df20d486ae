package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/limpid-5g/limpid/ident"
)

// transaction is a connection and its statements, each prepared at its first use. They are the driver's own: what
// database/sql does for each use of one is worth as much as a part of the write. They are not tied to a caller's context: a
// batch of writes belongs to many, and the reads are short.
type transaction struct {
	conn       *sql.Conn
	inside     driver.ConnPrepareContext // the driver's connection, within a transaction
	statements map[string]statement
	args       []driver.NamedValue // of the statement that runs
	unsynced   bool                // commits are not synced
}

// statement is what the driver's are.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// newTransaction takes conn over and prepares the first queries.
func newTransaction(conn *sql.Conn, queries ...string) (*transaction, error) {
	t := &transaction{conn: conn, statements: make(map[string]statement)}
	return t, t.use(func() error {
		for _, query := range queries {
			if _, err := t.prepare(query); err != nil {
				return err
			}
		}
		return nil
	})
}

// use runs body with the driver's connection.
func (t *transaction) use(body func() error) error {
	return t.conn.Raw(func(c any) error {
		inside, ok := c.(driver.ConnPrepareContext)
		if !ok {
			return fmt.Errorf("sqlite: the driver's connection is a %T", c)
		}
		t.inside = inside
		defer func() { t.inside = nil }()
		return body()
	})
}

// prepare returns the statement of a query; queries are constants, so the map stays small.
func (t *transaction) prepare(query string) (statement, error) {
	if stmt, ok := t.statements[query]; ok {
		return stmt, nil
	}
	prepared, err := t.inside.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	stmt, ok := prepared.(statement)
	if !ok {
		return nil, errors.Join(fmt.Errorf("sqlite: the driver's statement is a %T", prepared), prepared.Close())
	}
	t.statements[query] = stmt
	return stmt, nil
}

// bind puts the arguments in the driver's form. They are valid until the next statement.
func (t *transaction) bind(args []any) ([]driver.NamedValue, error) {
	clear(t.args)
	t.args = t.args[:0]
	for i, a := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return nil, err
		}
		t.args = append(t.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return t.args, nil
}

// exec runs a query and returns how many rows it changed.
func (t *transaction) exec(query string, args ...any) (int64, error) {
	stmt, err := t.prepare(query)
	if err != nil {
		return 0, err
	}
	values, err := t.bind(args)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(context.Background(), values)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// execFirst runs one query after the other until one changes something, and returns how many rows that were.
func (t *transaction) execFirst(queries []string, args ...any) (n int64, err error) {
	for _, query := range queries {
		if n, err = t.exec(query, args...); err != nil || n > 0 {
			break
		}
	}
	return n, err
}

// rows runs a query and calls row for each row that it returns, until that says that it wants no more.
func (t *transaction) rows(query string, args []any, row func([]driver.Value) (more bool, err error)) (err error) {
	stmt, err := t.prepare(query)
	if err != nil {
		return err
	}
	values, err := t.bind(args)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(context.Background(), values)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	got := make([]driver.Value, len(rows.Columns()))
	for more := true; more; {
		switch err := rows.Next(got); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if more, err = row(got); err != nil {
			return err
		}
	}
	return nil
}

// scan runs a query that returns one row. The error is sql.ErrNoRows where it returns none.
func (t *transaction) scan(query string, args []any, dest ...any) error {
	found := false
	err := t.rows(query, args, func(got []driver.Value) (bool, error) {
		found = true
		return false, fill(dest, got)
	})
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}

// fill puts the values of a row where they belong.
func fill(dest []any, got []driver.Value) error {
	if len(got) != len(dest) {
		return fmt.Errorf("sqlite: %d columns for %d places", len(got), len(dest))
	}
	for i, v := range got {
		if err := assign(dest[i], v); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

// assign puts the value of a column where it belongs.
func assign(dest any, v driver.Value) error {
	ok := false
	switch dest := dest.(type) {
	case *int64:
		*dest, ok = v.(int64)
	case *uint8:
		var n int64
		n, ok = v.(int64)
		ok = ok && n >= 0 && n <= math.MaxUint8
		*dest = uint8(n)
	case *bool:
		var n int64
		n, ok = v.(int64)
		*dest = n != 0
	case *string:
		*dest, ok = v.(string)
	case *[]byte:
		*dest, ok = v.([]byte)
	}
	if !ok {
		return fmt.Errorf("a %T for a %T", v, dest)
	}
	return nil
}

// within runs body between BEGIN and COMMIT, and rolls back after an error of either.
func (t *transaction) within(body func() error) error {
	return t.use(func() error {
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
	})
}

// syncAtCommit says whether the transactions that begin from now on are synced to the disk as they are committed. Those that are not
// are kept whole and in order all the same, and synced with the next that is.
func (t *transaction) syncAtCommit(sync bool) error {
	if sync == !t.unsynced {
		return nil
	}
	level := "NORMAL"
	if sync {
		level = "FULL"
	}
	if _, err := t.conn.ExecContext(context.Background(), "PRAGMA synchronous = "+level); err != nil {
		return err
	}
	t.unsynced = !sync
	return nil
}

// close ends the statements and the connection.
func (t *transaction) close() error {
	err := t.use(func() error {
		var errs []error
		for _, stmt := range t.statements {
			errs = append(errs, stmt.Close())
		}
		return errors.Join(errs...)
	})
	return errors.Join(err, t.conn.Close())
}

// column runs a query that returns SUPIs.
func (t *transaction) column(query string, args ...any) (list []ident.SUPI, err error) {
	err = t.rows(query, args, func(got []driver.Value) (bool, error) {
		var supi string
		if err := assign(&supi, got[0]); err != nil {
			return false, err
		}
		list = append(list, ident.SUPI(supi))
		return true, nil
	})
	return list, err
}
