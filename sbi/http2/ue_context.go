package http2

import (
	"encoding/hex"

	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nnssaaf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
)

// The shapes of Namf_Communication for UE contexts, as in TS29518_Namf_Communication.yaml.

type ueContext struct {
	SUPI         string           `json:"supi,omitempty"`
	PEI          string           `json:"pei,omitempty"`
	DRXParameter []byte           `json:"drxParameter,omitempty"`
	UEAMBR       *ambr            `json:"subUeAmbr,omitempty"`
	SEAFData     *seafData        `json:"seafData,omitempty"`
	MMCapability []byte           `json:"5gMmCapability,omitempty"`
	MMContexts   []mmContext      `json:"mmContextList,omitempty"`
	Sessions     []sessionContext `json:"sessionContextList,omitempty"`
}

type seafData struct {
	NgKSI *struct {
		TSC string `json:"tsc"`
		KSI *uint8 `json:"ksi"`
	} `json:"ngKsi"`
	KeyAMF *struct {
		KeyType string `json:"keyType"`
		KeyVal  string `json:"keyVal"`
	} `json:"keyAmf"`
	NH                string `json:"nh,omitempty"`
	NCC               *uint8 `json:"ncc,omitempty"`
	Changed           bool   `json:"keyAmfChangeInd,omitempty"`
	HDerivationIsDone bool   `json:"keyAmfHDerivationInd,omitempty"`
}

type mmContext struct {
	AccessType      string `json:"accessType"`
	NASSecurityMode *struct {
		Integrity string `json:"integrityAlgorithm"`
		Ciphering string `json:"cipheringAlgorithm"`
	} `json:"nasSecurityMode,omitempty"`
	DownlinkCount      *uint32       `json:"nasDownlinkCount,omitempty"`
	UplinkCount        *uint32       `json:"nasUplinkCount,omitempty"`
	SecurityCapability []byte        `json:"ueSecurityCapability,omitempty"`
	AllowedNSSAI       []snssai      `json:"allowedNssai,omitempty"`
	NSSAAStatusList    []nssaaStatus `json:"nssaaStatusList,omitempty"`
}

type nssaaStatus struct {
	SNSSAI *snssai `json:"snssai"`
	Status string  `json:"status"`
}

type sessionContext struct {
	ID           uint8   `json:"pduSessionId"`
	SMContextRef string  `json:"smContextRef"`
	SNSSAI       *snssai `json:"sNssai"`
	DNN          string  `json:"dnn"`
	AccessType   string  `json:"accessType"`
}

func ueContextOut(v *namf.UEContext) *ueContext {
	w := &ueContext{
		SUPI: string(v.SUPI), PEI: v.PEI, DRXParameter: v.DRXParameter, UEAMBR: ambrOut(v.UEAMBR), MMCapability: v.MMCapability,
	}
	if s := v.SEAFData; s != nil {
		w.SEAFData = &seafData{NH: hex.EncodeToString(s.NH), NCC: s.NCC, Changed: s.KeyAMFChangeInd, HDerivationIsDone: s.KeyAMFHDerivationInd}
		w.SEAFData.NgKSI = &struct {
			TSC string `json:"tsc"`
			KSI *uint8 `json:"ksi"`
		}{s.NgKSI.TSC, &s.NgKSI.KSI}
		w.SEAFData.KeyAMF = &struct {
			KeyType string `json:"keyType"`
			KeyVal  string `json:"keyVal"`
		}{string(s.KeyAMF.KeyType), hex.EncodeToString(s.KeyAMF.KeyVal)}
	}
	for i := range v.MMContextList {
		w.MMContexts = append(w.MMContexts, mmContextOut(&v.MMContextList[i]))
	}
	for _, s := range v.SessionContextList {
		w.Sessions = append(w.Sessions, sessionContext{s.PDUSessionID, s.SMContextRef, snssaiOut(s.SNSSAI), string(s.DNN), s.AccessType})
	}
	return w
}

