package upf

// Held tells what a UPF holds, for tests that look for leaks: sessions by SEID and by slot, tunnels of peers, and
// slots that are taken.
func (u *UPF) Held() (sessions, slots, peers, used int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, taken := range u.layout.used {
		if taken {
			used++
		}
	}
	return len(u.sessions), u.bySlot.taken, len(u.byPeer), used
}
