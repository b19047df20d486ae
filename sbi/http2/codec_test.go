package http2

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nnssaaf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

var testPLMN = ident.PLMN{0x00, 0xf1, 0x10}

func testUE() namf.UEContext {
	ncc := uint8(5)
	return namf.UEContext{
		SUPI: "imsi-001010000000001", PEI: "imeisv-4370816125816151", DRXParameter: []byte{1}, MMCapability: []byte{3},
		UEAMBR: nudm.AMBR{Uplink: 1_000_000_000, Downlink: 1_234_567},
		SEAFData: &namf.SEAFData{
			NgKSI: namf.NgKSI{TSC: namf.NativeContext, KSI: 3}, NH: bytes.Repeat([]byte{7}, 32), NCC: &ncc, KeyAMFChangeInd: true, KeyAMFHDerivationInd: true,
			KeyAMF: namf.KeyAMF{KeyType: namf.KPrimeAMF, KeyVal: bytes.Repeat([]byte{9}, 32)},
		},
		MMContextList: []namf.MMContext{{
			AccessType: namf.Access3GPP, NASSecurityMode: namf.NASSecurityMode{IntegrityAlgorithm: "NIA2", CipheringAlgorithm: "NEA0"},
			NASDownlinkCount: 64, NASUplinkCount: 1<<24 - 1, UESecurityCapability: []byte{0xe0, 0xe0},
			AllowedNSSAI:    []ident.SNSSAI{{SST: 0, SD: 0}, {SST: 1, SD: ident.NoSD}},
			NSSAAStatusList: []namf.NSSAAStatus{{SNSSAI: ident.SNSSAI{SST: 2, SD: 1}, Status: nnssaaf.Failure}},
		}},
		SessionContextList: []namf.PDUSessionContext{{
			PDUSessionID: 15, SMContextRef: sbi.ContextURI("b", "17"), SNSSAI: ident.SNSSAI{SST: 1, SD: 0x010203}, DNN: "internet", AccessType: namf.Access3GPP,
		}},
	}
}

func testCreate() namf.UEContextCreateData {
	return namf.UEContextCreateData{
		UEContext: testUE(),
		TargetID: namf.NgRANTargetID{
			RANNodeID: namf.GlobalRANNodeID{PLMN: testPLMN, GNBID: namf.GNBID{BitLength: 22, Value: "3fffff"}}, TAI: ident.TAI{PLMN: testPLMN, TAC: 0xabcdef},
		},
		SourceToTargetData: namf.N2InfoContent{Type: namf.SourceToTargetContainer, Data: []byte("--\r\n--boundary\r\n\r\n")},
		PDUSessionList: []namf.N2SMInformation{{
			PDUSessionID: 1, N2InfoContent: nsmf.N2SMInfo{Type: nsmf.HandoverRequired, Data: []byte{0}}, SNSSAI: ident.SNSSAI{SST: 1, SD: ident.NoSD},
		}},
		N2NotifyURI: sbi.CallbackURI("a", "5g-guti-00101cafe0001020304"), ServingNetwork: testPLMN,
		UERadioCapability: namf.N2InfoContent{Type: namf.UERadioCapability, Data: bytes.Repeat([]byte{1}, 9000)},
		NGAPCause:         &sbi.NGAPCause{Group: 0, Value: 16},
	}
}

// roundTrip writes v, reads it back and wants the same.
func roundTrip[V, W any](t *coverage, put func(*out, *V) *W, get func(*in, *W) V, v V) {
	t.Helper()
	t.note(reflect.ValueOf(v))
	m, err := encode(put, &v)
	if err != nil {
		t.Fatalf("%T: %v", v, err)
	}
	if m, err = readMessage(m.contentType, bytes.NewReader(m.body)); err != nil {
		t.Fatalf("%T: %v", v, err)
	}
	back, err := decode(get, m)
	if err != nil {
		t.Fatalf("%T: %v\n%s", v, err, m.body)
	}
	if !reflect.DeepEqual(back, v) {
		t.Errorf("%T: sent %+v\nread %+v\n%s", v, v, back, m.body)
	}
}

// coverage is which fields of the services' types went over the wire with a value of their own.
type coverage struct {
	*testing.T
	fields map[string]bool
}

