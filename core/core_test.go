package core

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/manage/subscriber"
	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/memory"
	"github.com/limpid-5g/limpid/ran"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/pfcp"
	"github.com/limpid-5g/limpid/wire/sctp"
)

const testConfig = `
name: test
amf:
  n2: {address: 127.0.0.1}
  plmns: [{plmn: "00101", tacs: [1], slices: ["1"]}]
smf:
  dnns: [{name: internet, slices: ["1"], pools: [10.45.0.0/16]}]
upf: {n3: {address: 127.0.0.1}}
`

const (
	testKey = "465B5CE8B199B49FAA5F0A2EE238A6BC"
	testOPc = "E8ED289DEBA952E4283B54E88E6183CA"
)

func parse(t *testing.T, edit ...string) *config.Config {
	t.Helper()
	cfg, err := config.Parse("limpid.yaml", []byte(strings.NewReplacer(edit...).Replace(testConfig)))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// bench is a core in memory with a gNB: pipes for N2 and N4, packets as function calls.
type bench struct {
	t    *testing.T
	core *Core
	gnb  *gnb.GNB

	mu     sync.Mutex
	events []ladder.Event
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t}
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "limpid.db"), sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	in := subscriber.Input{IMSI: "001010000000001", Key: testKey, OPc: testOPc}
	if err := subscriber.Add(t.Context(), st, in); err != nil {
		t.Fatal(err)
	}
	b.core, err = New(t.Context(), parse(t), Options{
		Log: slog.New(slog.DiscardHandler), Ladder: b.see, Store: st, WithoutN2: true, WithoutControl: true, N4: pipes(),
		Datapath: func(upf.Config, *slog.Logger) (upf.Datapath, error) { return memory.New(), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := b.core.Run(ctx); err != nil {
			t.Errorf("core: %v", err)
		}
	})
	if !b.core.AwaitUPFs(ctx) || !b.core.allUPFsUp() {
		t.Error("no association with the UPF")
	}
	near, far := sctp.Pipe()
	serving.Go(func() { b.core.ServeN2(ctx, near) })
	b.gnb, err = gnb.New(gnb.Config{Name: "gNB 1", ID: 1, PLMN: ident.PLMN{0x00, 0xf1, 0x10}, TAC: 1, N3: netip.MustParseAddr("127.0.0.3"),
		Dial: func(context.Context) (sctp.Association, error) { return far, nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.gnb.Setup(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.gnb.Close(context.Background()); err != nil {
			t.Errorf("gNB: %v", err)
		}
		stop()
		serving.Wait()
		if err := errors.Join(b.core.Close(), st.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

func (b *bench) see(e ladder.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
}

// pipes gives the SMF and the UPF the two ends of one link.
func pipes() func(netip.AddrPort) (pfcp.PacketConn, error) {
	smf, upf := netip.MustParseAddrPort("127.0.0.1:8805"), netip.MustParseAddrPort("127.0.0.2:8805")
	one, two := pfcp.Pipe(smf, upf)
	return func(a netip.AddrPort) (pfcp.PacketConn, error) {
		switch a {
		case smf:
			return one, nil
		case upf:
			return two, nil
		}
		return nil, fmt.Errorf("nobody is at %s", a)
	}
}

func (b *bench) phone(imsi, key string) *ue.UE {
	b.t.Helper()
	usim, err := ran.Credentials{IMSI: imsi, Key: key, OPc: testOPc}.USIM(ident.PLMN{0x00, 0xf1, 0x10})
	if err != nil {
		b.t.Fatal(err)
	}
	u, err := ue.New(ue.Config{USIM: usim, Slices: []ident.SNSSAI{{SST: 1, SD: ident.NoSD}}})
	if err != nil {
		b.t.Fatal(err)
	}
	u.Camp(b.gnb)
	return u
}

// TestCall is a whole call in virtual time, TS 23.502 §4.2.2.2.2 and §4.3.2.2.1, with each step on the ladder.
func TestCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		u := b.phone("001010000000001", testKey)
		if err := u.Register(t.Context(), ue.RegisterOptions{}); err != nil {
			t.Fatal(err)
		}
		s, err := u.EstablishSession(t.Context(), 1, ue.SessionOptions{DNN: "internet"})
		if err != nil {
			t.Fatal(err)
		}
		if want := netip.MustParseAddr("10.45.0.2"); s.Address != want {
			t.Errorf("address %s, want %s", s.Address, want)
		}
		synctest.Wait()
		if n := b.core.upf.Sessions(); n != 1 {
			t.Errorf("%d sessions at the UPF", n)
		}
		if err := u.Deregister(t.Context(), false); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := b.core.upf.Sessions(); n != 0 {
			t.Errorf("%d sessions at the UPF after deregistration", n)
		}
		b.inOrder(
			"SMF UPF PFCP Association Setup Request", "AMF AUSF Nausf_UEAuthentication_Authenticate Request",
			"AUSF UDM Nudm_UEAuthentication_Get Request", "UDM UDR Nudr_DM_Query Request",
			"UDM AUSF Nudm_UEAuthentication_Get Response", "AUSF AMF Nausf_UEAuthentication_Authenticate Response",
			"AUSF UDM Nudm_UEAuthentication_ResultConfirmation Request", "AMF UDM Nudm_UECM_Registration Request",
			"AMF UDM Nudm_SDM_Get Request", "AMF NSSF Nnssf_NSSelection_Get Request", "AMF PCF Npcf_AMPolicyControl_Create Request",
			"AMF SMF Nsmf_PDUSession_CreateSMContext Request", "SMF UDM Nudm_SDM_Get Request", "SMF PCF Npcf_SMPolicyControl_Create Request",
			"SMF UPF PFCP Session Establishment Request", "SMF AMF Namf_Communication_N1N2MessageTransfer Request",
			"AMF SMF Nsmf_PDUSession_UpdateSMContext Request", "AMF SMF Nsmf_PDUSession_ReleaseSMContext Request",
		)
		b.keepsSecrets()
	})
}

// inOrder looks for arrows, which others may come between.
func (b *bench) inOrder(want ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := make([]string, 0, len(b.events))
	for _, e := range b.events {
		seen = append(seen, e.From+" "+e.To+" "+e.Message)
	}
	rest := seen
	for _, w := range want {
		i := slices.Index(rest, w)
		if i < 0 {
			b.t.Fatalf("no %q where it is due in\n%s", w, strings.Join(seen, "\n"))
		}
		rest = rest[i+1:]
	}
}

// keepsSecrets: no arrow has a key or names a person.
func (b *bench) keepsSecrets() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		for _, secret := range []string{testKey, testOPc, "001010000000001", "0-0-0-0000000001"} {
			if strings.Contains(strings.ToUpper(e.Detail), secret) {
				b.t.Errorf("%s tells %s: %s", e.Message, secret, e.Detail)
			}
		}
	}
}

// TestWrongKey: the causes of TS 24.501 §5.4.1.3.5 and of an unknown subscriber reach the UE through all functions.
func TestWrongKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		wrong := b.phone("001010000000001", strings.Repeat("00", 16))
		if err := wrong.Register(t.Context(), ue.RegisterOptions{}); err == nil {
			t.Error("a UE with a wrong key is registered")
		}
		unknown := b.phone("001010000000009", testKey)
		err := unknown.Register(t.Context(), ue.RegisterOptions{})
		var reject *ue.RejectError
		if !errors.As(err, &reject) || reject.GMM != gmm.CauseIllegalUE && reject.GMM != gmm.Cause5GSServicesNotAllowed {
			t.Errorf("unknown subscriber: %v", err)
		}
		known := b.phone("001010000000001", testKey)
		if err := known.Register(t.Context(), ue.RegisterOptions{}); err != nil {
			t.Errorf("the next UE: %v", err)
		}
	})
}

