package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/cmd/limpid/internal/demo"
	"github.com/limpid-5g/limpid/wire/sctp"
)

func newDemoCommand() *cobra.Command {
	var o demo.Options
	var binding string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show a core, a gNB and UEs at work on this machine",
		Long: "Make three network namespaces (radio network, core, data network), run a core, a gNB and UEs in them, have each\n" +
			"UE register, get an address, ping and fetch a page, show one call as it happens, record every packet, and remove\n" +
			"everything again. It needs root. The exit status is 0 only if every UE got through.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch o.SCTP = sctp.Binding(binding); o.SCTP {
			case sctp.BindingKernel, sctp.BindingRaw, sctp.BindingUDP:
			case "auto":
				o.SCTP = ""
			default:
				return fmt.Errorf("--sctp=%s: want auto, kernel, raw or udp", binding)
			}
			o.Out = cmd.OutOrStdout()
			return demo.Run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.UEs, "ues", 10, "how many UEs")
	f.StringVar(&o.Pcap, "pcap", "demo.pcapng", "file for the packets of N2, N3, N4 and N6")
	f.StringVar(&binding, "sctp", "auto", "what carries SCTP on N2: kernel, raw (IP protocol 132), udp (RFC 6951), or the first of them that works")
	f.IntVar(&o.WrongKey, "wrong-key", 0, "give the SIM of this UE another key than the core has, to see what then happens")
	f.BoolVar(&o.Keep, "keep", false, "leave everything running until Ctrl-C")
	cmd.AddCommand(newDemoRANCommand())
	return cmd
}

// newDemoRANCommand is the radio network of a demo, which starts it as a process of its own.
func newDemoRANCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "ran",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			return demo.RAN(cmd.Context(), io.Reader(cmd.InOrStdin()), cmd.OutOrStdout(), log)
		},
	}
}
