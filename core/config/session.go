package config

import (
	"net/netip"

	"github.com/limpid-5g/limpid/ident"
)

// PCF is the Policy Control Function, TS 23.503 §6.2.1.
type PCF struct {
	RFSPIndex       uint16          `yaml:"rfsp_index"`
	MaxUEAMBR       AMBR            `yaml:"max_ue_ambr"` // caps the subscribed one; left out: no cap
	SessionPolicies []SessionPolicy `yaml:"session_policies"`
}

// SessionPolicy rules the sessions of a DNN; the first that fits counts.
type SessionPolicy struct {
	DNN            ident.DNN     `yaml:"dnn"`
	Slice          *ident.SNSSAI `yaml:"slice"`  // nil: every slice
	Barred         bool          `yaml:"barred"` // no session may be, and those that are there end
	MaxSessionAMBR AMBR          `yaml:"max_session_ambr"`
	Rules          []PCCRule     `yaml:"rules"`
	// ReflectiveQoSTimer is the RQ timer of TS 24.501 §10.3, in whole seconds; left out: no reflective QoS.
	ReflectiveQoSTimer Duration    `yaml:"reflective_qos_timer"`
	UERequests         *UERequests `yaml:"ue_requests"` // what UEs may ask for beyond the rules; left out: nothing
}

// UERequests bounds the QoS that a UE may ask for in its session, TS 23.503 §6.1.3.6.
type UERequests struct {
	FiveQIs    []uint8 `yaml:"5qis"`
	Rules      int     `yaml:"rules"`   // at most, in one session
	Maximum    AMBR    `yaml:"maximum"` // of one rule
	Guaranteed AMBR    `yaml:"guaranteed"`
}

// AMBR is an aggregate maximum bit rate, TS 29.571 §5.5.4.2.
type AMBR struct {
	Uplink   BitRate `yaml:"uplink"`
	Downlink BitRate `yaml:"downlink"`
}

// PCCRule gives some packets of a session a treatment of their own, TS 29.512 §5.6.2.6.
type PCCRule struct {
	Name       string   `yaml:"name"`
	Precedence uint8    `yaml:"precedence"` // lower is looked at first
	Flows      []string `yaml:"flows"`      // IPFilterRule, TS 29.212 §5.4.2, or npcf.EthFlow, in downlink direction
	FiveQI     uint8    `yaml:"5qi"`
	ARP        uint8    `yaml:"arp"` // priority level, 1 (highest) to 15; 0: as subscribed
	Maximum    AMBR     `yaml:"maximum"`
	Guaranteed AMBR     `yaml:"guaranteed"`
	// MayPreempt and Preemptable are the rest of ARP, TS 23.501 §5.7.2.2.
	MayPreempt  bool `yaml:"may_preempt"`
	Preemptable bool `yaml:"preemptable"`
	Reflective  bool `yaml:"reflective"` // TS 23.501 §5.7.5
	// Of a guaranteed bit rate: notification control, averaging window in ms and maximum data burst in octets, TS 23.501 §5.7.
	Notify          bool   `yaml:"notify"`
	AveragingWindow uint16 `yaml:"averaging_window"`
	MaxDataBurst    uint16 `yaml:"max_data_burst"`
}

// SMF is the Session Management Function, TS 23.501 §6.2.2.
type SMF struct {
	Name          string       `yaml:"name"`
	N4            N4           `yaml:"n4"`
	UPFs          []UPFPeer    `yaml:"upfs"` // left out: the upf of this file
	DNNs          []DNN        `yaml:"dnns"`
	MaxProcedures int          `yaml:"max_procedures"` // 0: 20,000
	Intervals     SMFIntervals `yaml:"intervals"`
	BackOff       SMBackOff    `yaml:"back_off"`
	Guaranteed    []Guaranteed `yaml:"guaranteed"` // bounds on guaranteed bit rates in all, of all nodes over one store together
}

