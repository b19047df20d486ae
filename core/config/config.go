// Package config is the one configuration file of Limpid: YAML, typed and strict. A key that is not known, is there
// twice or holds a value of the wrong type is an error with its line and column; so is a value that contradicts
// another. What is left out has a secure default.
package config

import (
	"net/netip"

	"github.com/limpid-5g/limpid/ident"
)

// Config is a whole file. Load and Parse make one; it does not change afterwards.
type Config struct {
	Name  string `yaml:"name"` // of this core, in logs and ladders and as the names that it leaves out
	Log   Log    `yaml:"log"`
	Store Store  `yaml:"store"`
	// Control is where operators on this machine speak to the running core.
	Control Control `yaml:"control"`
	Metrics Metrics `yaml:"metrics"`
	AMF     AMF     `yaml:"amf"`
	UDM     UDM     `yaml:"udm"`
	PCF     PCF     `yaml:"pcf"`
	NSACF   NSACF   `yaml:"nsacf"`
	NSSAAF  NSSAAF  `yaml:"nssaaf"`
	SMF     SMF     `yaml:"smf"`
	UPF     *UPF    `yaml:"upf"` // nil: every UPF is another process
	// Lockdown is how much of its rights the process gives up once everything is open: "required" all that it does not
	// need or it does not run, "auto" as far as the kernel can, "off" none.
	Lockdown string `yaml:"lockdown"`
	Egress   Egress `yaml:"egress"`
	// Processes divides the core, so that no process has another's rights.
	Processes Processes `yaml:"processes"`
	Ledger    Ledger    `yaml:"ledger"`
	SBI       SBI       `yaml:"sbi"`
	Peers     []Core    `yaml:"peers"` // none: phones do not move between this core and others

	file   string
	places map[string]place
}

// Log says what is logged and how.
type Log struct {
	Level  string `yaml:"level"`  // debug, info, warn, error
	Format string `yaml:"format"` // text, json
}

// Store is where durable state lives.
type Store struct {
	Path string `yaml:"path"` // of the SQLite file
	// URL of a database that several nodes share, postgres://user@host/name?sslmode=verify-full, instead of the file. The
	// password is better kept in a file: passfile=..., or PGPASSFILE in the environment.
	URL Location `yaml:"url"`
	// Takeover is how long another node over the database may be silent before its UEs are taken over; 0: they come
	// over when they next speak.
	Takeover Duration `yaml:"takeover"`
}

// Control is a Unix socket that only the owner of the process can open.
type Control struct {
	Socket string `yaml:"socket"` // its path; left out: that of the store with the ending .sock; "off": none
}

// AMF is the Access and Mobility Management Function, TS 23.501 §6.2.1.
type AMF struct {
	Name             string   `yaml:"name"` // AMF name, TS 38.413 §9.3.3.21
	GUAMI            GUAMI    `yaml:"guami"`
	RelativeCapacity uint8    `yaml:"relative_capacity"` // TS 38.413 §9.3.1.32
	N2               N2       `yaml:"n2"`
	PLMNs            []PLMN   `yaml:"plmns"`
	Ciphering        []string `yaml:"ciphering"` // NEA1 to NEA3 in order of preference, TS 33.501 §5.5.1
	Integrity        []string `yaml:"integrity"` // NIA1 to NIA3 in order of preference, TS 33.501 §5.5.2
	// AllowNullCiphering permits NEA0 in Ciphering: what UEs and the network say is then readable on the air.
	AllowNullCiphering bool     `yaml:"allow_null_ciphering"`
	T3512              Duration `yaml:"t3512"` // periodic registration, TS 24.501 §10.2
	RequestIMEISV      bool     `yaml:"request_imeisv"`
	MaxProcedures      int      `yaml:"max_procedures"`
	CongestionBackoff  Duration `yaml:"congestion_backoff"` // T3346, TS 24.501 §10.2
	T3502              Duration `yaml:"t3502"`              // between failed attempts, TS 24.501 §10.2; left out: the UE's own
	// ImplicitDeregistration is how much longer a UE may be silent once it is taken for unreachable, TS 24.501 §5.3.7.
	ImplicitDeregistration Duration         `yaml:"implicit_deregistration"`
	PowerSaving            PowerSaving      `yaml:"power_saving"`
	NetworkName            NetworkName      `yaml:"network_name"`
	Reauthentication       Reauthentication `yaml:"reauthentication"`
	// RegistrationAreas put tracking areas together; left out: all of a PLMN are one.
	RegistrationAreas []RegistrationArea `yaml:"registration_areas"`
	EquivalentPLMNs   []ident.PLMN       `yaml:"equivalent_plmns"` // networks that are one to a phone, TS 24.501 §9.11.3.45
	// NSSAIInclusionMode is A to D: how phones name slices to gNBs, TS 24.501 §4.6.2.3; left out: their default.
	NSSAIInclusionMode string   `yaml:"nssai_inclusion_mode"`
	Paging             Paging   `yaml:"paging"`
	Overload           Overload `yaml:"overload"`
	// RRCInactiveReports asks gNBs to tell when a UE enters and leaves RRC_INACTIVE, TS 38.413 §8.3.5.
	RRCInactiveReports bool `yaml:"rrc_inactive_reports"`
	// Suspend lets radios keep the contexts of phones that are idle and able to, TS 23.501 §5.31.18 (user plane CIoT 5GS
	// optimisation).
	Suspend bool `yaml:"suspend"`
	// OtherSets are AMF sets that serve other slices: a phone that has none here is sent there, TS 23.502 §4.2.2.2.3.
	OtherSets []AMFSet `yaml:"other_sets"`
	// DeriveKeysForPeers gives an AMF of another set, to which a phone moves, not the phone's key but one derived from it.
	DeriveKeysForPeers bool `yaml:"derive_keys_for_peers"`
}

