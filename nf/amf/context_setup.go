package amf

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// reactivation is what became of the sessions whose user plane a UE wants back, TS 24.501 §9.11.3.42 and §9.11.3.43.
type reactivation struct {
	sessions ngap.PDUSessionResourceSetupListCxtReq
	result   *gmm.PSISet
	causes   gmm.ReactivationErrors
	gone     bool // an SMF has one of them no more
}

// activate asks the SMFs for the N2 information of the sessions in wanted, TS 23.502 §4.2.3.2 steps 4 to 11.
func (ue *ue) activate(ctx context.Context, wanted *gmm.PSISet) reactivation {
	var r reactivation
	if wanted == nil {
		return r
	}
	var failed gmm.PSISet
	for id := range wanted.All() {
		s := ue.session(id)
		if s == nil {
			failed = failed.With(id)
			continue
		}
		if !ue.mayCommunicate() {
			failed = failed.With(id)
			r.causes = append(r.causes, gmm.ReactivationError{PDUSessionID: id, Cause: gmm.CauseRestrictedServiceArea})
			continue
		}
		if lack := ue.notByRadio(s.slice, ue.tai, ue.conn.gnb); lack != "" { // nor would the gNB take it
			ue.log().Warn("user plane not activated", "session", id, "slice", s.slice,
				"cause", gmm.CauseInsufficientUserPlaneResourcesForThePDUSession.Error(), "reason", lack)
			failed = failed.With(id)
			r.causes = append(r.causes, gmm.ReactivationError{PDUSessionID: id, Cause: gmm.CauseInsufficientUserPlaneResourcesForThePDUSession})
			continue
		}
		updated, err := ue.amf.services.Sessions.UpdateSMContext(ctx, s.ref, nsmf.SMContextUpdateData{UpCnxState: nsmf.Activating, TAI: ue.tai})
		if err != nil {
			ue.log().Warn("user plane not activated", "session", id, "error", err)
			r.gone = ue.notHeard(s, err) || r.gone
			failed = failed.With(id)
			r.causes = append(r.causes, gmm.ReactivationError{PDUSessionID: id, Cause: gmm.CauseInsufficientUserPlaneResourcesForThePDUSession})
			continue
		}
		s.active = true
		r.sessions = append(r.sessions, ngap.PDUSessionResourceSetupItemCxtReq{
			PDUSessionID:                           ngap.PDUSessionID(id),
			SNSSAI:                                 ngap.NewSNSSAI(s.slice),
			PDUSessionResourceSetupRequestTransfer: updated.N2SMInfo.Data,
		})
	}
	r.result = &failed
	return r
}

// setUpContext is the Initial Context Setup procedure, TS 38.413 §8.3.1: it brings the gNB the keys, the sessions and a
// NAS message, and the SMFs the gNB's tunnels. Count is the uplink NAS COUNT from which KgNB is derived, TS 33.501 §A.9.
func (ue *ue) setUpContext(ctx context.Context, message gmm.Message, count uint32, sessions ngap.PDUSessionResourceSetupListCxtReq) error {
	pdu, err := ue.protect(message)
	if err != nil {
		return err
	}
	conn := ue.conn
	kgnb := ue.security.kamf.KAN(count, aka.Access3GPP)
	ue.nextHop = firstNextHop(ue.security.kamf, &kgnb)
	request := &ngap.InitialContextSetupRequest{
		AMFUENGAPID: conn.amfID, RANUENGAPID: conn.ranID,
		UEAggregateMaximumBitRate:         ue.ngapAMBR(),
		MobilityRestrictionList:           ue.mobilityRestrictions(),
		GUAMI:                             ngap.NewGUAMI(ue.amf.cfg.GUAMI),
		PDUSessionResourceSetupListCxtReq: sessions,
		AllowedNSSAI:                      toAllowedNSSAI(ue.allowed),
		UESecurityCapabilities:            ngapCapabilities(ue.capability),
		SecurityKey:                       ngap.SecurityKey(kgnb),
		UERadioCapability:                 ue.radio,
		NASPDU:                            pdu,

		CoreNetworkAssistanceInformationForInactive: ue.inactiveAssistance(),
		RRCInactiveTransitionReportRequest:          ue.inactiveReports(),
		UEUPCIoTSupport:                             ue.suspendSupport(),
	}
	conn.contextAsked = true
	answer, err := procedure.AskFor(ctx, ue, initialContextSetup, func() error { conn.gnb.send(conn, request); return nil }, answersContextSetup)
	if err != nil {
		return err
	}
	return ue.contextAnswered(ctx, conn, answer)
}

