package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/manage/backup"
	"github.com/limpid-5g/limpid/store"
)

// newBackupCommand is `limpid backup`.
func newBackupCommand() *cobra.Command {
	var db string
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Save all subscribers, also while a core runs",
		Long: "Save all subscribers with their keys, as of one moment, to a new file that only you can read. A core may run on the\n" +
			"store meanwhile. UEs and sessions are not part of it: after a restore every phone registers anew.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withStore(cmd.Context(), db, false, recordRequest{Act: "subscribers exported with their keys", Detail: args[0]}, func(st store.Store) error {
				n, err := backup.Save(cmd.Context(), st, args[0])
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d subscribers saved to %s: it holds their keys\n", n, args[0])
				return err
			})
		},
	}
	storeFlag(cmd, &db)
	return cmd
}

// newRestoreCommand is `limpid restore`.
func newRestoreCommand() *cobra.Command {
	var db string
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Bring the subscribers of a backup into a store that has none",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withStore(cmd.Context(), db, true, recordRequest{Act: "subscribers restored", Detail: args[0]}, func(st store.Store) error {
				n, err := backup.Load(cmd.Context(), args[0], st)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d subscribers restored from %s\n", n, args[0])
				return err
			})
		},
	}
	storeFlag(cmd, &db)
	return cmd
}

// storeFlag lets a command choose the store that it works on.
func storeFlag(cmd *cobra.Command, db *string) {
	cmd.Flags().StringVar(db, "db", defaultDB, "the store: a file, or a database, postgres://...")
}