func (c *coverage) note(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			c.note(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			c.note(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().String() + "." + v.Type().Field(i).Name
			c.fields[name] = c.fields[name] || !v.Field(i).IsZero()
			c.note(v.Field(i))
		}
	}
}

// TestRoundTrip: every document comes back from its wire form as it was, TS 29.518 §6.1.2.4 and TS 29.502 §6.1.2.4.
func TestRoundTrip(test *testing.T) {
	t := &coverage{test, make(map[string]bool)}
	roundTrip(t, transferReqOut, transferReqIn, namf.UEContextTransferReqData{
		Reason: namf.MobilityRegistration, AccessType: namf.Access3GPP, PLMN: testPLMN, RegRequest: &namf.N1MessageContainer{Class: namf.Class5GMM, Content: []byte{0x7e, 1}},
	})
	roundTrip(t, transferReqOut, transferReqIn, namf.UEContextTransferReqData{Reason: namf.MobilityRegistrationValidated, AccessType: namf.Access3GPP})
	roundTrip(t, transferRspOut, transferRspIn, namf.UEContextTransferRspData{
		UEContext: testUE(), UERadioCapability: namf.N2InfoContent{Type: namf.UERadioCapability, Data: []byte{1, 2}},
	})
	roundTrip(t, transferRspOut, transferRspIn, namf.UEContextTransferRspData{UEContext: namf.UEContext{SUPI: "imsi-001010000000001"}})
	roundTrip(t, statusReqOut, statusReqIn, namf.UERegStatusUpdateReqData{TransferStatus: namf.Transferred, ToReleaseSessionList: []uint8{1, 15}})
	roundTrip(t, statusRspOut, statusRspIn, namf.UERegStatusUpdateRspData{})
	roundTrip(t, createDataOut, createDataIn, testCreate())
	roundTrip(t, createdDataOut, createdDataIn, namf.UEContextCreatedData{
		UEContext: namf.UEContext{SUPI: "imsi-001010000000001"}, TargetToSourceData: namf.N2InfoContent{Type: namf.TargetToSourceContainer, Data: []byte{4}},
		PDUSessionList:    []namf.N2SMInformation{{PDUSessionID: 1, N2InfoContent: nsmf.N2SMInfo{Type: nsmf.HandoverCmd, Data: []byte{5}}}},
		FailedSessionList: []namf.N2SMInformation{{PDUSessionID: 2, N2InfoContent: nsmf.N2SMInfo{Type: nsmf.HandoverPrepFail, Data: []byte{6}}}},
	})
	roundTrip(t, createErrorOut, createErrorIn, namf.UEContextCreateError{
		ProblemDetails: sbi.Problem(http.StatusForbidden, namf.CauseHandoverFailure, "no"), NGAPCause: &sbi.NGAPCause{Group: 0, Value: 0},
	})
	roundTrip(t, releaseOut, releaseIn, namf.UEContextRelease{SUPI: "imsi-001010000000001", NGAPCause: sbi.NGAPCause{Group: 0, Value: 3}})
	roundTrip(t, n2NotificationOut("x"), n2NotificationIn, namf.N2InformationNotification{NotifyReason: namf.HandoverCompleted, ToReleaseSessionList: []uint8{2}})
	roundTrip(t, n1n2ReqOut, n1n2ReqIn, namf.N1N2MessageTransferReqData{
		PDUSessionID: 5, SMContextRef: sbi.ContextURI("b", "17"), N1SMMsg: []byte{0x2e}, N2SMInfo: nsmf.N2SMInfo{Type: nsmf.PDUResSetupReq, Data: []byte{8}},
		SNSSAI: ident.SNSSAI{SST: 1, SD: ident.NoSD}, ARP: 15, SkipInd: true,
	})
	roundTrip(t, n1n2ReqOut, n1n2ReqIn, namf.N1N2MessageTransferReqData{RANInfo: namf.N2InfoContent{Type: namf.RANStatusTransfer, Data: []byte{1}}})
	roundTrip(t, n1n2RspOut, n1n2RspIn, namf.N1N2MessageTransferRspData{Cause: namf.AttemptingToReachUE})
	roundTrip(t, failureOut("https://b/x"), failureIn("17", 5), namf.N1N2MsgTxfrFailureNotification{Cause: namf.UENotResponding, SMContextRef: "17", PDUSessionID: 5})
	roundTrip(t, smUpdateOut, smUpdateIn, nsmf.SMContextUpdateData{
		N1SMMsg: []byte{1}, N2SMInfo: nsmf.N2SMInfo{Type: nsmf.HandoverReqAck, Data: []byte{2}}, UpCnxState: nsmf.Activating,
		TAI: ident.TAI{PLMN: testPLMN, TAC: 7}, HoState: nsmf.HoPrepared, Release: true, Cause: nsmf.SliceNotAuthorized,
	})
	roundTrip(t, smUpdatedOut, smUpdatedIn, nsmf.SMContextUpdatedData{
		UpCnxState: nsmf.Activating, HoState: nsmf.HoPrepared, N1SMMsg: []byte{1}, N2SMInfo: nsmf.N2SMInfo{Type: nsmf.HandoverCmd, Data: []byte{2}},
	})
	roundTrip(t, smErrorOut, smErrorIn, nsmf.SMContextError{
		ProblemDetails: sbi.Problem(http.StatusForbidden, nsmf.CauseN2SMError, "no"), N1SMMsg: []byte{1}, N2SMInfo: nsmf.N2SMInfo{Type: nsmf.PDUResSetupFail, Data: []byte{2}},
	})
	roundTrip(t, smReleaseOut, smReleaseIn, nsmf.SMContextReleaseData{})
	roundTrip(t, smStatusOut, smStatusIn, ended{})
	roundTrip(t, problemOut, problemIn, *sbi.Problem(http.StatusNotFound, namf.CauseContextNotFound, "no"))
	// What has no member in the documents, and goes in headers and paths or stays at home.
	elsewhere := []string{
		"namf.N1N2MessageTransferReqData.ReleaseOnSent", "nsmf.SMContextUpdatedData.Released", "nsmf.SMContextUpdateData.NGAPCause",
		"nsmf.SMContextReleaseData.Cause", "namf.UERegStatusUpdateRspData.RegStatusTransferComplete",
		"nsmf.SMContextUpdateData.GUAMI", "nsmf.SMContextUpdateData.ServingNFID", // see TestOperations
	}
	for field, went := range t.fields {
		if !went && !slices.Contains(elsewhere, field) && !strings.HasPrefix(field, "ident.") && !strings.HasPrefix(field, "sbi.") {
			t.Errorf("%s never went over the wire", field)
		}
	}
}

