package sctp

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// lab is two network namespaces with a cable between them. It needs root and iproute2.
type lab struct{ left, right string }

const (
	leftIP, rightIP   = "10.200.0.1", "10.200.0.2"
	leftIP6, rightIP6 = "fd00:200::1", "fd00:200::2"
)

func newLab(t *testing.T) *lab {
	t.Helper()
	name := fmt.Sprintf("sctp%d-%d", os.Getpid(), time.Now().UnixNano()%1e6)
	l := &lab{left: name + "l", right: name + "r"}
	for _, ns := range []string{l.left, l.right} {
		command(t, "ip", "netns", "add", ns)
		t.Cleanup(func() { exec.Command("ip", "netns", "del", ns).Run() })
		command(t, "ip", "-n", ns, "link", "set", "lo", "up")
	}
	command(t, "ip", "-n", l.left, "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", l.right)
	for ns, ips := range map[string][2]string{l.left: {leftIP, leftIP6}, l.right: {rightIP, rightIP6}} {
		command(t, "ip", "-n", ns, "addr", "add", ips[0]+"/24", "dev", "wire")
		command(t, "ip", "-n", ns, "addr", "add", ips[1]+"/64", "dev", "wire", "nodad")
		command(t, "ip", "-n", ns, "link", "set", "wire", "up")
	}
	return l
}

func command(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.Bytes())
	}
	return stdout.Bytes()
}

// inside runs f with its thread in a namespace: the sockets it opens belong there.
func inside(t *testing.T, ns string, f func()) {
	t.Helper()
	runtime.LockOSThread()
	home, err := os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	there, err := os.Open(filepath.Join("/run/netns", ns))
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err != nil {
			panic(err) // the thread must not run other tests
		}
		runtime.UnlockOSThread()
	}()
	f()
}

// transport makes an endpoint in a namespace.
func transport(t *testing.T, ns string, cfg Config) *endpoint {
	t.Helper()
	var tr Transport
	var err error
	inside(t, ns, func() { tr, err = New(cfg) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	return tr.(*endpoint)
}

// buildPeer compiles the usrsctp peer; it needs gcc and libusrsctp-dev.
func buildPeer(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "usrsctp_peer")
	command(t, "gcc", "-O1", "-Wall", "-o", out, "testdata/usrsctp_peer.c", "-lusrsctp", "-lpthread")
	return out
}

// process is a program in a namespace that is talked to by lines.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    *bufio.Writer
	lines chan string
}

func start(t *testing.T, ns, program string, args ...string) *process {
	t.Helper()
	cmd := exec.Command("ip", append([]string{"netns", "exec", ns, program}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread() // Pdeathsig is of the thread
	err = cmd.Start()
	runtime.UnlockOSThread()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: cmd, in: bufio.NewWriter(in), lines: make(chan string, 4096)}
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	t.Cleanup(p.kill)
	return p
}

func (p *process) kill() {
	if p.cmd.ProcessState == nil {
		p.cmd.Process.Kill()
		p.cmd.Wait()
	}
}

func (p *process) say(format string, args ...any) {
	fmt.Fprintf(p.in, format+"\n", args...)
	p.in.Flush()
}

// want reads lines up to one that begins with a prefix and returns it.
func (p *process) want(prefix string) string {
	p.t.Helper()
	var other []string
	for deadline := time.After(20 * time.Second); ; {
		select {
		case line, ok := <-p.lines:
			if strings.HasPrefix(line, prefix) {
				return line
			}
			if !ok {
				p.t.Fatalf("peer ended without %q after %q", prefix, other)
			}
			other = append(other, line)
		case <-deadline:
			p.t.Fatalf("peer did not say %q but %q", prefix, other)
		}
	}
}

// peerData is what the peer sends for "send".
func peerData(stream uint16, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i*7 + int(stream))
	}
	return b
}

// peerLine is what the peer says when it receives a message.
func peerLine(m Message) string {
	h := fnv.New32a()
	h.Write(m.Data)
	unordered := 0
	if m.Unordered {
		unordered = 1
	}
	return fmt.Sprintf("recv %d %d %d %d %d", m.Stream, m.PPID, unordered, len(m.Data), h.Sum32())
}
