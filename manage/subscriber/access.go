package subscriber

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// Access is where and how a subscriber may use the network, as text. An empty field takes its default, which restricts
// nothing; "none" empties a list.
type Access struct {
	Barred            string   // yes or no (default)
	MICO              string   // yes (default) or no
	RegistrationTimer string   // T3512 such as 1h; default that of the AMF
	AllowedAreas      []string // tracking area codes in which alone the subscriber may communicate
	NotAllowedAreas   []string // tracking area codes in which it may not
	ForbiddenAreas    []string // tracking area codes in which it cannot even register
	ForbiddenRATs     []string // NR, EUTRA
}

// none empties a list.
const none = "none"

// access changes a by what in gives.
func (p *parser) access(a *store.Access, in *Access) {
	p.yes("barred", in.Barred, &a.Barred)
	mico := !a.NoMICO
	p.yes("MICO", in.MICO, &mico)
	a.NoMICO = !mico
	if in.RegistrationTimer != "" {
		d, err := time.ParseDuration(in.RegistrationTimer)
		if err != nil {
			p.fail(fmt.Errorf("registration timer %.32q: want a duration such as 1h", in.RegistrationTimer))
		}
		a.RegistrationTimer = d
	}
	if len(in.AllowedAreas) > 0 && len(in.NotAllowedAreas) > 0 {
		p.fail(fmt.Errorf("both allowed and not allowed areas: want one, the other follows"))
	}
	for _, area := range []struct {
		kind store.Restriction
		list []string
	}{{store.AllowedAreas, in.AllowedAreas}, {store.NotAllowedAreas, in.NotAllowedAreas}} {
		if len(area.list) == 0 {
			continue
		}
		a.ServiceArea = store.ServiceArea{Restriction: area.kind, TACs: p.tacs(area.list)}
		if a.ServiceArea.TACs == nil {
			a.ServiceArea.Restriction = store.Everywhere
		}
	}
	if len(in.ForbiddenAreas) > 0 {
		a.ForbiddenTACs = p.tacs(in.ForbiddenAreas)
	}
	if len(in.ForbiddenRATs) > 0 {
		a.ForbiddenRATs = rats(in.ForbiddenRATs)
	}
}

func (p *parser) yes(name, s string, to *bool) {
	switch strings.ToLower(s) {
	case "":
	case "yes", "true":
		*to = true
	case "no", "false":
		*to = false
	default:
		p.fail(fmt.Errorf("%s %.32q: want yes or no", name, s))
	}
}

func (p *parser) tacs(list []string) []ident.TAC {
	if isNone(list) {
		return nil
	}
	tacs := make([]ident.TAC, 0, len(list))
	for _, s := range list {
		n, err := strconv.ParseUint(strings.TrimSpace(s), 0, 24)
		if err != nil {
			p.fail(fmt.Errorf("tracking area code %.32q: want a number of 24 bits, such as 1 or 0x10", s))
		}
		tacs = append(tacs, ident.TAC(n))
	}
	slices.Sort(tacs)
	return slices.Compact(tacs)
}

func rats(list []string) []store.RAT {
	if isNone(list) {
		return nil
	}
	found := make([]store.RAT, 0, len(list))
	for _, s := range list {
		found = append(found, store.RAT(strings.ToUpper(strings.TrimSpace(s))))
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func isNone(list []string) bool { return len(list) == 1 && strings.EqualFold(list[0], none) }

// Set changes what in gives of a subscriber and leaves the rest. A running core applies it within about a second, also to
// a phone that is registered. Slices keep the data networks that they have; a new one gets those of the first.
func Set(ctx context.Context, st store.Subscribers, in Input) error {
	supi, err := ident.ParseSUPI(in.IMSI)
	if err != nil {
		return err
	}
	old, err := st.Subscriber(ctx, supi)
	if err != nil {
		return absent(supi, err)
	}
	var p parser
	sub := *old
	p.access(&sub.Access, &in.Access)
	if in.Method != "" {
		sub.Authentication.Method = p.method(in.Method)
	}
	sub.Slices = p.changedSlices(old.Slices, &in)
	p.outside(&sub, &in)
	if in.AMBRUp != "" {
		sub.UEAMBR.Uplink = p.bitRate("uplink AMBR", in.AMBRUp)
	}
	if in.AMBRDown != "" {
		sub.UEAMBR.Downlink = p.bitRate("downlink AMBR", in.AMBRDown)
	}
	if len(p.errs) > 0 {
		return joined(p.errs)
	}
	return absent(supi, st.ReplaceSubscriber(ctx, sub))
}

// changedSlices are the slices that a change leaves, with its session AMBR where it gives one.
func (p *parser) changedSlices(old []store.Slice, in *Input) []store.Slice {
	var changed []store.Slice
	if len(in.Slices) == 0 {
		for _, s := range old {
			changed = append(changed, store.Slice{SNSSAI: s.SNSSAI, Default: s.Default, Authenticate: s.Authenticate, DNNs: slices.Clone(s.DNNs)})
		}
	}
	for _, name := range in.Slices {
		snssai, err := ident.ParseSNSSAI(strings.TrimSpace(name))
		p.fail(err)
		slice := store.Slice{SNSSAI: snssai, Default: true, DNNs: slices.Clone(old[0].DNNs)}
		for _, s := range old {
			if s.SNSSAI == snssai {
				slice = store.Slice{SNSSAI: snssai, Default: s.Default, Authenticate: s.Authenticate, DNNs: slices.Clone(s.DNNs)}
			}
		}
		changed = append(changed, slice)
	}
	if len(changed) > 0 && !slices.ContainsFunc(changed, func(s store.Slice) bool { return s.Default }) {
		changed[0].Default = true
	}
	for i := range changed {
		for j := range changed[i].DNNs {
			d := &changed[i].DNNs[j]
			if in.AMBRUp != "" {
				d.SessionAMBR.Uplink = p.bitRate("uplink AMBR", in.AMBRUp)
			}
			if in.AMBRDown != "" {
				d.SessionAMBR.Downlink = p.bitRate("downlink AMBR", in.AMBRDown)
			}
		}
	}
	return changed
}