// TestWireShape: the names and forms are those of the OpenAPI documents, not of the Go types.
func TestWireShape(t *testing.T) {
	v := testCreate()
	m, err := encode(createDataOut, &v)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(m.contentType, "multipart/related; boundary=") || !strings.Contains(m.contentType, `type="application/json"`) {
		t.Errorf("Content-Type %q", m.contentType)
	}
	for _, want := range []string{
		`"plmnId":{"mcc":"001","mnc":"01"},"tac":"abcdef"`, `"gNbId":{"bitLength":22,"gNBValue":"3fffff"}`, `"ngapData":{"contentId":"part1"}`,
		`"subUeAmbr":{"uplink":"1 Gbps","downlink":"1234567 bps"}`, `"ngKsi":{"tsc":"NATIVE","ksi":3}`, `"sNssai":{"sst":1,"sd":"010203"}`,
		`"servingNetwork":{"mcc":"001","mnc":"01"}`, "Content-Type: application/vnd.3gpp.ngap\r\n", "Content-Id: part1\r\n",
	} {
		if !bytes.Contains(m.body, []byte(want)) {
			t.Errorf("no %s in\n%s", want, m.body)
		}
	}
	u := nsmf.SMContextUpdateData{GUAMI: ident.GUAMI{PLMN: testPLMN, Region: 0xca, Set: 0x3fe, Pointer: 1}, ServingNFID: "a", TAI: ident.TAI{PLMN: testPLMN, TAC: 1}}
	if m, err = encode(smUpdateOut, &u); err != nil {
		t.Fatal(err)
	}
	if want := `"guami":{"plmnId":{"mcc":"001","mnc":"01"},"amfId":"caff81"},"ueLocation":{"nrLocation":{"tai":{"plmnId":{"mcc":"001","mnc":"01"},"tac":"000001"},"ncgi"`; !bytes.Contains(m.body, []byte(want)) {
		t.Errorf("no %s in\n%s", want, m.body)
	}
}

