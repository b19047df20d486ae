package postgres

import (
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// The codes of PostgreSQL's errors that decide what is done, appendix A of its manual.
const (
	uniqueViolation      = "23505"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	lockNotAvailable     = "55P03"
	readOnlyTransaction  = "25006" // the primary has become a standby, or the other way round not yet
	duplicateTable       = "42P07"
	duplicateObject      = "42710" // the type that every table has
)

// conflicted tells that the database undid a transaction because of another one: it may go well the next time.
func conflicted(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == serializationFailure || e.Code == deadlockDetected || e.Code == lockNotAvailable)
}

// away tells that the database could not be reached, is ending or starting, or is not the primary. Whether what was
// asked has happened is open.
func away(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		// 08: connection exception; 57P: operator intervention (shutdown, crash, starting up); 53: insufficient resources
		return e.Code == readOnlyTransaction || strings.HasPrefix(e.Code, "08") || strings.HasPrefix(e.Code, "57P") || e.Code == "53300"
	}
	if pgconn.SafeToRetry(err) || errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return true
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	_, ok := errors.AsType[net.Error](err)
	return ok
}

// uniqueViolated returns the name of the index that err is about, "" if it is about none.
func uniqueViolated(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == uniqueViolation {
		return e.ConstraintName
	}
	return ""
}
