package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/limpid-5g/limpid/internal/netspace"
)

// child is this program once more, in another network namespace. It dies with this process.
type child struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  io.Reader
	log  string // file
	done chan struct{}
	err  error         // how it ended; after done
	told chan struct{} // closed when all its reports are read; nil: they are not
}

// startChild runs `limpid args...` in a namespace; what it logs goes to a file.
func startChild(ns *netspace.Space, logFile string, env []string, args ...string) (*child, error) {
	log, err := os.Create(logFile)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c := &child{cmd: exec.Command("/proc/self/exe", args...), log: logFile, done: make(chan struct{})}
	c.cmd.Args[0] = "limpid"
	c.cmd.Env = append(os.Environ(), env...)
	c.cmd.Stderr = log
	// A signal from the terminal is for the parent, which ends its children in order.
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	read, write, err := os.Pipe() // not StdoutPipe, which Wait would close before all is read
	if err != nil {
		return nil, err
	}
	defer write.Close()
	c.cmd.Stdout, c.out = write, read
	if err := ns.Do(c.cmd.Start); err != nil {
		return nil, errors.Join(err, read.Close())
	}
	go func() {
		c.err = c.cmd.Wait()
		close(c.done)
	}()
	return c, nil
}

// say writes a line: v as JSON, or an empty one.
func (c *child) say(v any) error {
	var line []byte
	if v != nil {
		var err error
		if line, err = json.Marshal(v); err != nil {
			return err
		}
	}
	_, err := c.in.Write(append(line, '\n'))
	return err
}

// reports are what the RAN tells, until its end. NAS messages in clear go to nas instead.
func (c *child) reports(nas func(at time.Time, message []byte)) <-chan report {
	reports := make(chan report, 64)
	c.told = make(chan struct{})
	go func() {
		defer close(c.told)
		defer close(reports)
		decodeLines(c.out, func(r report) {
			if r.NAS != nil {
				nas(r.At, r.NAS)
				return
			}
			select {
			case reports <- r:
			case <-c.done: // nobody waits any more
			}
		})
	}()
	return reports
}

// allTold waits until all reports of a child that has ended are read.
func (c *child) allTold() {
	if c.told != nil {
		<-c.told
	}
}

// leave ends a child that ends with its input, and kills it if it does not.
func (c *child) leave(patience time.Duration) error {
	_ = c.in.Close()
	return c.await(patience)
}

// stop ends a child by SIGTERM, and kills it if it does not end.
func (c *child) stop(patience time.Duration) error {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	return c.await(patience)
}

func (c *child) await(patience time.Duration) error {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case <-c.done:
	case <-timeout.C:
		_ = c.cmd.Process.Kill()
		<-c.done
		return fmt.Errorf("limpid %s did not end within %v and was killed", c.cmd.Args[1], patience)
	}
	if c.err != nil {
		return fmt.Errorf("limpid %s: %w", c.cmd.Args[1], c.err)
	}
	return nil
}

// printLog shows the end of what the child logged.
func (c *child) printLog(out io.Writer) {
	const shown = 25
	if c == nil {
		return
	}
	text, err := os.ReadFile(c.log)
	if err != nil {
		return
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	fmt.Fprintf(out, "\nThe last lines of limpid %s:\n", c.cmd.Args[1])
	for _, l := range lines[max(0, len(lines)-shown):] {
		fmt.Fprintf(out, "  %s\n", l)
	}
}

// listenReady opens the socket on which a child says that it is ready, as sd_notify(3) does.
func listenReady(name string) (*net.UnixConn, error) {
	return net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
}

// awaitReady waits for READY=1.
func awaitReady(ctx context.Context, socket *net.UnixConn, c *child) error {
	said := make(chan error, 1)
	go func() {
		buf := make([]byte, 256)
		_ = socket.SetReadDeadline(time.Now().Add(startTimeout))
		n, err := socket.Read(buf)
		if err == nil && string(buf[:n]) != "READY=1" {
			err = fmt.Errorf("it says %q", buf[:n])
		}
		said <- err
	}()
	select {
	case err := <-said:
		if err != nil {
			return fmt.Errorf("the core is not ready: %w", err)
		}
		return nil
	case <-c.done:
		return fmt.Errorf("the core did not start: %w", c.err)
	case <-ctx.Done():
		return errors.New("interrupted")
	}
}

// decodeLines reads JSON lines into f until r ends.
func decodeLines[T any](r io.Reader, f func(T)) {
	for in := json.NewDecoder(bufio.NewReader(r)); ; {
		var v T
		if in.Decode(&v) != nil {
			return
		}
		f(v)
	}
}
