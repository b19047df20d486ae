package amf

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
)

// TestReachabilitySubscriptions: a subscription reports once and can be taken back once; who stops waiting leaves none
// behind (TS 29.518 §5.3.2.2, TS 29.518 §5.3.2.3).
func TestReachabilitySubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testAMF(t, testConfig())
		defer a.Close()
		const supi ident.SUPI = "imsi-001010000000001"
		u := a.newUE()
		u.supi, u.registered = supi, true
		a.ues.bySUPI.put(supi, u)
		var got []namf.AMFEventReport
		note := func(r namf.AMFEventReport) { got = append(got, r) }
		first, err := a.Subscribe(t.Context(), supi, note)
		if err != nil {
			t.Fatal(err)
		}
		second, err := a.Subscribe(t.Context(), supi, note)
		if err != nil || second == first {
			t.Fatalf("%q after %q: %v", second, first, err)
		}
		if err := a.Unsubscribe(t.Context(), supi, first); err != nil {
			t.Error(err)
		}
		for _, who := range []ident.SUPI{supi, "imsi-001010000000009"} {
			if err := a.Unsubscribe(t.Context(), who, first); sbi.CauseOf(err) != namf.CauseSubscriptionNotFound {
				t.Errorf("%s: taken back twice: %v", who, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		waited := make(chan error, 1)
		go func() { waited <- a.AwaitReachable(ctx, supi) }()
		synctest.Wait()
		cancel()
		if err := <-waited; !errors.Is(err, context.Canceled) {
			t.Errorf("who stopped waiting: %v", err)
		}
		synctest.Wait()
		if len(got) != 0 || len(u.watchers) != 1 {
			t.Fatalf("%d reports of a phone that has not shown itself, %d wait", len(got), len(u.watchers))
		}
		u.shown = true
		u.showActivity()
		u.shown = true
		u.showActivity()
		if len(got) != 1 || got[0].Reachability != namf.Reachable || got[0].SUPI != supi {
			t.Errorf("reports %+v, want one", got)
		}
	})
}