// GUAMI names the AMF, TS 23.003 §2.10.1.
type GUAMI struct {
	PLMN    ident.PLMN `yaml:"plmn"` // left out: the first of the AMF's
	Region  uint8      `yaml:"region"`
	Set     uint16     `yaml:"set"`
	Pointer uint8      `yaml:"pointer"`
}

// N2 is where gNBs reach the AMF, TS 38.412 §7.
type N2 struct {
	Address netip.Addr `yaml:"address"`
	Port    uint16     `yaml:"port"`
	SCTP    string     `yaml:"sctp"`     // auto, kernel, raw, udp
	UDPPort uint16     `yaml:"udp_port"` // of the encapsulation of RFC 6951 §4.1
	// MessageRate bounds the messages per second that are taken from one gNB; 0: no bound.
	MessageRate int `yaml:"message_rate"`
	// Weight is how large a share of UEs begins at Address beside Further, TS 38.413 §9.3.2.10.
	Weight uint8 `yaml:"weight"`
	// Further are addresses at which gNBs make associations too, once they are told: UEs outlive the loss of all but one.
	Further []FurtherN2 `yaml:"further"`
}

// FurtherN2 is another address of the AMF, TS 23.501 §5.21.1.2.
type FurtherN2 struct {
	Address netip.Addr `yaml:"address"`
	Port    uint16     `yaml:"port"`   // left out: that of n2
	Weight  *uint8     `yaml:"weight"` // 0: no UE begins there; left out: 1
	Usage   string     `yaml:"usage"`  // both, ue, non-ue, TS 38.413 §9.3.2.9; left out: both
}

// AddrPort is the address with its port.
func (f *FurtherN2) AddrPort(n *N2) netip.AddrPort {
	if f.Port == 0 {
		return netip.AddrPortFrom(f.Address, n.Port)
	}
	return netip.AddrPortFrom(f.Address, f.Port)
}

// PLMN is a network with its tracking areas and slices, TS 38.413 §9.2.6.2.
type PLMN struct {
	PLMN   ident.PLMN     `yaml:"plmn"`
	TACs   []ident.TAC    `yaml:"tacs"`
	Slices []ident.SNSSAI `yaml:"slices"`
}

// UDM is the Unified Data Management, TS 23.501 §6.2.7.
type UDM struct {
	HomeNetworkKeys []HomeNetworkKey `yaml:"home_network_keys"`
}

// HomeNetworkKey is a key that phones conceal their identity with, TS 33.501 §6.12.2.
type HomeNetworkKey struct {
	ID         uint8  `yaml:"id"`
	Profile    string `yaml:"profile"` // A or B, TS 33.501 §C.3.4
	PrivateKey Secret `yaml:"private_key"`
}

// UPF is the User Plane Function in this process, TS 23.501 §6.2.3.
type UPF struct {
	Name string `yaml:"name"`
	N4   N4     `yaml:"n4"`
	N3   N3     `yaml:"n3"`
	TUNs []TUN  `yaml:"tuns"` // left out: limpid0, limpid1, ... in the order of smf.dnns
	// Datapath is what moves packets: "soft" is plain Go over TUN and UDP; "xdp" is the kernel's network drivers, with
	// soft for what is rare, or an error; "auto" is xdp where it works, else soft.
	Datapath string `yaml:"datapath"`
	XDP      XDP    `yaml:"xdp"`
	// SMFs are the N4 addresses of the SMFs that may control a UPF alone in its process; that of a core obeys its own.
	SMFs     []netip.Addr `yaml:"smfs"`
	Networks []UPFNetwork `yaml:"networks"` // of a UPF alone; else what it adds to smf.dnns
	Buffer   Buffer       `yaml:"buffer"`
	Echo     Duration     `yaml:"echo"` // how often GTP-U peers are asked whether they live, TS 29.281 §7.2.1; 0: 60 s
	// ExtraSlots bounds the tunnels of sessions with an address outside the pools; 0: 1024.
	ExtraSlots int `yaml:"extra_slots"`
}

// N3 is where gNBs send GTP-U, TS 29.281 §4.4.2.
type N3 struct {
	Address   netip.Addr `yaml:"address"`
	AddressV6 netip.Addr `yaml:"address_v6"` // beside an IPv4 address; left out: none
}

// XDP is how the fast path in the kernel is attached.
type XDP struct {
	N3   []string `yaml:"n3"`   // interfaces to the gNBs; left out: the one with the N3 address
	N6   []string `yaml:"n6"`   // interfaces to the data networks; left out: that of the default route
	Mode string   `yaml:"mode"` // auto, native, generic, tcx
	Pin  string   `yaml:"pin"`  // folder on a BPF file system, one for each UPF of a machine
	Exit string   `yaml:"exit"` // keep: the programs go on when the process ends, for the next one to take over; remove
}

// TUN is the interface that leads to a data network.
type TUN struct {
	DNN  ident.DNN `yaml:"dnn"`
	Name string    `yaml:"name"`
}

// place is where in the file something is; both count from 1.
type place struct{ line, column int }
