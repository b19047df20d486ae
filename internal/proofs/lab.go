package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/nf/upf/xdp"
	"github.com/limpid-5g/limpid/prove/cgroup"
)

const (
	coreAddr = "10.10.2.1"
	ranAddr  = "10.10.2.2"
	key      = "00112233445566778899aabbccddeeff"
	opc      = "ffeeddccbbaa99887766554433221100"
)

// lab is a core and a radio network in two network namespaces, with its files in a folder and its pins on a BPF file system
// of its own.
type lab struct {
	limpid, dir string
	core, ran   string // names of the namespaces
	divided     bool   // the core is a loader and its processes
	process     *exec.Cmd
	log         *bytes.Buffer
}

func newLab(ctx context.Context, limpid string) (*lab, error) {
	dir, err := os.MkdirTemp("", "limpid-proofs-")
	if err != nil {
		return nil, err
	}
	id := strconv.Itoa(os.Getpid())
	l := &lab{limpid: limpid, dir: dir, core: "limpid-proofs-core-" + id, ran: "limpid-proofs-ran-" + id}
	if err := l.build(ctx); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

func (l *lab) build(ctx context.Context) error {
	pins := filepath.Join(l.dir, "bpf")
	if err := errors.Join(os.Chmod(l.dir, 0o711), os.Mkdir(pins, 0o700), unix.Mount("bpf", pins, "bpf", 0, "")); err != nil {
		return fmt.Errorf("a BPF file system: %w", err)
	}
	commands := [][]string{
		{"ip", "netns", "add", l.core}, {"ip", "netns", "add", l.ran},
		{"ip", "link", "add", "n2", "netns", l.core, "type", "veth", "peer", "name", "n2", "netns", l.ran},
		{"ip", "-n", l.core, "addr", "add", coreAddr + "/24", "dev", "n2"}, {"ip", "-n", l.ran, "addr", "add", ranAddr + "/24", "dev", "n2"},
	}
	for _, n := range []string{l.core, l.ran} {
		commands = append(commands, []string{"ip", "-n", n, "link", "set", "lo", "up"}, []string{"ip", "-n", n, "link", "set", "n2", "up"})
	}
	commands = append(commands, []string{l.limpid, "config", "init", "--plmn", "00101", "--tac", "1", "--n2", coreAddr, "--n3", coreAddr, "--output", l.file("limpid.yaml")})
	for i := range 3 {
		commands = append(commands, []string{l.limpid, "subscriber", "add", "--db", l.file("store/limpid.db"), "--imsi", fmt.Sprintf("00101000000000%d", i+1), "--key", key, "--opc", opc})
	}
	if err := os.Mkdir(l.file("store"), 0o700); err != nil {
		return err
	}
	for _, c := range commands {
		if out, err := run(ctx, c...); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(c, " "), err, out)
		}
	}
	return l.configure("")
}

func (l *lab) file(name string) string { return filepath.Join(l.dir, name) }

// configure writes the configuration with the fast path on, and one more setting in the place of its default.
func (l *lab) configure(setting string) error {
	b, err := os.ReadFile(l.file("limpid.yaml"))
	if err != nil {
		return err
	}
	replace := []string{"  path: limpid.db ", "  path: " + l.file("store/limpid.db") + " ", "sctp: auto", "sctp: raw", "datapath: soft",
		"xdp: {n3: [n2], n6: [n2], mode: generic, pin: " + l.file("bpf/limpid") + "}\n  datapath: xdp"}
	switch {
	case strings.HasPrefix(setting, "lockdown"):
		replace = append(replace, "lockdown: required", setting)
	case strings.HasPrefix(setting, "egress"):
		replace = append(replace, "  mode: required", "  mode: off")
	}
	text := strings.NewReplacer(replace...).Replace(string(b))
	if l.divided {
		text += "processes: {separate: true}\n"
	}
	return os.WriteFile(l.file("run.yaml"), []byte(text), 0o600)
}

// inCore is a command in the core's network namespace.
func (l *lab) inCore(command ...string) []string {
	return append([]string{"nsenter", "--net=/run/netns/" + l.core}, command...)
}

func (l *lab) pid() string { return strconv.Itoa(l.process.Process.Pid) }

func (l *lab) dataplane() []string {
	return []string{l.limpid, "prove", "dataplane", "--config", l.file("run.yaml"), "--process", l.pid()}
}

func (l *lab) lockdown() []string {
	command := []string{l.limpid, "prove", "lockdown", "--socket", l.socket()}
	if l.divided {
		for _, process := range []string{"upf", "ledger", "loader"} {
			command = append(command, "--socket", l.file("limpid-"+process+".sock"))
		}
	}
	return command
}

func (l *lab) egress() []string {
	told := l.socket()
	if l.divided {
		told = l.file("limpid-loader.sock")
	}
	return []string{l.limpid, "prove", "egress", "--config", l.file("run.yaml"), "--process", l.pid(), "--socket", told}
}

// socket is the operators'.
func (l *lab) socket() string {
	if l.divided {
		return l.file("limpid.sock")
	}
	return l.file("store/limpid.sock")
}

