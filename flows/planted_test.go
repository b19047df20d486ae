package flows

import (
	"encoding/binary"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// TestPlantedLeaks: what is taken from one part of a running core behind the backs of the others is found by the audit of
// a core at work, the one of limpid audit, and nothing is before.
func TestPlantedLeaks(t *testing.T) {
	const first = ident.SUPI("imsi-001010000000001")
	for name, c := range map[string]struct {
		plant func(t *testing.T, s *stage)
		want  string
	}{
		"session taken from the UPF":   {takeFromUPF, "and the UPF does not"},
		"URR of nobody on the UPF":     {plantURR, "at the UPF, and"},
		"session of nobody on the UPF": {plantOnUPF, "the UPF has it and the SMF does not"},
		"session taken from the store": {func(t *testing.T, s *stage) { removeStored(t, s, first, false) }, "not in the store"},
		"UE taken from the store":      {func(t *testing.T, s *stage) { removeStored(t, s, first, true) }, "registered and not in the store"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Parse("planted", []byte("TS 23.502 §4.2: planted\n-- script --\nwait 1s\n"))
			if err != nil {
				t.Fatal(err)
			}
			dir := folder(t)
			synctest.Test(t, func(t *testing.T) {
				s, err := newStage(&f, dir, slog.New(slog.DiscardHandler), synctest.Wait)
				if err != nil {
					t.Fatal(err)
				}
				if text, err := s.play([]string{"gnb gnb1", "ue u1", "register u1", "session u1 1", "wait 2s"}); err != nil {
					t.Fatalf("%v\n%s", err, text)
				}
				if found, err := s.core.AuditLive(t.Context()); err != nil || len(found) > 0 {
					t.Errorf("before: %v, found %q", err, found)
				}
				c.plant(t, s)
				s.settle()
				found, err := s.core.AuditLive(t.Context())
				if err != nil || !strings.Contains(strings.Join(found, "\n"), c.want) {
					t.Errorf("%v, found %q, want one with %q", err, found, c.want)
				}
				if err := s.close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
		})
	}
}

// takeFromUPF deletes the session with the address of the SMF.
func takeFromUPF(t *testing.T, s *stage) {
	v, err := s.core.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := octets(t, sessionMessage(pfcp.TypeSessionDeletionRequest, 1, 0x777, ""))
	binary.BigEndian.PutUint64(b[4:], v.SMF.Sessions[0].RemoteSEID)
	end, _ := s.n4Ends.Load(n4[0])
	if _, err := end.(*pfcp.PipeConn).WriteToUDPAddrPort(b, n4[1]); err != nil {
		t.Fatal(err)
	}
}

// removeStored takes what the store has of a UE: its own context, or those of its sessions.
func removeStored(t *testing.T, s *stage, supi ident.SUPI, own bool) {
	ctx := t.Context()
	for u, err := range s.life.disk.UEs(ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		if own && u.SUPI == supi {
			if err := s.life.disk.RemoveUE(ctx, supi, u.Node, u.Epoch); err != nil {
				t.Fatal(err)
			}
		}
	}
	for sm, err := range s.life.disk.SMs(ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		if !own && sm.SUPI == supi {
			if err := s.life.disk.RemoveSM(ctx, supi, sm.PDUSessionID, sm.SEID); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// plantOnUPF makes a session with the address of the SMF, which does not hear the answer.
func plantOnUPF(t *testing.T, s *stage) {
	s.n4Fault.Store(&n4Fault{kind: "loses", message: "SessionEstablishmentResponse"})
	v, err := s.core.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	address := netip.MustParseAddr("10.60.0.77")
	m := &pfcp.SessionEstablishmentRequest{NodeID: pfcp.NodeID{Addr: n4[0].Addr()}, CPFSEID: pfcp.FSEID{SEID: 0x4711, IPv4: n4[0].Addr()},
		CreatePDR: []pfcp.CreatePDR{{PDRID: 1, Precedence: 100, FARID: pfcp.Some(pfcp.FARID(1)), PDI: pfcp.PDI{SourceInterface: pfcp.InterfaceAccess,
			LocalFTEID: pfcp.Some(pfcp.FTEID{ChooseIPv4: true}), UEIPAddress: []pfcp.UEIPAddress{{IPv4: address}}, NetworkInstance: pfcp.Some(pfcp.NetworkInstance("internet"))}}},
		CreateFAR: []pfcp.CreateFAR{{FARID: 1, ApplyAction: pfcp.ApplyFORW, ForwardingParameters: pfcp.Some(pfcp.ForwardingParameters{
			DestinationInterface: pfcp.InterfaceCore, NetworkInstance: pfcp.Some(pfcp.NetworkInstance("internet"))})}},
		PDNType: pfcp.Some(pfcp.PDNTypeIPv4)}
	end, _ := s.n4Ends.Load(n4[0])
	end.(*pfcp.PipeConn).Deliver(pfcp.Append(nil, pfcp.Header{Sequence: 0x888}, m))
	s.settle()
	now, err := s.core.View(t.Context())
	if err != nil || len(now.UPF.Sessions) != len(v.UPF.Sessions)+1 {
		t.Fatalf("the UPF has %d sessions and had %d, %v", len(now.UPF.Sessions), len(v.UPF.Sessions), err)
	}
}

// plantURR has the UPF measure a session once more, with the address of the SMF.
func plantURR(t *testing.T, s *stage) {
	v, err := s.core.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m := &pfcp.SessionModificationRequest{CreateURR: []pfcp.CreateURR{{URRID: 77, MeasurementMethod: pfcp.MeasureVOLUM}}}
	end, _ := s.n4Ends.Load(n4[0])
	end.(*pfcp.PipeConn).Deliver(pfcp.Append(nil, pfcp.Header{SEID: v.SMF.Sessions[0].RemoteSEID, Sequence: 0x999}, m))
}