func mmContextOut(m *namf.MMContext) mmContext {
	w := mmContext{
		AccessType: m.AccessType, DownlinkCount: &m.NASDownlinkCount, UplinkCount: &m.NASUplinkCount, SecurityCapability: m.UESecurityCapability,
	}
	if m.NASSecurityMode != (namf.NASSecurityMode{}) {
		w.NASSecurityMode = &struct {
			Integrity string `json:"integrityAlgorithm"`
			Ciphering string `json:"cipheringAlgorithm"`
		}{m.NASSecurityMode.IntegrityAlgorithm, m.NASSecurityMode.CipheringAlgorithm}
	}
	for _, s := range m.AllowedNSSAI {
		w.AllowedNSSAI = append(w.AllowedNSSAI, *snssaiOut(s))
	}
	for _, s := range m.NSSAAStatusList {
		w.NSSAAStatusList = append(w.NSSAAStatusList, nssaaStatus{snssaiOut(s.SNSSAI), string(s.Status)})
	}
	return w
}

const (
	keyOctets     = 32        // of KAMF and NH, TS 33.501 §6.2.3.2
	maxCount      = 1<<24 - 1 // NAS COUNT
	maxAllowed    = 8         // S-NSSAIs
	maxSubscribed = 16        // likewise, that may have been authenticated
	maxAccesses   = 2
	maxSessions   = 15
	maxCapability = 15 // octets of a capability of N1
)

func (d *in) ueContext(key string, w *ueContext) (v namf.UEContext) {
	if w == nil {
		d.missing(key)
		return v
	}
	v = namf.UEContext{
		SUPI: d.supi(key+".supi", w.SUPI), PEI: w.PEI, DRXParameter: w.DRXParameter, UEAMBR: d.ambr(key+".subUeAmbr", w.UEAMBR), MMCapability: w.MMCapability,
		SEAFData: d.seafData(key+".seafData", w.SEAFData),
	}
	switch {
	case len(w.PEI) > 64 || len(w.DRXParameter) > maxCapability || len(w.MMCapability) > maxCapability:
		d.wrong(key, "a PEI, DRX parameter or capability that is too long")
	case len(w.MMContexts) > maxAccesses:
		d.wrong(key+".mmContextList", "%d accesses: at most %d", len(w.MMContexts), maxAccesses)
	case len(w.Sessions) > maxSessions:
		d.wrong(key+".sessionContextList", "%d PDU sessions: a UE has at most %d", len(w.Sessions), maxSessions)
	}
	if d.err != nil {
		return v
	}
	for i := range w.MMContexts {
		v.MMContextList = append(v.MMContextList, d.mmContext(key+".mmContextList", &w.MMContexts[i]))
	}
	for i := range w.Sessions {
		v.SessionContextList = append(v.SessionContextList, d.sessionContext(key+".sessionContextList", &w.Sessions[i]))
	}
	return v
}

func (d *in) seafData(key string, w *seafData) *namf.SEAFData {
	switch {
	case w == nil:
		return nil
	case w.NgKSI == nil || w.NgKSI.KSI == nil:
		d.missing(key + ".ngKsi")
		return nil
	case w.KeyAMF == nil:
		d.missing(key + ".keyAmf")
		return nil
	case *w.NgKSI.KSI > 6:
		d.wrong(key+".ngKsi.ksi", "%d: want 0 to 6", *w.NgKSI.KSI)
	case w.NCC != nil && *w.NCC > 7:
		d.wrong(key+".ncc", "%d: want 0 to 7", *w.NCC)
	}
	v := &namf.SEAFData{
		NgKSI:                namf.NgKSI{TSC: w.NgKSI.TSC, KSI: *w.NgKSI.KSI},
		KeyAMF:               namf.KeyAMF{KeyType: namf.KeyAMFType(w.KeyAMF.KeyType), KeyVal: d.key(key+".keyAmf.keyVal", w.KeyAMF.KeyVal, keyOctets)},
		NCC:                  w.NCC,
		KeyAMFChangeInd:      w.Changed,
		KeyAMFHDerivationInd: w.HDerivationIsDone,
	}
	if w.NH != "" {
		v.NH = d.key(key+".nh", w.NH, keyOctets)
	}
	return v
}

