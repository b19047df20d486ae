package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/prove/egress"
	"github.com/limpid-5g/limpid/prove/lockdown"
)

// loader is a core divided into processes: it opens what takes privileges, starts the processes as users of their own with
// nothing but their descriptors, gives up its own rights but that to start them again, and waits.
type loader struct {
	cfg      *config.Config
	file     string // of the configuration
	text     []byte
	ladder   string
	log      *slog.Logger
	out, err *os.File
	null     *os.File
	opened   core.Opened
	groups   *egress.Separate // nil: egress is off, or not to be had and not required
	sockets  map[string]*os.File
	recorder recorder
	children []*child // in the order in which they start
	died     chan *child
}

// child is a process from the loader's side.
type child struct {
	name     string
	user     uint32
	text     []byte
	files    map[string]*os.File
	cmd      *exec.Cmd
	life     net.Conn
	pid      atomic.Int64
	started  atomic.Int64 // nanoseconds since 1970
	restarts atomic.Int64
	quick    int // deaths in a row soon after the start
	ended    chan struct{}
}

func runLoader(ctx context.Context, cfg *config.Config, file, ladderForm string, out, errOut io.Writer) (err error) {
	l := &loader{cfg: cfg, file: file, ladder: ladderForm, died: make(chan *child, 8), sockets: make(map[string]*os.File),
		recorder: recorder{control.NewClient(cfg.SocketOf(processLedger))}}
	l.log = newLogger(cfg.Log, errOut).With("process", processLoader)
	if os.Geteuid() != 0 {
		return cfg.ErrorAt("processes.separate", errors.New("only root can start processes as other users: run it as root, or set it to false"))
	}
	var ok, also bool
	if l.out, ok = out.(*os.File); !ok {
		l.out = os.Stdout
	}
	if l.err, also = errOut.(*os.File); !also {
		l.err = os.Stderr
	}
	manager := openServiceManager(l.log)
	defer func() { err = errors.Join(err, l.close()) }()
	if err := l.prepare(); err != nil {
		return err
	}
	for _, c := range l.children {
		if err := l.start(c); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", c.name, err), l.stop())
		}
		if c.name == processLedger {
			if err := l.record(ctx, "core starts", l.startDetail()); err != nil {
				return errors.Join(err, l.stop())
			}
		}
	}
	kept := &confinement{mode: lockdown.Mode(cfg.Lockdown), profile: loaderProfile(cfg, file, l.self())}
	if err := kept.enter(l.log); err != nil {
		return errors.Join(err, l.stop())
	}
	l.watchRefusals(ctx)
	l.serve(ctx, kept)
	manager.tell("READY=1")
	l.log.Info("core runs in processes of its own users", "processes", l.names())
	return errors.Join(l.wait(ctx), l.stop())
}

// prepare opens everything.
func (l *loader) prepare() (err error) {
	if l.text, err = os.ReadFile(l.file); err != nil {
		return err
	}
	if l.null, err = os.Open(os.DevNull); err != nil {
		return err
	}
	if err := prepareFolders(l.cfg); err != nil {
		return err
	}
	if err := l.openGroups(); err != nil {
		return err
	}
	// A socket stays in the control group of who opened it, whoever has it later: so each is opened in its user's.
	if err := errors.Join(l.enter(processUser), l.opened.OpenUserPlane(l.cfg, l.log), l.enter(processControl), l.opened.OpenControlPlane(l.cfg)); err != nil {
		return err
	}
	if err := l.enter(processLoader); err != nil {
		return err
	}
	for name, path := range l.socketPaths() {
		if l.sockets[name], err = listenFile(path); err != nil {
			return l.cfg.ErrorAt("control.socket", err)
		}
	}
	if l.sockets[socketMetrics] != nil { // the control plane alone reads them
		if u := int(l.cfg.Processes.Users.ControlPlane); os.Chown(l.cfg.SocketOf(socketMetrics), u, u) != nil {
			return l.cfg.ErrorAt("metrics.address", fmt.Errorf("%s cannot be given to user %d", l.cfg.SocketOf(socketMetrics), u))
		}
	}
	if err := os.Chmod(l.cfg.SocketOf(processLedger), 0o666); err != nil { // the kernel names who calls, and the ledger lets only these
		return err
	}
	userText, err := config.ForUserPlane(l.text)
	if err != nil {
		return err
	}
	u := l.cfg.Processes.Users
	l.children = []*child{{name: processLedger, user: u.Ledger, text: ledgerText(l.cfg), files: map[string]*os.File{core.HandedControl: l.sockets[processLedger]}}}
	if l.cfg.UPF != nil {
		files := maps.Clone(l.opened.UserPlane)
		files[core.HandedControl] = l.sockets[processUser]
		if f := l.sockets[socketMetrics]; f != nil {
			files[core.HandedMetrics] = f
		}
		l.children = append(l.children, &child{name: processUser, user: u.UserPlane, text: userText, files: files})
	}
	files := maps.Clone(l.opened.ControlPlane)
	files[core.HandedControl] = l.sockets[processControl]
	l.children = append(l.children, &child{name: processControl, user: u.ControlPlane, text: l.text, files: files})
	return nil
}

