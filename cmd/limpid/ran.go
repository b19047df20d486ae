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
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/ran"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// ranFlags are the flags of `limpid ran` as they were given.
type ranFlags struct {
	amf, n2, n3, sctp         string
	udpPort, remoteUDPPort    uint16
	plmn, tac, name           string
	gnbID                     uint32
	gnbIDBits                 int
	slices                    []string
	first                     ran.Credentials
	subscribers, suci, imeisv string
	routingIndicator          string
	count, parallel, attempts int
	dnn                       string
	exec                      string
	execTimeout, duration     time.Duration
	noTUN, noSession          bool
	ladder, json, verbose     bool
	reconnect                 bool
}

// newRANCommand is `limpid ran`: a simulated gNB and its UEs against any core.
func newRANCommand() *cobra.Command {
	var f ranFlags
	cmd := &cobra.Command{
		Use:   "ran --amf ADDRESS --plmn PLMN --tac TAC --imsi IMSI --key K --opc OPC",
		Short: "Run a simulated gNB and UEs against any 5G core",
		Long: "Run a simulated gNB and UEs against any 5G core. Each UE registers and gets a PDU session, which is a TUN\n" +
			"interface in a network namespace of its own (limpid-ue-IMSI). The UEs stay until interrupted, or, with --exec,\n" +
			"--no-tun or --no-session, leave at once; --duration says otherwise. The exit status is 0 only if every UE got\n" +
			"through and its program, if any, ended with status 0.",
		Example: "  limpid ran --amf 10.0.0.1 --plmn 00101 --tac 1 --imsi 001010000000001 --key 465B5CE8B199B49FAA5F0A2EE238A6BC \\\n" +
			"      --opc E8ED289DEBA952E4283B54E88E6183CA --count 10 --exec 'ping -c 3 10.45.0.1'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.stayByDefault(cmd.Flags().Changed("duration"))
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f.network(cmd)
	f.phones(cmd)
	cmd.AddCommand(newRANLoadCommand(), newRANRunCommand())
	return cmd
}

// network declares the flags of the gNB.
func (f *ranFlags) network(cmd *cobra.Command) {
	s := cmd.Flags()
	s.StringVar(&f.amf, "amf", "", "address of the AMF, with :port if it is not 38412")
	s.StringVar(&f.n2, "n2", "", "local address of N2 (default: by route)")
	s.StringVar(&f.n3, "n3", "", "local address of N3 (default: that of N2, else the one that reaches the AMF)")
	s.StringVar(&f.sctp, "sctp", "auto", "what carries SCTP: auto, kernel, raw or udp")
	s.Uint16Var(&f.udpPort, "sctp-udp-port", 0, "local port of SCTP over UDP (default 9899)")
	s.Uint16Var(&f.remoteUDPPort, "sctp-remote-udp-port", 0, "the AMF's port of SCTP over UDP (default 9899)")
	s.StringVar(&f.plmn, "plmn", "", "MCC and MNC, such as 00101")
	s.StringVar(&f.tac, "tac", "1", "tracking area code, decimal or 0x")
	s.StringVar(&f.name, "gnb-name", "limpid-gnb", "name of the gNB")
	s.Uint32Var(&f.gnbID, "gnb-id", 1, "identity of the gNB")
	s.IntVar(&f.gnbIDBits, "gnb-id-bits", 32, "length of the identity, 22 to 32")
	s.StringArrayVar(&f.slices, "slice", []string{"1"}, "S-NSSAI as SST or SST-SD (may be repeated)")
	s.BoolVar(&f.reconnect, "reconnect", false, "dial again when the AMF is lost")
	for _, name := range []string{"amf", "plmn"} {
		_ = cmd.MarkFlagRequired(name)
	}
}

// phones declares the flags of the UEs.
func (f *ranFlags) phones(cmd *cobra.Command) {
	s := cmd.Flags()
	s.StringVar(&f.first.IMSI, "imsi", "", "IMSI of the first UE; the others follow")
	s.StringVar(&f.first.Key, "key", "", "K in hexadecimal")
	s.StringVar(&f.first.OPc, "opc", "", "OPc (tuak: TOPc) in hexadecimal")
	s.StringVar(&f.first.OP, "op", "", "OP (tuak: TOP) in hexadecimal, from which OPc is made")
	s.StringVar(&f.first.Algorithm, "algorithm", "milenage", "milenage or tuak")
	s.StringVar(&f.subscribers, "subscribers", "", "CSV file with columns imsi, key, opc or op, algorithm")
	s.StringVar(&f.suci, "suci", "null", "concealment: null, A:keyid:publickey or B:keyid:publickey")
	s.StringVar(&f.routingIndicator, "routing-indicator", "0", "1 to 4 digits")
	s.StringVar(&f.imeisv, "imeisv", ue.DefaultIMEISV, "16 digits")
	s.IntVar(&f.count, "count", 1, "how many UEs")
	s.IntVar(&f.parallel, "parallel", 16, "how many UEs register, or run programs, at the same time")
	s.IntVar(&f.attempts, "attempts", 5, "registration attempts")
	s.StringVar(&f.dnn, "dnn", "internet", "data network name; empty: the network's default")
	s.StringVar(&f.exec, "exec", "", "shell command to run inside each UE's namespace")
	s.DurationVar(&f.execTimeout, "exec-timeout", time.Minute, "how long the command may run")
	s.DurationVar(&f.duration, "duration", 0, "how long the UEs stay when all are up")
	s.BoolVar(&f.noTUN, "no-tun", false, "no interfaces: signalling only")
	s.BoolVar(&f.noSession, "no-session", false, "register only")
	s.BoolVar(&f.ladder, "ladder", false, "print the messages of the first UE")
	s.BoolVar(&f.json, "json", false, "print the results as JSON")
	s.BoolVarP(&f.verbose, "verbose", "v", false, "log what happens")
}

// stayByDefault keeps UEs with interfaces up until the user interrupts.
func (f *ranFlags) stayByDefault(given bool) {
	if !given && f.exec == "" && !f.noTUN && !f.noSession {
		f.duration = -1
	}
}

func (f *ranFlags) run(ctx context.Context, out, errOut io.Writer) error {
	level := slog.LevelWarn
	if f.verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: level}))
	plan, err := f.plan(log)
	if err != nil {
		return err
	}
	transport, err := sctp.New(f.sctpConfig(log))
	if err != nil {
		return err
	}
	defer transport.Close()
	if plan.GNB.Dial, err = f.dialer(transport); err != nil {
		return err
	}
	if f.ladder {
		plan.Ladder = printLadder(out)
	}
	if plan.Stay < 0 && !f.json {
		plan.Ready = func(r []ran.Result) {
			printTable(out, r)
			fmt.Fprintln(out, "press Ctrl-C to deregister the UEs and leave")
		}
	}
	results, err := ran.Run(ctx, plan)
	if err != nil {
		return err
	}
	if f.json {
		return errors.Join(printJSON(out, results), failures(results))
	}
	if plan.Ready == nil {
		printTable(out, results)
	}
	return failures(results)
}

