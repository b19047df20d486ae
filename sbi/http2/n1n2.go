package http2

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
)

// The shapes of N1N2MessageTransfer and its failure, as in TS29518_Namf_Communication.yaml. The SM context that a transfer
// is of has no member there: it is in the URI where its SMF is told of a failure.

type n1n2Req struct {
	N1         *n1MessageContainer `json:"n1MessageContainer,omitempty"`
	N2         *n2InfoContainer    `json:"n2InfoContainer,omitempty"`
	SkipInd    bool                `json:"skipInd,omitempty"`
	ID         uint8               `json:"pduSessionId,omitempty"`
	ARP        *arp                `json:"arp,omitempty"`
	FailureURI string              `json:"n1n2FailureTxfNotifURI,omitempty"`
}

type n2InfoContainer struct {
	Class string           `json:"n2InformationClass"`
	SM    *n2SMInformation `json:"smInfo,omitempty"`
	RAN   *struct {
		Content *n2InfoContent `json:"n2InfoContent"`
	} `json:"ranInfo,omitempty"`
}

// arp is Arp of TS 29.571; the AMF looks at the level alone.
type arp struct {
	Level         uint8  `json:"priorityLevel"`
	Capability    string `json:"preemptCap"`
	Vulnerability string `json:"preemptVuln"`
}

const (
	classSM  = "SM"
	classRAN = "RAN"
)

func n1n2ReqOut(o *out, v *namf.N1N2MessageTransferReqData) *n1n2Req {
	w := &n1n2Req{SkipInd: v.SkipInd, ID: v.PDUSessionID, FailureURI: failureURI(v.SMContextRef, v.PDUSessionID)}
	if len(v.N1SMMsg) > 0 {
		w.N1 = &n1MessageContainer{classSM, o.binary(typeNAS, v.N1SMMsg)}
	}
	switch {
	case v.RANInfo.Type != "":
		w.N2 = &n2InfoContainer{Class: classRAN}
		w.N2.RAN = &struct {
			Content *n2InfoContent `json:"n2InfoContent"`
		}{o.n2(string(v.RANInfo.Type), v.RANInfo.Data)}
	case v.N2SMInfo.Type != "" || v.SNSSAI != (ident.SNSSAI{}):
		w.N2 = &n2InfoContainer{Class: classSM, SM: &n2SMInformation{
			v.PDUSessionID, o.n2(string(v.N2SMInfo.Type), v.N2SMInfo.Data), snssaiOutIfAny(v.SNSSAI)}}
	}
	if v.ARP != 0 {
		w.ARP = &arp{v.ARP, "NOT_PREEMPT", "NOT_PREEMPTABLE"}
	}
	return w
}

func n1n2ReqIn(d *in, w *n1n2Req) (v namf.N1N2MessageTransferReqData) {
	v = namf.N1N2MessageTransferReqData{PDUSessionID: w.ID, SkipInd: w.SkipInd}
	if w.ID != 0 {
		d.sessionID("pduSessionId", w.ID)
	}
	if w.FailureURI != "" {
		uri, id, err := failedContext(w.FailureURI)
		if err != nil || id != w.ID {
			d.wrong("n1n2FailureTxfNotifURI", "%q is not that of PDU session %d", w.FailureURI, w.ID)
		}
		v.SMContextRef = uri
	}
	if w.N1 != nil {
		if w.N1.Class != classSM {
			d.wrong("n1MessageContainer.n1MessageClass", "%q: want %s", w.N1.Class, classSM)
		}
		if v.N1SMMsg = d.binary("n1MessageContainer.n1MessageContent", w.N1.Content); v.N1SMMsg == nil {
			d.missing("n1MessageContainer.n1MessageContent")
		}
	}
	if w.ARP != nil {
		if v.ARP = w.ARP.Level; v.ARP < 1 || v.ARP > 15 {
			d.wrong("arp.priorityLevel", "%d: want 1 to 15", v.ARP)
		}
	}
	if w.N2 != nil {
		d.n2Container(w.N2, &v)
	}
	return v
}

