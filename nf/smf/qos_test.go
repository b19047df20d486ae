package smf

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

var voiceAndVideo = []npcf.PCCRule{
	{ID: "voice", Precedence: 10, FlowDescriptions: []string{"permit out 17 from 203.0.113.0/24 to assigned 5060"}, FiveQI: 1,
		ARP: nudm.ARP{PriorityLevel: 2, MayPreempt: true}, MaxBitRate: nudm.AMBR{Uplink: 200e3, Downlink: 300e3}, GuaranteedBitRate: nudm.AMBR{Uplink: 100e3, Downlink: 150e3}},
	{ID: "all", Precedence: 200, FiveQI: 9, ARP: nudm.ARP{PriorityLevel: 8}},
	{ID: "web", Precedence: 20, FlowDescriptions: []string{"permit out 6 from any 80,443 to assigned"}, FiveQI: 9, ARP: nudm.ARP{PriorityLevel: 8}},
	{ID: "games", Precedence: 15, FlowDescriptions: []string{"permit out ip from 198.51.100.7 to any"}, FiveQI: 7, ARP: nudm.ARP{PriorityLevel: 5, Preemptable: true}},
}

var bothVersions = abilities{ipv4: true, ipv6: true}

// TestQoSAgrees makes a session of several flows and checks that UE, gNB and UPF hear of the same, TS 23.501 §5.7.
func TestQoSAgrees(t *testing.T) {
	inWorld(t, func(w *world, _ *Config) { w.pcf.rules = voiceAndVideo }, func(w *world) {
		w.create(request(1, nil))
		sent := w.one()
		accept := w.decode(sent.N1SMMsg).(*gsm.PDUSessionEstablishmentAccept)
		setup, err := ngap.DecodePDUSessionResourceSetupRequestTransfer(sent.N2SMInfo.Data)
		if err != nil {
			t.Fatal(err)
		}
		_, n := w.upf.only(t)
		if err := accept.AuthorizedQoSRules.Check(); err != nil {
			t.Errorf("QoS rules: %v", err)
		}
		wantQFI := map[uint8]uint8{10: 2, 200: 1, 20: 1, 15: 3} // by precedence
		for _, r := range accept.AuthorizedQoSRules {
			if r.QFI != wantQFI[r.Precedence] || r.Default != (r.Precedence == 200) {
				t.Errorf("QoS rule %+v", r)
			}
			up, down := n.pdrs[2*pfcp.PDRID(r.ID)-1], n.pdrs[2*pfcp.PDRID(r.ID)]
			if up.PDI.QFI[0] != pfcp.QFI(r.QFI) || up.Precedence != pfcp.Precedence(r.Precedence) || down.Precedence != up.Precedence {
				t.Errorf("PDRs %+v, %+v for QoS rule %+v", up, down, r)
			}
			if !slices.Contains(down.QERID, flowQER(r.QFI)) || slices.Contains(down.QERID, ambrQER) == (r.QFI == 2) {
				t.Errorf("QERs %v for QFI %d", down.QERID, r.QFI)
			}
			if r.Default != (len(up.PDI.SDFFilter) == 0) || len(up.PDI.SDFFilter) != len(r.Filters) && !r.Default {
				t.Errorf("%d SDF filters for %d packet filters", len(up.PDI.SDFFilter), len(r.Filters))
			}
			if up.PDI.LocalFTEID.Value().ChooseID.Or(0) != uplinkChoice {
				t.Error("uplink PDRs may get different tunnels")
			}
		}
		for i, f := range accept.AuthorizedQoSFlowDescriptions {
			five, _ := f.FiveQI()
			profile := setup.QosFlowSetupRequestList[i]
			p := profile.QosFlowLevelQosParameters
			qer := n.request.CreateQER[1+i]
			if profile.QosFlowIdentifier != ngap.QosFlowIdentifier(f.QFI) || p.QosCharacteristics.NonDynamic5QI.FiveQI != ngap.FiveQI(five) || qer.QFI.Value() != pfcp.QFI(f.QFI) {
				t.Errorf("flow %d: UE %+v, gNB %+v, UPF %+v", i, f, profile, qer)
			}
			gfbr, guaranteed := f.BitRate(gsm.ParameterGFBRDownlink)
			if guaranteed != (five == 1) || guaranteed != (p.GBRQosInformation != nil) || guaranteed != qer.GBR.Present() {
				t.Errorf("flow %d: guaranteed at UE %v, gNB %v, UPF %v", i, guaranteed, p.GBRQosInformation != nil, qer.GBR.Present())
			}
			if guaranteed && (gfbr.BitsPerSecond() != 150e3 || p.GBRQosInformation.GuaranteedFlowBitRateDL != 150e3 || qer.GBR.Value().Downlink != 150 ||
				qer.MBR.Value().Uplink != 200 || p.GBRQosInformation.MaximumFlowBitRateUL != 200e3) {
				t.Errorf("flow %d: rates differ", i)
			}
		}
		if a := setup.QosFlowSetupRequestList[1].QosFlowLevelQosParameters.AllocationAndRetentionPriority; a.PreEmptionCapability != ngap.PreEmptionCapabilityMayTriggerPreEmption {
			t.Errorf("ARP of voice %+v", a)
		}
		synctest.Wait()
	})
}