// start runs the core with a setting, and waits until it serves.
func (l *lab) start(ctx context.Context, setting string) error {
	if err := l.configure(setting); err != nil {
		return err
	}
	command := l.inCore(l.limpid, "core", "--config", l.file("run.yaml"))
	l.log = &bytes.Buffer{}
	l.process = exec.CommandContext(ctx, command[0], command[1:]...)
	l.process.Stdout, l.process.Stderr = l.log, l.log
	l.process.Cancel = func() error { return l.process.Process.Signal(syscall.SIGTERM) }
	if err := l.process.Start(); err != nil {
		return err
	}
	for range 100 {
		if out, err := run(ctx, l.limpid, "audit", "--socket", l.socket()); err == nil || strings.Contains(out, "found") {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("the core does not serve:\n%s", l.log)
}

func (l *lab) stop() error {
	if l.process == nil {
		return nil
	}
	_ = l.process.Process.Signal(syscall.SIGTERM)
	err := l.process.Wait()
	if err != nil {
		err = fmt.Errorf("the core ended badly: %w\n%s", err, l.log)
	}
	group := "limpid-egress-" + l.pid()
	l.process = nil
	return errors.Join(err, cgroup.Of(os.Getpid(), func(root, path string) error {
		for range 50 {
			if below, err := filepath.Glob(filepath.Join(root, path, group, "*", "cgroup.procs")); err == nil {
				for _, b := range below {
					_ = os.Remove(filepath.Dir(b)) // it may be in use for a moment
				}
			}
			if err := os.Remove(filepath.Join(root, path, group)); err == nil || errors.Is(err, os.ErrNotExist) {
				return nil
			}
			time.Sleep(20 * time.Millisecond)
		}
		return fmt.Errorf("control group %s is left behind", group)
	}))
}

// phones registers three phones, each of which pings the data network.
func (l *lab) phones(ctx context.Context) error {
	out, err := run(ctx, "nsenter", "--net=/run/netns/"+l.ran, l.limpid, "ran", "--amf", coreAddr, "--sctp", "raw", "--plmn", "00101", "--tac", "1",
		"--imsi", "001010000000001", "--key", key, "--opc", opc, "--count", "3", "--exec", "ping -c 2 -W 2 10.45.0.1")
	if err != nil {
		return fmt.Errorf("%w\n%s\n%s", err, out, l.log)
	}
	return nil
}

func (l *lab) close() error {
	errs := []error{l.stop()}
	for _, n := range []string{l.core, l.ran} {
		if _, err := os.Stat("/run/netns/" + n); err == nil {
			out, err := exec.Command("ip", "netns", "del", n).CombinedOutput()
			if err != nil {
				errs = append(errs, fmt.Errorf("%w: %s", err, out))
			}
		}
	}
	if err := unix.Unmount(l.file("bpf"), 0); err != nil && !errors.Is(err, unix.EINVAL) {
		errs = append(errs, err)
	}
	return errors.Join(append(errs, os.RemoveAll(l.dir))...)
}

// within runs f in the core's network namespace, on a thread that ends.
func (l *lab) within(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		ns, err := netns.GetFromName(l.core)
		if err == nil {
			err = errors.Join(netns.Set(ns), ns.Close())
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

func (l *lab) packetSocket() (undo func() error, err error) {
	fd := -1
	err = l.within(func() (err error) {
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0x0300) // every protocol
		return err
	})
	return func() error { return unix.Close(fd) }, err
}

func (l *lab) copyingRule() (undo func() error, err error) {
	nft := func(commands string) error {
		command := l.inCore("nft", commands)
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("nft: %w: %s", err, out)
		}
		return nil
	}
	err = nft("add table ip spy; add chain ip spy out { type filter hook output priority 0; }; add rule ip spy out dup to 192.0.2.1")
	return func() error { return nft("delete table ip spy") }, err
}

// changedProgram puts a copy of the built program with one verdict changed in the place of the one at work.
func (l *lab) changedProgram() (undo func() error, err error) {
	cfg, err := config.Load(l.file("run.yaml"))
	if err != nil {
		return nil, err
	}
	spec, _, err := xdp.Built(core.UPFConfig(cfg))
	if err != nil {
		return nil, err
	}
	at, err := link.LoadPinnedLink(l.file("bpf/limpid/links/n2"), nil)
	if err != nil {
		return nil, err
	}
	info, err := at.Info()
	if err != nil {
		return nil, err
	}
	good, err := ebpf.NewProgramFromID(info.Program)
	if err != nil {
		return nil, err
	}
	for _, p := range spec.Programs {
		for i := range p.Instructions {
			if ins := &p.Instructions[i]; ins.OpCode.Class() == asm.ALUClass && ins.OpCode.ALUOp() == asm.Mov && ins.OpCode.Source() == asm.ImmSource && ins.Constant == 2 {
				ins.Constant = 1 // XDP_PASS becomes XDP_DROP
				break
			}
		}
	}
	changed, err := ebpf.NewCollection(spec)
	if err != nil {
		return nil, err
	}
	goodInfo, err := good.Info()
	if err != nil {
		return nil, err
	}
	err = at.Update(changed.Programs[goodInfo.Name])
	return func() error {
		defer changed.Close()
		return errors.Join(at.Update(good), good.Close(), at.Close())
	}, err
}

// foreignProgram puts a program that lets everything pass on the core's control group.
func (l *lab) foreignProgram() (undo func() error, err error) {
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{Name: "stranger", Type: ebpf.CGroupSKB, AttachType: ebpf.AttachCGroupInetEgress, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 1), asm.Return()}})
	if err != nil {
		return nil, err
	}
	var at link.Link
	err = cgroup.Of(l.member(), func(root, path string) (err error) {
		at, err = link.AttachCgroup(link.CgroupOptions{Path: filepath.Join(root, path), Attach: ebpf.AttachCGroupInetEgress, Program: program})
		return err
	})
	return func() error { return errors.Join(at.Close(), program.Close()) }, err
}

// restarted starts the core anew with a setting; the egress proof then looks with the setting of a core that has its policy.
func (l *lab) restarted(ctx context.Context, setting string) func() (func() error, error) {
	return func() (func() error, error) {
		if err := l.stop(); err != nil {
			return nil, err
		}
		return func() error { return errors.Join(l.stop(), l.start(ctx, "")) }, l.start(ctx, setting)
	}
}
