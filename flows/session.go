package flows

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// sessionVerbs are what concerns PDU sessions beyond their being there.
func (s *stage) sessionVerbs() verbs {
	return verbs{
		"modify":          s.modify,
		"policy":          s.applyPolicy,
		"network-release": s.networkRelease,
		"relocate":        s.relocate,
		"agree":           s.agree,
		"released":        s.released,
		"granted":         s.granted,
		"charged":         s.charged,
		"lifetime":        s.lifetime,
		"notify":          s.notify,
		"exchange":        s.exchange,
	}
}

// sessionOptions reads type=IPv6 ssc=2 always-on=yes reflective=yes slow=yes.
func sessionOptions(c *command, o *ue.SessionOptions) error {
	types := map[string]gsm.PDUSessionType{"": 0, "IPv4": gsm.IPv4, "IPv6": gsm.IPv6, "IPv4v6": gsm.IPv4v6,
		"Ethernet": gsm.Ethernet, "Unstructured": gsm.Unstructured}
	kind, ok := types[c.options["type"]]
	if !ok {
		return fmt.Errorf("type %q", c.options["type"])
	}
	o.Type = kind
	if mode := c.options["ssc"]; mode != "" {
		n, err := strconv.ParseUint(mode, 10, 3)
		if err != nil {
			return err
		}
		o.SSCMode = gsm.SSCMode(n)
	}
	o.AlwaysOn, o.Reflective, o.SlowCheck = c.options["always-on"] != "", c.options["reflective"] != "", c.options["slow"] != ""
	return nil
}

// expectSession compares a session with what the line wants of it: got=IPv4 prefix=2001:db8::/64 on=yes rq=60s mtu=1400
// because=#50.
func (s *stage) expectSession(c *command, got ue.Session) error {
	var found []string
	check := func(name string, is any) {
		if want, asked := c.options[name]; asked && fmt.Sprint(is) != want {
			found = append(found, fmt.Sprintf("%s is %v, want %s", name, is, want))
		}
	}
	check("got", got.Type)
	check("filters", packetFilters(got.Rules))
	check("on", map[bool]string{true: "yes", false: "no"}[got.AlwaysOn])
	check("rq", got.RQTimer)
	check("mtu", got.MTU)
	check("dns", strings.Trim(fmt.Sprint(got.DNS), "[]"))
	if got.Cause != nil {
		check("because", fmt.Sprintf("#%d", *got.Cause))
	} else {
		check("because", "nothing")
	}
	check("pcscf", strings.Trim(fmt.Sprint(got.PCSCF), "[]"))
	if info, ok := s.sessionInfo(c, got.ID); ok {
		check("prefix", info.Prefix)
	}
	if len(found) > 0 {
		return fmt.Errorf("%s", strings.Join(found, ", "))
	}
	return nil
}

// sessionInfo is what the SMF knows of a UE's session.
func (s *stage) sessionInfo(c *command, id uint8) (core.SessionInfo, bool) {
	u, err := s.ue(c)
	if err != nil || s.core == nil {
		return core.SessionInfo{}, false
	}
	for _, info := range s.core.Sessions() {
		if info.SUPI == u.SUPI() && info.PDUSessionID == id {
			return info, true
		}
	}
	return core.SessionInfo{}, false
}

// modify is the UE's request for QoS of its own: remote=192.0.2.0/24 protocol=17 port=5060 precedence=20 5qi=1
// guaranteed=64000 maximum=128000, or delete=RULE with the identity of a QoS rule, or unreflective=yes.
func (s *stage) modify(ctx context.Context, c *command) error {
	u, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	var o ue.ModifyOptions
	if c.options["delete"] != "" {
		n, err := strconv.ParseUint(c.options["delete"], 10, 8)
		if err != nil {
			return err
		}
		o.Rules = gsm.QoSRules{{ID: uint8(n), Operation: gsm.DeleteRule}}
	}
	if c.options["unreflective"] != "" {
		o.Capability = gsm.Capability{0}
	}
	if c.options["protocol"] != "" {
		if o.Rules, o.Flows, err = ownFlow(c); err != nil {
			return err
		}
	}
	if n := c.options["transmissions"]; n != "" {
		if o.Transmissions, err = strconv.Atoi(n); err != nil {
			return err
		}
	}
	_, err = u.ModifySession(ctx, id, o)
	return err
}

