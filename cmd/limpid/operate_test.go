package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const coreWhole = `lockdown: auto # a test binary may hold C
name: limpid
store: {path: %[1]s/core.db}
control: {socket: %[1]s/core.sock}
amf:
  guami: {region: 1, set: 1, pointer: 0}
  n2: {address: 10.20.2.1, sctp: udp}
  plmns: [{plmn: "00101", tacs: [1], slices: ["1", "2-010203"]}]
smf:
  n4: {address: 127.0.0.4}
  dnns: [{name: internet, slices: ["1", "2-010203"], pools: [10.60.0.0/24], dns: [192.0.2.53], mtu: 1400}]
upf:
  n4: {address: 127.0.0.8}
  n3: {address: 10.20.2.1}
nsacf: {slices: [{slice: "1", ues: 5, sessions: 4}]}
udm:
  home_network_keys: []
`

// place is a core that runs in a namespace of its own, and a namespace for its radios.
type place struct {
	t    *testing.T
	dir  string
	ran  string
	log  *lockedBuffer
	core *exec.Cmd
}

// wholeCore runs a core with the subscribers of a CSV file.
func wholeCore(t *testing.T, config, subscribers string) *place {
	t.Helper()
	p := &place{t: t, dir: t.TempDir(), ran: space(t, "ran")}
	core := space(t, "core")
	wire(t, "n2", core, "10.20.2.1/24", p.ran, "10.20.2.2/24")
	file := filepath.Join(p.dir, "core.yaml")
	for name, text := range map[string]string{file: fmt.Sprintf(config, p.dir), filepath.Join(p.dir, "subscribers.csv"): subscribers} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command(t, limpid(t.Context(), "subscriber", "import", "--db", filepath.Join(p.dir, "core.db"), filepath.Join(p.dir, "subscribers.csv")))
	p.core, p.log = daemon(t, core, "core", "--config", file)
	awaits(t, p.log, "core runs", 1)
	return p
}

// operate runs a command about the core; wants is a regular expression of what it says, and ok how it must end.
func (p *place) operate(ok bool, wants string, args ...string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	cmd := limpid(ctx, append(args, "--socket", filepath.Join(p.dir, "core.sock"))...)
	out, err := cmd.CombinedOutput()
	if (err == nil) != ok || !regexp.MustCompile(wants).Match(out) {
		p.t.Errorf("limpid %s: %v, want ok: %v and %q\n%s", strings.Join(args, " "), err, ok, wants, out)
	}
}

// until repeats a command until what it says matches.
func (p *place) until(wants string, args ...string) {
	p.t.Helper()
	var out []byte
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var err error
		if out, err = limpid(p.t.Context(), append(args, "--socket", filepath.Join(p.dir, "core.sock"))...).CombinedOutput(); err == nil && regexp.MustCompile(wants).Match(out) {
			return
		}
	}
	p.t.Errorf("limpid %s: never %q\n%s", strings.Join(args, " "), wants, out)
}

const operatedSubscribers = `imsi,key,opc,slice,dnn,session-types,ssc-modes
001010000000001,465b5ce8b199b49faa5f0a2ee238a6bc,cd63cb71954a9f4e48a5994e37a02baf,1,internet,IPv4,1
001010000000002,465b5ce8b199b49faa5f0a2ee238a6bc,cd63cb71954a9f4e48a5994e37a02baf,1,internet,IPv4,2
001010000000003,465b5ce8b199b49faa5f0a2ee238a6bc,cd63cb71954a9f4e48a5994e37a02baf,1,internet,IPv4,3
001010000000004,465b5ce8b199b49faa5f0a2ee238a6bc,cd63cb71954a9f4e48a5994e37a02baf,1,internet,IPv4,1
`