func (d *in) mmContext(key string, w *mmContext) (v namf.MMContext) {
	d.need(key+".accessType", w.AccessType)
	v = namf.MMContext{AccessType: w.AccessType, UESecurityCapability: w.SecurityCapability}
	if m := w.NASSecurityMode; m != nil {
		v.NASSecurityMode = namf.NASSecurityMode{IntegrityAlgorithm: m.Integrity, CipheringAlgorithm: m.Ciphering}
	}
	for _, c := range []struct {
		from *uint32
		to   *uint32
	}{{w.DownlinkCount, &v.NASDownlinkCount}, {w.UplinkCount, &v.NASUplinkCount}} {
		if c.from == nil {
			continue
		}
		if *c.to = *c.from; *c.to > maxCount {
			d.wrong(key, "NAS COUNT %d has more than 24 bits", *c.to)
		}
	}
	if len(w.SecurityCapability) > maxCapability || len(w.AllowedNSSAI) > maxAllowed {
		d.wrong(key, "a UE security capability of more than %d octets, or more than %d allowed S-NSSAIs", maxCapability, maxAllowed)
		return v
	}
	for i := range w.AllowedNSSAI {
		v.AllowedNSSAI = append(v.AllowedNSSAI, d.snssai(key+".allowedNssai", &w.AllowedNSSAI[i]))
	}
	for _, s := range w.NSSAAStatusList[:min(len(w.NSSAAStatusList), maxSubscribed)] {
		switch status := nnssaaf.AuthResult(s.Status); status {
		case nnssaaf.Success, nnssaaf.Failure:
			v.NSSAAStatusList = append(v.NSSAAStatusList, namf.NSSAAStatus{SNSSAI: d.snssai(key+".nssaaStatusList", s.SNSSAI), Status: status})
		case "PENDING": // the new AMF asks itself
		default:
			d.wrong(key+".nssaaStatusList", "%q is none of TS 29.571", s.Status)
		}
	}
	return v
}

func (d *in) sessionContext(key string, w *sessionContext) namf.PDUSessionContext {
	d.need(key+".smContextRef", w.SMContextRef)
	d.need(key+".accessType", w.AccessType)
	return namf.PDUSessionContext{
		PDUSessionID: d.sessionID(key+".pduSessionId", w.ID), SMContextRef: w.SMContextRef, SNSSAI: d.snssai(key+".sNssai", w.SNSSAI),
		DNN: d.dnn(key+".dnn", w.DNN), AccessType: w.AccessType,
	}
}

type n1MessageContainer struct {
	Class   string     `json:"n1MessageClass"`
	Content *binaryRef `json:"n1MessageContent"`
}

type n2InfoContent struct {
	Type string     `json:"ngapIeType,omitempty"`
	Data *binaryRef `json:"ngapData"`
}

func (o *out) n2(kind string, data []byte) *n2InfoContent {
	if kind == "" && len(data) == 0 {
		return nil
	}
	return &n2InfoContent{kind, o.binary(typeNGAP, data)}
}

func (d *in) n2IfAny(key string, w *n2InfoContent) (kind string, data []byte) {
	if w == nil {
		return "", nil
	}
	return d.n2(key, w)
}

func (d *in) n2(key string, w *n2InfoContent) (kind string, data []byte) {
	if w == nil || w.Data == nil {
		d.missing(key + ".ngapData")
		return "", nil
	}
	return w.Type, d.binary(key+".ngapData", w.Data)
}

type n2SMInformation struct {
	ID      uint8          `json:"pduSessionId"`
	Content *n2InfoContent `json:"n2InfoContent,omitempty"`
	SNSSAI  *snssai        `json:"sNssai,omitempty"`
}

func (o *out) n2SM(list []namf.N2SMInformation) []n2SMInformation {
	w := []n2SMInformation{} // never null
	for i := range list {
		s := &list[i]
		w = append(w, n2SMInformation{s.PDUSessionID, o.n2(string(s.N2InfoContent.Type), s.N2InfoContent.Data), snssaiOutIfAny(s.SNSSAI)})
	}
	return w
}

func (d *in) n2SM(key string, w []n2SMInformation) (list []namf.N2SMInformation) {
	if len(w) > maxSessions {
		d.wrong(key, "%d PDU sessions: a UE has at most %d", len(w), maxSessions)
		return nil
	}
	for i := range w {
		kind, data := d.n2IfAny(key+".n2InfoContent", w[i].Content)
		list = append(list, namf.N2SMInformation{
			PDUSessionID: d.sessionID(key+".pduSessionId", w[i].ID), N2InfoContent: nsmf.N2SMInfo{Type: nsmf.N2SMInfoType(kind), Data: data},
			SNSSAI: d.snssaiIfAny(key+".sNssai", w[i].SNSSAI),
		})
	}
	return list
}

