package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// limpid runs the product.
func limpid(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, product(), args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it has namespaces to remove
	cmd.WaitDelay = 20 * time.Second
	return cmd
}

// tshark is the independent decoder.
func tshark(t *testing.T, args ...string) []string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("tshark", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark (needed by this test): %v\n%s", err, stderr.Bytes())
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// TestDemo is the first call, end to end: real SCTP, NGAP, NAS, PFCP and GTP-U between network namespaces, over each
// binding of SCTP, and tshark finds no fault in any packet. It needs root.
func TestDemo(t *testing.T) {
	for _, binding := range []string{"raw", "udp"} {
		for _, ues := range []int{10, 200} {
			t.Run(fmt.Sprintf("%s/%d", binding, ues), func(t *testing.T) {
				pcap := filepath.Join(t.TempDir(), "demo.pcapng")
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
				defer cancel()
				cmd := limpid(ctx, "demo", "--sctp", binding, "--ues", fmt.Sprint(ues), "--pcap", pcap)
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				checkOutput(t, string(out), ues)
				checkCapture(t, pcap, binding, ues)
				checkNothingLeft(t, cmd.Process.Pid)
			})
		}
	}
}

// checkOutput: the ladder has the messages of the call in their order, and the table has every UE.
func checkOutput(t *testing.T, out string, ues int) {
	t.Helper()
	rest := out
	for _, message := range []string{
		"N4   PFCP Association Setup Request", "N2   NGSetupRequest", "N2   NGSetupResponse", "N1   RegistrationRequest",
		"SBI  Nausf_UEAuthentication_Authenticate Request", "N1   AuthenticationRequest", "N1   AuthenticationResponse",
		"N1   SecurityModeCommand", "N1   SecurityModeComplete", "N1   RegistrationAccept", "N2   InitialContextSetupRequest",
		"N1   RegistrationComplete", "SBI  Nsmf_PDUSession_CreateSMContext Request", "N4   PFCP Session Establishment Request",
		"N2   PDUSessionResourceSetupRequest", "N4   PFCP Session Modification Request", "N3   ICMP Echo Reply", "N3   HTTP 200 OK",
	} {
		_, after, found := strings.Cut(rest, message)
		if !found {
			t.Fatalf("no %q where it is due in\n%s", message, out)
		}
		rest = after
	}
	for line := range strings.Lines(out) {
		if n := len([]rune(strings.TrimSpace(line))); n > 140 {
			t.Errorf("a line of %d columns: %s", n, line)
		}
	}
	if want := fmt.Sprintf("%d of %d UEs got through", ues, ues); !strings.Contains(out, want) {
		t.Errorf("no %q in\n%s", want, out)
	}
	if rows := regexp.MustCompile(`(?m)^ +\d+ +00101\d{10} +10\.45\.\d+\.\d+ .* ms .* ms .* ms +\d+ B +ok$`).FindAllString(out, -1); len(rows) != ues {
		t.Errorf("%d UEs in the table\n%s", len(rows), out)
	}
}

// packet is what tshark reads in one packet; a field that occurs several times has all its values.
type packet map[string][]string

func (p packet) has(field string, values ...string) bool {
	for _, v := range values {
		if !slices.Contains(p[field], v) {
			return false
		}
	}
	return true
}

func (p packet) contains(protocol string) bool {
	return slices.Contains(strings.Split(p["frame.protocols"][0], ":"), protocol)
}

// severityError is the value of an expert error, above which there is none.
const severityError = "8388608"

// readCapture has tshark decode a file once.
func readCapture(t *testing.T, pcap string) []packet {
	t.Helper()
	fields := []string{"frame.number", "frame.interface_name", "frame.protocols", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message",
		"ip.proto", "udp.port", "ngap.procedureCode", "pfcp.msg_type", "pfcp.cause", "gtp.ext_hdr.pdu_ses_con.qos_flow_id",
		"icmp.type", "tcp.srcport", "tcp.len", "http.response.code", "nas_5gs.security_header_type", "nas_5gs.msg_auth_code", "nas_5gs.seq_no"}
	args := []string{"-r", pcap, "-T", "fields", "-E", "separator=|"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	var packets []packet
	for _, line := range tshark(t, args...) {
		p := make(packet)
		for i, v := range strings.Split(line, "|") {
			p[fields[i]] = strings.Split(v, ",")
		}
		packets = append(packets, p)
	}
	return packets
}

// checkCapture: every packet decodes, and each interface carried its protocol.
func checkCapture(t *testing.T, pcap, binding string, ues int) {
	t.Helper()
	packets := readCapture(t, pcap)
	for _, p := range packets {
		if p["_ws.malformed"][0] != "" || p.has("_ws.expert.severity", severityError) {
			t.Errorf("packet %s on %s: %s: %s", p["frame.number"], p["frame.interface_name"], p["frame.protocols"], p["_ws.expert.message"])
		}
	}
	carrier := func(p packet) bool { return p.has("ip.proto", "132") }
	if binding == "udp" {
		carrier = func(p packet) bool { return p.has("udp.port", "9899") }
	}
	for _, c := range []struct {
		what, on string
		least    int
		is       func(packet) bool
	}{
		{"NG Setup over the binding", "n2", 2, func(p packet) bool { return p.has("ngap.procedureCode", "21") && carrier(p) }},
		{"SCTP chunks without data", "n2", 4, func(p packet) bool { return p.contains("sctp") && !p.contains("ngap") && carrier(p) }},
		{"PFCP session establishment requests", "lo", ues, func(p packet) bool { return p.has("pfcp.msg_type", "50") }},
		{"PFCP session establishment responses", "lo", ues, func(p packet) bool { return p.has("pfcp.msg_type", "51") && p.has("pfcp.cause", "1") }},
		{"pings in a QoS flow", "n3", 2 * ues, func(p packet) bool {
			return p.contains("icmp") && p["gtp.ext_hdr.pdu_ses_con.qos_flow_id"][0] != ""
		}},
		{"pages in a tunnel", "n3", ues, func(p packet) bool {
			return p.contains("gtp") && p.has("tcp.srcport", "80") && len(p["tcp.len"][0]) > 2
		}},
		{"pages", "n6", ues, func(p packet) bool { return p.has("http.response.code", "200") && !p.contains("gtp") }},
	} {
		n := 0
		for _, p := range packets {
			if p.has("frame.interface_name", c.on) && c.is(p) {
				n++
			}
		}
		if n < c.least {
			t.Errorf("%d packets on %s with %s, want %d at least", n, c.on, c.what, c.least)
		}
	}
	if n := checkNAS(t, packets, "n2"); n < 5*ues {
		t.Errorf("%d ciphered NAS messages of %d UEs", n, ues)
	}
	initial := 0 // a packet of SCTP may hold several messages
	for _, p := range packets {
		for _, code := range p["ngap.procedureCode"] {
			if code == "15" {
				initial++
			}
		}
	}
	if initial != ues {
		t.Errorf("%d InitialUEMessages of %d UEs", initial, ues)
	}
}

// checkNAS: every ciphered NAS message of an interface is there in clear too. It counts them.
func checkNAS(t *testing.T, packets []packet, on string) (ciphered int) {
	t.Helper()
	inClear := make(map[string]bool)
	for _, p := range packets {
		if types := p["nas_5gs.security_header_type"]; p.has("frame.interface_name", "nas") && len(types) > 1 && types[1] == "0" {
			inClear[p["nas_5gs.msg_auth_code"][0]+"/"+p["nas_5gs.seq_no"][0]] = true
		}
	}
	for _, p := range packets {
		protected := 0
		for _, header := range p["nas_5gs.security_header_type"] {
			if !p.has("frame.interface_name", on) || header == "" || header == "0" {
				continue
			}
			if header == "2" || header == "4" { // and ciphered, TS 24.501 §9.3
				ciphered++
				if code := p["nas_5gs.msg_auth_code"][protected] + "/" + p["nas_5gs.seq_no"][protected]; !inClear[code] {
					t.Errorf("packet %s on %s: NAS message %s is not there in clear", p["frame.number"], on, code)
				}
			}
			protected++
		}
	}
	return ciphered
}

// checkNothingLeft: no namespace of the demo, and no process of it, is there afterwards.
func checkNothingLeft(t *testing.T, pid int) {
	t.Helper()
	for _, pattern := range []string{"/run/netns/limpid-demo-%d-*", "/etc/netns/limpid-demo-%d-*", "/run/limpid-ran/limpid-demo-%d-*",
		filepath.Join(os.TempDir(), "limpid-demo-%d-*")} {
		left, err := filepath.Glob(fmt.Sprintf(pattern, pid))
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	}
	if children := childrenOf(t, pid); len(children) > 0 {
		t.Errorf("processes left behind: %v", children)
	}
}

// childrenOf names the processes whose environment says that a demo started them.
func childrenOf(t *testing.T, pid int) (names []string) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stats {
		b, err := os.ReadFile(s)
		if err != nil {
			continue
		}
		_, after, _ := strings.Cut(string(b), ") ")
		if fields := strings.Fields(after); len(fields) > 1 && fields[1] == fmt.Sprint(pid) {
			names = append(names, string(b))
		}
	}
	return names
}

// TestDemoWrongKey: one UE that does not get through is told, and is enough to make the demo fail.
func TestDemoWrongKey(t *testing.T) {
	cmd := limpid(t.Context(), "demo", "--ues", "3", "--wrong-key", "2", "--pcap", filepath.Join(t.TempDir(), "demo.pcapng"))
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("%v\n%s", err, out)
	}
	for _, want := range []string{
		`(?m)^ +1 +001010000000001 +10\.45\..* ok$`, `(?m)^ +2 +001010000000002 +- .* registration: .+$`, `(?m)^ +3 +001010000000003 +10\.45\..* ok$`,
		`2 of 3 UEs got through`, `(?m)^limpid: 1 of 3 UEs did not get through$`,
	} {
		if !regexp.MustCompile(want).Match(out) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	checkNothingLeft(t, cmd.Process.Pid)
}
