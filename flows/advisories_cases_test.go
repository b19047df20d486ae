package flows

import (
	"encoding/binary"
	"testing"

	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

func advisoriesOnN2() []advisory {
	return []advisory{
		{id: "omec-project/amf#671", fails: "AMF: NG SETUP REQUEST with none of its elements", first: []string{"0015002d000000ffff000600f9389000000052400281000065000c01907258c00f93890000a6c000154001200001000180"}, n2: []string{"0015002d000000ffff000600f9389000000052400281000065000c01907258c00f93890000a6c000154001200001000180"}},
		{id: "omec-project/amf#672", fails: "AMF: LOCATION REPORT with none of its elements", first: []string{"0012001c80000100000002000000010002000000000003018000000140020800"}, n2: []string{"0012001c80000100000002000000010002000000000003018000000140020800"}},
		{id: "omec-project/amf#673", fails: "AMF: RAN CONFIGURATION UPDATE with elements that are none", first: []string{"00238080cd800000000080809280c0faa5fd27e317e7f3b9f9d257fe925382a7675ff3bdfa89fd4f27837a4e4bfaa35162cce469f3b39b3e933f5b98f53bfa664ba9d773a7fe6f9f3f99533d5be61939efe607113eb190ee7d38a2723c65faa6fcf167e84c0bd7d1031f5feb15f57f899f42c95fdc4efdfad5ed4fc29f25f453f984448fa9ff4fd3667aed4be81bf5ad997f5e8befd26be663f394f9904ea6ffff8009004c52be08ea2423c0006600100180bb5cdf01314af8ffffb0eb23010200a6000400800000001520016000cc200190"}, n2: []string{"00238080cd800000000080809280c0faa5fd27e317e7f3b9f9d257fe925382a7675ff3bdfa89fd4f27837a4e4bfaa35162cce469f3b39b3e933f5b98f53bfa664ba9d773a7fe6f9f3f99533d5be61939efe607113eb190ee7d38a2723c65faa6fcf167e84c0bd7d1031f5feb15f57f899f42c95fdc4efdfad5ed4fc29f25f453f984448fa9ff4fd3667aed4be81bf5ad997f5e8befd26be663f394f9904ea6ffff8009004c52be08ea2423c0006600100180bb5cdf01314af8ffffb0eb23010200a6000400800000001520016000cc200190"}},
		{id: "omec-project/amf#674", fails: "AMF: LOCATION REPORTING FAILURE INDICATION of no UE", first: []string{"00114019800003ffff000680f69c0b6b63005400020000000f40020000"}, n2: []string{"00114019800003ffff000680f69c0b6b63005400020000000f40020000"}},
		{id: "omec-project/amf#675", fails: "AMF: UE RADIO CAPABILITY CHECK RESPONSE of no UE", first: []string{"202b001b8000010000400580ec1cc556000a00068014ebaa596e001e200100"}, n2: []string{"202b001b8000010000400580ec1cc556000a00068014ebaa596e001e200100"}},
		{id: "omec-project/amf#676", fails: "AMF: RRC INACTIVE TRANSITION REPORT without the radio's identity of the UE", first: []string{"0025402e800003000a800680df53ba382d00000005c0fad5d267005c4001400079000f305973f1fa55ab047965cfc4000007"}, n2: []string{"0025402e800003000a800680df53ba382d00000005c0fad5d267005c4001400079000f305973f1fa55ab047965cfc4000007"}},
		{id: "omec-project/amf#677, omec-project/amf#681", fails: "AMF: PDU SESSION RESOURCE MODIFY INDICATION of no UE, before NG Setup too", first: []string{"001b0022000003000a00020000005500020000003f000f0000000b0000000000000000010000", "001b0024000002000a00020000ffff4005003a41eaebffff000e0080000a8280fff74c7ed9033f00"}, n2: []string{"001b0022000003000a00020000005500020000003f000f0000000b0000000000000000010000", "001b0024000002000a00020000ffff4005003a41eaebffff000e0080000a8280fff74c7ed9033f00"}},
		{id: "omec-project/amf#678", fails: "AMF: NG RESET with the elements of NG SETUP REQUEST, or with half of its own", n2: []string{"00140030000001001b0005000f11000000522005810052414e0065000d00800000070003c4400000000800152001a0ffff200100", "00140009000001000f400200c0"}},
		{id: "open5gs/open5gs#4378", fails: "AMF: HANDOVER CANCEL that says its cause four times", n2: []string{"000a4024000005000a8007a0010000000000000f000162000f00020a00000f00020a00000f000162"}},
		{id: "open5gs/open5gs#4379", fails: "AMF: HANDOVER REQUIRED of a UE that is not there", n2: []string{"000c00808a000005000a8007a0010bae86e88200558005c0ffffffff0016000100000f00020a000069406415ffffff80fffff80000ffff8040ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff40000000ffffff000000010001ff0000000240020000"}},
		{id: "open5gs/open5gs#4619", fails: "AMF: ERROR INDICATION without a cause, of a UE that is there", script: []string{
			"gnb gnb1", "ue u1", "register u1", "session u1 1", "ngap gnb1 hex=0009400f000002000a40020001005540020001", "ngap gnb1 hex=00094003000000",
		}},
		{id: "open5gs/open5gs#2318", fails: "AMF: UPLINK NAS TRANSPORT from a tracking area that is not served", script: []string{
			"gnb gnb1", "ue u1", "register u1", "ngap gnb1 hex=002e402a000004000a0002000100550002000100260004037e00430079400f4000f110000000001000f110253061", "session u1 1",
		}},
		{id: "open5gs/open5gs#2313", fails: "UPF: a radio's tunnel whose address has 123 bits", script: []string{
			"gnb gnb1", "ue u1", "register u1", "hold gnb1 PDUSessionResourceSetupResponse", "begin session u1 1",
			"ngap gnb1 hex=201d0030000003000a40020001005540020001004b401d00000119000f404936bf5b1e7d4e8a8f0e2c4d6a7b8c90000000010001", "wait 1m", "finish .", "let gnb1 none",
		}},
		{id: "open5gs/open5gs#4413", fails: "SMF: PDU SESSION RESOURCE SETUP RESPONSE without the radio's tunnel", script: []string{
			"gnb gnb1", "ue u1", "register u1", "hold gnb1 PDUSessionResourceSetupResponse", "begin session u1 1",
			"ngap gnb1 hex=201d0019000003000a40020001005540020001004b400600000102000000", "wait 1m", "finish .", "let gnb1 none",
		}},
		{id: "open5gs/open5gs#4393, free5gc/free5gc#1020", fails: "AMF: PATH SWITCH REQUEST with other security capabilities than the UE's", flows: []string{"xn_handover_capabilities"}},
		{id: "omec-project/amf#306", fails: "AMF: PATH SWITCH REQUEST with a PDU session that is not there", script: []string{
			"gnb gnb1", "gnb gnb2", "ue u1", "register u1", "ngap gnb2 PathSwitchRequest amf=1 ran=7",
		}},
		{id: "omec-project/amf#402", fails: "AMF: the connection is released while its context is set up", flows: []string{"context_setup_no_answer"}},
	}
}

func advisoriesOnN1() []advisory {
	return []advisory{
		{id: "free5gc/free5gc#713, free5gc/free5gc#812", fails: "AMF: a NAS message of one octet", n1: []string{"7e", "00", "ff", "2e", "7e01", "7e0200000000"}},
		{id: "free5gc/free5gc#198, free5gc/free5gc#975, free5gc/free5gc#977, free5gc/free5gc#978, open5gs/open5gs#959", fails: "AMF: mobile identities that end at each of their octets",
			n1: cutShort("0100f110f0ff000000000000000010", "f200f110010040c0000001", "f40040c0000001", "0300000000000010", "0500000000000010f0", "0600000000000000")},
		{id: "free5gc/free5gc#980", fails: "AMF: AUTHENTICATION RESPONSE without the EAP message of EAP-AKA'",
			subscribers: "-- subscribers.csv --\nimsi,key,opc,slice,dnn,method\n001010000000001," + baseKey + "," + baseOPc + ",1,internet,eap-aka-prime\n" +
				"001010000000003," + baseKey + "," + baseOPc + ",1,internet,5g-aka\n",
			script: []string{"gnb gnb1", "ue u1 mute=AuthenticationResponse", "begin register u1", "say u1 7e0057", "finish fails .", "begin register u1", "say u1 7e0057780000", "finish fails .",
				"begin register u1", "say u1 7e00577800040200ffff", "wait 2m", "finish fails ."}},
		{id: "open5gs/open5gs#3132, open5gs/open5gs#4451", fails: "SMF: PDU SESSION MODIFICATION REQUEST with QoS rules and flows that are empty or cut", sm: []string{
			"2e0101c9790000", "2e0101c97a0000", "2e0102c97a00080100052131000101", "2e0103c97a000401000121", "2e0104c9790003012041", "2e0105c979000601204101ffff", "2e0106c97affff",
		}},
		{id: "open5gs/open5gs#3989", fails: "SMF: protocol configuration options whose lengths lie", sm: []string{
			"2e0211c1ffff917b000480802110", "2e0312c1ffff917b000580802110ff", "2e0413c1ffff917b0000", "2e0514c1ffff917bffff", "2e0615c1ffff917b000400000dff",
		}},
		{id: "open5gs/open5gs#4242", fails: "SMF: session messages that are none", sm: []string{"2e", "2e01", "2e0101", "2e010100", "2e01f1c1ffff91", "2e01ffff", "7e0101c1ffff91"}},
	}
}

// cutShort are registration requests with each identity, from its first octet to all but its last.
func cutShort(identities ...string) []string {
	var all []string
	for _, id := range identities {
		for end := 2; end < len(id); end += 2 {
			all = append(all, nas("79", id[:end], "2e02f0f0"))
		}
	}
	return all
}

func advisoriesToSMF() []advisory {
	session := []string{"gnb gnb1", "ue u1", "register u1", "session u1 1"}
	return []advisory{
		{id: "free5gc/free5gc#804, CVE-2026-26024", fails: "SMF: PFCP Session Report Request without its report type", n4: []string{report("", 1), report("", 1<<40)}},
		{id: "free5gc/free5gc#805", fails: "SMF: a downlink data report that is not there", n4: []string{report(ie(39, "01"), 1), report(ie(39, "01")+ie(83, ""), 1)}},
		{id: "free5gc/free5gc#807, free5gc/free5gc#814, CVE-2026-1684", fails: "SMF: usage reports without their URR or their trigger", n4: []string{
			report(ie(39, "02"), 1), report(ie(39, "02")+ie(80, ie(104, "00000001")+ie(63, "000000")), 1), report(ie(39, "02")+ie(80, ie(81, "00000001")+ie(104, "00000001")), 1),
		}},
		{id: "CVE-2026-1683", fails: "SMF: PFCP session reports with rules that do not exist", n4: []string{
			report(ie(39, "01")+ie(83, ie(56, "00ff")), 1), report(ie(39, "02")+ie(80, ""), 1), report(ie(39, "04")+ie(99, ""), 1), report(ie(39, "ff"), 1),
		}},
		{id: "free5gc/free5gc#794", fails: "SMF: PFCP association requests without their node", n4: []string{
			nodeMessage(pfcp.TypeAssociationReleaseRequest, 5, ""), nodeMessage(pfcp.TypeAssociationUpdateRequest, 6, ""), nodeMessage(pfcp.TypeNodeReportRequest, 7, ""),
		}},
		{id: "free5gc/free5gc#815", fails: "SMF: PFCP Session Establishment Response without its cause",
			asked: pfcp.TypeSessionEstablishmentRequest, answer: ie(60, "007f000008") + ie(57, "0200000000000000017f000008"), script: append(session[:3:3], "session u1 1 fails .")},
		{id: "free5gc/free5gc#816", fails: "SMF: PFCP Session Establishment Response without its node",
			asked: pfcp.TypeSessionEstablishmentRequest, answer: ie(19, "01") + ie(57, "0200000000000000017f000008"), script: append(session[:3:3], "session u1 1 fails .")},
		{id: "free5gc/free5gc#817", fails: "SMF: PFCP Session Deletion Response without its cause",
			asked: pfcp.TypeSessionDeletionRequest, script: append(session[:4:4], "release-session u1 1")},
		{id: "CVE-2026-1973", fails: "SMF: an answer of the UPF that does not fit", n4: []string{"2133 0011 ffffffffffffffff 000001 00 0013000141", "2033 0000", "20ff 0004 00000100"}},
	}
}

// ofSession addresses a message for session 1 of a network function to the one session that the SMF has.
func ofSession(t *testing.T, s *stage, b []byte) []byte {
	v, err := s.core.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(v.SMF.Sessions) > 0 && b[0]&1 == 1 && binary.BigEndian.Uint64(b[4:]) == 1 {
		binary.BigEndian.PutUint64(b[4:], v.SMF.Sessions[0].LocalSEID)
	}
	return b
}

// inTransport is a 5GSM message in a NAS message of its session, TS 24.501 §8.2.10.
func inTransport(sm []byte) gmm.Message {
	m := &gmm.ULNASTransport{PayloadContainerType: gmm.PayloadN1SM, PayloadContainer: sm}
	if len(sm) > 1 {
		m.PDUSessionID = &sm[1]
	}
	if len(sm) > 3 && sm[3] == 0xc1 {
		m.RequestType = new(gmm.RequestInitial)
	}
	return m
}

// answersAlone is a UPF that does nothing of what it is asked and answers with elements alone, TS 29.244 §7.2.2.
func answersAlone(upf *pfcp.PipeConn, request, elements []byte) {
	answer := append(append([]byte(nil), request[:16]...), elements...)
	answer[1]++
	binary.BigEndian.PutUint16(answer[2:], uint16(len(answer)-4))
	_, _ = upf.WriteToUDPAddrPort(answer, n4[0])
}
