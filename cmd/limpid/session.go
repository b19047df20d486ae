package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/manage/control"
)

// newSessionCommand is `limpid session`: the PDU sessions of a running core.
func newSessionCommand() *cobra.Command {
	var socket, by string
	cmd := &cobra.Command{Use: "session", Short: "See the PDU sessions of a running core, release one or give it another anchor"}
	for _, c := range []*cobra.Command{newSessionListCommand(&socket, &by), newSessionOrder(&socket, &by,
		"release", "Release a PDU session with the UE's knowledge (TS 23.502 §4.3.4.2)",
		"The UE is paged if it is idle. One that does not answer loses the session all the same. The command returns when the\n"+
			"release has begun; `limpid session list IMSI` shows its end."), newSessionOrder(&socket, &by,
		"relocate", "Have the UE establish a PDU session anew, on another anchor (TS 23.502 §4.3.5)",
		"In SSC mode 2 the session is released and the UE is asked to establish it anew; in SSC mode 3 the UE is told to make\n"+
			"another one first, and keeps the old one for a minute. A session of SSC mode 1 keeps its anchor: this is refused.")} {
		socketFlag(c, &socket)
		c.Flags().StringVar(&by, "by", "", "who asks, for the record")
		cmd.AddCommand(c)
	}
	return cmd
}

func newSessionListCommand(socket, by *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list [IMSI]", Short: "List the PDU sessions of a subscriber (recorded), or all without saying whose they are", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := core.SessionOrder{By: *by}
			if len(args) > 0 {
				var err error
				if o.SUPI, err = ident.ParseSUPI(args[0]); err != nil {
					return err
				}
			}
			list := []core.SessionInfo{}
			if err := control.NewClient(*socket).Call(cmd.Context(), "session.list", o, &list); err != nil {
				return err
			}
			if asJSON {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(list)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			_, _ = fmt.Fprintln(w, "SUPI\tSESSION\tDNN\tSLICE\tSTATE\tUSER PLANE\tSSC\tADDRESS\tUPF\tQFIS\tUPLINK\tDOWNLINK")
			for i := range list {
				s := &list[i]
				_, _ = fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%d\t%d\n", s.SUPI, s.PDUSessionID, s.DNN, s.SNSSAI, s.State,
					strings.ToLower(string(s.UpCnxState)), s.SSCMode, addressOf(s), s.UPF, strings.Trim(fmt.Sprint(s.QFIs), "[]"), s.Usage.Uplink, s.Usage.Downlink)
			}
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// addressOf is what a session has of addresses, or its type where it has none.
func addressOf(s *core.SessionInfo) string {
	var list []string
	if s.Address.IsValid() {
		list = append(list, s.Address.String())
	}
	if s.Prefix.IsValid() {
		list = append(list, s.Prefix.String())
	}
	if len(list) == 0 {
		return s.Type.String()
	}
	return strings.Join(list, " ")
}

// newSessionOrder is a command that has one order for one session.
func newSessionOrder(socket, by *string, name, short, long string) *cobra.Command {
	return &cobra.Command{
		Use: name + " IMSI SESSION", Short: short, Long: long, Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			supi, err := ident.ParseSUPI(args[0])
			if err != nil {
				return err
			}
			id, err := strconv.ParseUint(args[1], 10, 8)
			if err != nil || id == 0 || id > 15 {
				return fmt.Errorf("PDU session %q: want its identity, 1 to 15; limpid session list %s shows those that there are", args[1], args[0])
			}
			return control.NewClient(*socket).Call(cmd.Context(), "session."+name, core.SessionOrder{SUPI: supi, Session: uint8(id), By: *by}, nil)
		},
	}
}