// TestNoTracerWithoutSink: nothing lies between two functions unless somebody watches.
func TestNoTracerWithoutSink(t *testing.T) {
	s := &tracedSMF{}
	if got := (tracer{}).smf("AMF", s); got != s {
		t.Errorf("%T", got)
	}
	if got := (tracer{sink: func(ladder.Event) {}}).smf("AMF", s); got == s {
		t.Error("not traced")
	}
}

func TestConcealed(t *testing.T) {
	for identity, want := range map[string]string{
		"imsi-001010000000001":               "imsi-001**********01",
		"suci-0-001-01-0-0-0-0000000042":     "suci-0-001-01-0-0-0-00...42",
		"suci-0-001-01-0-1-1-5a8d38864820":   "suci-0-001-01-0-1-1-5a...20",
		"suci-0-001-01-0-0-0-42":             "suci-0-001-01-0-0-0-***",
		"":                                   "?",
		"nai-somebody@example.org":           "?",
		"suci-1-example.org-0-0-0-user-name": "?",
	} {
		if got := concealed(identity); got != want {
			t.Errorf("%q: %q, want %q", identity, got, want)
		}
	}
}

// TestNewErrors: what is missing is told at once, in one line with its place, and everything opened is closed again.
func TestNewErrors(t *testing.T) {
	inMemory := func(upf.Config, *slog.Logger) (upf.Datapath, error) { return memory.New(), nil }
	failing := func(upf.Config, *slog.Logger) (upf.Datapath, error) { return nil, errors.New("no TUN here") }
	for _, c := range []struct {
		name     string
		edit     []string
		datapath func(upf.Config, *slog.Logger) (upf.Datapath, error)
		want     string
	}{
		{"N4 of the SMF", []string{"smf:\n", "smf:\n  n4: {address: 198.51.100.7}\n"}, inMemory,
			"limpid.yaml:7:8: smf.n4.address: pfcp: "},
		{"N4 of the UPF", []string{"upf: {", "upf: {n4: {address: 198.51.100.7}, "}, inMemory, "limpid.yaml:8:12: upf.n4.address: upf: n4: "},
		{"N2", []string{"n2: {address: 127.0.0.1}", "n2: {address: 198.51.100.7, sctp: udp}"}, inMemory, "limpid.yaml:4:8: amf.n2.address: "},
		{"data path", nil, failing, "limpid.yaml:8:1: upf: no TUN here"},
		{"store", []string{"name: test", "store: {path: /nosuch/limpid.db}"}, inMemory, "limpid.yaml:2:9: store.path: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			opts := Options{Log: slog.New(slog.DiscardHandler), Datapath: c.datapath}
			got, err := New(t.Context(), parse(t, c.edit...), opts)
			if got != nil || err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v\nwant  %s", err, c.want)
			}
		})
	}
}

// TestCheck: what only a network function can judge is told with its place too.
func TestCheck(t *testing.T) {
	if err := Check(parse(t)); err != nil {
		t.Error(err)
	}
	cfg := parse(t, "smf:\n", "pcf: {session_policies: [{dnn: internet, rules: [{name: a, 5qi: 1, flows: [permit nonsense]}]}]}\nsmf:\n")
	err := Check(cfg)
	if want := "limpid.yaml:6:7: pcf.session_policies: "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v\nwant  %s", err, want)
	}
}
