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
			c, dialled := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, fmt.Sprintf("s%p", &threads)), Net: "unix"})
			if dialled == nil {
				_ = c.Close()
			}
		})
	}
	threads.Wait()
	_, interfaces := net.Interfaces()
	return errors.Join(err, sent, received, interfaces, conn.Close())
}
