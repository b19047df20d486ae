package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/flows"
	"github.com/limpid-5g/limpid/internal/capture"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// runFlags are the flags of `limpid ran run`.
type runFlags struct {
	ranFlags
	n3addresses []string
	all         bool
	dataNetwork bool
	strict      bool
	nas         string
}

// newRANRunCommand is `limpid ran run`: the acceptance call flows against any core.
func newRANRunCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run --amf ADDRESS FLOW...",
		Short: "Play acceptance call flows against any 5G core",
		Long: "Play acceptance call flows against any 5G core, over real N2 and N3, and judge it by what gNBs and phones see. The\n" +
			"core must have the flow's PLMN, slices, data network and subscribers: limpid flows show FLOW prints them. A flow\n" +
			"that reaches into the core, such as one that makes N4 lose packets, is told not to apply. Differences are messages\n" +
			"that Limpid's AMF would not have sent, or would have; another core may be right with them, so that they fail a flow\n" +
			"only with --strict. The exit status is 0 only if no flow failed.",
		Example: "  limpid ran run registration paging --amf 10.0.0.1 --n3 10.0.0.7",
		RunE: func(cmd *cobra.Command, names []string) error {
			return f.run(cmd.Context(), names, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	s := cmd.Flags()
	s.StringVar(&f.amf, "amf", "", "address of the AMF, with :port if it is not 38412")
	s.StringVar(&f.n2, "n2", "", "local address of N2 (default: by route)")
	s.StringSliceVar(&f.n3addresses, "n3", nil, "local addresses of N3, one for each gNB of a flow (default: none has a user plane of its own)")
	s.StringVar(&f.sctp, "sctp", "auto", "what carries SCTP: auto, kernel, raw or udp")
	s.Uint16Var(&f.udpPort, "sctp-udp-port", 0, "local port of SCTP over UDP (default 9899)")
	s.Uint16Var(&f.remoteUDPPort, "sctp-remote-udp-port", 0, "the AMF's port of SCTP over UDP (default 9899)")
	s.BoolVar(&f.all, "all", false, "play every flow")
	s.BoolVar(&f.dataNetwork, "data-network", false, "this machine's routes lead to the UEs: send them the packets that a flow has arrive")
	s.BoolVar(&f.strict, "strict", false, "a difference from Limpid's messages fails a flow")
	s.StringVar(&f.nas, "nas", "", "file for the ciphered NAS messages in clear, for tshark to read beside a capture of N2 (pcapng; mergecap joins them)")
	s.BoolVar(&f.ladder, "ladder", false, "print the messages")
	s.BoolVar(&f.json, "json", false, "print the results as JSON")
	s.BoolVarP(&f.verbose, "verbose", "v", false, "log what happens")
	_ = cmd.MarkFlagRequired("amf")
	return cmd
}

func (f *runFlags) run(ctx context.Context, names []string, out, errOut io.Writer) error {
	chosen, err := f.chosen(names)
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	if f.verbose {
		log = slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	o := flows.Options{Log: log}
	if f.nas != "" {
		file, err := os.Create(f.nas)
		if err != nil {
			return err
		}
		defer file.Close()
		if o.Deciphered, err = nasInClear(file); err != nil {
			return err
		}
	}
	for _, text := range f.n3addresses {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return fmt.Errorf("--n3: %w", err)
		}
		o.N3 = append(o.N3, addr)
	}
	transport, err := sctp.New(f.sctpConfig(log))
	if err != nil {
		return err
	}
	defer transport.Close()
	if o.Dial, err = f.dialer(transport); err != nil {
		return err
	}
	o.DialTo = func(ctx context.Context, at netip.AddrPort) (sctp.Association, error) {
		return transport.Dial(ctx, netip.AddrPort{}, at)
	}
	if f.dataNetwork {
		o.Datagram = datagram
	}
	if f.ladder {
		o.Ladder = printLadder(out)
	}
	var results []flows.Result
	for _, flow := range chosen {
		r := flows.Play(ctx, flow, o)
		if f.strict && r.Outcome == flows.Passed && len(r.Differences) > 0 {
			r.Outcome, r.Why = flows.Failed, "other messages than expected"
		}
		results = append(results, r)
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(f.print(out, results), failedFlows(results))
}

// nasInClear writes NAS messages as pcapng, for Wireshark's dissector of NAS.
func nasInClear(w io.Writer) (func(pdu []byte), error) {
	pcap, err := capture.NewWriter(w, "limpid ran run")
	if err != nil {
		return nil, err
	}
	const dissector = "nas-5gs"
	iface, err := pcap.AddExport("nas", "N1: ciphered NAS messages in clear, by the UEs' keys")
	return func(pdu []byte) {
		data := capture.UpperPDU(dissector, pdu)
		_ = pcap.WritePacket(iface, time.Now(), data, len(data)) // a disk that is full ends the file, not the flow
	}, err
}

// chosen are the flows of the command line.
func (f *runFlags) chosen(names []string) ([]*flows.Flow, error) {
	if f.all != (len(names) == 0) {
		return nil, errors.New("want the names of flows, or --all; limpid flows list names them")
	}
	var chosen []*flows.Flow
	if f.all {
		all, err := flows.All()
		for i := range all {
			chosen = append(chosen, &all[i])
		}
		return chosen, err
	}
	for _, name := range names {
		flow, err := findFlow(name)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, flow)
	}
	return chosen, nil
}

// datagram sends a UE a packet that nobody there listens for, to port 9 (discard).
func datagram(to netip.Addr) error {
	conn, err := net.Dial("udp", netip.AddrPortFrom(to, 9).String())
	if err != nil {
		return err
	}
	_, err = conn.Write([]byte("limpid"))
	return errors.Join(err, conn.Close())
}

func (f *runFlags) print(out io.Writer, results []flows.Result) error {
	if f.json {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(results)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FLOW\tCLAUSE\tRESULT\tTIME\tWHY")
	for i := range results {
		r := &results[i]
		clause, _, _ := strings.Cut(r.Clause, ", ")
		fmt.Fprintf(w, "%s\t%s\t%s\t%.1f s\t%s\n", r.Flow, clause, r.Outcome, r.Took.Round(100*time.Millisecond).Seconds(), strings.ReplaceAll(r.Why, "\n", "; "))
		for _, d := range r.Differences {
			fmt.Fprintf(w, "\t\t\t\t%s\n", d)
		}
	}
	return w.Flush()
}

// failedFlows is an error if a flow failed.
func failedFlows(results []flows.Result) error {
	failed, other := 0, 0
	for i := range results {
		switch results[i].Outcome {
		case flows.Failed:
			failed++
		case flows.NotApplicable:
			other++
		}
	}
	if failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d flows failed, %d do not apply", failed, len(results), other)
}
