package ngap

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ngapPPID is the SCTP payload protocol identifier of NGAP, TS 38.412 §7.
const ngapPPID = 60

// capture writes a pcap file with each message in an SCTP packet of its own, RFC 9260 §3.3.1.
func capture(t *testing.T, messages [][]byte) string {
	t.Helper()
	le, be := binary.LittleEndian, binary.BigEndian
	out := le.AppendUint32(nil, 0xa1b2c3d4)
	out = le.AppendUint16(le.AppendUint16(out, 2), 4)
	out = append(out, make([]byte, 8)...)
	out = le.AppendUint32(le.AppendUint32(out, 262144), 101) // raw IP
	for i, m := range messages {
		sctp := be.AppendUint16(be.AppendUint16(nil, 38412), 38412)
		sctp = append(sctp, 0, 0, 0, 1, 0, 0, 0, 0) // verification tag, checksum
		sctp = append(sctp, 0, 3)                   // DATA, all of a message
		sctp = be.AppendUint16(sctp, uint16(16+len(m)))
		sctp = be.AppendUint32(sctp, uint32(i+1)) // TSN
		sctp = be.AppendUint16(be.AppendUint16(sctp, 0), uint16(i))
		sctp = append(be.AppendUint32(sctp, ngapPPID), m...)
		sctp = append(sctp, make([]byte, -len(m)&3)...)
		le.PutUint32(sctp[8:], crc32.Checksum(sctp, crc32.MakeTable(crc32.Castagnoli)))
		ip := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, 132, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}
		be.PutUint16(ip[2:], uint16(len(ip)+len(sctp)))
		be.PutUint16(ip[10:], ^fold(ip))
		packet := append(ip, sctp...)
		out = le.AppendUint32(le.AppendUint32(out, uint32(i)), 0)
		out = le.AppendUint32(le.AppendUint32(out, uint32(len(packet))), uint32(len(packet)))
		out = append(out, packet...)
	}
	name := filepath.Join(t.TempDir(), "ngap.pcap")
	if err := os.WriteFile(name, out, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// fold is the ones' complement sum of RFC 1071 §1.
func fold(b []byte) uint16 {
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}

// TestTshark has an independent decoder read every message type: it must know the message and find nothing wrong.
func TestTshark(t *testing.T) {
	var want []Message
	var messages [][]byte
	for _, m := range samples(t, false) {
		b, err := Append(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		want, messages = append(want, m), append(messages, b)
	}
	cmd := exec.Command("tshark", "-r", capture(t, messages), "-o", "ngap.dissect_container:FALSE",
		"-T", "fields", "-E", "separator=|", "-E", "occurrence=f", "-e", "ngap.NGAP_PDU", "-e", "ngap.procedureCode",
		"-e", "_ws.malformed", "-e", "_ws.expert.severity", "-e", "_ws.expert.message")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(messages) {
		t.Fatalf("tshark read %d packets of %d", len(lines), len(messages))
	}
	for i, line := range lines {
		m := want[i]
		if line != fmt.Sprintf("%d|%d|||", m.PDUType(), m.ProcedureCode()) {
			t.Errorf("%d: %s: tshark says %.400q\n%.200x", i, m.Name(), line, messages[i])
		}
	}
}
