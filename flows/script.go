package flows

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// patience bounds one line of a script, in virtual time.
const patience = 10 * time.Minute

// command is one line of a script: words, name=value options and what error it must end with.
type command struct {
	words   []string
	options map[string]string
	fails   *regexp.Regexp
}

// parseCommand reads "register u1 slices=1,2 fails REGULAR EXPRESSION".
func parseCommand(line string) (command, error) {
	c := command{options: make(map[string]string)}
	if before, pattern, ok := strings.Cut(line, " fails "); ok {
		re, err := regexp.Compile(pattern)
		if err != nil {
			return c, err
		}
		c.fails, line = re, before
	}
	for word := range strings.FieldsSeq(line) {
		if name, value, ok := strings.Cut(word, "="); ok {
			c.options[name] = value
			continue
		}
		c.words = append(c.words, word)
	}
	return c, nil
}

// judge compares how a command ended with how it must.
func (c *command) judge(err error) error {
	switch {
	case c.fails == nil:
		return err
	case err == nil:
		return fmt.Errorf("succeeded, want an error like %q", c.fails)
	case !c.fails.MatchString(err.Error()):
		return fmt.Errorf("ended with %q, want an error like %q", err, c.fails)
	}
	return nil
}

// verbs are commands of a script by their first word.
type verbs map[string]func(context.Context, *command) error

// verbs are all commands; each group has a file of its own.
func (s *stage) verbs() verbs {
	all := make(verbs)
	for _, group := range []verbs{s.radioVerbs(), s.phoneVerbs(), s.faultVerbs(), s.restartVerbs(), s.accessVerbs(), s.mobilityVerbs(), s.sessionVerbs(),
		s.sessionRadioVerbs(), s.associationVerbs(), s.idleVerbs(), s.holdVerbs(), s.peerVerbs(), s.sliceVerbs(), s.aaaVerbs()} {
		maps.Copy(all, group)
	}
	return all
}

// radioVerbs are what gNBs do.
func (s *stage) radioVerbs() verbs {
	return verbs{
		"gnb":    s.addGNB,
		"close":  s.closeGNB,
		"reset":  s.resetGNB,
		"camp":   s.camp,
		"vanish": s.vanishGNB,
		"rrc":    s.rrc,
	}
}

// phoneVerbs are what UEs do, and their users.
func (s *stage) phoneVerbs() verbs {
	return verbs{
		"ue":              s.addUE,
		"register":        s.register,
		"session":         s.session,
		"release-session": s.releaseSession,
		"idle":            s.idle,
		"service-request": s.serviceRequest,
		"deregister":      s.deregister,
		"downlink":        s.downlink,
		"await-paging":    s.awaitPaging,
		"wait":            s.wait,
		"finish":          s.finish,
	}
}

// faultVerbs are what nobody ought to do.
func (s *stage) faultVerbs() verbs {
	return verbs{
		"n4":      s.n4,
		"replay":  s.replay,
		"say":     s.say,
		"initial": s.initial,
		"ngap":    s.ngap,
		"expect":  s.expect,
	}
}

// inside tells whether a command reaches into the core, which only who runs the core can do here.
func (s *stage) inside(verb string) bool {
	return reachesInside(verb) || needsDataNetwork(verb) && s.datagram == nil
}

// reachesInside tells whether a command is one for who runs the core.
func reachesInside(verb string) bool {
	switch verb {
	case "n4", "node", "core", "peer", "kill", "start", "disk", "restart", "policy", "network-release", "relocate", "agree", "granted", "charged", "counted", "admitted", "aaa", "asked", "aaa-revokes", "aaa-doubts", "exchange", "operator", "subscriber", "join":
		return true
	}
	return false
}

// needsDataNetwork tells whether a command is one for who can send packets to UEs.
func needsDataNetwork(verb string) bool { return verb == "downlink" || verb == "tunnel" }

// run plays one line. A line that starts with begin runs beside those that follow; finish waits for it.
func (s *stage) run(line string) error {
	if beside, ok := strings.CutPrefix(line, "begin "); ok {
		done := make(chan error, 1)
		s.begun = append(s.begun, done)
		go func() { done <- s.run(beside) }()
		return nil
	}
	c, err := parseCommand(line)
	if err != nil {
		return err
	}
	verb, ok := s.verbs()[c.words[0]]
	if !ok {
		return fmt.Errorf("no command %q", c.words[0])
	}
	if s.core == nil && s.inside(c.words[0]) {
		return errors.New("only who runs the core can do that")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return c.judge(verb(ctx, &c))
}

func (s *stage) register(ctx context.Context, c *command) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	var o ue.RegisterOptions
	if c.options["identity"] == "suci" {
		o.Identity = ue.UseSUCI
	}
	if err := access(&o, c); err != nil {
		return err
	}
	if o.Slices, err = parseSlices(c.options["slices"]); err != nil {
		return err
	}
	if n := c.options["attempts"]; n != "" {
		if o.Attempts, err = strconv.Atoi(n); err != nil {
			return err
		}
	}
	return u.Register(ctx, o)
}

