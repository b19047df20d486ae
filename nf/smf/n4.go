package smf

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"

	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

func (s *SMF) nodeID() pfcp.NodeID { return pfcp.NodeID{Addr: s.cfg.N4Address} }

// fseid is the F-SEID of a session on this side, TS 29.244 §8.2.37.
func (s *SMF) fseid(seid uint64) pfcp.FSEID {
	f := pfcp.FSEID{SEID: seid}
	if a := s.cfg.N4Address.Unmap(); a.Is4() {
		f.IPv4 = a
	} else {
		f.IPv6 = a
	}
	return f
}

// request sends a request to a UPF and returns its answer. A refusal is a *pfcp.Error with the UPF's cause.
func (s *SMF) request(ctx context.Context, u *upf, seid uint64, m pfcp.Message) (pfcp.Message, error) {
	answer, err := s.n4.Request(ctx, u.Address, pfcp.Header{SEID: seid}, m)
	return s.verdict(u, m, answer, err)
}

// verdict is what the answer of a UPF to m means.
func (s *SMF) verdict(u *upf, m, answer pfcp.Message, err error) (pfcp.Message, error) {
	if err != nil {
		return nil, fmt.Errorf("UPF %s: %w", u.Name, err)
	}
	if cause, ok := pfcp.CauseOf(answer); ok && !cause.Accepted() {
		return answer, fmt.Errorf("UPF %s refuses %s: %w", u.Name, m.Type(), refusalOf(answer, cause))
	}
	return answer, nil
}

// refusalOf collects what a refusing answer blames.
func refusalOf(m pfcp.Message, cause pfcp.Cause) *pfcp.Error {
	e := &pfcp.Error{Cause: cause}
	switch m := m.(type) {
	case *pfcp.SessionEstablishmentResponse:
		e.Offending, e.FailedRule = m.OffendingIE.Value(), m.FailedRuleID
	case *pfcp.SessionModificationResponse:
		e.Offending, e.FailedRule = m.OffendingIE.Value(), m.FailedRuleID
	case *pfcp.SessionDeletionResponse:
		e.Offending = m.OffendingIE.Value()
	}
	return e
}

// upfAt finds a configured UPF by its address.
func (s *SMF) upfAt(peer netip.AddrPort) *upf {
	for _, u := range s.upfs {
		if u.Address.Addr() == peer.Addr() {
			return u
		}
	}
	return nil
}

// knowsPeer keeps everybody but the configured UPFs off N4.
func (s *SMF) knowsPeer(peer netip.AddrPort) bool { return s.upfAt(peer) != nil }

