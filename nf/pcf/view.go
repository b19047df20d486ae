package pcf

import "github.com/limpid-5g/limpid/ident"

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
	v := View{AM: make(map[ident.SUPI]string), SM: make(map[SessionKey]string)}
	for owner, a := range p.am.byOwner {
		v.AM[owner] = a.id
	}
	for owner, a := range p.sm.byOwner {
		v.SM[SessionKey{owner.supi, owner.id}] = a.id
	}
	return v
}