// TestOperate has an operator act on connected UEs with commands, over the socket of a running core, and looks what came
// of it at the core and at the phones. It needs root.
func TestOperate(t *testing.T) {
	p := wholeCore(t, coreWhole, operatedSubscribers)
	phones, said := daemon(t, p.ran, "ran", "--no-tun", "--duration", "10m", "--ladder", "--sctp", "udp", "--amf", "10.20.2.1", "--n3", "10.20.2.2",
		"--plmn", "00101", "--subscribers", keysOf(t, operatedSubscribers))
	p.until(`(?s)^SUPI(.* active +activated ){4}`, "session", "list")
	const u1, u2, u3, u4 = "001010000000001", "001010000000002", "001010000000003", "001010000000004"

	p.operate(true, `\ngNB-00101-00000001/32 +limpid-gnb +\S+ +4 `, "gnb", "list")
	p.operate(true, `^$`, "amf", "weight", "10.20.2.1", "5")
	p.operate(false, `the AMF does not listen on 10.20.2.9:38412, but on \[10.20.2.1:38412\]`, "amf", "weight", "10.20.2.9", "5")
	p.operate(false, `weight "256": want 0 to 255`, "amf", "weight", "10.20.2.1", "256")
	p.operate(false, `is the AMF.s last address: drain the AMF instead`, "amf", "remove-address", "10.20.2.1")
	p.operate(false, `10.20.2.1:38412 is in use`, "amf", "add-address", "10.20.2.1:38412")
	p.operate(true, `(?s)^SUPI .*imsi-001010000000002 +1 +internet +1 +active +activated +2 +10\.60\.0\.\d+ +limpid-upf +1 `, "session", "list", u2)
	p.operate(true, `(?s)imsi-001\*+01 .*imsi-001\*+04 `, "session", "list")
	p.operate(true, `"SSCMode": 3`, "session", "list", "--json", u3)
	p.operate(true, `(?s)^SLICE .*\n1 +4/5 +0 +4/4 +0 +true\n$`, "slice", "list")
	p.operate(true, `"maximum_ues": 5`, "slice", "list", "--json")
	p.operate(true, `^tracking area 00101-000001, cell `, "ue", "locate", u1)
	p.operate(true, `^$`, "ue", "await-reachable", u1)

	before := strings.Count(said.String(), "AuthenticationRequest")
	p.operate(true, `^$`, "ue", "authenticate", u1)
	awaits(t, said, "AuthenticationRequest", before+1)
	p.operate(true, `^$`, "ue", "configure", u1)
	awaits(t, said, "ConfigurationUpdateCommand", 1)

	p.operate(false, `SSC mode 1: it keeps its anchor; release it instead`, "session", "relocate", u1, "1")
	p.operate(true, `^$`, "session", "relocate", u2, "1")
	p.until(`^SUPI[^\n]*\n$`, "session", "list", u2)
	p.operate(true, `^$`, "session", "relocate", u3, "1", "--by", "ann")
	awaits(t, p.log, "PDU session is to be replaced by another one", 1)
	awaits(t, p.log, "by=ann", 1)
	p.operate(true, `^$`, "session", "release", u1, "1")
	p.until(`^SUPI[^\n]*\n$`, "session", "list", u1)
	awaits(t, said, "PDUSessionReleaseComplete", 1)
	p.operate(false, `no PDU session 1 of imsi-001\*+01`, "session", "release", u1, "1")

	p.operate(true, `^$`, "ue", "deregister", u4, "--by", "ann")
	p.until(`\ngNB-00101-00000001/32 +limpid-gnb +\S+ +3 `, "gnb", "list")
	p.operate(true, `^$`, "ue", "deregister", u1)
	awaits(t, said, "DeregistrationAcceptUETerminated", 1)
	p.operate(false, `not registered here`, "ue", "deregister", u1)
	p.operate(false, `not registered here`, "ue", "authenticate", u4)
	p.operate(false, `not registered here`, "ue", "configure", u4)
	p.operate(false, `not registered here`, "ue", "await-reachable", u4)
	p.until(`nothing found`, "audit")
	p.wrongOrders()
	if err := phones.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	p.until(`^ID[^\n]*\n$`, "gnb", "list")
}

// wrongOrders: what cannot be is refused with what would be right, and changes nothing.
func (p *place) wrongOrders() {
	p.t.Helper()
	for _, bad := range []struct{ wants, args string }{
		{`accepts 1 arg`, "ue deregister"},
		{`accepts 2 arg`, "session release 001010000000003"},
		{`001`, "ue deregister 001"},
		{`12x`, "session list 12x"},
		{`PDU session "0": want its identity, 1 to 15`, "session release 001010000000003 0"},
		{`PDU session "16": want its identity, 1 to 15`, "session relocate 001010000000003 16"},
		{`PDU session "one": want its identity, 1 to 15`, "session release 001010000000003 one"},
		{`no PDU session 5 of`, "session release 001010000000003 5"},
		{`no PDU session 1 of`, "session relocate 001019999999999 1"},
		{`not registered here`, "ue deregister 001019999999999"},
		{`unknown flag: --nosuch`, "session list --nosuch"},
	} {
		p.operate(false, regexp.QuoteMeta(bad.wants), strings.Fields(bad.args)...)
	}
	out, err := limpid(p.t.Context(), "session", "list", "--socket", filepath.Join(p.dir, "none.sock")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "no core answers on") {
		p.t.Errorf("%v\n%s", err, out)
	}
	p.operate(true, `imsi-001010000000003 +1 +internet`, "session", "list", "001010000000003")
}

// keysOf is a CSV file with what phones know of subscribers.
func keysOf(t *testing.T, subscribers string) string {
	t.Helper()
	var text string
	for line := range strings.Lines(subscribers) {
		text += strings.Join(strings.Split(strings.TrimSpace(line), ",")[:3], ",") + "\n"
	}
	name := filepath.Join(t.TempDir(), "keys.csv")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
