package flows

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/manage/subscriber"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// accessVerbs are about registration and what follows from it.
func (s *stage) accessVerbs() verbs {
	return verbs{
		"status":           s.status,
		"await-reregister": s.awaitReregister,
		"await-idle":       s.awaitIdle,
		"await-end":        s.awaitEnd,
		"subscriber":       s.subscriber,
	}
}

// registrationTypes are the values of a register line's type, TS 24.501 §9.11.3.7.
var registrationTypes = map[string]gmm.RegistrationType{
	"initial": gmm.InitialRegistration, "mobility": gmm.MobilityRegistrationUpdate, "periodic": gmm.PeriodicRegistrationUpdate,
	"emergency": gmm.EmergencyRegistration, "onboarding": gmm.SNPNOnboardingRegistration,
	"disaster": gmm.DisasterRoamingInitial, "disaster-mobility": gmm.DisasterRoamingMobility,
}

// access reads a register line's type=, follow-on=yes, drx=, edrx=WINDOW/CYCLE, mico=yes, active= and uplink=1,2.
func access(o *ue.RegisterOptions, c *command) error {
	if name := c.options["type"]; name != "" {
		t, known := registrationTypes[name]
		if !known {
			return fmt.Errorf("no type of registration %q", name)
		}
		o.Type = t
	}
	if c.options["follow-on"] != "" {
		o.Type |= gmm.FollowOnRequest
	}
	o.MICO, o.DefaultConfigured = c.options["mico"] != "", c.options["default-configured"] != ""
	if n := c.options["drx"]; n != "" {
		drx, err := strconv.ParseUint(n, 10, 8)
		if err != nil {
			return err
		}
		o.DRX = gmm.DRXParameters(drx)
	}
	if codes := c.options["edrx"]; codes != "" {
		var window, cycle uint8
		if _, err := fmt.Sscanf(codes, "%d/%d", &window, &cycle); err != nil {
			return err
		}
		o.ExtendedDRX = gmm.ExtendedDRXParameters{window<<4 | cycle}
	}
	var err error
	if list := c.options["uplink"]; list != "" {
		if o.UplinkData, err = identities(list); err != nil {
			return err
		}
	}
	if o.NEA, err = algorithms(c.options["nea"]); err != nil {
		return err
	}
	if o.NIA, err = algorithms(c.options["nia"]); err != nil {
		return err
	}
	if d := c.options["active"]; d != "" {
		o.ActiveTime, err = time.ParseDuration(d)
	}
	return err
}

// gutis is the 5G-GUTI that each UE had when a status line asked for it last.
type gutis map[string]ident.GUTI

// compare tells whether a UE has a 5G-TMSI that it had not before: new, same, or none at all.
func (g gutis) compare(name string, now *ident.GUTI) string {
	if now == nil {
		return "none"
	}
	before, known := g[name]
	g[name] = *now
	if known && before.TMSI == now.TMSI {
		return "same"
	}
	return "new"
}

// status checks what a UE knows: "status u1 t3512=1h0m0s mico=true full=Limpid"; "guti=new" compares with the status before.
func (s *stage) status(_ context.Context, c *command) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	st := u.Status()
	known := map[string]string{
		"t3512": st.T3512.String(), "t3502": st.T3502.String(), "mico": fmt.Sprint(st.MICO), "active": st.ActiveTime.String(),
		"drx": fmt.Sprint(uint8(st.DRX)), "edrx": fmt.Sprintf("%d/%d", st.ExtendedDRX.PagingTimeWindow(), st.ExtendedDRX.Cycle()),
		"full": st.FullName, "short": st.ShortName, "time": st.Time.Format(time.RFC3339),
		"registered": fmt.Sprint(st.Registered), "connected": fmt.Sprint(st.Connected), "reregister": fmt.Sprint(st.Reregister),
		"nea": fmt.Sprint(st.NEA), "nia": fmt.Sprint(st.NIA),
		"tais": fmt.Sprint(len(st.TAIs.All())), "slices-changed": fmt.Sprint(st.SlicesChanged),
		"allowed": nssai(st.Allowed), "pending": nssai(st.Pending), "slice-back-off": sliceBackOff(st.Rejected), "configured": nssai(st.Configured), "rejected": rejected(st.Rejected),
		"equivalent": plmns(st.EquivalentPLMNs), "areas": serviceAreas(st.ServiceAreas),
	}
	if c.options["guti"] != "" {
		known["guti"] = s.gutis.compare(c.words[1], st.GUTI)
	}
	for name, want := range c.options {
		got, ok := known[name]
		if !ok {
			return fmt.Errorf("a UE knows nothing of %q", name)
		}
		if name == "time" && s.dial != nil && time.Since(st.Time).Abs() < time.Minute {
			continue // this time is the real one
		}
		if got != want {
			return fmt.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	return nil
}

func nssai(list gmm.NSSAI) string {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = s.SNSSAI.String()
	}
	return strings.Join(names, ",")
}

