package capture

import (
	"bytes"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestUpperPDU: tshark gives a message without lower layers to the dissector that it names, and finds no fault.
func TestUpperPDU(t *testing.T) {
	var file bytes.Buffer
	p, err := NewWriter(&file, "limpid test")
	if err != nil {
		t.Fatal(err)
	}
	iface, err := p.AddExport("nas", "N1")
	if err != nil {
		t.Fatal(err)
	}
	complete, _ := hex.DecodeString("7e0119d2c3a4037e0043") // REGISTRATION COMPLETE, TS 24.501 §8.2.8
	data := UpperPDU("nas-5gs", complete)
	if err := p.WritePacket(iface, time.Unix(1, 0), data, len(data)); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "nas.pcapng")
	if err := os.WriteFile(name, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("tshark", "-r", name, "-T", "fields", "-e", "frame.protocols", "-e", "frame.interface_name", "-e", "nas_5gs.security_header_type",
		"-e", "nas_5gs.msg_auth_code", "-e", "nas_5gs.mm.message_type", "-e", "_ws.malformed").Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := "exported_pdu:nas-5gs\tnas\t1,0\t0x19d2c3a4\t0x43\t\n"; string(out) != want {
		t.Errorf("tshark reads %q, want %q", out, want)
	}
}
