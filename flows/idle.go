package flows

import (
	"context"
	"slices"

	"github.com/limpid-5g/limpid/ran/gnb"
)

// idleVerbs are about UEs in CM-IDLE.
func (s *stage) idleVerbs() verbs {
	return verbs{
		"suspend": s.suspend,
		"resume":  s.resume,
	}
}

// suspend is "suspend u1": its gNB suspends the UE, but for the sessions of without=1,2. With unasked it does so although
// the AMF has not allowed it.
func (s *stage) suspend(ctx context.Context, c *command) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	without, err := identities(c.options["without"])
	if err != nil {
		return err
	}
	return s.camps.get(u).SuspendUE(ctx, u, gnb.SuspendOptions{Unasked: slices.Contains(c.words, "unasked"), Without: without})
}

// resume is "resume u1": its gNB resumes the UE, but for the sessions of without=1,2. With up=1 these and no others must
// have a user plane afterwards.
func (s *stage) resume(ctx context.Context, c *command) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	without, err := identities(c.options["without"])
	if err != nil {
		return err
	}
	if err := s.camps.get(u).ResumeUE(ctx, u, without...); err != nil {
		return err
	}
	if want, given := c.options["up"]; given {
		s.settle()
		return userPlanes(u, want)
	}
	return nil
}
