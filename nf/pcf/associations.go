package pcf

import (
	"cmp"
	"crypto/rand"
	"maps"
	"net/http"
	"slices"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/npcf"
)

// associations are the policy associations of one kind: at most one for each owner, so that one that its consumer
// forgot is replaced by the next. IDs are random. After a restart the consumers, which keep theirs, bring them back.
type associations[Owner comparable, Record any] struct {
	most    int
	byID    map[string]*association[Owner, Record]
	byOwner map[Owner]*association[Owner, Record]
}

// association is what was asked for and what was decided.
type association[Owner comparable, Record any] struct {
	id     string
	owner  Owner
	record Record
}

func newAssociations[Owner comparable, Record any](most int) associations[Owner, Record] {
	return associations[Owner, Record]{most: most, byID: make(map[string]*association[Owner, Record]), byOwner: make(map[Owner]*association[Owner, Record])}
}

// expect makes room for so many, while there are none.
func (a *associations[Owner, Record]) expect(many int) {
	a.byID, a.byOwner = make(map[string]*association[Owner, Record], many), make(map[Owner]*association[Owner, Record], many)
}

func (a *associations[Owner, Record]) create(owner Owner, r Record) (id string, err error) {
	if old, ok := a.byOwner[owner]; ok {
		delete(a.byID, old.id)
	} else if len(a.byID) >= a.most {
		return "", sbi.Problem(http.StatusServiceUnavailable, sbi.CauseInsufficientResource,
			"%d policy associations exist, at most %d may; raise the limit", len(a.byID), a.most)
	}
	id = rand.Text()
	a.restore(owner, id, r)
	return id, nil
}

// restore brings back an association that its consumer kept over a restart.
func (a *associations[Owner, Record]) restore(owner Owner, id string, r Record) {
	n := &association[Owner, Record]{id, owner, r}
	a.byID[id], a.byOwner[owner] = n, n
}

func (a *associations[Owner, Record]) find(id string) (*association[Owner, Record], error) {
	found, ok := a.byID[id]
	if !ok {
		return nil, sbi.Problem(http.StatusNotFound, npcf.CausePolicyContextNotFound, "policy association %.32q is unknown or ended already", id)
	}
	return found, nil
}

func (a *associations[Owner, Record]) remove(id string) error {
	found, err := a.find(id)
	if err != nil {
		return err
	}
	delete(a.byID, id)
	delete(a.byOwner, found.owner)
	return nil
}

// all are the associations, in the order of their owners.
func (a *associations[Owner, Record]) all(compare func(x, y Owner) int) []*association[Owner, Record] {
	list := slices.Collect(maps.Values(a.byID))
	slices.SortFunc(list, func(x, y *association[Owner, Record]) int { return compare(x.owner, y.owner) })
	return list
}

func compareUEs(x, y ident.SUPI) int { return cmp.Compare(x, y) }

func compareSessions(x, y session) int {
	return cmp.Or(cmp.Compare(x.supi, y.supi), cmp.Compare(x.id, y.id))
}
