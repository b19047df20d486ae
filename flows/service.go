package flows

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// serviceTypes are the values of type= in a service-request line, TS 24.501 §9.11.3.50.
func serviceTypes() map[string]gmm.ServiceType {
	return map[string]gmm.ServiceType{
		"signalling": gmm.ServiceSignalling, "data": gmm.ServiceData, "mobile-terminated": gmm.ServiceMobileTerminated,
		"emergency": gmm.ServiceEmergency, "emergency-fallback": gmm.ServiceEmergencyFallback,
		"high-priority": gmm.ServiceHighPriorityAccess, "elevated": gmm.ServiceElevatedSignalling, "unused": 7,
	}
}

// serviceRequest is "service-request u1": of type=NAME, for the user plane of sessions=1,2 (or none), without the sessions
// that it has lost=3. With up=1,2 these and no others must have a user plane afterwards.
func (s *stage) serviceRequest(ctx context.Context, c *command) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	var o ue.ServiceOptions
	if name := c.options["type"]; name != "" {
		t, known := serviceTypes()[name]
		if !known {
			return fmt.Errorf("no service type %q", name)
		}
		o.Type = &t
	}
	if list, given := c.options["sessions"]; given {
		if o.Sessions, err = identities(list); err != nil {
			return err
		}
	}
	if o.Lost, err = identities(c.options["lost"]); err != nil {
		return err
	}
	result, err := u.ServiceRequest(ctx, o)
	if err == nil && len(result.Failed) > 0 {
		return fmt.Errorf("sessions without user plane: %v%s", result.Failed, why(result.Errors))
	}
	if want, given := c.options["up"]; given && err == nil {
		s.settle()
		return userPlanes(u, want)
	}
	return err
}

// why are the causes that the network gave, if any.
func why(list gmm.ReactivationErrors) string {
	var b strings.Builder
	for _, e := range list {
		fmt.Fprintf(&b, " (session %d: %v)", e.PDUSessionID, e.Cause)
	}
	return b.String()
}

// userPlanes checks which sessions of a UE have a user plane.
func userPlanes(u *ue.UE, want string) error {
	var up []string
	for _, s := range u.Sessions() {
		if s.UserPlane {
			up = append(up, strconv.Itoa(int(s.ID)))
		}
	}
	if got := strings.Join(up, ","); got != want && (want != "none" || got != "") {
		return fmt.Errorf("sessions with user plane: %q, want %q", got, want)
	}
	return nil
}

// identities reads "1,2"; "none" and nothing are the empty list.
func identities(s string) ([]uint8, error) {
	list := []uint8{}
	if s == "" || s == "none" {
		return list, nil
	}
	for one := range strings.SplitSeq(s, ",") {
		n, err := strconv.ParseUint(one, 10, 8)
		if err != nil {
			return nil, err
		}
		list = append(list, uint8(n))
	}
	return list, nil
}

// rrc is "rrc u1 inactive" or "rrc u1 connected": the gNB tells the RRC state of a UE, TS 38.413 §8.3.5.
func (s *stage) rrc(_ context.Context, c *command) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	state := ngap.RRCStateConnected
	if len(c.words) > 2 && c.words[2] == "inactive" {
		state = ngap.RRCStateInactive
	}
	return s.camps.get(u).ReportRRCState(u, state)
}