// peerSEID is the SEID at the UPF of a session here.
func (s *SMF) peerSEID(seid uint64) uint64 {
	n := s.session(seid)
	if n == nil {
		return 0
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.remoteSEID
}

// handleN4 answers the requests of a UPF.
func (s *SMF) handleN4(_ context.Context, peer netip.AddrPort, h pfcp.Header, m pfcp.Message) (uint64, pfcp.Message) {
	u := s.upfAt(peer)
	if u == nil {
		return 0, nil // only a UPF removed between Allow and here, which cannot be
	}
	switch m := m.(type) {
	case *pfcp.HeartbeatRequest:
		return 0, &pfcp.HeartbeatResponse{RecoveryTimeStamp: s.started}
	case *pfcp.AssociationSetupRequest:
		return 0, s.upfSetsUp(u, m)
	case *pfcp.AssociationUpdateRequest:
		return 0, s.upfUpdates(u, m)
	case *pfcp.NodeReportRequest:
		return 0, s.nodeReport(u, m)
	case *pfcp.SessionReportRequest:
		return s.sessionReport(u, h.SEID, m)
	}
	// What only a CP function sends, or a response as a request: refused by the cause that fits, if there is one.
	e := &pfcp.Error{Cause: pfcp.CauseServiceNotSupported}
	s.log.Warn("UPF sent what only an SMF sends", "upf", u.Name, "message", m.Type())
	return 0, pfcp.Refusal(m.Type(), s.nodeID(), e)
}

// showN4 puts the messages of N4 on the ladder.
func (s *SMF) showN4(d pfcp.Direction, peer netip.AddrPort, h pfcp.Header, m pfcp.Message) {
	if !s.deps.Ladder.On() {
		return
	}
	if like, ok := m.(*pfcp.Formed); ok {
		m = like.Request()
	}
	from, to := "SMF", "UPF"
	if d == pfcp.Received {
		from, to = to, from
	}
	s.deps.Ladder.Emit(ladder.Event{From: from, To: to, Interface: ladder.N4, Message: h.Type.String(), Detail: n4Detail(h, m)})
}

// n4Detail is the IEs that tell a reader what the message does.
func n4Detail(h pfcp.Header, m pfcp.Message) string {
	var b strings.Builder
	add := func(name string, v any) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s=%v", name, v)
	}
	if h.Type.HasSession() {
		add("SEID", fmt.Sprintf("%#x", h.SEID))
	}
	switch m := m.(type) {
	case *pfcp.SessionEstablishmentRequest:
		add("CP-SEID", fmt.Sprintf("%#x", m.CPFSEID.SEID))
		for _, p := range m.CreatePDR {
			if len(p.PDI.UEIPAddress) > 0 {
				if a := p.PDI.UEIPAddress[0]; a.IPv4.IsValid() {
					add("UE-IP", a.IPv4)
				}
				if a := p.PDI.UEIPAddress[0]; a.IPv6.IsValid() {
					add("UE-prefix", netip.PrefixFrom(a.IPv6, prefixBits))
				}
				break
			}
		}
		add("DNN", m.APNDNN.Value())
	case *pfcp.SessionEstablishmentResponse:
		add("UP-SEID", fmt.Sprintf("%#x", m.UPFSEID.Value().SEID))
		for _, p := range m.CreatedPDR {
			if f, ok := p.LocalFTEID.Get(); ok {
				add("F-TEID", fmt.Sprintf("%s/%#x", f.IPv4, f.TEID))
				break
			}
		}
	case *pfcp.SessionModificationRequest:
		for _, p := range m.CreatePDR {
			add("create-PDR", fmt.Sprintf("%#x", p.PDRID))
		}
		for _, q := range m.UpdateQER {
			add("update-QER", fmt.Sprintf("%#x", q.QERID))
		}
		for _, p := range m.RemovePDR {
			add("remove-PDR", fmt.Sprintf("%#x", p.PDRID))
		}
		for _, f := range m.UpdateFAR {
			add("action", applyText(f.ApplyAction.Value()))
			if o, ok := f.UpdateForwardingParameters.Value().OuterHeaderCreation.Get(); ok {
				add("F-TEID", fmt.Sprintf("%s/%#x", o.IPv4, o.TEID))
			}
			if f.UpdateForwardingParameters.Value().PFCPSMReqFlags.Value()&pfcp.SMReqSNDEM != 0 {
				add("flags", "SNDEM")
			}
		}
	case *pfcp.SessionReportRequest:
		add("report", reportText(m.ReportType))
	}
	if c, ok := pfcp.CauseOf(m); ok {
		add("cause", strings.ReplaceAll(c.String(), " ", "_"))
	}
	return b.String()
}

func applyText(a pfcp.ApplyAction) string {
	return flagText(uint64(a), "DROP", "FORW", "BUFF", "NOCP", "DUPL")
}

func reportText(r pfcp.ReportType) string {
	return flagText(uint64(r), "DLDR", "USAR", "ERIR", "UPIR")
}

// flagText names the bits that are set, the lowest first.
func flagText(v uint64, names ...string) string {
	var set []string
	for i, name := range names {
		if v>>i&1 != 0 {
			set = append(set, name)
		}
	}
	return strings.Join(set, "+")
}

// logUPF is a log line about a UPF.
func (s *SMF) logUPF(level slog.Level, u *upf, message string, more ...any) {
	s.log.Log(context.Background(), level, message, append([]any{"upf", u.Name, "address", u.Address}, more...)...)
}
