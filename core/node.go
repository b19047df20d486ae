package core

import (
	"context"
	"time"
)

// NodeInfo is a node of the set, for who operates it.
type NodeInfo struct {
	Name     string    `json:"name"`
	Here     bool      `json:"here"`  // it is the one that answers
	State    string    `json:"state"` // "alive", "leaving", "silent", or "unknown" just after a start
	Started  time.Time `json:"started"`
	Starts   uint64    `json:"life"` // number of its last start among those of all nodes
	UEs      int       `json:"ues"`
	Sessions int       `json:"sessions"`
}

// nodes asks the store who shares it, and what each has.
func (c *Core) nodes(ctx context.Context) ([]NodeInfo, error) {
	stored, err := c.store.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]NodeInfo, 0, len(stored))
	for _, n := range stored {
		list = append(list, NodeInfo{Name: n.Name, Here: n.Name == c.cfg.AMF.Name, State: c.watch.state(n.Name), Started: n.Started, Starts: n.Number, UEs: n.UEs, Sessions: n.Sessions})
	}
	return list, nil
}
