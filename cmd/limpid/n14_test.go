package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/aka/milenage"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/internal/netspace"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// oneOfTwo is a core; %[2]s is its name, %[3]d its number, %[4]s that of its peer, %[5]d the peer's number.
const oneOfTwo = `name: %[2]s
store: {path: %[1]s/%[2]s/store/%[2]s.db}
control: {socket: %[1]s/%[2]s.sock}
%[6]s
amf:
  guami: {region: 1, set: %[3]d, pointer: 0}
  n2: {address: 10.31.%[3]d.1, sctp: raw}
  plmns: [{plmn: "00101", tacs: [%[3]d], slices: ["1"]}]
smf:
  dnns: [{name: internet, slices: ["1"], pools: [10.4%[3]d.0.0/16]}]
upf:
  n3: {address: 10.31.%[3]d.1}
udm:
  home_network_keys: []
sbi: {address: "10.31.9.%[3]d:8443", certificate: %[1]s/%[2]s.pem, key: %[1]s/%[2]s.key, ca: %[1]s/ca.pem}
peers:
  - {name: %[4]s, address: "10.31.9.%[5]d:8443", guami: {region: 1, set: %[5]d, pointer: 0}, tais: [{tacs: [%[5]d]}]}
`

// pair is two cores in namespaces of their own, joined by one cable for N14, and their radios in a third.
type pair struct {
	t     *testing.T
	dir   string
	names map[string]string // the namespace of each core
	logs  map[string]*lockedBuffer
	cmds  map[string]*exec.Cmd
	ran   *netspace.Space
	sctp  sctp.Transport
	gnbs  map[string]*gnb.GNB // by the core
}

// newPair starts north and south; further is what their configurations say beside.
func newPair(t *testing.T, further string) *pair {
	p := &pair{t: t, names: make(map[string]string), logs: make(map[string]*lockedBuffer), cmds: make(map[string]*exec.Cmd), gnbs: make(map[string]*gnb.GNB)}
	var err error
	if p.dir, err = os.MkdirTemp("", "limpid-n14-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(p.dir) })
	must(t, os.Chmod(p.dir, 0o711))
	ran := fmt.Sprintf("limpid-test-%d-ran", os.Getpid())
	if p.ran, err = netspace.New(ran); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.ran.Close(); _ = exec.Command("ip", "netns", "del", ran).Run() })
	p.names["north"], p.names["south"] = space(t, "north"), space(t, "south")
	wire(t, "n2north", p.names["north"], "10.31.1.1/24", ran, "10.31.1.2/24")
	wire(t, "n2south", p.names["south"], "10.31.2.1/24", ran, "10.31.2.2/24")
	wire(t, "n14", p.names["north"], "10.31.9.1/24", p.names["south"], "10.31.9.2/24")
	for _, a := range []string{"10.31.1.11/24", "10.31.1.12/24"} { // N3 of both gNBs: sessions stay at the UPF of north
		command(t, exec.Command("ip", "-n", ran, "addr", "add", a, "dev", "n2north"))
	}
	authority := newTestAuthority(t)
	must(t, os.WriteFile(filepath.Join(p.dir, "ca.pem"), authority.pem, 0o644))
	list := filepath.Join(p.dir, "subscribers.csv")
	must(t, os.WriteFile(list, []byte("imsi,key,opc\n001010000000001,"+testKey+","+testOPc+"\n001010000000002,"+testKey+","+testOPc+"\n"), 0o600))
	for i, name := range []string{"north", "south"} {
		cert, key := authority.issue(name)
		must(t, os.WriteFile(filepath.Join(p.dir, name+".pem"), cert, 0o600))
		must(t, os.WriteFile(filepath.Join(p.dir, name+".key"), key, 0o600))
		must(t, os.MkdirAll(filepath.Join(p.dir, name, "store"), 0o711))
		must(t, os.WriteFile(p.config(name), fmt.Appendf(nil, oneOfTwo, p.dir, name, i+1, []string{"south", "north"}[i], 2-i, further), 0o600))
		command(t, limpid(t.Context(), "subscriber", "import", "--db", filepath.Join(p.dir, name, "store", name+".db"), list))
		p.start(name)
	}
	must(t, p.ran.Do(func() (err error) {
		p.sctp, err = sctp.New(sctp.Config{Binding: "raw", Log: slog.New(slog.DiscardHandler)}.ForN2())
		return err
	}))
	t.Cleanup(func() { _ = p.sctp.Close() })
	p.radio("north", gnb.Hooks{})
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *pair) config(name string) string { return filepath.Join(p.dir, name+".yaml") }

