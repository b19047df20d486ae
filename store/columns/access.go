package columns

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// SelectRevision is the number of the last change.
const SelectRevision = `SELECT revision FROM provisioning WHERE id = 1`

// SelectChanges is the query of the feed with the engine's names for its arguments: revision, SUPI, limit.
func SelectChanges(revision, supi, limit string) string {
	return `SELECT supi, revision, removed FROM (
	SELECT supi, revision, FALSE AS removed FROM subscriber WHERE (revision, supi) > (` + revision + `, ` + supi + `)
	UNION ALL
	SELECT supi, revision, TRUE AS removed FROM subscriber_removed WHERE (revision, supi) > (` + revision + `, ` + supi + `)
	) AS feed ORDER BY revision, supi LIMIT ` + limit
}

// access is the columns of store.Access.
type access struct {
	barred, noMICO               bool
	timer                        int64
	area                         string
	forbiddenTACs, forbiddenRATs string
}

func (a *access) parse() (store.Access, error) {
	parsed := store.Access{Barred: a.barred, NoMICO: a.noMICO, RegistrationTimer: time.Duration(a.timer) * time.Second}
	var err error
	if a.area != "" {
		kind, list, _ := strings.Cut(a.area, " ")
		parsed.ServiceArea.Restriction = store.Restriction(kind)
		if parsed.ServiceArea.TACs, err = parseTACs("service_area", list); err != nil {
			return parsed, err
		}
	}
	if parsed.ForbiddenTACs, err = parseTACs("forbidden_tacs", a.forbiddenTACs); err != nil {
		return parsed, err
	}
	if a.forbiddenRATs != "" {
		for name := range strings.SplitSeq(a.forbiddenRATs, ",") {
			parsed.ForbiddenRATs = append(parsed.ForbiddenRATs, store.RAT(name))
		}
	}
	return parsed, nil
}

func parseTACs(column, s string) ([]ident.TAC, error) {
	if s == "" {
		return nil, nil
	}
	var list []ident.TAC
	for digits := range strings.SplitSeq(s, ",") {
		n, err := strconv.ParseUint(digits, 10, 24)
		if err != nil {
			return nil, fmt.Errorf("%w: column %s: want tracking area codes and commas", store.ErrInvalid, column)
		}
		list = append(list, ident.TAC(n))
	}
	return list, nil
}

func serviceArea(a *store.ServiceArea) string {
	if a.Restriction == store.Everywhere {
		return ""
	}
	return string(a.Restriction) + " " + tacs(a.TACs)
}

func tacs(list []ident.TAC) string {
	numbers := make([]string, len(list))
	for i, t := range list {
		numbers[i] = strconv.FormatUint(uint64(t), 10)
	}
	return strings.Join(numbers, ",")
}

func rats(list []store.RAT) string {
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = string(r)
	}
	return strings.Join(names, ",")
}
