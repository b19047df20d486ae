package ue

import (
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/eap"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// SliceCredential is what a UE proves itself with to the AAA server of a slice, by EAP-MD5 (RFC 3748 §5.4).
type SliceCredential struct{ Identity, Secret string }

// sliceAuthenticationCommand answers the AAA server of a slice, TS 24.501 §5.4.7.2.3.
func (u *UE) sliceAuthenticationCommand(m *gmm.NetworkSliceSpecificAuthenticationCommand) {
	request, err := eap.ParseRaw(m.EAPMessage)
	if err != nil || request.Code != eap.Request {
		u.log("EAP message of a slice cannot be read", "slice", m.SNSSAI, "err", err)
		return
	}
	u.send(&gmm.NetworkSliceSpecificAuthenticationComplete{
		SNSSAI: m.SNSSAI, EAPMessage: u.cfg.SliceCredentials[m.SNSSAI.SNSSAI].answer(request).Bytes(),
	})
}

// answer is the EAP response; a method that is not MD5-Challenge is refused, RFC 3748 §5.3.1.
func (c SliceCredential) answer(request eap.Raw) eap.Raw {
	r := eap.Raw{Code: eap.Response, Identifier: request.Identifier, Type: request.Type}
	switch {
	case request.Type == eap.TypeIdentity:
		r.Data = []byte(c.Identity)
	case request.Type == eap.TypeMD5Challenge && len(request.Data) > 0 && len(request.Data) > int(request.Data[0]):
		value := eap.MD5(request.Identifier, []byte(c.Secret), request.Data[1:1+request.Data[0]])
		r.Data = append([]byte{byte(len(value))}, value...)
	default:
		r.Type, r.Data = eap.TypeNak, []byte{eap.TypeMD5Challenge}
	}
	return r
}

// sliceAuthenticationResult takes the outcome, TS 24.501 §5.4.7.3.
func (u *UE) sliceAuthenticationResult(m *gmm.NetworkSliceSpecificAuthenticationResult) {
	outcome, err := eap.ParseRaw(m.EAPMessage)
	if err != nil {
		return
	}
	if u.sliceResults == nil {
		u.sliceResults = make(map[ident.SNSSAI]bool)
	}
	u.sliceResults[m.SNSSAI.SNSSAI] = outcome.Code == eap.Success
	var pending gmm.NSSAI
	for _, s := range u.pendingSlices {
		if s.SNSSAI != m.SNSSAI.SNSSAI {
			pending = append(pending, s)
		}
	}
	u.pendingSlices = pending
}