// TestNoPCCRules makes the default QoS rule from the default QoS, TS 23.501 §5.7.1.4.
func TestNoPCCRules(t *testing.T) {
	q, err := newSessionQoS(npcf.SMPolicyDecision{DefaultQoS: nudm.SubscribedDefaultQoS{FiveQI: 8, ARP: nudm.ARP{PriorityLevel: 9}, PriorityLevel: 70}}, bothVersions, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(q.rules) != 1 || q.rules[0].precedence != 255 || q.rules[0].flow.fiveQI != 8 || q.flows[0].priority != 70 {
		t.Errorf("%+v", q)
	}
	if p := q.profiles()[0].QosFlowLevelQosParameters.QosCharacteristics.NonDynamic5QI; *p.PriorityLevelQos != 70 {
		t.Errorf("profile %+v", p)
	}
}

// TestBadPCCRules refuses what no session can have, TS 23.503 §6.3.1.
func TestBadPCCRules(t *testing.T) {
	good := nudm.SubscribedDefaultQoS{FiveQI: 9, ARP: nudm.ARP{PriorityLevel: 8}}
	many := make([]npcf.PCCRule, 300)
	gbr := make([]npcf.PCCRule, 64)
	for i := range gbr {
		rate := nudm.AMBR{Uplink: 1, Downlink: 1}
		gbr[i] = npcf.PCCRule{FiveQI: 1, ARP: good.ARP, FlowDescriptions: []string{"permit out ip from any to assigned"}, GuaranteedBitRate: rate, MaxBitRate: rate}
	}
	tests := []struct {
		name string
		d    npcf.SMPolicyDecision
		want string
	}{
		{"no default QoS", npcf.SMPolicyDecision{}, "want a 5QI"},
		{"ARP out of range", npcf.SMPolicyDecision{DefaultQoS: nudm.SubscribedDefaultQoS{FiveQI: 9, ARP: nudm.ARP{PriorityLevel: 16}}}, "ARP of 1 to 15"},
		{"MBR below GBR", npcf.SMPolicyDecision{DefaultQoS: good, PCCRules: []npcf.PCCRule{{GuaranteedBitRate: nudm.AMBR{Uplink: 1}}}}, "below the guaranteed"},
		{"too many rules", npcf.SMPolicyDecision{DefaultQoS: good, PCCRules: many}, "at most 255"},
		{"too many flows", npcf.SMPolicyDecision{DefaultQoS: good, PCCRules: gbr}, "more than 63"},
		{"too many filters", npcf.SMPolicyDecision{DefaultQoS: good, PCCRules: []npcf.PCCRule{{FlowDescriptions: []string{
			"permit out 6 from any 1,2,3,4,5,6,7,8 to assigned", "permit out 6 from any 1,2,3,4,5,6,7,8 to assigned"}}}}, "at most 15"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := newSessionQoS(tt.d, bothVersions, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// TestFlowDescriptions reads IPFilterRules, TS 29.212 §5.4.2, and writes them for N4; the UE's form is counted.
func TestFlowDescriptions(t *testing.T) {
	tests := []struct {
		text string
		want []string
		ue   []gsm.ComponentType // of the first filter
	}{
		{"permit out 58 from 2001:db8::1/32 to assigned", []string{"permit out 58 from 2001:db8::/32 to assigned"},
			[]gsm.ComponentType{gsm.IPv6RemotePrefix, gsm.Protocol}},
		{"permit out ip from any to assigned", []string{"permit out ip from any to assigned"}, []gsm.ComponentType{gsm.MatchAll}},
		{"permit out 17 from 198.51.100.7 53 to any", []string{"permit out 17 from 198.51.100.7/32 53 to assigned"},
			[]gsm.ComponentType{gsm.IPv4RemoteAddress, gsm.Protocol, gsm.SingleRemotePort}},
		{"permit out 6 from 198.51.100.9/24 to assigned 1000-2000", []string{"permit out 6 from 198.51.100.0/24 to assigned 1000-2000"},
			[]gsm.ComponentType{gsm.IPv4RemoteAddress, gsm.Protocol, gsm.LocalPortRange}},
		{"permit out 6 from any 80,443-444 to assigned 5", []string{"permit out 6 from any 80 to assigned 5", "permit out 6 from any 443-444 to assigned 5"},
			[]gsm.ComponentType{gsm.Protocol, gsm.SingleLocalPort, gsm.SingleRemotePort}},
	}
	for _, tt := range tests {
		list, err := parseFlowDescription(tt.text)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		var got []string
		for _, f := range list {
			got = append(got, f.String())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
		var ue []gsm.ComponentType
		for _, c := range list[0].components() {
			ue = append(ue, c.Type)
		}
		if !slices.Equal(ue, tt.ue) {
			t.Errorf("%q: components %v, want %v", tt.text, ue, tt.ue)
		}
	}
	for _, bad := range []string{"", "permit", "deny out ip from any to any", "permit in ip from any to any", "permit out 256 from any to any",
		"permit out ip from ::ffff:192.0.2.1 to any", "permit out ip from fe80::1%x to any", "permit out ip from x to any", "permit out ip from any to 10.0.0.1", "permit out ip from any 2-1 to any",
		"permit out ip from any 65536 to any", "permit out ip from any to any 1 2", "permit out ip from any 1,2,3,4,5,6,7,8,9 to any", "permit out ip from any any any"} {
		if f, err := parseFlowDescription(bad); err == nil {
			t.Errorf("%q is read as %v", bad, f)
		}
	}
}

// FuzzFlowDescription: what can be read is written in a form that reads the same.
func FuzzFlowDescription(f *testing.F) {
	f.Add("permit out 17 from 198.51.100.0/24 53 to assigned")
	f.Add("permit out ip from any to any 1-2,3")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parseFlowDescription(text)
		if err != nil {
			return
		}
		if len(list) > maxPortRanges*maxPortRanges {
			t.Fatalf("%d filters", len(list))
		}
		for _, one := range list {
			again, err := parseFlowDescription(one.String())
			if err != nil || len(again) != 1 || again[0] != one {
				t.Fatalf("%q: %v, %v", one.String(), again, err)
			}
		}
	})
}

// TestRates rounds bit/s up to kbit/s, TS 29.244 §8.2.8.
func TestRates(t *testing.T) {
	for bits, want := range map[uint64]uint64{0: 0, 1: 1, 999: 1, 1000: 1, 1001: 2, 10e9: 10e6} {
		if got := kbit(bits); got != want {
			t.Errorf("%d bit/s are %d kbit/s, want %d", bits, got, want)
		}
	}
	if bitRate(5e12) != maxBitRate {
		t.Error("a rate above 4 Tbit/s does not fit (TS 38.413 §9.3.1.4)")
	}
}

// TestEqualQoS: two sessions share their QoS only if all of it is the same; a field that is added is looked at too.
func TestEqualQoS(t *testing.T) {
	made := func() *sessionQoS {
		q := &sessionQoS{ambr: nudm.AMBR{Uplink: 1, Downlink: 2}, rqTimer: 3, flows: []qosFlow{{qfi: 1}, {qfi: 2}}}
		q.rules = []qosRule{{id: 1, pcc: "a", precedence: 9, flow: &q.flows[0]}, {id: 2, pcc: "b", filters: []flowFilter{{protocol: 6}}, flow: &q.flows[1]}}
		return q
	}
	if !made().equal(made()) {
		t.Fatal("not the same as itself")
	}
	for name, change := range map[string]func(*sessionQoS){
		"ambr": func(q *sessionQoS) { q.ambr.Downlink++ }, "rqTimer": func(q *sessionQoS) { q.rqTimer++ },
		"flows": func(q *sessionQoS) { q.flows[1].notify = true }, "more flows": func(q *sessionQoS) { q.flows = append(q.flows, qosFlow{qfi: 3}) },
		"rules": func(q *sessionQoS) { q.rules = q.rules[:1] }, "id": func(q *sessionQoS) { q.rules[0].id++ },
		"pcc": func(q *sessionQoS) { q.rules[1].pcc = "c" }, "precedence": func(q *sessionQoS) { q.rules[1].precedence++ },
		"filters": func(q *sessionQoS) { q.rules[1].filters[0].localPorts.high++ }, "flow": func(q *sessionQoS) { q.rules[0].flow = &q.flows[1] },
	} {
		if q := made(); func() bool { change(q); return made().equal(q) || q.equal(made()) }() {
			t.Errorf("%s: not seen", name)
		}
	}
	if n, m := reflect.TypeFor[sessionQoS]().NumField(), reflect.TypeFor[qosRule]().NumField(); n != 4 || m != 5 {
		t.Errorf("%d and %d fields: does equal know them all?", n, m)
	}
}
