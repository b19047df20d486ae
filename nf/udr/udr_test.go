package udr_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/udr"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/sbi/nudr"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/store/storetest"
)

var (
	slice1 = ident.SNSSAI{SST: 1, SD: ident.NoSD}
	slice2 = ident.SNSSAI{SST: 2, SD: 0x010203}
)

// counted counts the durable writes of sequence numbers, and fails them when told to.
type counted struct {
	store.Store
	leases int
	fail   error
}

func (c *counted) LeaseSQN(ctx context.Context, supi ident.SUPI, n uint64) (aka.SQN, error) {
	c.leases++
	if c.fail != nil {
		return 0, c.fail
	}
	return c.Store.LeaseSQN(ctx, supi, n)
}

func newUDR(t *testing.T, subs ...store.Subscriber) (*udr.UDR, *counted) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "limpid.db"), sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	if err := st.AddSubscribers(t.Context(), subs); err != nil {
		t.Fatal(err)
	}
	c := &counted{Store: st}
	return udr.New(udr.Config{}, c, slog.New(slog.DiscardHandler)), c
}

func twoSlices() store.Subscriber {
	s := storetest.Subscriber(1)
	s.Slices = append(s.Slices, store.Slice{SNSSAI: slice2, DNNs: []store.DNN{storetest.DNN("ims", true), storetest.DNN("mms", false)}})
	return s
}

// TestData: TS 29.504 §5.2.2.2.
func TestData(t *testing.T) {
	u, _ := newUDR(t, twoSlices())
	ctx, supi := t.Context(), storetest.SUPI(1)
	auth, err := u.AuthenticationSubscription(ctx, supi)
	if err != nil || auth.AuthenticationMethod != nausf.AuthType5GAKA || auth.Algorithm != "milenage" ||
		!reflect.DeepEqual(auth.K, nudr.Key(twoSlices().Authentication.K)) || auth.AMFField != (aka.AMF{0x80, 0}) {
		t.Fatalf("authentication subscription %v, error %v", auth, err)
	}
	if text := fmt.Sprintf("%v %+v %#v %x", auth, auth, auth, auth.K); strings.Contains(text, "0002") {
		t.Fatalf("the key prints: %s", text)
	}
	am, err := u.AMData(ctx, supi)
	wantAM := nudm.AccessAndMobilitySubscriptionData{
		SubscribedUEAMBR: nudm.AMBR{Uplink: 1e9, Downlink: 1e9}, MICOAllowed: true,
		NSSAI: nudm.NSSAI{DefaultSingleNSSAIs: []ident.SNSSAI{slice1}, SingleNSSAIs: []ident.SNSSAI{slice2}},
	}
	if err != nil || !reflect.DeepEqual(am, wantAM) {
		t.Fatalf("AM data %+v, error %v", am, err)
	}
	sel, err := u.SMFSelectData(ctx, supi)
	wantSel := map[ident.SNSSAI][]nudm.DNNInfo{slice1: {{DNN: "internet", Default: true}}, slice2: {{DNN: "ims", Default: true}, {DNN: "mms"}}}
	if err != nil || !reflect.DeepEqual(sel.SubscribedSNSSAIInfos, wantSel) {
		t.Fatalf("SMF selection data %+v, error %v", sel, err)
	}
	sm, err := u.SMData(ctx, supi, slice2, "MMS")
	if err != nil || sm.DefaultSessionType != nudm.IPv4 || sm.DefaultSSCMode != 1 || sm.DefaultQoS.FiveQI != 9 ||
		sm.DefaultQoS.ARP.PriorityLevel != 8 || sm.SessionAMBR.Uplink != 1e9 || sm.StaticIPv4.IsValid() {
		t.Fatalf("SM data %+v, error %v", sm, err)
	}
}

// TestRefusals: the cause, and one line with what was asked, what is allowed, what to change.
func TestRefusals(t *testing.T) {
	u, _ := newUDR(t, twoSlices())
	sm := func(supi ident.SUPI, slice ident.SNSSAI, dnn ident.DNN) error {
		_, err := u.SMData(t.Context(), supi, slice, dnn)
		return err
	}
	for _, test := range []struct {
		err    error
		cause  sbi.Cause
		status int
		says   []string
	}{
		{sm(storetest.SUPI(2), slice1, "internet"), nudr.CauseUserNotFound, 404, []string{"imsi-001**********02", "limpid subscriber add"}},
		{sm(storetest.SUPI(1), slice1, "ims"), nudr.CauseDataNotFound, 404, []string{`DNN "ims"`, "slice 1;", "subscribed: internet", "--replace"}},
		{sm(storetest.SUPI(1), ident.SNSSAI{SST: 9, SD: ident.NoSD}, "ims"), nudr.CauseDataNotFound, 404, []string{"slice 9", "subscribed: 1, 2-010203"}},
	} {
		p, ok := errors.AsType[*sbi.ProblemDetails](test.err)
		if !ok || p.Cause != test.cause || p.Status != test.status || strings.Contains(p.Detail, "\n") {
			t.Errorf("error %v, want %s (%d)", test.err, test.cause, test.status)
			continue
		}
		for _, words := range test.says {
			if !strings.Contains(p.Detail, words) {
				t.Errorf("%q does not say %q", p.Detail, words)
			}
		}
	}
}

// TestSQNBlocks: one durable write for 32 sequence numbers, each with a greater SEQ and the next IND,
// TS 33.102 §C.1.1.1 and TS 33.102 §C.1.2.
func TestSQNBlocks(t *testing.T) {
	u, st := newUDR(t, storetest.Subscriber(1))
	var last aka.SQN
	for i := range 64 {
		sqn, err := u.NextSQN(t.Context(), storetest.SUPI(1))
		if err != nil {
			t.Fatal(err)
		}
		if sqn.SEQ() != last.SEQ()+1 || sqn.IND() != uint8(sqn.SEQ()%32) {
			t.Fatalf("sequence number %d is %s after %s", i, sqn, last)
		}
		last = sqn
	}
	if st.leases != 2 {
		t.Fatalf("%d durable writes for 64 sequence numbers, want 2", st.leases)
	}
}

// TestFailedLease: no sequence number is given out that is not accounted for on disk.
func TestFailedLease(t *testing.T) {
	u, st := newUDR(t, storetest.Subscriber(1))
	st.fail = errors.New("disk full")
	if sqn, err := u.NextSQN(t.Context(), storetest.SUPI(1)); sbi.CauseOf(err) != sbi.CauseSystemFailure || sqn != 0 {
		t.Fatalf("SQN %s, error %v", sqn, err)
	}
	st.fail = aka.ErrSQNExhausted
	if _, err := u.NextSQN(t.Context(), storetest.SUPI(1)); err == nil || !strings.Contains(err.Error(), "another key") {
		t.Fatalf("error %v", err)
	}
	st.fail = nil
	if _, err := u.NextSQN(t.Context(), storetest.SUPI(1)); err != nil {
		t.Fatal(err)
	}
}
