package flows

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/memory"
	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
	"github.com/limpid-5g/limpid/wire/sctp"
)

var rewriteAdvisories = flag.Bool("rewrite-advisories", false, "write docs/advisories.md")

// advisory is a public report of how another 5G core fails, and the case that is made of it here. Exactly one of the
// fields behind want says what is done; each part of it is done to one core, one after the other.
type advisory struct {
	id    string // CVE, or project#issue
	fails string // what fails there and over what
	want  string // in the ladder, "" if there is nothing to say

	n2     []string // NGAP messages of a gNB, in hexadecimal
	first  []string // the same before NG Setup
	n1     []string // NAS messages in an Initial UE Message
	script []string // lines of a flow
	n4     []string // PFCP messages of the UPF to the SMF
	flows  []string // flows that show it

	sm          []string         // 5GSM messages of a registered UE that has a session, protected
	asked       pfcp.MessageType // of the UPF during script, which then does nothing and answers
	answer      string           // with these elements
	subscribers string           // instead of base/subscribers.csv
}

// nas is a REGISTRATION REQUEST with an identity and other elements, TS 24.501 §8.2.6.
func nas(typeOfRegistration, identity, more string) string {
	return "7e0041" + typeOfRegistration + fmt.Sprintf("%04x", len(identity)/2) + identity + more
}

// The null scheme SUCI of the first subscriber, TS 24.501 §9.11.3.4.
const suciOfFirst = "0100f110f0ff000000000000000010"

func advisories() []advisory {
	return slices.Concat(advisoriesToAMF(), advisoriesOnN2(), advisoriesOnN1(), advisoriesToSMF(), laterAdvisories())
}

