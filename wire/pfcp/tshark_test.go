package pfcp

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestTshark has an independent decoder read each sample: none may be malformed or raise an expert error.
func TestTshark(t *testing.T) {
	all := samples()
	var packets [][]byte
	for _, s := range all {
		packets = append(packets, Append(nil, s.h, s.m))
	}
	file := filepath.Join(t.TempDir(), "pfcp.pcap")
	if err := os.WriteFile(file, pcap(packets), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := tshark(t, "-r", file, "-T", "fields", "-e", "pfcp.msg_type", "-e", "_ws.malformed", "-e", "_ws.expert.message",
		"-e", "pfcp.seqno", "-E", "separator=|")
	if len(lines) != len(all) {
		t.Fatalf("%d lines for %d messages", len(lines), len(all))
	}
	verbose := strings.Join(tshark(t, "-r", file, "-V"), "\n")
	if i := strings.Index(verbose, "Undecoded"); i >= 0 {
		t.Errorf("octets that no decoder knows: %s", verbose[max(0, i-800):i+100])
	}
	for i, s := range all {
		f := strings.Split(lines[i], "|")
		if len(f) != 4 || f[0] != strconv.Itoa(int(s.m.Type())) || f[1] != "" || f[2] != "" || f[3] != strconv.Itoa(int(s.h.Sequence)) {
			t.Errorf("%s: tshark says %q\n%x", s.name, lines[i], packets[i])
		}
	}
}

// TestTsharkValues compares what tshark reads in one message with what was put in, TS 29.244 §7.5.2.
func TestTsharkValues(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pfcp.pcap")
	wire := Append(nil, Header{Sequence: 9}, establishment())
	if err := os.WriteFile(file, pcap([][]byte{wire}), 0o600); err != nil {
		t.Fatal(err)
	}
	wants := [][2]string{
		{"pfcp.seid", "0x0000000000000000,0x1122334455667788"},
		{"pfcp.pdr_id", "1,2"},
		{"pfcp.precedence", "255,255"},
		{"pfcp.far_id", "1,2,1,2"},
		{"pfcp.qer_id", "1,1,1"},
		{"pfcp.urr_id", "1,1,1"},
		{"pfcp.source_interface", "0,1"},
		{"pfcp.dst_interface", "1,0"},
		{"pfcp.f_teid_flags.ch", "1"},
		{"pfcp.f_teid.choose_id", "01"},
		{"pfcp.network_instance", "internet,internet,internet"},
		{"pfcp.ue_ip_addr_ipv4", "10.60.0.1,10.60.0.1"},
		{"pfcp.ue_ip_address_flag.sd", "0,1"},
		{"pfcp.outer_hdr_creation.teid", "0x01020304"},
		{"pfcp.outer_hdr_creation.ipv4", "10.0.3.2"},
		{"pfcp.apply_action.forw", "1,1"},
		{"pfcp.ul_mbr", "100000"},
		{"pfcp.dl_mbr", "8589934592"},
		{"pfcp.volume_threshold.tovol", "1073741824"},
		{"pfcp.measurement_method_flags.volume", "1"},
		{"pfcp.reporting_triggers_flags.volth", "1"},
		{"pfcp.pdn_type", "1"},
		{"pfcp.flow_desc", "permit out ip from any to assigned,permit out ip from any to assigned"},
	}
	args := []string{"-r", file, "-T", "fields", "-E", "separator=|"}
	for _, w := range wants {
		args = append(args, "-e", w[0])
	}
	got := strings.Split(tshark(t, args...)[0], "|")
	if len(got) != len(wants) {
		t.Fatalf("%d fields, want %d", len(got), len(wants))
	}
	for i, w := range wants {
		if got[i] != w[1] {
			t.Errorf("%s = %q, want %q", w[0], got[i], w[1])
		}
	}
}

func tshark(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.Command("tshark", append([]string{"-n"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark %v: %v\n%s", args, err, stderr.String())
	}
	return strings.Split(strings.TrimRight(string(out), "\n"), "\n")
}

// pcap puts the payloads into UDP datagrams between two addresses, link type raw IP.
func pcap(payloads [][]byte) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 0xa1b2c3d4)
	b = le.AppendUint16(le.AppendUint16(b, 2), 4)
	b = append(b, make([]byte, 8)...)
	b = le.AppendUint32(le.AppendUint32(b, 65535), 101)
	for i, p := range payloads {
		n := 28 + len(p)
		b = le.AppendUint32(le.AppendUint32(b, uint32(i)), 0)
		b = le.AppendUint32(le.AppendUint32(b, uint32(n)), uint32(n))
		b = append(b, 0x45, 0, byte(n>>8), byte(n), 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 4, 1, 10, 0, 4, 2)
		b = append(b, Port>>8, Port&0xff, Port>>8, Port&0xff, byte((n-20)>>8), byte(n-20), 0, 0)
		b = append(b, p...)
	}
	return b
}
