package redo

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// The locks stand on octets that no file has. They are of the open file, not of the process, and end with it however it ends.
const (
	placeOwner   = 1 << 40 // whoever appends
	placeOpening = placeOwner + 1
	placeWanted  = placeOwner + 2
)

// Own makes this handle the one that appends; false: another is.
func (l *Log) Own() (bool, error) {
	err := l.lock(unix.F_OFD_SETLK, unix.F_WRLCK, placeOwner)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return false, nil
	}
	return err == nil, err
}

// Disown gives up what Own gave.
func (l *Log) Disown() error { return l.lock(unix.F_OFD_SETLK, unix.F_UNLCK, placeOwner) }

// HasOwner tells whether another handle appends.
func (l *Log) HasOwner() (bool, error) { return l.isLocked(placeOwner) }

// Opening locks out all others that open the store, until the returned function is called: what one of them reads from the log is in the store when
// the next looks.
func (l *Log) Opening() (end func() error, err error) {
	if err := l.lock(unix.F_OFD_SETLKW, unix.F_WRLCK, placeOpening); err != nil {
		return nil, err
	}
	return func() error { return l.lock(unix.F_OFD_SETLK, unix.F_UNLCK, placeOpening) }, nil
}

// Want says that another than the owner waits for the store, until the returned function is called.
func (l *Log) Want() (end func() error, err error) {
	if err := l.lock(unix.F_OFD_SETLK, unix.F_RDLCK, placeWanted); err != nil {
		return nil, err
	}
	return func() error { return l.lock(unix.F_OFD_SETLK, unix.F_UNLCK, placeWanted) }, nil
}

// Wanted tells whether one does.
func (l *Log) Wanted() (bool, error) { return l.isLocked(placeWanted) }

func (l *Log) lock(command int, kind int16, place int64) error {
	for {
		err := unix.FcntlFlock(l.f.Fd(), command, &unix.Flock_t{Type: kind, Start: place, Len: 1})
		if !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("fcntl", err)
		}
	}
}

func (l *Log) isLocked(place int64) (bool, error) {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: place, Len: 1}
	if err := unix.FcntlFlock(l.f.Fd(), unix.F_OFD_GETLK, &lock); err != nil {
		return false, os.NewSyscallError("fcntl", err)
	}
	return lock.Type != unix.F_UNLCK, nil
}
