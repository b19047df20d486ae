package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// member is the process whose control group a fault is planted on: the core's, or the last that a loader has started.
func (l *lab) member() int {
	pid := l.process.Process.Pid
	if all := l.children(); len(all) > 0 {
		return all[len(all)-1]
	}
	return pid
}

// children are the processes of a divided core.
func (l *lab) children() (pids []int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", l.process.Process.Pid))
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if err != nil {
			continue // a thread that ended
		}
		for _, word := range strings.Fields(string(b)) {
			if pid, err := strconv.Atoi(word); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// divide starts the core anew as a loader with a control plane, a user plane and a ledger.
func (l *lab) divide(ctx context.Context) error {
	if err := l.stop(); err != nil {
		return err
	}
	l.divided = true
	return l.start(ctx, "")
}

// killed kills each process of a divided core, and wants phones to get through once it is back.
func (l *lab) killed(ctx context.Context) error {
	for _, pid := range l.children() {
		before := len(l.children())
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return err
		}
		var err error
		for range 30 { // the SMF finds a UPF that came back by its next heartbeat
			time.Sleep(time.Second)
			if err = l.phones(ctx); err == nil && len(l.children()) == before {
				break
			}
		}
		if err != nil {
			return fmt.Errorf("after process %d was killed: %w", pid, err)
		}
	}
	return nil
}

func (l *lab) ledger() []string { return []string{l.limpid, "ledger", "verify", l.file("ledger")} }

// changedRecord changes one letter in the ledger's first record.
func (l *lab) changedRecord() (undo func() error, err error) {
	name := l.file("ledger/records")
	was, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	changed := bytes.Replace(was, []byte("core starts"), []byte("core sleeps"), 1)
	if bytes.Equal(changed, was) {
		return nil, errors.New("the ledger does not say that the core started")
	}
	return func() error { return overwrite(name, was) }, overwrite(name, changed)
}

// overwrite keeps the file's owner.
func overwrite(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}
