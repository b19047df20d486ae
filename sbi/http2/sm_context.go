package http2

import (
	"crypto/sha256"
	"fmt"

	"github.com/limpid-5g/limpid/sbi/nsmf"
)

// The shapes of Nsmf_PDUSession for SM contexts, as in TS29502_Nsmf_PDUSession.yaml. A reason that is written for the log has
// no member there and stays at home: the peer hears of a release for an unspecified reason.

type smUpdate struct {
	NFID     string        `json:"servingNfId,omitempty"`
	GUAMI    *guami        `json:"guami,omitempty"`
	Location *userLocation `json:"ueLocation,omitempty"`
	UpCnx    string        `json:"upCnxState,omitempty"`
	HoState  string        `json:"hoState,omitempty"`
	Release  bool          `json:"release,omitempty"`
	Cause    string        `json:"cause,omitempty"`
	N1       *binaryRef    `json:"n1SmMsg,omitempty"`
	N2       *binaryRef    `json:"n2SmInfo,omitempty"`
	N2Type   string        `json:"n2SmInfoType,omitempty"`
}

func smUpdateOut(o *out, v *nsmf.SMContextUpdateData) *smUpdate {
	return &smUpdate{
		NFID: instanceID(v.ServingNFID), GUAMI: guamiOut(v.GUAMI), Location: locationOut(v.TAI), UpCnx: string(v.UpCnxState), HoState: string(v.HoState),
		Release: v.Release, Cause: string(v.Cause),
		N1: o.binary(typeNAS, v.N1SMMsg), N2: o.binary(typeNGAP, v.N2SMInfo.Data), N2Type: string(v.N2SMInfo.Type),
	}
}

func smUpdateIn(d *in, w *smUpdate) nsmf.SMContextUpdateData {
	v := nsmf.SMContextUpdateData{
		N1SMMsg: d.binary("n1SmMsg", w.N1), N2SMInfo: d.smInfo(w.N2, w.N2Type), UpCnxState: d.upCnx(w.UpCnx), TAI: d.location("ueLocation", w.Location),
		HoState: d.hoState(w.HoState), GUAMI: d.guami("guami", w.GUAMI), ServingNFID: w.NFID, Release: w.Release, Cause: nsmf.Cause(w.Cause),
	}
	if w.GUAMI != nil && w.NFID == "" {
		d.missing("servingNfId")
	}
	return v
}

// instanceID is the NfInstanceId of the AMF of a core, a UUID that its name makes: cores of one configuration
// know each other by names. The server puts the name back that the peer has proven.
func instanceID(core string) string {
	if core == "" {
		return ""
	}
	u := sha256.Sum256([]byte("limpid AMF " + core))
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:16])
}

func (d *in) smInfo(ref *binaryRef, kind string) nsmf.N2SMInfo {
	if (ref == nil) != (kind == "") {
		d.wrong("n2SmInfo", "n2SmInfo and n2SmInfoType come together")
	}
	return nsmf.N2SMInfo{Type: nsmf.N2SMInfoType(kind), Data: d.binary("n2SmInfo", ref)}
}

func (d *in) upCnx(text string) nsmf.UpCnxState {
	switch s := nsmf.UpCnxState(text); s {
	case "", nsmf.Activated, nsmf.Deactivated, nsmf.Activating, nsmf.Suspended:
		return s
	}
	d.wrong("upCnxState", "%q is none of TS 29.502", text)
	return ""
}

func (d *in) hoState(text string) nsmf.HoState {
	switch s := nsmf.HoState(text); s {
	case "NONE":
		return ""
	case "", nsmf.HoPreparing, nsmf.HoPrepared, nsmf.HoCompleted, nsmf.HoCancelled:
		return s
	}
	d.wrong("hoState", "%q is none of TS 29.502", text)
	return ""
}

// smUpdated is SmContextUpdatedData. That the session is gone is no member of it: it is in a header, see headerEnded.
type smUpdated struct {
	UpCnx   string     `json:"upCnxState,omitempty"`
	HoState string     `json:"hoState,omitempty"`
	N1      *binaryRef `json:"n1SmMsg,omitempty"`
	N2      *binaryRef `json:"n2SmInfo,omitempty"`
	N2Type  string     `json:"n2SmInfoType,omitempty"`
}

func smUpdatedOut(o *out, v *nsmf.SMContextUpdatedData) *smUpdated {
	return &smUpdated{
		string(v.UpCnxState), string(v.HoState), o.binary(typeNAS, v.N1SMMsg), o.binary(typeNGAP, v.N2SMInfo.Data), string(v.N2SMInfo.Type),
	}
}

func smUpdatedIn(d *in, w *smUpdated) nsmf.SMContextUpdatedData {
	return nsmf.SMContextUpdatedData{
		UpCnxState: d.upCnx(w.UpCnx), HoState: d.hoState(w.HoState), N1SMMsg: d.binary("n1SmMsg", w.N1), N2SMInfo: d.smInfo(w.N2, w.N2Type),
	}
}

type smError struct {
	Error  *problem   `json:"error"`
	N1     *binaryRef `json:"n1SmMsg,omitempty"`
	N2     *binaryRef `json:"n2SmInfo,omitempty"`
	N2Type string     `json:"n2SmInfoType,omitempty"`
}

func smErrorOut(o *out, v *nsmf.SMContextError) *smError {
	return &smError{
		problemOut(nil, v.ProblemDetails), o.binary(typeNAS, v.N1SMMsg), o.binary(typeNGAP, v.N2SMInfo.Data), string(v.N2SMInfo.Type),
	}
}

func smErrorIn(d *in, w *smError) nsmf.SMContextError {
	if w.Error == nil {
		d.missing("error")
		return nsmf.SMContextError{}
	}
	p := problemIn(d, w.Error)
	return nsmf.SMContextError{ProblemDetails: &p, N1SMMsg: d.binary("n1SmMsg", w.N1), N2SMInfo: d.smInfo(w.N2, w.N2Type)}
}

type smRelease struct {
	Cause string `json:"cause,omitempty"`
}

func smReleaseOut(_ *out, v *nsmf.SMContextReleaseData) *smRelease {
	if v.Cause == "" {
		return &smRelease{}
	}
	return &smRelease{"REL_DUE_TO_UNSPECIFIED_REASON"}
}

func smReleaseIn(_ *in, w *smRelease) nsmf.SMContextReleaseData {
	return nsmf.SMContextReleaseData{Cause: w.Cause[:min(len(w.Cause), maxDetail)]}
}

// smStatus is SmContextStatusNotification of an SM context that ended; which one it is, the URI says.
type smStatus struct {
	Info *struct {
		Status string `json:"resourceStatus"`
	} `json:"statusInfo"`
}

// ended is that an SM context is no more.
type ended struct{}

const statusReleased = "RELEASED"

func smStatusOut(*out, *ended) *smStatus {
	return &smStatus{&struct {
		Status string `json:"resourceStatus"`
	}{statusReleased}}
}

func smStatusIn(d *in, w *smStatus) (e ended) {
	switch {
	case w.Info == nil:
		d.missing("statusInfo")
	case w.Info.Status != statusReleased:
		d.wrong("statusInfo.resourceStatus", "%q: want %s", w.Info.Status, statusReleased)
	}
	return e
}

// headerEnded says in a request or answer that the session ends with what is in it: nsmf.SMContextUpdatedData.Released and
// namf.N1N2MessageTransferReqData.ReleaseOnSent. The OpenAPI documents have no member for it; a peer of another make does
// not know the header and hears that the session is gone when it asks for it next.
const headerEnded = "Limpid-Session-Ended"
