package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ledger"
	"github.com/limpid-5g/limpid/manage/control"
)

// newLedgerCommand is `limpid ledger`: it reads the folder of a ledger, also while a core adds to it.
func newLedgerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ledger",
		Short: "Show and verify the record of sensitive acts",
		Long: "Show and verify the record of sensitive acts: what operators had a core do to phones and to itself, subscribers read and\n" +
			"changed with the commands of limpid, starts and restarts. Keep a checkpoint elsewhere: with it nobody can change the\n" +
			"record unnoticed, not even who has the ledger's key.",
	}
	cmd.AddCommand(newLedgerVerify(), newLedgerShow())
	return cmd
}

func newLedgerVerify() *cobra.Command {
	var key, save string
	var since []string
	cmd := &cobra.Command{
		Use:   "verify FOLDER [--since CHECKPOINT] [--key KEY]",
		Short: "Check that no record was changed, taken out or put in",
		Example: "  limpid ledger verify /var/lib/limpid/ledger --save monday.checkpoint\n" +
			"  limpid ledger verify /var/lib/limpid/ledger --since monday.checkpoint   # a week later",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var kept [][]byte
			for _, file := range since {
				b, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				kept = append(kept, b)
			}
			v, err := ledger.Verify(args[0], key, kept, func(ledger.Record) error { return nil })
			if err != nil {
				return fmt.Errorf("the ledger is not proven: %w", err)
			}
			if save != "" {
				if err := os.WriteFile(save, v.Signed, 0o644); err != nil {
					return err
				}
			}
			return writeVerified(cmd.OutOrStdout(), v)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&since, "since", nil, "an earlier checkpoint that was kept; may be repeated")
	f.StringVar(&key, "key", "", "the key that verifies, as it was kept (default: the folder's own)")
	f.StringVar(&save, "save", "", "write the checkpoint to this file, to be kept elsewhere")
	return cmd
}

func writeVerified(out io.Writer, v ledger.Verified) error {
	_, err := fmt.Fprintf(out, "%s: %d records, root %v, signed by %s\n", v.Checkpoint.Origin, v.Checkpoint.Size, v.Checkpoint.Root, v.Key)
	for _, n := range v.Since {
		_, e := fmt.Fprintf(out, "the first %d records are those of a checkpoint that was kept\n", n)
		err = errors.Join(err, e)
	}
	if v.Unsigned > 0 {
		_, e := fmt.Fprintf(out, "%d records behind the checkpoint are not signed yet\n", v.Unsigned)
		err = errors.Join(err, e)
	}
	_, e := fmt.Fprint(out, "\nIt shows: every record up to the checkpoint is there as the ledger took it, and with --since, that none was changed since then.\n"+
		"It cannot show: acts that were not told to the ledger (whoever is root can read the store with another program); without a\n"+
		"checkpoint that was kept elsewhere, that the whole was not written anew by who has the ledger's key.\n")
	return errors.Join(err, e)
}

func newLedgerShow() *cobra.Command {
	var act string
	cmd := &cobra.Command{
		Use:   "show FOLDER",
		Short: "Show the records, once they are verified",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			_, err := ledger.Verify(args[0], "", nil, func(r ledger.Record) error {
				if act != "" && !strings.Contains(r.Act, act) {
					return nil
				}
				_, err := fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", r.Index, r.Time.Format(time.RFC3339), r.From, r.Act, r.By, r.Detail)
				return err
			})
			return errors.Join(err, w.Flush())
		},
	}
	cmd.Flags().StringVar(&act, "act", "", "only acts whose name contains this")
	return cmd
}

// isLedgerFile tells the names of a ledger's files.
func isLedgerFile(name string) bool { return ledger.IsFile(name) }

// openLedger opens the ledger of a configuration.
func openLedger(folder, core string) (*ledger.Ledger, error) {
	return ledger.Open(folder, "limpid/"+strings.NewReplacer(" ", "-", "+", "-").Replace(core), time.Now)
}

// ownLedger is the ledger of a core in one process; it may be none.
type ownLedger struct {
	ledger   *ledger.Ledger
	listener net.Listener
	log      *slog.Logger
}

// openOwnLedger opens the ledger in the process of the core: what that process is, the ledger cannot be kept from.
func openOwnLedger(cfg *config.Config, log *slog.Logger) (*ownLedger, error) {
	o := &ownLedger{log: log}
	if cfg.Ledger.Folder == "" {
		return o, nil
	}
	var err error
	if o.ledger, err = openLedger(cfg.Ledger.Folder, cfg.Name); err != nil {
		return nil, cfg.ErrorAt("ledger.folder", err)
	}
	if o.listener, err = control.Listen(cfg.SocketOf(processLedger)); err != nil {
		return nil, errors.Join(cfg.ErrorAt("control.socket", err), o.ledger.Close())
	}
	_, err = o.ledger.Append(ledger.Record{From: "core", Act: "core starts", Detail: "limpid " + version() + ", in one process"})
	if err != nil {
		return nil, errors.Join(err, o.close())
	}
	return o, nil
}

// operation takes an operator's act down.
func (o *ownLedger) operation(ctx context.Context, act string, request any) error {
	if o.ledger == nil {
		return nil
	}
	r := requestOf(ctx, act, request)
	_, err := o.ledger.Append(ledger.Record{From: "core", Act: r.Act, By: r.By, Detail: r.Detail})
	return err
}

// serve takes down what commands do to the store, until ctx ends.
func (o *ownLedger) serve(ctx context.Context) {
	if o.ledger == nil {
		return
	}
	if err := serveLedger(ctx, o.listener, o.ledger, func(c control.Caller) string { return map[bool]string{true: "command"}[int(c.UID) == os.Geteuid()] }, func(*control.Server) {}, o.log); err != nil {
		o.log.Error("the ledger's socket", "error", err)
	}
}

func (o *ownLedger) close() error {
	if o.ledger == nil {
		return nil
	}
	_, err := o.ledger.Append(ledger.Record{From: "core", Act: "core ends"})
	return errors.Join(err, o.ledger.Close(), o.listener.Close())
}

// ledgerOf is the socket of the ledger that belongs to a store, "" if there is none: it lies beside the store, or beside its folder.
func ledgerOf(db string) string {
	name := strings.TrimSuffix(filepath.Base(db), filepath.Ext(db)) + "-" + processLedger + ".sock"
	for _, dir := range []string{filepath.Dir(db), filepath.Dir(filepath.Dir(db))} {
		if info, err := os.Lstat(filepath.Join(dir, name)); err == nil && info.Mode().Type() == os.ModeSocket {
			return filepath.Join(dir, name)
		}
	}
	return ""
}
