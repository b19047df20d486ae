package smf

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// TestSessionType decides by what is asked for, what is subscribed and what the data network has, TS 24.501 §6.4.1.3,
// TS 24.501 §6.4.1.4 and TS 23.501 §5.8.2.2.1.
func TestSessionType(t *testing.T) {
	const v4, v6, both, eth, raw = gsm.IPv4, gsm.IPv6, gsm.IPv4v6, gsm.Ethernet, gsm.Unstructured
	pools := map[string][]netip.Prefix{
		"4": {netip.MustParsePrefix("10.45.0.0/24")}, "6": {netip.MustParsePrefix("2001:db8::/48")},
		"46": {netip.MustParsePrefix("10.45.0.0/24"), netip.MustParsePrefix("2001:db8::/48")}, "": nil,
	}
	tests := []struct {
		pools      string
		eth, raw   bool
		subscribed []nudm.PDUSessionType // the first is the default
		asked      gsm.PDUSessionType    // 0: the UE leaves it open
		want       gsm.PDUSessionType    // 0: refused
		cause      gsm.Cause
	}{
		{"46", false, false, []nudm.PDUSessionType{nudm.IPv4v6}, both, both, 0},
		{"46", false, false, []nudm.PDUSessionType{nudm.IPv4v6}, v6, v6, 0},
		{"46", false, false, []nudm.PDUSessionType{nudm.IPv4v6}, 0, both, 0},
		{"46", false, false, []nudm.PDUSessionType{nudm.IPv6, nudm.IPv4}, 0, v6, 0},
		{"4", false, false, []nudm.PDUSessionType{nudm.IPv4v6}, both, v4, gsm.CausePDUSessionTypeIPv4OnlyAllowed},
		{"6", false, false, []nudm.PDUSessionType{nudm.IPv4v6}, both, v6, gsm.CausePDUSessionTypeIPv6OnlyAllowed},
		{"46", false, false, []nudm.PDUSessionType{nudm.IPv6}, both, v6, gsm.CausePDUSessionTypeIPv6OnlyAllowed},
		{"46", false, false, []nudm.PDUSessionType{nudm.IPv6, nudm.IPv4}, both, v6, gsm.CausePDUSessionTypeIPv6OnlyAllowed},
		{"6", false, false, []nudm.PDUSessionType{nudm.IPv4v6}, v4, 0, gsm.CausePDUSessionTypeIPv6OnlyAllowed},
		{"4", false, false, []nudm.PDUSessionType{nudm.IPv4v6}, v6, 0, gsm.CausePDUSessionTypeIPv4OnlyAllowed},
		{"46", true, false, []nudm.PDUSessionType{nudm.Ethernet, nudm.IPv4}, eth, eth, 0},
		{"", true, false, []nudm.PDUSessionType{nudm.Ethernet, nudm.IPv4}, v4, 0, gsm.CausePDUSessionTypeEthernetOnlyAllowed},
		{"", false, true, []nudm.PDUSessionType{nudm.Unstructured, nudm.IPv4}, v4, 0, gsm.CausePDUSessionTypeUnstructuredOnlyAllowed},
		{"", false, true, []nudm.PDUSessionType{nudm.Unstructured}, raw, raw, 0},
		{"46", true, true, []nudm.PDUSessionType{nudm.IPv4}, eth, 0, gsm.CauseUnknownPDUSessionType},
		{"4", true, false, []nudm.PDUSessionType{nudm.Unstructured}, v4, 0, gsm.CauseRequestedServiceOptionNotSubscribed},
	}
	for _, tt := range tests {
		d := newDataNetwork(DNN{Pools: pools[tt.pools], Ethernet: tt.eth, Unstructured: tt.raw})
		m := &gsm.PDUSessionEstablishmentRequest{}
		if tt.asked != 0 {
			m.PDUSessionType = &tt.asked
		}
		kind, cause, err := d.sessionType(m, &nudm.SessionManagementSubscriptionData{DefaultSessionType: tt.subscribed[0], AllowedSessionTypes: tt.subscribed})
		if err != nil {
			cause = asRefusal(err).cause
		}
		if kind != tt.want || cause != tt.cause {
			t.Errorf("%+v: %v, %v", tt, kind, cause)
		}
	}
}

