package ausf_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/ausf"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nausf"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

const networkName = "5G:mnc001.mcc001.3gppnetwork.org"

// fakeUDM knows every SUPI; its XRES* is always the same.
type fakeUDM struct {
	events     []nudm.AuthEvent
	err        error
	confirmErr error
}

var xresStar = [16]byte{1, 2, 3}

func (u *fakeUDM) GenerateAuthData(_ context.Context, id string, _ nudm.AuthenticationInfoRequest) (nudm.AuthenticationInfoResult, error) {
	return nudm.AuthenticationInfoResult{
		AuthType: nausf.AuthType5GAKA, SUPI: ident.SUPI(id), Vector: nudm.Av5GHEAKA{XRESStar: xresStar},
	}, u.err
}

func (u *fakeUDM) ConfirmAuth(_ context.Context, _ ident.SUPI, event nudm.AuthEvent) error {
	u.events = append(u.events, event)
	return u.confirmErr
}

func newAUSF(cfg ausf.Config, u *fakeUDM) *ausf.AUSF {
	cfg.ServingPLMNs = []ident.PLMN{{0x00, 0xf1, 0x10}}
	return ausf.New(cfg, u, slog.New(slog.DiscardHandler))
}

func start(t *testing.T, a *ausf.AUSF) string {
	t.Helper()
	c, err := a.Authenticate(t.Context(), nausf.AuthenticationInfo{SUPIOrSUCI: "imsi-001010000000001", ServingNetworkName: networkName})
	if err != nil {
		t.Fatal(err)
	}
	return c.AuthCtxID
}

// outcome is the result or the cause.
func outcome(t *testing.T, a *ausf.AUSF, id string, res *[16]byte) string {
	t.Helper()
	answer, err := a.Confirm5GAKA(t.Context(), id, nausf.ConfirmationData{RESStar: res})
	if err != nil {
		return string(sbi.CauseOf(err))
	}
	return string(answer.AuthResult)
}

// TestOneUse: a context serves once, whatever the outcome, so RES* cannot be guessed at, TS 33.501 §6.1.3.2.0.
func TestOneUse(t *testing.T) {
	u := new(fakeUDM)
	a := newAUSF(ausf.Config{}, u)
	wrong := xresStar
	wrong[15] ^= 1
	for _, test := range []struct {
		res  *[16]byte
		want nausf.AuthResult
	}{
		{&xresStar, nausf.AuthenticationSuccess}, {&wrong, nausf.AuthenticationFailure}, {nil, nausf.AuthenticationFailure},
	} {
		id := start(t, a)
		if got := outcome(t, a, id, test.res); got != string(test.want) {
			t.Errorf("outcome %s, want %s", got, test.want)
		}
		if got := outcome(t, a, id, &xresStar); got != string(nausf.CauseContextNotFound) {
			t.Errorf("second use: %s, want %s", got, nausf.CauseContextNotFound)
		}
	}
	if len(u.events) != 3 || !u.events[0].Success || u.events[1].Success || u.events[2].Success || u.events[0].ServingNetworkName != networkName {
		t.Errorf("the UDM was told %+v", u.events)
	}
	if got := outcome(t, a, "", nil); got != string(nausf.CauseContextNotFound) {
		t.Errorf("unknown context: %s", got)
	}
}

func TestConfirmationOutlivesTheUDM(t *testing.T) {
	a := newAUSF(ausf.Config{}, &fakeUDM{confirmErr: errors.New("gone")})
	if got := outcome(t, a, start(t, a), &xresStar); got != string(nausf.AuthenticationSuccess) {
		t.Errorf("outcome %s", got)
	}
}

// TestExpiry: what is not confirmed in its time is forgotten, and makes room.
func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAUSF(ausf.Config{MaxContexts: 2, Lifetime: time.Minute}, new(fakeUDM))
		first := start(t, a)
		time.Sleep(40 * time.Second)
		second := start(t, a)
		_, err := a.Authenticate(t.Context(), nausf.AuthenticationInfo{SUPIOrSUCI: "imsi-001010000000001", ServingNetworkName: networkName})
		if p, ok := errors.AsType[*sbi.ProblemDetails](err); !ok || p.Cause != sbi.CauseNFCongestion || p.Status != http.StatusServiceUnavailable {
			t.Fatalf("third context: error %v, want %s", err, sbi.CauseNFCongestion)
		}
		time.Sleep(20 * time.Second)
		if got := outcome(t, a, first, &xresStar); got != string(nausf.CauseContextNotFound) {
			t.Fatalf("after its lifetime: %s", got)
		}
		third := start(t, a)
		for _, id := range []string{second, third} {
			if got := outcome(t, a, id, &xresStar); got != string(nausf.AuthenticationSuccess) {
				t.Fatalf("within its lifetime: %s", got)
			}
		}
	})
}

// TestServingNetwork: TS 33.501 §6.1.2. The UDM is not even asked.
func TestServingNetwork(t *testing.T) {
	a := newAUSF(ausf.Config{}, &fakeUDM{err: errors.New("asked")})
	for _, name := range []string{"", "5G:mnc093.mcc208.3gppnetwork.org", strings.ToUpper(networkName), strings.Repeat("5G", 1e5)} {
		_, err := a.Authenticate(t.Context(), nausf.AuthenticationInfo{SUPIOrSUCI: "imsi-001010000000001", ServingNetworkName: name})
		p, ok := errors.AsType[*sbi.ProblemDetails](err)
		if !ok || p.Cause != nausf.CauseServingNetworkNotAuthorized || !strings.Contains(p.Detail, "allowed: 00101") || len(p.Detail) > 300 {
			t.Errorf("%.40q: error %.300v", name, err)
		}
	}
}
