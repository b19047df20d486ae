package amf

import (
	"github.com/limpid-5g/limpid/wire/ngap"
)

// receiveReset is the NG Reset procedure started by the gNB, TS 38.413 §8.7.4.2.2: the named UE contexts, or all, are
// released without further messages, and the acknowledgement lists those that were named, known or not.
func (g *gnb) receiveReset(m *ngap.NGReset) {
	g.log.Info("NG Reset", "cause", m.Cause, "part", len(m.ResetType.PartOfNGInterface))
	if m.ResetType.PartOfNGInterface == nil {
		g.dropConnections("NG Reset")
		g.send(nil, &ngap.NGResetAcknowledge{})
		return
	}
	ack := &ngap.NGResetAcknowledge{UEAssociatedLogicalNGConnectionList: m.ResetType.PartOfNGInterface}
	for _, item := range m.ResetType.PartOfNGInterface {
		if c := g.find(item); c != nil {
			g.lose(c, "NG Reset")
		}
	}
	g.send(nil, ack)
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
