package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/manage/control"
)

const defaultSocket = "limpid.sock"

// socketFlag lets a command choose the core that it speaks to.
func socketFlag(cmd *cobra.Command, socket *string) {
	cmd.Flags().StringVar(socket, "socket", defaultSocket, "the running core's control.socket")
}

// newAuditCommand is `limpid audit`: the invariants of a running core.
func newAuditCommand() *cobra.Command {
	var socket string
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Check that a running core holds no state that should not be",
		Long: "Check a running core: what its network functions hold must agree, and no procedure may have left anything behind.\n" +
			"Ends with status 0 only if nothing was found.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var report core.AuditReport
			if err := control.NewClient(socket).Call(cmd.Context(), "audit", nil, &report); err != nil {
				return err
			}
			for _, f := range report.Found {
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), f); err != nil {
					return err
				}
			}
			if n := len(report.Found); n > 0 {
				return fmt.Errorf("%d found", n)
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "nothing found")
			return err
		},
	}
	socketFlag(cmd, &socket)
	return cmd
}
