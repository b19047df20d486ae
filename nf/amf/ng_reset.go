package amf

import (
	"net/http"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// receiveReset is the NG Reset procedure started by the gNB, TS 38.413 §8.7.4.2.2: the named UE contexts, or all, are
// released without further messages, and the acknowledgement lists those that were named, known or not.
func (l *tnla) receiveReset(m *ngap.NGReset) {
	g := l.gnb.Load()
	l.log.Info("NG Reset", "cause", m.Cause, "part", len(m.ResetType.PartOfNGInterface))
	if m.ResetType.PartOfNGInterface == nil {
		g.dropConnections("NG Reset")
		l.send(&ngap.NGResetAcknowledge{})
		return
	}
	ack := &ngap.NGResetAcknowledge{UEAssociatedLogicalNGConnectionList: m.ResetType.PartOfNGInterface}
	for _, item := range m.ResetType.PartOfNGInterface {
		if c := g.find(item); c != nil {
			g.lose(c, "NG Reset")
		}
	}
	l.send(ack)
}

// resetAtGNB is the NG Reset procedure started by the AMF, TS 38.413 §8.7.4.2.1: of some connections, or of all without
// any. They are gone here already; the gNB is to give up what it still has of them.
func (g *gnb) resetAtGNB(cause ngap.Cause, lost ...*connection) {
	m := &ngap.NGReset{Cause: cause}
	for _, c := range lost {
		m.ResetType.PartOfNGInterface = append(m.ResetType.PartOfNGInterface,
			ngap.UEAssociatedLogicalNGConnectionItem{AMFUENGAPID: &c.amfID, RANUENGAPID: &c.ranID})
	}
	if len(lost) == 0 {
		m.ResetType.NGInterface = new(ngap.ResetAllResetAll)
	}
	if _, err := g.ask(m); err != nil {
		g.log.Warn("gNB does not answer the NG Reset", "reason", err)
	}
}

// ResetGNB gives up every UE of a gNB, on both sides, TS 38.413 §8.7.4. The gNB is named as in its NG Setup, or by its
// global identity. It returns before the gNB has answered. Error: there is none of that name.
func (a *AMF) ResetGNB(name string) error {
	found := false
	a.eachGNB(func(g *gnb) {
		if g.isReady() && (g.label() == name || g.is(name)) {
			found = true
			g.dropConnections("NG Reset by the operator")
			go g.resetAtGNB(ngap.CauseMiscOMIntervention)
		}
	})
	if !found {
		return sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "no gNB %q is connected", name)
	}
	return nil
}

// find returns the connection that an item of a reset names by either identity.
func (g *gnb) find(item ngap.UEAssociatedLogicalNGConnectionItem) *connection {
	if item.AMFUENGAPID != nil {
		return g.connection(*item.AMFUENGAPID)
	}
	if item.RANUENGAPID == nil {
		return nil
	}
	return g.connectionByRAN(*item.RANUENGAPID)
}
