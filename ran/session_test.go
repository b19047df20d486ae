package ran_test

import (
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// withSession brings the UE into a registration with PDU session 1.
func (b *bed) withSession() {
	b.t.Helper()
	b.registered()
	b.with(b.session, func() {
		if _, err := b.ue.EstablishSession(b.t.Context(), 1, ue.SessionOptions{DNN: "internet"}); err != nil {
			b.t.Error(err)
		}
	})
}

// TestSession follows TS 23.502 §4.3.2.2 and checks what the UE asks for and learns.
func TestSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.registered()
		slice := testSlice
		b.with(func() {
			transport, request := b.sessionRequest()
			if transport.DNN != "internet" || transport.SNSSAI == nil || transport.SNSSAI.SNSSAI != testSlice ||
				transport.RequestType == nil || *transport.RequestType != gmm.RequestInitial {
				t.Errorf("transport %+v", transport)
			}
			o := request.ProtocolConfigurationOptions
			if !o.Asks(gsm.DNSServerIPv4Address) || !o.Asks(gsm.IPv4LinkMTU) || *request.PDUSessionType != gsm.IPv4 {
				t.Errorf("request %+v", request)
			}
			pdu := b.pdu(downlinkSM(sessionAccept(5, request.PTI)), nas.IntegrityProtectedCiphered)
			b.send(&ngap.PDUSessionResourceSetupRequest{
				AMFUENGAPID: b.amf, RANUENGAPID: b.ran,
				PDUSessionResourceSetupListSUReq: ngap.PDUSessionResourceSetupListSUReq{{
					PDUSessionID: 5, PDUSessionNASPDU: pdu, SNSSAI: ngap.NewSNSSAI(testSlice),
					PDUSessionResourceSetupRequestTransfer: b.requestTransfer(),
				}},
			})
			response := expect[*ngap.PDUSessionResourceSetupResponse](b.network)
			if len(response.PDUSessionResourceSetupListSURes) != 1 {
				t.Errorf("response %+v", response)
				return
			}
			r, err := ngap.DecodePDUSessionResourceSetupResponseTransfer(response.PDUSessionResourceSetupListSURes[0].PDUSessionResourceSetupResponseTransfer)
			if err != nil {
				t.Error(err)
				return
			}
			d := r.DLQosFlowPerTNLInformation
			if a, err := d.UPTransportLayerInformation.GTPTunnel.AddrPort(); err != nil || a.String() != "192.0.2.10:2152" {
				t.Errorf("tunnel %v, %v", a, err)
			}
			if len(d.AssociatedQosFlowList) != 1 || d.AssociatedQosFlowList[0].QosFlowIdentifier != 1 {
				t.Errorf("flows %+v", d.AssociatedQosFlowList)
			}
		}, func() {
			s, err := b.ue.EstablishSession(t.Context(), 5, ue.SessionOptions{DNN: "internet", Slice: &slice})
			if err != nil || s.Address != testUE || s.MTU != 1400 || len(s.DNS) != 1 || s.QFI != 1 || s.Type != gsm.IPv4 {
				t.Errorf("%+v, %v", s, err)
			}
		})
		synctest.Wait()
		if s, ok := b.ue.Session(5); !ok || !s.UserPlane {
			t.Errorf("session %+v", s)
		}
	})
}

// TestSessionReject carries the SMF's or the AMF's cause, TS 24.501 §6.4.1.4 and TS 24.501 §5.4.5.3.3.
func TestSessionReject(t *testing.T) {
	tests := []struct {
		name   string
		answer func(id, pti uint8, payload []byte) *gmm.DLNASTransport
		want   error
	}{
		{"SMF", func(id, pti uint8, _ []byte) *gmm.DLNASTransport {
			return downlinkSM(&gsm.PDUSessionEstablishmentReject{PDUSessionID: id, PTI: pti, Cause: gsm.CauseMissingOrUnknownDNN})
		}, gsm.CauseMissingOrUnknownDNN},
		{"AMF", func(id, _ uint8, payload []byte) *gmm.DLNASTransport {
			cause := gmm.CauseDNNNotSupportedOrNotSubscribedInTheSlice
			return &gmm.DLNASTransport{PayloadContainerType: gmm.PayloadN1SM, PayloadContainer: payload, PDUSessionID: &id, Cause: &cause}
		}, gmm.CauseDNNNotSupportedOrNotSubscribedInTheSlice},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			b := newBed(t, nil)
			b.registered()
			b.with(func() {
				transport, request := b.sessionRequest()
				b.secure(tt.answer(request.PDUSessionID, request.PTI, transport.PayloadContainer))
			}, func() {
				_, err := b.ue.EstablishSession(t.Context(), 1, ue.SessionOptions{DNN: "nowhere"})
				var reject *ue.RejectError
				if !errors.Is(err, tt.want) || !errors.As(err, &reject) {
					t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
				}
			})
			if len(b.ue.Sessions()) != 0 {
				t.Errorf("%s: a session is left", tt.name)
			}
		})
	}
}

