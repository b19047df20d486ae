package ran_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/sctp"
)

func newGNB(t *testing.T, edit func(*gnb.Config)) (*gnb.GNB, *network) {
	t.Helper()
	a, b := sctp.Pipe()
	c := gnb.Config{
		Name: "gnb1", ID: 0x3fffff, IDBits: 22, PLMN: testPLMN, TAC: 1, Slices: []ident.SNSSAI{{SST: 1, SD: 0x010203}},
		Dial: func(context.Context) (sctp.Association, error) { return b, nil },
	}
	if edit != nil {
		edit(&c)
	}
	g, err := gnb.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close(context.Background()) })
	return g, &network{t: t, assoc: a, upf: testUPF, imsi: testIMSI}
}

// TestNGSetup checks what the request holds, TS 38.413 §9.2.6.1.
func TestNGSetup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, n := newGNB(t, nil)
		done := n.script(func() {
			m := expect[*ngap.NGSetupRequest](n)
			id := m.GlobalRANNodeID.GlobalGNBID
			if id == nil || id.GNBID.GNBID.Len != 22 || !reflect.DeepEqual(id.GNBID.GNBID.Bytes, []byte{0xff, 0xff, 0xfc}) {
				t.Errorf("identity %+v", m.GlobalRANNodeID)
			}
			ta := m.SupportedTAList[0]
			slice := ta.BroadcastPLMNList[0].TAISliceSupportList[0].SNSSAI.Ident()
			if ta.TAC != 1 || ta.BroadcastPLMNList[0].PLMNIdentity.PLMN() != testPLMN || slice != (ident.SNSSAI{SST: 1, SD: 0x010203}) {
				t.Errorf("tracking area %+v", ta)
			}
			n.send(&ngap.NGSetupResponse{
				AMFName: "amf", ServedGUAMIList: ngap.ServedGUAMIList{{GUAMI: ngap.NewGUAMI(testGUAMI)}},
				PLMNSupportList: ngap.PLMNSupportList{{
					PLMNIdentity:     ngap.PLMNIdentity(testPLMN),
					SliceSupportList: ngap.SliceSupportList{{SNSSAI: ngap.NewSNSSAI(testSlice)}},
				}},
			})
		})
		if err := g.Setup(t.Context()); err != nil {
			t.Error(err)
		}
		<-done
		if amf := g.AMF(); amf == nil || amf.AMFName != "amf" {
			t.Errorf("AMF %+v", amf)
		}
	})
}

// TestNGSetupFailure carries the cause and the time to wait, TS 38.413 §8.7.1.3; silence ends in an error as well.
func TestNGSetupFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, n := newGNB(t, nil)
		done := n.script(func() {
			expect[*ngap.NGSetupRequest](n)
			wait := ngap.TimeToWaitV5s
			n.send(&ngap.NGSetupFailure{Cause: ngap.CauseMiscUnknownPLMNOrSNPN, TimeToWait: &wait})
		})
		var e *gnb.SetupError
		if err := g.Setup(t.Context()); !errors.As(err, &e) || e.Cause != ngap.CauseMiscUnknownPLMNOrSNPN || e.Wait != 5*time.Second {
			t.Errorf("got %v", err)
		}
		<-done
	})
	synctest.Test(t, func(t *testing.T) {
		g, n := newGNB(t, nil)
		done := n.script(func() { expect[*ngap.NGSetupRequest](n) })
		if err := g.Setup(t.Context()); !errors.Is(err, gnb.ErrTimeout) {
			t.Errorf("got %v", err)
		}
		<-done
	})
}

