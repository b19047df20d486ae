package sqlite

import (
	"sync"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// A statement opens cursors and sorters that end with it. SQLite takes their memory from the few pieces that each connection has
// beforehand, which its prepared statements use up, and then from an allocator that gives memory back to the system as soon as
// all pieces of a page are free: some four calls of the system for a commit, which stop every processor that has the page in use.

const (
	pieceOctets = 1200 // as SQLite is built
	pieces      = 400  // of a connection
)

// The allocator has pieces of the powers of 2 from 2^leastPiece to 2^mostPiece octets, in pages for each of them.
const leastPiece, mostPiece = 4, 14

// keepMemory has SQLite keep the memory that it uses time and again. It comes before all else that is done with SQLite; where
// another user of SQLite in the process came first, or there is no memory, all works as before.
var keepMemory = sync.OnceFunc(func() {
	tls := libc.NewTLS()
	defer tls.Close()
	if arguments := libc.Xmalloc(tls, 2*8); arguments != 0 {
		_ = sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_LOOKASIDE, libc.VaList(arguments, int32(pieceOctets), int32(pieces)))
		libc.Xfree(tls, arguments)
	}
	for n := leastPiece; n <= mostPiece; n++ {
		libc.Xmalloc(tls, 1<<n) // is never freed, so that its page stays
	}
})