func advisoriesToAMF() []advisory {
	return []advisory{
		{id: "free5gc/free5gc#497", fails: "AMF: octets that are no NGAP", want: "ErrorIndication", n2: []string{"48656c6c6f21", "00"}},
		{id: "open5gs/open5gs#4375", fails: "AMF: UPLINK NAS TRANSPORT of a UE that is not there, with identities at the end of their range",
			n2: []string{"002e004900000400558005c0ffffffff000a8007a00100000000000026400100007900295afffffffffffffff0000000004001ff40ffffffffffff000000004001ffffffffff000000004001ff"}},
		{id: "open5gs/open5gs#4376", fails: "AMF: HANDOVER NOTIFY of a UE that is not there", n2: []string{"000b0017000002000a8007a001000000000000554005c0ffffffff"}},
		{id: "open5gs/open5gs#4377", fails: "AMF: PDU SESSION RESOURCE SETUP RESPONSE of a UE that is not there",
			n2: []string{"201d005f0000040013000878ff100020ffff00000a8007a0014138f98abf003a000e0000ff0a4003c0ff600010ffff00004b002f0000ff2b7013e0ffffffffffffffffffffffffffffffffffffffffffffffff013f400000000000000000001401fc20"}},
		{id: "open5gs/open5gs#4679", fails: "AMF: an outcome of a procedure that the AMF never began", n2: []string{"2015000014000003000a0002ffff005500020001"}},
		{id: "free5gc/free5gc#1018, free5gc/free5gc#1022, free5gc/free5gc#1063", fails: "AMF: HANDOVER REQUEST ACKNOWLEDGE without its mandatory elements", n2: []string{"200d000f000002005540020000006a00020100"}},
		{id: "free5gc/free5gc#1049", fails: "AMF: UPLINK RAN CONFIGURATION TRANSFER to a node that is no gNB",
			n2: []string{"003040300000020063401c0400bfb3d36df08004a86264bc04203379e720ad00d11495826ad840009e400908e104c50959dbd7fa"}},
		{id: "CVE-2026-30078", fails: "AMF: procedure codes and PDU types that do not go together", n2: []string{
			"20150003000000", "40150003000000", "00ff0003000000", "60150003000000", "202e4003000000", "40004003000000",
		}},
		{id: "CVE-2026-30077", fails: "AMF: messages that cannot be decoded", n2: []string{"0015003500", "00150080ff", "000f4048000005", "000f40ffffffff"}},
		{id: "open5gs/open5gs#960", fails: "AMF: messages of a UE without the UE's identities; NG RESET with a cause that does not exist", n2: []string{
			"002e4003000000", "000e4003000000", "002a4003000000", "00140009000001000f400001ff", "0014000c000001000f0002ff80",
		}},
		{id: "free5gc/free5gc#725, free5gc/free5gc#641", fails: "AMF: UPLINK RAN CONFIGURATION TRANSFER with nothing in it", n2: []string{"00304003000000"}},
		{id: "free5gc/free5gc#501", fails: "AMF: INITIAL UE MESSAGE before NG Setup",
			first: []string{"000f404800000500550002000100260 01a197e00417900 0d0102f8390000000000000000302e04f0f0f0f0007900135002f839000000010002f839000001e8e87ed4005a4001180070400100"}},
		{id: "free5gc/free5gc#768", fails: "AMF: UE CONTEXT RELEASE COMPLETE as the first message of an association", first: []string{"2029000f000002000a40020001005540020001"}},
		{id: "CVE-2024-24444", fails: "AMF: associations that come and go", first: make([]string, 64)},
		{id: "free5gc/free5gc#835", fails: "AMF: a SUCI that ends before its scheme output",
			n1: []string{"7e00417900070102f839000000000000fa0000fa04f0f0f0f0", nas("79", "0100f110000000", "")}},
		{id: "free5gc/free5gc#747", fails: "AMF: a mobile identity shorter than its type needs", n1: []string{"7e0041790005a102f83970ff00001200200c1aae82", nas("79", "f200f110", "")}},
		{id: "open5gs/open5gs#2020, open5gs/open5gs#2945", fails: "AMF: a SUCI whose SUPI is no IMSI", n1: []string{nas("79", "1175736572406578616d706c65", "2e04f0f0f0f0"), nas("79", "21ff", ""), nas("79", "71ff00", "")}},
		{id: "CVE-2026-7601", fails: "AMF: a registration type that does not exist", n1: []string{nas("70", suciOfFirst, "2e02f0f0"), nas("77", suciOfFirst, "2e02f0f0"), nas("7f", suciOfFirst, "2e02f0f0")}},
		{id: "open5gs/open5gs#4321", fails: "AMF: a 5G-GUTI of zeros", n1: []string{nas("70", "f2000000000000 00000000", ""), nas("79", "f2000000000000 00000000", "2e02f0f0")}},
		{id: "free5gc/free5gc#523, omec-project/amf#397", fails: "AMF: elements of no length and lengths past the end", n1: []string{
			nas("79", "", ""), "7e004179ffff01", "7e0041", "7e004179000d", nas("79", suciOfFirst, "2e00"), nas("79", suciOfFirst, "2eff"), nas("79", suciOfFirst, "2e"),
			nas("79", suciOfFirst, "2e02f0f02f00"), nas("79", suciOfFirst, "2e02f0f077ffff"), nas("79", suciOfFirst, "2e02f0f07100007c"),
		}},
		{id: "unnumbered, security capabilities", fails: "AMF: no security capabilities, or empty ones", n1: []string{nas("79", suciOfFirst, ""), nas("79", suciOfFirst, "2e020000"), nas("79", suciOfFirst, "2e028080")}},
		{id: "open5gs/open5gs#3131", fails: "AMF: a first NAS message that is no initial one", n1: []string{
			"7e005c000d0100f110f0ff0000000000000010", "7e0043", "7e005e", "7e0057", "7e0067010003c1000000", "7e0068", "7e0000", "2e0101c1ffff91", "7e0464", "",
		}},
		{id: "open5gs/open5gs#3122", fails: "AMF: an answer that nobody asked for, in each state", script: []string{
			"gnb gnb1", "ue u1 mute=AuthenticationResponse", "begin register u1", "say u1 7e005c000d0100f110f0ff0000000000000010", "say u1 7e005e", "say u1 7e0043",
			"say u1 7e005f6f", "say u1 7e005715", "wait 1m", "finish fails .",
		}},
		{id: "free5gc/free5gc#792", fails: "AMF: messages out of order", script: []string{
			"gnb gnb1", "ue u1 mute=SecurityModeComplete", "begin register u1", "say u1 7e0043", "say u1 7e005e7700", "say u1 7e0041790000", "wait 2m", "finish fails .",
		}},
		{id: "open5gs/open5gs#4422", fails: "AMF: SECURITY MODE COMPLETE with another message than the initial one in it", flows: []string{"security_mode_service_container", "security_mode_wrong_container"}},
		{id: "open5gs/open5gs#3608, open5gs/open5gs#3612, open5gs/open5gs#2733", fails: "AMF: another REGISTRATION REQUEST during authentication or security mode control", flows: []string{"registration_twice", "two_phones_at_once"}},
		{id: "open5gs/open5gs#3971", fails: "AMF: registration in a tracking area that is not served", script: []string{
			"gnb gnb1", "initial gnb1 900 nas=" + nas("79", suciOfFirst, "2e02f0f0"), "ngap gnb1 UEContextReleaseRequest amf=1 ran=900", "wait 1s",
		}},
		{id: "open5gs/open5gs#4209", fails: "AMF: deregistration and at once registration", script: []string{
			"gnb gnb1", "ue u1", "register u1", "session u1 1", "begin deregister u1", "begin register u1", "wait 20s",
		}},
		{id: "omec-project/amf#290", fails: "AMF: a PDU session resource setup response that names session 0", n2: nil, script: []string{
			"gnb gnb1", "ue u1", "register u1", "session u1 1", "ngap gnb1 hex=201d0024000003000a40020001005540020001003a4011000000100300000000000000000000000000",
		}},
		{id: "free5gc/free5gc#795, open5gs/open5gs#4471, open5gs/open5gs#4201", fails: "AMF, SMF: PDU session identities 0 and 16 to 255", flows: []string{"session_identity_0"}},
	}
}

