package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ident"
)

func newConfigCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Write or check a configuration"}
	cmd.AddCommand(newConfigInit(), newConfigCheck())
	return cmd
}

// boxFlags are the flags of `limpid config init`, as text.
type boxFlags struct {
	output, name, plmn, slice, dnn, n2, n3, pool, store, sctp string
	tac                                                       uint32
	dns                                                       []string
}

func newConfigInit() *cobra.Command {
	var f boxFlags
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a commented configuration for one machine, with fresh home network keys",
		Example: "  limpid config init --plmn 00101 --tac 1 --n2 192.0.2.10 --n3 192.0.2.10\n" +
			"  limpid core --config limpid.yaml",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return configInit(cmd, f) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.output, "output", "o", "limpid.yaml", "file to write; one that exists is never overwritten")
	flags.StringVar(&f.name, "name", "limpid", "name of the core")
	flags.StringVar(&f.plmn, "plmn", "00101", "PLMN: MCC and MNC")
	flags.Uint32Var(&f.tac, "tac", 1, "tracking area code")
	flags.StringVar(&f.slice, "slice", "1", "slice: SST or SST-SD, such as 1-010203")
	flags.StringVar(&f.dnn, "dnn", "internet", "data network name")
	flags.StringVar(&f.n2, "n2", "127.0.0.1", "address at which gNBs reach the AMF")
	flags.StringVar(&f.n3, "n3", "", "address to which gNBs send user traffic (default that of --n2)")
	flags.StringVar(&f.pool, "pool", "10.45.0.0/16", "addresses of phones")
	flags.StringSliceVar(&f.dns, "dns", nil, "DNS servers told to phones; may be repeated")
	flags.StringVar(&f.store, "store", "limpid.db", "SQLite file of the subscribers")
	flags.StringVar(&f.sctp, "sctp", "auto", "SCTP on N2: auto, kernel, raw, udp")
	return cmd
}

func configInit(cmd *cobra.Command, f boxFlags) error {
	box, err := f.box()
	if err != nil {
		return err
	}
	text, keys, err := config.Generate(box)
	if err != nil {
		return err
	}
	// The file holds private keys: nobody else may read it.
	file, err := os.OpenFile(f.output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already and is not overwritten; name another file with --output", f.output)
	}
	if err != nil {
		return err
	}
	if _, err := file.Write(text); err != nil {
		return errors.Join(err, file.Close(), os.Remove(f.output))
	}
	if err := file.Close(); err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s written. Home network public keys for SIMs:\n", f.output)
	for _, k := range keys {
		fmt.Fprintf(out, "  profile %s, key identifier %d: %s\n", k.Profile, k.ID, k.Key)
	}
	return nil
}

// box reads the flags; every one that is wrong is told.
func (f *boxFlags) box() (config.Box, error) {
	b := config.Box{Name: f.name, TAC: ident.TAC(f.tac), Store: f.store, SCTP: f.sctp}
	var errs []error
	read := func(flag string, parse func() error) {
		if err := parse(); err != nil {
			errs = append(errs, fmt.Errorf("--%s: %w", flag, err))
		}
	}
	if f.n3 == "" {
		f.n3 = f.n2
	}
	read("plmn", func() (err error) { b.PLMN, err = ident.ParsePLMN(f.plmn); return err })
	read("slice", func() (err error) { b.Slice, err = ident.ParseSNSSAI(f.slice); return err })
	read("dnn", func() (err error) { b.DNN, err = ident.ParseDNN(f.dnn); return err })
	read("n2", func() (err error) { b.N2, err = netip.ParseAddr(f.n2); return err })
	read("n3", func() (err error) { b.N3, err = netip.ParseAddr(f.n3); return err })
	read("pool", func() (err error) { b.Pool, err = netip.ParsePrefix(f.pool); return err })
	for _, s := range f.dns {
		read("dns", func() error {
			a, err := netip.ParseAddr(s)
			b.DNS = append(b.DNS, a)
			return err
		})
	}
	return b, errors.Join(errs...)
}

func newConfigCheck() *cobra.Command {
	var host bool
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Tell every error of a configuration, each with its line",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(args[0])
			if err == nil {
				err = core.Check(cfg)
			}
			if err == nil && host {
				err = cfg.CheckHost()
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: ok\n", args[0])
			return err
		},
	}
	cmd.Flags().BoolVar(&host, "host", false, "also tell which addresses this machine does not have")
	return cmd
}
