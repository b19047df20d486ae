package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/prove/lockdown"
)

func newProveLockdown() *cobra.Command {
	var file string
	var sockets []string
	cmd := &cobra.Command{
		Use:   "lockdown [--socket limpid.sock | --config limpid.yaml]",
		Short: "Try from inside each act that a running core must not be able to do",
		Long: "With --socket the running core itself tries each act and tells what the kernel said. Else this process takes the\n" +
			"lockdown of the configuration and tries. No act does harm if it is allowed.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(sockets) == 0 {
				var answer lockdownAnswer
				reached, err := lockedDown(file, &answer)
				if err != nil {
					return err
				}
				return writeTried(cmd.OutOrStdout(), "a process like the core, lockdown "+reached.String(), answer)
			}
			var errs []error
			for _, socket := range sockets { // one of each process
				var answer lockdownAnswer
				if err := control.NewClient(socket).Call(cmd.Context(), "lockdown", nil, &answer); err != nil {
					return err
				}
				errs = append(errs, writeTried(cmd.OutOrStdout(), fmt.Sprintf("the running process at %s, lockdown %s", socket, answer.Reached), answer))
			}
			return errors.Join(errs...)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "limpid.yaml", "the configuration whose lockdown to take")
	cmd.Flags().StringSliceVar(&sockets, "socket", nil, "the running core's control.socket; repeated, the sockets of all its processes")
	return cmd
}

// lockedDown takes the lockdown of a configuration and tries.
func lockedDown(file string, answer *lockdownAnswer) (lockdown.Reached, error) {
	cfg, err := loadEither(file)
	if err != nil {
		return lockdown.Reached{}, err
	}
	profile := lockdownProfile(cfg)
	reached, err := lockdown.Enter(lockdown.Auto, profile, slog.New(slog.DiscardHandler))
	if err != nil {
		return reached, err
	}
	if reached.Taken != lockdown.All && cfg.Lockdown == string(lockdown.Required) {
		return reached, fmt.Errorf("lockdown %v, and the configuration requires all", reached)
	}
	*answer = tried(lockdown.Attempts(profile))
	return reached, nil
}

func writeTried(out io.Writer, who string, answer lockdownAnswer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	allowed := 0
	for _, a := range answer.Tried {
		verdict := "refused"
		if !a.Refused {
			verdict = "ALLOWED"
			allowed++
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", verdict, a.Act, a.By, a.Said)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%d acts tried by %s, %d allowed.\n\n"+
		"It shows: what the kernel answers to these acts, from inside, now.\n"+
		"It cannot show: acts that nobody thought of; what the process can still do with what it has open (its sockets, its\n"+
		"interface, its store, the maps of the data plane); that the kernel has no hole.\n", len(answer.Tried), who, allowed)
	if err != nil {
		return err
	}
	if allowed > 0 || len(answer.Tried) == 0 {
		return errors.New("the lockdown is not proven")
	}
	return nil
}