// TestSessionOfBothVersions follows the addresses to UE, gNB and UPF, TS 23.501 §5.8.2.2.3 and TS 24.501 §9.11.4.10, and
// the networks behind the UE, TS 23.501 §5.6.14.
func TestSessionOfBothVersions(t *testing.T) {
	inWorld(t, func(w *world, c *Config) {
		c.DNNs[0].Pools = append(c.DNNs[0].Pools, netip.MustParsePrefix("2001:db8:45::/48"))
		w.udm.data.AllowedSessionTypes = []nudm.PDUSessionType{nudm.IPv4v6}
		w.udm.data.StaticIPv6Prefix = netip.MustParsePrefix("2001:db8:45:77::/64")
		w.udm.data.FramedRoutes = []netip.Prefix{netip.MustParsePrefix("192.168.7.0/24"), netip.MustParsePrefix("2001:db8:7::/48")}
	}, func(w *world) {
		ref := w.create(request(1, func(m *gsm.PDUSessionEstablishmentRequest) { m.PDUSessionType = new(gsm.IPv4v6) }))
		sent := w.one()
		accept := w.decode(sent.N1SMMsg).(*gsm.PDUSessionEstablishmentAccept)
		a := accept.PDUAddress
		if accept.SelectedPDUSessionType != gsm.IPv4v6 || a.IPv4 != netip.MustParseAddr("10.45.0.2") || a.InterfaceID == [8]byte{} || a.SMFLinkLocal != smfLinkLocal() {
			t.Errorf("UE gets %+v", a)
		}
		setup, err := ngap.DecodePDUSessionResourceSetupRequestTransfer(sent.N2SMInfo.Data)
		if err != nil || setup.PDUSessionType != ngap.PDUSessionTypeIPV4V6 {
			t.Errorf("gNB gets %v, %v", setup.PDUSessionType, err)
		}
		_, n := w.upf.only(t)
		if n.request.PDNType.Value() != pfcp.PDNTypeIPv4v6 {
			t.Errorf("UPF gets %v", n.request.PDNType)
		}
		for _, p := range n.pdrs {
			ip := p.PDI.UEIPAddress[0]
			if ip.IPv4 != a.IPv4 || ip.IPv6 != netip.MustParseAddr("2001:db8:45:77::") || ip.Destination != (p.PDI.SourceInterface == pfcp.InterfaceCore) ||
				!slices.Equal(p.PDI.FramedRoute, []string{"192.168.7.0/24 0.0.0.0 1"}) || !slices.Equal(p.PDI.FramedIPv6Route, []string{"2001:db8:7::/48 :: 1"}) {
				t.Errorf("PDR %d %+v", p.PDRID, p.PDI)
			}
		}
		w.update(ref, gnbAccepts(7))
		d := createData(request(1, func(m *gsm.PDUSessionEstablishmentRequest) { m.PDUSessionID, m.PDUSessionType = 6, new(gsm.IPv6) }))
		d.PDUSessionID = 6
		if _, err := w.smf.CreateSMContext(t.Context(), d); err != nil { // the fixed prefix is taken: refused later, with what it had given back
			t.Fatal(err)
		}
		w.pass(0)
		w.endAll()
		if n := w.smf.networks[string(internet)].prefixes.allotted(); n != 0 {
			t.Errorf("%d prefixes are allotted", n)
		}
	})
}

// TestPrefixPool gives each /64 but the first once and then the one that was freed longest ago.
func TestPrefixPool(t *testing.T) {
	p := pool("", "2001:db8::/62")
	var got []netip.Addr
	for range 3 {
		a, err := p.allot()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, a)
	}
	want := []netip.Addr{netip.MustParseAddr("2001:db8:0:1::"), netip.MustParseAddr("2001:db8:0:2::"), netip.MustParseAddr("2001:db8:0:3::")}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if _, err := p.allot(); err == nil {
		t.Error("a fifth /64")
	}
	p.free(got[1])
	if err := p.allotStatic(got[1]); err != nil {
		t.Error(err)
	}
	if n := p.allotted(); n != 3 {
		t.Errorf("%d are allotted", n)
	}
}