// TestBadAccept: the UE releases a session that it cannot use, TS 24.501 §6.4.1.3.
func TestBadAccept(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*gsm.PDUSessionEstablishmentAccept)
		want  gsm.Cause
	}{
		{"no default rule", func(m *gsm.PDUSessionEstablishmentAccept) { m.AuthorizedQoSRules[0].Default = false }, gsm.CauseSemanticErrorInTheQoSOperation},
		{"no address", func(m *gsm.PDUSessionEstablishmentAccept) { m.PDUAddress = nil }, gsm.CauseInvalidMandatoryInformation},
		{"other type", func(m *gsm.PDUSessionEstablishmentAccept) { m.SelectedPDUSessionType = gsm.Ethernet }, gsm.CauseUnknownPDUSessionType},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			b := newBed(t, nil)
			b.registered()
			b.with(func() {
				_, request := b.sessionRequest()
				accept := sessionAccept(1, request.PTI)
				tt.spoil(accept)
				b.secure(downlinkSM(accept))
				release := sm[*gsm.PDUSessionReleaseRequest](b.network, uplink[*gmm.ULNASTransport](b.network))
				if release.Cause == nil || *release.Cause != tt.want {
					t.Errorf("%s: %+v", tt.name, release)
				}
			}, func() {
				var bad *ue.ProtocolError
				if _, err := b.ue.EstablishSession(t.Context(), 1, ue.SessionOptions{}); !errors.As(err, &bad) {
					t.Errorf("%s: %v", tt.name, err)
				}
			})
		})
	}
}

// TestT3580: the request is sent five times, then the procedure is aborted, TS 24.501 §6.4.1.6 a).
func TestT3580(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.registered()
		b.with(func() {
			var pti uint8
			for i := range 5 {
				_, request := b.sessionRequest()
				if i > 0 && request.PTI != pti {
					t.Errorf("PTI %d, then %d", pti, request.PTI)
				}
				pti = request.PTI
			}
		}, func() {
			start := time.Now()
			_, err := b.ue.EstablishSession(t.Context(), 1, ue.SessionOptions{})
			var timeout *ue.TimeoutError
			if !errors.As(err, &timeout) || timeout.Tries != 5 || time.Since(start) != 5*ue.T3580 {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		})
	})
}

// TestSessionRelease follows TS 23.502 §4.3.4.2.
func TestSessionRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.withSession()
		b.with(func() {
			request := sm[*gsm.PDUSessionReleaseRequest](b.network, uplink[*gmm.ULNASTransport](b.network))
			command := &gsm.PDUSessionReleaseCommand{PDUSessionID: 1, PTI: request.PTI, Cause: gsm.CauseRegularDeactivation}
			transfer := must((&ngap.PDUSessionResourceReleaseCommandTransfer{Cause: ngap.CauseNASNormalRelease}).Append(nil))
			b.send(&ngap.PDUSessionResourceReleaseCommand{
				AMFUENGAPID: b.amf, RANUENGAPID: b.ran, NASPDU: b.pdu(downlinkSM(command), nas.IntegrityProtectedCiphered),
				PDUSessionResourceToReleaseListRelCmd: ngap.PDUSessionResourceToReleaseListRelCmd{{
					PDUSessionID: 1, PDUSessionResourceReleaseCommandTransfer: transfer,
				}},
			})
			if m := expect[*ngap.PDUSessionResourceReleaseResponse](b.network); len(m.PDUSessionResourceReleasedListRelRes) != 1 {
				t.Errorf("response %+v", m)
			}
			complete := sm[*gsm.PDUSessionReleaseComplete](b.network, uplink[*gmm.ULNASTransport](b.network))
			if complete.PTI != request.PTI {
				t.Errorf("PTI %d, want %d", complete.PTI, request.PTI)
			}
		}, func() {
			if err := b.ue.ReleaseSession(t.Context(), 1); err != nil {
				t.Error(err)
			}
		})
		if len(b.ue.Sessions()) != 0 {
			t.Error("a session is left")
		}
	})
}

