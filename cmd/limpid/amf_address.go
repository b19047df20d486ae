package main

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// newAddressCommands are the parts of `limpid amf` about the addresses at which gNBs reach it, TS 38.413 §8.7.3.
func newAddressCommands(socket *string) []*cobra.Command {
	call := func(cmd *cobra.Command, operation string, args []string) error {
		at, err := n2Address(args[0])
		if err != nil {
			return err
		}
		o := core.AddressOrder{Address: at}
		if len(args) > 1 {
			n, err := strconv.ParseUint(args[1], 10, 8)
			if err != nil {
				return fmt.Errorf("weight %q: want 0 to 255", args[1])
			}
			o.Weight = uint8(n)
		}
		return control.NewClient(*socket).Call(cmd.Context(), operation, o, nil)
	}
	return []*cobra.Command{
		{Use: "weight ADDRESS 0-255", Short: "Change how large a share of UEs begins at one of the AMF's addresses", Args: cobra.ExactArgs(2),
			RunE: func(cmd *cobra.Command, args []string) error { return call(cmd, "amf.weight", args) }},
		{Use: "add-address ADDRESS", Short: "Take an address of the config into use again", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return call(cmd, "amf.address-add", args) }},
		{Use: "remove-address ADDRESS", Short: "Have gNBs end their associations with an address of the AMF", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return call(cmd, "amf.address-remove", args) }},
	}
}

// n2Address reads an address of N2, with or without the port.
func n2Address(text string) (netip.AddrPort, error) {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at, nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("address %q: want one like 192.0.2.1 or 192.0.2.1:%d", text, sctp.PortNGAP)
	}
	return netip.AddrPortFrom(addr, sctp.PortNGAP), nil
}
