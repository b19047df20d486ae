package nas_test

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/free5gc/nas/nasConvert"
	"github.com/free5gc/openapi/models"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func value(tb testing.TB, v interface {
	Append([]byte) ([]byte, error)
}) []byte {
	tb.Helper()
	b, err := v.Append(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func equal(t *testing.T, what string, ours, other []byte) {
	t.Helper()
	if !bytes.Equal(ours, other) {
		t.Errorf("%s: ours %x, other %x", what, ours, other)
	}
}

// TestIdentities: SUCI, 5G-GUTI and PEI, TS 24.501 §9.11.3.4.
func TestIdentities(t *testing.T) {
	profileA := gmm.SUCI{PLMN: plmn, RoutingIndicator: gmm.RoutingIndicator{0x21, 0xf3}, Scheme: gmm.ProfileA, PublicKeyID: 27, SchemeOutput: []byte{0xab, 0xcd}}
	odd, err := gmm.NullSchemeSUCI("imsi-9997012345", plmn)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []gmm.SUCI{null(t), odd, profileA} {
		text, network, err := nasConvert.SuciToStringWithError(value(t, gmm.SUCIIdentity(s)))
		if err != nil || text != s.String() || network != plmn.String() {
			t.Errorf("SUCI: ours %s, other %s, %v", s, text, err)
		}
	}
	guami, text, err := nasConvert.GutiToStringWithError(value(t, gmm.GUTIIdentity(guti)))
	want := fmt.Sprintf("%s%06x%08x", plmn, guti.GUAMI.AMFID(), guti.TMSI)
	if err != nil || text != want || guami.AmfId != fmt.Sprintf("%06x", guti.GUAMI.AMFID()) {
		t.Errorf("5G-GUTI: ours %s, other %s, %v", want, text, err)
	}
	if pei, err := nasConvert.PeiToStringWithError(value(t, imeisv(t))); err != nil || pei != "imeisv-4370816125816151" {
		t.Errorf("IMEISV: %s, %v", pei, err)
	}
	imei, err := gmm.EquipmentIdentityOf("356938035643809")
	if err != nil {
		t.Fatal(err)
	}
	if pei, err := nasConvert.PeiToStringWithError(value(t, imei)); err != nil || pei != "imei-356938035643809" {
		t.Errorf("IMEI: %s, %v", pei, err)
	}
}

// TestAreasAndSlices: TAI list, S-NSSAI, rejected NSSAI and PSI sets, TS 24.501 §9.11.3.9, TS 24.501 §9.11.2.8, TS 24.501 §9.11.3.46, TS 24.501 §9.11.3.44.
func TestAreasAndSlices(t *testing.T) {
	home, other := &models.PlmnId{Mcc: "999", Mnc: "70"}, &models.PlmnId{Mcc: "310", Mnc: "410"}
	otherPLMN, err := ident.ParsePLMN("310410")
	if err != nil {
		t.Fatal(err)
	}
	one := []ident.TAI{{PLMN: plmn, TAC: 1}, {PLMN: plmn, TAC: 0xabcdef}}
	equal(t, "TAIs of one PLMN", value(t, gmm.NewTAIList(one...)),
		nasConvert.TaiListToNas([]models.Tai{{PlmnId: home, Tac: "000001"}, {PlmnId: home, Tac: "abcdef"}}))
	two := []ident.TAI{{PLMN: plmn, TAC: 1}, {PLMN: otherPLMN, TAC: 2}}
	equal(t, "TAIs of two PLMNs", value(t, gmm.NewTAIList(two...)),
		nasConvert.TaiListToNas([]models.Tai{{PlmnId: home, Tac: "000001"}, {PlmnId: other, Tac: "000002"}}))

	sst, sd := models.Snssai{Sst: 1}, models.Snssai{Sst: 2, Sd: "010203"}
	slice1 := ident.SNSSAI{SST: 1, SD: ident.NoSD}
	equal(t, "NSSAI", value(t, gmm.NewNSSAI(slice1, slice.SNSSAI)), append(nasConvert.SnssaiToNas(sst), nasConvert.SnssaiToNas(sd)...))
	rejected := nasConvert.RejectedNssaiToNas([]models.Snssai{sst}, []models.Snssai{sd})
	equal(t, "rejected NSSAI", value(t, gmm.RejectedNSSAI{{SNSSAI: slice1}, {SNSSAI: slice.SNSSAI, Cause: gmm.NotAvailableInRegistrationArea}}),
		rejected.GetRejectedNSSAIContents())
	equal(t, "PSI set", value(t, gmm.NewPSISet(1, 8, 15)), nasConvert.PSIToBuf([16]bool{1: true, 8: true, 15: true}))
}

// TestTimersAndTime: TS 24.008 §10.5.7.4, TS 24.008 §10.5.7.4a and TS 24.008 §10.5.3.9, where the other library is exact.
func TestTimersAndTime(t *testing.T) {
	for _, s := range []int{2, 30, 62, 90, 930, 960, 1860, 2400, 7200, 36000, 108000} {
		if ours, other := nas.NewGPRSTimer3(time.Duration(s)*time.Second), nasConvert.GPRSTimer3ToNas(s); uint8(ours) != other {
			t.Errorf("GPRS timer 3 of %d s: ours %#x, other %#x", s, ours, other)
		}
	}
	for _, s := range []int{2, 62, 120, 1860, 2160, 11160} {
		if ours, other := nas.NewGPRSTimer2(time.Duration(s)*time.Second), nasConvert.GPRSTimer2ToNas(s); uint8(ours) != other {
			t.Errorf("GPRS timer 2 of %d s: ours %#x, other %#x", s, ours, other)
		}
	}
	now := time.Date(2026, 11, 22, 11, 27, 38, 0, time.UTC)
	other := nasConvert.EncodeUniversalTimeAndLocalTimeZoneToNas(now)
	equal(t, "time", value(t, gmm.TimeZoneAndTime{Time: now}), other.Octet[:])
	for _, hours := range []int{-9, -3, 0, 2, 12} {
		zone := nasConvert.EncodeLocalTimeZoneToNas(fmt.Sprintf("%+03d:00", hours))
		if ours := gmm.NewTimeZone(time.Duration(hours) * time.Hour); uint8(ours) != zone.GetTimeZone() {
			t.Errorf("zone %+d: ours %#x, other %#x", hours, ours, zone.GetTimeZone())
		}
	}
	name := nasConvert.FullNetworkNameToNas("Limpid")
	equal(t, "network name", value(t, gmm.NetworkName{Name: "Limpid"})[1:], name.GetTextString())
}

// TestSession: Session-AMBR and protocol configuration options, TS 24.501 §9.11.4.14 and TS 24.008 §10.5.6.3.
func TestSession(t *testing.T) {
	ambr := nasConvert.ModelsToSessionAMBR(&models.Ambr{Downlink: "1 Gbps", Uplink: "200 Mbps"})
	equal(t, "Session-AMBR", value(t, gsm.NewSessionAMBR(1e9, 2e8)), ambr.Octet[:])

	other := nasConvert.NewProtocolConfigurationOptions()
	for _, err := range []error{
		other.AddDNSServerIPv4Address(net.ParseIP("8.8.8.8")), other.AddDNSServerIPv6Address(net.ParseIP("2001:db8::1")),
		other.AddPCSCFIPv4Address(net.ParseIP("10.0.0.7")), other.AddIPv4LinkMTU(1400),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var ours gsm.ProtocolConfigurationOptions
	ours = ours.AddDNS(addr("8.8.8.8")).AddDNS(addr("2001:db8::1")).AddPCSCF(addr("10.0.0.7")).AddMTU(gsm.IPv4LinkMTU, 1400)
	equal(t, "protocol configuration options", ours, other.Marshal())
}