// ie is a PFCP information element, TS 29.244 §8.1.1, in hexadecimal.
func ie(t int, value string) string { return fmt.Sprintf("%04x%04x%s", t, len(value)/2, value) }

// sessionMessage is a PFCP message about a session, TS 29.244 §7.2.2.
func sessionMessage(t pfcp.MessageType, seid uint64, seq int, ies string) string {
	return fmt.Sprintf("21%02x%04x%016x%06x00%s", uint8(t), 12+len(ies)/2, seid, seq, ies)
}

func nodeMessage(t pfcp.MessageType, seq int, ies string) string {
	return fmt.Sprintf("20%02x%04x%06x00%s", uint8(t), 4+len(ies)/2, seq, ies)
}

func report(ies string, seid uint64) string {
	return sessionMessage(pfcp.TypeSessionReportRequest, seid, 0x777, ies)
}

func octets(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return b
}

// TestAdvisories does to the core what has brought others down. Nothing may panic, hang or be left behind, and a phone
// can register and have a session afterwards.
func TestAdvisories(t *testing.T) {
	for _, a := range advisories() {
		t.Run(a.id, func(t *testing.T) {
			base, err := Parse("advisory", []byte("TS 24.501 §7: advisory\n"+a.subscribers+"-- script --\nwait 1s\n"))
			if err != nil {
				t.Fatal(err)
			}
			dir := folder(t)
			var log bytes.Buffer
			synctest.Test(t, func(t *testing.T) {
				s, err := newStage(&base, dir, slog.New(slog.NewTextHandler(&log, nil)), synctest.Wait)
				if err != nil {
					t.Fatal(err)
				}
				a.doTo(t, s)
				if text := s.recorder.text(); a.want != "" && !strings.Contains(text, a.want) {
					t.Errorf("no %s in\n%s", a.want, text)
				}
				text, err := s.play([]string{"wait 1m", "gnb last", "ue late gnb=last imsi=001010000000003", "register late identity=suci", "session late 1", "deregister late"})
				if err != nil {
					t.Errorf("afterwards: %v\n%s", err, text)
				}
				if err := s.audit(t.Context()); err != nil {
					t.Errorf("left behind: %v", err)
				}
				if err := s.close(); err != nil {
					t.Errorf("close: %v", err)
				}
				if t.Failed() {
					t.Log(log.String())
				}
			})
		})
	}
}

