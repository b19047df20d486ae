package smf

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// What has ended here may still be on a UPF: it did not answer the deletion, or not the establishment, so that not even its SEID is
// known. Until it is certain to be gone its address belongs to it, and to nobody else.

// leftover is what may be of an ended session on a UPF.
type leftover struct {
	cp      uint64           // its SEID here; 0: not known
	seid    uint64           // its SEID there; 0: not known
	request *pfcp.Unanswered // whose answer tells it

	network *dataNetwork
	address ueAddress
	told    bool // that the UPF keeps it
}

// maxLeftovers bounds what is kept for a UPF that does not answer, beside what holds addresses; it ends with the UPF's association.
// The UPF is given no new session while it owes the answers to maxUnheard establishments: each of them holds an address.
const (
	maxLeftovers = 100_000
	maxUnheard   = 256
	maxAnswered  = 256
)

// answered is a leftover that was answered for: another answer to the same request may tell of one more.
type answered struct{ cp, seid uint64 }

// mayBeOnUPF notes that an establishment has failed in such a way that the UPF may have the session all the same.
func (s *session) mayBeOnUPF(err error) {
	request, ok := errors.AsType[*pfcp.Unanswered](err)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unheard = request
}

// leaveUPF deletes the session on its UPF, TS 29.244 §6.3.4, and keeps what it counted. A UPF that does not answer, or
// refuses, or whose answer cannot be read, is asked again when it answers the next heartbeat, and so is one that did not answer
// the establishment.
func (s *session) leaveUPF(ctx context.Context) {
	s.mu.Lock()
	u, l, there, unheard := s.upf, leftover{cp: s.seid, seid: s.remoteSEID}, s.onUPF, s.unheard
	s.upf, s.onUPF, s.gnb, s.unheard = nil, false, tunnel{}, nil
	s.mu.Unlock()
	if u == nil {
		return
	}
	defer s.forgetTold()
	defer u.sessions.Add(-1)
	if unheard != nil {
		s.leaves(u, leftover{cp: s.seid, seid: unheard.UPFSEID.Value().SEID, request: unheard})
		s.smf.deleteKnown(ctx, u, s.seid)
	}
	if !there {
		return
	}
	if !u.alive() {
		s.leaves(u, l)
		return
	}
	m, err := s.smf.request(ctx, u, l.seid, &pfcp.SessionDeletionRequest{})
	if answer, ok := m.(*pfcp.SessionDeletionResponse); ok {
		s.count(answer.UsageReport)
	}
	if err != nil && !isGone(err) {
		s.leaves(u, l)
		s.smf.log.Warn("session is deleted on its UPF once that answers", s.attrs(slog.String("upf", u.Name), slog.Any("error", err))...)
	}
}

// leaves leaves something of the session behind on a UPF, and its address with it.
func (s *session) leaves(u *upf, l leftover) {
	s.mu.Lock()
	l.network, l.address = s.network, s.address
	s.address = ueAddress{}
	s.mu.Unlock()
	u.leave(&l)
}

// deleteKnown deletes at once what is left of a session whose establishment was answered so that its SEID alone could be read.
func (s *SMF) deleteKnown(ctx context.Context, u *upf, cp uint64) {
	u.mu.Lock()
	i := slices.IndexFunc(u.leftovers, func(l *leftover) bool { return l.cp == cp && l.seid != 0 })
	if i < 0 || !u.up {
		u.mu.Unlock()
		return
	}
	l := u.leftovers[i]
	u.mu.Unlock()
	if err := s.deleteOne(ctx, u, l); err != nil {
		s.logUPF(slog.LevelWarn, u, "session whose establishment was not understood is deleted once the UPF answers", "error", err)
	}
}

// leave keeps what is to be deleted.
func (u *upf) leave(l *leftover) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.leftovers) >= maxLeftovers && l.network == nil {
		return
	}
	u.leftovers = append(u.leftovers, l)
	if l.request != nil {
		u.unheard++
	}
}

