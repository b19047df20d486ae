package flows

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/nf/upf/memory"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/wire/aper"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// mobilityVerbs are what moves UEs between gNBs, and what shows that their packets follow.
func (s *stage) mobilityVerbs() verbs {
	return verbs{
		"handover": s.handover,
		"tunnel":   s.tunnel,
	}
}

// handover hands a UE over to another gNB: "handover u1 gnb2", over Xn or with via=n2. forwarding=direct, indirect or
// none; cancel=preparing, commanded or arrived; stay: the UE does not leave; twice: the gNB asks twice.
// capabilities=wrong: the target is told wrong ones. source=N: it names another's AMF UE NGAP ID. target=unknown: the
// source names a gNB that there is not; target=eps: one of EPS.
func (s *stage) handover(ctx context.Context, c *command) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	if len(c.words) < 3 || s.cells[c.words[2]] == nil {
		return errors.New("handover UE GNB")
	}
	source, target := s.camps[u], s.cells[c.words[2]]
	forwarding := map[string]gnb.Forwarding{"indirect": gnb.IndirectForwarding, "none": gnb.NoForwarding}[c.options["forwarding"]]
	if c.options["via"] != "n2" {
		o := gnb.XnOptions{Forwarding: forwarding}
		if c.options["capabilities"] == "wrong" {
			o.Capabilities = &ngap.UESecurityCapabilities{NRintegrityProtectionAlgorithms: 1 << 15}
		}
		if n := c.options["source"]; n != "" {
			id, err := strconv.ParseUint(n, 10, 40)
			if err != nil {
				return err
			}
			o.Source = new(ngap.AMFUENGAPID(id))
		}
		if err := source.HandOverXn(ctx, u, target, o); err != nil {
			return err
		}
		s.camps[u] = target
		return nil
	}
	o := gnb.N2Options{
		Forwarding: forwarding, Stay: c.has("stay"), Twice: c.has("twice"), Target: targetOf(c.options["target"]),
		Cancel: map[string]gnb.Moment{"preparing": gnb.Preparing, "commanded": gnb.Commanded, "arrived": gnb.Arrived}[c.options["cancel"]],
	}
	if err := source.HandOverN2(ctx, u, target, o); err != nil {
		return err
	}
	if !o.Stay && o.Cancel != gnb.Preparing && o.Cancel != gnb.Commanded {
		s.camps[u] = target
	}
	return nil
}

// has tells whether a word stands in the line beside those of the verb.
func (c *command) has(word string) bool {
	for _, w := range c.words[1:] {
		if w == word {
			return true
		}
	}
	return false
}

// targetOf is the Target ID of a gNB that there is not, or of another system; nil for none.
func targetOf(name string) *ngap.TargetID {
	plmn, _ := ident.ParsePLMN("00101") // it is one
	switch name {
	case "unknown":
		return &ngap.TargetID{TargetRANNodeID: &ngap.TargetRANNodeID{
			GlobalRANNodeID: ngap.GlobalRANNodeID{GlobalGNBID: &ngap.GlobalGNBID{
				PLMNIdentity: ngap.PLMNIdentity(plmn), GNBID: ngap.GNBID{GNBID: aper.BitString{Bytes: []byte{0, 0, 0xff, 0xff}, Len: 32}},
			}},
			SelectedTAI: ngap.NewTAI(ident.TAI{PLMN: plmn, TAC: 1}),
		}}
	case "area":
		return &ngap.TargetID{TargetRANNodeID: &ngap.TargetRANNodeID{
			GlobalRANNodeID: ngap.GlobalRANNodeID{GlobalGNBID: &ngap.GlobalGNBID{
				PLMNIdentity: ngap.PLMNIdentity(plmn), GNBID: ngap.GNBID{GNBID: aper.BitString{Bytes: []byte{0, 0, 0, 2}, Len: 32}},
			}},
			SelectedTAI: ngap.NewTAI(ident.TAI{PLMN: plmn, TAC: 99}),
		}}
	}
	return nil
}

// tunnel sends a downlink packet to a UE's session and checks into which gNB's tunnel it goes: "tunnel u1 1 gnb2". With
// marker=GNB an end marker must have gone there since the last such line. "tunnel u1 1 none": it waits for the UE.
func (s *stage) tunnel(ctx context.Context, c *command) error {
	if len(c.words) < 4 {
		return errors.New("tunnel UE SESSION GNB")
	}
	if s.path == nil {
		return s.tunnelSeen(ctx, c)
	}
	before := s.path.Sent()
	if err := s.downlink(ctx, c); err != nil {
		return err
	}
	after := s.path.Sent()
	if from := c.options["marker"]; from != "" && !marked(before, s.n3Of(from)) {
		return fmt.Errorf("no end marker has gone to %s", from)
	}
	want := s.n3Of(c.words[3])
	switch {
	case c.words[3] == "none" && len(after) == 0:
		return nil
	case len(after) != 1 || after[0].Peer != want:
		return fmt.Errorf("the packet went to %v, want one to %v", after, want)
	}
	return nil
}