func (a *advisory) doTo(t *testing.T, s *stage) {
	play := func(line string) {
		s.recorder.note(line)
		if err := s.run(line); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		s.settle()
	}
	for _, m := range a.first {
		near, far := sctp.Pipe()
		s.wg.Go(func() { s.core.ServeN2(s.ctx, far) })
		if m != "" {
			_ = near.Send(t.Context(), sctp.Message{PPID: sctp.PPIDNGAP, Data: octets(t, m)})
			s.settle()
		}
		_ = near.Abort("gone")
		s.settle()
	}
	if len(a.n2)+len(a.n1) > 0 {
		play("gnb gnb1")
	}
	for _, m := range a.n2 {
		if err := s.cells["gnb1"].SendPDU(octets(t, m)); err != nil {
			t.Errorf("%s: %v", m, err)
		}
		s.settle()
	}
	for i, m := range a.n1 {
		play(fmt.Sprintf("initial gnb1 %d nas=%s", 900+i, strings.ReplaceAll(m, " ", "")))
	}
	if len(a.n4)+len(a.sm) > 0 {
		for _, line := range []string{"gnb gnb1", "ue u1", "register u1", "session u1 1"} {
			play(line)
		}
	}
	end, _ := s.n4Ends.Load(n4[1])
	upf := end.(*pfcp.PipeConn)
	for _, m := range a.n4 {
		if _, err := upf.WriteToUDPAddrPort(ofSession(t, s, octets(t, m)), n4[0]); err != nil {
			t.Error(err)
		}
		s.settle()
	}
	for _, m := range a.sm {
		if err := s.ues["u1"].Send(inTransport(octets(t, m))); err != nil {
			t.Errorf("%s: %v", m, err)
		}
		s.settle()
	}
	near, _ := s.n4Ends.Load(n4[0])
	smf := near.(*pfcp.PipeConn)
	lose := smf.Lose
	if elements := octets(t, a.answer); a.asked != 0 {
		smf.Lose = func(b []byte) bool {
			if b[1] != uint8(a.asked) {
				return lose(b)
			}
			answersAlone(upf, b, elements)
			return true
		}
	}
	for _, line := range a.script {
		play(line)
	}
	smf.Lose = lose
}

// TestUPFAdvisories: a UPF answers each with a refusal and goes on.
func TestUPFAdvisories(t *testing.T) {
	for _, a := range slices.Concat(upfAdvisories(), laterUPFAdvisories()) {
		t.Run(a.id, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { refusesOnN4(t, &a) })
		})
	}
}

