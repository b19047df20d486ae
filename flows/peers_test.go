package flows

import (
	"bytes"
	"encoding/binary"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/internal/capture"
)

// tap writes what goes over the pipes between cores into a capture, as TCP.
type tap struct {
	t    *testing.T
	mu   sync.Mutex
	out  *capture.Writer
	n14  int
	port uint16
}

// tapped is one end.
type tapped struct {
	net.Conn
	tap      *tap
	from, to [2]byte // the last octet of the address is of the core that dials, or of the one that is dialled
	ports    [2]uint16
	seq, ack *uint32
}

func (p *tap) join(near, far net.Conn) (net.Conn, net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.port++
	a, b := new(uint32), new(uint32)
	n := &tapped{near, p, [2]byte{}, [2]byte{}, [2]uint16{p.port, 8443}, a, b}
	f := &tapped{far, p, [2]byte{}, [2]byte{}, [2]uint16{8443, p.port}, b, a}
	const syn, ack = 2, 16
	p.segment(n, syn, nil)
	*a++
	p.segment(f, syn|ack, nil)
	*b++
	p.segment(n, ack, nil)
	return n, f
}

// Write is seen before it arrives.
func (c *tapped) Write(b []byte) (int, error) {
	const push, ack = 8, 16
	c.tap.mu.Lock()
	c.tap.segment(c, push|ack, b)
	*c.seq += uint32(len(b))
	c.tap.mu.Unlock()
	return c.Conn.Write(b)
}

// segment writes one, RFC 9293 §3.1 in RFC 791 §3.1 in Ethernet.
func (p *tap) segment(c *tapped, flags byte, data []byte) {
	b := make([]byte, 54, 54+len(data))
	b[12] = 0x08
	ip, tcp := b[14:34], b[34:54]
	ip[0], ip[8], ip[9] = 0x45, 64, 6
	binary.BigEndian.PutUint16(ip[2:], uint16(40+len(data)))
	copy(ip[12:], []byte{192, 0, 2, 1 + byte(c.ports[0]>>13&1)})
	copy(ip[16:], []byte{192, 0, 2, 1 + byte(c.ports[1]>>13&1)})
	binary.BigEndian.PutUint16(tcp[0:], c.ports[0])
	binary.BigEndian.PutUint16(tcp[2:], c.ports[1])
	binary.BigEndian.PutUint32(tcp[4:], *c.seq)
	binary.BigEndian.PutUint32(tcp[8:], *c.ack)
	tcp[12], tcp[13] = 0x50, flags
	binary.BigEndian.PutUint16(tcp[14:], 0xffff)
	b = append(b, data...)
	if err := p.out.WritePacket(p.n14, time.Now(), b, len(b)); err != nil {
		p.t.Error(err)
	}
}

// TestN14OnTheWire: an independent decoder reads what cores say to each other in the flows: HTTP/2, JSON with the members of the
// OpenAPI documents, and NGAP and NAS in the parts beside it, TS 29.500 §5.2.
func TestN14OnTheWire(t *testing.T) {
	dir := t.TempDir()
	pcap, keys := filepath.Join(dir, "n14.pcapng"), new(bytes.Buffer)
	file, err := os.Create(pcap)
	if err != nil {
		t.Fatal(err)
	}
	out, err := capture.NewWriter(file, "limpid")
	if err != nil {
		t.Fatal(err)
	}
	listener := &tap{t: t, out: out, port: 20000}
	if listener.n14, err = out.AddInterface("n14", "between cores"); err != nil {
		t.Fatal(err)
	}
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		switch f.Name {
		case "n14_handover", "n14_handover_partial", "n14_handover_refused", "n14_registration_back", "n14_registration_connected", "n14_registration_paging", "n14_registration_wrong_mac":
		default:
			continue
		}
		store := folder(t)
		synctest.Test(t, func(t *testing.T) {
			s, err := newStage(&f, store, slog.New(slog.DiscardHandler), synctest.Wait, func(s *stage) {
				s.nodes.peers.tap, s.nodes.peers.keys = listener.join, keys
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.play(f.Script); err != nil {
				t.Error(err)
			}
			if err := s.close(); err != nil {
				t.Error(err)
			}
		})
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	secrets := filepath.Join(dir, "keys")
	if err := os.WriteFile(secrets, keys.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	decodedN14(t, pcap, secrets)
}

// decodedN14 has tshark read the capture.
func decodedN14(t *testing.T, pcap, keys string) {
	t.Helper()
	fields := []string{"_ws.malformed", "_ws.expert.severity", "http2.headers.method", "http2.headers.path", "http2.headers.status", "json.key", "frame.protocols",
		"ngap.rRCContainer", "ngap.gTP_TEID", "ngap.pDCP_SN12"}
	args := []string{"-r", pcap, "-o", "tls.keylog_file:" + keys, "-T", "fields"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	text, err := exec.Command("tshark", args...).Output()
	if err != nil {
		t.Fatalf("tshark (needed by this test): %v", err)
	}
	seen := make(map[string]int)
	for line := range strings.Lines(string(text)) {
		values := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		const severityError = "8388608"
		if values[0] != "" || strings.Contains(values[1], severityError) {
			t.Errorf("malformed: %s", line)
		}
		if path := values[3]; path != "" {
			parts := strings.Split(strings.Trim(path, "/"), "/")
			seen[values[2]+" "+parts[0]+" "+strings.Join(parts[min(len(parts), 4):], "/")]++
		}
		seen["status "+values[4]]++
		for key := range strings.SplitSeq(values[5], ",") {
			seen[key]++
		}
		if strings.HasSuffix(values[6], ":json:ngap") || strings.Contains(values[6], "mime_multipart:json") {
			seen["parts"]++
		}
		for i, f := range fields[7:] {
			if values[7+i] != "" {
				seen[f]++
			}
		}
	}
	for _, want := range []string{
		"PUT namf-comm ", "POST namf-comm transfer", "POST namf-comm transfer-update", "POST namf-comm n1-n2-messages", "POST namf-callback ",
		"POST nsmf-pdusession modify", "POST nsmf-pdusession release", "status 200", "status 201", "status 204", "status 403", "parts",
		"ueContext", "seafData", "keyAmf", "mmContextList", "sessionContextList", "smContextRef", "targetId", "sourceToTargetData", "targetToSourceData", "pduSessionList",
		"failedSessionList", "n2NotifyUri", "regRequest", "transferStatus", "regStatusTransferComplete", "n2InfoContainer", "hoState", "cause", "notifyReason",
		"ngap.rRCContainer", "ngap.gTP_TEID", "ngap.pDCP_SN12",
	} {
		if seen[want] == 0 {
			t.Errorf("no %q in what the decoder read: %v", want, seen)
		}
	}
}
