package flows

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/aper"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// camp moves a UE to another gNB.
func (s *stage) camp(_ context.Context, c *command) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	if len(c.words) < 3 || s.cells[c.words[2]] == nil {
		return errors.New("camp UE GNB")
	}
	s.camps.set(u, s.cells[c.words[2]])
	u.Camp(s.camps.get(u))
	return nil
}

// vanishGNB loses a gNB's associations without a farewell: "vanish gnb1", or one by the order of dialling: "vanish gnb1 2".
func (s *stage) vanishGNB(_ context.Context, c *command) error {
	if len(c.words) < 3 {
		s.cut(c.words[1])
		return nil
	}
	number, err := strconv.Atoi(c.words[2])
	if err != nil {
		return err
	}
	return s.cutLink(c.words[1], number)
}

// replay sends the last NAS message of a UE once more, octet by octet.
func (s *stage) replay(_ context.Context, c *command) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	last, ok := s.said.Load(c.words[1])
	if !ok {
		return fmt.Errorf("%s has said nothing", c.words[1])
	}
	return u.SendPDU(last.([]byte))
}

// say sends any octets as a UE's NAS message on its connection: "say u1 7e0068".
func (s *stage) say(_ context.Context, c *command) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	pdu, err := hex.DecodeString(c.words[len(c.words)-1])
	if err != nil {
		return err
	}
	return u.SendPDU(pdu)
}

// initial sends an Initial UE Message of a UE that is none of ran's: "initial gnb1 900 nas=HEX", or, without any
// protection, registration=UE, service=UE, deregistration=UE with that UE's identity.
func (s *stage) initial(_ context.Context, c *command) error {
	cell := s.cells[c.words[1]]
	id, err := strconv.ParseUint(c.words[2], 10, 32)
	if err != nil {
		return err
	}
	m := &ngap.InitialUEMessage{RANUENGAPID: ngap.RANUENGAPID(id), RRCEstablishmentCause: ngap.RRCEstablishmentCauseMOSignalling}
	plmn := ngap.PLMNIdentity(cell.TAI().PLMN)
	m.UserLocationInformation.UserLocationInformationNR = &ngap.UserLocationInformationNR{
		NRCGI: ngap.NRCGI{PLMNIdentity: plmn, NRCellIdentity: 16}, TAI: ngap.NewTAI(cell.TAI()),
	}
	if m.NASPDU, err = s.unprotected(c, m); err != nil {
		return err
	}
	return cell.Send(m)
}

// unprotected is the NAS message of an initial line.
func (s *stage) unprotected(c *command, m *ngap.InitialUEMessage) ([]byte, error) {
	guti := func(name string) ident.GUTI {
		g := s.gutiOf(name)
		id := ngap.NewFiveGSTMSI(g.STMSI())
		m.FiveGSTMSI = &id
		return g
	}
	switch {
	case c.options["registration"] != "":
		return gmm.Append(nil, &gmm.RegistrationRequest{
			RegistrationType: gmm.InitialRegistration, NgKSI: gmm.NoKey,
			MobileIdentity:       gmm.GUTIIdentity(guti(c.options["registration"])),
			UESecurityCapability: gmm.NewUESecurityCapability([]uint8{0, 1, 2}, []uint8{1, 2}),
		})
	case c.options["service"] != "":
		return gmm.Append(nil, &gmm.ServiceRequest{STMSI: gmm.STMSIIdentity(guti(c.options["service"]).STMSI())})
	case c.options["deregistration"] != "":
		return gmm.Append(nil, &gmm.DeregistrationRequestUEOriginating{
			DeregistrationType: gmm.Deregister3GPP | gmm.SwitchOff, NgKSI: gmm.NoKey,
			MobileIdentity: gmm.GUTIIdentity(guti(c.options["deregistration"])),
		})
	}
	return hex.DecodeString(c.options["nas"])
}

