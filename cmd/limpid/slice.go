package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/manage/control"
)

// newSliceCommand is `limpid slice`: the slices of a running core.
func newSliceCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "slice", Short: "See how full the slices of a running core are"}
	cmd.AddCommand(newSliceListCommand())
	return cmd
}

func newSliceListCommand() *cobra.Command {
	var socket string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the slices that have a bound (nsacf.slices), with their UEs and PDU sessions (TS 23.501 §5.15.11)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := []core.SliceUse{}
			if err := control.NewClient(socket).Call(cmd.Context(), "slice.list", struct{}{}, &list); err != nil {
				return err
			}
			if asJSON {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(list)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			_, _ = fmt.Fprintln(w, "SLICE\tUES\tREFUSED\tSESSIONS\tREFUSED\tEARLY CHECK")
			for _, u := range list {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%d\t%v\n", u.Slice, used(u.UEs, u.MaximumUEs), u.RefusedUEs, used(u.Sessions, u.MaximumSessions), u.RefusedSessions, u.EarlyCheck)
			}
			return w.Flush()
		},
	}
	socketFlag(cmd, &socket)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// used is "3/10", or "-" where nothing is bounded and so nothing counted.
func used(n, most int) string {
	if most == 0 {
		return "-"
	}
	return fmt.Sprintf("%d/%d", n, most)
}