func (f *ranFlags) sctpConfig(log *slog.Logger) sctp.Config {
	binding := sctp.Binding(f.sctp)
	if f.sctp == "auto" {
		binding = ""
	}
	return sctp.Config{Binding: binding, UDPPort: f.udpPort, RemoteUDPPort: f.remoteUDPPort, Log: log}.ForN2()
}

// dialer returns what dials the AMF.
func (f *ranFlags) dialer(transport sctp.Transport) (func(context.Context) (sctp.Association, error), error) {
	remote, err := netip.ParseAddrPort(f.amf)
	if err != nil {
		addr, err := netip.ParseAddr(f.amf)
		if err != nil {
			return nil, fmt.Errorf("--amf: %w", err)
		}
		remote = netip.AddrPortFrom(addr, sctp.PortNGAP)
	}
	var local netip.AddrPort
	if f.n2 != "" {
		addr, err := netip.ParseAddr(f.n2)
		if err != nil {
			return nil, fmt.Errorf("--n2: %w", err)
		}
		local = netip.AddrPortFrom(addr, 0)
	}
	return func(ctx context.Context) (sctp.Association, error) { return transport.Dial(ctx, local, remote) }, nil
}

// plan reads the flags.
func (f *ranFlags) plan(log *slog.Logger) (ran.Plan, error) {
	p := ran.Plan{
		NoSession: f.noSession, NoTunnel: f.noTUN, ExecTimeout: f.execTimeout, Stay: f.duration, Parallel: f.parallel, Log: log,
		Register: ue.RegisterOptions{Attempts: f.attempts}, Session: ue.SessionOptions{DNN: ident.DNN(f.dnn)},
	}
	if f.exec != "" {
		p.Exec = []string{"/bin/sh", "-c", f.exec}
	}
	if f.exec != "" && (f.noTUN || f.noSession) {
		return p, errors.New("--exec needs a session with an interface")
	}
	plmn, err := ident.ParsePLMN(f.plmn)
	if err != nil {
		return p, fmt.Errorf("--plmn: %w", err)
	}
	if f.dnn != "" {
		if p.Session.DNN, err = ident.ParseDNN(f.dnn); err != nil {
			return p, fmt.Errorf("--dnn: %w", err)
		}
	}
	if err := f.planGNB(&p, plmn); err != nil {
		return p, err
	}
	p.Session.Slice = &p.GNB.Slices[0]
	return p, f.planUEs(&p, plmn)
}

func (f *ranFlags) planGNB(p *ran.Plan, plmn ident.PLMN) error {
	p.GNB = gnb.Config{
		Name: f.name, ID: f.gnbID, IDBits: f.gnbIDBits, PLMN: plmn, Reconnect: f.reconnect, Log: p.Log,
	}
	var tac uint32
	if _, err := fmt.Sscan(f.tac, &tac); err != nil || ident.TAC(tac) > ident.MaxTAC {
		return fmt.Errorf("--tac %q: want 0 to %d", f.tac, ident.MaxTAC)
	}
	p.GNB.TAC = ident.TAC(tac)
	if len(f.slices) == 0 {
		return errors.New("--slice: at least one")
	}
	for _, text := range f.slices {
		s, err := ident.ParseSNSSAI(text)
		if err != nil {
			return fmt.Errorf("--slice: %w", err)
		}
		p.GNB.Slices = append(p.GNB.Slices, s)
	}
	var err error
	p.GNB.N3, err = f.addressOfN3()
	return err
}

