package flows

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/memory"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// Identities of a UE that is not there, at the end of their range, TS 38.413 §9.3.3.1 and §9.3.3.2.
const nobody = "000a8007a0010000000000" + "00558005c0ffffffff"

func laterAdvisories() []advisory {
	register := []string{"gnb gnb1", "ue u1", "register u1"}
	return append(laterAdvisoriesOnN1(), []advisory{
		{id: "open5gs/open5gs#4371", fails: "AMF: UE CONTEXT RELEASE REQUEST of a UE that is not there, right after NG Setup", want: "ErrorIndication",
			n2: []string{"002a401d000003" + nobody + "000f40020000"}},
		{id: "open5gs/open5gs#521", fails: "AMF: INITIAL CONTEXT SETUP FAILURE of a UE that is not there", n2: []string{"400e001d000003" + nobody + "000f40020000"}},
		{id: "open5gs/open5gs#4353", fails: "AMF: NG SETUP REQUEST whose lengths lie", first: []string{
			"0015003c000004001b0408c002fc3910000102005240090300667265653567630066001700000000010002f83900020008804001020310081122330015400100"}},
		{id: "open5gs/open5gs#4087", fails: "AMF: NG SETUP REQUEST of a node of a kind that does not exist", first: []string{
			"0015003c000004001b0008c002f83910000103005240090300667265653567630066001700000000010002f83900020008804001020310081122330015400140"}},
		{id: "CVE-2026-5661", fails: "AMF: NG SETUP REQUEST again and again on one association", n2: []string{ngSetup, ngSetup, ngSetup, ngSetup}},
		{id: "free5gc/free5gc#402", fails: "AMF: a bit string that is longer than its message", first: []string{"0015000e000001001b00070002f8391800ff", "00150010000001001b00090002f839580000"}},
		{id: "free5gc/free5gc#657, open5gs/open5gs#3606", fails: "AMF: INITIAL UE MESSAGE whose NAS message has no octet", n2: []string{"000f402f0000050055000200010026000100007900135002f839000000001002f839000001ed55488f005a4001180070400100"}},
		{id: "open5gs/open5gs#4678", fails: "AMF: INITIAL UE MESSAGE that ends in its NAS message", n2: []string{"000f000030000004005500020001002601067e00"}},
		{id: "open5gs/open5gs#4183", fails: "SMF: PDU SESSION RESOURCE MODIFY RESPONSE whose tunnel is none", script: append(register[:3:3], "session u1 1",
			"ngap gnb1 hex=201a0019000003000a4002000100554002000100414006000001020000", "ngap gnb1 hex=201a001e000003000a400200010055400200010041400b000001077fffffffffffff",
		)},
		{id: "open5gs/open5gs#4621", fails: "AMF: UPLINK RAN STATUS TRANSFER without its container, with and without a handover", script: append(register[:3:3], "session u1 1",
			"ngap gnb1 hex=0031400f000002000a00020001005500020001", "gnb gnb2", "hold gnb2 HandoverRequestAcknowledge", "begin handover u1 gnb2 via=n2",
			"ngap gnb1 hex=0031400f000002000a00020001005500020001", "wait 1m", "finish fails .", "let gnb2 none",
		)},
		{id: "open5gs/open5gs#2603, open5gs/open5gs#3912", fails: "AMF: handover of a UE one of whose sessions was refused", script: append(register[:3:3],
			"session u1 1", "session u1 2 dnn=nosuch fails .", "gnb gnb2", "handover u1 gnb2 via=n2", "tunnel u1 1 gnb2",
		)},
		{id: "open5gs/open5gs#1928", fails: "AMF: NG RESET as the answer to UE CONTEXT RELEASE COMMAND", script: append(register[:3:3],
			"session u1 1", "hold gnb1 UEContextReleaseComplete", "begin idle u1", "reset gnb1", "let gnb1 none", "wait 1m", "finish .",
		)},
		{id: "open5gs/open5gs#3671, open5gs/open5gs#3707", fails: "AMF: a registration in the middle of a handover", flows: []string{"n2_handover_and_registration", "collision_registration_handover"}},
	}...)
}

// ngSetup is NG SETUP REQUEST of a gNB that the core knows by another name.
const ngSetup = "00150033000005001b00080000f1100000066c00524005010052414e0066000d00000000010000f1100000000800154001200093400100"

