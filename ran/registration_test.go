package ran_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// TestRegistration follows TS 23.502 §4.2.2.2.2 and checks what each message must hold.
func TestRegistration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, func(_ *gnb.Config, c *ue.Config) { c.Slices = []ident.SNSSAI{testSlice} })
		b.with(func() {
			request, i := initial[*gmm.RegistrationRequest](b.network)
			if i.RRCEstablishmentCause != ngap.RRCEstablishmentCauseMOSignalling || i.FiveGSTMSI != nil {
				t.Errorf("initial UE message %+v", i)
			}
			// TS 24.501 §4.4.6: only cleartext elements without a security context.
			if request.RequestedNSSAI != nil || request.Capability != nil || request.NASMessageContainer != nil {
				t.Errorf("not only cleartext elements: %+v", request)
			}
			if request.NgKSI != gmm.NoKey || request.MobileIdentity.Type != gmm.IdentitySUCI {
				t.Errorf("ngKSI %v, identity %v", request.NgKSI, request.MobileIdentity)
			}
			b.authenticate()
			complete, m := b.securityMode(request.UESecurityCapability)
			if complete.IMEISV == nil || complete.IMEISV.Equipment.String() != ue.DefaultIMEISV {
				t.Errorf("IMEISV %v", complete.IMEISV)
			}
			if whole := asNAS[*gmm.RegistrationRequest](b.network, m); len(whole.RequestedNSSAI) != 1 || whole.Capability == nil {
				t.Errorf("the complete initial message lacks elements: %+v", whole)
			}
			b.send(b.contextSetup(b.pdu(b.accept(), nas.IntegrityProtectedCiphered)))
			expect[*ngap.InitialContextSetupResponse](b.network)
			uplink[*gmm.RegistrationComplete](b.network)
		}, func() {
			if err := b.ue.Register(t.Context(), ue.RegisterOptions{}); err != nil {
				t.Error(err)
			}
		})
		s := b.ue.Status()
		if !s.Registered || !s.Connected || !s.Secure || s.GUTI == nil || s.GUTI.TMSI != 1 || s.NEA != testNEA || s.NIA != testNIA {
			t.Errorf("status %+v", s)
		}
	})
}

// TestMACFailure: a USIM with another key, TS 24.501 §5.4.1.3.6 c). After three the network is not genuine, TS 24.501 §5.4.1.3.7.
func TestMACFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, func(_ *gnb.Config, c *ue.Config) { c.USIM.Algorithm = otherAlgorithm() })
		b.with(func() {
			initial[*gmm.RegistrationRequest](b.network)
			for range 3 {
				request, _, _ := b.challenge()
				b.plain(request)
				if f := uplink[*gmm.AuthenticationFailure](b.network); f.Cause != gmm.CauseMACFailure || f.AUTS != nil {
					t.Errorf("failure %+v", f)
				}
			}
			if m := expect[*ngap.UEContextReleaseRequest](b.network); m.Cause != ngap.CauseRadioNetworkRadioConnectionWithUELost {
				t.Errorf("cause %v", m.Cause)
			}
			b.release(ngap.CauseNASAuthenticationFailure)
		}, func() {
			if err := b.ue.Register(t.Context(), ue.RegisterOptions{}); !errors.Is(err, ue.ErrNotGenuine) {
				t.Errorf("got %v, want %v", err, ue.ErrNotGenuine)
			}
		})
	})
}

// TestSynchFailure: the USIM is ahead; its AUTS brings the network to the right number, TS 33.102 §6.3.5.
func TestSynchFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ahead = aka.SQN(1000 << aka.INDBits)
		b := newBed(t, func(_ *gnb.Config, c *ue.Config) {
			if err := c.USIM.SQN.Accept(ahead); err != nil {
				t.Fatal(err)
			}
		})
		b.with(func() {
			registration, _ := initial[*gmm.RegistrationRequest](b.network)
			request, _, _ := b.challenge()
			b.plain(request)
			failure := uplink[*gmm.AuthenticationFailure](b.network)
			if failure.Cause != gmm.CauseSynchFailure || failure.AUTS == nil {
				t.Errorf("failure %+v", failure)
				return
			}
			rand, auts := aka.RAND(*request.RAND), aka.AUTS(*failure.AUTS)
			sqn, err := aka.OpenAUTS(testAlgorithm(), &rand, &auts)
			if err != nil || sqn != ahead {
				t.Errorf("AUTS: %v, %v", sqn, err)
			}
			b.sqn = sqn
			b.authenticate()
			b.securityMode(registration.UESecurityCapability)
			b.send(b.contextSetup(b.pdu(b.accept(), nas.IntegrityProtectedCiphered)))
			expect[*ngap.InitialContextSetupResponse](b.network)
			uplink[*gmm.RegistrationComplete](b.network)
		}, func() {
			if err := b.ue.Register(t.Context(), ue.RegisterOptions{}); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestSeparationBit: a vector that is not for 5G, TS 33.501 §6.1.3.2.
func TestSeparationBit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.with(func() {
			initial[*gmm.RegistrationRequest](b.network)
			v := aka.NewVector(testAlgorithm(), aka.RAND{1}, 32, aka.AMF{})
			rand, autn := [16]byte(v.RAND), [16]byte(v.AUTN)
			b.plain(&gmm.AuthenticationRequest{ABBA: []byte{0, 0}, RAND: &rand, AUTN: &autn})
			if f := uplink[*gmm.AuthenticationFailure](b.network); f.Cause != gmm.CauseNon5GAuthenticationUnacceptable {
				t.Errorf("cause %v", f.Cause)
			}
			b.plain(&gmm.AuthenticationReject{})
			b.release(ngap.CauseNASAuthenticationFailure)
		}, func() {
			var reject *ue.RejectError
			if err := b.ue.Register(t.Context(), ue.RegisterOptions{}); !errors.As(err, &reject) || reject.Message != "AuthenticationReject" {
				t.Errorf("got %v", err)
			}
		})
	})
}

