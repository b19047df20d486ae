package subscriber

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// pageSize is how many subscribers are held in memory while a list is written.
const pageSize = 1000

// List writes a table of all subscribers, without keys.
func List(ctx context.Context, st store.Subscribers, w io.Writer) error {
	var text bytes.Buffer
	text.WriteString("IMSI\tALGORITHM\tSLICES\tDNNS\tAMBR UP/DOWN\tSTATIC IP\n")
	var after ident.SUPI
	for total := 0; ; {
		page, err := st.ListSubscribers(ctx, after, pageSize)
		if err != nil {
			return err
		}
		for i := range page {
			writeLine(&text, &page[i])
		}
		total += len(page)
		if err := align(w, &text); err != nil {
			return err
		}
		if len(page) < pageSize {
			_, err := fmt.Fprintf(w, "total %d\n", total)
			return err
		}
		after = page[len(page)-1].SUPI
	}
}

func writeLine(w *bytes.Buffer, s *store.Subscriber) {
	var slices, dnns, static []string
	seen := make(map[ident.DNN]bool)
	for _, slice := range s.Slices {
		slices = append(slices, slice.SNSSAI.String())
		for _, d := range slice.DNNs {
			if !seen[d.Name] {
				dnns = append(dnns, string(d.Name))
			}
			seen[d.Name] = true
			if d.StaticIPv4.IsValid() {
				static = append(static, d.StaticIPv4.String())
			}
		}
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s/%s\t%s\n", s.SUPI.IMSI(), s.Authentication.Algorithm,
		strings.Join(slices, " "), strings.Join(dnns, " "),
		FormatBitRate(s.UEAMBR.Uplink), FormatBitRate(s.UEAMBR.Downlink), strings.Join(static, " "))
}

// Show writes everything about one subscriber; its keys only where revealKeys says so.
func Show(ctx context.Context, st store.Subscribers, w io.Writer, imsi string, revealKeys bool) error {
	supi, err := ident.ParseSUPI(imsi)
	if err != nil {
		return err
	}
	s, err := st.Subscriber(ctx, supi)
	if err != nil {
		return absent(supi, err)
	}
	a := &s.Authentication
	var text bytes.Buffer
	fmt.Fprintf(&text, "IMSI\t%s\n", supi.IMSI())
	if s.GPSI != "" {
		fmt.Fprintf(&text, "GPSI\t%s\n", s.GPSI)
	}
	fmt.Fprintf(&text, "Authentication\t%s, %s, AMF %s\n", a.Method, a.Algorithm, hex.EncodeToString(a.AMFField[:]))
	fmt.Fprintf(&text, "SQN\t%s (none above it was used)\n", a.SQN)
	k, opc := "hidden (--reveal-keys shows it)", "hidden"
	if revealKeys {
		k, opc = hex.EncodeToString(a.K), hex.EncodeToString(a.OPc)
	}
	fmt.Fprintf(&text, "K\t%s\nOPc\t%s\n", k, opc)
	fmt.Fprintf(&text, "UE AMBR\t%s up, %s down\n", FormatBitRate(s.UEAMBR.Uplink), FormatBitRate(s.UEAMBR.Downlink))
	writeAccess(&text, &s.Access)
	for _, slice := range s.Slices {
		fmt.Fprintf(&text, "Slice\t%s%s", slice.SNSSAI, defaultMark(slice.Default))
		if slice.Authenticate {
			text.WriteString(", authenticates the UE")
		}
		text.WriteByte('\n')
		for i := range slice.DNNs {
			writeDNN(&text, &slice.DNNs[i])
		}
	}
	return align(w, &text)
}

// writeAccess writes what is restricted.
func writeAccess(w *bytes.Buffer, a *store.Access) {
	if a.Barred {
		fmt.Fprintf(w, "Barred\tyes: no service at all\n")
	}
	if a.NoMICO {
		fmt.Fprintf(w, "MICO mode\tnot allowed\n")
	}
	if a.RegistrationTimer != 0 {
		fmt.Fprintf(w, "Registration timer\t%v\n", a.RegistrationTimer)
	}
	if a.ServiceArea.Restriction != store.Everywhere {
		fmt.Fprintf(w, "Service area\t%s: TAC %s\n", a.ServiceArea.Restriction, strings.Trim(fmt.Sprint(a.ServiceArea.TACs), "[]"))
	}
	if len(a.ForbiddenTACs) > 0 {
		fmt.Fprintf(w, "Forbidden areas\tTAC %s\n", strings.Trim(fmt.Sprint(a.ForbiddenTACs), "[]"))
	}
	if len(a.ForbiddenRATs) > 0 {
		fmt.Fprintf(w, "Forbidden RATs\t%s\n", strings.Trim(fmt.Sprint(a.ForbiddenRATs), "[]"))
	}
}

// align writes text with its columns aligned, and empties it.
func align(w io.Writer, text *bytes.Buffer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := text.WriteTo(table); err != nil {
		return err
	}
	return table.Flush()
}

func writeDNN(w *bytes.Buffer, d *store.DNN) {
	types := make([]string, len(d.SessionTypes))
	for i, t := range d.SessionTypes {
		types[i] = string(t)
	}
	fmt.Fprintf(w, "  DNN\t%s%s: %s, SSC %s, %s up, %s down, 5QI %d, ARP %d", d.Name, defaultMark(d.Default),
		strings.Join(types, " "), strings.Trim(fmt.Sprint(d.SSCModes), "[]"),
		FormatBitRate(d.SessionAMBR.Uplink), FormatBitRate(d.SessionAMBR.Downlink), d.FiveQI, d.ARP.PriorityLevel)
	if d.StaticIPv4.IsValid() {
		fmt.Fprintf(w, ", static IP %s", d.StaticIPv4)
	}
	if d.StaticIPv6.IsValid() {
		fmt.Fprintf(w, ", static IPv6 %s", d.StaticIPv6)
	}
	for _, p := range d.FramedRoutes {
		fmt.Fprintf(w, ", route %s", p)
	}
	if d.UPIntegrity != "" || d.UPConfidentiality != "" {
		fmt.Fprintf(w, ", integrity %s, confidentiality %s", d.UPIntegrity, d.UPConfidentiality)
	}
	fmt.Fprintln(w)
}

func defaultMark(isDefault bool) string {
	if isDefault {
		return " (default)"
	}
	return ""
}
