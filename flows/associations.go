package flows

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"sync"

	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// links are the gNBs' own ends of their associations, by gNB and in the order of dialling.
type links struct {
	mu   sync.Mutex
	ends map[string][]sctp.Association
}

func (s *stage) noteLink(name string, end sctp.Association) {
	s.links.mu.Lock()
	defer s.links.mu.Unlock()
	if s.links.ends == nil {
		s.links.ends = make(map[string][]sctp.Association)
	}
	s.links.ends[name] = append(s.links.ends[name], end)
}

func (s *stage) linksOf(name string) []sctp.Association {
	s.links.mu.Lock()
	defer s.links.mu.Unlock()
	return append([]sctp.Association(nil), s.links.ends[name]...)
}

// cut loses all associations of a gNB.
func (s *stage) cut(name string) {
	for _, end := range s.linksOf(name) {
		_ = end.Abort("vanished") // the association is gone whatever it says
	}
}

// cutLink loses one association of a gNB.
func (s *stage) cutLink(name string, number int) error {
	ends := s.linksOf(name)
	if number < 1 || number > len(ends) {
		return fmt.Errorf("%s has dialled %d associations", name, len(ends))
	}
	_ = ends[number-1].Abort("vanished") // the association is gone whatever it says
	return nil
}

// associationVerbs are what becomes of the associations between gNBs and the AMF.
func (s *stage) associationVerbs() verbs {
	return verbs{
		"associations": s.associations,
		"join":         s.joinAMF,
		"leave":        s.leaveAMF,
		"move":         s.moveGNB,
		"unreachable":  s.makeUnreachable,
	}
}

func (s *stage) cell(c *command) (*gnb.GNB, error) {
	if len(c.words) < 2 || s.cells[c.words[1]] == nil {
		return nil, fmt.Errorf("%v: no such gNB", c.words)
	}
	return s.cells[c.words[1]], nil
}

// associations checks how many UEs a gNB has bound to each of its associations, the oldest first: "associations gnb1 1 0".
func (s *stage) associations(_ context.Context, c *command) error {
	g, err := s.cell(c)
	if err != nil {
		return err
	}
	at, bound := g.Associations()
	if len(at) != len(c.words)-2 {
		return fmt.Errorf("%d associations: %v", len(at), at)
	}
	for i, n := range bound {
		if strconv.Itoa(n) != c.words[i+2] {
			return fmt.Errorf("%v UEs are bound to the associations with %v", bound, at)
		}
	}
	return nil
}

// joinAMF makes a further association that the AMF did not ask for: "join gnb1 127.0.0.3:38412".
func (s *stage) joinAMF(ctx context.Context, c *command) error {
	g, err := s.cell(c)
	if err != nil {
		return err
	}
	at, err := netip.ParseAddrPort(c.words[2])
	if err != nil {
		return err
	}
	return g.Join(ctx, at)
}

// leaveAMF has the AMF remove an association, counted from 1: "leave gnb1 2".
func (s *stage) leaveAMF(ctx context.Context, c *command) error {
	g, err := s.cell(c)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(c.words[2])
	if err != nil {
		return err
	}
	return g.Leave(ctx, n-1)
}

// moveGNB gives a gNB another address; it proposes to keep its UEs: "move gnb1".
func (s *stage) moveGNB(ctx context.Context, c *command) error {
	g, err := s.cell(c)
	if err != nil {
		return err
	}
	retained, err := g.Move(ctx)
	if err == nil && !retained {
		err = errors.New("the UE contexts are not retained")
	}
	return err
}

// makeUnreachable has nobody reach one of the AMF's addresses from now on: "unreachable 127.0.0.2:38412".
func (s *stage) makeUnreachable(_ context.Context, c *command) error {
	s.unreachable.Store(c.words[1])
	return nil
}

// operateEndpoint changes the addresses at which gNBs reach the AMF.
func (s *stage) operateEndpoint(c *command) error {
	at, err := netip.ParseAddrPort(c.words[2])
	if err != nil {
		return err
	}
	a := s.core.AMF()
	switch c.words[1] {
	case "remove":
		return a.RemoveEndpoint(at)
	case "add":
		return a.AddEndpoint(at)
	}
	weight, err := strconv.ParseUint(c.words[3], 10, 8)
	if err != nil {
		return err
	}
	return a.SetWeight(at, uint8(weight))
}