// TestSubscribedSecurity: the subscription's policy goes before that of the SMF, TS 33.515 §4.2.2.1.1, and a gNB that says
// that it does not do what is required gets no data, TS 33.501 §6.6.1.
func TestSubscribedSecurity(t *testing.T) {
	local := UPSecurity{NotNeeded, NotNeeded}
	required := &nudm.UPSecurity{Integrity: nudm.UPSecurityRequired, Confidentiality: nudm.UPSecurityPreferred}
	if got := local.under(required); got != (UPSecurity{Required, Preferred}) {
		t.Errorf("%+v", got)
	}
	if got := local.under(nil); got != local {
		t.Errorf("%+v", got)
	}
	if got := (UPSecurity{Required, Required}).under(&nudm.UPSecurity{Integrity: nudm.UPSecurityNotNeeded}); got != (UPSecurity{NotNeeded, Required}) {
		t.Errorf("%+v", got)
	}
	inWorld(t, func(w *world, c *Config) {
		c.DNNs[0].Security = local
		w.udm.data.UPSecurity = required
	}, func(w *world) {
		ref := w.create(request(1, nil))
		setup, err := ngap.DecodePDUSessionResourceSetupRequestTransfer(w.one().N2SMInfo.Data)
		if err != nil || setup.SecurityIndication.IntegrityProtectionIndication != ngap.IntegrityProtectionIndicationRequired {
			t.Errorf("gNB gets %+v, %v", setup.SecurityIndication, err)
		}
		d := gnbAccepts(7)
		m, err := ngap.DecodePDUSessionResourceSetupResponseTransfer(d.N2SMInfo.Data)
		if err != nil {
			t.Fatal(err)
		}
		m.SecurityResult = &ngap.SecurityResult{IntegrityProtectionResult: ngap.IntegrityProtectionResultNotPerformed}
		if d.N2SMInfo.Data, err = m.Append(nil); err != nil {
			t.Fatal(err)
		}
		if out := w.update(ref, d); out.UpCnxState != nsmf.Deactivated {
			t.Errorf("AMF hears %q", out.UpCnxState)
		}
		if r, ok := w.decode(w.one().N1SMMsg).(*gsm.PDUSessionEstablishmentReject); !ok || r.Cause != gsm.CauseNetworkFailure {
			t.Errorf("UE hears %+v", r)
		}
		w.noLeak()
	})
}

// TestBackOff gives each cause its timer, TS 24.501 §6.2.7 and TS 24.501 §6.2.8.
func TestBackOff(t *testing.T) {
	timers := Timers{T3396: 30 * time.Second, T3584: time.Minute, T3585: 2 * time.Minute}
	for cause, want := range map[gsm.Cause]time.Duration{
		gsm.CauseInsufficientResources: 30 * time.Second, gsm.CauseInsufficientResourcesForSpecificSliceAndDNN: time.Minute,
		gsm.CauseInsufficientResourcesForSpecificSlice: 2 * time.Minute, gsm.CauseNetworkFailure: 0,
	} {
		var got time.Duration
		if timer := timers.backOff(cause); timer != nil {
			got, _ = timer.Duration()
		}
		if got != want {
			t.Errorf("%v: %v, want %v", cause, got, want)
		}
	}
	if (&Timers{}).backOff(gsm.CauseInsufficientResources) != nil {
		t.Error("a back-off that nobody configured")
	}
}

// TestAlwaysOn: what is asked for and what the operator wants make the indication, TS 24.501 §6.4.1.3 and TS 24.501 §9.11.4.3.
func TestAlwaysOn(t *testing.T) {
	for _, tt := range []struct {
		policy AlwaysOn
		asked  bool
		want   string
	}{{AlwaysOnNever, true, "0"}, {AlwaysOnNever, false, ""}, {AlwaysOnRequested, true, "1"}, {AlwaysOnRequested, false, ""}, {AlwaysOnRequired, false, "1"}} {
		got := ""
		if i := tt.policy.indication(tt.asked); i != nil {
			got = string('0' + rune(*i))
		}
		if got != tt.want {
			t.Errorf("%s, asked %v: %q, want %q", tt.policy, tt.asked, got, tt.want)
		}
	}
}

