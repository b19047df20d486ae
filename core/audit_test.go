package core

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/amf"
	"github.com/limpid-5g/limpid/nf/nsacf"
	"github.com/limpid-5g/limpid/nf/pcf"
	"github.com/limpid-5g/limpid/nf/smf"
	"github.com/limpid-5g/limpid/nf/udm"
	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/store"
)

const (
	first  = ident.SUPI("imsi-001010000000001")
	second = ident.SUPI("imsi-001010000000002")
)

// goodView is a core with a connected UE that has a session with a user plane, and an idle UE that has one without.
func goodView() *View {
	gnb, n4 := netip.MustParseAddr("127.0.0.11"), netip.MustParseAddr("127.0.0.4")
	session := func(supi ident.SUPI, n uint64, active bool) (smf.SessionView, upf.SessionView) {
		address := netip.AddrFrom4([4]byte{10, 60, 0, byte(n + 1)})
		s := smf.SessionView{SessionInfo: smf.SessionInfo{
			Ref: string(rune('0' + n)), SUPI: supi, PDUSessionID: 1, DNN: "internet", SNSSAI: ident.SNSSAI{SST: 1, SD: ident.NoSD}, State: smf.Active, UpCnxState: nsmf.Deactivated,
			Address: address, UPF: "upf", LocalSEID: n, RemoteSEID: 10 + n, UplinkTEID: uint32(100 + n),
		}, PolicyID: "sm" + string(rune('0'+n)), OnUPF: true, Registered: true}
		u := upf.SessionView{SEID: 10 + n, CPSEID: n, Node: n4, TEIDs: []uint32{uint32(100 + n)}, UE: address, Buffers: !active}
		if active {
			s.UpCnxState, s.GNBAddress, s.GNBTEID = nsmf.Activated, gnb, 7
			u.Peers = []upf.Peer{{Address: gnb, TEID: 7}}
		}
		return s, u
	}
	s1, u1 := session(first, 1, true)
	s2, u2 := session(second, 2, false)
	return &View{
		AMF: amf.View{Timers: 1, UEs: []amf.UEView{
			{SUPI: first, Registered: true, Connected: true, TMSI: 1, Policy: "am1", Known: true, Allowed: []ident.SNSSAI{{SST: 1, SD: ident.NoSD}}, Sessions: []amf.SessionView{{ID: 1, Ref: "1", Active: true}}},
			{SUPI: second, Registered: true, TMSI: 2, Policy: "am2", Known: true, Allowed: []ident.SNSSAI{{SST: 1, SD: ident.NoSD}}, IdleTimer: true, Sessions: []amf.SessionView{{ID: 1, Ref: "2"}}},
		}},
		Held: amf.Snapshot{Contexts: 2, Registered: 2},
		SMF: smf.View{Sessions: []smf.SessionView{s1, s2}, Addresses: map[ident.DNN]uint32{"internet": 2},
			Down: map[string]bool{}},
		UPF: &upf.View{Sessions: []upf.SessionView{u1, u2}}, Own: "upf", N4: n4,
		UDM: []udm.RegistrationView{{SUPI: first, AMF: "amf", SMFs: []uint8{1}}, {SUPI: second, AMF: "amf", SMFs: []uint8{1}}},
		PCF: pcf.View{AM: map[ident.SUPI]string{first: "am1", second: "am2"},
			SM: map[pcf.SessionKey]string{{SUPI: first, PDUSessionID: 1}: "sm1", {SUPI: second, PDUSessionID: 1}: "sm2"}},
		NSACF: []nsacf.SliceView{{Slice: nsacf.Slice{SNSSAI: ident.SNSSAI{SST: 1, SD: ident.NoSD}, UEs: 5, Sessions: 5},
			In: []ident.SUPI{first, second}, Held: []nsacf.Session{{SUPI: first, PDUSessionID: 1}, {SUPI: second, PDUSessionID: 1}}}},
		Store: &Stored{UEs: map[ident.SUPI]uint32{first: 1, second: 2},
			Sessions: map[pcf.SessionKey]uint64{{SUPI: first, PDUSessionID: 1}: 1, {SUPI: second, PDUSessionID: 1}: 2}},
	}
}

