package http2

import (
	"net/http"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
)

// The shapes of Namf_Communication for a handover, as in TS29518_Namf_Communication.yaml.

type createData struct {
	UEContext *ueContext `json:"ueContext"`
	TargetID  *struct {
		Node *globalRANNodeID `json:"ranNodeId"`
		TAI  *tai             `json:"tai"`
	} `json:"targetId"`
	SourceToTarget *n2InfoContent    `json:"sourceToTargetData"`
	Sessions       []n2SMInformation `json:"pduSessionList"`
	NotifyURI      string            `json:"n2NotifyUri,omitempty"`
	Capability     *n2InfoContent    `json:"ueRadioCapability,omitempty"`
	Cause          *ngapCause        `json:"ngapCause,omitempty"`
	ServingNetwork *plmnID           `json:"servingNetwork,omitempty"`
}

func createDataOut(o *out, v *namf.UEContextCreateData) *createData {
	w := &createData{
		UEContext: ueContextOut(&v.UEContext), SourceToTarget: o.n2(string(v.SourceToTargetData.Type), v.SourceToTargetData.Data),
		Sessions: o.n2SM(v.PDUSessionList), NotifyURI: v.N2NotifyURI, Cause: causeOut(v.NGAPCause), ServingNetwork: plmnOutIfAny(v.ServingNetwork),
		Capability: o.n2(string(v.UERadioCapability.Type), v.UERadioCapability.Data),
	}
	w.TargetID = &struct {
		Node *globalRANNodeID `json:"ranNodeId"`
		TAI  *tai             `json:"tai"`
	}{nodeOut(v.TargetID.RANNodeID), taiOut(v.TargetID.TAI)}
	return w
}

func createDataIn(d *in, w *createData) (v namf.UEContextCreateData) {
	switch {
	case w.TargetID == nil:
		d.missing("targetId")
		return v
	case w.Sessions == nil:
		d.missing("pduSessionList")
	}
	v = namf.UEContextCreateData{
		UEContext:      d.ueContext("ueContext", w.UEContext),
		TargetID:       namf.NgRANTargetID{RANNodeID: d.node("targetId.ranNodeId", w.TargetID.Node), TAI: d.tai("targetId.tai", w.TargetID.TAI)},
		PDUSessionList: d.n2SM("pduSessionList", w.Sessions), N2NotifyURI: w.NotifyURI, UERadioCapability: d.info("ueRadioCapability", w.Capability),
		NGAPCause: d.causeIfAny("ngapCause", w.Cause), ServingNetwork: d.plmnIfAny("servingNetwork", w.ServingNetwork),
	}
	v.SourceToTargetData = d.needInfo("sourceToTargetData", w.SourceToTarget)
	return v
}

// needInfo is an element of NGAP that must be there.
func (d *in) needInfo(key string, w *n2InfoContent) namf.N2InfoContent {
	kind, data := d.n2(key, w)
	return namf.N2InfoContent{Type: namf.NGAPIEType(kind), Data: data}
}

type createdData struct {
	UEContext      *ueContext        `json:"ueContext"`
	TargetToSource *n2InfoContent    `json:"targetToSourceData"`
	Sessions       []n2SMInformation `json:"pduSessionList"`
	Failed         []n2SMInformation `json:"failedSessionList,omitempty"`
}

func createdDataOut(o *out, v *namf.UEContextCreatedData) *createdData {
	return &createdData{
		UEContext: ueContextOut(&v.UEContext), TargetToSource: o.n2(string(v.TargetToSourceData.Type), v.TargetToSourceData.Data),
		Sessions: o.n2SM(v.PDUSessionList), Failed: o.n2SM(v.FailedSessionList),
	}
}

