package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/manage/control"
	"github.com/limpid-5g/limpid/manage/subscriber"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/engine"
)

const defaultDB = "limpid.db"

// newSubscriberCommand is `limpid subscriber`: it works on the store's file, also while a core runs on it.
func newSubscriberCommand() *cobra.Command {
	var db string
	cmd := &cobra.Command{
		Use:   "subscriber",
		Short: "Add, list, show, import and remove subscribers",
		Long: "Add, list, show, import and remove subscribers in the store. A running core sees each change at once.\n" +
			"Keys are never printed unless --reveal-keys asks for it.",
	}
	cmd.PersistentFlags().StringVar(&db, "db", defaultDB, "the store: a file, or a database, postgres://...")
	cmd.AddCommand(newSubscriberAdd(&db), newSubscriberSet(&db), newSubscriberList(&db), newSubscriberShow(&db),
		newSubscriberImport(&db), newSubscriberRemove(&db))
	return cmd
}

func newSubscriberAdd(db *string) *cobra.Command {
	var in subscriber.Input
	var replace bool
	cmd := &cobra.Command{
		Use:     "add --imsi IMSI --key K --opc OPC",
		Short:   "Add a subscriber, or change one with --replace",
		Example: "  limpid subscriber add --imsi 001010000000001 --key 465B5CE8B199B49FAA5F0A2EE238A6BC --opc E8ED289DEBA952E4283B54E88E6183CA",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd.Context(), *db, !replace, recordRequest{Act: "subscriber added or replaced", Detail: in.IMSI}, func(st store.Store) error {
				change, done := subscriber.Add, "added"
				if replace {
					change, done = subscriber.Replace, "replaced"
				}
				if err := change(cmd.Context(), st, in); err != nil {
					return err
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "subscriber %s %s\n", in.IMSI, done)
				return err
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&in.IMSI, "imsi", "", "IMSI, 6 to 15 digits")
	f.StringVar(&in.Key, "key", "", "K, 32 hexadecimal digits (tuak: also 64)")
	f.StringVar(&in.OPc, "opc", "", "OPc, 32 hexadecimal digits (tuak: TOPc, 64)")
	f.StringVar(&in.OP, "op", "", "OP (tuak: TOP), from which OPc is made")
	f.StringVar(&in.Algorithm, "algorithm", "milenage", "milenage or tuak")
	f.StringVar(&in.Method, "method", "", "authentication: 5g-aka or eap-aka-prime (default 5g-aka)")
	f.StringVar(&in.AMF, "amf", "8000", "authentication management field, 4 hexadecimal digits")
	f.StringVar(&in.SQN, "sqn", "", "last sequence number used, hexadecimal (default 0)")
	f.StringSliceVar(&in.Slices, "slice", nil, "S-NSSAI such as 1 or 1-010203; may be repeated (default 1)")
	f.StringSliceVar(&in.DNNs, "dnn", nil, "data network on each slice, the first is the default one; may be repeated (default internet)")
	f.StringVar(&in.AMBRUp, "ambr-up", "1Gbps", "uplink AMBR of the UE and of each session")
	f.StringVar(&in.AMBRDown, "ambr-down", "1Gbps", "downlink AMBR of the UE and of each session")
	f.StringVar(&in.StaticIP, "static-ip", "", "static IPv4 address on the default DNN of the first slice")
	f.StringVar(&in.StaticIPv6, "static-ipv6", "", "static IPv6 /64 on the default DNN of the first slice")
	f.StringSliceVar(&in.FramedRoutes, "framed-route", nil, "network behind the UE, on the default DNN of the first slice; may be repeated")
	f.StringSliceVar(&in.SessionTypes, "session-type", nil, "IPv4, IPv6, IPv4v6, Ethernet or Unstructured, the first is the default one; may be repeated (default IPv4)")
	f.StringSliceVar(&in.SSCModes, "ssc-mode", nil, "1, 2 or 3, the first is the default one; may be repeated (default 1)")
	f.StringVar(&in.UPIntegrity, "up-integrity", "", "of user data: required, preferred or not-needed (default as the SMF is configured)")
	f.StringVar(&in.UPConfidentiality, "up-confidentiality", "", "of user data: required, preferred or not-needed (default as the SMF is configured)")
	f.StringVar(&in.FiveQI, "5qi", "9", "5QI of the default QoS flow")
	f.StringVar(&in.ARP, "arp", "8", "ARP priority, 1 (highest) to 15")
	accessFlags(cmd, &in)
	f.BoolVar(&replace, "replace", false, "change a subscriber that exists; without --key it keeps its keys")
	return cmd
}

// accessFlags are where and how a subscriber may use the network.
func accessFlags(cmd *cobra.Command, in *subscriber.Input) {
	f := cmd.Flags()
	f.StringVar(&in.GPSI, "gpsi", "", "by which others know the subscriber: msisdn- and digits, or extid- and user@domain; none for none")
	f.StringSliceVar(&in.AuthenticatedSlices, "authenticated-slice", nil, "slice whose AAA server has to say yes to the phone; may be repeated; none for no slice")
	f.StringVar(&in.Barred, "barred", "", "yes: no service at all (default no)")
	f.StringVar(&in.MICO, "mico", "", "MICO mode allowed: yes or no (default yes)")
	f.StringVar(&in.RegistrationTimer, "registration-timer", "", "T3512 such as 1h (default that of the AMF)")
	f.StringSliceVar(&in.AllowedAreas, "allowed-area", nil, "TAC in which alone the subscriber may communicate; may be repeated; none for everywhere")
	f.StringSliceVar(&in.NotAllowedAreas, "not-allowed-area", nil, "TAC in which the subscriber may not communicate; may be repeated; none for everywhere")
	f.StringSliceVar(&in.ForbiddenAreas, "forbidden-area", nil, "TAC in which the subscriber cannot register; may be repeated; none for no such area")
	f.StringSliceVar(&in.ForbiddenRATs, "forbidden-rat", nil, "NR or EUTRA; may be repeated; none for no such RAT")
}

func newSubscriberSet(db *string) *cobra.Command {
	var in subscriber.Input
	cmd := &cobra.Command{
		Use:   "set IMSI",
		Short: "Change some of what a subscriber may do",
		Long: "Change what the flags name and leave the rest. A running core applies it within about a second: a phone that is barred\n" +
			"or loses its slices is told at once.",
		Example: "  limpid subscriber set 001010000000001 --barred yes",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.IMSI = args[0]
			return withStore(cmd.Context(), *db, false, recordRequest{Act: "subscriber changed", Detail: in.IMSI}, func(st store.Store) error {
				if err := subscriber.Set(cmd.Context(), st, in); err != nil {
					return err
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "subscriber %s changed\n", in.IMSI)
				return err
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&in.Method, "method", "", "authentication: 5g-aka or eap-aka-prime")
	f.StringSliceVar(&in.Slices, "slice", nil, "S-NSSAI such as 1 or 1-010203; may be repeated: these and no others")
	f.StringVar(&in.AMBRUp, "ambr-up", "", "uplink AMBR of the UE and of each session, such as 1Gbps")
	f.StringVar(&in.AMBRDown, "ambr-down", "", "downlink AMBR of the UE and of each session")
	accessFlags(cmd, &in)
	return cmd
}

func newSubscriberList(db *string) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all subscribers, without keys",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd.Context(), *db, false, recordRequest{Act: "subscribers listed"}, func(st store.Store) error {
				return subscriber.List(cmd.Context(), st, cmd.OutOrStdout())
			})
		},
	}
}