// TestReconnect: the gNB notices a dead AMF, releases its UEs, and sets up again with back-off.
func TestReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := make(chan sctp.Association, 4)
		dials := 0
		g, n := newGNB(t, func(c *gnb.Config) {
			c.Reconnect = true
			c.Dial = func(context.Context) (sctp.Association, error) {
				if dials++; dials == 2 {
					return nil, sctp.ErrPeerUnreachable
				}
				a, b := sctp.Pipe()
				ends <- a
				return b, nil
			}
		})
		setup := func() {
			n.assoc = <-ends
			n.setup()
		}
		done := n.script(setup)
		if err := g.Setup(t.Context()); err != nil {
			t.Error(err)
		}
		<-done
		u, err := ue.New(ue.Config{USIM: &ue.USIM{SUPI: "imsi-" + testIMSI, HomePLMN: testPLMN, Algorithm: testAlgorithm()}})
		if err != nil {
			t.Fatal(err)
		}
		u.Camp(g)
		b := &bed{network: n, gnb: g, ue: u}
		b.registered()
		start := time.Now()
		n.assoc.Abort("killed")
		<-n.script(setup)
		synctest.Wait()
		if took := time.Since(start); took != 3*time.Second { // 1 s, then 2 s after the failed dial
			t.Errorf("reconnected after %v", took)
		}
		if s := u.Status(); s.Connected || !s.Registered || g.AMF() == nil {
			t.Errorf("status %+v, AMF %v", s, g.AMF())
		}
		b.with(func() {
			initial[*gmm.ServiceRequest](n)
			n.send(n.contextSetup(n.pdu(&gmm.ServiceAccept{}, nas.IntegrityProtectedCiphered)))
			expect[*ngap.InitialContextSetupResponse](n)
		}, func() {
			if _, err := u.ServiceRequest(t.Context(), ue.ServiceOptions{}); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestAMFLost: without Reconnect the gNB says so and gives no service.
func TestAMFLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.registered()
		b.assoc.Abort("killed")
		<-b.gnb.Done()
		if err := b.ue.AwaitIdle(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := b.ue.ServiceRequest(t.Context(), ue.ServiceOptions{}); !errors.Is(err, radio.ErrNoService) {
			t.Errorf("got %v", err)
		}
		var abort *sctp.AbortError
		if !errors.As(b.gnb.Err(), &abort) {
			t.Errorf("reason %v", b.gnb.Err())
		}
	})
}

// TestReset in both directions, TS 38.413 §8.7.4.
func TestReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.registered()
		b.with(func() {
			m := expect[*ngap.NGReset](b.network)
			list := m.ResetType.PartOfNGInterface
			if len(list) != 1 || *list[0].RANUENGAPID != b.ran || *list[0].AMFUENGAPID != b.amf {
				t.Errorf("reset %+v", m)
			}
			b.send(&ngap.NGResetAcknowledge{UEAssociatedLogicalNGConnectionList: list})
		}, func() {
			if err := b.gnb.Reset(t.Context(), ngap.CauseMiscOMIntervention, b.ue); err != nil {
				t.Error(err)
			}
		})
		if b.ue.Status().Connected {
			t.Error("the UE is still connected")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.registered()
		b.with(func() {
			all := ngap.ResetAllResetAll
			b.send(&ngap.NGReset{Cause: ngap.CauseMiscUnspecified, ResetType: ngap.ResetType{NGInterface: &all}})
			expect[*ngap.NGResetAcknowledge](b.network)
		}, func() {
			if err := b.ue.AwaitIdle(t.Context()); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestUnknownUE: a message for no UE, and one that cannot be read, are reported, TS 38.413 §10.6 and TS 38.413 §10.2.
func TestUnknownUE(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		b.with(func() {
			initial[*gmm.RegistrationRequest](b.network)
			b.plain(&gmm.RegistrationReject{Cause: gmm.CausePLMNNotAllowed})
			b.amf++ // not the identity that the AMF gave first
			b.plain(&gmm.Status{Cause: gmm.CauseProtocolErrorUnspecified})
			m := expect[*ngap.ErrorIndication](b.network)
			if m.Cause == nil || *m.Cause != ngap.CauseRadioNetworkInconsistentRemoteUENGAPID {
				t.Errorf("error indication %+v", m)
			}
			b.amf, b.ran = 7, 70
			b.plain(&gmm.Status{Cause: gmm.CauseProtocolErrorUnspecified})
			m = expect[*ngap.ErrorIndication](b.network)
			if m.Cause == nil || *m.Cause != ngap.CauseRadioNetworkUnknownLocalUENGAPID || *m.RANUENGAPID != 70 || *m.AMFUENGAPID != 7 {
				t.Errorf("error indication %+v", m)
			}
			if err := b.assoc.Send(t.Context(), sctp.Message{PPID: sctp.PPIDNGAP, Data: []byte{0, 4, 0x40, 1}}); err != nil {
				t.Error(err)
			}
			m = expect[*ngap.ErrorIndication](b.network)
			if m.Cause == nil || m.Cause.Group() != ngap.CauseGroupProtocol {
				t.Errorf("error indication %+v", m)
			}
		}, func() {
			if err := b.ue.Register(t.Context(), ue.RegisterOptions{}); !errors.Is(err, gmm.CausePLMNNotAllowed) {
				t.Errorf("got %v", err)
			}
		})
	})
}

// TestOverload bars what the AMF does not want, TS 38.413 §8.7.6.2.
func TestOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, nil)
		action := ngap.OverloadActionRejectRRCCrSignalling
		b.send(&ngap.OverloadStart{AMFOverloadResponse: &ngap.OverloadResponse{OverloadAction: &action}})
		synctest.Wait()
		if err := b.ue.Register(t.Context(), ue.RegisterOptions{}); !errors.Is(err, radio.ErrBarred) {
			t.Errorf("got %v", err)
		}
		b.send(&ngap.OverloadStop{})
		synctest.Wait()
		b.registered()
	})
}

