package flows

import (
	"context"
	"fmt"

	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// sliceVerbs are about the admission of slices.
func (s *stage) sliceVerbs() verbs {
	return verbs{"admitted": s.admitted}
}

// admitted compares what the NSACF counts with "admitted 1 ues=2 sessions=1".
func (s *stage) admitted(_ context.Context, c *command) error {
	for _, u := range s.core.Slices() {
		if len(c.words) < 2 || u.Slice.String() != c.words[1] {
			continue
		}
		known := map[string]string{
			"ues": fmt.Sprint(u.UEs), "sessions": fmt.Sprint(u.Sessions), "early": fmt.Sprint(u.EarlyCheck),
			"refused-ues": fmt.Sprint(u.RefusedUEs), "refused-sessions": fmt.Sprint(u.RefusedSessions),
		}
		for name, want := range c.options {
			if got, ok := known[name]; !ok || got != want {
				return fmt.Errorf("slice %s: %s is %q, want %s", u.Slice, name, got, want)
			}
		}
		return nil
	}
	return fmt.Errorf("%v: no bounded slice of that name", c.words)
}

// sliceBackOff is how long a UE may not ask again for the first slice that says so.
func sliceBackOff(list gmm.RejectedNSSAI) string {
	for _, r := range list {
		if r.BackOff != 0 {
			return r.BackOff.String()
		}
	}
	return ""
}