func rejected(list gmm.RejectedNSSAI) string {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = fmt.Sprintf("%v:%d", s.SNSSAI, s.Cause)
	}
	return strings.Join(names, ",")
}

func plmns(list gmm.PLMNList) string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = p.String()
	}
	return strings.Join(names, ",")
}

func serviceAreas(list gmm.ServiceAreaList) string {
	var parts []string
	for _, p := range list {
		kind := "allowed"
		if p.NotAllowed {
			kind = "not-allowed"
		}
		for _, t := range p.TAIs {
			parts = append(parts, fmt.Sprintf("%s:%d", kind, t.TAC))
		}
	}
	return strings.Join(parts, ",")
}

// operatorsStore is the store in the hands of an operator. Where a core runs it is the core's own: another handle would wait for the core's transaction,
// which ends in a time that does not pass meanwhile.
func (s *stage) operatorsStore(ctx context.Context) (st store.Store, end func() error, err error) {
	if s.life != nil {
		return s.life.disk.Store, func() error { return nil }, nil
	}
	if st, err = sqlite.Open(ctx, s.file, sqlite.Options{}); err != nil {
		return nil, nil, err
	}
	return st, st.Close, nil
}

// subscriber changes a subscriber as an operator does, also while the core runs: "subscriber set imsi=... barred=yes",
// "subscriber remove imsi=...". Lists are separated by commas.
func (s *stage) subscriber(ctx context.Context, c *command) (err error) {
	st, end, err := s.operatorsStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	imsi := option(c, "imsi", "001010000000001")
	list := func(name string) []string {
		if c.options[name] == "" {
			return nil
		}
		return strings.Split(c.options[name], ",")
	}
	switch c.words[1] {
	case "remove":
		return subscriber.Remove(ctx, st, imsi)
	case "set":
		return subscriber.Set(ctx, st, subscriber.Input{
			IMSI: imsi, AMBRUp: c.options["ambr"], AMBRDown: c.options["ambr"], Slices: list("slices"), Method: c.options["method"],
			Access: subscriber.Access{
				Barred: c.options["barred"], MICO: c.options["mico"], AllowedAreas: list("allowed"), NotAllowedAreas: list("not-allowed"),
				ForbiddenAreas: list("forbidden"), ForbiddenRATs: list("rats"), RegistrationTimer: c.options["timer"],
			},
		})
	}
	return fmt.Errorf("subscriber %s: want set or remove", c.words[1])
}

// awaitReregister waits until the network has asked a UE to register again.
func (s *stage) awaitReregister(ctx context.Context, c *command) error {
	return s.await(ctx, c, func(st ue.Status) bool { return st.Reregister })
}

func (s *stage) awaitIdle(ctx context.Context, c *command) error {
	return s.await(ctx, c, func(st ue.Status) bool { return !st.Connected })
}

// awaitEnd waits until the network has ended a UE's registration.
func (s *stage) awaitEnd(ctx context.Context, c *command) error {
	return s.await(ctx, c, func(st ue.Status) bool { return !st.Registered })
}

func (s *stage) await(ctx context.Context, c *command, ready func(ue.Status) bool) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	return u.Await(ctx, ready)
}