// TestCheckFinds plants each kind of disagreement in a view and sees it found.
func TestCheckFinds(t *testing.T) {
	if found := goodView().Check(false); len(found) > 0 {
		t.Fatalf("a good view: %v", found)
	}
	key := pcf.SessionKey{SUPI: first, PDUSessionID: 1}
	for name, c := range map[string]struct {
		plant func(*View)
		want  string
	}{
		"AMF's own find":          {func(v *View) { v.Found = []string{"x"} }, "AMF: x"},
		"UPF's own find":          {func(v *View) { v.UPF.Found = []string{"x"} }, "UPF: x"},
		"panic":                   {func(v *View) { v.SMF.Panics = 1 }, "panic"},
		"session at the AMF only": {func(v *View) { v.SMF.Sessions = v.SMF.Sessions[1:] }, "the AMF has it and the SMF does not"},
		"session at the SMF only": {func(v *View) { v.AMF.UEs[0].Sessions = nil }, "the SMF has it and the AMF does not"},
		"session of nobody":       {func(v *View) { v.AMF.UEs = v.AMF.UEs[1:] }, "its UE is not registered"},
		"reference of another":    {func(v *View) { v.AMF.UEs[0].Sessions[0].Ref = "2" }, "reference leads to"},
		"active at the AMF only":  {func(v *View) { v.AMF.UEs[1].Sessions[0].Active = true }, "active at the AMF: true"},
		"active at the SMF only":  {func(v *View) { v.AMF.UEs[0].Sessions[0].Active = false }, "active at the AMF: false"},
		"session twice": {func(v *View) {
			s := v.SMF.Sessions[0]
			s.Ref, s.LocalSEID = "9", 9
			v.SMF.Sessions = append(v.SMF.Sessions, s)
		}, "has it twice"},
		"at rest in a procedure": {func(v *View) { v.SMF.Sessions[0].State = smf.Releasing }, "at rest while it is releasing"},
		"not on the UPF":         {func(v *View) { v.UPF.Sessions = v.UPF.Sessions[1:] }, "and the UPF does not"},
		"on the UPF only":        {func(v *View) { v.UPF.Sessions = append(v.UPF.Sessions, upf.SessionView{SEID: 99, Node: v.N4}) }, "the UPF has it and the SMF does not"},
		"on the UPF twice": {func(v *View) {
			s := v.UPF.Sessions[0]
			s.SEID = 99
			v.UPF.Sessions = append(v.UPF.Sessions, s)
		}, "the UPF has it and the SMF does not"},
		"on the UPF only, and others busy": {func(v *View) {
			v.SMF.Sessions[0].Busy = true
			v.UPF.Sessions = append(v.UPF.Sessions, upf.SessionView{SEID: 99, CPSEID: 99, Node: v.N4})
		}, "the UPF has it and the SMF does not"},
		"on the UPF only, and others left": {func(v *View) {
			v.SMF.Leftovers = []smf.LeftoverView{{UPF: "upf", LocalSEID: 98, RemoteSEID: 98}}
			v.UPF.Sessions = append(v.UPF.Sessions, upf.SessionView{SEID: 99, CPSEID: 99, Node: v.N4})
		}, "the UPF has it and the SMF does not"},
		"QER at the UPF only": {func(v *View) { v.UPF.Sessions[0].QERs = 3 }, "3 QERs and 0 URRs at the UPF"},
		"URR at the UPF only": {func(v *View) { v.UPF.Sessions[0].URRs = 1 }, "0 QERs and 1 URRs at the UPF"},
		"charging id of two":  {func(v *View) { v.SMF.Sessions[0].ChargingID, v.SMF.Sessions[1].ChargingID = "x", "x" }, "are charged as x"},
		"address leaked, others busy": {func(v *View) {
			v.SMF.Sessions[0].Busy = true
			v.SMF.Addresses["internet"] = 4
		}, "4 addresses are allotted"},
		"address freed, and held by what is left": {func(v *View) {
			v.SMF.Leftovers = []smf.LeftoverView{{UPF: "upf", LocalSEID: 98, RemoteSEID: 98, DNN: "internet", Addresses: 1}}
			v.SMF.Addresses["internet"] = 4
		}, "4 addresses are allotted"},
		"another's UPF session":      {func(v *View) { v.UPF.Sessions[0].CPSEID = 2 }, "that of another"},
		"another address at the UPF": {func(v *View) { v.UPF.Sessions[0].UE = netip.MustParseAddr("10.60.0.99") }, "at the UPF"},
		"another tunnel at the UPF":  {func(v *View) { v.UPF.Sessions[0].TEIDs = []uint32{5} }, "its tunnel at the UPF"},
		"UPF sends elsewhere":        {func(v *View) { v.UPF.Sessions[0].Peers[0].TEID = 8 }, "does not send to the gNB's tunnel"},
		"UPF sends for an idle UE":   {func(v *View) { v.UPF.Sessions[1].Peers = v.UPF.Sessions[0].Peers }, "the SMF knows none"},
		"UPF drops for an idle UE":   {func(v *View) { v.UPF.Sessions[1].Buffers = false }, "does not buffer"},
		"address of two":             {func(v *View) { v.SMF.Sessions[1].Address = v.SMF.Sessions[0].Address }, "it has the address of"},
		"address leaked":             {func(v *View) { v.SMF.Addresses["internet"] = 3 }, "3 addresses are allotted"},
		"guaranteed rate leaked": {func(v *View) {
			v.SMF.Guaranteed = []smf.GuaranteedView{{Bound: "x", Granted: nudm.AMBR{Uplink: 1}}}
		}, "1/0 bit/s are granted"},
		"AM policy gone":                   {func(v *View) { delete(v.PCF.AM, first) }, "does not have the AM policy"},
		"AM policy of another":             {func(v *View) { v.PCF.AM[first] = "other" }, "does not have the AM policy"},
		"AM policy leaked":                 {func(v *View) { v.PCF.AM["imsi-001010000000009"] = "x" }, "AM policy association without"},
		"SM policy gone":                   {func(v *View) { delete(v.PCF.SM, key) }, "does not have the SM policy"},
		"SM policy leaked":                 {func(v *View) { v.PCF.SM[pcf.SessionKey{SUPI: first, PDUSessionID: 5}] = "x" }, "SM policy association without"},
		"UDM does not know the UE":         {func(v *View) { v.UDM[0].AMF = "" }, "the UDM does not know it"},
		"UDM knows a UE that is gone":      {func(v *View) { v.UDM = append(v.UDM, udm.RegistrationView{SUPI: "imsi-001010000000009", AMF: "amf"}) }, "the UDM has it registered"},
		"UDM does not know the session":    {func(v *View) { v.UDM[0].SMFs = nil }, "does not know its SMF"},
		"UDM knows a session that is gone": {func(v *View) { v.UDM[0].SMFs = []uint8{1, 2} }, "knows an SMF for it"},
		"UE not stored":                    {func(v *View) { delete(v.Store.UEs, first) }, "registered and not in the store"},
		"UE stored with an old identity":   {func(v *View) { v.Store.UEs[first] = 77 }, "registered and not in the store"},
		"UE stored and gone":               {func(v *View) { v.Store.UEs["imsi-001010000000009"] = 9 }, "in the store and not registered"},
		"session not stored":               {func(v *View) { delete(v.Store.Sessions, key) }, "not in the store"},
		"session stored and gone":          {func(v *View) { v.Store.Sessions[pcf.SessionKey{SUPI: first, PDUSessionID: 5}] = 5 }, "the SMF does not have it"},
		"guarantee not counted": {func(v *View) {
			v.Store.Guarantees, v.SMF.Sessions[0].Guaranteed = map[uint64]store.Guarantee{}, nudm.AMBR{Uplink: 1, Downlink: 2}
		}, "1/2 bit/s are guaranteed, and 0/0 counted"},
		"guarantee counted elsewhere": {func(v *View) {
			v.SMF.Sessions[0].Guaranteed = nudm.AMBR{Uplink: 1, Downlink: 2}
			v.Store.Guarantees = map[uint64]store.Guarantee{1: {SEID: 1, Uplink: 1, Downlink: 2, Place: store.GuaranteePlace{DNN: "internet",
				Slice: v.SMF.Sessions[0].SNSSAI, UPF: "other"}}}
		}, "is counted at"},
		"guarantee leaked": {func(v *View) {
			v.Store.Guarantees = map[uint64]store.Guarantee{77: {SEID: 77, SUPI: first, PDUSessionID: 5, Uplink: 1}}
		}, "1/0 bit/s guaranteed are counted in the store and there is no session"},
		"timer leaked":                       {func(v *View) { v.AMF.Timers = 2 }, "2 idle timers"},
		"UE counted and gone":                {func(v *View) { v.NSACF[0].In = append(v.NSACF[0].In, "imsi-001010000000009") }, "it is not registered with it"},
		"UE counted in a slice that it lost": {func(v *View) { v.AMF.UEs[0].Allowed = nil }, "it is not registered with it"},
		"UE not counted":                     {func(v *View) { v.NSACF[0].In = nil }, "the NSACF does not count it"},
		"session counted and gone":           {func(v *View) { v.NSACF[0].Held[0].PDUSessionID = 5 }, "and there is no session"},
		"session not counted":                {func(v *View) { v.NSACF[0].Held = nil }, "the NSACF does not count it"},
	} {
		v := goodView()
		c.plant(v)
		if found := v.Check(false); !strings.Contains(strings.Join(found, "\n"), c.want) {
			t.Errorf("%s: found %q, want one with %q", name, found, c.want)
		}
	}
}

