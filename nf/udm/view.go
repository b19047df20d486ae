package udm

import (
	"slices"

	"github.com/limpid-5g/limpid/ident"
)

// RegistrationView is what the UDM knows of where a subscriber is registered, for who compares it with what others hold.
type RegistrationView struct {
	SUPI ident.SUPI
	AMF  string  // its instance, "" for none
	SMFs []uint8 // PDU sessions that an SMF serves
}

// View copies the registrations.
func (u *UDM) View() []RegistrationView {
	u.mu.Lock()
	defer u.mu.Unlock()
	var all []RegistrationView
	for supi, r := range u.ues {
		w := RegistrationView{SUPI: supi, SMFs: r.sessions()}
		if r.amf != nil {
			w.AMF = r.amf.AMFInstanceID
		}
		if w.AMF != "" || len(w.SMFs) > 0 {
			all = append(all, w)
		}
	}
	return all
}

// sessions are the identities of the sessions that an SMF serves, in order; u.mu is held.
func (ue *ue) sessions() []uint8 {
	var ids []uint8
	for _, s := range ue.smfs {
		ids = append(ids, s.PDUSessionID)
	}
	slices.Sort(ids)
	return ids
}