// idle releases the connection, TS 23.502 §4.2.6.
func (b *bed) idle() {
	b.t.Helper()
	b.with(func() {
		request := expect[*ngap.UEContextReleaseRequest](b.network)
		b.release(request.Cause)
	}, func() {
		if err := b.gnb.ReleaseUE(b.t.Context(), b.ue, ngap.CauseRadioNetworkUserInactivity); err != nil {
			b.t.Error(err)
		}
		if err := b.ue.AwaitIdle(b.t.Context()); err != nil {
			b.t.Error(err)
		}
	})
}

// TestServiceRequest follows TS 23.502 §4.2.3.2: the complete message is ciphered inside, TS 24.501 §4.4.6.
func TestServiceRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.withSession()
		b.idle()
		if err := b.ue.SendPacket(1, []byte{0x45}); !errors.Is(err, ue.ErrNoBearer) {
			t.Errorf("packet in idle mode: %v", err)
		}
		b.with(func() {
			request, i := initial[*gmm.ServiceRequest](b.network)
			if i.RRCEstablishmentCause != ngap.RRCEstablishmentCauseMOData || i.FiveGSTMSI == nil || uint32(i.FiveGSTMSI.FiveGTMSI) != b.tmsi {
				t.Errorf("initial UE message %+v", i)
			}
			if request.UplinkDataStatus != nil || request.PDUSessionStatus != nil || request.STMSI.GUTI.TMSI != b.tmsi {
				t.Errorf("service request %+v", request)
			}
			b.sec.CryptContainer(b.count, request.NASMessageContainer)
			m, err := gmm.Decode(request.NASMessageContainer)
			if err != nil {
				t.Errorf("container: %v", err)
				return
			}
			whole := asNAS[*gmm.ServiceRequest](b.network, m)
			if !whole.UplinkDataStatus.Has(1) || !whole.PDUSessionStatus.Has(1) {
				t.Errorf("complete service request %+v", whole)
			}
			status := gmm.NewPSISet(1)
			setup := b.contextSetup(b.pdu(&gmm.ServiceAccept{PDUSessionStatus: &status}, nas.IntegrityProtectedCiphered))
			setup.UEAggregateMaximumBitRate = &ngap.UEAggregateMaximumBitRate{
				UEAggregateMaximumBitRateDL: 1e9, UEAggregateMaximumBitRateUL: 1e9,
			}
			setup.PDUSessionResourceSetupListCxtReq = ngap.PDUSessionResourceSetupListCxtReq{{
				PDUSessionID: 1, SNSSAI: ngap.NewSNSSAI(testSlice), PDUSessionResourceSetupRequestTransfer: b.requestTransfer(),
			}}
			b.send(setup)
			if m := expect[*ngap.InitialContextSetupResponse](b.network); len(m.PDUSessionResourceSetupListCxtRes) != 1 {
				t.Errorf("response %+v", m)
			}
		}, func() {
			if r, err := b.ue.ServiceRequest(t.Context(), ue.ServiceOptions{}); err != nil || len(r.Failed) != 0 {
				t.Errorf("%+v, %v", r, err)
			}
		})
		if s, ok := b.ue.Session(1); !ok || !s.UserPlane {
			t.Errorf("session %+v", s)
		}
	})
}

