package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/core/config"
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
	cmd.Flags().StringVar(&socket, "socket", "", "the running core's socket (default: as the configuration names it), to announce the trial and to ask what was refused so far")
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
	core := control.NewClient(cmp.Or(socket, socketOf(cfg)))
	announce := func(pid int) {
		if err := core.Call(cmd.Context(), "egress/trial", trialRequest{pid}, nil); err != nil {
			fmt.Fprintf(out, "unsaid    the core was not told of this trial, so its log has it as if somebody else did it: %v\n", err)
		}
	}
	var wrong []string
	var tried []egress.Outcome
	for _, pid := range slices.Sorted(maps.Keys(policies)) {
		if len(policies) > 1 {
			fmt.Fprintf(out, "process %d\n", pid)
		}
		outcomes, differs, err := lookAtEgress(out, policies[pid], pid, announce)
		if err != nil {
			return err
		}
		tried, wrong = append(tried, outcomes...), append(wrong, differs...)
	}
	if err := writeEgress(out, tried, wrong); err != nil {
		return err
	}
	var answer egressAnswer
	if err := core.Call(cmd.Context(), "egress", nil, &answer); err != nil {
		if socket == "" {
			return nil // it was said above
		}
		return err
	}
	fmt.Fprintf(out, "\nThe core counted %d refusals since it started, of which its log has %d as trials such as this one. The others:\n", answer.Counts.Total(), answer.Trials)
	for _, r := range answer.Refusals {
		fmt.Fprintf(out, "- %s\n", r)
	}
	return nil
}

// socketOf is where a running core says what was refused.
func socketOf(cfg *config.Config) string {
	if cfg.Processes.Separate {
		return cfg.SocketOf(processLoader)
	}
	return cfg.Control.Socket
}

// lookAtEgress looks at the control group of a process, and tries from inside it to reach strangers.
func lookAtEgress(out io.Writer, policy egress.Policy, process int, announce func(pid int)) (tried []egress.Outcome, wrong []string, err error) {
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
		tried, err = egress.Try(group, []string{own, "prove", "egress", "strangers"}, announce)
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
