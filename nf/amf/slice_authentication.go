package amf

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nnssaaf"
	"github.com/limpid-5g/limpid/wire/eap"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// Network slice-specific authentication and authorization, TS 23.501 §5.15.10: a slice that is subject to it is pending until
// the AAA server of the slice has said yes to the UE. What it said is kept with the context, so that neither a restart nor
// a later registration asks again.

// sliceResults is what AAA servers have said of a UE. It is never changed.
type sliceResults struct{ authorized, failed []ident.SNSSAI }

func (r *sliceResults) isAuthorized(s ident.SNSSAI) bool {
	return r != nil && slices.Contains(r.authorized, s)
}
func (r *sliceResults) hasFailed(s ident.SNSSAI) bool {
	return r != nil && slices.Contains(r.failed, s)
}

// with is the results with one more.
func (r *sliceResults) with(s ident.SNSSAI, ok bool) *sliceResults {
	n := new(sliceResults)
	if r != nil {
		n.authorized, n.failed = slices.Clone(r.authorized), slices.Clone(r.failed)
	}
	is := func(o ident.SNSSAI) bool { return o == s }
	n.authorized, n.failed = slices.DeleteFunc(n.authorized, is), slices.DeleteFunc(n.failed, is)
	if ok {
		n.authorized = append(n.authorized, s)
	} else {
		n.failed = append(n.failed, s)
	}
	return n
}

// without is the results without what was said of a slice.
func (r *sliceResults) without(s ident.SNSSAI) *sliceResults {
	if !r.isAuthorized(s) && !r.hasFailed(s) {
		return r
	}
	is := func(o ident.SNSSAI) bool { return o == s }
	return &sliceResults{authorized: slices.DeleteFunc(slices.Clone(r.authorized), is), failed: slices.DeleteFunc(slices.Clone(r.failed), is)}
}

// status is the results as another AMF takes them.
func (r *sliceResults) status() (list []namf.NSSAAStatus) {
	if r == nil {
		return nil
	}
	for _, s := range r.authorized {
		list = append(list, namf.NSSAAStatus{SNSSAI: s, Status: nnssaaf.Success})
	}
	for _, s := range r.failed {
		list = append(list, namf.NSSAAStatus{SNSSAI: s, Status: nnssaaf.Failure})
	}
	return list
}

// withhold takes from a selection what is subject to slice-specific authentication and not authorized, TS 24.501 §4.6.2.4: it
// is pending, or rejected where the AAA server has said no or the UE cannot be asked.
func (ue *ue) withhold(s *selection) {
	required := ue.subscribed.NSSAI.RequiredAuthnAuthz
	if len(required) == 0 {
		return
	}
	allowed := s.allowed
	s.allowed = nil
	for _, one := range allowed {
		switch {
		case !slices.Contains(required, one) || ue.slicesChecked.isAuthorized(one):
			s.allowed = append(s.allowed, one)
		case !ue.mm.NSSAA():
			s.reject(one, gmm.NotAvailableInPLMN)
		case ue.slicesChecked.hasFailed(one):
			s.reject(one, gmm.SliceAuthenticationFailed)
		default:
			s.pending = append(s.pending, one)
		}
	}
}

// tellPending puts the slices that are to be authenticated into a REGISTRATION ACCEPT, TS 24.501 §5.5.1.2.4.
func (ue *ue) tellPending(accept *gmm.RegistrationAccept, s selection) {
	ue.pendingSlices = s.pending
	if len(s.pending) == 0 {
		return
	}
	accept.PendingNSSAI = gmm.NewNSSAI(s.pending...)
	if len(s.allowed) == 0 {
		accept.AllowedNSSAI = nil
		accept.RegistrationResult |= gmm.ResultNSSAAToBePerformed
	}
}

// slicesPending has a UE authenticated for slices once what came between is done.
type slicesPending struct{ slices []ident.SNSSAI }

// authenticateSlices is the network slice-specific authentication and authorization procedure, TS 23.502 §4.2.9.2, for one
// slice after the other, and what follows from it. A UE in CM-IDLE is paged. What the UE or the AAA server leaves open is
// tried at the next registration.
func (ue *ue) authenticateSlices(ctx context.Context, m *slicesPending) {
	if !ue.registered || !ue.connect(ctx) || !ue.conn.secured {
		return
	}
	ue.running = sliceAuthentication
	defer func() { ue.running = idle }()
	s := selection{allowed: slices.Clone(ue.allowed)}
	ue.pendingSlices = nil
	for i, one := range m.slices {
		if ue.slicesChecked.isAuthorized(one) || ue.slicesChecked.hasFailed(one) {
			continue
		}
		result, err := ue.authenticateSlice(ctx, one)
		if errors.Is(err, procedure.ErrSuperseded) && ue.registered {
			_ = ue.insist(&slicesPending{m.slices[i:]}) // refused only at shutdown
			break
		}
		if err != nil {
			ue.log().Warn("slice not authenticated: it stays pending", "slice", one, "reason", err)
			continue
		}
		ok := result == nnssaaf.Success
		ue.slicesChecked = ue.slicesChecked.with(one, ok)
		ue.log().Info("slice authenticated", "slice", one, "result", result)
		if ok && !slices.Contains(s.allowed, one) {
			s.allowed = append(s.allowed, one)
		} else if !ok {
			s.withdraw(one)
		}
	}
	ue.giveSlices(ctx, s)
}