// ngap sends a message of a gNB that fits nothing, "ngap gnb1 NAME amf=1 ran=1" or
// "ngap gnb1 NAME of=u1", or octets, "ngap gnb1 hex=0015".
func (s *stage) ngap(_ context.Context, c *command) error {
	cell := s.cells[c.words[1]]
	if octets := c.options["hex"]; octets != "" {
		pdu, err := hex.DecodeString(octets)
		if err != nil {
			return err
		}
		return cell.SendPDU(pdu)
	}
	amfID, err := strconv.ParseUint(option(c, "amf", "1"), 10, 40)
	if err != nil {
		return err
	}
	ranID, err := strconv.ParseUint(option(c, "ran", "1"), 10, 32)
	if err != nil {
		return err
	}
	if id, known := cell.Named(ngap.RANUENGAPID(amfID)); known && s.core == nil { // a core that is not made here does not count
		amfID = uint64(id)
	}
	a, r := ngap.AMFUENGAPID(amfID), ngap.RANUENGAPID(ranID)
	if u := s.ues[c.options["of"]]; u != nil {
		if a, r, err = cell.Identities(u); err != nil {
			return err
		}
	}
	m := stray(c.words[2], a, r)
	if c.words[2] == "PDUSessionResourceNotify" {
		m, err = strayNotify(c, a, r)
		if err != nil {
			return err
		}
	}
	if m == nil {
		return fmt.Errorf("no message %q", c.words[2])
	}
	return cell.Send(m)
}

