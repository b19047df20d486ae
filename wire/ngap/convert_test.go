package ngap

import (
	"net/netip"
	"testing"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/aper"
)

// TestTransportLayerAddress converts addresses both ways: TS 38.413 §9.3.2.4.
func TestTransportLayerAddress(t *testing.T) {
	v4, v6 := netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("2001:db8::1")
	for _, c := range []struct {
		v4, v6 netip.Addr
		bits   int
	}{{v4, netip.Addr{}, 32}, {netip.Addr{}, v6, 128}, {v4, v6, 160}} {
		a, err := NewTransportLayerAddress(c.v4, c.v6)
		if err != nil {
			t.Fatal(err)
		}
		got4, got6, err := a.Addrs()
		if err != nil || got4 != c.v4 || got6 != c.v6 || a.Len != c.bits {
			t.Errorf("%v %v: got %v %v, %d bits, %v", c.v4, c.v6, got4, got6, a.Len, err)
		}
	}
	for _, c := range [][2]netip.Addr{{v6, {}}, {{}, v4}, {}} {
		if a, err := NewTransportLayerAddress(c[0], c[1]); err == nil {
			t.Errorf("%v: no error for %x", c, a.Bytes)
		}
	}
	for _, a := range []TransportLayerAddress{{}, {Bytes: []byte{1, 2}, Len: 16}, {Bytes: []byte{1}, Len: 32}} {
		if _, _, err := a.Addrs(); err == nil {
			t.Errorf("%+v: no error", a)
		}
	}
	tunnel := GTPTunnel{TransportLayerAddress: TransportLayerAddress{Bytes: v4.AsSlice(), Len: 32}}
	if got, err := tunnel.AddrPort(); err != nil || got.String() != "10.1.2.3:2152" {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestIdentities converts identities to those of TS 23.003 and back.
func TestIdentities(t *testing.T) {
	plmn := ident.PLMN{0x99, 0xf9, 0x07}
	if got := PLMNIdentity(plmn); got.String() != "99970" || got.PLMN() != plmn {
		t.Errorf("PLMN %v", got)
	}
	g := ident.GUAMI{PLMN: plmn, Region: 2, Set: 1, Pointer: 63}
	if got := NewGUAMI(g).Ident(); got != g {
		t.Errorf("GUAMI %v, want %v", got, g)
	}
	tai := ident.TAI{PLMN: plmn, TAC: 0x010203}
	if got := NewTAI(tai).Ident(); got != tai {
		t.Errorf("TAI %v, want %v", got, tai)
	}
	for _, s := range []ident.SNSSAI{{SST: 1, SD: ident.NoSD}, {SST: 1, SD: 0x010203}} {
		if got := NewSNSSAI(s).Ident(); got != s {
			t.Errorf("S-NSSAI %v, want %v", got, s)
		}
	}
	if got := NewSNSSAI(ident.SNSSAI{SST: 1, SD: ident.NoSD}); got.SD != nil {
		t.Error("the SD that says none was sent")
	}
	s := ident.STMSI{Set: 1023, Pointer: 1, TMSI: 0xdeadbeef}
	if got := NewFiveGSTMSI(s).Ident(); got != s {
		t.Errorf("5G-S-TMSI %v, want %v", got, s)
	}
}

// TestRANNodeName: nodes have different names, TS 38.413 §9.3.1.5.
func TestRANNodeName(t *testing.T) {
	plmn := PLMNIdentity{0x99, 0xf9, 0x07}
	gnb := func(bits int, b ...byte) GlobalRANNodeID {
		return GlobalRANNodeID{GlobalGNBID: &GlobalGNBID{
			PLMNIdentity: plmn, GNBID: GNBID{GNBID: aper.BitString{Bytes: b, Len: bits}},
		}}
	}
	macro := uint32(0x1234)
	for want, g := range map[string]GlobalRANNodeID{
		"gNB-99970-00000001/32": gnb(32, 0, 0, 0, 1),
		"gNB-99970-000001/22":   gnb(22, 0, 0, 4),
		"ng-eNB-99970-01234/20": {GlobalNgENBID: &GlobalNgENBID{
			PLMNIdentity: plmn, NgENBID: NgENBID{MacroNgENBID: &macro},
		}},
		"N3IWF-99970-0007/16": {GlobalN3IWFID: &GlobalN3IWFID{
			PLMNIdentity: plmn, N3IWFID: N3IWFID{N3IWFID: new(uint16(7))},
		}},
		"unknown RAN node": {},
	} {
		if got := g.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