// SMBackOff is how long UEs wait after a refusal for want of resources, TS 24.501 §6.2.7 and §6.2.8; 0: as they like.
type SMBackOff struct {
	DNN      Duration `yaml:"dnn"`       // T3396, with cause #26
	SliceDNN Duration `yaml:"slice_dnn"` // T3584, with cause #67
	Slice    Duration `yaml:"slice"`     // T3585, with cause #69
}

// Guaranteed bounds the sum of guaranteed bit rates of the sessions on a DNN, in a slice, on a UPF, or where several are
// named, of those on all of them.
type Guaranteed struct {
	DNN     ident.DNN     `yaml:"dnn"`
	Slice   *ident.SNSSAI `yaml:"slice"`
	UPF     string        `yaml:"upf"`
	Maximum AMBR          `yaml:"maximum"` // a direction that is left out has no bound
}

// N4 is this side's address for PFCP, TS 29.244 §8.2.38.
type N4 struct {
	Address netip.Addr `yaml:"address"`
}

// UPFPeer is a UPF that the SMF controls over N4.
type UPFPeer struct {
	Name    string         `yaml:"name"`
	Address netip.Addr     `yaml:"address"`
	Port    uint16         `yaml:"port"`
	DNNs    []ident.DNN    `yaml:"dnns"`   // empty: all
	Slices  []ident.SNSSAI `yaml:"slices"` // empty: all
}

// SMFIntervals are how often the SMF speaks to its UPFs; 0 stands for the default.
type SMFIntervals struct {
	Heartbeat   Duration `yaml:"heartbeat"`    // TS 29.244 §6.2.2
	UsageReport Duration `yaml:"usage_report"` // 0: at the end of a session only
}

// DNN is a data network, TS 23.501 §5.6.1.
type DNN struct {
	Name    ident.DNN      `yaml:"name"`
	Slices  []ident.SNSSAI `yaml:"slices"`
	Pools   []netip.Prefix `yaml:"pools"`   // of UE addresses, IPv4 and IPv6; each IPv6 session gets a /64
	Gateway netip.Addr     `yaml:"gateway"` // in the first IPv4 pool; left out: its first host
	DNS     []netip.Addr   `yaml:"dns"`
	PCSCF   []netip.Addr   `yaml:"pcscf"` // TS 23.228 §5.1.1
	MTU     uint16         `yaml:"mtu"`   // octets
	// Ethernet and Unstructured allow sessions of these types, TS 23.501 §5.6.10.
	Ethernet     bool `yaml:"ethernet"`
	Unstructured bool `yaml:"unstructured"`
	// UnstructuredServer is whom the UPF exchanges unstructured data with, in UDP on N6, TS 23.501 §5.6.10.3, such as
	// 192.0.2.7:4747. A session has an address of the pools there, which its UE is not told.
	UnstructuredServer netip.AddrPort `yaml:"unstructured_server"`
	// FramedRoutes are where the networks behind UEs lie, TS 23.501 §5.6.14: the UPF of this file routes them to the UEs as
	// it does the pools. Left out: the operator routes them to the interface of the data network.
	FramedRoutes []netip.Prefix `yaml:"framed_routes"`
	AlwaysOn     string         `yaml:"always_on"` // never, requested, required, TS 23.501 §5.6.13
	// Inactivity is how long no packet may come until the user plane of a session is taken down, TS 23.502 §4.3.7; 0: for ever.
	Inactivity Duration   `yaml:"inactivity"`
	Security   UPSecurity `yaml:"up_security"`
}

// UPSecurity is what gNBs do to protect user data where the subscription does not say it, TS 33.501 §6.6.1: required,
// preferred, not-needed.
type UPSecurity struct {
	Integrity       string `yaml:"integrity"`
	Confidentiality string `yaml:"confidentiality"`
}

// IPv4Pools are the pools of IPv4 addresses.
func (d *DNN) IPv4Pools() []netip.Prefix {
	var list []netip.Prefix
	for _, p := range d.Pools {
		if p.Addr().Is4() {
			list = append(list, p)
		}
	}
	return list
}