func newSubscriberShow(db *string) *cobra.Command {
	var revealKeys bool
	cmd := &cobra.Command{
		Use:   "show IMSI",
		Short: "Show one subscriber",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			act := "subscriber shown"
			if revealKeys {
				act = "keys of a subscriber read"
			}
			return withStore(cmd.Context(), *db, false, recordRequest{Act: act, Detail: args[0]}, func(st store.Store) error {
				return subscriber.Show(cmd.Context(), st, cmd.OutOrStdout(), args[0], revealKeys)
			})
		},
	}
	cmd.Flags().BoolVar(&revealKeys, "reveal-keys", false, "print K and OPc")
	return cmd
}

func newSubscriberImport(db *string) *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE.csv",
		Short: "Add the subscribers of a CSV file, all or none",
		Long: "Add the subscribers of a CSV file, all or none. The first row names the columns: imsi, key, and opc or op;\n" +
			"optional: algorithm, amf, sqn, slice, dnn, ambr-up, ambr-down, static-ip, 5qi, arp. Several slices or DNNs in\n" +
			"one column are separated by \";\". Every bad line is reported.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer func() { _ = file.Close() }()
			return withStore(cmd.Context(), *db, true, recordRequest{Act: "subscribers imported", Detail: args[0]}, func(st store.Store) error {
				n, err := subscriber.ImportCSV(cmd.Context(), st, file)
				if err != nil {
					return fmt.Errorf("%s: %w", args[0], err)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d subscribers imported\n", n)
				return err
			})
		},
	}
}

func newSubscriberRemove(db *string) *cobra.Command {
	return &cobra.Command{
		Use:   "remove IMSI",
		Short: "Remove a subscriber",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withStore(cmd.Context(), *db, false, recordRequest{Act: "subscriber removed", Detail: args[0]}, func(st store.Store) error {
				if err := subscriber.Remove(cmd.Context(), st, args[0]); err != nil {
					return err
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "subscriber %s removed\n", args[0])
				return err
			})
		},
	}
}

// withStore runs work on the file at path; only adding makes a file where there is none.
// The act is in the ledger before it is done, where the store has one: not being taken down, it is not done.
func withStore(ctx context.Context, path string, create bool, act recordRequest, work func(store.Store) error) error {
	if socket := ledgerOf(path); socket != "" {
		if err := (recorder{control.NewClient(socket)}).record(ctx, act); err != nil {
			return err
		}
	}
	st, err := engine.Open(ctx, path, create)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store %s does not exist: name it with --db, or make it with limpid subscriber add", path)
	}
	if err != nil {
		return err
	}
	return errors.Join(work(st), st.Close())
}
