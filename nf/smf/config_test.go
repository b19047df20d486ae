package smf

import (
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// TestConfigChecked finds what an SMF could not work with and says where.
func TestConfigChecked(t *testing.T) {
	prefixes := func(list ...string) (p []netip.Prefix) {
		for _, s := range list {
			p = append(p, netip.MustParsePrefix(s))
		}
		return p
	}
	tests := []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no address", func(c *Config) { c.N4Address = netip.Addr{} }, "N4 address"},
		{"any address", func(c *Config) { c.N4Address = netip.IPv4Unspecified() }, "N4 address 0.0.0.0"},
		{"no UPF", func(c *Config) { c.UPFs = nil }, "no UPF"},
		{"UPF without address", func(c *Config) { c.UPFs[0].Address = netip.AddrPort{} }, `UPF "upf": N4 address is missing`},
		{"no DNN", func(c *Config) { c.DNNs = nil }, "no DNN"},
		{"bad DNN", func(c *Config) { c.DNNs[0].Name = "in ternet" }, "is not allowed there"},
		{"no slice", func(c *Config) { c.DNNs[0].Slices = nil }, "no slice"},
		{"no pool", func(c *Config) { c.DNNs[0].Pools = nil }, "0 address pools"},
		{"IPv6 pool", func(c *Config) { c.DNNs[0].Pools = prefixes("2001:db8::/64") }, "want an IPv4 prefix"},
		{"pool too small", func(c *Config) { c.DNNs[0].Pools = prefixes("10.0.0.0/31") }, "want an IPv4 prefix of /8 to /30"},
		{"host bits", func(c *Config) { c.DNNs[0].Pools = prefixes("10.0.0.1/24") }, "did you mean 10.0.0.0/24"},
		{"pools overlap", func(c *Config) { c.DNNs[0].Pools = prefixes("10.0.0.0/24", "10.0.0.128/25") }, "overlaps pool 10.0.0.0/24"},
		{"pools of two DNNs overlap", func(c *Config) {
			d := c.DNNs[0]
			d.Name = "ims"
			c.DNNs = append(c.DNNs, d)
		}, `of DNN "internet"`},
		{"DNN twice", func(c *Config) {
			d := c.DNNs[0]
			d.Name, d.Pools = "INTERNET", prefixes("10.9.0.0/24")
			c.DNNs = append(c.DNNs, d)
		}, "is there twice"},
		{"MTU", func(c *Config) { c.DNNs[0].MTU = 100 }, "MTU 100"},
		{"security policy", func(c *Config) { c.DNNs[0].Security.Integrity = "maybe" }, "want preferred, required or not-needed"},
		{"nothing else", func(*Config) {}, "one of UDM, PCF, AMF and N4 is missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := testConfig()
			tt.change(&c)
			if _, err := New(c, Deps{}, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// TestUPSecurity tells the gNB what to protect, TS 33.501 §6.6.1 and TS 38.413 §9.3.1.27.
func TestUPSecurity(t *testing.T) {
	full := gsm.IntegrityProtectionMaximumDataRate{Uplink: gsm.RateFull, Downlink: gsm.RateFull}
	slow := gsm.IntegrityProtectionMaximumDataRate{Uplink: gsm.RateFull, Downlink: gsm.Rate64Kbps}
	tests := []struct {
		policy          UPSecurity
		rate            gsm.IntegrityProtectionMaximumDataRate
		refused         bool
		integrity       ngap.IntegrityProtectionIndication
		confidentiality ngap.ConfidentialityProtectionIndication
	}{
		{UPSecurity{}, slow, false, ngap.IntegrityProtectionIndicationPreferred, ngap.ConfidentialityProtectionIndicationPreferred},
		{UPSecurity{Required, Required}, full, false, ngap.IntegrityProtectionIndicationRequired, ngap.ConfidentialityProtectionIndicationRequired},
		{UPSecurity{Required, NotNeeded}, slow, true, ngap.IntegrityProtectionIndicationRequired, ngap.ConfidentialityProtectionIndicationNotNeeded},
		{UPSecurity{NotNeeded, Preferred}, slow, false, ngap.IntegrityProtectionIndicationNotNeeded, ngap.ConfidentialityProtectionIndicationPreferred},
	}
	for _, tt := range tests {
		err := tt.policy.permits(tt.rate)
		if refused := errors.Is(err, gsm.CauseMaximumDataRatePerUEForUserPlaneIntegrityProtectionIsTooLow); refused != tt.refused {
			t.Errorf("%+v: %v", tt.policy, err)
		}
		i := tt.policy.indication(tt.rate)
		if i.IntegrityProtectionIndication != tt.integrity || i.ConfidentialityProtectionIndication != tt.confidentiality ||
			(i.MaximumIntegrityProtectedDataRateUL == nil) != (tt.policy.Integrity == NotNeeded) {
			t.Errorf("%+v: %+v", tt.policy, i)
		}
		if r := i.MaximumIntegrityProtectedDataRateDL; r != nil && (*r == ngap.MaximumIntegrityProtectedDataRateMaximumUERate) != (tt.rate == full) {
			t.Errorf("%+v: downlink rate %v", tt.policy, *r)
		}
	}
}

// TestProtocolConfiguration answers what is asked and nothing else, TS 24.008 §10.5.6.3.
func TestProtocolConfiguration(t *testing.T) {
	d := &dataNetwork{DNN: testConfig().DNNs[0]}
	d.MTU = 1358
	asks := func(ids ...gsm.ContainerID) gsm.ProtocolConfigurationOptions {
		var o gsm.ProtocolConfigurationOptions
		for _, id := range ids {
			o = o.Add(nas.Uplink, id, nil)
		}
		return o
	}
	if a := d.protocolConfiguration(gsm.IPv4, asks(gsm.PCSCFIPv4Address)); a != nil {
		t.Errorf("answer %x to a question that has none", []byte(a))
	}
	both := d.protocolConfiguration(gsm.IPv4, asks(gsm.DNSServerIPv6Address, gsm.DNSServerIPv4Address, gsm.IPv4LinkMTU))
	if v4, v6 := both.Addresses(gsm.DNSServerIPv4Address), both.Addresses(gsm.DNSServerIPv6Address); len(v4) != 1 || v4[0] != d.DNSServers[0] || len(v6) != 1 || v6[0] != d.DNSServers[1] {
		t.Errorf("DNS servers %v, %v", v4, v6)
	}
	if mtu, ok := both.MTU(gsm.IPv4LinkMTU); !ok || mtu != 1358 {
		t.Errorf("MTU %d", mtu)
	}
}

// TestIPCP names the DNS servers to a modem that asks by IPCP, RFC 1877 §1.1 and §1.3, as modems of EPS did.
func TestIPCP(t *testing.T) {
	d := &dataNetwork{DNN: testConfig().DNNs[0]} // with one IPv4 DNS server
	tests := []struct {
		name          string
		request, want []byte
	}{
		{"primary and secondary", []byte{1, 7, 0, 16, 129, 6, 0, 0, 0, 0, 131, 6, 0, 0, 0, 0}, []byte{3, 7, 0, 10, 129, 6, 192, 0, 2, 53}},
		{"secondary alone", []byte{1, 8, 0, 10, 131, 6, 0, 0, 0, 0}, []byte{4, 8, 0, 10, 131, 6, 0, 0, 0, 0}},
		{"an option that ends too soon", []byte{1, 9, 0, 7, 129, 6, 0}, nil},
		{"no option", []byte{1, 9, 0, 4}, []byte{2, 9, 0, 4}},
		{"no Configure-Request", []byte{2, 9, 0, 4}, nil},
		{"length beyond the end", []byte{1, 9, 0, 9, 129}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var asked, want gsm.ProtocolConfigurationOptions
			asked = asked.Add(nas.Uplink, gsm.IPCP, tt.request)
			if tt.want != nil {
				want = want.Add(nas.Downlink, gsm.IPCP, tt.want)
			}
			if got := d.protocolConfiguration(gsm.IPv4, asked); string(got) != string(want) {
				t.Errorf("% x, want % x", []byte(got), []byte(want))
			}
		})
	}
}