// TestCheckAlone: once nobody is there, nothing may be connected or run.
func TestCheckAlone(t *testing.T) {
	alone := func() *View {
		v := goodView()
		v.AMF.UEs, v.SMF.Sessions, v.UPF.Sessions = v.AMF.UEs[1:], v.SMF.Sessions[1:], v.UPF.Sessions[1:]
		v.UDM, v.SMF.Addresses["internet"], v.Held = v.UDM[1:], 1, amf.Snapshot{Contexts: 1, Registered: 1}
		for _, m := range []map[ident.SUPI]string{v.PCF.AM} {
			delete(m, first)
		}
		v.NSACF[0].In, v.NSACF[0].Held = v.NSACF[0].In[1:], v.NSACF[0].Held[1:]
		delete(v.PCF.SM, pcf.SessionKey{SUPI: first, PDUSessionID: 1})
		delete(v.Store.UEs, first)
		delete(v.Store.Sessions, pcf.SessionKey{SUPI: first, PDUSessionID: 1})
		return v
	}
	if found := alone().Check(true); len(found) > 0 {
		t.Fatalf("an idle UE alone: %v", found)
	}
	for name, plant := range map[string]func(*View){
		"gNB":        func(v *View) { v.Held.GNBs = 1 },
		"connection": func(v *View) { v.Held.Connections = 1 },
		"busy UE":    func(v *View) { v.AMF.Procedure = 1 },
		"session":    func(v *View) { v.SMF.Procedures = 1 },
		"user plane": func(v *View) { v.SMF.Sessions[0].UpCnxState = nsmf.Activated },
	} {
		v := alone()
		plant(v)
		if len(v.Check(true)) == 0 {
			t.Errorf("%s: nothing found", name)
		}
	}
}

// TestCheckLeavesBusyOut: what is under way is no find.
func TestCheckLeavesBusyOut(t *testing.T) {
	v := goodView()
	v.AMF.UEs[0] = amf.UEView{SUPI: first, Busy: true}
	v.SMF.Sessions[0].Busy, v.SMF.Sessions[0].State = true, smf.Establishing
	v.UPF.Sessions = v.UPF.Sessions[1:]
	delete(v.Store.Sessions, pcf.SessionKey{SUPI: first, PDUSessionID: 1})
	if found := v.Check(false); len(found) > 0 {
		t.Errorf("found %v", found)
	}
}