func laterAdvisoriesOnN1() []advisory {
	return []advisory{
		{id: "free5gc/free5gc#856", fails: "AMF: a SUCI that is shorter than its scheme output", n1: []string{"7e00417900060102f8390000000000000000012e04f0f0f0f0"}},
		{id: "open5gs/open5gs#3622", fails: "AMF: security capabilities of no length at the end of the message", n1: []string{"7e004179000d0100f1100000000000000000000004f0f0f02e00"}},
		{id: "CVE-2026-4531", fails: "AMF: REGISTRATION COMPLETE that nobody waits for", script: []string{"gnb gnb1", "ue u1 twice=RegistrationComplete", "register u1", "session u1 1"}},
		{id: "open5gs/open5gs#4613", fails: "AMF: a NAS message of an unknown protocol while the AMF waits for an identity", script: []string{
			"gnb gnb1", "initial gnb1 900 nas=7e004179000bf200f110010040c0000001" + "2e02f0f0", "ngap gnb1 hex=002e402b000004000a00020001005500034003840026000403000041" + "0079400f4000f110000000001000f110253061",
			"wait 2m", "ngap gnb1 hex=002a4014000003000a0002000100550003400384000f40020000", "wait 1s",
		}},
		{id: "open5gs/open5gs#4624", fails: "AMF, SMF: a session request with 32,000 octets of protocol configuration", sm: []string{"2e0516c1ffff917b7d00" + strings.Repeat("80", 32000)}},
	}
}

// laterUPFAdvisories are done to the UPF; many of them are said more than once.
func laterUPFAdvisories() []upfAdvisory {
	node, fseid := ie(60, "007f000004"), ie(57, "02"+"0000000000000001"+"7f000004")
	pdr, far := func(pdi string) string {
		return ie(1, ie(56, "0005")+ie(29, "00000005")+ie(2, ie(20, "00")+pdi)+ie(108, "00000001"))
	}, ie(3, ie(108, "00000001")+ie(44, "02"))
	good := sessionMessage(pfcp.TypeSessionEstablishmentRequest, 0, 2, node+fseid+pdr("")+far)
	establish := func(more string) string {
		return sessionMessage(pfcp.TypeSessionEstablishmentRequest, 0, 2, node+fseid+more+far)
	}
	modify := func(ies string) string { return sessionMessage(pfcp.TypeSessionModificationRequest, 1, 6, ies) }
	filter := func(text string) string { return ie(23, fmt.Sprintf("0100%04x%x", len(text), text)) }
	const modified, response = pfcp.TypeSessionModificationResponse, pfcp.TypeSessionEstablishmentResponse
	return []upfAdvisory{
		{"free5gc/free5gc#745", "UPF: an association setup request that is a session's",
			"210500640000000000000000000058dd0039000d02123456789abcdef00a0000010003000e006c0004000000c8002c00020200003c000500c0a8010100010017003800020064001d000400007530000200050014000100", 0, ""},
		{"free5gc/free5gc#746", "UPF: an SDF filter that is longer than its element", modify(pdr(ie(23, "0120512c"+fmt.Sprintf("%x", "permit out udp from 172.22.0.2 44959 to any")))), modified, good},
		{"free5gc/free5gc#801", "UPF: an SDF filter with an action that does not exist", modify(pdr(filter("unknown action aaaaaaaa"))), modified, good},
		{"free5gc/free5gc#931", "UPF: an SDF filter whose protocol is no number", modify(pdr(filter("permit out udp from 172.22.0.2 44959 to any"))), modified, good},
		{"free5gc/free5gc#798", "UPF: update of a QER that is not there", modify(ie(14, ie(109, "000000ff"))), modified, good},
		{"free5gc/free5gc#483", "UPF: a heartbeat whose time stamp has no length", "2001000c0000020000600000e81fe7b4", 0, ""},
		{"free5gc/free5gc#496", "UPF: a heartbeat whose sequence number overflows", "2001000f000000ffffff0000600004e81fdc30", 0, ""},
		{"open5gs/open5gs#4152", "UPF: F-TEIDs that say what is not there", establish(pdr(ie(21, "01"))), response, ""},
		{"open5gs/open5gs#4154", "UPF: a threshold for dropped packets of no length", establish(pdr("") + ie(6, ie(81, "00000001")+ie(62, "02")+ie(37, "0000")+ie(72, ""))), response, ""},
		{"open5gs/open5gs#3839", "UPF: a node identity of 400 octets", nodeMessage(pfcp.TypeAssociationSetupRequest, 3, ie(60, "02"+strings.Repeat("ff", 400))+ie(96, "e0000000")), pfcp.TypeAssociationSetupResponse, ""},
	}
}

