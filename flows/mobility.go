package flows

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

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
		"operator": s.operator,
		"flood":    s.flood,
		"connect":  s.connectOnly,
		"ask-xn":   s.askXn,
	}
}

// handover hands a UE over to another gNB: "handover u1 gnb2", over Xn or with via=n2. forwarding=direct, indirect or
// none; cancel=preparing, commanded or arrived; stay: the UE does not leave; twice: the gNB asks twice.
// spoil: what the UE hears of NAS security is wrong.
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
	source, target := s.camps.get(u), s.cells[c.words[2]]
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
		s.camps.set(u, target)
		return nil
	}
	o := gnb.N2Options{
		Forwarding: forwarding, Stay: c.has("stay"), Twice: c.has("twice"), Spoil: c.has("spoil"), DAPS: c.has("daps"), Target: targetOf(c.options["target"]),
		Cancel: map[string]gnb.Moment{"preparing": gnb.Preparing, "commanded": gnb.Commanded, "arrived": gnb.Arrived}[c.options["cancel"]],
	}
	if s.dial != nil { // in virtual time a moment is enough
		o.Settle = s.settle
	}
	if err := source.HandOverN2(ctx, u, target, o); err != nil {
		return err
	}
	if !o.Stay && o.Cancel != gnb.Preparing && o.Cancel != gnb.Commanded {
		s.camps.set(u, target)
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
	case "eps":
		enb := uint32(1)
		return &ngap.TargetID{TargeteNBID: &ngap.TargeteNBID{
			GlobalENBID:    ngap.GlobalNgENBID{PLMNIdentity: ngap.PLMNIdentity(plmn), NgENBID: ngap.NgENBID{MacroNgENBID: &enb}},
			SelectedEPSTAI: ngap.EPSTAI{PLMNIdentity: ngap.PLMNIdentity(plmn)},
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
	if want := c.words[3]; came != (want != "none") || came && s.camps.get(u) != s.cells[want] {
		return fmt.Errorf("the packet came to the UE: %v, which is at %s: %v", came, want, s.camps.get(u) == s.cells[want])
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
	cause := ngap.CauseRadioNetworkRadioResourcesNotAvailable
	if c.options["cause"] == "slice" {
		cause = ngap.CauseRadioNetworkSliceNotSupported
	}
	return func(session uint8) *ngap.Cause {
		for s := range strings.SplitSeq(without, ",") {
			if s == strconv.Itoa(int(session)) {
				return &cause
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

// operator is what an operator orders: "operator locate u1", "operator follow u1 [off]", "operator trace u1 [off]",
// "operator voice u1", "operator deregister u1 [reregister]", "operator configure u1 [reregister]",
// "operator authenticate u1", "operator capacity 50", "operator drain [backup=NAME]", "operator reset gnb1",
// "operator weight 127.0.0.2:38412 0", "operator add 127.0.0.2:38412", "operator remove 127.0.0.2:38412", "operator rebind u1".
func (s *stage) operator(ctx context.Context, c *command) error {
	a := s.core.AMF()
	if len(c.words) < 2 {
		return errors.New("operator ORDER")
	}
	var supi ident.SUPI
	if len(c.words) > 2 && s.ues[c.words[2]] != nil {
		supi = s.ues[c.words[2]].SUPI()
	}
	const who = "a flow"
	switch c.words[1] {
	case "locate":
		at, err := a.Locate(ctx, supi, who)
		if err == nil && at.TAI != s.camps.get(s.ues[c.words[2]]).TAI() {
			return fmt.Errorf("located in %v", at.TAI)
		}
		return err
	case "follow":
		return a.FollowLocation(ctx, supi, !c.has("off"), who)
	case "trace":
		if c.has("off") {
			return a.StopTrace(ctx, supi, who)
		}
		return a.StartTrace(ctx, supi, netip.MustParseAddr("192.0.2.9"), who)
	case "voice":
		ok, err := a.CheckVoiceSupport(ctx, supi)
		if err == nil && !ok {
			return errors.New("no voice")
		}
		return err
	case "await-reachable":
		if len(c.words) > 2 && supi == "" {
			supi = "imsi-001019999999999" // of nobody
		}
		return a.AwaitReachable(ctx, supi)
	case "authenticate":
		return a.Reauthenticate(ctx, supi)
	case "deregister":
		return a.Deregister(ctx, supi, c.has("reregister"), who)
	case "configure":
		return a.UpdateConfiguration(ctx, supi, c.has("reregister"))
	case "capacity":
		n, err := strconv.ParseUint(c.words[2], 10, 8)
		a.SetCapacity(uint8(n))
		return err
	case "drain":
		s.core.Drain(c.options["backup"])
		return nil
	case "reset":
		return a.ResetGNB(c.words[2])
	case "weight", "add", "remove":
		return s.operateEndpoint(c)
	case "rebind":
		return a.ReleaseBinding(ctx, supi)
	}
	return fmt.Errorf("no order %q", c.words[1])
}

// askXn has a gNB learn another's Xn address by way of the AMF: "ask-xn gnb1 gnb2". target=unknown: it asks one that there is
// not; as=GNB: it asks in the name of that one.
func (s *stage) askXn(ctx context.Context, c *command) error {
	g, err := s.cell(c)
	if err != nil {
		return err
	}
	if len(c.words) < 3 || s.cells[c.words[2]] == nil {
		return errors.New("ask-xn GNB GNB")
	}
	other := s.cells[c.words[2]]
	target := other.TargetID()
	if named := targetOf(c.options["target"]); named != nil {
		target = named.TargetRANNodeID
	}
	at, err := g.XnAddress(ctx, target, s.cells[c.options["as"]])
	if err == nil && at != other.N3() {
		return fmt.Errorf("the Xn address is %v, want %v", at, other.N3())
	}
	return err
}

// areas reads "00101:2:1,2-010203;00102:1:1": tracking areas that a gNB supports beside that of its cell.
func areas(spec string) ([]gnb.Area, error) {
	var list []gnb.Area
	for one := range strings.SplitSeq(spec, ";") {
		parts := strings.Split(one, ":")
		if one == "" || len(parts) != 3 {
			continue
		}
		plmn, err := ident.ParsePLMN(parts[0])
		if err != nil {
			return nil, err
		}
		tac, err := strconv.ParseUint(parts[1], 10, 24)
		if err != nil {
			return nil, err
		}
		slices, err := parseSlices(parts[2])
		if err != nil {
			return nil, err
		}
		list = append(list, gnb.Area{TAI: ident.TAI{PLMN: plmn, TAC: ident.TAC(tac)}, Slices: slices})
	}
	return list, nil
}

// flood sends many messages that cost the AMF work: "flood gnb1 1000".
func (s *stage) flood(_ context.Context, c *command) error {
	n, err := strconv.Atoi(c.words[2])
	if err != nil {
		return err
	}
	for range n {
		if err := s.cells[c.words[1]].Send(stray("UEContextReleaseComplete", 900, 900)); err != nil {
			return err
		}
	}
	return nil
}

// connectOnly makes an association that says nothing, and checks that it is gone after some time: "connect gnb9 31s".
func (s *stage) connectOnly(ctx context.Context, c *command) error {
	patience, err := time.ParseDuration(c.words[2])
	if err != nil {
		return err
	}
	assoc, err := s.dialFor(c.words[1])(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := assoc.Receive(ctx); ctx.Err() != nil || err == nil {
		return errors.New("the association still stands")
	}
	return nil
}

// strayManagement is a message of N2 management that a gNB might send at any time.
func strayManagement(name string, amfID ngap.AMFUENGAPID, ranID ngap.RANUENGAPID, tai ident.TAI) ngap.Message {
	plmn := ngap.PLMNIdentity(tai.PLMN)
	switch name {
	case "RANConfigurationUpdate":
		return &ngap.RANConfigurationUpdate{RANNodeName: "renamed", SupportedTAList: ngap.SupportedTAList{{
			TAC: ngap.TAC(tai.TAC), BroadcastPLMNList: ngap.BroadcastPLMNList{{PLMNIdentity: plmn,
				TAISliceSupportList: ngap.SliceSupportList{{SNSSAI: ngap.NewSNSSAI(ident.SNSSAI{SST: 1, SD: ident.NoSD})}}}},
		}}}
	case "NASNonDeliveryIndication":
		return &ngap.NASNonDeliveryIndication{AMFUENGAPID: amfID, RANUENGAPID: ranID, NASPDU: []byte{0x7e, 0, 0x54},
			Cause: ngap.CauseRadioNetworkXNHandoverTriggered}
	case "RANCPRelocationIndication":
		return &ngap.RANCPRelocationIndication{RANUENGAPID: ranID, EUTRACGI: ngap.EUTRACGI{PLMNIdentity: plmn}, TAI: ngap.NewTAI(tai)}
	case "SecondaryRATDataUsageReport":
		transfer, _ := (&ngap.SecondaryRATDataUsageReportTransfer{SecondaryRATUsageInformation: &ngap.SecondaryRATUsageInformation{
			PDUSessionUsageReport: &ngap.PDUSessionUsageReport{PDUSessionTimedReportList: ngap.VolumeTimedReportList{{UsageCountUL: 1000, UsageCountDL: 2000}}},
		}}).Append(nil)
		return &ngap.SecondaryRATDataUsageReport{AMFUENGAPID: amfID, RANUENGAPID: ranID,
			PDUSessionResourceSecondaryRATUsageList: ngap.PDUSessionResourceSecondaryRATUsageList{{PDUSessionID: 1, SecondaryRATDataUsageReportTransfer: transfer}}}
	case "CellTrafficTrace":
		address, _ := ngap.NewTransportLayerAddress(netip.MustParseAddr("192.0.2.9"), netip.Addr{}) // it is one
		return &ngap.CellTrafficTrace{AMFUENGAPID: amfID, RANUENGAPID: ranID, NGRANCGI: ngap.NGRANCGI{NRCGI: &ngap.NRCGI{PLMNIdentity: plmn}},
			TraceCollectionEntityIPAddress: address}
	case "UplinkRANConfigurationTransfer": // of nothing that can be read
		return &ngap.UplinkRANConfigurationTransfer{SONConfigurationTransferUL: aper.Open{0xff}}
	case "ENDCConfigurationTransfer": // for an eNB
		return &ngap.UplinkRANConfigurationTransfer{ENDCSONConfigurationTransferUL: ngap.ENDCSONConfigurationTransfer{0}}
	case "RRCInactiveTransitionReport":
		return &ngap.RRCInactiveTransitionReport{AMFUENGAPID: amfID, RANUENGAPID: ranID, UserLocationInformation: ngap.UserLocationInformation{
			UserLocationInformationNR: &ngap.UserLocationInformationNR{NRCGI: ngap.NRCGI{PLMNIdentity: plmn}, TAI: ngap.NewTAI(tai)}}}
	}
	return nil
}