// ownFlow is a rule with a QoS flow of its own, TS 24.501 §6.4.2.2.
func ownFlow(c *command) (gsm.QoSRules, gsm.QoSFlowDescriptions, error) {
	number := func(name string) uint64 {
		n, err := strconv.ParseUint(option(c, name, "0"), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	components := []gsm.Component{gsm.ProtocolComponent(uint8(number("protocol")))}
	if r := c.options["remote"]; r != "" {
		p, err := netip.ParsePrefix(r)
		if err != nil {
			return nil, nil, err
		}
		components = append(components, gsm.PrefixComponent(p, true))
	}
	if port := uint16(number("port")); port != 0 {
		components = append(components, gsm.PortComponent(port, port, true))
	}
	if c.options["twice"] != "" { // two components that exclude each other, TS 24.501 §6.4.2.4
		components = append(components, components[0])
	}
	rule := gsm.QoSRule{Operation: gsm.CreateRule, Precedence: uint8(number("precedence")), Segregation: true,
		Filters: []gsm.PacketFilter{{Direction: gsm.Bidirectional, Components: components}}}
	parameters := []gsm.FlowParameter{gsm.FiveQI(uint8(number("5qi")))}
	if g, m := number("guaranteed"), number("maximum"); g != 0 {
		parameters = append(parameters,
			gsm.FlowBitRate(gsm.ParameterGFBRUplink, g), gsm.FlowBitRate(gsm.ParameterGFBRDownlink, g),
			gsm.FlowBitRate(gsm.ParameterMFBRUplink, m), gsm.FlowBitRate(gsm.ParameterMFBRDownlink, m))
	}
	return gsm.QoSRules{rule}, gsm.QoSFlowDescriptions{gsm.NewQoSFlow(0, parameters...)}, nil
}

// applyPolicy puts the policies of a file of the flow into use.
func (s *stage) applyPolicy(ctx context.Context, c *command) error {
	text, ok := s.others[c.words[1]]
	if !ok {
		return fmt.Errorf("the flow has no file %q", c.words[1])
	}
	cfg, err := config.Parse(c.words[1], text)
	if err != nil {
		return err
	}
	_, err = s.core.ApplyPolicies(ctx, cfg)
	return err
}

// networkRelease is the operator's wish to release a session.
func (s *stage) networkRelease(_ context.Context, c *command) error {
	u, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	return s.core.ReleaseSession(u.SUPI(), id)
}

// relocate is the operator's wish to give a session another anchor, TS 23.502 §4.3.5.
func (s *stage) relocate(_ context.Context, c *command) error {
	u, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	return s.core.RelocateSession(u.SUPI(), id)
}

// notify is what a gNB says of a QoS flow by itself, TS 38.413 §8.2.4: "notify u1 1 qfi=2 release=yes"; without qfi the
// gNB gives up the session.
func (s *stage) notify(_ context.Context, c *command) error {
	u, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	qfi, err := strconv.ParseUint(option(c, "qfi", "0"), 10, 6)
	if err != nil {
		return err
	}
	return s.camps.get(u).Notify(u, id, uint8(qfi), c.options["release"] != "")
}

// released tells why the network released a session of a UE, and for how long it may not ask for it again: cause=26 back-off=30s.
func (s *stage) released(_ context.Context, c *command) error {
	u, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	if _, there := u.Session(id); there {
		return fmt.Errorf("the UE has session %d", id)
	}
	if got, want := fmt.Sprint(uint8(u.ReleaseCause(id))), option(c, "cause", "36"); got != want {
		return fmt.Errorf("released with cause #%s, want #%s", got, want)
	}
	if got, want := u.ReleaseBackOff(id).String(), option(c, "back-off", "0s"); got != want {
		return fmt.Errorf("the UE may come back after %s, want %s", got, want)
	}
	return nil
}

// lifetime compares how long the network keeps a session that is to be replaced: "lifetime u1 1 is=1m0s".
func (s *stage) lifetime(_ context.Context, c *command) error {
	u, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	if got, _ := u.Session(id); got.Lifetime.String() != c.options["is"] {
		return fmt.Errorf("session %d is kept for %s, want %s", id, got.Lifetime, c.options["is"])
	}
	return nil
}

// charged compares the charging identifier of a session with what it was: "charged u1 1". None is ever another session's.
func (s *stage) charged(_ context.Context, c *command) error {
	_, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	supi := s.ues[c.words[1]].SUPI()
	for _, n := range s.core.Sessions() {
		if n.SUPI != supi || n.PDUSessionID != id {
			continue
		}
		if s.charges == nil {
			s.charges = make(map[string]string)
		}
		of := c.words[1] + " " + c.words[2]
		if was, known := s.charges[of]; known && was != n.ChargingID {
			return fmt.Errorf("it is charged as %s and was as %s", n.ChargingID, was)
		}
		for other, as := range s.charges {
			if other != of && as == n.ChargingID {
				return fmt.Errorf("it is charged as %s, which is session %s", as, other)
			}
		}
		s.charges[of] = n.ChargingID
		return nil
	}
	return fmt.Errorf("%s has no session %d", supi, id)
}

// granted compares the guaranteed rates that are granted under the first bound with downlink=N in bit/s.
func (s *stage) granted(ctx context.Context, c *command) error {
	bounds, err := s.core.Guaranteed(ctx)
	if err != nil {
		return err
	}
	if len(bounds) == 0 {
		return fmt.Errorf("no bound is configured")
	}
	if got := fmt.Sprint(bounds[0].Granted.Downlink); got != c.options["downlink"] {
		return fmt.Errorf("%s bit/s are granted on %s, want %s", got, &bounds[0].Guaranteed, c.options["downlink"])
	}
	return nil
}

// packetFilters counts those of QoS rules.
func packetFilters(rules gsm.QoSRules) int {
	n := 0
	for _, r := range rules {
		n += len(r.Filters)
	}
	return n
}

// flowsOf reads flows=1,2.
func flowsOf(c *command) []string {
	list := strings.Split(c.options["flows"], ",")
	slices.Sort(list)
	return list
}
