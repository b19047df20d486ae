package pcf

import (
	"maps"

	"github.com/limpid-5g/limpid/ident"
)

// View is which policy associations there are, for who compares them with what others hold.
type View struct {
	AM map[ident.SUPI]string // their IDs
	SM map[SessionKey]string
}

// SessionKey names a PDU session.
type SessionKey struct {
	SUPI         ident.SUPI
	PDUSessionID uint8
}

// View copies the associations.
func (p *PCF) View() View {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := View{AM: maps.Clone(p.am.byOwner), SM: make(map[SessionKey]string)}
	for owner, id := range p.sm.byOwner {
		v.SM[SessionKey{owner.supi, owner.id}] = id
	}
	return v
}
