package gnb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// Errors of suspend and resume.
var (
	// ErrNotSuspendable says that the AMF did not allow the UE to be suspended, TS 38.413 §8.3.1.2.
	ErrNotSuspendable = errors.New("gnb: the AMF does not let the UE be suspended")
	// ErrNotSuspended says that there is nothing to resume.
	ErrNotSuspended = errors.New("gnb: the UE is not suspended")
)

// SuspendOptions make a gNB suspend a UE in another way than it should.
type SuspendOptions struct {
	Unasked bool    // although the AMF does not allow it
	Without []uint8 // sessions that are not kept
}

// SuspendUE suspends a UE, TS 38.413 §8.3.11: it becomes idle and its context stays. Where the AMF refuses, the UE is
// released and the error is a *SuspendError. Other errors: ErrNoContext, ErrNotSuspendable, the association's, ctx's.
func (g *GNB) SuspendUE(ctx context.Context, t radio.Terminal, o SuspendOptions) error {
	c, err := g.context(t)
	if err != nil {
		return err
	}
	c.mu.Lock()
	amf, may := *c.amf, c.suspendable
	c.mu.Unlock()
	if !may && !o.Unasked {
		return ErrNotSuspendable
	}
	m := &ngap.UEContextSuspendRequest{AMFUENGAPID: amf, RANUENGAPID: c.id}
	for _, b := range c.allBearers() {
		if slices.Contains(o.Without, b.session) {
			c.dropBearer(b.session)
			continue
		}
		transfer, err := (&ngap.UEContextSuspendRequestTransfer{SuspendIndicator: new(ngap.SuspendIndicatorTrue)}).Append(nil)
		if err != nil {
			return err
		}
		m.PDUSessionResourceSuspendListSUSReq = append(m.PDUSessionResourceSuspendListSUSReq,
			ngap.PDUSessionResourceSuspendItemSUSReq{PDUSessionID: ngap.PDUSessionID(b.session), UEContextSuspendRequestTransfer: transfer})
	}
	answer, err := c.askAMF(ctx, m)
	if err != nil {
		return err
	}
	if failure, failed := answer.(*ngap.UEContextSuspendFailure); failed {
		return errors.Join(&SuspendError{"suspend", failure.Cause}, g.ReleaseUE(ctx, t, ngap.CauseRadioNetworkUserInactivity))
	}
	c.mu.Lock()
	c.suspended = true
	c.mu.Unlock()
	t.Suspended()
	return nil
}

// SuspendError says that the AMF refuses to suspend or to resume a UE.
type SuspendError struct {
	Procedure string
	Cause     ngap.Cause
}

func (e *SuspendError) Error() string { return fmt.Sprintf("%s refused: %v", e.Procedure, e.Cause) }

// ResumeUE resumes a suspended UE, TS 38.413 §8.3.12, but for the sessions without. A *SuspendError says that the AMF
// refuses: the UE is released. Other errors: ErrNotSuspended, the association's, ctx's.
func (g *GNB) ResumeUE(ctx context.Context, t radio.Terminal, without ...uint8) error {
	c, err := g.context(t)
	if err != nil {
		return ErrNotSuspended
	}
	c.mu.Lock()
	amf, is := *c.amf, c.suspended
	c.mu.Unlock()
	if !is {
		return ErrNotSuspended
	}
	m := &ngap.UEContextResumeRequest{AMFUENGAPID: amf, RANUENGAPID: c.id, RRCResumeCause: ngap.RRCEstablishmentCauseMOData}
	for _, b := range c.allBearers() {
		id := ngap.PDUSessionID(b.session)
		if slices.Contains(without, b.session) {
			m.PDUSessionResourceFailedToResumeListRESReq = append(m.PDUSessionResourceFailedToResumeListRESReq,
				ngap.PDUSessionResourceFailedToResumeItemRESReq{PDUSessionID: id, Cause: ngap.CauseRadioNetworkRadioResourcesNotAvailable})
			c.dropBearer(b.session)
			continue
		}
		transfer, err := (&ngap.UEContextResumeRequestTransfer{}).Append(nil)
		if err != nil {
			return err
		}
		m.PDUSessionResourceResumeListRESReq = append(m.PDUSessionResourceResumeListRESReq,
			ngap.PDUSessionResourceResumeItemRESReq{PDUSessionID: id, UEContextResumeRequestTransfer: transfer})
	}
	answer, err := c.askAMF(ctx, m)
	if err != nil {
		return err
	}
	if failure, failed := answer.(*ngap.UEContextResumeFailure); failed { // TS 38.413 §8.3.12.3
		c.remove()
		return &SuspendError{"resume", failure.Cause}
	}
	return nil
}

// resumed obeys UE CONTEXT RESUME RESPONSE before anything that follows it.
func (c *ueContext) resumed(m *ngap.UEContextResumeResponse) {
	for _, s := range m.PDUSessionResourceFailedToResumeListRESRes {
		c.dropBearer(uint8(s.PDUSessionID))
	}
	c.mu.Lock()
	c.suspended = false
	if m.SecurityContext != nil {
		c.as.nh = newNextHop(*m.SecurityContext, nil)
	}
	var bearers []radio.Bearer
	for _, b := range c.bearers {
		bearers = append(bearers, b)
	}
	c.mu.Unlock()
	c.ue().Resumed(c, bearers)
	c.outcome(m)
}

// Leave is radio.Connection: a suspended UE goes elsewhere, which its gNB does not notice.
func (c *ueContext) Leave() {
	c.mu.Lock()
	c.lost = true
	c.mu.Unlock()
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	if c.g.terminals[c.terminal] == c {
		delete(c.g.terminals, c.terminal)
	}
}