// TestRegistrationReject carries the network's cause and back-off, TS 24.501 §5.5.1.2.5.
func TestRegistrationReject(t *testing.T) {
	for _, cause := range []gmm.Cause{gmm.CausePLMNNotAllowed, gmm.CauseTrackingAreaNotAllowed, gmm.CauseCongestion, gmm.CauseIllegalUE} {
		synctest.Test(t, func(t *testing.T) {
			b := newBed(t, nil)
			b.with(func() {
				initial[*gmm.RegistrationRequest](b.network)
				reject := &gmm.RegistrationReject{Cause: cause}
				if cause == gmm.CauseCongestion {
					t3346 := nas.NewGPRSTimer2(60e9)
					reject.T3346 = &t3346
				}
				b.plain(reject)
				b.release(ngap.CauseNASUnspecified)
			}, func() {
				err := b.ue.Register(t.Context(), ue.RegisterOptions{})
				var got gmm.Cause
				var reject *ue.RejectError
				if !errors.As(err, &got) || got != cause || !errors.As(err, &reject) {
					t.Errorf("got %v, want %v", err, cause)
				} else if (reject.BackOff != 0) != (cause == gmm.CauseCongestion) {
					t.Errorf("back-off %v", reject.BackOff)
				}
			})
			if b.ue.Status().Registered {
				t.Error("registered")
			}
		})
	}
}

// TestSecurityModeReject: what the UE refuses, TS 24.501 §5.4.2.3 and TS 24.501 §5.4.2.5.
func TestSecurityModeReject(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(b *bed, m *gmm.SecurityModeCommand) []byte
		want  gmm.Cause
	}{
		{"bidding down", func(b *bed, m *gmm.SecurityModeCommand) []byte {
			m.ReplayedUESecurityCapabilities = gmm.NewUESecurityCapability([]uint8{0}, []uint8{0, 1})
			return b.pdu(m, nas.IntegrityProtectedNewContext)
		}, gmm.CauseUESecurityCapabilitiesMismatch},
		{"null integrity", func(b *bed, m *gmm.SecurityModeCommand) []byte {
			m.SelectedNASSecurityAlgorithms = gmm.NewSecurityAlgorithms(0, 0)
			pdu := b.pdu(m, nas.IntegrityProtectedNewContext)
			clear(pdu[2:6]) // the code of 5G-IA0
			return pdu
		}, gmm.CauseSecurityModeRejectedUnspecified},
		{"wrong MAC", func(b *bed, m *gmm.SecurityModeCommand) []byte {
			pdu := b.pdu(m, nas.IntegrityProtectedNewContext)
			pdu[2] ^= 1
			return pdu
		}, gmm.CauseSecurityModeRejectedUnspecified},
		{"other key set", func(b *bed, m *gmm.SecurityModeCommand) []byte {
			m.NgKSI = (m.NgKSI + 1) % 7
			return b.pdu(m, nas.IntegrityProtectedNewContext)
		}, gmm.CauseSecurityModeRejectedUnspecified},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			b := newBed(t, nil)
			b.with(func() {
				request, _ := initial[*gmm.RegistrationRequest](b.network)
				b.authenticate()
				b.sec = b.newContext()
				pdu := tt.spoil(b, b.command(request.UESecurityCapability))
				b.sec = nil
				b.transport(pdu)
				if m := uplink[*gmm.SecurityModeReject](b.network); m.Cause != tt.want {
					t.Errorf("%s: cause %v, want %v", tt.name, m.Cause, tt.want)
				}
				b.release(ngap.CauseNASUnspecified)
			}, func() {
				if err := b.ue.Register(t.Context(), ue.RegisterOptions{}); !errors.Is(err, ue.ErrReleased) {
					t.Errorf("%s: %v", tt.name, err)
				}
			})
		})
	}
}

