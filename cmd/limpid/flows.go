package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/flows"
)

// newFlowsCommand is `limpid flows`: the acceptance call flows that are part of this binary.
func newFlowsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "flows",
		Short: "The acceptance call flows: what the core is held against",
	}
	cmd.AddCommand(newFlowsListCommand(), newFlowsShowCommand())
	return cmd
}

func newFlowsListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list [WORD...]",
		Short: "Name every flow with its clause and title, or those that contain all the words",
		Long: `Name every flow with its clause and title, or those that contain all the words. ANY CORE tells whether limpid ran run can
play it against a core of others: no, where the script reaches into the core by the commands named; with --data-network,
where packets come to phones from behind the core. What the core has to be configured with is in limpid flows show FLOW.`,
		RunE: func(cmd *cobra.Command, words []string) error {
			return listFlows(cmd.OutOrStdout(), words, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func newFlowsShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show FLOW",
		Short: "Print a flow: its configuration, subscribers, script and ladder of messages",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := findFlow(args[0])
			if err != nil {
				return err
			}
			return f.Write(cmd.OutOrStdout())
		},
	}
}

func listFlows(out io.Writer, words []string, asJSON bool) error {
	all, err := flows.All()
	if err != nil {
		return err
	}
	type line struct {
		Name    string   `json:"name"`
		Clauses []string `json:"clauses"`
		Failure bool     `json:"failure"`
		Title   string   `json:"title"`
		// What stands against playing it with limpid ran run against a core of others.
		Inside           []string `json:"inside,omitempty"` // commands that only who runs the core can give
		DataNetwork      bool     `json:"data_network"`     // somebody has to send packets to UEs: --data-network
		OwnConfiguration bool     `json:"own_configuration"`
	}
	anyCore := func(l *line) string {
		switch {
		case len(l.Inside) > 0:
			return "no: " + strings.Join(l.Inside, ", ")
		case l.DataNetwork:
			return "with --data-network"
		}
		return "yes"
	}
	list := []line{}
	for i := range all {
		f := &all[i]
		text := strings.ToLower(f.Name + " " + f.Clause + " " + f.Title)
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, strings.ToLower(w)) }) {
			list = append(list, line{f.Name, f.Clauses(), f.Failure(), f.Title, f.Inside(), f.NeedsDataNetwork(), f.OwnConfiguration()})
		}
	}
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(list)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FLOW\tANY CORE\tCLAUSE\tTITLE")
	for i := range list {
		l := &list[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", l.Name, anyCore(l), l.Clauses[0], l.Title)
	}
	return w.Flush()
}

// findFlow returns the flow of a name. The error says which names are near it.
func findFlow(name string) (*flows.Flow, error) {
	all, err := flows.All()
	if err != nil {
		return nil, err
	}
	var near []string
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
		if strings.Contains(all[i].Name, name) {
			near = append(near, all[i].Name)
		}
	}
	if len(near) > 0 {
		return nil, fmt.Errorf("no flow %q; did you mean %s?", name, strings.Join(near, ", "))
	}
	return nil, fmt.Errorf("no flow %q; limpid flows list names them all", name)
}
