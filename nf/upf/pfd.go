package upf

import (
	"slices"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// Bounds of what CP functions may store.
const (
	maxApplications = 4096
	maxPFDs         = 256 // of an application
)

// application is the filters of an application's PFDs; one that has none, or no more, matches nothing.
func (u *UPF) application(name string) []Filter {
	u.mu.Lock()
	defer u.mu.Unlock()
	if f := u.applications[name]; len(f) > 0 {
		return f
	}
	return []Filter{{Protocol: protoTCP, Options: FilterOptions{HasFlags: true, FlagsSet: 1, FlagsOff: 1}}}
}

// knows wants the application of a PDR that is new or changed to have PFDs, TS 29.244 §5.11.
func (u *UPF) knows(p pfcp.CreatePDR) *pfcp.Error {
	name, ok := p.PDI.ApplicationID.Get()
	u.mu.Lock()
	defer u.mu.Unlock()
	if !ok || len(u.applications[name]) > 0 {
		return nil
	}
	return &pfcp.Error{Cause: pfcp.CauseUnknownApplicationID, Offending: pfcp.IEApplicationID,
		FailedRule: pfcp.Some(pfcp.FailedRuleID{Type: pfcp.RulePDR, ID: uint32(p.PDRID)})}
}

// managePFDs serves PFD Management, TS 29.244 §6.2.5: all of a request or nothing. The sessions that detect the
// applications go on by the new PFDs. Of PFDs the UPF applies flow descriptions; URLs and domain names are in packets
// that it cannot read.
func (u *UPF) managePFDs(m *pfcp.PFDManagementRequest) pfcp.Message {
	changed := map[string][]Filter{}
	for _, a := range m.ApplicationIDsPFDs {
		filters, detail := compilePFDs(a)
		if detail != "" {
			return u.refuse(m.Type(), &pfcp.Error{Cause: pfcp.CauseRequestRejected, Offending: pfcp.IEPFDContents, Detail: detail})
		}
		changed[a.ApplicationID] = append(changed[a.ApplicationID], filters...)
	}
	u.mu.Lock()
	next := map[string][]Filter{}
	if len(m.ApplicationIDsPFDs) > 0 {
		for name, f := range u.applications {
			next[name] = f
		}
	} else {
		changed = u.applications
	}
	for name, f := range changed {
		if len(m.ApplicationIDsPFDs) == 0 || len(f) == 0 {
			delete(next, name)
		} else {
			next[name] = f
		}
	}
	if len(next) > maxApplications {
		u.mu.Unlock()
		return u.refuse(m.Type(), &pfcp.Error{Cause: pfcp.CauseNoResourcesAvailable, Detail: "too many applications"})
	}
	u.applications = next
	all := make([]*session, 0, len(u.sessions))
	for _, s := range u.sessions {
		all = append(all, s)
	}
	u.mu.Unlock()
	for _, s := range all {
		u.reapply(s, changed)
	}
	return &pfcp.PFDManagementResponse{Cause: pfcp.CauseRequestAccepted, NodeID: pfcp.Some(u.node)}
}

func compilePFDs(a pfcp.ApplicationIDsPFDs) (filters []Filter, detail string) {
	for _, c := range a.PFDContext {
		for _, p := range c.PFDContents {
			texts := slices.Clone(p.FlowDescriptions)
			if p.FlowDescription != "" {
				texts = append(texts, p.FlowDescription)
			}
			if len(texts) == 0 {
				return nil, "application " + a.ApplicationID + ": only flow descriptions are detected"
			}
			for _, text := range texts {
				f, err := ParseFilter(text)
				if err != nil {
					return nil, err.Error()
				}
				filters = append(filters, f)
			}
		}
	}
	if len(filters) > maxPFDs {
		return nil, "application " + a.ApplicationID + ": too many PFDs"
	}
	return filters, ""
}

// reapply installs a session again if it detects one of the applications. PDRs whose application has no PFDs any more
// match nothing.
func (u *UPF) reapply(s *session, changed map[string][]Filter) {
	if !u.lock(s) {
		return
	}
	defer u.unlock(s)
	concerned := false
	for _, p := range s.rules.pdrs.all() {
		app, ok := p.PDI.ApplicationID.Get()
		_, hit := changed[app]
		concerned = concerned || ok && hit
	}
	if !concerned || s.installed == nil {
		return
	}
	now, bad := u.compile(s, s.rules)
	if bad != nil {
		u.log.Error("rules do not compile by new PFDs", "seid", s.seid, "error", bad)
		return
	}
	if err := u.path.Apply(now); err != nil {
		u.log.Error("rules not installed by new PFDs", "seid", s.seid, "error", err)
		return
	}
	s.installed = now
}