func answersContextSetup(m any) bool {
	switch m.(type) {
	case *ngap.InitialContextSetupResponse, *ngap.InitialContextSetupFailure:
		return true
	}
	return false
}

// awaitContext waits for the gNB's answer to an Initial Context Setup whose procedure was superseded by a message on the
// same connection: a gNB sets one context up at a time, TS 38.413 §8.3.1.4. It tells whether the connection still stands.
func (ue *ue) awaitContext(ctx context.Context, conn *connection) bool {
	if conn != ue.conn || !conn.contextAsked {
		return true
	}
	ue.running = contextModification
	answer, err := procedure.AskFor(ctx, ue, initialContextSetup, func() error { return nil }, answersContextSetup)
	ue.running = idle
	if err == nil {
		err = ue.contextAnswered(ctx, conn, answer)
	}
	if err != nil && !ended(err) {
		ue.log().Warn("no UE context at the gNB", "reason", err)
		ue.leaveConnection(ctx, ngap.CauseNASUnspecified)
	}
	return err == nil
}

// contextAnswered brings what a gNB answers to an Initial Context Setup to the SMFs.
func (ue *ue) contextAnswered(ctx context.Context, conn *connection, answer any) error {
	conn.contextAsked = false
	if f, failed := answer.(*ngap.InitialContextSetupFailure); failed {
		for _, s := range f.PDUSessionResourceFailedToSetupListCxtFail {
			ue.toSMF(ctx, uint8(s.PDUSessionID), nsmf.N2SMInfo{Type: nsmf.PDUResSetupFail, Data: s.PDUSessionResourceSetupUnsuccessfulTransfer})
		}
		return fmt.Errorf("gNB could not set up the UE context (%v): %w", f.Cause, procedure.ErrNoAnswer)
	}
	conn.contextSetUp = true
	r := answer.(*ngap.InitialContextSetupResponse)
	for _, s := range r.PDUSessionResourceSetupListCxtRes {
		ue.toSMF(ctx, uint8(s.PDUSessionID), nsmf.N2SMInfo{Type: nsmf.PDUResSetupRsp, Data: s.PDUSessionResourceSetupResponseTransfer})
	}
	for _, s := range r.PDUSessionResourceFailedToSetupListCxtRes {
		ue.toSMF(ctx, uint8(s.PDUSessionID), nsmf.N2SMInfo{Type: nsmf.PDUResSetupFail, Data: s.PDUSessionResourceSetupUnsuccessfulTransfer})
	}
	return nil
}

// ngapCapabilities turns the NAS form of the UE security capability, which begins with algorithm 0 (TS 24.501
// §9.11.3.54), into NGAP's, which begins with algorithm 1 (TS 38.413 §9.3.1.86).
func ngapCapabilities(c gmm.UESecurityCapability) ngap.UESecurityCapabilities {
	var b [4]byte
	copy(b[:], c)
	shift := func(x byte) uint16 { return binary.BigEndian.Uint16([]byte{x << 1, 0}) }
	return ngap.UESecurityCapabilities{
		NRencryptionAlgorithms:             ngap.NRencryptionAlgorithms(shift(b[0])),
		NRintegrityProtectionAlgorithms:    ngap.NRintegrityProtectionAlgorithms(shift(b[1])),
		EUTRAencryptionAlgorithms:          ngap.EUTRAencryptionAlgorithms(shift(b[2])),
		EUTRAintegrityProtectionAlgorithms: ngap.EUTRAintegrityProtectionAlgorithms(shift(b[3])),
	}
}
