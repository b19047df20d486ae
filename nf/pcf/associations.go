package pcf

import (
	"crypto/rand"
	"net/http"

	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/npcf"
)

// associations are the policy associations of one kind: at most one for each owner, so that one that its consumer
// forgot is replaced by the next. IDs are random. After a restart the consumers, which keep
// theirs, bring them back.
type associations[Owner comparable] struct {
	most    int
	byID    map[string]Owner
	byOwner map[Owner]string
}

func newAssociations[Owner comparable](most int) associations[Owner] {
	return associations[Owner]{most: most, byID: make(map[string]Owner), byOwner: make(map[Owner]string)}
}

func (a *associations[Owner]) create(owner Owner) (id string, err error) {
	if old, ok := a.byOwner[owner]; ok {
		delete(a.byID, old)
	} else if len(a.byID) >= a.most {
		return "", sbi.Problem(http.StatusServiceUnavailable, sbi.CauseInsufficientResource,
			"%d policy associations exist, at most %d may; raise the limit", len(a.byID), a.most)
	}
	id = rand.Text()
	a.byID[id], a.byOwner[owner] = owner, id
	return id, nil
}

// restore brings back an association that its consumer kept over a restart.
func (a *associations[Owner]) restore(owner Owner, id string) {
	a.byID[id], a.byOwner[owner] = owner, id
}

func (a *associations[Owner]) remove(id string) error {
	owner, ok := a.byID[id]
	if !ok {
		return sbi.Problem(http.StatusNotFound, npcf.CausePolicyContextNotFound, "policy association %.32q is unknown or ended already", id)
	}
	delete(a.byID, id)
	delete(a.byOwner, owner)
	return nil
}
