package smf

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// signals tells a benchmark that a step is done.
type signals struct {
	*fakeUDM
	*fakePCF
	sent, registered, gone chan struct{}
}

func (s *signals) N1N2MessageTransfer(context.Context, ident.SUPI, namf.N1N2MessageTransferReqData) (namf.N1N2MessageTransferRspData, error) {
	s.sent <- struct{}{}
	return namf.N1N2MessageTransferRspData{}, nil
}

func (s *signals) SMContextStatusNotify(context.Context, ident.SUPI, uint8, string) error { return nil }

func (s *signals) RegisterSMF(context.Context, ident.SUPI, nudm.SMFRegistration) error {
	s.registered <- struct{}{}
	return nil
}

func (s *signals) DeregisterSMF(context.Context, ident.SUPI, uint8) error {
	s.gone <- struct{}{}
	return nil
}

// BenchmarkEstablishment makes and ends a session: 5GSM, NGAP transfers and three PFCP exchanges over memory, the
// UPF's side of PFCP included.
func BenchmarkEstablishment(b *testing.B) {
	near, far := pfcp.Pipe(smfN4, upfN4)
	upf := newFakeUPF(far)
	done := make(chan struct{}, 1)
	s := &signals{
		fakeUDM: &fakeUDM{registered: map[uint8]nudm.SMFRegistration{}, data: nudm.SessionManagementSubscriptionData{
			DefaultSessionType: nudm.IPv4, DefaultSSCMode: 1, SessionAMBR: nudm.AMBR{Uplink: 100e6, Downlink: 200e6},
			DefaultQoS: nudm.SubscribedDefaultQoS{FiveQI: 9, ARP: nudm.ARP{PriorityLevel: 8}}}},
		fakePCF: &fakePCF{policies: map[string]bool{}}, sent: done, registered: done, gone: done,
	}
	cfg := testConfig()
	cfg.DNNs[0].Pools = []netip.Prefix{netip.MustParsePrefix("10.45.0.0/16")}
	smf, err := New(cfg, Deps{SDM: s, UECM: s, Policy: s, AMF: s, N4: near}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	stopped := make(chan struct{})
	go func() { defer close(stopped); _ = smf.Run(ctx) }()
	for !smf.UPFs()[0].Up {
		time.Sleep(time.Millisecond)
	}
	data, accepts := createData(request(1, nil)), gnbAccepts(7)
	b.ReportAllocs()
	for b.Loop() {
		created, err := smf.CreateSMContext(ctx, data)
		if err != nil {
			b.Fatal(err)
		}
		<-done
		if _, err := smf.UpdateSMContext(ctx, created.Ref, accepts); err != nil {
			b.Fatal(err)
		}
		<-done
		if err := smf.ReleaseSMContext(ctx, created.Ref, nsmf.SMContextReleaseData{}); err != nil {
			b.Fatal(err)
		}
		<-done
	}
	b.StopTimer()
	cancel()
	<-stopped
	if err := upf.Close(); err != nil {
		b.Error(err)
	}
}
