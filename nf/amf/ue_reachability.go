package amf

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
)

var _ namf.EventExposure = (*AMF)(nil)

// watcher is who wants to know when a UE can be reached.
type watcher struct {
	id     string
	notify func(namf.AMFEventReport)
}

// subscriptions numbers them.
type subscriptions struct{ last atomic.Uint64 }

// Subscribe implements namf.EventExposure: the UE Reachability Notification Request procedure, TS 23.502 §4.2.5.2.
// Subscriptions end with the process.
func (a *AMF) Subscribe(_ context.Context, supi ident.SUPI, notify func(namf.AMFEventReport)) (string, error) {
	u := a.ues.bySUPI.get(supi)
	if u == nil {
		return "", sbi.Problem(http.StatusNotFound, namf.CauseContextNotFound, "%s is not registered here", supi.Conceal())
	}
	id := strconv.FormatUint(a.subscriptions.last.Add(1), 10)
	if err := u.follow(glance(func(ue *ue) { ue.watchers = append(ue.watchers, watcher{id, notify}) })); err != nil {
		return "", sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "%v", err)
	}
	return id, nil
}

// Unsubscribe implements namf.EventExposure.
func (a *AMF) Unsubscribe(ctx context.Context, supi ident.SUPI, id string) error {
	gone := sbi.Problem(http.StatusNotFound, namf.CauseSubscriptionNotFound, "no subscription %s of %s", id, supi.Conceal())
	u := a.ues.bySUPI.get(supi)
	if u == nil {
		return gone
	}
	found := make(chan bool, 1)
	if err := u.follow(glance(func(ue *ue) { found <- ue.unwatch(id) })); err != nil {
		return sbi.Problem(http.StatusServiceUnavailable, sbi.CauseNFCongestion, "%v", err)
	}
	select {
	case is := <-found:
		if !is {
			return gone
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// AwaitReachable waits until a UE can be reached, on an operator's word. Errors: CauseContextNotFound, CauseUENotReachable
// where it is deregistered meanwhile, ctx's.
func (a *AMF) AwaitReachable(ctx context.Context, supi ident.SUPI) error {
	reports := make(chan namf.AMFEventReport, 1)
	id, err := a.Subscribe(ctx, supi, func(r namf.AMFEventReport) { reports <- r })
	if err != nil {
		return err
	}
	select {
	case r := <-reports:
		if r.Reachability != namf.Reachable {
			return sbi.Problem(http.StatusGatewayTimeout, namf.CauseUENotReachable, "%s is no longer registered", supi.Conceal())
		}
		return nil
	case <-ctx.Done():
		_ = a.Unsubscribe(context.WithoutCancel(ctx), supi, id) // the report may have come at the last moment
		return ctx.Err()
	}
}

func (ue *ue) unwatch(id string) (found bool) {
	before := len(ue.watchers)
	ue.watchers = slices.DeleteFunc(ue.watchers, func(w watcher) bool { return w.id == id })
	return len(ue.watchers) < before
}

// showActivity is the UE Activity Notification procedure, TS 23.502 §4.2.5.3: the UE is there, and whoever waits is told. It
// runs after whatever was done for the UE, so that no way into CM-CONNECTED can forget it.
func (ue *ue) showActivity() {
	there := ue.shown || ue.conn != nil
	ue.shown = false
	if len(ue.watchers) == 0 {
		return
	}
	switch {
	case ue.registered && there:
		ue.report(namf.AMFEventReport{SUPI: ue.supi, Reachability: namf.Reachable, TAI: ue.tai})
	case ue.registered:
	case ue.amf.ues.bySUPI.get(ue.supi) != nil: // it has just registered anew, with another context
		ue.report(namf.AMFEventReport{SUPI: ue.supi, Reachability: namf.Reachable, TAI: ue.tai})
	default:
		ue.report(namf.AMFEventReport{SUPI: ue.supi, Reachability: namf.Unreachable})
	}
}

func (ue *ue) report(r namf.AMFEventReport) {
	for _, w := range ue.watchers {
		w.notify(r)
	}
	ue.watchers = nil
}
