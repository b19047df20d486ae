package ngap

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
)

// rawIE is an IE as it is on the wire.
type rawIE struct {
	id    uint16
	crit  Criticality
	value []byte
}

// rawMessage encodes a message from its parts, TS 38.413 §9.4.3 and §9.4.8.
func rawMessage(t PDUType, p ProcedureCode, c Criticality, ies ...rawIE) []byte {
	body := []byte{0}
	body = binary.BigEndian.AppendUint16(body, uint16(len(ies)))
	for _, ie := range ies {
		body = binary.BigEndian.AppendUint16(body, ie.id)
		body = append(body, byte(ie.crit)<<6, byte(len(ie.value)))
		body = append(body, ie.value...)
	}
	return append([]byte{byte(t) << 5, byte(p), byte(c) << 6, byte(len(body))}, body...)
}

// The IEs of an UPLINK NAS TRANSPORT, TS 38.413 §9.2.5.3.
var (
	amfID    = rawIE{10, Reject, []byte{0, 5}}
	ranID    = rawIE{85, Reject, []byte{0, 7}}
	nasPDU   = rawIE{38, Reject, []byte{2, 0x7e, 0}}
	location = rawIE{121, Ignore, []byte{
		0x40, 0x99, 0xf9, 0x07, 0, 0, 0, 1, 0, 0x99, 0xf9, 0x07, 0, 0, 1,
	}}
)

func uplink(ies ...rawIE) []byte {
	return rawMessage(InitiatingMessage, ProcedureCodeUplinkNASTransport, Ignore, ies...)
}

func TestUplinkNASTransport(t *testing.T) {
	m, report, err := DecodeReport(uplink(amfID, ranID, nasPDU, location))
	if err != nil || report != nil {
		t.Fatalf("%v, %v", report, err)
	}
	u := m.(*UplinkNASTransport)
	if u.AMFUENGAPID != 5 || u.RANUENGAPID != 7 || string(u.NASPDU) != "\x7e\x00" ||
		u.UserLocationInformation.UserLocationInformationNR.TAI.TAC != 1 {
		t.Errorf("%+v", u)
	}
}

