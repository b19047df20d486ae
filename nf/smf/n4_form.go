package smf

import (
	"net/netip"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// After a restart of the SMF or of a UPF all sessions are established again, TS 23.527 §4.3. Of those that are alike but for their
// names the request is made once.

// requestForm is the request of the last such session.
type requestForm struct {
	of   likeSession
	form *pfcp.Form
}

// likeSession is all that the request of a session at rest is made of, but for its names and the configuration.
type likeSession struct {
	qos      *sessionQoS
	network  *dataNetwork
	slice    ident.SNSSAI
	kind     gsm.PDUSessionType
	alwaysOn bool
	n3       netip.Addr
}

// establishmentMessage is establishmentRequest, with less work for a session at rest that is like the last one. Call it with s.mu
// held.
func (s *session) establishmentMessage() pfcp.Message {
	if s.state != Active || s.gnb.valid() || s.next != nil || !s.uplink.addr.Is4() || !s.address.ipv4.Is4() || s.address.ipv6.IsValid() ||
		len(s.address.framed) > 0 {
		return s.establishmentRequest()
	}
	of := likeSession{s.qos, s.network, s.slice, s.kind, s.alwaysOn, s.uplink.addr}
	last := s.smf.lastForm.Load()
	if last != nil && last.of == of {
		return &pfcp.Formed{Form: last.form, Names: pfcp.Names{SEID: s.seid, TEID: s.uplink.teid, UE: s.address.ipv4.As4()}}
	}
	req := s.establishmentRequest()
	if form, _, ok := pfcp.NewForm(pfcp.Append(nil, pfcp.Header{}, req)); ok {
		s.smf.lastForm.Store(&requestForm{of, form})
	}
	return req
}
