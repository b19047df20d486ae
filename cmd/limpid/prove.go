package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/prove/build"
)

// newProveCommand is `limpid prove`: checks that an evaluator runs who trusts nobody. Each says what it shows and what it
// cannot show, and ends with status 0 only if nothing was found wrong.
func newProveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prove",
		Short: "Prove what this core is and does",
		Long:  "Prove what this core is and does. Each proof says what it shows and what it cannot show.",
	}
	cmd.AddCommand(newProveBuild(), newProveDataplane(), newProveLockdown(), newProveEgress())
	return cmd
}

func newProveBuild() *cobra.Command {
	var source, binary, sbom, provenance, vulndb string
	cmd := &cobra.Command{
		Use:   "build [--source DIR] [--binary FILE]",
		Short: "Rebuild the release twice from its source and compare it byte for byte",
		Long: "Rebuild the release (make build) from a checkout in two folders that differ in path, user, umask, home, caches,\n" +
			"locale, time zone and dates, without the network, from the modules in the Go module cache, and compare the SHA-256\n" +
			"of what comes out: with each other, and with a binary. As root the rebuilds run as two users that own nothing and\n" +
			"in a network namespace with nothing in it. It needs the Go toolchain and make, two full builds' time, and about\n" +
			"2 GB in the temporary folder.",
		Example: "  limpid prove build --source .                      # is the limpid that runs what this checkout builds to?\n" +
			"  limpid prove build --source . --binary /mnt/limpid --sbom limpid.cdx.json --provenance limpid.intoto.json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if binary == "" {
				own, err := os.Executable()
				if err != nil {
					return fmt.Errorf("where this binary is: %w; name one with --binary", err)
				}
				binary = own
			}
			recipe := build.Release()
			cmd.PrintErrln("rebuilding twice from nothing: this takes as long as two full builds")
			result, err := build.Run(cmd.Context(), build.Options{Source: source, Recipe: recipe, Binary: binary})
			if err != nil {
				return err
			}
			if vulndb != "" {
				if err := result.Scan(cmd.Context(), source, vulndb, "./cmd/limpid"); err != nil {
					return err
				}
			}
			if err := result.Write(cmd.OutOrStdout()); err != nil {
				return err
			}
			if !result.Proven() {
				return errors.New("the build is not proven")
			}
			return writeStatements(result, recipe, sbom, provenance)
		},
	}
	f := cmd.Flags()
	f.StringVar(&source, "source", ".", "a checkout of the release's source")
	f.StringVar(&binary, "binary", "", "the binary to compare (default: this one)")
	f.StringVar(&vulndb, "vulndb", "", "look for the known vulnerabilities of this folder, a copy of the Go vulnerability database")
	f.StringVar(&sbom, "sbom", "", "write the bill of materials to this file (CycloneDX 1.5)")
	f.StringVar(&provenance, "provenance", "", "write the provenance statement to this file (in-toto, SLSA v1)")
	return cmd
}

func writeStatements(result *build.Result, recipe build.Recipe, sbom, provenance string) error {
	for _, s := range []struct {
		file string
		make func() ([]byte, error)
	}{
		{sbom, result.SBOM},
		{provenance, func() ([]byte, error) { return result.Provenance(recipe) }},
	} {
		if s.file == "" {
			continue
		}
		b, err := s.make()
		if err != nil {
			return err
		}
		if err := os.WriteFile(s.file, b, 0o644); err != nil {
			return err
		}
	}
	return nil
}
