package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/manage/control"
)

// newUPFCommand is `limpid upf`: a user plane function alone in its process.
func newUPFCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "upf --config upf.yaml",
		Short: "Run a UPF alone, for SMFs of other processes",
		Long: "Run a user plane function until SIGTERM or SIGINT. SMFs of any maker control it over N4 (PFCP); it listens to those alone\n" +
			"that its configuration declares. The configuration has name, log, control, metrics, lockdown, egress and upf.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runUPF(cmd.Context(), file, cmd.ErrOrStderr()) },
	}
	cmd.Flags().StringVarP(&file, "config", "c", "upf.yaml", "configuration")
	cmd.AddCommand(newUPFDropsCommand())
	return cmd
}

func runUPF(ctx context.Context, file string, errOut io.Writer) error {
	cfg, err := config.LoadUPF(file)
	if err != nil {
		return err
	}
	if err := cfg.CheckUPFHost(); err != nil {
		return err
	}
	log := newLogger(cfg.Log, errOut)
	manager := openServiceManager(log)
	protection, err := protect(cfg, log)
	if err != nil {
		return err
	}
	if err := nextSecond(ctx); err != nil { // before N4 answers
		return errors.Join(err, protection.close())
	}
	u, err := core.NewUserPlane(cfg, core.Options{Log: log, Operations: protection.operations})
	if err != nil {
		return errors.Join(err, protection.close())
	}
	if err := protection.lock(); err != nil {
		return errors.Join(err, u.Close(), protection.close())
	}
	go protection.run(ctx)
	manager.tell("READY=1")
	return errors.Join(u.Run(ctx), u.Close(), protection.close())
}

// nextSecond waits for the next second to begin. A recovery time stamp has seconds (TS 29.244 §8.2.65), and one that was given out
// in this second by a process that has died meanwhile would hide the restart from the SMFs.
func nextSecond(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(time.Now().Truncate(time.Second).Add(time.Second))):
		return nil
	}
}

// newUPFDropsCommand is `limpid upf drops`: why packets were not forwarded.
func newUPFDropsCommand() *cobra.Command {
	var socket string
	var all bool
	cmd := &cobra.Command{
		Use:   "drops",
		Short: "Show how many packets a running UPF dropped, and why",
		Long: "Show how many packets came in and went out, and how many were dropped for each reason. Each packet that came in went\n" +
			"out, was signalling, waits in a buffer, or is counted under one reason.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var r core.DropReport
			if err := control.NewClient(socket).Call(cmd.Context(), "upf/drops", nil, &r); err != nil {
				return err
			}
			return showDrops(cmd.OutOrStdout(), r, all)
		},
	}
	socketFlag(cmd, &socket)
	cmd.Flags().BoolVar(&all, "all", false, "show reasons that never occurred too")
	return cmd
}

func showDrops(out io.Writer, r core.DropReport, all bool) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) } // Flush tells of errors
	line("uplink\t%d in\t%d out", r.UplinkIn, r.UplinkOut)
	line("downlink\t%d in\t%d out", r.DownlinkIn, r.DownlinkOut)
	line("signalling\t%d", r.Signalling)
	line("waiting\t%d", r.Buffered)
	for _, d := range r.Drops {
		if d.Packets > 0 || all {
			line("dropped: %s\t%d\t%s", d.Reason, d.Packets, d.Meaning)
		}
	}
	for _, d := range r.Passed {
		line("from XDP to user space: %s\t%d", d.Reason, d.Packets)
	}
	return w.Flush()
}