// start starts a core and waits until it serves.
func (p *pair) start(name string) {
	p.t.Helper()
	p.cmds[name], p.logs[name] = daemon(p.t, p.names[name], "core", "--config", p.config(name))
	awaits(p.t, p.logs[name], "core runs", 1)
	awaits(p.t, p.logs[name], "association with UPF set up", 1)
}

// radio connects a gNB with a core.
func (p *pair) radio(name string, hooks gnb.Hooks) *gnb.GNB {
	p.t.Helper()
	n := map[string]byte{"north": 1, "south": 2}[name]
	cfg := gnb.Config{
		Name: "gnb-" + name, ID: uint32(n), PLMN: ident.PLMN{0x00, 0xf1, 0x10}, TAC: ident.TAC(n), N3: netip.AddrFrom4([4]byte{10, 31, 1, 10 + n}),
		DataPath: true, Hooks: hooks,
		Dial: func(ctx context.Context) (assoc sctp.Association, err error) {
			err = p.ran.Do(func() (err error) {
				assoc, err = p.sctp.Dial(ctx, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 31, n, 2}), 0), netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 31, n, 1}), sctp.PortNGAP))
				return err
			})
			return assoc, err
		},
	}
	var g *gnb.GNB
	must(p.t, p.ran.Do(func() (err error) { g, err = gnb.New(cfg); return err }))
	p.t.Cleanup(func() { _ = g.Close(context.Background()) })
	ctx, cancel := context.WithTimeout(p.t.Context(), 20*time.Second)
	defer cancel()
	must(p.t, g.Setup(ctx))
	p.gnbs[name] = g
	return g
}

// TS 35.208 §4.3 test set 1.
const (
	testKey = "465b5ce8b199b49faa5f0a2ee238a6bc"
	testOPc = "cd63cb71954a9f4e48a5994e37a02baf"
)

// phone is a UE that sends pings.
type phone struct {
	*ue.UE
	t       *testing.T
	answers chan uint16
	asked   uint16
}

// phone registers a UE at north and gives it a session.
func (p *pair) phone(ctx context.Context, number int) *phone {
	p.t.Helper()
	supi, err := ident.ParseSUPI(fmt.Sprintf("00101%010d", number))
	must(p.t, err)
	k, _ := hex.DecodeString(testKey)
	op, _ := hex.DecodeString(testOPc)
	usim := &ue.USIM{SUPI: supi, HomePLMN: ident.PLMN{0x00, 0xf1, 0x10}, Algorithm: milenage.New((*[16]byte)(k), (*milenage.OPc)(op))}
	u, err := ue.New(ue.Config{USIM: usim})
	must(p.t, err)
	h := &phone{UE: u, t: p.t, answers: make(chan uint16, 1000)}
	u.Camp(p.gnbs["north"])
	must(p.t, u.Register(ctx, ue.RegisterOptions{}))
	_, err = u.EstablishSession(ctx, 1, ue.SessionOptions{})
	must(p.t, err)
	h.pings(ctx)
	return h
}