// socketMetrics is where the control plane reads what the user plane counts.
const socketMetrics = "upf-metrics"

// socketPaths are the operators' sockets by process, and that of metrics.
func (l *loader) socketPaths() map[string]string {
	paths := map[string]string{processControl: l.cfg.Control.Socket, processLedger: l.cfg.SocketOf(processLedger), processLoader: l.cfg.SocketOf(processLoader)}
	if l.cfg.UPF != nil {
		paths[processUser] = l.cfg.SocketOf("upf")
		if l.cfg.Metrics.Address != "" {
			paths[socketMetrics] = l.cfg.SocketOf(socketMetrics)
		}
	}
	return paths
}

// listenFile makes an operators' socket whose file stays when the descriptor is closed here.
func listenFile(path string) (*os.File, error) {
	listener, err := control.Listen(path)
	if err != nil {
		return nil, err
	}
	f, err := listener.(interface{ File() (*os.File, error) }).File()
	return f, err // the listener stays open with its file until the loader ends
}

func (l *loader) openGroups() error {
	if l.cfg.Egress.Mode == "off" {
		l.log.Warn("egress is off: these processes may speak to anybody")
		return nil
	}
	policies, err := separatePolicies(l.cfg)
	if err != nil {
		return err
	}
	l.groups, err = egress.StartSeparate(policies)
	switch {
	case err == nil:
		return nil
	case l.cfg.Egress.Mode == "required":
		return l.cfg.ErrorAt("egress.mode", fmt.Errorf("required, and not to be had: %w: set it to auto to run without", err))
	}
	l.log.Warn("egress cannot be limited: these processes may speak to anybody", "why", err)
	return nil
}

// enter moves the loader itself into a control group.
func (l *loader) enter(name string) error {
	if l.groups == nil {
		return nil
	}
	return l.groups.Enter(name, os.Getpid())
}

// separatePolicies are whom each process may speak to: the loader and the ledger nobody.
func separatePolicies(cfg *config.Config) (map[string]egress.Policy, error) {
	user, err := userPlanePolicy(cfg)
	if err != nil {
		return nil, err
	}
	rest, err := controlPlanePolicy(cfg)
	return map[string]egress.Policy{processLoader: {}, processLedger: {}, processUser: user, processControl: rest}, err
}

// self is this program, whatever became of its file.
func (l *loader) self() string { return "/proc/self/exe" }

func (l *loader) names() (names []string) {
	for _, c := range l.children {
		names = append(names, fmt.Sprintf("%s (user %d)", c.name, c.user))
	}
	return names
}

// start starts a process, and returns once it serves.
func (l *loader) start(c *child) error {
	ours, theirs, err := lifeline()
	if err != nil {
		return err
	}
	c.life = ours
	read, write, err := os.Pipe()
	if err != nil {
		return errors.Join(err, theirs.Close(), c.life.Close())
	}
	names := []string{handedLifeline, handedConfig}
	files := []*os.File{theirs, read}
	for _, name := range slices.Sorted(maps.Keys(c.files)) {
		names, files = append(names, name), append(files, c.files[name])
	}
	c.cmd = exec.Command(l.self(), "process", c.name, "--config", l.file, "--ladder", l.ladder)
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = l.null, l.out, l.err
	c.cmd.ExtraFiles, c.cmd.Dir = files, "/"
	c.cmd.Env = append(environment(c.name), descriptorsVariable+"="+strings.Join(names, ","))
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: c.user, Gid: c.user}}
	err = errors.Join(c.cmd.Start(), theirs.Close(), read.Close()) // what is closed here ends with the process
	if err != nil {
		return errors.Join(err, write.Close(), c.life.Close())
	}
	c.pid.Store(int64(c.cmd.Process.Pid))
	c.started.Store(time.Now().UnixNano())
	c.ended = make(chan struct{})
	go func(c *child, ended chan struct{}) {
		_ = c.cmd.Wait() // its state tells how it ended
		close(ended)
		l.died <- c
	}(c, c.ended)
	if l.groups != nil {
		if err := l.groups.Enter(c.name, c.cmd.Process.Pid); err != nil {
			return errors.Join(err, write.Close(), c.life.Close())
		}
	}
	go func() {
		_, _ = write.Write(c.text) // a process that dies meanwhile is noticed by its end
		_ = write.Close()
	}()
	return l.await(c)
}