func plain(text string) message { return message{typeJSON, []byte(text)} }

// TestRefused: what is ambiguous, malformed, too large or lacks what is mandatory is an error with the cause of TS 29.500 §5.2.7.2.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		m    message
		want sbi.Cause
	}{
		{"no type", message{"", []byte(`{}`)}, sbi.CauseInvalidMsgFormat},
		{"text", message{"text/plain", []byte(`{}`)}, sbi.CauseInvalidMsgFormat},
		{"no boundary", message{typeRelated, []byte(`{}`)}, sbi.CauseInvalidMsgFormat},
		{"empty", plain(``), sbi.CauseInvalidMsgFormat},
		{"array", plain(`[]`), sbi.CauseInvalidMsgFormat},
		{"null", plain(`null`), sbi.CauseInvalidMsgFormat},
		{"breaks off", plain(`{"ngapCause":{`), sbi.CauseInvalidMsgFormat},
		{"twice", plain(`{"supi":"imsi-001010000000001","supi":"imsi-001010000000002","ngapCause":{"group":0,"value":0}}`), sbi.CauseInvalidMsgFormat},
		{"twice in another case", plain(`{"ngapCause":{"group":0,"value":0,"Value":1}}`), sbi.CauseInvalidMsgFormat},
		{"follows", plain(`{"ngapCause":{"group":0,"value":0}} {}`), sbi.CauseInvalidMsgFormat},
		{"deep", plain(`{"x":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`), sbi.CauseInvalidMsgFormat},
		{"not UTF-8", plain("{\"x\":\"\xff\"}"), sbi.CauseInvalidMsgFormat},
		{"type", plain(`{"ngapCause":{"group":"0","value":0}}`), sbi.CauseInvalidMsgFormat},
		{"large", plain(`{"x":"` + strings.Repeat("a", maxJSON) + `"}`), sbi.CauseInvalidMsgFormat},
		{"no cause", plain(`{}`), sbi.CauseMandatoryIEMissing},
		{"half a cause", plain(`{"ngapCause":{"group":0}}`), sbi.CauseMandatoryIEMissing},
		{"SUPI", plain(`{"supi":"nai-x","ngapCause":{"group":0,"value":0}}`), sbi.CauseMandatoryIEIncorrect},
	} {
		_, err := decode(releaseIn, c.m)
		if p, ok := errors.AsType[*sbi.ProblemDetails](err); !ok || p.Cause != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	if v, err := decode(releaseIn, plain(`{"later":[{}],"ngapCause":{"group":1,"value":2,"more":null}}`)); err != nil || v.NGAPCause != (sbi.NGAPCause{Group: 1, Value: 2}) {
		t.Errorf("members of a later release: %v %v", v, err)
	}
	if _, err := readMessage(typeJSON, bytes.NewReader(make([]byte, maxMessage+1))); err == nil {
		t.Error("a body that is too large is read")
	}
}

// related is a multipart body with the JSON and parts that are given as header and data.
func related(text string, parts ...[2]string) message {
	var b strings.Builder
	fmt.Fprintf(&b, "--x\r\nContent-Type: application/json\r\n\r\n%s\r\n", text)
	for _, p := range parts {
		fmt.Fprintf(&b, "--x\r\n%s\r\n\r\n%s\r\n", p[0], p[1])
	}
	b.WriteString("--x--\r\n")
	return message{typeRelated + "; boundary=x", []byte(b.String())}
}

