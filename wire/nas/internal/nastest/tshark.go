package nastest

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// linkTypeUser0 is the link type that tshark is told to read as NAS.
const linkTypeUser0 = 147

// TsharkClean fails the test unless tshark decodes each PDU without a malformed packet, expert warning or octets left
// over. Names label the PDUs in the report.
func TsharkClean(t *testing.T, names []string, pdus [][]byte) {
	t.Helper()
	capture := new(bytes.Buffer)
	le := binary.LittleEndian
	head := le.AppendUint32(nil, 0xa1b2c3d4)
	head = le.AppendUint16(le.AppendUint16(head, 2), 4)
	head = le.AppendUint32(le.AppendUint32(append(head, make([]byte, 8)...), 1<<16), linkTypeUser0)
	capture.Write(head)
	for i, p := range pdus {
		record := le.AppendUint32(le.AppendUint32(nil, uint32(i)), 0)
		record = le.AppendUint32(le.AppendUint32(record, uint32(len(p))), uint32(len(p)))
		capture.Write(append(record, p...))
	}
	file := filepath.Join(t.TempDir(), "nas.pcap")
	if err := os.WriteFile(file, capture.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("tshark", "-r", file, "-V",
		"-o", `uat:user_dlts:"User 0 (DLT=147)","nas-5gs","0","","0",""`, "-o", "nas-5gs.null_decipher:TRUE")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	frames := strings.Split(string(out), "\nFrame ")
	if len(frames) != len(pdus) {
		t.Fatalf("tshark shows %d frames, want %d", len(frames), len(pdus))
	}
	for i, text := range frames {
		if !strings.Contains(text, "Non-Access-Stratum 5GS") {
			t.Errorf("%s: tshark does not see NAS in %x:\n%s", names[i], pdus[i], text)
		}
		for _, bad := range []string{"Malformed", "Expert Info (Warn", "Expert Info (Error", "Extraneous", "Undecoded", "Unknown message", "not dissected"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s: tshark says %q of %x:\n%s", names[i], bad, pdus[i], text)
			}
		}
	}
}