// pings waits until the data network answers an echo request.
func (h *phone) pings(ctx context.Context) {
	h.t.Helper()
	must(h.t, h.OnPacket(1, func(b []byte) {
		if len(b) >= 28 && b[9] == 1 && b[20] == 0 {
			h.answers <- binary.BigEndian.Uint16(b[26:])
		}
	}))
	s, _ := h.Session(1)
	h.asked += 100
	first := h.asked
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		select {
		case n := <-h.answers:
			if n > first {
				return
			}
		case <-ctx.Done():
			h.t.Fatalf("%s: no packet comes back: session %+v, %+v", h.SUPI(), s, h.Status())
		case <-tick.C:
			h.asked++
			_ = h.SendPacket(1, echoRequest(s.Address, netip.AddrFrom4([4]byte{10, 41, 0, 1}), h.asked)) // the user plane may not be there yet
		}
	}
}

// echoRequest is an IPv4 packet with an ICMP echo request, RFC 792.
func echoRequest(from, to netip.Addr, number uint16) []byte {
	b := make([]byte, 28)
	b[0], b[3], b[8], b[9] = 0x45, 28, 64, 1
	copy(b[12:], from.AsSlice())
	copy(b[16:], to.AsSlice())
	b[20] = 8
	binary.BigEndian.PutUint16(b[26:], number)
	binary.BigEndian.PutUint16(b[10:], checksum(b[:20]))
	binary.BigEndian.PutUint16(b[22:], checksum(b[20:]))
	return b
}

func checksum(b []byte) uint16 {
	sum := uint32(0)
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	return ^uint16(sum>>16 + sum&0xffff)
}

// audited has both cores find nothing wrong with themselves.
func (p *pair) audited(names ...string) {
	p.t.Helper()
	for _, name := range names {
		if text := command(p.t, limpid(p.t.Context(), "audit", "--socket", filepath.Join(p.dir, name+".sock"))); text != "nothing found\n" {
			p.t.Errorf("audit of %s: %s\n%s", name, text, p.logs[name])
		}
	}
}

// testAuthority signs certificates.
type testAuthority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newTestAuthority(t *testing.T) *testAuthority {
	a := &testAuthority{t: t}
	a.cert, a.key = a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
	return a
}

func (a *testAuthority) sign(c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(1), time.Now().Add(-time.Hour), time.Now().Add(90*24*time.Hour)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(a.t, err)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	must(a.t, err)
	cert, err := x509.ParseCertificate(der)
	must(a.t, err)
	return cert, key
}

