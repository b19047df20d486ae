package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/cmd/limpid/internal/arrows"
	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ladder"
)

func newCoreCommand() *cobra.Command {
	var file, ladderForm string
	cmd := &cobra.Command{
		Use:   "core --config limpid.yaml",
		Short: "Run the core",
		Long: "Run the core until SIGTERM or SIGINT. With --ladder every message is shown as it passes: from whom to whom, on\n" +
			"which reference point, with its key information elements and never a key. On SIGHUP the policies (pcf) are read\n" +
			"again, and what is running is changed to them.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runCore(cmd.Context(), file, ladderForm, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "limpid.yaml", "configuration")
	cmd.Flags().StringVar(&ladderForm, "ladder", "", "show every message on standard output: text or json")
	cmd.Flags().Lookup("ladder").NoOptDefVal = "text"
	cmd.AddCommand(newCoreProcessesCommand())
	return cmd
}

func runCore(ctx context.Context, file, ladderForm string, out, errOut io.Writer) error {
	cfg, err := config.Load(file)
	if err != nil {
		return err
	}
	if err := cfg.CheckHost(); err != nil {
		return err
	}
	if cfg.Processes.Separate {
		return runLoader(ctx, cfg, file, ladderForm, out, errOut)
	}
	memory := core.LimitMemory(ctx)
	log := newLogger(cfg.Log, errOut)
	sink, endLadder, err := newLadder(ladderForm, out)
	if err != nil {
		return err
	}
	manager := openServiceManager(log)
	protection, err := protect(cfg, log)
	if err != nil {
		return err
	}
	acts, err := openOwnLedger(cfg, log)
	if err != nil {
		return errors.Join(err, protection.close())
	}
	c, err := core.New(ctx, cfg, core.Options{Log: log, Memory: memory, Ladder: sink, Operations: protection.operations, Record: acts.operation})
	if err != nil {
		return errors.Join(err, acts.close(), protection.close())
	}
	if err := protection.lock(); err != nil {
		return errors.Join(err, c.Close(), acts.close(), protection.close())
	}
	go acts.serve(ctx)
	go protection.run(ctx)
	go func() {
		if c.AwaitUPFs(ctx) {
			manager.tell("READY=1")
		}
	}()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	reloading, stop := context.WithCancel(ctx)
	defer stop()
	go c.ReloadPolicies(reloading, file, hup)
	return errors.Join(c.Run(ctx), c.Close(), acts.close(), protection.close(), endLadder())
}

// newLadder makes the sink of a form, nil for none, and what writes the last arrows when nobody sends any more.
func newLadder(form string, out io.Writer) (ladder.Sink, func() error, error) {
	var w *arrows.Writer
	switch form {
	case "":
		return nil, func() error { return nil }, nil
	case "text":
		w = arrows.Text(out)
	case "json":
		w = arrows.JSON(out)
	default:
		return nil, nil, fmt.Errorf("--ladder=%s: want text or json", form)
	}
	return w.Show, w.Close, nil
}

func newLogger(cfg config.Log, out io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(cfg.Level)) // config has checked it
	opts := &slog.HandlerOptions{Level: level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(out, opts))
	}
	return slog.New(slog.NewTextHandler(out, opts))
}

// serviceManager is told the state, if there is one, as sd_notify(3) does.
type serviceManager struct {
	conn *net.UnixConn // nil: none
	log  *slog.Logger
}

// openServiceManager opens the way to the service manager while a socket can still be opened.
func openServiceManager(log *slog.Logger) *serviceManager {
	m := &serviceManager{log: log}
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" {
		return m
	}
	var err error
	if m.conn, err = net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"}); err != nil {
		log.Warn("the service manager cannot be told anything", "error", err)
	}
	return m
}

// tell says it once, and closes the way: a Unix socket can be led elsewhere.
func (m *serviceManager) tell(state string) {
	if m.conn == nil {
		return
	}
	_, err := m.conn.Write([]byte(state))
	if err := errors.Join(err, m.conn.Close()); err != nil {
		m.log.Warn("service manager not told", "state", state, "error", err)
	}
}
