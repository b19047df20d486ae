// Command inside takes the lockdown and tries everything. Arguments: the folder that it may write to, and the number of the
// measures to leave out.
package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/prove/lockdown"
)

func main() {
	dir := os.Args[1]
	without, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	kept, err := os.Create(filepath.Join(dir, "open-before"))
	if err != nil {
		panic(err)
	}
	if len(os.Args) > 3 {
		cost(dir)
		return
	}
	p := lockdown.Profile{Write: []string{dir}, Without: lockdown.Measure(without)}
	if without == 0 {
		reached, err := lockdown.Enter(lockdown.Required, p, slog.New(slog.NewTextHandler(os.Stdout, nil)))
		fmt.Println("tier", reached.Tier(), err)
	} else if _, err := lockdown.Apply(p); err != nil {
		fmt.Println("failed", err)
		return
	}
	for _, act := range lockdown.Allowed(lockdown.Attempts(p), lockdown.All) {
		fmt.Println("allowed", act)
	}
	fmt.Println("work", errors.Join(work(dir, kept)))
}

// cost prints what a system call takes before the lockdown and after it, in ns: one that is always let through, one whose
// arguments are looked at, and the opening of a file.
func cost(dir string) {
	each := func(n int, f func()) float64 {
		start := time.Now()
		for range n {
			f()
		}
		return float64(time.Since(start).Nanoseconds()) / float64(n)
	}
	page := os.Getpagesize()
	measure := func() [3]float64 {
		return [3]float64{
			each(1_000_000, func() { _ = unix.Getppid() }),
			each(300_000, func() {
				b, _ := unix.Mmap(-1, 0, page, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANON)
				_ = unix.Munmap(b)
			}),
			each(100_000, func() {
				fd, _ := unix.Open(dir+"/open-before", unix.O_RDONLY, 0)
				_ = unix.Close(fd)
			}),
		}
	}
	before := measure()
	start := time.Now()
	if _, err := lockdown.Apply(lockdown.Profile{Write: []string{dir}}); err != nil {
		panic(err)
	}
	took := time.Since(start)
	after := measure()
	for i, what := range []string{"getppid", "mmap-and-munmap", "open-and-close"} {
		fmt.Println(what, before[i], after[i])
	}
	fmt.Println("lockdown", 0, float64(took.Nanoseconds()))
}

// work is what a core goes on doing.
func work(dir string, kept *os.File) error {
	name := filepath.Join(dir, "store")
	_, err := kept.WriteString("still open")
	err = errors.Join(err, kept.Sync(), os.WriteFile(name, []byte("new"), 0o600), os.Rename(name, name+"2"), os.Remove(name+"2"))
	conn, listening := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if listening != nil {
		return errors.Join(err, listening)
	}
	_, sent := conn.WriteTo([]byte("x"), conn.LocalAddr())
	_, _, received := conn.ReadFrom(make([]byte, 10))
	var threads sync.WaitGroup
	for range 20 {
		threads.Go(func() { // each wants a thread of its own while the call lasts
			if fd, err := unix.Open(name, unix.O_CREAT|unix.O_RDWR, 0o600); err == nil {
				_ = unix.Fsync(fd)
				_ = unix.Close(fd)
			}
		})
	}
	threads.Wait()
	_, interfaces := net.Interfaces()
	return errors.Join(err, sent, received, interfaces, conn.Close())
}
