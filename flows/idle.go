package flows

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// idleVerbs are about UEs in CM-IDLE.
func (s *stage) idleVerbs() verbs {
	return verbs{
		"suspend": s.suspend,
		"resume":  s.resume,
		"ask":     s.askAbout,
		"send":    s.send,
	}
}

// reroutes makes a gNB that has an association with an AMF of set 2 too, as the gNB of that name, or none.
func (s *stage) reroutes(name string) func(ngap.AMFSetID) *gnb.GNB {
	return func(set ngap.AMFSetID) *gnb.GNB {
		if set != otherSet {
			return nil
		}
		return s.cells[name]
	}
}

// otherSet is the AMF set of the second core in flows that reroute.
const otherSet = 2

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

// askAbout is "ask gnb1 u1": a gNB asks the AMF about a UE that is to connect, and must hear of slices=1,2. A name that no UE
// has asks for one of another AMF.
func (s *stage) askAbout(ctx context.Context, c *command) error {
	told, err := s.cells[c.words[1]].RetrieveUE(ctx, s.gutiOf(c.words[2]).STMSI())
	if err != nil {
		return err
	}
	names := make([]string, len(told.AllowedNSSAI))
	for i, one := range told.AllowedNSSAI {
		names[i] = one.SNSSAI.Ident().String()
	}
	if got := strings.Join(names, ","); got != c.options["slices"] {
		return fmt.Errorf("slices %q", got)
	}
	return nil
}

// send is "send u1 NAME": a UE sends a message for which the network has not asked.
func (s *stage) send(_ context.Context, c *command) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	m := map[string]gmm.Message{
		"NotificationResponse": &gmm.NotificationResponse{},
		"Status":               &gmm.Status{Cause: gmm.CauseMessageTypeNotCompatibleWithTheProtocolState},
		"NetworkSliceSpecificAuthenticationComplete": &gmm.NetworkSliceSpecificAuthenticationComplete{
			SNSSAI: gmm.NewNSSAI(ident.SNSSAI{SST: 1, SD: ident.NoSD})[0], EAPMessage: []byte{2, 1, 0, 6, 1, 0x75},
		},
		// UE STATE INDICATION without any UE policy section, TS 24.501 table D.5.4.1.1.
		"UEStateIndication": &gmm.ULNASTransport{PayloadContainerType: gmm.PayloadUEPolicy, PayloadContainer: []byte{1, 4, 0, 0, 1, 0}},
	}[c.words[2]]
	if m == nil {
		return fmt.Errorf("no message %q", c.words[2])
	}
	return u.Send(m)
}
