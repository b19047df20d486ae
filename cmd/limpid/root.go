package main

import (
	"github.com/spf13/cobra"
)

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "limpid",
		Short:         "A 5G core that anyone can read, change and run",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newCoreCommand(), newUPFCommand(), newConfigCommand(), newSubscriberCommand(), newBackupCommand(), newRestoreCommand(), newAuditCommand(), newPolicyCommand(), newGNBCommand(), newNodeCommand(), newAMFCommand(), newUECommand(), newSessionCommand(), newSliceCommand(), newRANCommand(), newFlowsCommand(), newDemoCommand(), newProveCommand(), newLedgerCommand(), newProcessCommand(), newVersionCommand())
	return root
}