// TestErrors gives messages with errors to the decoder: TS 38.413 §10.2, §10.3.
func TestErrors(t *testing.T) {
	unknown := func(c Criticality) rawIE { return rawIE{9999, c, []byte{1, 2, 3}} }
	notUnderstood := func(id ProtocolIEID, c Criticality) CriticalityDiagnosticsIEItem {
		return CriticalityDiagnosticsIEItem{IECriticality: c, IEID: id, TypeOfError: TypeOfErrorNotUnderstood}
	}
	missing := func(id ProtocolIEID, c Criticality) CriticalityDiagnosticsIEItem {
		return CriticalityDiagnosticsIEItem{IECriticality: c, IEID: id, TypeOfError: TypeOfErrorMissing}
	}
	const none = Cause(0xffff)
	for _, c := range []struct {
		name   string
		msg    []byte
		cause  Cause // none: the message is accepted
		report CriticalityDiagnosticsIEList
	}{
		{"§10.3.4.2 unknown IE, reject", uplink(amfID, ranID, nasPDU, unknown(Reject), location),
			CauseProtocolAbstractSyntaxErrorReject, CriticalityDiagnosticsIEList{notUnderstood(9999, Reject)}},
		{"§10.3.4.2 unknown IE, ignore", uplink(amfID, ranID, nasPDU, unknown(Ignore), location), none, nil},
		{"§10.3.4.2 unknown IE, notify", uplink(amfID, ranID, unknown(Notify), nasPDU, location),
			none, CriticalityDiagnosticsIEList{notUnderstood(9999, Notify)}},
		{"§10.3.5 missing IE, reject", uplink(amfID, ranID, location),
			CauseProtocolAbstractSyntaxErrorReject, CriticalityDiagnosticsIEList{missing(38, Reject)}},
		{"§10.3.5 missing IE, ignore", uplink(amfID, ranID, nasPDU), none, nil},
		{"§10.3.6 wrong order", uplink(amfID, ranID, location, nasPDU),
			CauseProtocolAbstractSyntaxErrorFalselyConstructedMessage, nil},
		{"§10.3.6 too many occurrences", uplink(amfID, ranID, nasPDU, nasPDU, location),
			CauseProtocolAbstractSyntaxErrorFalselyConstructedMessage, nil},
		{"§10.2 value out of range", uplink(amfID, ranID, rawIE{38, Reject, []byte{9, 1}}, location),
			CauseProtocolTransferSyntaxError, nil},
		{"§10.2 octets left in an IE", uplink(amfID, ranID, rawIE{38, Reject, []byte{1, 0x7e, 0}}, location),
			CauseProtocolTransferSyntaxError, nil},
		{"§10.2 octets after the message", append(uplink(amfID, ranID, nasPDU, location), 0),
			CauseProtocolTransferSyntaxError, nil},
		// An alternative of choice-Extensions that this release does not know: the IE is not comprehended.
		{"§10.3.1 unknown alternative, ignore", uplink(amfID, ranID, nasPDU,
			rawIE{121, Ignore, []byte{0xc0, 0x27, 0x0f, 0, 1, 0}}), none, nil},
		{"§10.3.1 unknown alternative, reject", uplink(amfID, ranID, nasPDU,
			rawIE{121, Reject, []byte{0xc0, 0x27, 0x0f, 0, 1, 0}}),
			CauseProtocolAbstractSyntaxErrorReject, CriticalityDiagnosticsIEList{notUnderstood(121, Reject)}},
		// The fourth enumerated extension value of an RRC Establishment Cause that has three: §10.3.1, case 2.
		{"§10.3.1 unknown value, notify", rawMessage(InitiatingMessage, ProcedureCodeInitialUEMessage, Ignore,
			ranID, nasPDU, rawIE{121, Reject, location.value}, rawIE{90, Notify, []byte{0x86, 0}}),
			none, CriticalityDiagnosticsIEList{notUnderstood(90, Notify)}},
	} {
		m, report, err := DecodeReport(c.msg)
		if c.cause == none {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			checkReport(t, c.name, m.ProcedureCode(), report, c.report)
			continue
		}
		var e *DecodeError
		if !errors.As(err, &e) || m != nil {
			t.Errorf("%s: %v, %v", c.name, m, err)
			continue
		}
		if e.Cause != c.cause || e.AMFUENGAPID == nil || *e.AMFUENGAPID != 5 || e.RANUENGAPID == nil ||
			*e.RANUENGAPID != 7 || e.Message != "UplinkNASTransport" || e.Silent {
			t.Errorf("%s: %+v", c.name, e)
		}
		checkReport(t, c.name, *e.Procedure, e.Diagnostics, c.report)
		if !strings.Contains(err.Error(), "UplinkNASTransport") || !strings.Contains(err.Error(), "protocol: ") {
			t.Errorf("%s: error reads %q", c.name, err)
		}
	}
}

func checkReport(t *testing.T, name string, p ProcedureCode, got *Diagnostics, want CriticalityDiagnosticsIEList) {
	t.Helper()
	if got == nil {
		if want != nil {
			t.Errorf("%s: nothing reported, want %+v", name, want)
		}
		return
	}
	if *got.ProcedureCode != p || *got.TriggeringMessage != InitiatingMessage || *got.ProcedureCriticality != Ignore ||
		!slices.Equal(got.IEsCriticalityDiagnostics, want) {
		t.Errorf("%s: reported %+v, want %+v", name, got.IEsCriticalityDiagnostics, want)
	}
}

