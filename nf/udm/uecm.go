package udm

import (
	"context"
	"net/http"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

// ue is what is known of a subscriber since the start, TS 29.503 §5.3. Only subscribers have one, which bounds them.
type ue struct {
	amf            *nudm.AMF3GPPAccessRegistration
	smfs           []nudm.SMFRegistration // one for each PDU session; never changed, as others may have the same
	authentication *nudm.AuthEvent        // nil: none
}

// maxPDUSessionID is the largest PDU session identity, TS 24.007 §11.2.3.1b.
const maxPDUSessionID = 15

// RegisterAMF implements nudm.UECM, TS 29.503 §5.3.2.2.2.
func (u *UDM) RegisterAMF(ctx context.Context, supi ident.SUPI, reg nudm.AMF3GPPAccessRegistration) (*nudm.AMF3GPPAccessRegistration, error) {
	if err := u.served(supi, reg.GUAMI.PLMN); err != nil {
		return nil, err
	}
	if err := u.known(ctx, supi); err != nil {
		return nil, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	ue := u.ueOf(supi)
	previous := ue.amf
	ue.amf = &reg
	if previous != nil && previous.AMFInstanceID == reg.AMFInstanceID {
		return nil, nil // the same AMF again: there is no other one to tell
	}
	return previous, nil
}

// DeregisterAMF implements nudm.UECM, TS 29.503 §5.3.2.4.2.
func (u *UDM) DeregisterAMF(_ context.Context, supi ident.SUPI, guami ident.GUAMI) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	ue, ok := u.ues[supi]
	if !ok || ue.amf == nil {
		return sbi.Problem(http.StatusNotFound, nudm.CauseContextNotFound, "SUPI %s is registered in no AMF", supi.Conceal())
	}
	if ue.amf.GUAMI != guami {
		return sbi.Problem(http.StatusForbidden, nudm.CauseInvalidGUAMI,
			"SUPI %s: AMF %s ends a registration that AMF %s holds", supi.Conceal(), guami, ue.amf.GUAMI)
	}
	ue.amf = nil
	return nil
}

// GetAMF implements nudm.UECM, TS 29.503 §5.3.2.5.2.
func (u *UDM) GetAMF(ctx context.Context, gpsi string) (ident.SUPI, nudm.AMF3GPPAccessRegistration, error) {
	supi, err := u.udr.SUPIOf(ctx, gpsi)
	if err != nil {
		return "", nudm.AMF3GPPAccessRegistration{}, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	ue, ok := u.ues[supi]
	if !ok || ue.amf == nil {
		return supi, nudm.AMF3GPPAccessRegistration{}, sbi.Problem(http.StatusNotFound, nudm.CauseContextNotFound, "SUPI %s is registered in no AMF", supi.Conceal())
	}
	return supi, *ue.amf, nil
}

// RegisterSMF implements nudm.UECM, TS 29.503 §5.3.2.2.4.
func (u *UDM) RegisterSMF(ctx context.Context, supi ident.SUPI, reg nudm.SMFRegistration) error {
	if reg.PDUSessionID < 1 || reg.PDUSessionID > maxPDUSessionID {
		return sbi.Problem(http.StatusBadRequest, sbi.CauseMandatoryIEIncorrect,
			"SUPI %s: PDU session ID %d, want 1 to %d", supi.Conceal(), reg.PDUSessionID, maxPDUSessionID)
	}
	if err := u.served(supi, reg.PLMN); err != nil {
		return err
	}
	if err := u.known(ctx, supi); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	ue := u.ueOf(supi)
	ue.keepSMF(reg)
	return nil
}

// keepSMF notes which SMF serves a session; u.mu is held.
func (ue *ue) keepSMF(reg nudm.SMFRegistration) {
	if i := ue.smf(reg.PDUSessionID); i >= 0 {
		ue.smfs = slices.Clone(ue.smfs)
		ue.smfs[i] = reg
		return
	}
	ue.smfs = append(slices.Clip(ue.smfs), reg)
}

// smf is where the SMF of a session stands, -1 for nowhere; u.mu is held.
func (ue *ue) smf(pduSessionID uint8) int {
	return slices.IndexFunc(ue.smfs, func(r nudm.SMFRegistration) bool { return r.PDUSessionID == pduSessionID })
}

// DeregisterSMF implements nudm.UECM, TS 29.503 §5.3.2.4.4.
func (u *UDM) DeregisterSMF(_ context.Context, supi ident.SUPI, pduSessionID uint8) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	ue, i := u.ues[supi], -1
	if ue != nil {
		i = ue.smf(pduSessionID)
	}
	if i < 0 {
		return sbi.Problem(http.StatusNotFound, nudm.CauseContextNotFound,
			"SUPI %s has no SMF for PDU session %d", supi.Conceal(), pduSessionID)
	}
	ue.smfs = slices.Delete(slices.Clone(ue.smfs), i, i+1)
	return nil
}

// Expect makes room for the registrations of so many UEs, which come at once. Call it before they are restored.
func (u *UDM) Expect(ues int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ues = make(map[ident.SUPI]*ue, ues)
}

// RestoreAMF brings back the registration that an AMF kept over a restart.
func (u *UDM) RestoreAMF(supi ident.SUPI, reg nudm.AMF3GPPAccessRegistration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ueOf(supi).amf = &reg
}

// RestoreSMF brings back the registration that an SMF kept over a restart.
func (u *UDM) RestoreSMF(supi ident.SUPI, reg nudm.SMFRegistration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	ue := u.ueOf(supi)
	if len(ue.smfs) == 0 && len(u.lastSMFs) > 0 && u.lastSMFs[0] == reg { // as most have it
		ue.smfs = u.lastSMFs
		return
	}
	ue.keepSMF(reg)
	if len(ue.smfs) == 1 {
		u.lastSMFs = ue.smfs
	}
}

// ueOf returns the record of a subscriber; u.mu is held.
func (u *UDM) ueOf(supi ident.SUPI) *ue {
	r, ok := u.ues[supi]
	if !ok {
		r = new(ue)
		u.ues[supi] = r
	}
	return r
}

// known makes sure that supi is of a subscriber. One that was authenticated since the start is.
func (u *UDM) known(ctx context.Context, supi ident.SUPI) error {
	u.mu.Lock()
	_, ok := u.ues[supi]
	u.mu.Unlock()
	if ok {
		return nil
	}
	_, err := u.udr.AMData(ctx, supi)
	return err
}

// met notes that supi is of a subscriber.
func (u *UDM) met(supi ident.SUPI) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ueOf(supi)
}