// stray is a message that a gNB might send at any time; nil for a name that is none of them.
func stray(name string, amfID ngap.AMFUENGAPID, ranID ngap.RANUENGAPID) ngap.Message {
	plmn, _ := ident.ParsePLMN("00101") // it is one
	tai := ident.TAI{PLMN: plmn, TAC: 1}
	if number, ok := strings.CutPrefix(name, "RANConfigurationUpdate:"); ok {
		tac, _ := strconv.ParseUint(number, 10, 24) // 0 is served by nobody
		tai.TAC, name = ident.TAC(tac), "RANConfigurationUpdate"
	}
	switch name {
	case "NGSetupRequest":
		slice := ngap.SliceSupportItem{SNSSAI: ngap.NewSNSSAI(ident.SNSSAI{SST: 1, SD: ident.NoSD})}
		return &ngap.NGSetupRequest{
			GlobalRANNodeID: ngap.GlobalRANNodeID{GlobalGNBID: &ngap.GlobalGNBID{
				PLMNIdentity: ngap.PLMNIdentity(plmn), GNBID: ngap.GNBID{GNBID: aper.BitString{Bytes: []byte{0, 0, 0, 1}, Len: 32}},
			}},
			DefaultPagingDRX: ngap.PagingDRXV128,
			SupportedTAList: ngap.SupportedTAList{{TAC: 1, BroadcastPLMNList: ngap.BroadcastPLMNList{{
				PLMNIdentity: ngap.PLMNIdentity(plmn), TAISliceSupportList: ngap.SliceSupportList{slice},
			}}}},
		}
	case "UplinkNASTransport":
		return &ngap.UplinkNASTransport{
			AMFUENGAPID: amfID, RANUENGAPID: ranID, NASPDU: []byte{0x7e, 0x00, 0x43},
			UserLocationInformation: ngap.UserLocationInformation{UserLocationInformationNR: &ngap.UserLocationInformationNR{
				NRCGI: ngap.NRCGI{PLMNIdentity: ngap.PLMNIdentity(plmn), NRCellIdentity: 16}, TAI: ngap.NewTAI(tai),
			}},
		}
	case "UEContextReleaseRequest":
		return &ngap.UEContextReleaseRequest{AMFUENGAPID: amfID, RANUENGAPID: ranID, Cause: ngap.CauseRadioNetworkRadioConnectionWithUELost}
	case "UEContextSuspendRequest":
		return &ngap.UEContextSuspendRequest{AMFUENGAPID: amfID, RANUENGAPID: ranID}
	case "UEContextResumeRequest":
		return &ngap.UEContextResumeRequest{AMFUENGAPID: amfID, RANUENGAPID: ranID, RRCResumeCause: ngap.RRCEstablishmentCauseMOData}
	case "UEContextReleaseComplete":
		return &ngap.UEContextReleaseComplete{AMFUENGAPID: amfID, RANUENGAPID: ranID}
	case "NGSetupResponse": // of the other direction
		return &ngap.NGSetupResponse{
			AMFName: "x", ServedGUAMIList: ngap.ServedGUAMIList{{GUAMI: ngap.NewGUAMI(ident.GUAMI{PLMN: plmn})}},
			PLMNSupportList: ngap.PLMNSupportList{{PLMNIdentity: ngap.PLMNIdentity(plmn), SliceSupportList: ngap.SliceSupportList{{SNSSAI: ngap.NewSNSSAI(ident.SNSSAI{SST: 1, SD: ident.NoSD})}}}},
		}
	case "PathSwitchRequest", "HandoverRequired", "HandoverNotify", "HandoverCancel", "HandoverRequestAcknowledge":
		return strayMobility(name, amfID, ranID, tai)
	case "RANConfigurationUpdate", "NASNonDeliveryIndication", "RANCPRelocationIndication", "SecondaryRATDataUsageReport", "CellTrafficTrace", "RRCInactiveTransitionReport",
		"UplinkRANConfigurationTransfer", "ENDCConfigurationTransfer":
		return strayManagement(name, amfID, ranID, tai)
	case "ConnectionEstablishmentIndication": // of the other direction
		return &ngap.ConnectionEstablishmentIndication{AMFUENGAPID: amfID, RANUENGAPID: ranID}
	case "AMFCPRelocationIndication": // likewise
		return &ngap.AMFCPRelocationIndication{AMFUENGAPID: amfID, RANUENGAPID: ranID}
	case "PWSRestartIndication", "PWSFailureIndication", "UplinkNonUEAssociatedNRPPaTransport":
		return strayUnoffered(name, tai)
	case "PDUSessionResourceReleaseResponse":
		return &ngap.PDUSessionResourceReleaseResponse{AMFUENGAPID: amfID, RANUENGAPID: ranID,
			PDUSessionResourceReleasedListRelRes: ngap.PDUSessionResourceReleasedListRelRes{{PDUSessionID: 15, PDUSessionResourceReleaseResponseTransfer: []byte{0}}}}
	case "ErrorIndication:other":
		cause := ngap.CauseProtocolSemanticError
		return &ngap.ErrorIndication{AMFUENGAPID: &amfID, RANUENGAPID: &ranID, Cause: &cause}
	case "ErrorIndication":
		cause := ngap.CauseRadioNetworkUnknownLocalUENGAPID
		return &ngap.ErrorIndication{AMFUENGAPID: &amfID, RANUENGAPID: &ranID, Cause: &cause}
	}
	return nil
}

// expect checks the state of a UE: "expect u1 registered connected", "expect u1 deregistered idle".
func (s *stage) expect(_ context.Context, c *command) error {
	u, err := s.ue(c)
	if err != nil {
		return err
	}
	status := u.Status()
	states := map[string]bool{
		"registered": status.Registered, "deregistered": !status.Registered, "connected": status.Connected, "idle": !status.Connected,
	}
	for _, word := range c.words[2:] {
		if is, known := states[word]; !known || !is {
			return fmt.Errorf("UE is registered: %v, connected: %v", status.Registered, status.Connected)
		}
	}
	return nil
}

// finish waits for every command that was begun.
func (s *stage) finish(context.Context, *command) error {
	var errs []error
	for _, done := range s.begun {
		errs = append(errs, <-done)
	}
	s.begun = nil
	return errors.Join(errs...)
}
