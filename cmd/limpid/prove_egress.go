package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/prove/cgroup"
	"github.com/limpid-5g/limpid/prove/egress"
)

func newProveEgress() *cobra.Command {
	var file, socket string
	var process int
	cmd := &cobra.Command{
		Use:   "egress --process PID [--config limpid.yaml] [--socket limpid.sock]",
		Short: "Show that a running core reaches only the peers that its configuration names",
		Long: "Look at the control group of the running core: that the kernel's programs on it are the built ones and hold the\n" +
			"configuration's peers, and no other. Then a process of its own enters that group and tries to reach addresses that\n" +
			"nobody has (RFC 5737, RFC 3849) over TCP, UDP, DNS, SCTP, ICMP and raw IP. Run it as root, in the core's network namespace.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return proveEgress(cmd, file, socket, process)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "limpid.yaml", "the configuration of the core")
	cmd.Flags().IntVar(&process, "process", 0, "the running core's process, or its loader where the core is divided")
	cmd.Flags().StringVar(&socket, "socket", "", "the running core's control.socket, to ask what was refused so far")
	_ = cmd.MarkFlagRequired("process")
	cmd.AddCommand(&cobra.Command{Use: "strangers", Hidden: true, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		for _, o := range egress.Acts() {
			if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\t%v\t%s\n", o.Act, o.Refused, o.Said); err != nil {
				return err
			}
		}
		return nil
	}})
	return cmd
}

func proveEgress(cmd *cobra.Command, file, socket string, process int) error {
	cfg, err := loadEither(file)
	if err != nil {
		return err
	}
	cfg.Egress.Mode = "required" // what is off is not proven
	policies, err := policiesOf(cfg, process)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	var wrong []string
	var tried []egress.Outcome
	for _, pid := range slices.Sorted(maps.Keys(policies)) {
		if len(policies) > 1 {
			fmt.Fprintf(out, "process %d\n", pid)
		}
		outcomes, differs, err := lookAtEgress(out, policies[pid], pid)
		if err != nil {
			return err
		}
		tried, wrong = append(tried, outcomes...), append(wrong, differs...)
	}
	if err := writeEgress(out, tried, wrong); err != nil {
		return err
	}
	if socket == "" {
		return nil
	}
	var answer egressAnswer
	if err := control.NewClient(socket).Call(cmd.Context(), "egress", nil, &answer); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nThe core counted %d refusals since it started:\n", answer.Counts.Total())
	for _, r := range answer.Refusals {
		fmt.Fprintf(out, "- %s\n", r)
	}
	return nil
}

// lookAtEgress looks at the control group of a process, and tries from inside it to reach strangers.
func lookAtEgress(out io.Writer, policy egress.Policy, process int) (tried []egress.Outcome, wrong []string, err error) {
	own, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	var seen []string
	err = cgroup.Of(process, func(root, path string) (err error) {
		group := filepath.Join(root, path)
		if seen, wrong, err = egress.Inspect(policy, group); err != nil {
			return err
		}
		tried, err = egress.Try(group, []string{own, "prove", "egress", "strangers"})
		return err
	})
	for _, r := range policy.Rules {
		fmt.Fprintf(out, "declared  %v\n", r)
	}
	for _, s := range seen {
		fmt.Fprintf(out, "at work   %s\n", s)
	}
	return tried, wrong, err
}

func writeEgress(out io.Writer, tried []egress.Outcome, wrong []string) error {
	for _, o := range tried {
		verdict := "refused"
		if o.NoRoute() {
			verdict = "no route"
		} else if !o.Refused {
			verdict = "LET OUT"
			wrong = append(wrong, o.Act+" to a stranger was let through: "+o.Said)
		}
		fmt.Fprintf(out, "%-9s %s: %s\n", verdict, o.Act, o.Said)
	}
	for _, w := range wrong {
		fmt.Fprintf(out, "FOUND     %s\n", w)
	}
	fmt.Fprint(out, "\nIt shows: the kernel's programs on the core's control group are the built ones, hold these peers and no other, and refuse a\n"+
		"process in that group every other destination, after every rule of the host's firewall.\n"+
		"It cannot show: what a declared peer passes on; packets that no socket of the core sends (user traffic on N6, and what the\n"+
		"XDP programs send: see prove dataplane); packet sockets, which the lockdown refuses: see prove lockdown.\n")
	if len(wrong) > 0 || len(tried) == 0 {
		return errors.New("egress is not proven")
	}
	return nil
}