// settle forgets what is certain to be gone. Its address is free, unless something else may be left of the same session.
func (u *upf) settle(l *leftover) {
	u.mu.Lock()
	i := slices.Index(u.leftovers, l)
	if i < 0 {
		u.mu.Unlock()
		return // with the association
	}
	u.leftovers = slices.Delete(u.leftovers, i, i+1)
	if l.request != nil {
		u.unheard--
		u.answered = append(u.answered, answered{l.cp, l.seid})
		if len(u.answered) > maxAnswered {
			u.answered = slices.Delete(u.answered, 0, 1)
		}
	}
	for _, other := range u.leftovers {
		if l.cp != 0 && other.cp == l.cp && l.network != nil {
			other.network, other.address = l.network, l.address
			u.mu.Unlock()
			return
		}
	}
	u.mu.Unlock()
	l.free()
}

func (l *leftover) free() {
	if l.network != nil {
		l.network.free(l.address)
	}
}

// clearLeft makes the list of what is left empty, since the UPF has forgotten all: what was in it may be freed. Call it with u.mu held.
func (u *upf) clearLeft() []*leftover {
	list := u.leftovers
	u.leftovers, u.answered, u.unheard = nil, nil, 0
	return list
}

// deleteLeft deletes on a UPF what has ended, the longest ago first. It goes on with what a UPF that stops answering has answered for
// last.
func (s *SMF) deleteLeft(u *upf) {
	u.mu.Lock()
	list := slices.Clone(u.leftovers)
	u.mu.Unlock()
	for i, l := range list {
		err := s.deleteOne(s.ctx, u, l)
		if errors.Is(err, pfcp.ErrNoAnswer) || s.ctx.Err() != nil {
			s.logUPF(slog.LevelInfo, u, "UPF stopped answering again", "error", err)
			u.postpone(list[:i+1])
			return
		}
	}
}

// deleteHolders deletes on a UPF what has ended and has one of the addresses. It tells whether there was any such thing and all of it
// is gone.
func (s *SMF) deleteHolders(ctx context.Context, u *upf, a ueAddress) bool {
	u.mu.Lock()
	list := slices.Clone(u.leftovers)
	u.mu.Unlock()
	list = slices.DeleteFunc(list, func(l *leftover) bool { return !l.address.overlaps(a) })
	for _, l := range list {
		if err := s.deleteOne(ctx, u, l); err != nil || u.keeps(l) {
			return false
		}
	}
	return len(list) > 0
}

// keeps tells whether something that is left has not gone yet.
func (u *upf) keeps(l *leftover) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Contains(u.leftovers, l)
}

// postpone puts what was tried behind what was not.
func (u *upf) postpone(tried []*leftover) {
	u.mu.Lock()
	defer u.mu.Unlock()
	slices.SortStableFunc(u.leftovers, func(a, b *leftover) int {
		x, y := slices.Contains(tried, a), slices.Contains(tried, b)
		switch {
		case x == y:
			return 0
		case x:
			return 1
		}
		return -1
	})
}

// deleteOne deletes what is left of a session. Where its SEID is not known the establishment is repeated as it was: a UPF that has
// served it says again what it has answered, TS 29.244 §6.4, and one that has not, or not kept the answer, makes the session now,
// in the place of what has the same CP F-SEID, TS 29.244 §5.6.2. It has no traffic until it goes: no gNB knows of it.
func (s *SMF) deleteOne(ctx context.Context, u *upf, l *leftover) error {
	seid := u.seidOf(l, 0)
	if seid == 0 {
		learnt, gone, err := s.learnSEID(ctx, l)
		if gone {
			u.settle(l)
		}
		if gone || err != nil {
			return err
		}
		seid = u.seidOf(l, learnt)
	}
	_, err := s.request(ctx, u, seid, &pfcp.SessionDeletionRequest{})
	switch bad, refused := errors.AsType[*pfcp.Error](err); {
	case err == nil, refused && isGone(bad):
		u.settle(l)
		return nil
	case !refused:
		return err
	}
	u.mu.Lock()
	told := l.told
	l.told = true
	u.mu.Unlock()
	if !told {
		s.logUPF(slog.LevelWarn, u, "UPF keeps a session that ended, and its address", "seid", seid, "error", err)
	}
	return nil
}

