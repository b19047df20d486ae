package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/prove/lockdown"
)

// The processes of a core that is divided, by what they are called in logs, control groups and proofs.
const (
	processLoader  = "loader"
	processControl = "control-plane"
	processUser    = "user-plane"
	processLedger  = "ledger"
)

// descriptorsVariable names what a process got from the loader, in the order of its descriptors from 3 on.
const descriptorsVariable = "LIMPID_DESCRIPTORS"

// Descriptors that each process gets.
const (
	handedLifeline = "lifeline" // go from the loader, ready to it; its end is the end of the process
	handedConfig   = "config"   // as much of the configuration as the process may know
)

// newProcessCommand is what the loader starts; nobody else has the descriptors.
func newProcessCommand() *cobra.Command {
	var file, ladderForm string
	cmd := &cobra.Command{
		Use: "process NAME", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runProcess(cmd.Context(), args[0], file, ladderForm, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&file, "config", "", "name of the configuration in messages")
	cmd.Flags().StringVar(&ladderForm, "ladder", "", "as of limpid core")
	return cmd
}

// process is one of a divided core, from inside.
type process struct {
	name   string
	file   string
	text   []byte
	handed map[string]*os.File
	life   *os.File
	log    *slog.Logger
	out    io.Writer
	ladder string
}

func runProcess(ctx context.Context, name, file, ladderForm string, out, errOut io.Writer) error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM) // the loader ends its processes in their order
	handed, err := takeDescriptors(os.Getenv(descriptorsVariable))
	if err != nil {
		return err
	}
	p := &process{name: name, file: file, handed: handed, life: handed[handedLifeline], out: out, ladder: ladderForm}
	delete(handed, handedLifeline)
	if _, err := p.life.Read(make([]byte, 1)); err != nil { // the control group is entered before anything is done
		return fmt.Errorf("the loader: %w", err)
	}
	if p.text, err = io.ReadAll(handed[handedConfig]); err != nil {
		return err
	}
	if err := handed[handedConfig].Close(); err != nil {
		return err
	}
	delete(handed, handedConfig)
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go func() {
		_, _ = p.life.Read(make([]byte, 1)) // it only ends
		stop()
	}()
	run := map[string]func(context.Context, io.Writer) error{processControl: p.controlPlane, processUser: p.userPlane, processLedger: p.ledger}[name]
	if run == nil {
		return fmt.Errorf("no process %q", name)
	}
	return run(ctx, errOut)
}

// takeDescriptors gives names to the descriptors that came with the process.
func takeDescriptors(names string) (map[string]*os.File, error) {
	handed := make(map[string]*os.File)
	kinds := make(map[string]uint32)
	for i, name := range strings.Split(names, ",") {
		fd := 3 + i
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			break
		}
		unix.CloseOnExec(fd)
		kinds[name] = st.Mode & unix.S_IFMT
		handed[name] = os.NewFile(uintptr(fd), name)
	}
	if kinds[handedLifeline] != unix.S_IFSOCK || kinds[handedConfig] != unix.S_IFIFO {
		return nil, errors.New("this command is for limpid core alone, which starts its processes itself")
	}
	return handed, nil
}

// ready tells the loader that the process serves and has given up its rights.
func (p *process) ready() {
	if _, err := p.life.Write([]byte{'r'}); err != nil {
		p.log.Error("the loader is gone", "error", err)
	}
}

func (p *process) controlPlane(ctx context.Context, errOut io.Writer) error {
	cfg, err := config.Parse(p.file, p.text)
	if err != nil {
		return err
	}
	p.text = nil
	userPlaneMetrics := ""
	if cfg.UPF != nil && cfg.Metrics.Address != "" {
		userPlaneMetrics = cfg.SocketOf(socketMetrics)
	}
	cfg.UPF = nil // another process, which the SMF knows as its peer
	p.log = newLogger(cfg.Log, errOut).With("process", p.name)
	memory := core.LimitMemory(ctx)
	sink, endLadder, err := newLadder(p.ladder, p.out)
	if err != nil {
		return err
	}
	kept := &confinement{mode: lockdown.Mode(cfg.Lockdown), profile: controlPlaneProfile(cfg)}
	c, err := core.New(ctx, cfg, core.Options{Log: p.log, Memory: memory, Ladder: sink, Handed: p.handed, Operations: kept.operation,
		Process: p.name, UserPlaneMetrics: userPlaneMetrics, Record: recorder{control.NewClient(cfg.SocketOf(processLedger))}.operation})
	if err != nil {
		return err
	}
	if err := kept.enter(p.log); err != nil {
		return errors.Join(err, c.Close())
	}
	go func() {
		if c.AwaitUPFs(ctx) {
			p.ready()
		}
	}()
	return errors.Join(c.Run(ctx), c.Close(), endLadder())
}

func (p *process) userPlane(ctx context.Context, errOut io.Writer) error {
	cfg, err := config.ParseForUserPlane(p.file, p.text)
	if err != nil {
		return err
	}
	cfg.Metrics.Address = "" // that of the control plane, which reads this one's by a socket that was handed over
	p.log = newLogger(cfg.Log, errOut).With("process", p.name)
	kept := &confinement{mode: lockdown.Mode(cfg.Lockdown), profile: userPlaneProfile()}
	u, err := core.NewUserPlane(cfg, core.Options{Log: p.log, Handed: p.handed, Operations: kept.operation, Process: p.name})
	if err != nil {
		return err
	}
	if err := kept.enter(p.log); err != nil {
		return errors.Join(err, u.Close())
	}
	p.ready()
	return errors.Join(u.Run(ctx), u.Close())
}

// controlPlaneProfile is what the control plane goes on needing: its store, or the port of its database.
func controlPlaneProfile(cfg *config.Config) lockdown.Profile {
	own := *cfg
	own.UPF, own.Ledger.Folder = nil, ""
	own.Control.Socket = "off" // it was handed over
	p := lockdownProfile(&own)
	p.Unix = true // to the ledger
	return p
}

// userPlaneProfile is what the user plane goes on needing: nothing but what it has open.
func userPlaneProfile() lockdown.Profile { return lockdown.Profile{} }

// ledgerProfile is what the ledger goes on needing: its folder.
func ledgerProfile(cfg *config.Config) lockdown.Profile {
	return lockdown.Profile{Write: []string{cfg.Ledger.Folder}}
}

// loaderProfile is what the loader goes on needing: to start its processes again as their users, who inherit its lockdown.
// So it holds the files of all of them; but without CAP_DAC_OVERRIDE it cannot itself open those that belong to others.
func loaderProfile(cfg *config.Config, file, self string) lockdown.Profile {
	p := lockdown.Profile{Starts: self, Unix: true}
	for _, of := range []lockdown.Profile{controlPlaneProfile(cfg), ledgerProfile(cfg)} {
		p.Read, p.Write = slices.Concat(p.Read, of.Read), slices.Concat(p.Write, of.Write)
		p.ConnectTCP = slices.Concat(p.ConnectTCP, of.ConnectTCP)
	}
	p.Read = append(p.Read, file, "/sys/devices/system/cpu", "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "/proc/sys/net/core/somaxconn", "/dev/null")
	p.Write = append(p.Write, lockdown.Existing(cfg.Control.Socket))
	if m, ok := metricsPort(cfg); ok {
		p.BindTCP = append(p.BindTCP, m)
	}
	if cfg.UPF != nil && cfg.UPF.Datapath != "soft" {
		p.Write = append(p.Write, pinOf(cfg))
	}
	return p
}

// patience bounds how long a process takes to serve, or to end.
const patience = 30 * time.Second
