package upf_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"log/slog"
	"net/netip"
	"testing"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/memory"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// FuzzN4 gives a UPF with an association and a session any request: each that is a request of a known type gets a
// response with a cause or the answer of a heartbeat, nothing panics, and what the UPF holds can be given back,
// TS 29.244 §7.6.
func FuzzN4(f *testing.F) {
	add := func(seid uint64, m pfcp.Message) { f.Add(pfcp.Append(nil, pfcp.Header{SEID: seid, Sequence: 9}, m)) }
	add(0, request(netip.MustParseAddr("10.60.0.9")))
	add(0, &pfcp.AssociationSetupRequest{NodeID: node, RecoveryTimeStamp: 2})
	add(0, &pfcp.AssociationReleaseRequest{NodeID: node})
	add(0, &pfcp.HeartbeatRequest{RecoveryTimeStamp: 2})
	add(0, &pfcp.PFDManagementRequest{ApplicationIDsPFDs: []pfcp.ApplicationIDsPFDs{{ApplicationID: "a"}}})
	add(1, far(pfcp.ApplyFORW, 0x1001))
	add(1, &pfcp.SessionModificationRequest{RemovePDR: []pfcp.RemovePDR{{PDRID: 1}}, CreatePDR: request(ue).CreatePDR, UpdateURR: []pfcp.UpdateURR{{URRID: 1, VolumeQuota: octets(0)}},
		PFCPSMReqFlags: pfcp.Some(pfcp.SMReqQAURR | pfcp.SMReqDROBU)})
	add(1, &pfcp.SessionDeletionRequest{})
	f.Fuzz(func(t *testing.T, wire []byte) {
		near, far := pfcp.Pipe(smfAddr, upfAddr)
		cfg := config()
		cfg.N4Conn = far
		u, err := upf.New(cfg, memory.New(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- u.Run(ctx) }()
		defer func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			_ = near.Close()
		}()
		buf := make([]byte, 1<<16)
		var rest []byte // of a datagram with several answers
		read := func() (pfcp.Header, pfcp.Message) {
			if len(rest) == 0 {
				n, _, err := near.ReadFromUDPAddrPort(buf)
				if err != nil {
					t.Fatal(err)
				}
				rest = bytes.Clone(buf[:n])
			}
			one := rest
			if h, _, err := pfcp.DecodeHeader(rest); err == nil && h.FollowOn {
				one = rest[:4+int(binary.BigEndian.Uint16(rest[2:]))]
			}
			rest = rest[len(one):]
			h, m, err := pfcp.Decode(one)
			if err != nil {
				t.Fatalf("the answer %x cannot be read: %v", one, err)
			}
			return h, m
		}
		say := func(b []byte) {
			if _, err := near.WriteToUDPAddrPort(b, upfAddr); err != nil {
				t.Fatal(err)
			}
		}
		// ask passes over the answers to what was not waited for.
		ask := func(sequence uint32, seid uint64, m pfcp.Message) pfcp.Message {
			say(pfcp.Append(nil, pfcp.Header{Sequence: sequence, SEID: seid}, m))
			for {
				if h, answer := read(); h.Sequence == sequence {
					return answer
				}
			}
		}
		const afterwards = 0xfffff0 // the first sequence number after the input
		ask(1, 0, &pfcp.AssociationSetupRequest{NodeID: node, RecoveryTimeStamp: 1})
		made, ok := ask(2, 0, request(ue)).(*pfcp.SessionEstablishmentResponse)
		if !ok || made.Cause != pfcp.CauseRequestAccepted {
			t.Fatalf("%+v", made)
		}
		h, _, err := pfcp.DecodeHeader(wire)
		if h.Sequence >= afterwards {
			return
		}
		if err == nil && h.Type.HasSession() && h.SEID == 1 { // the corpus calls the session so, octets 5 to 12 of the header
			wire = bytes.Clone(wire)
			binary.BigEndian.PutUint64(wire[4:], made.UPFSEID.Value().SEID)
		}
		say(wire)
		known := err == nil && !h.Type.IsResponse() && pfcp.Refusal(h.Type, node, &pfcp.Error{}) != nil
		if known && h.Sequence > 2 && h.Type != pfcp.TypeNodeReportRequest && h.Type != pfcp.TypeSessionReportRequest {
			answer, m := read()
			for h.FollowOn && (answer.Type != h.Type.Response() || answer.Sequence != h.Sequence) {
				answer, m = read() // of a request that came with it
			}
			if _, ok := pfcp.CauseOf(m); !ok || answer.Type != h.Type.Response() || answer.Sequence != h.Sequence {
				t.Fatalf("%s answered by %s: %+v", h.Type, answer.Type, m)
			}
		}
		// It lives, and can be taken back to where it was.
		ask(afterwards, 0, &pfcp.AssociationSetupRequest{NodeID: node, RecoveryTimeStamp: 1})
		for id := range uint32(8) { // another node may have set up an association by now: its sessions are not ours
			ask(afterwards+1+id, made.UPFSEID.Value().SEID+uint64(id), &pfcp.SessionDeletionRequest{})
		}
		if sessions, slots, peers, used := u.Held(); sessions != 0 || slots != 0 || peers != 0 || used != 0 {
			t.Fatalf("left: %d sessions, %d slots with a session, %d tunnels of peers, %d slots taken", sessions, slots, peers, used)
		}
	})
}