func (s *stage) session(ctx context.Context, c *command) error {
	u, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	o := ue.SessionOptions{DNN: ident.DNN(c.options["dnn"])}
	if n := c.options["transmissions"]; n != "" {
		if o.Transmissions, err = strconv.Atoi(n); err != nil {
			return err
		}
	}
	if list, err := parseSlices(c.options["slice"]); err != nil {
		return err
	} else if len(list) > 0 {
		o.Slice = &list[0]
	}
	if err := sessionOptions(c, &o); err != nil {
		return err
	}
	got, err := u.EstablishSession(ctx, id, o)
	if err != nil {
		return err
	}
	if want := c.options["address"]; want != "" && got.Address.String() != want && !s.anyAddress(want) {
		return fmt.Errorf("address %v, want %s", got.Address, want)
	}
	if s.datagram != nil && s.core == nil && !got.Address.IsValid() && got.Type == gsm.IPv6 { // packets come to the prefix
		if _, err := u.SolicitPrefix(ctx, id); err != nil {
			return err
		}
	}
	return s.expectSession(c, got)
}

func (s *stage) releaseSession(ctx context.Context, c *command) error {
	u, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	return u.ReleaseSession(ctx, id)
}

// idle is the AN release of TS 23.502 §4.2.6, asked for by the gNB.
func (s *stage) idle(ctx context.Context, c *command) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	cause := ngap.CauseRadioNetworkUserInactivity
	if c.options["cause"] == "radio-lost" {
		cause = ngap.CauseRadioNetworkRadioConnectionWithUELost
	}
	return s.camps.get(u).ReleaseUE(ctx, u, cause)
}

func (s *stage) deregister(ctx context.Context, c *command) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	return u.Deregister(ctx, len(c.words) > 2 && c.words[2] == "switch-off")
}

// downlink lets a packet for a session's address arrive from the data network.
func (s *stage) downlink(_ context.Context, c *command) error {
	u, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	got, ok := u.Session(id)
	if !ok {
		return fmt.Errorf("%s has no session %d", c.words[1], id)
	}
	if info, ok := s.sessionInfo(c, id); ok && got.Type > gsm.IPv4v6 && s.path != nil {
		s.path.Frame(string(got.DNN), info.UplinkTEID, 100)
		return nil
	}
	if info, ok := s.sessionInfo(c, id); ok && got.Type == gsm.Unstructured {
		return s.toUnstructured(info)
	}
	if s.core != nil && s.path == nil && got.Type == gsm.Ethernet {
		return broadcast()
	}
	if s.core == nil && got.Type > gsm.IPv4v6 {
		return fmt.Errorf("%w: frames come from a data network that nobody but the core has", errNotApplicable)
	}
	to := got.Address
	if s.core == nil && !to.IsValid() {
		to = got.Prefix.Addr().Next()
	}
	if info, ok := s.sessionInfo(c, id); ok && !to.IsValid() && info.Prefix.IsValid() {
		to = info.Prefix.Addr().Next() // the UE learns its prefix from the user plane
	}
	if a := c.options["to"]; a != "" { // behind the UE
		parsed, err := netip.ParseAddr(a)
		if err != nil {
			return err
		}
		to = parsed
	}
	return s.packetFor(string(got.DNN), to)
}

func (s *stage) awaitPaging(ctx context.Context, c *command) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	return u.AwaitPaging(ctx)
}

func (s *stage) wait(_ context.Context, c *command) error {
	if len(c.words) < 2 {
		return errors.New("wait DURATION")
	}
	d, err := time.ParseDuration(c.words[1])
	if err != nil {
		return err
	}
	if s.nodes.place != nil && d >= idleWait {
		s.passIdle(d)
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

func (s *stage) ue(c *command) (*ue.UE, error) {
	if len(c.words) < 2 || s.ues[c.words[1]] == nil {
		return nil, fmt.Errorf("%v: no such UE", c.words)
	}
	return s.ues[c.words[1]], nil
}

func (s *stage) ueAndSession(c *command) (*ue.UE, uint8, error) {
	u, err := s.ue(c)
	if err != nil {
		return nil, 0, err
	}
	id := uint64(1)
	if len(c.words) > 2 {
		if id, err = strconv.ParseUint(c.words[2], 10, 8); err != nil {
			return nil, 0, err
		}
	}
	return u, uint8(id), nil
}

// parseSlices reads "1,2-010203"; nothing is nil.
func parseSlices(s string) ([]ident.SNSSAI, error) {
	if s == "" {
		return nil, nil
	}
	var list []ident.SNSSAI
	for one := range strings.SplitSeq(s, ",") {
		slice, err := ident.ParseSNSSAI(one)
		if err != nil {
			return nil, err
		}
		list = append(list, slice)
	}
	return list, nil
}