// flood is a report of what a UPF has too little of: message i of n is answered like the first.
type flood struct {
	id, fails string
	n         int
	message   func(i int) string
}

func floods() []flood {
	node := func(i int) string { return ie(60, fmt.Sprintf("007f00%02x%02x", i>>8, i&0xff)) }
	return []flood{
		{"open5gs/open5gs#3964, free5gc/free5gc#819", "UPF: more sessions than it is made for", 5000, func(i int) string {
			return sessionMessage(pfcp.TypeSessionEstablishmentRequest, 0, i, node(4)+ie(57, fmt.Sprintf("02%016x7f000004", i))+
				ie(1, ie(56, "0001")+ie(29, "00000001")+ie(2, ie(20, "00"))+ie(108, "00000001"))+ie(3, ie(108, "00000001")+ie(44, "02")))
		}},
		{"open5gs/open5gs#4791", "UPF: more transactions than it is made for", 20000, func(i int) string {
			return sessionMessage(pfcp.TypeSessionDeletionRequest, 1<<60, i, "")
		}},
		{"open5gs/open5gs#4204", "UPF: more associations than it is made for", 300, func(i int) string {
			return nodeMessage(pfcp.TypeAssociationSetupRequest, i, node(i)+ie(96, "e0000000"))
		}},
	}
}

// TestUPFFloods: every message is answered, and the next heartbeat.
func TestUPFFloods(t *testing.T) {
	for _, f := range floods() {
		t.Run(f.id, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := pfcp.Pipe(n4[0], n4[1])
				defer near.Close()
				cfg := upf.Config{N4: n4[1], N3: n4[1].Addr(), N4Conn: far,
					Networks: []upf.Network{{DNN: "internet", TUN: "upf0", Pools: []netip.Prefix{netip.MustParsePrefix("10.60.0.0/24")}}}}
				u, err := upf.New(cfg, memory.New(), slog.New(slog.DiscardHandler))
				if err != nil {
					t.Fatal(err)
				}
				defer u.Close()
				b := make([]byte, 2048)
				ask := func(i int, message string) {
					if _, err := near.WriteToUDPAddrPort(octets(t, message), n4[1]); err != nil {
						t.Fatal(err)
					}
					n, _, err := near.ReadFromUDPAddrPort(b)
					if _, m, bad := pfcp.Decode(b[:n]); err != nil || bad != nil || octets(t, message)[1]+1 != b[1] {
						t.Fatalf("message %d is answered with %v, %v, %v", i, m, err, bad)
					}
				}
				ask(0, nodeMessage(pfcp.TypeAssociationSetupRequest, 1, ie(60, "007f000004")+ie(96, "e0000000")))
				for i := range f.n {
					ask(i, f.message(i+2))
				}
				ask(f.n, nodeMessage(pfcp.TypeHeartbeatRequest, f.n+9, ie(96, "e0000000")))
			})
		})
	}
}

// unmatchedAdvisories are public reports of which there is no case, and why.
func unmatchedAdvisories() [][2]string {
	return [][2]string{
		{"CVE-2026-44328", "SMF of free5GC: management of the user plane over HTTP, without a token. Here an operator's commands come over a Unix socket alone"},
		{"CVE-2026-7535", "AMF of Open5GS: a UE context identity in a request of Namf_Communication; no octets are public"},
		{"CVE-2026-7587", "AMF of Open5GS: an answer of Nsmf_PDUSession; no octets are public"},
		{"free5gc/free5gc#901", "AMF of free5GC: N1N2MessageTransfer without an S-NSSAI; only the mend is public"},
		{"free5gc/free5gc#1083", "its text was not found"},
		{"open5gs/open5gs#4769", "its text was not found"},
	}
}