func refusesOnN4(t *testing.T, a *upfAdvisory) {
	near, far := pfcp.Pipe(n4[0], n4[1])
	cfg := upf.Config{N4: n4[1], N3: n4[1].Addr(), N4Conn: far,
		Networks: []upf.Network{{DNN: "internet", TUN: "upf0", Pools: []netip.Prefix{netip.MustParsePrefix("10.60.0.0/24")}}}}
	u, err := upf.New(cfg, memory.New(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	var heard [][]byte
	go func() {
		for {
			b := make([]byte, 2048)
			n, _, err := near.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			heard = append(heard, b[:n])
		}
	}()
	defer near.Close()
	say := func(s string) {
		if _, err := near.WriteToUDPAddrPort(octets(t, s), n4[1]); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	}
	say(nodeMessage(pfcp.TypeAssociationSetupRequest, 1, ie(60, "007f000004")+ie(96, "e0000000")))
	heard = nil
	sent := a.sent
	if a.before != "" {
		say(a.before)
		sent = sent[:8] + upSEID(t, heard) + sent[24:]
		heard = nil
	}
	say(sent)
	if a.answer != 0 {
		if len(heard) != 1 || heard[0][1] != uint8(a.answer) {
			t.Fatalf("answered with %x, want one message %d", heard, a.answer)
		}
		if bytes.Contains(heard[0], []byte{0, 19, 0, 1, uint8(pfcp.CauseRequestAccepted)}) {
			t.Errorf("accepted: %x", heard[0])
		}
	}
	heard = nil
	say(nodeMessage(pfcp.TypeHeartbeatRequest, 9, ie(96, "e0000000")))
	if len(heard) != 1 || heard[0][1] != uint8(pfcp.TypeHeartbeatResponse) {
		t.Errorf("afterwards: %x", heard)
	}
}

// packetAdvisory is a packet that a data path gets.
type packetAdvisory struct {
	id, fails string
	gtpu      string // from N3
	inner     string // of a user
}

func packetAdvisories() []packetAdvisory {
	return []packetAdvisory{
		{"free5gc/gtp5g#74", "UPF: GTP-U extension headers of no length, or past the end", "36ff003400000001000000ff00", ""},
		{"free5gc/gtp5g#74 (2)", "UPF: a GTP-U extension header that is not there", "36ff003400000001000000ff", ""},
		{"travelping/upg-vpp#43", "UPF: a chain of extension headers of no length", "34ff00080000000100000085" + "00" + strings.Repeat("85", 8), ""},
		{"open5gs/open5gs#4491", "UPF: inner headers that are longer than the packet", "", "4f0000140000000040110000"},
		{"open5gs/open5gs#4491 (2)", "UPF: an inner header that is not there", "", "45"},
		{"open5gs/open5gs#4180", "UPF: IPv6 without payload whose next header says there is one", "", "6000000000001140" + strings.Repeat("20", 32)},
		{"open5gs/open5gs#4500", "UPF: IPv6 extension headers past the end", "", "6000000000080040" + strings.Repeat("20", 32) + "00ff000000000000"},
	}
}

// TestPacketAdvisories: the packet is refused or read, at once.
func TestPacketAdvisories(t *testing.T) {
	for _, a := range packetAdvisories() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			if a.gtpu != "" {
				var p gtpu.Packet
				if err := gtpu.Parse(octets(t, a.gtpu), &p); err == nil {
					t.Errorf("%s: the packet is taken", a.id)
				}
				return
			}
			for _, uplink := range []bool{true, false} {
				var f upf.Flow
				upf.ParseFlow(octets(t, a.inner), uplink, &f)
			}
		}()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatalf("%s: it does not end", a.id)
		}
	}
}

// TestAdvisoriesPage holds docs/advisories.md against the cases.
func TestAdvisoriesPage(t *testing.T) {
	const file = "../docs/advisories.md"
	page := advisoriesPage(t)
	if *rewriteAdvisories {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(committed) != page {
		t.Errorf("%s is not what the cases say: run go test ./flows -run TestAdvisoriesPage -rewrite-advisories", file)
	}
}

func advisoriesPage(t *testing.T) string {
	var b strings.Builder
	b.WriteString("# Advisories of other cores\n\nGenerated by `go test ./flows -run TestAdvisoriesPage -rewrite-advisories`: do not edit. Public reports of how other 5G cores\n")
	b.WriteString("fail, by their CVE, or the project and number of the report, and the test that does the same, or the like, to Limpid. After each\n")
	b.WriteString("nothing may have panicked or be left behind, and a phone registers and gets a session.\n\n| report | what fails there | test |\n|---|---|---|\n")
	known := make(map[string]bool)
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		known[f.Name] = true
	}
	row := func(id, fails, test string) { fmt.Fprintf(&b, "| %s | %s | %s |\n", id, fails, test) }
	for _, a := range advisories() {
		test := "TestAdvisories"
		if len(a.flows) > 0 {
			var links []string
			for _, f := range a.flows {
				if !known[f] {
					t.Errorf("%s: no flow %s", a.id, f)
				}
				links = append(links, fmt.Sprintf("[%s](../flows/%s.txtar)", f, f))
			}
			test = strings.Join(links, ", ")
		}
		row(a.id, a.fails, test)
	}
	for _, a := range slices.Concat(upfAdvisories(), laterUPFAdvisories()) {
		row(a.id, a.fails, "TestUPFAdvisories")
	}
	for _, f := range floods() {
		row(f.id, f.fails, "TestUPFFloods")
	}
	for _, a := range packetAdvisories() {
		row(a.id, a.fails, "TestPacketAdvisories")
	}
	b.WriteString("\n## Reports without a case\n\n| report | why |\n|---|---|\n")
	for _, u := range unmatchedAdvisories() {
		fmt.Fprintf(&b, "| %s | %s |\n", u[0], u[1])
	}
	return b.String()
}
