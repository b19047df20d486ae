package udm

import (
	"maps"
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
		w := RegistrationView{SUPI: supi, SMFs: slices.Sorted(maps.Keys(r.smfs))}
		if r.amf != nil {
			w.AMF = r.amf.AMFInstanceID
		}
		if w.AMF != "" || len(w.SMFs) > 0 {
			all = append(all, w)
		}
	}
	return all
}
