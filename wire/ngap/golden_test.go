package ngap

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

// goldens returns the messages of real captures, one line of hex each: another vendor's gNB simulators
// (UERANSIM, PacketRusher) with another vendor's core (Open5GS).
func goldens(t testing.TB) [][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.hex")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden messages: %v", err)
	}
	var out [][]byte
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for s := bufio.NewScanner(f); s.Scan(); {
			b, err := hex.DecodeString(s.Text())
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			out = append(out, b)
		}
	}
	return out
}

// misencoded maps messages of PacketRusher to what TS 38.413 §9.2.2.2 and §9.2.2.4 make of them: it sends IEs with
// criticality reject (00) whose assigned criticality is ignore (40).
var misencoded = map[string]string{
	"200e000f000002000a0002000b005500020001": "200e000f000002000a4002000b005540020001",
	"200e0024000003000a0002000c005500020002004840110000010d0003e00a63000d000000020001": "" +
		"200e0024000003000a4002000c005540020002004840110000010d0003e00a63000d000000020001",
	"002a001c000004000a0002000b00550002000100850003000001000f40020500": "" +
		"002a401c000004000a0002000b00550002000100850003000001000f40020500",
}

// TestGoldens decodes real messages and encodes them again: the bytes must be the same. TS 38.413 §9.4.
func TestGoldens(t *testing.T) {
	for i, b := range goldens(t) {
		m, report, err := DecodeReport(b)
		if err != nil {
			t.Errorf("%d: %v\n%x", i, err, b)
			continue
		}
		if report != nil {
			t.Errorf("%d: %s: reported %+v", i, m.Name(), report.IEsCriticalityDiagnostics)
		}
		if s, ok := misencoded[hex.EncodeToString(b)]; ok {
			if b, err = hex.DecodeString(s); err != nil {
				t.Fatal(err)
			}
		}
		again, err := Append(nil, m)
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		if !bytes.Equal(b, again) {
			t.Errorf("%d: %s\n got %x\nwant %x", i, m.Name(), again, b)
		}
	}
}

// TestTruncations decodes every beginning of every golden and sample message: each must be refused. TS 38.413 §10.2.
func TestTruncations(t *testing.T) {
	messages := goldens(t)
	for _, m := range samples(t, true) {
		b, err := Append(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, b)
	}
	for i, b := range messages {
		for n := range b {
			if m, err := Decode(b[:n]); err == nil {
				t.Errorf("%d: %s decoded from %d of %d octets", i, m.Name(), n, len(b))
			}
		}
	}
}

// TestGoldenValues reads the values of captured messages that a reader can check with any other decoder.
func TestGoldenValues(t *testing.T) {
	_, m := golden(t, "NGSetupRequest") // TS 38.413 §9.2.6.1
	setup := m.(*NGSetupRequest)
	ta := setup.SupportedTAList[0]
	slice := ta.BroadcastPLMNList[0].TAISliceSupportList[0].SNSSAI
	if setup.GlobalRANNodeID.String() != "gNB-99970-00000001/32" || setup.RANNodeName != "UERANSIM-gnb-999-70-1" ||
		ta.TAC != 1 || slice.SST != 1 || slice.SD != nil || setup.DefaultPagingDRX != PagingDRXV128 {
		t.Errorf("%+v", setup)
	}
	_, m = golden(t, "InitialUEMessage") // §9.2.5.1
	initial := m.(*InitialUEMessage)
	nr := initial.UserLocationInformation.UserLocationInformationNR
	if initial.RANUENGAPID != 1 || initial.RRCEstablishmentCause != RRCEstablishmentCauseMOSignalling ||
		nr == nil || nr.NRCGI.NRCellIdentity != 0x10 || nr.TAI.TAC != 1 || nr.TimeStamp == nil ||
		initial.UEContextRequest == nil || len(initial.NASPDU) != 25 {
		t.Errorf("%+v", initial)
	}
	_, m = golden(t, "PDUSessionResourceSetupRequest") // §9.2.1.1
	item := m.(*PDUSessionResourceSetupRequest).PDUSessionResourceSetupListSUReq[0]
	x, err := DecodePDUSessionResourceSetupRequestTransfer(item.PDUSessionResourceSetupRequestTransfer)
	if err != nil {
		t.Fatal(err)
	}
	tunnel, err := x.ULNGUUPTNLInformation.GTPTunnel.AddrPort()
	flow := x.QosFlowSetupRequestList[0]
	if err != nil || tunnel.String() != "10.99.0.1:2152" || x.PDUSessionType != PDUSessionTypeIPV4 ||
		flow.QosFlowIdentifier != 1 || flow.QosFlowLevelQosParameters.QosCharacteristics.NonDynamic5QI.FiveQI != 9 {
		t.Errorf("%v, %v, %+v", tunnel, err, x)
	}
	again, err := x.Append(nil)
	if err != nil || !bytes.Equal(again, item.PDUSessionResourceSetupRequestTransfer) {
		t.Errorf("%v\n got %x\nwant %x", err, again, item.PDUSessionResourceSetupRequestTransfer)
	}
}
