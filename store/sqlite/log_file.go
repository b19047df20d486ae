package sqlite

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Every commit waits for the write-ahead log. SQLite writes it in pieces, two for each page, and syncs it by fsync(2), which
// also waits for the journal of the file system to have the time of the last change. logVFS is SQLite's own way to files in all
// else: it gathers the pieces of a commit until its last, or until they are to be read, and syncs by fdatasync(2), which leaves out nothing that is
// needed to read the log again.

// logVFS is the name under which SQLite knows it.
const logVFS = "limpid"

// mostGathered is how many octets of the log are written at once.
const mostGathered = 128 << 10

// gatheringVFS is logVFS in the memory of SQLite.
type gatheringVFS struct {
	sqlite3.Tsqlite3_vfs
	own uintptr // SQLite's
}

// gatheringFile is what stands behind SQLite's own data of an open log.
type gatheringFile struct {
	methods sqlite3.Tsqlite3_io_methods
	own     uintptr // SQLite's methods
	pieces  uintptr // mostGathered octets, 0 before the first write
	begin   int64   // where in the log they belong
	length  int32   // of what is gathered
	commit  int32   // 1: the page that comes next is the last of a commit
}

// registerLogVFS makes logVFS known to SQLite, which keeps it for the whole process.
func registerLogVFS() error {
	tls := libc.NewTLS()
	defer tls.Close()
	name, err := libc.CString(logVFS)
	if err != nil {
		return err
	}
	if sqlite3.Xsqlite3_vfs_find(tls, name) != 0 {
		libc.Xfree(tls, name)
		return nil
	}
	own := sqlite3.Xsqlite3_vfs_find(tls, 0)
	p := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(gatheringVFS{})))
	if own == 0 || p == 0 {
		return errors.New("sqlite: no file system")
	}
	v := at[gatheringVFS](p)
	v.Tsqlite3_vfs, v.own = *at[sqlite3.Tsqlite3_vfs](own), own
	v.FpNext, v.FzName = 0, name
	v.FszOsFile = int32(behindOwn(v.FszOsFile) + unsafe.Sizeof(gatheringFile{}))
	v.FxOpen = entry(openFile)
	if rc := sqlite3.Xsqlite3_vfs_register(tls, p, 0); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("sqlite: file system not registered: %d", rc)
	}
	return nil
}

// at is what stands at an address of SQLite's memory.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// entry is how SQLite knows a function, which must not be a closure.
func entry[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// function is what SQLite knows by p.
func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }

// behindOwn is how far behind its beginning the data of a file that are not SQLite's own stand.
func behindOwn(size int32) uintptr { return (uintptr(size) + 15) &^ 15 }

