package flows

import (
	"fmt"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// upfAdvisory is what a UPF is sent, and what it must answer.
type upfAdvisory struct {
	id, fails string
	sent      string
	answer    pfcp.MessageType // 0: none
	before    string           // what is sent first; sent goes to the session that it makes
}

func upfAdvisories() []upfAdvisory {
	establish := func(ies ...string) string {
		return sessionMessage(pfcp.TypeSessionEstablishmentRequest, 0, 2, strings.Join(ies, ""))
	}
	node, fseid := ie(60, "007f000004"), ie(57, "02"+"0000000000000001"+"7f000004")
	pdi := ie(2, ie(20, "00"))
	pdr := func(more string) string { return ie(1, ie(56, "0001")+ie(29, "00000001")+pdi+more) }
	far := func(more string) string { return ie(3, ie(108, "00000001")+ie(44, "02")+more) }
	const response, modified = pfcp.TypeSessionEstablishmentResponse, pfcp.TypeSessionModificationResponse
	good := establish(node, fseid, pdr(ie(108, "00000001")), far(""))
	modify := func(ies string) string { return sessionMessage(pfcp.TypeSessionModificationRequest, 1, 6, ies) }
	return []upfAdvisory{
		{"omec-project/upf#957", "UPF: session establishment without the control plane's F-SEID", establish(node, pdr(ie(108, "00000001")), far("")), response, ""},
		{"omec-project/upf#979", "UPF: session establishment without its node", establish(fseid, pdr(ie(108, "00000001")), far("")), response, ""},
		{"omec-project/upf#965", "UPF: association setup without its node", nodeMessage(pfcp.TypeAssociationSetupRequest, 3, ie(96, "e0000000")), pfcp.TypeAssociationSetupResponse, ""},
		{"open5gs/open5gs#4423", "UPF: an outer header creation of no length", establish(node, fseid, pdr(ie(108, "00000001")), far(ie(4, ie(42, "00")+ie(84, "")))), response, ""},
		{"open5gs/open5gs#4699", "UPF: outer header creations that say what is not there", establish(node, fseid, pdr(ie(108, "00000001")), far(ie(4, ie(42, "00")+ie(84, "010000000001")))), response, ""},
		{"open5gs/open5gs#4153", "UPF: a bit rate of the wrong length", establish(node, fseid, pdr(ie(108, "00000001")), far(""), ie(7, ie(109, "00000001")+ie(25, "00")+ie(26, "0001"))), response, ""},
		{"open5gs/open5gs#4179", "UPF: a PDR that leads to no FAR", establish(node, fseid, pdr(""), far("")), response, ""},
		{"oai-cn5g-upf#32", "UPF: F-SEIDs at the end of their range", establish(node, ie(57, "02"+"ffffffffffffffff"+"7f000004"), pdr(ie(108, "00000001")), far("")), response, ""},
		{"Positive Technologies, 5G SA core (deletion)", "UPF: deletion of a session that is not there", sessionMessage(pfcp.TypeSessionDeletionRequest, 1<<60, 4, ""), pfcp.TypeSessionDeletionResponse, ""},
		{"Positive Technologies, 5G SA core (modification)", "UPF: modification of a session that is not there", sessionMessage(pfcp.TypeSessionModificationRequest, 1<<60, 5, ""), pfcp.TypeSessionModificationResponse, ""},
		{"omec-project/upf#927", "UPF: session establishment without any rule", establish(node, fseid), response, ""},
		{"omec-project/upf#962, CVE-2025-65568", "UPF: an outer header creation without its address", establish(node, fseid, pdr(ie(108, "00000001")), far(ie(4, ie(42, "00")+ie(84, "010000000001")))), response, ""},
		{"open5gs/open5gs#4151", "UPF: SDF filters that are none", establish(node, fseid, ie(1, ie(56, "0001")+ie(29, "00000001")+ie(2, ie(20, "00")+ie(23, "01000004"+"64656e79"))+ie(108, "00000001")), far("")), response, ""},
		{"open5gs/open5gs#4151 (2)", "UPF: an SDF filter that is not there", establish(node, fseid, ie(1, ie(56, "0001")+ie(29, "00000001")+ie(2, ie(20, "00")+ie(23, ""))+ie(108, "00000001")), far("")), response, ""},
		{"open5gs/open5gs#4181", "UPF: PDRs with QERs that nobody makes", establish(node, fseid, pdr(ie(108, "00000001")+ie(109, "00000001")+ie(109, "00000002")+ie(109, "00000003")+ie(109, "00000004")+ie(109, "00000005")), far("")), response, ""},
		{"open5gs/open5gs#4218", "UPF: a FAR to an interface that does not exist", establish(node, fseid, pdr(ie(108, "00000001")), far(ie(4, ie(42, "99")))), response, ""},
		{"open5gs/open5gs#3727", "UPF: a PDN type that does not exist", establish(node, fseid, ie(113, "00"), pdr(ie(108, "00000001")), far("")), response, ""},
		{"open5gs/open5gs#4169", "UPF: a URR with the last identity that measures nothing", establish(node, fseid, pdr(ie(108, "00000001")), far(""), ie(6, ie(81, "0000ffff")+ie(100, "08"))), response, ""},
		{"open5gs/open5gs#3747", "UPF: a session restored with tunnel 0", establish(node, fseid, ie(186, "01"), ie(1, ie(56, "0001")+ie(29, "00000001")+ie(2, ie(20, "00")+ie(21, "01"+"00000000"+"7f000008"))+ie(108, "00000001")), far("")), response, ""},
		{"free5gc/free5gc#818", "UPF: a thousand URRs of one identity", establish(node, fseid, pdr(ie(108, "00000001")), far(""), strings.Repeat(ie(6, ie(81, "00000001")), 1000)), response, ""},
		{"free5gc/free5gc#741", "UPF: association and session messages mixed up", "213200530000000000000000000000000039000d02123456789abcdef00a0000010003000e006c0004000000c8002c00020200003c000500c0a8010100010017003800020064001d000400007530000200050014000100", response, ""},
		{"free5gc/free5gc#797", "UPF: update of a BAR that is not there", modify(ie(86, ie(88, "05"))), modified, good},
		{"free5gc/free5gc#799", "UPF: query of a URR that is not there", modify(ie(77, ie(81, "00000009"))), modified, good},
		{"free5gc/free5gc#800", "UPF: update of a PDR that is not there", modify(ie(9, ie(56, "00ff")+ie(29, "00000001"))), modified, good},
		{"free5gc/free5gc#802", "UPF: a further PDR without its mandatory elements", modify(ie(1, ie(56, "0002"))), modified, good},
		{"unnumbered, truncation", "UPF: a message that ends early", "2132 0100 0000000000000000 000002 00 003c", 0, ""},
	}
}

// upSEID is the UPF's F-SEID, TS 29.244 §8.2.37, in the answer to the establishment of a session.
func upSEID(t *testing.T, heard [][]byte) string {
	t.Helper()
	if len(heard) == 1 {
		if _, m, err := pfcp.Decode(heard[0]); err == nil {
			if r, made := m.(*pfcp.SessionEstablishmentResponse); made {
				id, _ := r.UPFSEID.Get()
				return fmt.Sprintf("%016x", id.SEID)
			}
		}
	}
	t.Fatalf("no session is made: %x", heard)
	return ""
}