// await lets a process begin, and waits until it serves.
func (l *loader) await(c *child) error {
	if _, err := c.life.Write([]byte{'g'}); err != nil {
		return err
	}
	if err := c.life.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := c.life.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
		<-c.ended
		return fmt.Errorf("it ended before it served: %v", c.cmd.ProcessState)
	} else if err != nil {
		return fmt.Errorf("it does not serve: %w", err)
	}
	l.log.Info("process serves", "name", c.name, "pid", c.cmd.Process.Pid, "user", c.user)
	return nil
}

// environment is what a process is told by variables: the control plane, where its database's password is.
func environment(name string) []string {
	var env []string
	for _, v := range os.Environ() {
		if name == processControl && strings.HasPrefix(v, "PG") || strings.HasPrefix(v, "TZ=") || strings.HasPrefix(v, "GOGC=") || strings.HasPrefix(v, "GOMAXPROCS=") || strings.HasPrefix(v, "GOMEMLIMIT=") {
			env = append(env, v)
		}
	}
	return env
}

// lifeline is a pair of connected sockets.
func lifeline() (net.Conn, *os.File, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), handedLifeline), os.NewFile(uintptr(pair[1]), handedLifeline)
	conn, err := net.FileConn(ours)
	if err = errors.Join(err, ours.Close()); err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return conn, theirs, nil
}

// wait starts again what dies, until ctx ends.
func (l *loader) wait(ctx context.Context) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hup:
			if err := l.reload(ctx); err != nil {
				l.log.Error("configuration not reloaded: everything stays as it was", "file", l.file, "error", err)
			}
		case c := <-l.died:
			if err := l.again(ctx, c); err != nil {
				return err
			}
		}
	}
}

// again starts a process that died, later each time that it does so at once.
func (l *loader) again(ctx context.Context, c *child) error {
	const soon, most, pause = 10 * time.Second, 5, 200 * time.Millisecond
	if time.Since(time.Unix(0, c.started.Load())) > soon {
		c.quick = 0
	}
	c.quick++
	l.log.Error("process died", "name", c.name, "state", c.cmd.ProcessState.String(), "restarts", c.restarts.Load())
	_ = c.life.Close()
	if c.quick > most {
		return fmt.Errorf("%s died %d times in a row, the last time with: %v", c.name, c.quick, c.cmd.ProcessState)
	}
	// A recovery time stamp has seconds (TS 29.244 §8.2.65): within the same one its peers would not notice the restart.
	next := time.Unix(0, c.started.Load()).Truncate(time.Second).Add(time.Second)
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(max(pause<<c.quick, time.Until(next))):
	}
	c.restarts.Add(1)
	if err := l.start(c); err != nil {
		l.log.Error("process does not come back", "name", c.name, "error", err)
		_ = c.life.Close()
		return nil // its end comes too
	}
	if err := l.record(ctx, "process started again", c.name); err != nil {
		l.log.Error("a restart is not in the ledger", "error", err)
	}
	return nil
}

// stop ends the processes, the first that started last.
func (l *loader) stop() error {
	var errs []error
	for _, c := range slices.Backward(l.children) {
		if c.cmd == nil || c.cmd.Process == nil {
			continue
		}
		if c.name == processLedger {
			if err := l.record(context.Background(), "core ends", ""); err != nil {
				l.log.Error("the end is not in the ledger", "error", err)
			}
		}
		_ = c.life.Close() // it may be closed
		select {
		case <-c.ended:
			if !c.cmd.ProcessState.Success() {
				errs = append(errs, fmt.Errorf("%s ended with %v", c.name, c.cmd.ProcessState))
			}
		case <-time.After(patience):
			errs = append(errs, fmt.Errorf("%s does not end", c.name))
		}
	}
	return errors.Join(errs...)
}

func (l *loader) close() error {
	var errs []error
	for name, path := range l.socketPaths() {
		if f := l.sockets[name]; f != nil {
			errs = append(errs, f.Close(), os.Remove(path))
		}
	}
	errs = append(errs, l.opened.Close())
	if l.groups != nil {
		errs = append(errs, l.groups.Close())
	}
	if l.null != nil {
		errs = append(errs, l.null.Close())
	}
	return errors.Join(errs...)
}
