package amf

import "slices"

// GNBInfo is what an operator sees of a gNB.
type GNBInfo struct {
	ID      string `json:"id"` // global RAN node identity
	Name    string `json:"name"`
	Address string `json:"address"`
	Areas   string `json:"areas"` // tracking areas with their slices
	UEs     int    `json:"ues"`   // connected
}

// GNBs are the gNBs that have set up the NG interface, by identity.
func (a *AMF) GNBs() []GNBInfo {
	list := []GNBInfo{}
	a.eachGNB(func(g *gnb) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.ready {
			list = append(list, GNBInfo{ID: g.id, Name: g.name, Address: g.assoc.RemoteAddr().String(), Areas: listTAs(g.tas), UEs: len(g.conns)})
		}
	})
	slices.SortFunc(list, func(a, b GNBInfo) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return list
}
