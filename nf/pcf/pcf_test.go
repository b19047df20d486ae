package pcf_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/pcf"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/sbi/nudr"
)

var (
	slice1 = ident.SNSSAI{SST: 1, SD: ident.NoSD}
	slice2 = ident.SNSSAI{SST: 2, SD: ident.NoSD}
)

// repository knows one subscriber with DNNs internet and ims; the PCF needs no more of it.
type repository struct{ nudr.DataRepository }

func (repository) AMData(_ context.Context, supi ident.SUPI) (nudm.AccessAndMobilitySubscriptionData, error) {
	if !strings.HasPrefix(string(supi), "imsi-00101") {
		return nudm.AccessAndMobilitySubscriptionData{}, sbi.Problem(http.StatusNotFound, nudr.CauseUserNotFound, "no %s", supi.Conceal())
	}
	return nudm.AccessAndMobilitySubscriptionData{}, nil
}

func (r repository) SMData(ctx context.Context, supi ident.SUPI, _ ident.SNSSAI, dnn ident.DNN) (nudm.SessionManagementSubscriptionData, error) {
	if _, err := r.AMData(ctx, supi); err != nil {
		return nudm.SessionManagementSubscriptionData{}, err
	}
	if dnn != "internet" && dnn != "ims" {
		return nudm.SessionManagementSubscriptionData{}, sbi.Problem(http.StatusNotFound, nudr.CauseDataNotFound, "subscribed: internet, ims")
	}
	return nudm.SessionManagementSubscriptionData{}, nil
}

func newPCF(t *testing.T, cfg pcf.Config) *pcf.PCF {
	t.Helper()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return pcf.New(cfg, pcf.Deps{UDR: repository{}}, slog.New(slog.DiscardHandler))
}

func request() npcf.SMPolicyContextData {
	return npcf.SMPolicyContextData{
		SUPI: "imsi-001010000000001", PDUSessionID: 1, PDUSessionType: nudm.IPv4, DNN: "internet", SNSSAI: slice1,
		SubscribedAMBR: nudm.AMBR{Uplink: 1e9, Downlink: 2e9},
		SubscribedQoS:  nudm.SubscribedDefaultQoS{FiveQI: 9, ARP: nudm.ARP{PriorityLevel: 8}},
	}
}

func voice() npcf.PCCRule {
	return npcf.PCCRule{
		ID: "voice", Precedence: 20, FlowDescriptions: []string{"permit out 17 from 192.0.2.0/24 5060,10000-20000 to assigned"},
		FiveQI: 1, ARP: nudm.ARP{PriorityLevel: 2, MayPreempt: true},
		MaxBitRate: nudm.AMBR{Uplink: 128e3, Downlink: 128e3}, GuaranteedBitRate: nudm.AMBR{Uplink: 64e3, Downlink: 64e3},
	}
}

func web() npcf.PCCRule {
	return npcf.PCCRule{ID: "web", Precedence: 10, FlowDescriptions: []string{"permit out ip from any to any"}}
}

