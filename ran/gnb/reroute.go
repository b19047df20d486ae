package gnb

import "github.com/limpid-5g/limpid/wire/ngap"

// reroute obeys REROUTE NAS REQUEST, TS 38.413 §8.6.5.2: the UE's initial message goes to an AMF of the set that is named.
// Where there is none the UE is released.
func (c *ueContext) reroute(m *ngap.RerouteNASRequest) {
	inner, err := ngap.Decode(m.NGAPMessage)
	initial, ok := inner.(*ngap.InitialUEMessage)
	var to *GNB
	if c.g.cfg.Reroute != nil {
		to = c.g.cfg.Reroute(m.AMFSetID)
	}
	if err != nil || !ok || to == nil || to.AMF() == nil {
		c.g.cfg.Log.Warn("UE not rerouted", "set", m.AMFSetID, "err", err)
		c.remove()
		return
	}
	terminal := c.ue()
	c.forget()
	to.mu.Lock()
	for to.lastID++; to.contexts[to.lastID] != nil; to.lastID++ {
	}
	n := &ueContext{g: to, id: to.lastID, terminal: c.terminal}
	to.contexts[n.id], to.terminals[n.terminal] = n, n
	to.mu.Unlock()
	terminal.Rerouted(to, n)
	message := *initial
	message.RANUENGAPID, message.AllowedNSSAI, message.SourceToTargetAMFInformationReroute = n.id, m.AllowedNSSAI, m.SourceToTargetAMFInformationReroute
	if err := n.send(&message); err != nil {
		n.remove()
	}
}