// TestPaging: the UE answers with a mobile terminated service request, TS 23.502 §4.2.3.3.
func TestPaging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.withSession()
		b.idle()
		b.with(func() {
			stmsi := ngap.NewFiveGSTMSI(ident.GUTI{GUAMI: testGUAMI, TMSI: b.tmsi}.STMSI())
			page := &ngap.Paging{
				UEPagingIdentity: ngap.UEPagingIdentity{FiveGSTMSI: &stmsi},
				TAIListForPaging: ngap.TAIListForPaging{{TAI: ngap.NewTAI(testTAI)}},
			}
			other := *page
			wrong := stmsi
			wrong.FiveGTMSI++
			other.UEPagingIdentity.FiveGSTMSI = &wrong
			b.send(&other) // nobody
			b.send(page)
			request, i := initial[*gmm.ServiceRequest](b.network)
			if request.ServiceType != gmm.ServiceMobileTerminated || i.RRCEstablishmentCause != ngap.RRCEstablishmentCauseMTAccess {
				t.Errorf("service type %v, cause %v", request.ServiceType, i.RRCEstablishmentCause)
			}
			b.send(b.contextSetup(b.pdu(&gmm.ServiceAccept{}, nas.IntegrityProtectedCiphered)))
			expect[*ngap.InitialContextSetupResponse](b.network)
		}, func() {
			if err := b.ue.AwaitPaging(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := b.ue.ServiceRequest(t.Context(), ue.ServiceOptions{}); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestServiceReject: cause #9 makes the UE forget its identity, TS 24.501 §5.6.1.5.
func TestServiceReject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.withSession()
		b.idle()
		b.with(func() {
			initial[*gmm.ServiceRequest](b.network)
			b.plain(&gmm.ServiceReject{Cause: gmm.CauseUEIdentityCannotBeDerivedByTheNetwork})
			b.release(ngap.CauseNASUnspecified)
		}, func() {
			_, err := b.ue.ServiceRequest(t.Context(), ue.ServiceOptions{})
			if !errors.Is(err, gmm.CauseUEIdentityCannotBeDerivedByTheNetwork) {
				t.Errorf("got %v", err)
			}
		})
		if s := b.ue.Status(); s.Registered || s.GUTI != nil || len(b.ue.Sessions()) != 0 {
			t.Errorf("status %+v", s)
		}
	})
}

// TestT3517: five tries at most, TS 24.501 §5.6.1.7 c).
func TestT3517(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.registered()
		b.idle()
		b.with(func() {
			for range 2 {
				initial[*gmm.ServiceRequest](b.network)
			}
		}, func() {
			start := time.Now()
			_, err := b.ue.ServiceRequest(t.Context(), ue.ServiceOptions{Attempts: 2})
			var timeout *ue.TimeoutError
			if !errors.As(err, &timeout) || time.Since(start) != 2*ue.T3517 {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		})
	})
}

// TestDeregistration: by the UE with an answer, by switch-off without, and unanswered (T3521), TS 24.501 §5.5.2.2.
func TestDeregistration(t *testing.T) {
	for _, switchOff := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := newBed(t, nil)
			b.withSession()
			b.with(func() {
				m := uplink[*gmm.DeregistrationRequestUEOriginating](b.network)
				if m.DeregistrationType.SwitchOff() != switchOff || m.MobileIdentity.GUTI.TMSI != b.tmsi {
					t.Errorf("request %+v", m)
				}
				if !switchOff {
					b.secure(&gmm.DeregistrationAcceptUEOriginating{})
				}
				b.release(ngap.CauseNASDeregister)
			}, func() {
				if err := b.ue.Deregister(t.Context(), switchOff); err != nil {
					t.Error(err)
				}
			})
			if b.ue.Status().Registered || len(b.ue.Sessions()) != 0 {
				t.Error("still registered")
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.registered()
		b.with(func() {
			for range 5 {
				uplink[*gmm.DeregistrationRequestUEOriginating](b.network)
			}
		}, func() {
			start := time.Now()
			var timeout *ue.TimeoutError
			if err := b.ue.Deregister(t.Context(), false); !errors.As(err, &timeout) || time.Since(start) != 5*ue.T3521 {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		})
	})
}