// TestConfigurationOptions answers P-CSCFs, MTUs by type and the bearer control mode, TS 24.008 §10.5.6.3A and TS 24.008
// §10.5.6.3.1.
func TestConfigurationOptions(t *testing.T) {
	d := newDataNetwork(DNN{MTU: 1500, PCSCF: []netip.Addr{netip.MustParseAddr("192.0.2.60"), netip.MustParseAddr("2001:db8::60")}})
	var asked gsm.ProtocolConfigurationOptions
	for _, id := range []gsm.ContainerID{gsm.PCSCFIPv4Address, gsm.PCSCFIPv6Address, gsm.IPv4LinkMTU, gsm.EthernetFramePayloadMTU, gsm.UnstructuredLinkMTU, gsm.BearerControlMode, gsm.IPv4AddressViaNAS} {
		asked = asked.Add(nas.Uplink, id, nil)
	}
	for kind, mtu := range map[gsm.PDUSessionType]gsm.ContainerID{gsm.IPv4: gsm.IPv4LinkMTU, gsm.Ethernet: gsm.EthernetFramePayloadMTU, gsm.Unstructured: gsm.UnstructuredLinkMTU} {
		o := d.protocolConfiguration(kind, asked)
		if n, ok := o.MTU(mtu); !ok || n != 1500 {
			t.Errorf("%v: MTU %d", kind, n)
		}
		if v4, v6 := o.Addresses(gsm.PCSCFIPv4Address), o.Addresses(gsm.PCSCFIPv6Address); len(v4) != 1 || len(v6) != 1 {
			t.Errorf("%v: P-CSCFs %v, %v", kind, v4, v6)
		}
		mode := false
		for id, v := range o.Containers(nas.Downlink) {
			mode = mode || id == gsm.BearerControlMode && len(v) == 1 && v[0] == 2
		}
		if !mode {
			t.Errorf("%v: no bearer control mode", kind)
		}
	}
}

// TestChargingID: each session has one of its own, and the last word about a session names it with what was counted,
// TS 32.255 §5.1.10 and TS 32.255 §5.2.1.
func TestChargingID(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		first := w.info(w.established()).ChargingID
		w.endAll()
		if !strings.Contains(w.logged(), "PDU session usage") || !strings.Contains(w.logged(), "charging_id="+first) {
			t.Errorf("no usage of %s in the log:\n%s", first, w.logged())
		}
		if second := w.info(w.established()).ChargingID; second == first || first == "" {
			t.Errorf("charging ids %q, %q", first, second)
		}
	})
}

// TestResourceNotify takes back a QoS flow that the gNB gives up by itself, and the user plane of a session that it gives
// up, TS 38.413 §9.3.4.5 and TS 38.413 §9.3.4.13.
func TestResourceNotify(t *testing.T) {
	inWorld(t, func(w *world, _ *Config) { w.pcf.rules = voiceAndVideo }, func(w *world) {
		ref := w.established()
		lost := ngap.QosFlowListWithCause{{QosFlowIdentifier: 2, Cause: ngap.CauseRadioNetworkRadioResourcesNotAvailable}}
		kept := ngap.QosFlowNotifyList{{QosFlowIdentifier: 2, NotificationCause: ngap.NotificationCauseNotFulfilled}}
		for _, n := range []ngap.PDUSessionResourceNotifyTransfer{{QosFlowNotifyList: kept}, {QosFlowReleasedList: lost}} {
			b, err := n.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			w.update(ref, nsmf.SMContextUpdateData{N2SMInfo: nsmf.N2SMInfo{Type: nsmf.PDUResNty, Data: b}})
		}
		if m := w.commandIn(w.one()); len(m.AuthorizedQoSFlowDescriptions) != 1 || m.AuthorizedQoSFlowDescriptions[0].Operation != gsm.DeleteFlow {
			t.Errorf("UE hears %+v", m)
		}
		w.fromUE(ref, &gsm.PDUSessionModificationComplete{PDUSessionID: 5})
		b, err := (&ngap.PDUSessionResourceNotifyReleasedTransfer{Cause: ngap.CauseRadioNetworkUnspecified}).Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		w.update(ref, nsmf.SMContextUpdateData{N2SMInfo: nsmf.N2SMInfo{Type: nsmf.PDUResNtyRel, Data: b}})
		if s := w.info(ref); s.UpCnxState != nsmf.Deactivated || len(s.QFIs) != 2 {
			t.Errorf("session %+v", s)
		}
		for _, kind := range []nsmf.N2SMInfoType{nsmf.PDUResNty, nsmf.PDUResNtyRel} {
			if _, err := w.smf.UpdateSMContext(t.Context(), ref, nsmf.SMContextUpdateData{N2SMInfo: nsmf.N2SMInfo{Type: kind}}); err == nil {
				t.Errorf("an empty %s is taken", kind)
			}
		}
		w.endAll()
	})
}