type transferReq struct {
	Reason     string              `json:"reason"`
	AccessType string              `json:"accessType"`
	PLMN       *plmnID             `json:"plmnId,omitempty"`
	RegRequest *n1MessageContainer `json:"regRequest,omitempty"`
}

func transferReqOut(o *out, v *namf.UEContextTransferReqData) *transferReq {
	w := &transferReq{Reason: string(v.Reason), AccessType: v.AccessType, PLMN: plmnOutIfAny(v.PLMN)}
	if r := v.RegRequest; r != nil {
		w.RegRequest = &n1MessageContainer{r.Class, o.binary(typeNAS, r.Content)}
	}
	return w
}

func transferReqIn(d *in, w *transferReq) namf.UEContextTransferReqData {
	d.need("reason", w.Reason)
	d.need("accessType", w.AccessType)
	v := namf.UEContextTransferReqData{Reason: namf.TransferReason(w.Reason), AccessType: w.AccessType, PLMN: d.plmnIfAny("plmnId", w.PLMN)}
	if r := w.RegRequest; r != nil {
		d.need("regRequest.n1MessageClass", r.Class)
		if r.Content == nil {
			d.missing("regRequest.n1MessageContent")
		}
		v.RegRequest = &namf.N1MessageContainer{Class: r.Class, Content: d.binary("regRequest.n1MessageContent", r.Content)}
	}
	return v
}

type transferRsp struct {
	UEContext  *ueContext     `json:"ueContext"`
	Capability *n2InfoContent `json:"ueRadioCapability,omitempty"`
}

func transferRspOut(o *out, v *namf.UEContextTransferRspData) *transferRsp {
	return &transferRsp{ueContextOut(&v.UEContext), o.n2(string(v.UERadioCapability.Type), v.UERadioCapability.Data)}
}

func transferRspIn(d *in, w *transferRsp) namf.UEContextTransferRspData {
	return namf.UEContextTransferRspData{UEContext: d.ueContext("ueContext", w.UEContext), UERadioCapability: d.info("ueRadioCapability", w.Capability)}
}

// info is an element of NGAP that need not be there.
func (d *in) info(key string, w *n2InfoContent) namf.N2InfoContent {
	kind, data := d.n2IfAny(key, w)
	return namf.N2InfoContent{Type: namf.NGAPIEType(kind), Data: data}
}

type statusReq struct {
	Status    string   `json:"transferStatus"`
	ToRelease []uint16 `json:"toReleaseSessionList,omitempty"`
}

func statusReqOut(_ *out, v *namf.UERegStatusUpdateReqData) *statusReq {
	return &statusReq{string(v.TransferStatus), sessionIDsOut(v.ToReleaseSessionList)}
}

func statusReqIn(d *in, w *statusReq) namf.UERegStatusUpdateReqData {
	switch s := namf.TransferStatus(w.Status); s {
	case namf.Transferred, namf.NotTransferred:
	case "":
		d.missing("transferStatus")
	default:
		d.wrong("transferStatus", "%q: want %s or %s", s, namf.Transferred, namf.NotTransferred)
	}
	return namf.UERegStatusUpdateReqData{
		TransferStatus: namf.TransferStatus(w.Status), ToReleaseSessionList: d.sessionIDs("toReleaseSessionList", w.ToRelease),
	}
}

type statusRsp struct {
	Complete *bool `json:"regStatusTransferComplete"`
}

func statusRspOut(_ *out, v *namf.UERegStatusUpdateRspData) *statusRsp {
	return &statusRsp{&v.RegStatusTransferComplete}
}

func statusRspIn(d *in, w *statusRsp) namf.UERegStatusUpdateRspData {
	if w.Complete == nil {
		d.missing("regStatusTransferComplete")
		return namf.UERegStatusUpdateRspData{}
	}
	return namf.UERegStatusUpdateRspData{RegStatusTransferComplete: *w.Complete}
}
