package pcf_test

import (
	"context"
	"log/slog"
	"reflect"
	"testing"

	"github.com/limpid-5g/limpid/nf/pcf"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

// listener is an SMF and an AMF that note what they are told.
type listener struct {
	updated    map[string]npcf.SMPolicyDecision
	terminated map[string]npcf.ReleaseCause
	access     map[string]npcf.AMPolicyAssociation
	err        error
}

func newListener() *listener {
	return &listener{map[string]npcf.SMPolicyDecision{}, map[string]npcf.ReleaseCause{}, map[string]npcf.AMPolicyAssociation{}, nil}
}

func (l *listener) SMPolicyUpdateNotify(_ context.Context, uri string, d npcf.SMPolicyDecision) error {
	l.updated[uri] = d
	return l.err
}

func (l *listener) SMPolicyTerminateNotify(_ context.Context, uri string, why npcf.TerminationNotification) error {
	l.terminated[uri] = why.Cause
	return l.err
}

func (l *listener) AMPolicyUpdateNotify(_ context.Context, uri string, a npcf.AMPolicyAssociation) error {
	l.access[uri] = a
	return l.err
}

func listened(t *testing.T, cfg pcf.Config) (*pcf.PCF, *listener) {
	t.Helper()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	l := newListener()
	return pcf.New(cfg, pcf.Deps{UDR: repository{}, Sessions: l, Access: l}, slog.New(slog.DiscardHandler)), l
}

// TestReconfigure notifies exactly of what differs, TS 29.512 §4.2.3.2, TS 29.512 §4.2.3.3 and TS 29.507 §4.2.4.2.
func TestReconfigure(t *testing.T) {
	p, l := listened(t, pcf.Config{})
	ids := map[string]string{}
	for i, dnn := range []string{"internet", "ims"} {
		req := request()
		req.DNN, req.PDUSessionID, req.NotificationURI = "internet", uint8(i+1), dnn
		if dnn == "ims" {
			req.DNN = "ims"
		}
		d, err := p.CreateSMPolicy(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		ids[dnn] = d.ID
	}
	ue, err := p.CreateAMPolicy(t.Context(), npcf.AMPolicyRequest{SUPI: request().SUPI, UEAMBR: nudm.AMBR{Uplink: 1e9, Downlink: 1e9}, NotificationURI: "ue"})
	if err != nil {
		t.Fatal(err)
	}
	next := pcf.Config{MaxUEAMBR: nudm.AMBR{Downlink: 1e6}, SessionPolicies: []pcf.SessionPolicy{{DNN: "internet", PCCRules: []npcf.PCCRule{voice()}}}}
	done, err := p.Reconfigure(t.Context(), next)
	if err != nil || done != (pcf.Change{Sessions: 1, UEs: 1}) {
		t.Errorf("%+v, %v", done, err)
	}
	if d := l.updated["internet"]; len(l.updated) != 1 || d.ID != ids["internet"] || len(d.PCCRules) != 2 || d.PCCRules[0].ID != "voice" {
		t.Errorf("SMF hears %+v", l.updated)
	}
	if a := l.access["ue"]; a.ID != ue.ID || a.UEAMBR != (nudm.AMBR{Uplink: 1e9, Downlink: 1e6}) {
		t.Errorf("AMF hears %+v", l.access)
	}
	if done, err := p.Reconfigure(t.Context(), next); err != nil || done != (pcf.Change{}) {
		t.Errorf("the same again: %+v, %v", done, err)
	}
	next.SessionPolicies = []pcf.SessionPolicy{{DNN: "ims", Barred: true}}
	l.err = sbi.Problem(404, npcf.CausePolicyContextNotFound, "gone")
	if done, err := p.Reconfigure(t.Context(), next); err != nil || done != (pcf.Change{Sessions: 1, Terminated: 1, Failed: 2}) {
		t.Errorf("%+v, %v", done, err)
	}
	if !reflect.DeepEqual(l.terminated, map[string]npcf.ReleaseCause{"ims": npcf.ReleasePolicyReasons}) {
		t.Errorf("SMF hears %v", l.terminated)
	}
	req := request()
	req.DNN = "ims"
	if _, err := p.CreateSMPolicy(t.Context(), req); sbi.CauseOf(err) != npcf.CausePolicyContextDenied {
		t.Errorf("a barred session: %v", err)
	}
	next.SessionPolicies[0].DNN = ""
	if _, err := p.Reconfigure(t.Context(), next); err == nil {
		t.Error("a policy for no DNN is taken")
	}
}

// TestUpdate decides anew what the SMF reports, TS 29.512 §4.2.4: a changed subscription, and rules that are not in force.
func TestUpdate(t *testing.T) {
	asks := pcf.UERequests{FiveQIs: []uint8{1, 9}, Rules: 1, Maximum: nudm.AMBR{Uplink: 2e6, Downlink: 2e6}, Guaranteed: nudm.AMBR{Uplink: 1e6, Downlink: 1e6}}
	p, _ := listened(t, pcf.Config{SessionPolicies: []pcf.SessionPolicy{{DNN: "internet", UERequests: &asks}}})
	d, err := p.CreateSMPolicy(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.UpdateSMPolicy(t.Context(), d.ID, npcf.SMPolicyUpdateContextData{SubscribedAMBR: &nudm.AMBR{Uplink: 1, Downlink: 2}})
	if err != nil || got.SessionAMBR != (nudm.AMBR{Uplink: 1, Downlink: 2}) || got.ID != d.ID {
		t.Errorf("%+v, %v", got, err)
	}
	mine := npcf.UEInitiatedResourceRequest{RuleOp: npcf.CreatePCCRule, Precedence: 9, FlowDescriptions: []string{"permit out 17 from any to assigned"},
		FiveQI: 1, MaxBitRate: nudm.AMBR{Uplink: 1e6, Downlink: 1e6}, Guaranteed: nudm.AMBR{Uplink: 1e6, Downlink: 1e6}}
	ask := func(r npcf.UEInitiatedResourceRequest) (npcf.SMPolicyDecision, error) {
		return p.UpdateSMPolicy(t.Context(), d.ID, npcf.SMPolicyUpdateContextData{UEInitResReq: []npcf.UEInitiatedResourceRequest{r}})
	}
	got, err = ask(mine)
	if err != nil || len(got.PCCRules) != 2 || got.PCCRules[0].ID != "ue-1" || got.PCCRules[0].ARP.PriorityLevel != 8 {
		t.Fatalf("%+v, %v", got, err)
	}
	for name, change := range map[string]func(*npcf.UEInitiatedResourceRequest){
		"one more":          func(*npcf.UEInitiatedResourceRequest) {},
		"another 5QI":       func(r *npcf.UEInitiatedResourceRequest) { r.FiveQI = 2 },
		"too much":          func(r *npcf.UEInitiatedResourceRequest) { r.Guaranteed.Uplink++ },
		"too fast":          func(r *npcf.UEInitiatedResourceRequest) { r.MaxBitRate.Downlink = 3e6 },
		"no rate for 5QI 1": func(r *npcf.UEInitiatedResourceRequest) { r.Guaranteed = nudm.AMBR{} },
		"no filter":         func(r *npcf.UEInitiatedResourceRequest) { r.FlowDescriptions = nil },
		"another's rule":    func(r *npcf.UEInitiatedResourceRequest) { r.RuleOp, r.PCCRuleID = npcf.DeletePCCRule, "match-all" },
	} {
		r := mine
		change(&r)
		if _, err := ask(r); sbi.CauseOf(err) != npcf.CausePolicyContextDenied {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err = p.UpdateSMPolicy(t.Context(), d.ID, npcf.SMPolicyUpdateContextData{RuleReports: []npcf.RuleReport{{PCCRuleIDs: []string{"ue-1"}, FailureCode: npcf.RuleAllocationFailed}}})
	if err != nil || len(got.PCCRules) != 1 {
		t.Errorf("after the report %+v, %v", got, err)
	}
	if got, err = ask(mine); err != nil || got.PCCRules[0].ID != "ue-2" {
		t.Errorf("the next rule %+v, %v", got, err)
	}
	if _, err := p.UpdateSMPolicy(t.Context(), "x", npcf.SMPolicyUpdateContextData{}); sbi.CauseOf(err) != npcf.CausePolicyContextNotFound {
		t.Errorf("unknown association: %v", err)
	}
}
