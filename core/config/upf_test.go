package config

import (
	"strings"
	"testing"
	"time"
)

const upfText = `name: edge
upf:
  n4: {address: 10.0.4.2}
  n3: {address: 10.0.3.1, address_v6: "2001:db8::1"}
  smfs: [10.0.4.1]
  buffer: {packets: 100, expiry: 30s}
  networks:
    - {dnn: internet, pools: [10.45.0.0/16, "2001:db8:45::/48"], nat: [203.0.113.1]}
    - {dnn: lan, ethernet: true, ue_to_ue: allow}
    - dnn: ims
      pools: [10.46.0.0/16]
      n6: {interface: eth1, vlan: 7, addresses: [10.7.0.1/24], table: 100, routes: [{to: 0.0.0.0/0, via: 10.7.0.254}]}
`

// TestUPFAlone reads the file of a UPF alone and tells each mistake with its place.
func TestUPFAlone(t *testing.T) {
	c, err := ParseUPF("upf.yaml", []byte(upfText))
	if err != nil {
		t.Fatal(err)
	}
	u := c.UPF
	if u.Networks[0].TUN != "limpid0" || u.Networks[1].TUN != "limpid1" || u.Networks[0].Gateway[0].String() != "10.45.0.1/16" ||
		u.Networks[0].UEToUE != "deny" || u.Networks[1].UEToUE != "allow" || time.Duration(u.Buffer.Expiry) != 30*time.Second || u.Datapath != "soft" ||
		c.Control.Socket != "edge-upf.sock" || u.Networks[2].N6.Routes[0].Via.String() != "10.7.0.254" {
		t.Errorf("%+v", u)
	}
	for change, want := range map[[2]string]string{
		{"smfs: [10.0.4.1]", ""}:                                        "upf.smfs: missing: want the N4 addresses",
		{"  smfs: [10.0.4.1]", "  smf: [10.0.4.1]"}:                     `upf.yaml:5`,
		{"name: edge", "amf: {name: x}"}:                                "a UPF alone has no such section",
		{"ue_to_ue: allow", "ue_to_ue: maybe"}:                          "want deny, allow or forward",
		{"dnn: ims", "dnn: lan"}:                                        "is upf.networks[1] already",
		{"pools: [10.46.0.0/16]", "mtu: 100"}:                           "want 1280 to 9000",
		{"vlan: 7", "vlan: 5000"}:                                       `"5000" is no VLAN: want 1 to 4094`,
		{"vlan: 7", "vlan: 4095"}:                                       `"4095" is no VLAN: want 1 to 4094`,
		{"vlan: 7", "vlan: 0"}:                                          "0 is the tag of a priority, not a VLAN: want 1 to 4094",
		{"vlan: 7", "vlan: 7.8"}:                                        "frames with two tags (IEEE 802.1ad) are not served",
		{"vlan: 7", "vlan: [7, 8]"}:                                     "n6.vlan: want one value, not a list",
		{"name: edge", "metrics: {address: \":9090\"}"}:                 "an address of this machine alone",
		{"buffer: {packets: 100", "echo: 10s\n  buffer: {packets: 100"}: "every 60 s at most",
		{"n3: {address: 10.0.3.1,", "n3: {address: 2001:db8::2,"}:       "want an IPv6 address beside an IPv4 one",
	} {
		text := strings.Replace(upfText, change[0], change[1], 1)
		if _, err := ParseUPF("upf.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", change, err, want)
		}
	}
}