// addressOfN3 is where the core sends the UEs' traffic: as given, or the address from which this machine reaches the AMF.
func (f *ranFlags) addressOfN3() (netip.Addr, error) {
	for _, given := range []struct{ flag, value string }{{"--n3", f.n3}, {"--n2", f.n2}} {
		if given.value == "" {
			continue
		}
		addr, err := netip.ParseAddr(given.value)
		if err != nil {
			return addr, fmt.Errorf("%s: %w", given.flag, err)
		}
		return addr, nil
	}
	host := f.amf
	if ap, err := netip.ParseAddrPort(f.amf); err == nil {
		host = ap.Addr().String()
	}
	conn, err := net.Dial("udp", net.JoinHostPort(host, "2152")) // sends nothing: it only asks the routes
	if err != nil {
		return netip.Addr{}, fmt.Errorf("--n3: no route to the AMF, so say where the core has to send the UEs' traffic: %w", err)
	}
	defer conn.Close()
	return netip.MustParseAddrPort(conn.LocalAddr().String()).Addr().Unmap(), nil
}

func (f *ranFlags) planUEs(p *ran.Plan, plmn ident.PLMN) error {
	credentials, err := f.credentials()
	if err != nil {
		return err
	}
	key, err := ran.ParseSUCI(f.suci)
	if err != nil {
		return fmt.Errorf("--suci: %w", err)
	}
	for _, c := range credentials {
		usim, err := c.USIM(plmn)
		if err != nil {
			return fmt.Errorf("subscriber %s: %w", c.IMSI, err)
		}
		usim.HomeKey, usim.RoutingIndicator = key, f.routingIndicator
		p.UEs = append(p.UEs, ue.Config{USIM: usim, IMEISV: f.imeisv, Slices: p.GNB.Slices, Log: p.Log})
	}
	return nil
}

func (f *ranFlags) credentials() ([]ran.Credentials, error) {
	if f.subscribers == "" {
		if f.first.IMSI == "" || f.first.Key == "" {
			return nil, errors.New("--imsi, --key and --opc, or --subscribers, are needed")
		}
		return ran.Consecutive(f.first, f.count)
	}
	file, err := os.Open(f.subscribers)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	all, err := ran.ReadCredentials(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.subscribers, err)
	}
	return all, nil
}

// printLadder prints each message with the time since the first.
func printLadder(out io.Writer) ladder.Sink {
	var mu sync.Mutex
	var start time.Time
	return func(e ladder.Event) {
		mu.Lock()
		defer mu.Unlock()
		if start.IsZero() {
			start = e.Time
		}
		ms := float64(e.Time.Sub(start).Microseconds()) / 1000
		fmt.Fprintf(out, "%10.3f ms  %-10s -> %-10s  %-3s  %s  %s\n", ms, e.From, e.To, e.Interface, e.Message, e.Detail)
	}
}

func printTable(out io.Writer, results []ran.Result) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "IMSI\tADDRESS\tREGISTRATION\tSESSION\tPROGRAM\tRESULT")
	good := 0
	for i := range results {
		r := &results[i]
		address, program := "-", "-"
		if r.Address.IsValid() {
			address = r.Address.String()
		}
		if r.Exit != nil {
			program = fmt.Sprintf("status %d", *r.Exit)
		}
		if r.OK() {
			good++
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.IMSI, address, milliseconds(r.Registered), milliseconds(r.Session), program, verdict(r))
	}
	_ = w.Flush()
	fmt.Fprintf(out, "%d of %d UEs got through\n", good, len(results))
}

func milliseconds(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

// verdict says in one line what became of a UE.
func verdict(r *ran.Result) string {
	switch {
	case r.Err != nil:
		return strings.ReplaceAll(r.Err.Error(), "\n", "; ")
	case !r.OK():
		lines := strings.Split(strings.TrimSpace(r.Output), "\n")
		return "program failed: " + lines[len(lines)-1]
	}
	return "ok"
}

func printJSON(out io.Writer, results []ran.Result) error {
	type result struct {
		ran.Result
		OK    bool   `json:"ok"`
		Error string `json:"error,omitempty"`
	}
	all := make([]result, len(results))
	for i, r := range results {
		all[i] = result{Result: r, OK: r.OK()}
		if r.Err != nil {
			all[i].Error = r.Err.Error()
		}
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(all)
}

func failures(results []ran.Result) error {
	bad := 0
	for i := range results {
		if !results[i].OK() {
			bad++
		}
	}
	if bad == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d UEs did not get through", bad, len(results))
}