// TestDeregistrationByNetwork: the UE acknowledges and tells why, TS 24.501 §5.5.2.3.
func TestDeregistrationByNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.withSession()
		b.with(func() {
			cause := gmm.CauseIllegalUE
			b.secure(&gmm.DeregistrationRequestUETerminated{DeregistrationType: gmm.Deregister3GPP, Cause: &cause})
			uplink[*gmm.DeregistrationAcceptUETerminated](b.network)
			b.release(ngap.CauseNASDeregister)
		}, func() {
			if err := b.ue.Await(t.Context(), func(s ue.Status) bool { return !s.Registered }); err != nil {
				t.Error(err)
			}
		})
		if s := b.ue.Status(); !errors.Is(s.End, gmm.CauseIllegalUE) || s.GUTI != nil {
			t.Errorf("status %+v", s)
		}
	})
}

// TestConfigurationUpdate gives a new 5G-GUTI, TS 24.501 §5.4.4.
func TestConfigurationUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.registered()
		b.with(func() {
			ack := gmm.AcknowledgementRequested
			guti := gmm.GUTIIdentity(ident.GUTI{GUAMI: testGUAMI, TMSI: 99})
			b.secure(&gmm.ConfigurationUpdateCommand{ConfigurationUpdateIndication: &ack, GUTI: &guti})
			uplink[*gmm.ConfigurationUpdateComplete](b.network)
		}, func() {})
		if s := b.ue.Status(); s.GUTI == nil || s.GUTI.TMSI != 99 {
			t.Errorf("5G-GUTI %v", s.GUTI)
		}
	})
}

// TestGUTIRegistration: a second registration is protected and hides what is not cleartext, TS 24.501 §4.4.6.
func TestGUTIRegistration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.registered()
		b.idle()
		b.with(func() {
			request, _ := initial[*gmm.RegistrationRequest](b.network)
			if request.MobileIdentity.Type != gmm.IdentityGUTI || request.NgKSI.Value() != b.ksi || request.Capability != nil {
				t.Errorf("request %+v", request)
			}
			b.sec.CryptContainer(b.count, request.NASMessageContainer)
			m, err := gmm.Decode(request.NASMessageContainer)
			if err != nil {
				t.Errorf("container: %v", err)
				return
			}
			if whole := asNAS[*gmm.RegistrationRequest](b.network, m); whole.Capability == nil || whole.LastVisitedRegisteredTAI == nil {
				t.Errorf("complete request %+v", whole)
			}
			b.authenticate() // re-authentication within the old context, TS 24.501 §5.4.1.3
			b.securityMode(request.UESecurityCapability)
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

// TestHooks: a UE that keeps silent, doubles, or changes what it sends.
func TestHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []string
		b := newBed(t, func(_ *gnb.Config, c *ue.Config) {
			c.Hooks.Uplink = func(m gmm.Message) []gmm.Message {
				sent = append(sent, m.Name())
				switch m := m.(type) {
				case *gmm.AuthenticationResponse:
					m.RES[0] ^= 1
				case *gmm.AuthenticationFailure:
					return nil
				case *gmm.IdentityResponse:
					return []gmm.Message{m, m}
				}
				return []gmm.Message{m}
			}
		})
		b.with(func() {
			initial[*gmm.RegistrationRequest](b.network)
			request, want, _ := b.challenge()
			b.plain(request)
			if r := uplink[*gmm.AuthenticationResponse](b.network); [16]byte(want) == *r.RES {
				t.Error("RES* is right")
			}
			request.AUTN[15] ^= 1
			request.RAND[0] ^= 1
			b.plain(request) // its failure is swallowed
			b.plain(&gmm.IdentityRequest{IdentityType: gmm.IdentitySUCI})
			uplink[*gmm.IdentityResponse](b.network)
			uplink[*gmm.IdentityResponse](b.network)
			b.plain(&gmm.AuthenticationReject{})
			b.release(ngap.CauseNASAuthenticationFailure)
		}, func() {
			if err := b.ue.Register(t.Context(), ue.RegisterOptions{}); err == nil {
				t.Error("registered")
			}
		})
		want := []string{"RegistrationRequest", "AuthenticationResponse", "AuthenticationFailure", "IdentityResponse"}
		if !reflect.DeepEqual(sent, want) {
			t.Errorf("sent %v, want %v", sent, want)
		}
	})
}