// TestParts: what a multipart body may be, TS 29.500 §6.1.2.4.
func TestParts(t *testing.T) {
	const ref, header = `{"n1SmMsg":{"contentId":"n1"}}`, "Content-Type: application/vnd.3gpp.5gnas\r\nContent-Id: "
	for _, id := range []string{"n1", "<n1>"} {
		v, err := decode(smUpdateIn, related(ref, [2]string{header + id, "\x2e"}, [2]string{header + "unknown", "x"}))
		if err != nil || string(v.N1SMMsg) != "\x2e" {
			t.Errorf("%s: %v %v", id, v, err)
		}
	}
	many := make([][2]string, maxParts+1)
	for i := range many {
		many[i] = [2]string{fmt.Sprint(header, i), "x"}
	}
	for name, m := range map[string]message{
		"no such part":      related(ref, [2]string{header + "n2", "x"}),
		"JSON alone":        plain(ref),
		"part twice":        related(ref, [2]string{header + "n1", "x"}, [2]string{header + "n1", "y"}),
		"empty part":        related(ref, [2]string{header + "n1", ""}),
		"no Content-ID":     related(ref, [2]string{"Content-Type: application/vnd.3gpp.5gnas", "x"}),
		"no Content-Type":   related(ref, [2]string{"Content-Id: n1", "x"}),
		"other type":        related(ref, [2]string{"Content-Type: text/plain\r\nContent-Id: n1", "x"}),
		"large part":        related(ref, [2]string{header + "n1", strings.Repeat("x", maxBinary+1)}),
		"many parts":        related(ref, many...),
		"breaks off":        {typeRelated + "; boundary=x", []byte("--x\r\nContent-Type: application/json\r\n\r\n{}\r\n")},
		"binary part first": {typeRelated + "; boundary=x", []byte("--x\r\nContent-Type: application/vnd.3gpp.5gnas\r\n\r\nx\r\n--x--\r\n")},
		"N2 without type":   related(`{"n2SmInfo":{"contentId":"n1"}}`, [2]string{header + "n1", "x"}),
	} {
		if v, err := decode(smUpdateIn, m); err == nil {
			t.Errorf("%s: read as %+v", name, v)
		} else if _, ok := errors.AsType[*sbi.ProblemDetails](err); !ok {
			t.Errorf("%s: %v is no problem of the service", name, err)
		}
	}
}

// TestBitRate: TS 29.571 writes rates with units.
func TestBitRate(t *testing.T) {
	for text, want := range map[string]uint64{"0 bps": 0, "1.5 Gbps": 1_500_000_000, "10 Kbps": 10_000, "2 Tbps": 2e12, "0.0015 Kbps": 1} {
		d := &in{}
		if got := d.bitRate("x", text); got != want || d.err != nil {
			t.Errorf("%q is %d, want %d; %v", text, got, want, d.err)
		}
	}
	for _, text := range []string{"", "1", "1 bit", "-1 bps", "1e3 bps", "1.2.3 Gbps", "99999999999999999999 bps", "+1 bps", ".5 Gbps", " bps"} {
		d := &in{}
		if got := d.bitRate("x", text); d.err == nil {
			t.Errorf("%q is read as %d", text, got)
		}
	}
}

// FuzzMessage: no body makes a decoder panic, and what one reads it can write and read again.
func FuzzMessage(f *testing.F) {
	c := testCreate()
	m, err := encode(createDataOut, &c)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m.contentType, m.body)
	f.Add(typeJSON, []byte(`{"ngapCause":{"group":1,"value":2}}`))
	m = related(`{"n1SmMsg":{"contentId":"n1"}}`, [2]string{"Content-Type: application/vnd.3gpp.5gnas\r\nContent-Id: n1", "x"})
	f.Add(m.contentType, m.body)
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		m := message{contentType, body}
		again(t, createDataOut, createDataIn, m)
		again(t, createdDataOut, createdDataIn, m)
		again(t, createErrorOut, createErrorIn, m)
		again(t, transferReqOut, transferReqIn, m)
		again(t, transferRspOut, transferRspIn, m)
		again(t, statusReqOut, statusReqIn, m)
		again(t, releaseOut, releaseIn, m)
		again(t, n1n2ReqOut, n1n2ReqIn, m)
		again(t, smUpdatedOut, smUpdatedIn, m)
		again(t, smErrorOut, smErrorIn, m)
		_, _ = decode(smUpdateIn, m)
		_, _ = decode(smStatusIn, m)
		_, _ = decode(n2NotificationIn, m)
	})
}

func again[V, W any](t *testing.T, put func(*out, *V) *W, get func(*in, *W) V, m message) {
	v, err := decode(get, m)
	if err != nil {
		return
	}
	if m, err = encode(put, &v); err != nil {
		return // parts that are referred to twice may grow beyond what is sent
	}
	if _, err := decode(get, m); err != nil {
		t.Errorf("%T: %v\n%s", v, err, m.body)
	}
}