// TestReduction bars as much of it as the AMF says, TS 38.413 §8.7.6.2; a gNB that ignores the AMF bars nothing.
func TestReduction(t *testing.T) {
	for _, ignored := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := newBed(t, func(c *gnb.Config, _ *ue.Config) { c.Hooks.IgnoreOverload = ignored })
			action, reduction := ngap.OverloadActionRejectRRCCrSignalling, ngap.TrafficLoadReductionIndication(40)
			b.send(&ngap.OverloadStart{AMFOverloadResponse: &ngap.OverloadResponse{OverloadAction: &action}, AMFTrafficLoadReductionIndication: &reduction})
			synctest.Wait()
			barred := 0
			for range 5 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				if errors.Is(b.ue.Register(ctx, ue.RegisterOptions{}), radio.ErrBarred) {
					barred++
				}
				cancel()
			}
			if want := map[bool]int{false: 2, true: 0}[ignored]; barred != want {
				t.Errorf("%d of 5 are barred, want %d", barred, want)
			}
		})
	}
}

// TestRefuse: a gNB that has no resources, TS 38.413 §8.2.1.3 and TS 38.413 §8.3.1.3.
func TestRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := ngap.CauseRadioNetworkRadioResourcesNotAvailable
		b := newBed(t, func(c *gnb.Config, _ *ue.Config) {
			c.Hooks.Refuse = func(m ngap.Message) *ngap.Cause {
				if _, ok := m.(*ngap.PDUSessionResourceSetupRequest); ok {
					return &cause
				}
				return nil
			}
		})
		b.registered()
		b.with(func() {
			b.sessionRequest()
			b.send(&ngap.PDUSessionResourceSetupRequest{
				AMFUENGAPID: b.amf, RANUENGAPID: b.ran,
				PDUSessionResourceSetupListSUReq: ngap.PDUSessionResourceSetupListSUReq{{
					PDUSessionID: 1, SNSSAI: ngap.NewSNSSAI(testSlice), PDUSessionResourceSetupRequestTransfer: b.requestTransfer(),
				}},
			})
			m := expect[*ngap.PDUSessionResourceSetupResponse](b.network)
			if len(m.PDUSessionResourceFailedToSetupListSURes) != 1 || len(m.PDUSessionResourceSetupListSURes) != 0 {
				t.Errorf("response %+v", m)
				return
			}
			f, err := ngap.DecodePDUSessionResourceSetupUnsuccessfulTransfer(m.PDUSessionResourceFailedToSetupListSURes[0].PDUSessionResourceSetupUnsuccessfulTransfer)
			if err != nil || f.Cause != cause {
				t.Errorf("transfer %+v, %v", f, err)
			}
		}, func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := b.ue.EstablishSession(ctx, 1, ue.SessionOptions{}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	})
}

// TestLadder: the arrows of a registration in the order of TS 23.502 §4.2.2.2.2.
func TestLadder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var arrows []string
		sink := func(e ladder.Event) { arrows = append(arrows, e.From+">"+e.To+" "+string(e.Interface)+" "+e.Message) }
		b := newBed(t, func(g *gnb.Config, u *ue.Config) { g.Ladder, u.Ladder = sink, sink })
		b.registered()
		want := []string{
			"gnb1>AMF N2 NGSetupRequest", "AMF>gnb1 N2 NGSetupResponse",
			"UE>AMF N1 RegistrationRequest", "gnb1>AMF N2 InitialUEMessage",
			"AMF>gnb1 N2 DownlinkNASTransport", "AMF>UE N1 AuthenticationRequest",
			"UE>AMF N1 AuthenticationResponse", "gnb1>AMF N2 UplinkNASTransport",
			"AMF>gnb1 N2 DownlinkNASTransport", "AMF>UE N1 SecurityModeCommand",
			"UE>AMF N1 SecurityModeComplete", "gnb1>AMF N2 UplinkNASTransport",
			"AMF>gnb1 N2 InitialContextSetupRequest", "gnb1>AMF N2 InitialContextSetupResponse",
			"AMF>UE N1 RegistrationAccept", "UE>AMF N1 RegistrationComplete", "gnb1>AMF N2 UplinkNASTransport",
		}
		if !reflect.DeepEqual(arrows, want) {
			t.Errorf("got  %q\nwant %q", arrows, want)
		}
	})
}