// TestDecision: TS 29.512 §4.2.2.
func TestDecision(t *testing.T) {
	p := newPCF(t, pcf.Config{SessionPolicies: []pcf.SessionPolicy{
		{DNN: "internet", SNSSAI: &slice2, MaxSessionAMBR: nudm.AMBR{Downlink: 5e8}},
		{DNN: "IMS", MaxSessionAMBR: nudm.AMBR{Uplink: 5e9, Downlink: 1e6}, PCCRules: []npcf.PCCRule{voice(), web()}},
	}})
	matchAll := npcf.PCCRule{ID: "match-all", Precedence: 255, FiveQI: 9, ARP: nudm.ARP{PriorityLevel: 8}}
	asSubscribed := web()
	asSubscribed.FiveQI, asSubscribed.ARP = 9, nudm.ARP{PriorityLevel: 8}
	for _, test := range []struct {
		dnn   ident.DNN
		slice ident.SNSSAI
		ambr  nudm.AMBR
		rules []npcf.PCCRule
	}{
		{"internet", slice1, nudm.AMBR{Uplink: 1e9, Downlink: 2e9}, []npcf.PCCRule{matchAll}},
		{"internet", slice2, nudm.AMBR{Uplink: 1e9, Downlink: 5e8}, []npcf.PCCRule{matchAll}},
		{"ims", slice1, nudm.AMBR{Uplink: 1e9, Downlink: 1e6}, []npcf.PCCRule{asSubscribed, voice(), matchAll}},
	} {
		req := request()
		req.DNN, req.SNSSAI = test.dnn, test.slice
		got, err := p.CreateSMPolicy(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		want := npcf.SMPolicyDecision{ID: got.ID, SessionAMBR: test.ambr, DefaultQoS: req.SubscribedQoS, PCCRules: test.rules}
		if got.ID == "" || !reflect.DeepEqual(got, want) {
			t.Errorf("%s on %s:\ngot  %+v\nwant %+v", test.dnn, test.slice, got, want)
		}
	}
}

// TestAssociations: bounded, one for each session, gone once deleted, TS 29.512 §4.2.5.
func TestAssociations(t *testing.T) {
	p := newPCF(t, pcf.Config{MaxAssociations: 2})
	create := func(id uint8) (string, error) {
		req := request()
		req.PDUSessionID = id
		d, err := p.CreateSMPolicy(t.Context(), req)
		return d.ID, err
	}
	first, err := create(1)
	if err != nil {
		t.Fatal(err)
	}
	again, err := create(1)
	if err != nil || again == first {
		t.Fatalf("the same session again: %q after %q, error %v", again, first, err)
	}
	second, err := create(2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := create(3); sbi.CauseOf(err) != sbi.CauseInsufficientResource {
		t.Fatalf("third of two: error %v", err)
	}
	for _, id := range []string{first, "", "nonsense"} {
		if err := p.DeleteSMPolicy(t.Context(), id); sbi.CauseOf(err) != npcf.CausePolicyContextNotFound {
			t.Errorf("delete %q: error %v, want %s", id, err, npcf.CausePolicyContextNotFound)
		}
	}
	if err := errors.Join(p.DeleteSMPolicy(t.Context(), again), p.DeleteSMPolicy(t.Context(), second)); err != nil {
		t.Fatal(err)
	}
	if _, err := create(3); err != nil {
		t.Fatal(err)
	}
}

// TestAMPolicy: TS 29.507 §4.2.2 and TS 29.507 §4.2.5.
func TestAMPolicy(t *testing.T) {
	p := newPCF(t, pcf.Config{RFSPIndex: 7})
	req := npcf.AMPolicyRequest{SUPI: "imsi-001010000000001", RFSPIndex: 3, UEAMBR: nudm.AMBR{Uplink: 1, Downlink: 2}}
	got, err := p.CreateAMPolicy(t.Context(), req)
	if err != nil || got.RFSPIndex != 7 || got.UEAMBR != req.UEAMBR || got.ID == "" {
		t.Fatalf("association %+v, error %v", got, err)
	}
	if err := p.DeleteAMPolicy(t.Context(), got.ID); err != nil {
		t.Fatal(err)
	}
	if err := p.DeleteAMPolicy(t.Context(), got.ID); sbi.CauseOf(err) != npcf.CausePolicyContextNotFound {
		t.Fatalf("deleted twice: error %v", err)
	}
	req.SUPI = "imsi-310410000000001"
	if _, err := p.CreateAMPolicy(t.Context(), req); sbi.CauseOf(err) != npcf.CauseUserUnknown {
		t.Fatalf("unknown user: error %v", err)
	}
}

func TestRefusals(t *testing.T) {
	p := newPCF(t, pcf.Config{})
	unknown, denied := request(), request()
	unknown.SUPI, denied.DNN = "imsi-310410000000001", "mms"
	if _, err := p.CreateSMPolicy(t.Context(), unknown); sbi.CauseOf(err) != npcf.CauseUserUnknown {
		t.Errorf("unknown user: error %v", err)
	}
	if _, err := p.CreateSMPolicy(t.Context(), denied); sbi.CauseOf(err) != npcf.CausePolicyContextDenied || !strings.Contains(err.Error(), "subscribed: internet, ims") {
		t.Errorf("DNN not subscribed: error %v", err)
	}
}

// TestValidate: each fault of a configured rule is found, and what is right is accepted.
func TestValidate(t *testing.T) {
	for name, spoil := range map[string]func(*npcf.PCCRule){
		"no id":                 func(r *npcf.PCCRule) { r.ID = "" },
		"match-all's id":        func(r *npcf.PCCRule) { r.ID = "match-all" },
		"match-all's":           func(r *npcf.PCCRule) { r.Precedence = 255 },
		"same as another":       func(r *npcf.PCCRule) { r.Precedence = 10 },
		"5QI":                   func(r *npcf.PCCRule) { r.FiveQI = 255 },
		"ARP":                   func(r *npcf.PCCRule) { r.ARP.PriorityLevel = 16 },
		"GBR above MBR":         func(r *npcf.PCCRule) { r.MaxBitRate.Uplink = 1 },
		"GBR 5QI without GBR":   func(r *npcf.PCCRule) { r.GuaranteedBitRate = nudm.AMBR{} },
		"non-GBR 5QI with GBR":  func(r *npcf.PCCRule) { r.FiveQI = 9 },
		"no flow":               func(r *npcf.PCCRule) { r.FlowDescriptions = nil },
		"deny":                  flow("deny out ip from any to any"),
		"in":                    flow("permit in ip from any to any"),
		"protocol":              flow("permit out tcp from any to any"),
		"protocol number":       flow("permit out 256 from any to any"),
		"no destination":        flow("permit out ip from any 80 to"),
		"no to":                 flow("permit out ip from any 80 any any"),
		"address":               flow("permit out ip from 192.0.2.256 to any"),
		"not":                   flow("permit out ip from !192.0.2.1 to any"),
		"prefix":                flow("permit out ip from 192.0.2.0/33 to any"),
		"port":                  flow("permit out 6 from any 65536 to any"),
		"port range":            flow("permit out 6 from any 20-10 to any"),
		"half a port range":     flow("permit out 6 from any 20- to any"),
		"options":               flow("permit out ip from any to any frag"),
		"options after a port":  flow("permit out 6 from any to any 80 established"),
		"empty":                 flow(""),
		"words short":           flow("permit out ip"),
		"too many descriptions": func(r *npcf.PCCRule) { r.FlowDescriptions = make([]string, 17) },
	} {
		rule := voice()
		spoil(&rule)
		cfg := pcf.Config{SessionPolicies: []pcf.SessionPolicy{{DNN: "ims", PCCRules: []npcf.PCCRule{web(), rule}}}}
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), `DNN "ims"`) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for _, cfg := range []pcf.Config{
		{RFSPIndex: 257}, {MaxAssociations: -1}, {SessionPolicies: []pcf.SessionPolicy{{DNN: "a b"}}},
		{SessionPolicies: []pcf.SessionPolicy{{DNN: "ims", PCCRules: make([]npcf.PCCRule, 33)}}},
	} {
		if cfg.Validate() == nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
	good := voice()
	good.FlowDescriptions = []string{
		"permit out ip from any to assigned", "permit out 6 from 2001:db8::/32 to assigned 80,443,1-2", "permit out 17 from 192.0.2.1 53 to any",
	}
	cfg := pcf.Config{SessionPolicies: []pcf.SessionPolicy{{DNN: "ims", PCCRules: []npcf.PCCRule{good, web()}}}}
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
}

func flow(s string) func(*npcf.PCCRule) {
	return func(r *npcf.PCCRule) { r.FlowDescriptions = []string{s} }
}
