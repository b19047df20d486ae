package pcf

import (
	"context"
	"reflect"

	"github.com/limpid-5g/limpid/sbi/npcf"
)

// Change is what a new configuration did to the associations that were there.
type Change struct {
	Sessions   int `json:"sessions"`   // whose rules have changed
	Terminated int `json:"terminated"` // that are released
	UEs        int `json:"ues"`        // whose access policy has changed
	Failed     int `json:"failed"`     // whose SMF or AMF did not take the news
}

// Reconfigure takes a new configuration into use: it decides every association anew and notifies the SMFs and AMFs of
// those that differ, TS 29.512 §4.2.3 and TS 29.507 §4.2.4. The error is that of Validate; then nothing has changed.
func (p *PCF) Reconfigure(ctx context.Context, cfg Config) (Change, error) {
	if err := cfg.Validate(); err != nil {
		return Change{}, err
	}
	var done Change
	for _, tell := range p.take(cfg, &done) { // outside the lock: the one who is told may ask
		if err := tell(ctx); err != nil {
			done.Failed++
			p.log.Warn("policy change not taken", "error", err)
		}
	}
	p.log.Info("policies changed", "sessions", done.Sessions, "terminated", done.Terminated, "ues", done.UEs, "failed", done.Failed)
	return done, nil
}

// take swaps the configuration and returns what is to be told.
func (p *PCF) take(cfg Config, done *Change) (news []func(context.Context) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cfg = cfg
	p.lastAccess, p.lastSession = nil, nil // decided before
	p.am.most, p.sm.most = cfg.most(), cfg.most()
	for _, a := range p.sm.all(compareSessions) {
		uri := a.record.uri
		if cfg.barred(&a.record.request) {
			done.Terminated++
			news = append(news, func(ctx context.Context) error { return p.terminate(ctx, uri) })
			continue
		}
		now := cfg.decide(a.record.sessionPolicy)
		if reflect.DeepEqual(now, a.record.now) {
			continue
		}
		changed := *a.record.sessionPolicy
		changed.now = now
		changed.request.NotificationURI = a.record.uri
		a.record = p.kept(changed)
		done.Sessions++
		news = append(news, func(ctx context.Context) error { return p.notify(ctx, uri, withID(now, a.id)) })
	}
	for _, a := range p.am.all(compareUEs) {
		now := cfg.access(&a.record.request)
		if now == a.record.now {
			continue
		}
		req := a.record.request
		req.NotificationURI = a.record.uri
		a.record = p.accessPolicy(req, now)
		done.UEs++
		now.ID = a.id
		uri := a.record.uri
		news = append(news, func(ctx context.Context) error { return p.notifyAccess(ctx, uri, now) })
	}
	return news
}

func (p *PCF) notify(ctx context.Context, uri string, now npcf.SMPolicyDecision) error {
	if p.deps.Sessions == nil {
		return nil
	}
	return p.deps.Sessions.SMPolicyUpdateNotify(ctx, uri, now)
}

func (p *PCF) terminate(ctx context.Context, uri string) error {
	if p.deps.Sessions == nil {
		return nil
	}
	return p.deps.Sessions.SMPolicyTerminateNotify(ctx, uri, npcf.TerminationNotification{Cause: npcf.ReleasePolicyReasons})
}

func (p *PCF) notifyAccess(ctx context.Context, uri string, now npcf.AMPolicyAssociation) error {
	if p.deps.Access == nil || uri == "" {
		return nil
	}
	return p.deps.Access.AMPolicyUpdateNotify(ctx, uri, now)
}