// tunnelSeen is tunnel where only the UE can tell: the packet comes to it, and so through the gNB at which it is.
func (s *stage) tunnelSeen(ctx context.Context, c *command) error {
	came, err := s.arrives(ctx, c)
	if err != nil {
		return err
	}
	u, _ := s.ue(c) // it was found before
	if want := c.words[3]; came != (want != "none") || came && s.camps[u] != s.cells[want] {
		return fmt.Errorf("the packet came to the UE: %v, which is at %s: %v", came, want, s.camps[u] == s.cells[want])
	}
	return nil
}

func marked(sent []memory.Packet, at netip.Addr) bool {
	for _, p := range sent {
		if p.End && p.Peer == at {
			return true
		}
	}
	return false
}

// n3Of is the N3 address of a gNB; not valid if there is none of that name.
func (s *stage) n3Of(name string) netip.Addr {
	if g := s.cells[name]; g != nil {
		return g.N3()
	}
	return netip.Addr{}
}

// xn lets what gNBs say to each other stand in the ladder; what they say to the core comes from the core.
func (s *stage) xn(e ladder.Event) {
	if e.Interface == ladder.Xn {
		s.recorder.record(e)
	}
}

// refuseSessions makes a gNB not take over some sessions of a handover: without=2 or without=2,3.
func refuseSessions(c *command) func(uint8) *ngap.Cause {
	without := c.options["without"]
	if without == "" {
		return nil
	}
	return func(session uint8) *ngap.Cause {
		for s := range strings.SplitSeq(without, ",") {
			if s == strconv.Itoa(int(session)) {
				return new(ngap.CauseRadioNetworkRadioResourcesNotAvailable)
			}
		}
		return nil
	}
}

// strayMobility is a message of a handover that a gNB might send at any time, of a session 1.
func strayMobility(name string, amfID ngap.AMFUENGAPID, ranID ngap.RANUENGAPID, tai ident.TAI) ngap.Message {
	location := ngap.UserLocationInformation{UserLocationInformationNR: &ngap.UserLocationInformationNR{
		NRCGI: ngap.NRCGI{PLMNIdentity: ngap.PLMNIdentity(tai.PLMN), NRCellIdentity: 16}, TAI: ngap.NewTAI(tai),
	}}
	switch name {
	case "PathSwitchRequest":
		address, _ := ngap.NewTransportLayerAddress(netip.MustParseAddr("127.0.0.99"), netip.Addr{}) // it is one
		transfer, _ := (&ngap.PathSwitchRequestTransfer{
			DLNGUUPTNLInformation: ngap.UPTransportLayerInformation{GTPTunnel: &ngap.GTPTunnel{TransportLayerAddress: address, GTPTEID: 7}},
			QosFlowAcceptedList:   ngap.QosFlowAcceptedList{{QosFlowIdentifier: 1}},
		}).Append(nil)
		return &ngap.PathSwitchRequest{SourceAMFUENGAPID: amfID, RANUENGAPID: ranID, UserLocationInformation: location,
			PDUSessionResourceToBeSwitchedDLList: ngap.PDUSessionResourceToBeSwitchedDLList{{PDUSessionID: 1, PathSwitchRequestTransfer: transfer}}}
	case "HandoverRequired":
		transfer, _ := (&ngap.HandoverRequiredTransfer{}).Append(nil)
		return &ngap.HandoverRequired{AMFUENGAPID: amfID, RANUENGAPID: ranID, TargetID: *targetOf("unknown"),
			Cause:                              ngap.CauseRadioNetworkHandoverDesirableForRadioReason,
			PDUSessionResourceListHORqd:        ngap.PDUSessionResourceListHORqd{{PDUSessionID: 1, HandoverRequiredTransfer: transfer}},
			SourceToTargetTransparentContainer: ngap.SourceToTargetTransparentContainer{0}}
	case "HandoverNotify":
		return &ngap.HandoverNotify{AMFUENGAPID: amfID, RANUENGAPID: ranID, UserLocationInformation: location}
	case "HandoverCancel":
		return &ngap.HandoverCancel{AMFUENGAPID: amfID, RANUENGAPID: ranID, Cause: ngap.CauseRadioNetworkHandoverCancelled}
	case "HandoverRequestAcknowledge":
		return &ngap.HandoverRequestAcknowledge{AMFUENGAPID: amfID, RANUENGAPID: ranID,
			PDUSessionResourceAdmittedList:     ngap.PDUSessionResourceAdmittedList{{PDUSessionID: 1, HandoverRequestAcknowledgeTransfer: []byte{0}}},
			TargetToSourceTransparentContainer: ngap.TargetToSourceTransparentContainer{0}}
	}
	return nil
}