// issue makes the files of a core.
func (a *testAuthority) issue(name string) (cert, key []byte) {
	c, k := a.sign(&x509.Certificate{DNSNames: []string{name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}})
	secret, err := x509.MarshalPKCS8PrivateKey(k)
	must(a.t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// TestN14 hands phones over between two cores, each a process in a namespace of its own, and their packets go on: by N2
// handover there and back, and by registration of an idle phone. It needs root.
func TestN14(t *testing.T) {
	for _, form := range []struct{ name, further string }{{"one process", ""}, {"divided", "processes: {separate: true}"}} {
		t.Run(form.name, func(t *testing.T) { testN14(t, form.further) })
	}
}

func testN14(t *testing.T, further string) {
	p := newPair(t, further)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	north, south := p.gnbs["north"], p.radio("south", gnb.Hooks{})
	u1, u2 := p.phone(ctx, 1), p.phone(ctx, 2)

	must(t, north.HandOverN2(ctx, u1.UE, south, gnb.N2Options{})) // TS 23.502 §4.9.1.3
	u1.pings(ctx)
	must(t, u1.Register(ctx, ue.RegisterOptions{Type: 2}))
	u1.pings(ctx)

	must(t, north.ReleaseUE(ctx, u2.UE, ngap.CauseRadioNetworkUserInactivity)) // TS 23.502 §4.2.2.2.2 with a new AMF
	must(t, u2.AwaitIdle(ctx))
	u2.Camp(south)
	must(t, u2.Register(ctx, ue.RegisterOptions{Type: 2}))
	must(t, u2.AwaitIdle(ctx)) // nothing follows
	_, err := u2.ServiceRequest(ctx, ue.ServiceOptions{})
	must(t, err)
	u2.pings(ctx)
	p.audited("north", "south")

	must(t, south.HandOverN2(ctx, u1.UE, north, gnb.N2Options{}))
	u1.pings(ctx)
	p.audited("north", "south")
	p.strangersAreRefused(ctx)
	sockets := []string{filepath.Join(p.dir, "north.sock")}
	if further != "" {
		for _, process := range []string{"upf", "ledger", "loader"} {
			sockets = append(sockets, filepath.Join(p.dir, "north-"+process+".sock"))
		}
	}
	wantLockedDown(t, p.names["north"], sockets...)
	command(t, exec.CommandContext(ctx, "ip", "netns", "exec", p.names["north"], product(), "prove", "egress", "--process", fmt.Sprint(p.cmds["north"].Process.Pid), "--config", p.config("north"), "--socket", sockets[len(sockets)-1]))
	for name, log := range p.logs {
		for line := range strings.Lines(log.String()) {
			if strings.Contains(line, "level=ERROR") || strings.Contains(line, "level=WARN") && !strings.Contains(line, "a connection is refused") {
				t.Errorf("%s complains: %s", name, line)
			}
		}
	}
}

// strangersAreRefused: who has no certificate of the authority, or one that names no peer, is not served, and the log has it once.
func (p *pair) strangersAreRefused(ctx context.Context) {
	p.t.Helper()
	other := newTestAuthority(p.t)
	cert, key := other.issue("south")
	stranger, err := tls.X509KeyPair(cert, key)
	must(p.t, err)
	south, err := netspace.Enter(p.names["south"])
	must(p.t, err)
	defer south.Close()
	for range 5 {
		var conn net.Conn
		must(p.t, south.Do(func() (err error) {
			conn, err = new(net.Dialer).DialContext(ctx, "tcp", "10.31.9.1:8443")
			return err
		}))
		c := tls.Client(conn, &tls.Config{Certificates: []tls.Certificate{stranger}, InsecureSkipVerify: true, NextProtos: []string{"h2"}})
		err := c.HandshakeContext(ctx)
		if err == nil {
			_, err = c.Read(make([]byte, 1))
		}
		if err == nil {
			p.t.Error("a stranger is served")
		}
		_ = conn.Close()
	}
	awaits(p.t, p.logs["north"], "a connection is refused", 1)
	if n := strings.Count(p.logs["north"].String(), "a connection is refused"); n != 1 {
		p.t.Errorf("told %d times", n)
	}
}

// TestN14PeerKilled: the target core is killed while it prepares a handover. The source gNB hears that the preparation failed,
// the phone stays and its packets go on, nothing is left behind, and when the peer is back the phone goes there.
func TestN14PeerKilled(t *testing.T) {
	p := newPair(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	requested := make(chan struct{}, 10)
	north := p.gnbs["north"]
	south := p.radio("south", gnb.Hooks{Uplink: func(m ngap.Message) []ngap.Message {
		if _, ok := m.(*ngap.HandoverRequestAcknowledge); ok {
			requested <- struct{}{}
			return nil
		}
		return []ngap.Message{m}
	}})
	u := p.phone(ctx, 1)
	go func() {
		<-requested
		_ = p.cmds["south"].Process.Kill()
	}()
	err := north.HandOverN2(ctx, u.UE, south, gnb.N2Options{})
	if refused, ok := errors.AsType[*gnb.HandoverError](err); !ok {
		t.Fatalf("%v, want a refusal", err)
	} else if refused.Cause != ngap.CauseRadioNetworkHoFailureInTarget5GCNGRANNodeOrTargetSystem {
		t.Error(refused)
	}
	u.pings(ctx)
	p.audited("north")
	_ = p.cmds["south"].Wait() // it was killed
	_ = south.Close(ctx)       // so is its association
	p.start("south")
	south = p.radio("south", gnb.Hooks{})
	must(t, north.HandOverN2(ctx, u.UE, south, gnb.N2Options{}))
	u.pings(ctx)
	p.audited("north", "south")
}
