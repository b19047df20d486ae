package core

import (
	"context"
	"fmt"
	"strings"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/sbi/nnssf"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

// tracer puts the calls between network functions on the ladder. Without a sink its methods return what they are
// given, so that nothing lies between two functions.
type tracer struct{ sink ladder.Sink }

// hop is one direction of calls: who asks whom.
type hop struct {
	sink     ladder.Sink
	from, to string
}

func (t tracer) hop(from, to string) hop { return hop{t.sink, from, to} }

// asked shows a request; the function it returns shows the answer.
func (h hop) asked(operation string, details ...any) (answered func(err error, details ...any)) {
	h.sink.Emit(ladder.Event{From: h.from, To: h.to, Interface: ladder.SBI, Message: operation + " Request", Detail: pairs(details)})
	return func(err error, details ...any) {
		if err != nil {
			details = []any{"cause", sbi.CauseOf(err)}
		}
		h.sink.Emit(ladder.Event{From: h.to, To: h.from, Interface: ladder.SBI, Message: operation + " Response", Detail: pairs(details)})
	}
}

// pairs writes names and values as "name=value".
func pairs(list []any) string {
	var b strings.Builder
	for i := 0; i+1 < len(list); i += 2 {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%v=%v", list[i], list[i+1])
	}
	return b.String()
}

type tracedAUSF struct {
	hop
	next nausf.UEAuthentication
}

func (t tracer) ausf(from string, next nausf.UEAuthentication) nausf.UEAuthentication {
	if !t.sink.On() {
		return next
	}
	return tracedAUSF{t.hop(from, "AUSF"), next}
}

func (s tracedAUSF) Authenticate(ctx context.Context, info nausf.AuthenticationInfo) (nausf.UEAuthenticationCtx, error) {
	answered := s.asked("Nausf_UEAuthentication_Authenticate", "identity", concealed(info.SUPIOrSUCI), "sn-name", info.ServingNetworkName,
		"resync", info.ResynchronizationInfo != nil)
	r, err := s.next.Authenticate(ctx, info)
	answered(err, "auth-type", r.AuthType)
	return r, err
}

func (s tracedAUSF) Confirm5GAKA(ctx context.Context, id string, data nausf.ConfirmationData) (nausf.ConfirmationDataResponse, error) {
	answered := s.asked("Nausf_UEAuthentication_Authenticate", "RES*", data.RESStar != nil)
	r, err := s.next.Confirm5GAKA(ctx, id, data)
	answered(err, "result", r.AuthResult, "supi", r.SUPI.Conceal())
	return r, err
}

func (s tracedAUSF) EAPSession(ctx context.Context, id string, session nausf.EAPSession) (nausf.EAPSession, error) {
	answered := s.asked("Nausf_UEAuthentication_Authenticate", "eap", len(session.EAPPayload))
	r, err := s.next.EAPSession(ctx, id, session)
	answered(err, "result", r.AuthResult, "supi", r.SUPI.Conceal())
	return r, err
}

// concealed hides who a SUPI or a SUCI names: the latter is readable under the null scheme.
func concealed(identity string) string {
	if strings.HasPrefix(identity, "imsi-") {
		return ident.SUPI(identity).Conceal()
	}
	parts := strings.Split(identity, "-") // suci, type, MCC, MNC, routing indicator, scheme, key, output: TS 23.003 §28.7.3
	if len(parts) != 8 || parts[0] != "suci" || parts[1] != "0" {
		return "?"
	}
	output := parts[7]
	parts[7] = "***"
	if len(output) > 4 {
		parts[7] = output[:2] + "..." + output[len(output)-2:]
	}
	return strings.Join(parts, "-")
}

type tracedUDMAuthentication struct {
	hop
	next nudm.UEAuthentication
}

func (t tracer) udmAuthentication(from string, next nudm.UEAuthentication) nudm.UEAuthentication {
	if !t.sink.On() {
		return next
	}
	return tracedUDMAuthentication{t.hop(from, "UDM"), next}
}

func (s tracedUDMAuthentication) GenerateAuthData(ctx context.Context, identity string, req nudm.AuthenticationInfoRequest) (nudm.AuthenticationInfoResult, error) {
	answered := s.asked("Nudm_UEAuthentication_Get", "identity", concealed(identity))
	r, err := s.next.GenerateAuthData(ctx, identity, req)
	answered(err, "auth-type", r.AuthType, "supi", r.SUPI.Conceal())
	return r, err
}

func (s tracedUDMAuthentication) ConfirmAuth(ctx context.Context, supi ident.SUPI, event nudm.AuthEvent) error {
	answered := s.asked("Nudm_UEAuthentication_ResultConfirmation", "success", event.Success)
	err := s.next.ConfirmAuth(ctx, supi, event)
	answered(err)
	return err
}

type tracedNSSF struct {
	hop
	next nnssf.NSSelection
}

func (t tracer) nssf(from string, next nnssf.NSSelection) nnssf.NSSelection {
	if !t.sink.On() {
		return next
	}
	return tracedNSSF{t.hop(from, "NSSF"), next}
}

func (s tracedNSSF) ForRegistration(ctx context.Context, req nnssf.SliceInfoForRegistration) (nnssf.AuthorizedNetworkSliceInfo, error) {
	answered := s.asked("Nnssf_NSSelection_Get", "requested", req.RequestedNSSAI, "subscribed", req.SubscribedNSSAI)
	r, err := s.next.ForRegistration(ctx, req)
	answered(err, "allowed", r.AllowedNSSAI)
	return r, err
}

type tracedSMF struct {
	hop
	next nsmf.PDUSession
}

func (t tracer) smf(from string, next nsmf.PDUSession) nsmf.PDUSession {
	if !t.sink.On() {
		return next
	}
	return tracedSMF{t.hop(from, "SMF"), next}
}

func (s tracedSMF) CreateSMContext(ctx context.Context, data nsmf.SMContextCreateData) (nsmf.SMContextCreatedData, error) {
	answered := s.asked("Nsmf_PDUSession_CreateSMContext", "session", data.PDUSessionID, "dnn", data.DNN, "slice", data.SNSSAI)
	r, err := s.next.CreateSMContext(ctx, data)
	answered(err, "ref", r.Ref)
	return r, err
}

func (s tracedSMF) UpdateSMContext(ctx context.Context, ref string, data nsmf.SMContextUpdateData) (nsmf.SMContextUpdatedData, error) {
	details := []any{"ref", ref}
	if data.N2SMInfo.Type != "" {
		details = append(details, "n2", data.N2SMInfo.Type)
	}
	if data.UpCnxState != "" {
		details = append(details, "up", data.UpCnxState)
	}
	answered := s.asked("Nsmf_PDUSession_UpdateSMContext", details...)
	r, err := s.next.UpdateSMContext(ctx, ref, data)
	if r.UpCnxState != "" {
		answered(err, "up", r.UpCnxState)
	} else {
		answered(err)
	}
	return r, err
}

func (s tracedSMF) ReleaseSMContext(ctx context.Context, ref string, data nsmf.SMContextReleaseData) error {
	answered := s.asked("Nsmf_PDUSession_ReleaseSMContext", "ref", ref, "cause", data.Cause)
	err := s.next.ReleaseSMContext(ctx, ref, data)
	answered(err)
	return err
}

// tracedAMF is what the SMF and the PCF are given for the AMF, which is made after them: next is set before any serves
// anybody.
type tracedAMF struct {
	tracer
	next interface {
		namf.Communication
		npcf.AMPolicyNotify
	}
}

func (s *tracedAMF) N1N2MessageTransfer(ctx context.Context, supi ident.SUPI, req namf.N1N2MessageTransferReqData) (namf.N1N2MessageTransferRspData, error) {
	if !s.sink.On() {
		return s.next.N1N2MessageTransfer(ctx, supi, req)
	}
	answered := s.hop("SMF", "AMF").asked("Namf_Communication_N1N2MessageTransfer", "session", req.PDUSessionID,
		"n1", len(req.N1SMMsg) > 0, "n2", req.N2SMInfo.Type)
	r, err := s.next.N1N2MessageTransfer(ctx, supi, req)
	answered(err, "cause", r.Cause)
	return r, err
}

func (s *tracedAMF) SMContextStatusNotify(ctx context.Context, supi ident.SUPI, pduSessionID uint8, ref string) error {
	if !s.sink.On() {
		return s.next.SMContextStatusNotify(ctx, supi, pduSessionID, ref)
	}
	answered := s.hop("SMF", "AMF").asked("Nsmf_PDUSession_SMContextStatusNotify", "session", pduSessionID, "ref", ref)
	err := s.next.SMContextStatusNotify(ctx, supi, pduSessionID, ref)
	answered(err)
	return err
}

type tracedFailures struct {
	hop
	next namf.TransferFailures
}

func (t tracer) transferFailures(from string, next namf.TransferFailures) namf.TransferFailures {
	if !t.sink.On() {
		return next
	}
	return tracedFailures{t.hop(from, "SMF"), next}
}

func (s tracedFailures) N1N2TransferFailureNotify(ctx context.Context, n namf.N1N2MsgTxfrFailureNotification) error {
	answered := s.asked("Namf_Communication_N1N2TransferFailureNotification", "session", n.PDUSessionID, "cause", n.Cause)
	err := s.next.N1N2TransferFailureNotify(ctx, n)
	answered(err)
	return err
}
