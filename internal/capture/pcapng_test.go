package capture

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"
)

// golden is a section header, an interface and a packet of five octets, octet by octet from
// draft-ietf-opsawg-pcapng §4.1 to §4.3.
const golden = "" +
	"0a0d0d0a" + "2c000000" + "4d3c2b1a" + "0100" + "0000" + "ffffffffffffffff" +
	"0400" + "0600" + "6c696d706964" + "0000" + "0000" + "0000" + "2c000000" +
	"01000000" + "30000000" + "0100" + "0000" + "00000400" +
	"0200" + "0200" + "6e32" + "0000" + "0300" + "0200" + "4e32" + "0000" + "0900" + "0100" + "09000000" + "0000" + "0000" + "30000000" +
	"06000000" + "28000000" + "00000000" + "45230100" + "ab896745" + "05000000" + "07000000" + "0102030405000000" + "28000000"

func TestGolden(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, "limpid")
	if err != nil {
		t.Fatal(err)
	}
	n, err := w.AddInterface("n2", "N2")
	if err != nil || n != 0 {
		t.Fatalf("interface %d, %v", n, err)
	}
	if err := w.WritePacket(0, time.Unix(0, 0x0001234545_6789ab), []byte{1, 2, 3, 4, 5}, 7); err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(out.Bytes()); got != golden {
		t.Errorf("got  %s\nwant %s", got, golden)
	}
}

func TestWritePacketRefuses(t *testing.T) {
	w, err := NewWriter(new(bytes.Buffer), "limpid")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WritePacket(0, time.Now(), nil, 0); err == nil || !strings.Contains(err.Error(), "no interface 0") {
		t.Errorf("unknown interface: %v", err)
	}
	if _, err := w.AddInterface("n2", ""); err != nil {
		t.Fatal(err)
	}
	if err := w.WritePacket(0, time.Now(), make([]byte, 3), 2); err == nil {
		t.Error("a packet longer than it was is taken")
	}
	if err := w.WritePacket(0, time.Now(), make([]byte, maxPacket+1), maxPacket+1); err == nil {
		t.Error("a packet above the bound is taken")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteErrorStays(t *testing.T) {
	if _, err := NewWriter(full{}, "limpid"); err == nil || err.Error() != "disk full" {
		t.Errorf("error %v", err)
	}
}
