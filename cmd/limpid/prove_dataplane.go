package main

import (
	"errors"

	"github.com/cilium/ebpf"
	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/xdp"
	"github.com/limpid-5g/limpid/prove/dataplane"
	"github.com/limpid-5g/limpid/prove/egress"
)

func newProveDataplane() *cobra.Command {
	var file string
	var builtOnly bool
	var process int
	cmd := &cobra.Command{
		Use:   "dataplane [--config limpid.yaml] [--process PID]",
		Short: "Show that no packet goes to a second place",
		Long: "Certify the eBPF programs of this binary instruction by instruction: that no packet, or octet of one, comes to a second\n" +
			"place. Then look at this kernel, in this network namespace: that what is loaded on the interfaces is what was built,\n" +
			"and who else is in the way of a packet (programs, packet sockets, firewall rules that copy). It needs root; --built-only\n" +
			"does not.",
		Example: "  limpid prove dataplane --built-only\n" +
			"  ip netns exec core limpid prove dataplane --config limpid.yaml --process $(pidof limpid)",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			result, err := proveDataplane(file, builtOnly, process)
			if err != nil {
				return err
			}
			if err := result.Write(cmd.OutOrStdout()); err != nil {
				return err
			}
			if !result.Proven() {
				return errors.New("the data plane is not proven")
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "limpid.yaml", "the configuration of the core that runs here")
	cmd.Flags().BoolVar(&builtOnly, "built-only", false, "certify the programs in this binary, and look at no kernel")
	cmd.Flags().IntVar(&process, "process", 0, "the core's process, whose control group is looked at too")
	return cmd
}

func proveDataplane(file string, builtOnly bool, process int) (*dataplane.Result, error) {
	if builtOnly {
		built, tcx, err := xdp.Programs()
		if err != nil {
			return nil, err
		}
		return dataplane.Certify(built, tcx)
	}
	cfg, err := loadEither(file)
	if err != nil {
		return nil, err
	}
	if cfg.UPF == nil {
		return nil, cfg.ErrorAt("upf", errors.New("there is no UPF in this core, so its data plane is proven where the UPF runs"))
	}
	o := dataplane.Options{Process: process}
	policies, err := policiesOf(cfg, process)
	if err != nil {
		return nil, err
	}
	for pid, policy := range policies {
		if o.Processes == nil {
			o.Processes = make(map[int][]*ebpf.CollectionSpec)
		}
		o.Processes[pid] = []*ebpf.CollectionSpec{egress.Built(policy)}
	}
	if o.Built, o.TCX, err = builtFor(core.UPFConfig(cfg), cfg.UPF.Datapath); err != nil {
		return nil, err
	}
	if cfg.UPF.Datapath == "xdp" {
		o.Interfaces = append(o.Interfaces, cfg.UPF.XDP.N3...)
		o.Interfaces = append(o.Interfaces, cfg.UPF.XDP.N6...)
	}
	return dataplane.Run(o)
}

// builtFor is what this binary loads for a configuration; where the fast path is not used, its programs as they are.
func builtFor(cfg upf.Config, path string) (forXDP, forTCX *ebpf.CollectionSpec, err error) {
	if path == "soft" {
		return xdp.Programs()
	}
	return xdp.Built(cfg)
}
