package ue

import "github.com/limpid-5g/limpid/ran/radio"

// Suspended is radio.Terminal: the UE enters 5GMM-IDLE mode with suspend indication, TS 24.501 §5.3.1.5. Its keys and its
// bearers wait.
func (u *UE) Suspended() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.dormant, u.conn = u.conn, nil
	for _, s := range u.sessions {
		s.bearer = nil
	}
	u.change()
}

// Resumed is radio.Terminal: the UE is in 5GMM-CONNECTED mode again, and the secure exchange of NAS messages goes on,
// TS 24.501 §5.3.1.5.
func (u *UE) Resumed(c radio.Connection, bearers []radio.Bearer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.dormant, u.conn, u.paged = nil, c, false
	u.connections++
	for _, b := range bearers {
		if s := u.session(b.PDUSession()); s != nil {
			s.bearer = b
		}
	}
	u.change()
}

// wake ends the suspension: the UE connects anew, TS 24.501 §5.3.1.5.
func (u *UE) wake() {
	if u.dormant != nil {
		u.dormant.Leave()
		u.dormant = nil
	}
}

// Rerouted is radio.Terminal.
func (u *UE) Rerouted(cell radio.Cell, c radio.Connection) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.cell != nil {
		u.cell.Ignore(u)
	}
	u.cell, u.conn = cell, c
	u.connections++
	u.monitor()
}