func (d *in) n2Container(w *n2InfoContainer, v *namf.N1N2MessageTransferReqData) {
	const key = "n2InfoContainer"
	switch {
	case w.Class == classRAN && w.RAN != nil && w.SM == nil:
		if v.RANInfo = d.needInfo(key+".ranInfo.n2InfoContent", w.RAN.Content); v.RANInfo.Type == "" {
			d.missing(key + ".ranInfo.n2InfoContent.ngapIeType")
		}
	case w.Class == classSM && w.SM != nil && w.RAN == nil:
		if w.SM.ID != v.PDUSessionID {
			d.wrong(key+".smInfo.pduSessionId", "%d is not %d", w.SM.ID, v.PDUSessionID)
		}
		kind, data := d.n2IfAny(key+".smInfo.n2InfoContent", w.SM.Content)
		v.N2SMInfo = nsmf.N2SMInfo{Type: nsmf.N2SMInfoType(kind), Data: data}
		v.SNSSAI = d.snssaiIfAny(key+".smInfo.sNssai", w.SM.SNSSAI)
	default:
		d.wrong(key, "class %q: want SM with smInfo or RAN with ranInfo", w.Class)
	}
}

type n1n2Rsp struct {
	Cause string `json:"cause"`
}

func n1n2RspOut(_ *out, v *namf.N1N2MessageTransferRspData) *n1n2Rsp {
	return &n1n2Rsp{string(v.Cause)}
}

func n1n2RspIn(d *in, w *n1n2Rsp) namf.N1N2MessageTransferRspData {
	d.need("cause", w.Cause)
	return namf.N1N2MessageTransferRspData{Cause: namf.N1N2TransferCause(w.Cause)}
}

// failure is N1N2MsgTxfrFailureNotification; the transfer that it names is told apart by the URI that it is sent to.
type failure struct {
	Cause   string `json:"cause"`
	DataURI string `json:"n1n2MsgDataUri"`
}

func failureOut(transfer string) func(*out, *namf.N1N2MsgTxfrFailureNotification) *failure {
	return func(_ *out, v *namf.N1N2MsgTxfrFailureNotification) *failure {
		return &failure{string(v.Cause), transfer}
	}
}

// failureIn reads a notification to the URI of an SM context and PDU session.
func failureIn(ref string, id uint8) func(*in, *failure) namf.N1N2MsgTxfrFailureNotification {
	return func(d *in, w *failure) namf.N1N2MsgTxfrFailureNotification {
		d.need("cause", w.Cause)
		d.need("n1n2MsgDataUri", w.DataURI)
		return namf.N1N2MsgTxfrFailureNotification{Cause: namf.N1N2TransferCause(w.Cause), PDUSessionID: id, SMContextRef: ref}
	}
}

const (
	smfCallbacks = "/nsmf-callback/v1/sm-contexts/"
	failures     = "/n1-n2-failures/"
)

// failureURI is where the SMF with an SM context is told that a transfer did not come about; "" for a reference without core.
func failureURI(context string, id uint8) string {
	core, ref, err := sbi.ContextRef(context)
	if err != nil || core == "" {
		return ""
	}
	return fmt.Sprint("https://", core, smfCallbacks, ref, failures, id)
}

func failurePath(ref string, id uint8) string {
	return fmt.Sprint(smfCallbacks, url.PathEscape(ref), failures, id)
}

// failedContext takes such a URI apart into that of the SM context and the PDU session.
func failedContext(uri string) (context string, id uint8, err error) {
	rest, ok := strings.CutPrefix(uri, "https://")
	core, rest, ok2 := strings.Cut(rest, smfCallbacks)
	ref, number, ok3 := strings.Cut(rest, failures)
	n, err := strconv.ParseUint(number, 10, 8)
	context = sbi.ContextURI(core, ref)
	if _, _, bad := sbi.ContextRef(context); !ok || !ok2 || !ok3 || err != nil || bad != nil {
		return "", 0, fmt.Errorf("%q is not where an SMF is told of failed transfers", uri)
	}
	return context, uint8(n), nil
}
