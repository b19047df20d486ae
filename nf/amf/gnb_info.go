package amf

import "slices"

// GNBInfo is what an operator sees of a gNB.
type GNBInfo struct {
	ID      string `json:"id"` // global RAN node identity
	Name    string `json:"name"`
	Address string `json:"address"` // of its end of the oldest association
	// Associations are all of its TNL associations.
	Associations []AssociationInfo `json:"associations"`
	Areas        string            `json:"areas"` // tracking areas with their slices
	UEs          int               `json:"ues"`   // connected
}

// AssociationInfo is what an operator sees of one TNL association, TS 38.412 §7.
type AssociationInfo struct {
	Number int    `json:"number"`
	GNB    string `json:"gnb"` // its end
	AMF    string `json:"amf"` // ours
	Weight uint8  `json:"weight"`
	UEs    int    `json:"ues"` // bound to it
}

// info is what is known of a gNB. Its lock is held.
func (g *gnb) info() GNBInfo {
	i := GNBInfo{ID: g.id, Name: g.name, Areas: listTAs(g.tas), UEs: len(g.conns)}
	bound := make(map[*tnla]int)
	for _, c := range g.conns {
		bound[c.link]++
	}
	for _, l := range g.links {
		i.Associations = append(i.Associations, AssociationInfo{
			Number: l.number, GNB: l.assoc.RemoteAddr().String(), AMF: l.endpoint().String(), Weight: l.weight, UEs: bound[l]})
	}
	if len(i.Associations) > 0 {
		i.Address = i.Associations[0].GNB
	}
	return i
}

// GNBs are the gNBs that have set up the NG interface, by identity.
func (a *AMF) GNBs() []GNBInfo {
	list := []GNBInfo{}
	a.eachGNB(func(g *gnb) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.ready {
			list = append(list, g.info())
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