// The functions that SQLite calls, by their C types.
type (
	openFunction  = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32
	fileFunction  = func(tls *libc.TLS, file uintptr) int32
	spanFunction  = func(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32
	flagsFunction = func(tls *libc.TLS, file uintptr, flags int32) int32
	sizeFunction  = func(tls *libc.TLS, file uintptr, size int64) int32
	askFunction   = func(tls *libc.TLS, file, result uintptr) int32
)

// openFile is xOpen.
func openFile(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32 {
	own := at[gatheringVFS](vfs).own
	rc := function[openFunction](at[sqlite3.Tsqlite3_vfs](own).FxOpen)(tls, own, name, file, flags, outFlags)
	if rc != sqlite3.SQLITE_OK || flags&sqlite3.SQLITE_OPEN_WAL == 0 {
		return rc
	}
	f, unixFile := gathering(file), at[sqlite3.TunixFile](file)
	*f = gatheringFile{methods: *at[sqlite3.Tsqlite3_io_methods](unixFile.FpMethod), own: unixFile.FpMethod}
	f.methods.FxClose, f.methods.FxRead, f.methods.FxWrite = entry(closeLog), entry(readLog), entry(writeLog)
	f.methods.FxTruncate, f.methods.FxSync, f.methods.FxFileSize = entry(truncateLog), entry(syncLog), entry(sizeOfLog)
	unixFile.FpMethod = uintptr(unsafe.Pointer(&f.methods))
	return rc
}

// gathering finds what is kept beside an open log.
func gathering(file uintptr) *gatheringFile {
	vfs := at[sqlite3.TunixFile](file).FpVfs
	return at[gatheringFile](file + behindOwn(at[sqlite3.Tsqlite3_vfs](vfs).FszOsFile))
}

// ownMethods are SQLite's for the file.
func (f *gatheringFile) ownMethods() *sqlite3.Tsqlite3_io_methods {
	return at[sqlite3.Tsqlite3_io_methods](f.own)
}

// flush writes what is gathered. What cannot be written is given up with the commit that it belongs to.
func (f *gatheringFile) flush(tls *libc.TLS, file uintptr) int32 {
	n := f.length
	if n == 0 {
		return sqlite3.SQLITE_OK
	}
	f.length = 0
	return function[spanFunction](f.ownMethods().FxWrite)(tls, file, f.pieces, n, f.begin)
}

// writeLog is xWrite.
func writeLog(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	f := gathering(file)
	if f.length > 0 && (offset != f.begin+int64(f.length) || f.length+n > mostGathered) {
		if rc := f.flush(tls, file); rc != sqlite3.SQLITE_OK {
			return rc
		}
	}
	if f.pieces == 0 {
		f.pieces = libc.Xmalloc(tls, mostGathered)
	}
	if f.pieces == 0 || n > mostGathered {
		return function[spanFunction](f.ownMethods().FxWrite)(tls, file, data, n, offset)
	}
	if f.length == 0 {
		f.begin = offset
	}
	libc.Xmemcpy(tls, f.pieces+uintptr(f.length), data, libc.Tsize_t(n))
	f.length += n
	// Once the last page of a commit is written others may read it, also where it is not synced.
	last := f.commit != 0
	if f.commit = 0; endsCommit(data, n) {
		f.commit, last = 1, true
	}
	if last {
		return f.flush(tls, file)
	}
	return sqlite3.SQLITE_OK
}

// endsCommit tells whether a piece of the log is the header of the last page of a commit: there the size of the file stands in the second word,
// https://www.sqlite.org/fileformat2.html#walformat.
func endsCommit(data uintptr, n int32) bool {
	const header = 24
	return n == header && [4]byte(at[[header]byte](data)[4:8]) != [4]byte{}
}

// readLog is xRead.
func readLog(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	f := gathering(file)
	if rc := f.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return function[spanFunction](f.ownMethods().FxRead)(tls, file, data, n, offset)
}

// hasToSyncFolder is SQLite's UNIXFILE_DIRSYNC: the file is new, and its name is to be synced with it.
const hasToSyncFolder = 0x08

// syncLog is xSync.
func syncLog(tls *libc.TLS, file uintptr, flags int32) int32 {
	f, unixFile := gathering(file), at[sqlite3.TunixFile](file)
	if rc := f.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	if unixFile.FctrlFlags&hasToSyncFolder != 0 {
		return function[flagsFunction](f.ownMethods().FxSync)(tls, file, flags)
	}
	if err := unix.Fdatasync(int(unixFile.Fh)); err != nil {
		if number, ok := errors.AsType[unix.Errno](err); ok {
			unixFile.FlastErrno = int32(number)
		}
		return sqlite3.SQLITE_IOERR_FSYNC
	}
	return sqlite3.SQLITE_OK
}

// truncateLog is xTruncate.
func truncateLog(tls *libc.TLS, file uintptr, size int64) int32 {
	f := gathering(file)
	if rc := f.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return function[sizeFunction](f.ownMethods().FxTruncate)(tls, file, size)
}

// sizeOfLog is xFileSize.
func sizeOfLog(tls *libc.TLS, file, result uintptr) int32 {
	f := gathering(file)
	if rc := f.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return function[askFunction](f.ownMethods().FxFileSize)(tls, file, result)
}

// closeLog is xClose.
func closeLog(tls *libc.TLS, file uintptr) int32 {
	f := gathering(file)
	_ = f.flush(tls, file) // no commit was promised of it
	if f.pieces != 0 {
		libc.Xfree(tls, f.pieces)
		f.pieces = 0
	}
	return function[fileFunction](f.ownMethods().FxClose)(tls, file)
}
