package config

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/pfcp"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// defaults is a configuration before its file is read. There is none for what only the operator can know.
func defaults() *Config {
	return &Config{
		Name:      "limpid",
		Log:       Log{Level: "info", Format: "text"},
		Store:     Store{Path: "limpid.db", Takeover: Duration(10 * time.Second)},
		Lockdown:  "required",
		Egress:    Egress{Mode: "required"},
		Processes: Processes{Users: Users{ControlPlane: 64110, UserPlane: 64111, Ledger: 64112}},
		AMF: AMF{
			GUAMI:             GUAMI{Region: 1, Set: 1},
			RelativeCapacity:  255,
			N2:                N2{Port: sctp.PortNGAP, SCTP: "auto", UDPPort: sctp.PortUDPEncapsulation, MessageRate: 50_000, Weight: 1},
			Ciphering:         []string{"NEA2", "NEA1", "NEA3"},
			Integrity:         []string{"NIA2", "NIA1", "NIA3"},
			T3512:             Duration(time.Hour), // the 54 min of TS 24.501 §10.2, rounded up to what a GPRS timer 3 can say
			RequestIMEISV:     true,
			MaxProcedures:     20_000,
			CongestionBackoff: Duration(30 * time.Second),

			ImplicitDeregistration: Duration(4 * time.Minute),
			Paging: Paging{
				T3513: Duration(2 * time.Second), Attempts: []string{"last-gnb", "tracking-area", "registration-area", "registration-area"},
			},
			Overload:           Overload{Start: 90, Stop: 70},
			DeriveKeysForPeers: true,
		},
		NSACF: NSACF{EarlyCheck: 80, BackOff: Duration(10 * time.Minute)},
		SMF:   SMF{N4: N4{Address: netip.AddrFrom4([4]byte{127, 0, 0, 1})}},
	}
}

// derive fills what was left out and follows from something else.
func (c *Config) derive() {
	c.deriveProcesses()
	if c.Control.Socket == "" {
		c.Control.Socket = strings.TrimSuffix(c.Store.Path, filepath.Ext(c.Store.Path)) + ".sock"
	}
	if c.AMF.Name == "" {
		c.AMF.Name = c.Name + "-amf"
	}
	if c.SMF.Name == "" {
		c.SMF.Name = c.Name + "-smf"
	}
	if c.AMF.GUAMI.PLMN == (ident.PLMN{}) && len(c.AMF.PLMNs) > 0 {
		c.AMF.GUAMI.PLMN = c.AMF.PLMNs[0].PLMN
	}
	c.derivePeers()
	for i := range c.AMF.RegistrationAreas {
		for j := range c.AMF.RegistrationAreas[i].TAIs {
			if t := &c.AMF.RegistrationAreas[i].TAIs[j]; t.PLMN == (ident.PLMN{}) && len(c.AMF.PLMNs) > 0 {
				t.PLMN = c.AMF.PLMNs[0].PLMN
			}
		}
	}
	for i := range c.SMF.DNNs {
		d := &c.SMF.DNNs[i]
		if v4 := d.IPv4Pools(); !d.Gateway.IsValid() && len(v4) > 0 {
			d.Gateway = v4[0].Masked().Addr().Next()
		}
		if d.AlwaysOn == "" {
			d.AlwaysOn = "never"
		}
		if d.Security.Integrity == "" {
			d.Security.Integrity = "preferred"
		}
		if d.Security.Confidentiality == "" {
			d.Security.Confidentiality = "preferred"
		}
		if d.MTU == 0 {
			d.MTU = defaultMTU
		}
	}
	if u := c.UPF; u != nil {
		c.deriveUPF(u)
	}
	for i := range c.SMF.UPFs {
		if p := &c.SMF.UPFs[i]; p.Port == 0 {
			p.Port = pfcp.Port
		}
	}
}

// deriveUPF fills what the UPF of this process leaves out. It is the SMF's only one where the SMF names none.
func (c *Config) deriveUPF(u *UPF) {
	if u.Datapath == "" {
		u.Datapath = "soft"
	}
	if u.XDP.Mode == "" {
		u.XDP.Mode = "auto"
	}
	if u.XDP.Exit == "" {
		u.XDP.Exit = "keep"
	}
	if u.Name == "" {
		u.Name = c.Name + "-upf"
	}
	if !u.N4.Address.IsValid() {
		u.N4.Address = netip.AddrFrom4([4]byte{127, 0, 0, 2})
	}
	u.deriveNetworks()
	if len(u.SMFs) > 0 {
		return // no SMF is in this file
	}
	if len(c.SMF.UPFs) == 0 {
		c.SMF.UPFs = []UPFPeer{{Name: u.Name, Address: u.N4.Address}}
	}
	named := make(map[string]bool)
	for _, t := range u.TUNs {
		named[t.Name] = true
	}
	next := 0
	for _, d := range c.SMF.DNNs {
		if c.TUNOf(d.Name) != "" {
			continue
		}
		for named[fmt.Sprintf("limpid%d", next)] {
			next++
		}
		u.TUNs = append(u.TUNs, TUN{DNN: d.Name, Name: fmt.Sprintf("limpid%d", next)})
		next++
	}
}

// TUNOf is the interface that leads to a data network from the UPF of this process, empty if it has none.
func (c *Config) TUNOf(name ident.DNN) string {
	for _, t := range c.UPF.TUNs {
		if t.DNN.Equal(name) {
			return t.Name
		}
	}
	return ""
}
