package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/manage/control"
)

// newNodeCommand is `limpid node`: the nodes that share a database.
func newNodeCommand() *cobra.Command {
	var socket string
	cmd := &cobra.Command{Use: "node", Short: "See the nodes of an AMF set, or take one out of service"}
	list := &cobra.Command{
		Use: "list", Short: "List the nodes over the store of a running core, and what each serves", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var nodes []core.NodeInfo
			if err := control.NewClient(socket).Call(cmd.Context(), "node.list", nil, &nodes); err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			_, _ = fmt.Fprintln(w, "NODE\tSTATE\tSTARTED\tUES\tSESSIONS\t")
			for _, n := range nodes {
				here := ""
				if n.Here {
					here = "this one"
				}
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\n", n.Name, n.State, n.Started.Format(time.RFC3339), n.UEs, n.Sessions, here)
			}
			return w.Flush()
		},
	}
	drain := &cobra.Command{
		Use: "drain [BACKUP]", Args: cobra.MaximumNArgs(1),
		Short: "Let a node serve no new UE and hand its UEs to another AMF of the set (TS 23.501 §5.21.2.2.1)",
		Long: "gNBs choose the node for no new UE and are told that its GUAMI is served by the AMF named BACKUP; connected UEs are\n" +
			"released towards it, idle ones are taken over by the other nodes. Their contexts are in the database, so none\n" +
			"authenticates again. When `limpid node list` shows no UE of the node it can be stopped and upgraded.",
		RunE: func(cmd *cobra.Command, args []string) error {
			var o core.AMFOrder
			if len(args) > 0 {
				o.Backup = args[0]
			}
			return control.NewClient(socket).Call(cmd.Context(), "amf.drain", o, nil)
		},
	}
	for _, c := range []*cobra.Command{list, drain} {
		socketFlag(c, &socket)
		cmd.AddCommand(c)
	}
	return cmd
}
