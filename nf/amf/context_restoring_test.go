package amf

import (
	"testing"

	"github.com/limpid-5g/limpid/ident"
)

// TestSessionsAgree: the sessions of all UEs and those of the SMF are the same only if each is found, and no other is there.
func TestSessionsAgree(t *testing.T) {
	type owner struct {
		supi ident.SUPI
		id   uint8
	}
	smf := map[string]owner{"1": {"imsi-1", 5}, "2": {"imsi-2", 5}, "3": {"imsi-2", 6}}
	has := func(ref string, supi ident.SUPI, id uint8) bool { return smf[ref] == owner{supi, id} }
	const foreign = "https://other.example/nsmf-pdusession/v1/sm-contexts/9"
	for name, x := range map[string]struct {
		first, second []*smContext
		want          bool
	}{
		"the same":                     {[]*smContext{{id: 5, ref: "1"}}, []*smContext{{id: 5, ref: "2"}, {id: 6, ref: "3"}}, true},
		"and one of another core":      {[]*smContext{{id: 5, ref: "1"}, {id: 7, ref: foreign}}, []*smContext{{id: 5, ref: "2"}, {id: 6, ref: "3"}}, true},
		"one that no UE has":           {nil, []*smContext{{id: 5, ref: "2"}, {id: 6, ref: "3"}}, false},
		"one that the SMF has not":     {[]*smContext{{id: 5, ref: "1"}, {id: 6, ref: "4"}}, []*smContext{{id: 5, ref: "2"}, {id: 6, ref: "3"}}, false},
		"one of another UE":            {[]*smContext{{id: 5, ref: "2"}}, []*smContext{{id: 5, ref: "2"}, {id: 6, ref: "3"}}, false},
		"one of another identity":      {[]*smContext{{id: 6, ref: "1"}}, []*smContext{{id: 5, ref: "2"}, {id: 6, ref: "3"}}, false},
		"one twice, and one not there": {nil, []*smContext{{id: 5, ref: "2"}, {id: 6, ref: "3"}, {id: 6, ref: "3"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := new(AMF)
			a.ues.init()
			a.ues.bySUPI.put("imsi-1", &ue{supi: "imsi-1", sessions: x.first})
			a.ues.bySUPI.put("imsi-2", &ue{supi: "imsi-2", sessions: x.second})
			if got := a.SessionsAgree(len(smf), has); got != x.want {
				t.Errorf("%v, want %v", got, x.want)
			}
		})
	}
}