// authenticateSlice relays EAP between the UE and the AAA server of a slice, TS 23.502 §4.2.9.2 steps 2 to 17.
func (ue *ue) authenticateSlice(ctx context.Context, s ident.SNSSAI) (nnssaaf.AuthResult, error) {
	const rounds = 50
	identity := eap.Raw{Code: eap.Request, Identifier: 1, Type: eap.TypeIdentity}
	answer, err := ue.askForSlice(ctx, s, identity.Bytes())
	if err != nil {
		return "", err
	}
	info := nnssaaf.SliceAuthInfo{SNSSAI: s, EAPIDRsp: answer}
	if gpsis := ue.subscribed.GPSIs; len(gpsis) > 0 {
		info.GPSI = gpsis[0]
	}
	said, err := ue.amf.services.SliceAuthentication.Authenticate(ctx, info)
	for n := 0; err == nil && said.Result == ""; n++ {
		if n == rounds {
			return "", fmt.Errorf("%d rounds of EAP and no end", rounds)
		}
		if answer, err = ue.askForSlice(ctx, s, said.EAPMessage); err != nil {
			return "", err
		}
		said, err = ue.amf.services.SliceAuthentication.Confirm(ctx, said.ID, answer)
	}
	if err != nil {
		return "", err
	}
	ue.sendNAS(&gmm.NetworkSliceSpecificAuthenticationResult{SNSSAI: nas.SNSSAI{SNSSAI: s}, EAPMessage: said.EAPMessage})
	return said.Result, nil
}

// askForSlice sends NETWORK SLICE-SPECIFIC AUTHENTICATION COMMAND under T3575 and returns the UE's EAP message, TS 24.501
// §5.4.7.2.
func (ue *ue) askForSlice(ctx context.Context, s ident.SNSSAI, message []byte) ([]byte, error) {
	if ue.conn == nil {
		return nil, procedure.ErrSuperseded
	}
	command := &gmm.NetworkSliceSpecificAuthenticationCommand{SNSSAI: nas.SNSSAI{SNSSAI: s}, EAPMessage: message}
	answer, err := procedure.AskFor(ctx, ue, T3575, ue.sending(command), func(m any) bool {
		c, is := m.(*gmm.NetworkSliceSpecificAuthenticationComplete)
		return is && c.SNSSAI.SNSSAI == s
	})
	if err != nil {
		return nil, err
	}
	return slices.Clone(answer.(*gmm.NetworkSliceSpecificAuthenticationComplete).EAPMessage), nil
}

// giveSlices makes the outcome of the authentication known, TS 23.502 §4.2.9.2 steps 18 and 19: a generic UE configuration
// update, or deregistration with cause #62 where the UE has no slice left.
func (ue *ue) giveSlices(ctx context.Context, s selection) {
	if !ue.registered || len(s.rejected) == 0 && slices.Equal(s.allowed, ue.allowed) {
		return
	}
	admitted, err := ue.admit(ctx, s)
	if err != nil || len(admitted.allowed) == 0 {
		ue.deregister(ctx, &deregister{cause: gmm.CauseNoNetworkSlicesAvailable, rejected: admitted.rejected, why: "no slice has authenticated the UE"})
		return
	}
	ue.allowed = admitted.allowed
	ue.countRegistered(ctx)
	defer ue.releaseUnauthorized(ctx) // once the UE knows why
	if ue.conn == nil {
		return // it is told at its next registration
	}
	acknowledge := gmm.AcknowledgementRequested
	command := &gmm.ConfigurationUpdateCommand{ConfigurationUpdateIndication: &acknowledge, AllowedNSSAI: gmm.NewNSSAI(ue.allowed...)}
	command.RejectedNSSAI, command.ExtendedRejectedNSSAI = ue.rejections(admitted.rejected)
	ue.conn.slices = toAllowedNSSAI(ue.allowed)
	if err := ue.tellGiven(ctx, command); err != nil {
		ue.log().Warn("UE does not confirm its slices: it is told again at its next registration", "reason", err)
	}
}

// tellGiven sends the slices that the UE has got. Where the gNB has no context yet, because it cannot be told of a UE without
// slices, it gets the context with them.
func (ue *ue) tellGiven(ctx context.Context, command *gmm.ConfigurationUpdateCommand) error {
	if !ue.conn.contextSetUp {
		if err := ue.setUpContext(ctx, command, ue.withoutContext, nil); err != nil {
			return err
		}
		_, err := procedure.Await[*gmm.ConfigurationUpdateComplete](ctx, ue, T3555)
		if !errors.Is(err, procedure.ErrNoAnswer) {
			return err
		}
	}
	return ue.configure(ctx, command)
}
