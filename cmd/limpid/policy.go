package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/nf/pcf"
)

func newPolicyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Change the policies of a running core"}
	cmd.AddCommand(newPolicyApplyCommand())
	return cmd
}

// newPolicyApplyCommand is `limpid policy apply FILE`.
func newPolicyApplyCommand() *cobra.Command {
	var socket string
	cmd := &cobra.Command{
		Use:   "apply FILE",
		Short: "Apply the policies of a configuration to a running core",
		Long: "Apply the part pcf of a configuration file to a running core: sessions that it concerns are modified or released\n" +
			"at once. Nothing else of the file is looked at but for errors; where there is one nothing changes. The core reads\n" +
			"its own file again at the next start, so write the same there.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			var done pcf.Change
			if err := control.NewClient(socket).Call(cmd.Context(), "policy/apply", core.PolicyRequest{Name: args[0], Config: text}, &done); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d sessions changed, %d released, %d UEs changed, %d not reached\n", done.Sessions, done.Terminated, done.UEs, done.Failed)
			return err
		},
	}
	socketFlag(cmd, &socket)
	return cmd
}
