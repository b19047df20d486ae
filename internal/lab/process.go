package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/limpid-5g/limpid/internal/netspace"
)

const (
	startTimeout = 10 * time.Minute
	stopTimeout  = 20 * time.Second
	clockTick    = time.Second / 100 // of /proc/PID/stat: USER_HZ is 100 on every architecture that Go runs on
)

// Process is a child whose cost is watched.
type Process struct {
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{}
	err  error // after done
}

// Start runs a program in a namespace. It dies with this process.
func Start(ns *netspace.Space, cmd *exec.Cmd, logFile string) (*Process, error) {
	log, err := os.Create(logFile)
	if err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, log: log, done: make(chan struct{})}
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := ns.Do(cmd.Start); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Kill ends the process by SIGKILL and waits for its end.
func (p *Process) Kill() {
	defer p.log.Close()
	_ = p.cmd.Process.Kill() // one that has ended needs it no more
	<-p.done
}

// Stop ends the process by SIGTERM, and kills it if it does not end.
func (p *Process) Stop() error {
	defer p.log.Close()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		_ = p.cmd.Process.Kill()
		<-p.done
		return fmt.Errorf("%s did not end and was killed", p.cmd.Args[0])
	}
	if p.err != nil {
		return p.Failed(p.err)
	}
	return nil
}

// Failed adds the end of what the process logged.
func (p *Process) Failed(err error) error {
	const shown = 2000
	text, _ := os.ReadFile(p.log.Name())
	return fmt.Errorf("%s: %w\n%s", strings.Join(p.cmd.Args[:2], " "), err, text[max(0, len(text)-shown):])
}

// StartCore starts a core and waits until it says that it is ready, as sd_notify(3) does.
func StartCore(ctx context.Context, l *Lab, dir, binary string, args []string) (*Process, error) {
	name := filepath.Join(dir, "ready")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	defer socket.Close()
	defer os.Remove(name)
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+name)
	p, err := Start(l.Core, cmd, filepath.Join(dir, "core.log"))
	if err != nil {
		return nil, err
	}
	go func() { // a core that ends, or an interrupt, ends the waiting
		select {
		case <-p.done:
		case <-ctx.Done():
		case <-time.After(startTimeout):
		}
		_ = socket.SetReadDeadline(time.Now())
	}()
	var said [64]byte
	n, err := socket.Read(said[:])
	if err == nil && string(said[:n]) == "READY=1" {
		return p, nil
	}
	return nil, errors.Join(p.Failed(errors.New("the core is not ready")), p.Stop())
}

// Signal sends a signal to the process and waits for the file that it makes then.
func (p *Process) Signal(ctx context.Context, s os.Signal, file string) error {
	if err := p.cmd.Process.Signal(s); err != nil {
		return err
	}
	for {
		if _, err := os.Stat(file); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.done:
			return p.Failed(errors.New("ended without " + file))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// CPU is the CPU time that the process and its children have used, proc_pid_stat(5) fields 14 and 15.
func (p *Process) CPU() (time.Duration, error) {
	pids := []string{strconv.Itoa(p.cmd.Process.Pid)}
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if err == nil { // else a thread that ended
			pids = append(pids, strings.Fields(string(b))...)
		}
	}
	var sum time.Duration
	for _, pid := range pids {
		text, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			return 0, err
		}
		used, err := parseCPU(text)
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, nil
}

func parseCPU(stat []byte) (time.Duration, error) {
	// The name of the program, which may hold anything, ends with the last parenthesis.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/PID/stat holds %q", stat)
	}
	var sum time.Duration
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * clockTick
	}
	return sum, nil
}

// Memory is the resident set of the process in octets.
func (p *Process) Memory() (int64, error) { return p.status("VmRSS:") }

// PeakMemory is the largest that it was.
func (p *Process) PeakMemory() (int64, error) { return p.status("VmHWM:") }

func (p *Process) status(name string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(text, []byte(name))
	var kilo int64
	if _, err := fmt.Sscan(string(rest), &kilo); err != nil {
		return 0, fmt.Errorf("%s %w", name, err)
	}
	return kilo << 10, nil
}

// Settled waits until the process has not given memory back for a while, and returns what it has then.
func (p *Process) Settled(ctx context.Context) (int64, error) {
	const step, still = time.Second, 8
	least, err := p.Memory()
	for same := 0; same < still && err == nil; same++ {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-p.done:
			return 0, p.Failed(errors.New("the core has ended"))
		case <-time.After(step):
		}
		var now int64
		if now, err = p.Memory(); err == nil && now < least-least/100 {
			same = 0
		}
		least = min(least, now)
	}
	return least, err
}

// Quiet waits until the core has nothing to do any more: until it uses less than 5% of a CPU for half a second.
func (p *Process) Quiet(ctx context.Context) error {
	const step, little = 500 * time.Millisecond, 25 * time.Millisecond
	last, err := p.CPU()
	for err == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.done:
			return p.Failed(errors.New("the core has ended"))
		case <-time.After(step):
		}
		var now time.Duration
		if now, err = p.CPU(); err == nil && now-last < little {
			return nil
		}
		last = now
	}
	return err
}

// Build builds limpid into a folder as it is released: without cgo, which its lockdown wants.
func Build(dir string) (string, error) {
	limpid := filepath.Join(dir, "limpid")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", limpid, "github.com/limpid-5g/limpid/cmd/limpid")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return limpid, nil
}