// TestConditions: a conditional IE is missing, TS 38.413 §10.3.5.
func TestConditions(t *testing.T) {
	for _, m := range []Message{
		&InitialContextSetupRequest{
			AllowedNSSAI:                      AllowedNSSAI{{SNSSAI: SNSSAI{SST: 1}}},
			PDUSessionResourceSetupListCxtReq: PDUSessionResourceSetupListCxtReq{{SNSSAI: SNSSAI{SST: 1}}},
		},
		&HandoverCommand{
			HandoverType:                       HandoverTypeFiveGSToEPS,
			TargetToSourceTransparentContainer: TargetToSourceTransparentContainer{1},
		},
	} {
		b, err := Append(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		var e *DecodeError
		if _, err := Decode(b); !errors.As(err, &e) || e.Cause != CauseProtocolAbstractSyntaxErrorReject ||
			e.Diagnostics.IEsCriticalityDiagnostics[0].TypeOfError != TypeOfErrorMissing {
			t.Errorf("%s: %v", m.Name(), err)
		}
	}
}

// TestUnknownProcedure obeys the criticality of the procedure: TS 38.413 §10.3.4.1, §10.3.4.1A.
func TestUnknownProcedure(t *testing.T) {
	for c, want := range map[Criticality]struct {
		cause  Cause
		silent bool
	}{
		Reject: {CauseProtocolAbstractSyntaxErrorReject, false},
		Notify: {CauseProtocolAbstractSyntaxErrorIgnoreAndNotify, false},
		Ignore: {CauseProtocolAbstractSyntaxErrorIgnoreAndNotify, true},
	} {
		_, err := Decode(rawMessage(InitiatingMessage, 200, c))
		var e *DecodeError
		if !errors.As(err, &e) || e.Cause != want.cause || e.Silent != want.silent || *e.Procedure != 200 ||
			*e.Diagnostics.ProcedureCriticality != c || *e.Diagnostics.TriggeringMessage != InitiatingMessage {
			t.Errorf("%v: %+v", c, e)
		}
	}
	var e *DecodeError
	if _, err := Decode([]byte{0x80, 0, 0, 0}); !errors.As(err, &e) || e.Procedure != nil ||
		e.Cause != CauseProtocolAbstractSyntaxErrorReject {
		t.Errorf("unknown type of message: %+v", e)
	}
	if _, err := Decode(nil); !errors.As(err, &e) || e.Cause != CauseProtocolTransferSyntaxError {
		t.Errorf("no octets: %+v", e)
	}
}

// TestSilent: an outcome or an ERROR INDICATION is not answered, TS 38.413 §10.3.4.2, §10.5.
func TestSilent(t *testing.T) {
	for _, msg := range [][]byte{
		rawMessage(SuccessfulOutcome, ProcedureCodeNGSetup, Reject),
		rawMessage(InitiatingMessage, ProcedureCodeErrorIndication, Ignore, rawIE{9999, Reject, []byte{0}}),
	} {
		_, err := Decode(msg)
		var e *DecodeError
		if !errors.As(err, &e) || !e.Silent || e.ErrorIndication() != nil {
			t.Errorf("%x: %+v", msg, e)
		}
	}
}

// TestErrorIndication answers a message that lacks its NAS-PDU: TS 38.413 §8.7.4, §10.3.5.
func TestErrorIndication(t *testing.T) {
	_, err := Decode(uplink(amfID, ranID, location))
	var e *DecodeError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	b, err := Append(nil, e.ErrorIndication())
	if err != nil {
		t.Fatal(err)
	}
	m, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	got := m.(*ErrorIndication)
	if *got.AMFUENGAPID != 5 || *got.RANUENGAPID != 7 || *got.Cause != CauseProtocolAbstractSyntaxErrorReject ||
		got.CriticalityDiagnostics.IEsCriticalityDiagnostics[0].IEID != 38 {
		t.Errorf("%+v", got)
	}
}

// TestExtensionAdditions skips what a later release adds to a SEQUENCE: X.691 §19.7.
func TestExtensionAdditions(t *testing.T) {
	msg := uplink(amfID, ranID, nasPDU, location)
	msg[4] |= 0x80                               // the extension bit of UplinkNASTransport
	msg = append(msg, 0x01, 0x80, 2, 0xaa, 0xbb) // two additions, the first present: 0 000001 10
	msg[3] += 5
	if _, err := Decode(msg); err != nil {
		t.Error(err)
	}
	for n := range msg {
		if _, err := Decode(msg[:n]); err == nil {
			t.Errorf("decoded from %d of %d octets", n, len(msg))
		}
	}
}

// TestAppendErrors refuses values outside their constraints with the name of the field. TS 38.413 §9.4.5.
func TestAppendErrors(t *testing.T) {
	valid := func() *UplinkNASTransport {
		m, err := Decode(uplink(amfID, ranID, nasPDU, location))
		if err != nil {
			t.Fatal(err)
		}
		return m.(*UplinkNASTransport)
	}
	for name, change := range map[string]func(*UplinkNASTransport){
		"AMFUENGAPID": func(m *UplinkNASTransport) { m.AMFUENGAPID = 1 << 40 },
		"UserLocationInformation.UserLocationInformationNR.NRCGI.NRCellIdentity": func(m *UplinkNASTransport) {
			m.UserLocationInformation.UserLocationInformationNR.NRCGI.NRCellIdentity = 1 << 36
		},
		"UserLocationInformation: of a choice": func(m *UplinkNASTransport) {
			m.UserLocationInformation = UserLocationInformation{}
		},
	} {
		m := valid()
		change(m)
		b, err := Append([]byte("kept"), m)
		if err == nil || !strings.Contains(err.Error(), "UplinkNASTransport: "+name) || string(b) != "kept" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	if _, err := Append(nil, nil); err == nil {
		t.Error("no error for no message")
	}
	if _, err := Append(nil, (*UplinkNASTransport)(nil)); err == nil {
		t.Error("no error for a nil message")
	}
}

// TestStrings: causes and enumerations read as in TS 38.413 §9.3.1.2 and §9.4.5.
func TestStrings(t *testing.T) {
	for got, want := range map[string]string{
		CauseNASNormalRelease.String():                      "nas: normal-release",
		CauseRadioNetworkUserInactivity.String():            "radioNetwork: user-inactivity",
		CauseProtocolTransferSyntaxError.String():           "protocol: transfer-syntax-error",
		Cause(0x0fff).String():                              "Cause(4095)",
		RRCEstablishmentCauseMOSignalling.String():          "mo-Signalling",
		ProcedureCodeNGSetup.String():                       "NGSetup",
		InitiatingMessage.String():                          "initiating-message",
		CauseTransportTransportResourceUnavailable.String(): "transport: transport-resource-unavailable",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if CauseMiscUnspecified.Group() != CauseGroupMisc {
		t.Error("group of a cause")
	}
}

// TestNGResetList covers the largest connection list, whose length is not constrained: X.691 §11.9.4.2.
func TestNGResetList(t *testing.T) {
	for _, n := range []int{1, 127, 128, 16383, 16384, 40000, 65536} {
		list := make(UEAssociatedLogicalNGConnectionList, n)
		for i := range list {
			id := RANUENGAPID(i)
			list[i].RANUENGAPID = &id
		}
		in := &NGReset{Cause: CauseMiscUnspecified, ResetType: ResetType{PartOfNGInterface: list}}
		b, err := Append(nil, in)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Decode(b)
		if err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		got := m.(*NGReset).ResetType.PartOfNGInterface
		if len(got) != n || *got[n-1].RANUENGAPID != RANUENGAPID(n-1) {
			t.Errorf("%d connections came back as %d", n, len(got))
		}
	}
}

// TestLongNASPDU sends octet strings around the fragment limit: X.691 §11.9.3.8.
func TestLongNASPDU(t *testing.T) {
	for _, n := range []int{0, 127, 128, 16383, 16384, 16385, 65535, 65536, 100000} {
		in := &DownlinkNASTransport{NASPDU: make(NASPDU, n)}
		for i := range in.NASPDU {
			in.NASPDU[i] = byte(i)
		}
		b, err := Append(nil, in)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Decode(b)
		if err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		if got := m.(*DownlinkNASTransport).NASPDU; !slices.Equal(got, in.NASPDU) || got == nil {
			t.Errorf("%d octets came back as %d", n, len(got))
		}
	}
}