func createdDataIn(d *in, w *createdData) namf.UEContextCreatedData {
	if w.Sessions == nil {
		d.missing("pduSessionList")
	}
	return namf.UEContextCreatedData{
		UEContext: d.ueContext("ueContext", w.UEContext), TargetToSourceData: d.needInfo("targetToSourceData", w.TargetToSource),
		PDUSessionList: d.n2SM("pduSessionList", w.Sessions), FailedSessionList: d.n2SM("failedSessionList", w.Failed),
	}
}

// createError is UeContextCreateError: the one error of the service that is a document of its own, TS 29.518 §6.1.6.2.38.
type createError struct {
	Error *problem   `json:"error"`
	Cause *ngapCause `json:"ngapCause,omitempty"`
}

func createErrorOut(_ *out, v *namf.UEContextCreateError) *createError {
	return &createError{problemOut(nil, v.ProblemDetails), causeOut(v.NGAPCause)}
}

func createErrorIn(d *in, w *createError) namf.UEContextCreateError {
	if w.Error == nil {
		d.missing("error")
		return namf.UEContextCreateError{}
	}
	p := problemIn(d, w.Error)
	return namf.UEContextCreateError{ProblemDetails: &p, NGAPCause: d.causeIfAny("ngapCause", w.Cause)}
}

// problem is ProblemDetails, TS 29.571 §5.2.4.1.
type problem struct {
	Status int    `json:"status,omitempty"`
	Cause  string `json:"cause,omitempty"`
	Detail string `json:"detail,omitempty"`
}

const maxDetail = 512 // octets of explanation that are passed on

func problemOut(_ *out, v *sbi.ProblemDetails) *problem {
	return &problem{v.Status, string(v.Cause), v.Detail[:min(len(v.Detail), maxDetail)]}
}

func problemIn(d *in, w *problem) sbi.ProblemDetails {
	if w.Status != 0 && (w.Status < http.StatusBadRequest || w.Status > 599) {
		d.wrong("status", "%d is no status of an error", w.Status)
	}
	if w.Cause == "" {
		w.Cause = string(sbi.CauseSystemFailure)
	}
	return sbi.ProblemDetails{Status: w.Status, Cause: sbi.Cause(w.Cause), Detail: w.Detail[:min(len(w.Detail), maxDetail)]}
}

type ueContextRelease struct {
	SUPI  string     `json:"supi,omitempty"`
	Cause *ngapCause `json:"ngapCause"`
}

func releaseOut(_ *out, v *namf.UEContextRelease) *ueContextRelease {
	return &ueContextRelease{string(v.SUPI), causeOut(&v.NGAPCause)}
}

func releaseIn(d *in, w *ueContextRelease) namf.UEContextRelease {
	v := namf.UEContextRelease{SUPI: d.supi("supi", w.SUPI)}
	if c := d.causeIfAny("ngapCause", w.Cause); c != nil {
		v.NGAPCause = *c
	} else {
		d.missing("ngapCause")
	}
	return v
}

// n2Notification is N2InformationNotification. A handover is no subscription: the identifier is that of the UE context, and
// the receiver goes by the URI.
type n2Notification struct {
	SubscriptionID string   `json:"n2NotifySubscriptionId"`
	Reason         string   `json:"notifyReason,omitempty"`
	ToRelease      []uint16 `json:"toReleaseSessionList,omitempty"`
}

func n2NotificationOut(id namf.UEContextID) func(*out, *namf.N2InformationNotification) *n2Notification {
	return func(_ *out, v *namf.N2InformationNotification) *n2Notification {
		return &n2Notification{string(id), string(v.NotifyReason), sessionIDsOut(v.ToReleaseSessionList)}
	}
}

func n2NotificationIn(d *in, w *n2Notification) namf.N2InformationNotification {
	d.need("n2NotifySubscriptionId", w.SubscriptionID)
	return namf.N2InformationNotification{
		NotifyReason: namf.NotifyReason(w.Reason), ToReleaseSessionList: d.sessionIDs("toReleaseSessionList", w.ToRelease),
	}
}