// seidOf is the SEID of what is left, which may have been learnt only now.
func (u *upf) seidOf(l *leftover, learnt uint64) uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	if l.seid == 0 {
		l.seid = learnt
	}
	return l.seid
}

// learnSEID has a UPF say again what it answered to an establishment: the SEID there, or that there is nothing to delete.
func (s *SMF) learnSEID(ctx context.Context, l *leftover) (seid uint64, gone bool, err error) {
	if !l.request.Repeatable() {
		return 0, false, errNoFTEID // until the association ends
	}
	m, err := s.n4.Repeat(ctx, l.request)
	if again, ok := errors.AsType[*pfcp.Unanswered](err); ok && again.UPFSEID.Present() {
		return again.UPFSEID.Value().SEID, false, nil
	}
	answer, ok := m.(*pfcp.SessionEstablishmentResponse)
	switch {
	case err != nil || !ok:
		return 0, false, err
	case !answer.Cause.Accepted(): // one that is full may be so because it has the session
		return 0, answer.Cause != pfcp.CauseNoResourcesAvailable, refusalOf(m, answer.Cause)
	case answer.UPFSEID.Value().SEID == 0:
		return 0, false, errNoFTEID
	}
	return answer.UPFSEID.Value().SEID, false, nil
}

// answeredLate takes the answer to an establishment that nobody waits for any more: the session is deleted, TS 29.244 §6.3.4, unless
// it is the one that is used.
func (s *SMF) answeredLate(peer netip.AddrPort, h pfcp.Header, m *pfcp.SessionEstablishmentResponse) {
	u, seid := s.upfAt(peer), m.UPFSEID.Value().SEID
	if u == nil {
		return
	}
	if n := s.session(h.SEID); n != nil {
		n.deliver(answeredAgain{u, seid})
		return
	}
	if l := u.unheardOf(h.SEID, seid); l != nil {
		s.running.Go(func() {
			if err := s.deleteOne(s.ctx, u, l); err != nil && s.ctx.Err() == nil {
				s.logUPF(slog.LevelWarn, u, "session whose establishment was answered late is deleted once the UPF answers", "error", err)
			}
		})
	}
}

// unheardOf is what an answer tells of, if it is what is waited for or one more of the same request.
func (u *upf) unheardOf(cp, seid uint64) *leftover {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, l := range u.leftovers {
		if l.cp == cp && l.request != nil && l.seid == 0 {
			l.seid = seid
			return l
		}
	}
	if i := slices.IndexFunc(u.answered, func(x answered) bool { return x.cp == cp }); i >= 0 && u.answered[i].seid != seid {
		l := &leftover{cp: cp, seid: seid}
		u.leftovers = append(u.leftovers, l)
		return l
	}
	return nil
}

// answeredAgain is another answer to the establishment of a session.
type answeredAgain struct {
	upf  *upf
	seid uint64 // there
}

// checkAnswer serves answeredAgain: a UPF that has served one request twice has two sessions.
func (s *session) checkAnswer(ctx context.Context, m answeredAgain) {
	s.mu.Lock()
	mine := s.upf == m.upf && s.onUPF && s.remoteSEID == m.seid
	s.mu.Unlock()
	if mine || s.behind() { // then it is made anew in the place of whatever is there
		return
	}
	l := &leftover{seid: m.seid}
	m.upf.leave(l)
	if err := s.smf.deleteOne(ctx, m.upf, l); err != nil {
		s.smf.log.Warn("second session that a UPF made of one request is deleted once it answers", s.attrs(slog.Any("error", err))...)
	}
}
