package main

import (
	"fmt"
	"net/netip"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/nf/amf"
)

// newGNBCommand is `limpid gnb`: the radios of a running core.
func newGNBCommand() *cobra.Command {
	var socket string
	cmd := &cobra.Command{Use: "gnb", Short: "See the gNBs of a running core, or reset one"}
	list := &cobra.Command{
		Use: "list", Short: "List the gNBs that are connected", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var gnbs []amf.GNBInfo
			if err := control.NewClient(socket).Call(cmd.Context(), "gnb.list", nil, &gnbs); err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			_, _ = fmt.Fprintln(w, "ID\tNAME\tADDRESS\tUES\tAREAS")
			for _, g := range gnbs {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", g.ID, g.Name, g.Address, g.UEs, g.Areas)
			}
			return w.Flush()
		},
	}
	reset := &cobra.Command{
		Use: "reset NAME", Short: "Give up every UE of a gNB on both sides (TS 38.413 §8.7.4)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return control.NewClient(socket).Call(cmd.Context(), "gnb.reset", core.GNBOrder{Name: args[0]}, nil)
		},
	}
	for _, c := range []*cobra.Command{list, reset} {
		socketFlag(c, &socket)
		cmd.AddCommand(c)
	}
	return cmd
}

// newAMFCommand is `limpid amf`: the AMF's place among others.
func newAMFCommand() *cobra.Command {
	var socket string
	cmd := &cobra.Command{Use: "amf", Short: "Change the weight of the AMF, or take it out of service"}
	capacity := &cobra.Command{
		Use: "capacity 0-255", Short: "Change the weight with which gNBs choose this AMF (TS 23.501 §5.19.3)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.ParseUint(args[0], 10, 8)
			if err != nil {
				return fmt.Errorf("capacity %q: want 0 to 255", args[0])
			}
			return control.NewClient(socket).Call(cmd.Context(), "amf.capacity", core.AMFOrder{Capacity: uint8(n)}, nil)
		},
	}
	var backup string
	drain := &cobra.Command{
		Use: "drain", Short: "Have gNBs choose other AMFs from now on (TS 23.501 §5.21.2.2.1)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return control.NewClient(socket).Call(cmd.Context(), "amf.drain", core.AMFOrder{Backup: backup}, nil)
		},
	}
	drain.Flags().StringVar(&backup, "backup", "", "AMF name of the AMF that takes the UEs over; connected UEs go there with what they say next")
	for _, c := range append(newAddressCommands(&socket), capacity, drain) {
		socketFlag(c, &socket)
		cmd.AddCommand(c)
	}
	return cmd
}

// newUECommand is `limpid ue`: orders about one connected UE. Where it is and what it says are sensitive: the core logs
// who asked.
func newUECommand() *cobra.Command {
	var socket, by, collector string
	var off bool
	cmd := &cobra.Command{Use: "ue", Short: "Locate, trace, authenticate, configure or deregister a UE (recorded as a sensitive act)"}
	call := func(cmd *cobra.Command, name, supi string, o core.UEOrder, out any) error {
		var err error
		if o.SUPI, err = ident.ParseSUPI(supi); err != nil {
			return err
		}
		o.By, o.On = by, !off
		return control.NewClient(socket).Call(cmd.Context(), name, o, out)
	}
	locate := &cobra.Command{
		Use: "locate IMSI", Short: "Ask the gNB in which cell a UE is (TS 38.413 §8.12)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var l amf.Location
			if err := call(cmd, "ue.locate", args[0], core.UEOrder{}, &l); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "tracking area %v, cell %s\n", l.TAI, l.Cell)
			return err
		},
	}
	follow := &cobra.Command{
		Use: "follow IMSI", Short: "Have each change of a UE's cell reported in the log", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return call(cmd, "ue.follow", args[0], core.UEOrder{}, nil)
		},
	}
	trace := &cobra.Command{
		Use: "trace IMSI", Short: "Have the gNB trace a UE (TS 38.413 §8.11)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var o core.UEOrder
			if !off {
				var err error
				if o.Collector, err = netip.ParseAddr(collector); err != nil {
					return fmt.Errorf("--collector: %w", err)
				}
			}
			return call(cmd, "ue.trace", args[0], o, nil)
		},
	}
	trace.Flags().StringVar(&collector, "collector", "", "IPv4 address that takes the records")
	addAccessOrders(cmd, &socket, &by)
	for _, c := range []*cobra.Command{locate, follow, trace} {
		socketFlag(c, &socket)
		c.Flags().StringVar(&by, "by", "", "who asks, for the record")
		if c != locate {
			c.Flags().BoolVar(&off, "off", false, "end it")
		}
		cmd.AddCommand(c)
	}
	return cmd
}

// addAccessOrders are the orders about a UE's registration and keys.
func addAccessOrders(parent *cobra.Command, socket, by *string) {
	var again bool
	call := func(cmd *cobra.Command, name, imsi string) error {
		supi, err := ident.ParseSUPI(imsi)
		if err != nil {
			return err
		}
		return control.NewClient(*socket).Call(cmd.Context(), name, core.UEOrder{SUPI: supi, By: *by, On: again}, nil)
	}
	authenticate := &cobra.Command{
		Use: "authenticate IMSI", Short: "Have a connected UE prove anew who it is, and make new keys", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return call(cmd, "ue.authenticate", args[0])
		},
	}
	deregister := &cobra.Command{
		Use: "deregister IMSI", Short: "End the registration of a UE (TS 23.502 §4.2.2.3.3)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return call(cmd, "ue.deregister", args[0])
		},
	}
	deregister.Flags().BoolVar(&again, "reregister", false, "the UE comes back at once")
	configure := &cobra.Command{
		Use: "configure IMSI", Short: "Give a connected UE a new 5G-GUTI and its configuration anew (TS 24.501 §5.4.4)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return call(cmd, "ue.configure", args[0])
		},
	}
	configure.Flags().BoolVar(&again, "reregister", false, "the UE registers again")
	await := &cobra.Command{
		Use: "await-reachable IMSI", Short: "Wait until a UE shows itself; at once if it is connected (TS 23.502 §4.2.5.2)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return call(cmd, "ue.await-reachable", args[0])
		},
	}
	for _, c := range []*cobra.Command{authenticate, deregister, configure, await} {
		socketFlag(c, socket)
		c.Flags().StringVar(by, "by", "", "who asks, for the record")
		parent.AddCommand(c)
	}
}
