package postgres

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestAway: what comes of a database that goes away is told from what it refuses.
func TestAway(t *testing.T) {
	for _, x := range []struct {
		err  error
		want bool
	}{
		{io.ErrUnexpectedEOF, true},
		{fmt.Errorf("reading: %w", pgconn.ErrConnClosed), true}, // it went in the middle of an operation
		{&pgconn.PgError{Code: "57P01"}, true},
		{&pgconn.PgError{Code: readOnlyTransaction}, true},
		{&pgconn.PgError{Code: uniqueViolation}, false},
		{errors.New("something else"), false},
	} {
		if got := away(x.err); got != x.want {
			t.Errorf("%v: %v", x.err, got)
		}
	}
}