// TestIdentityRequest: the SUCI at any time, the rest only after security, TS 24.501 §4.4.4.2 and TS 24.501 §5.4.3.
func TestIdentityRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.with(func() {
			request, _ := initial[*gmm.RegistrationRequest](b.network)
			b.plain(&gmm.IdentityRequest{IdentityType: gmm.IdentityIMEISV}) // no answer
			b.plain(&gmm.IdentityRequest{IdentityType: gmm.IdentitySUCI})
			if id := uplink[*gmm.IdentityResponse](b.network).MobileIdentity; id.Type != gmm.IdentitySUCI {
				t.Errorf("identity %v", id)
			}
			b.authenticate()
			b.securityMode(request.UESecurityCapability)
			for _, want := range []gmm.IdentityType{gmm.IdentityIMEISV, gmm.IdentityIMEI, gmm.IdentitySUCI} {
				b.secure(&gmm.IdentityRequest{IdentityType: want})
				if id := uplink[*gmm.IdentityResponse](b.network).MobileIdentity; id.Type != want {
					t.Errorf("identity %v, want %v", id, want)
				}
			}
			b.send(b.contextSetup(b.pdu(b.accept(), nas.IntegrityProtectedCiphered)))
			expect[*ngap.InitialContextSetupResponse](b.network)
			uplink[*gmm.RegistrationComplete](b.network)
		}, func() {
			if err := b.ue.Register(t.Context(), ue.RegisterOptions{}); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestT3510: silence ends the registration after T3510, and the UE tries again after T3511, TS 24.501 §5.5.1.2.7 c).
func TestT3510(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.with(func() {
			initial[*gmm.RegistrationRequest](b.network)
			b.amf--
			b.register()
		}, func() {
			start := now()
			err := b.ue.Register(t.Context(), ue.RegisterOptions{Attempts: 2})
			if took := now().Sub(start); err != nil || took != ue.T3510+ue.T3511 {
				t.Errorf("%v after %v", err, took)
			}
		})
	})
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.with(func() { initial[*gmm.RegistrationRequest](b.network) }, func() {
			start := now()
			var timeout *ue.TimeoutError
			err := b.ue.Register(t.Context(), ue.RegisterOptions{})
			if !errors.As(err, &timeout) || timeout.Timer != "T3510" || now().Sub(start) != ue.T3510 {
				t.Errorf("%v after %v", err, now().Sub(start))
			}
		})
	})
}

// TestWrongKgNB: the gNB's key is not the UE's, so AS security fails, TS 38.413 §8.3.1.3.
func TestWrongKgNB(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.with(func() {
			request, _ := initial[*gmm.RegistrationRequest](b.network)
			b.authenticate()
			b.securityMode(request.UESecurityCapability)
			b.count++
			b.send(b.contextSetup(b.pdu(b.accept(), nas.IntegrityProtectedCiphered)))
			m := expect[*ngap.InitialContextSetupFailure](b.network)
			if m.Cause != ngap.CauseRadioNetworkFailureInRadioInterfaceProcedure {
				t.Errorf("cause %v", m.Cause)
			}
			b.release(ngap.CauseNASUnspecified)
		}, func() {
			if err := b.ue.Register(t.Context(), ue.RegisterOptions{}); !errors.Is(err, ue.ErrReleased) {
				t.Errorf("got %v", err)
			}
		})
	})
}

// TestReplayAndPlain: a message sent twice and a plain one count for nothing after security, TS 24.501 §4.4.3.2, TS 24.501 §4.4.4.2.
func TestReplayAndPlain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.registered()
		b.with(func() {
			pdu := b.pdu(&gmm.IdentityRequest{IdentityType: gmm.IdentityIMEISV}, nas.IntegrityProtectedCiphered)
			b.transport(append([]byte(nil), pdu...))
			b.transport(pdu)
			b.plain(&gmm.IdentityRequest{IdentityType: gmm.IdentitySUCI})
			b.secure(&gmm.IdentityRequest{IdentityType: gmm.IdentityGUTI})
			for _, want := range []gmm.IdentityType{gmm.IdentityIMEISV, gmm.IdentityGUTI} {
				if id := uplink[*gmm.IdentityResponse](b.network).MobileIdentity; id.Type != want {
					t.Errorf("identity %v, want %v", id, want)
				}
			}
		}, func() {})
	})
}
