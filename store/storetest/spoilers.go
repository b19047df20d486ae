package storetest

import (
	"time"

	"net/netip"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// Spoilers are ways to break a valid subscriber with several slices, each by its name.
func Spoilers() map[string]func(*store.Subscriber) {
	return map[string]func(*store.Subscriber){
		"SUPI without prefix":    func(s *store.Subscriber) { s.SUPI = "001010000000001" },
		"SUPI with a letter":     func(s *store.Subscriber) { s.SUPI = "imsi-00101000000000a" },
		"method":                 func(s *store.Subscriber) { s.Authentication.Method = "PAP" },
		"algorithm":              func(s *store.Subscriber) { s.Authentication.Algorithm = "xor" },
		"K of 15 octets":         func(s *store.Subscriber) { s.Authentication.K = make(store.Key, 15) },
		"no OPc":                 func(s *store.Subscriber) { s.Authentication.OPc = nil },
		"milenage, long keys":    func(s *store.Subscriber) { s.Authentication.Algorithm = store.Milenage },
		"SQN of 49 bits":         func(s *store.Subscriber) { s.Authentication.SQN = aka.MaxSQN + 1 },
		"no separation bit":      func(s *store.Subscriber) { s.Authentication.AMFField = aka.AMF{0x7f, 0xff} },
		"timer of half a second": func(s *store.Subscriber) { s.Access.RegistrationTimer = time.Second / 2 },
		"timer for years":        func(s *store.Subscriber) { s.Access.RegistrationTimer = 9921 * time.Hour },
		"areas without kind":     func(s *store.Subscriber) { s.Access.ServiceArea.Restriction = store.Everywhere },
		"kind of area":           func(s *store.Subscriber) { s.Access.ServiceArea.Restriction = "some" },
		"kind without areas":     func(s *store.Subscriber) { s.Access.ServiceArea.TACs = nil },
		"areas twice":            func(s *store.Subscriber) { s.Access.ForbiddenTACs = []ident.TAC{4, 4} },
		"TAC of 25 bits":         func(s *store.Subscriber) { s.Access.ForbiddenTACs = []ident.TAC{1 << 24} },
		"17 areas": func(s *store.Subscriber) {
			s.Access.ForbiddenTACs = []ident.TAC{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}
		},
		"RAT":               func(s *store.Subscriber) { s.Access.ForbiddenRATs = []store.RAT{"GERAN"} },
		"RATs out of order": func(s *store.Subscriber) { s.Access.ForbiddenRATs = []store.RAT{store.NR, store.EUTRA} },
		"no UE AMBR":        func(s *store.Subscriber) { s.UEAMBR.Uplink = 0 },
		"huge UE AMBR":      func(s *store.Subscriber) { s.UEAMBR.Downlink = store.MaxBitRate + 1 },
		"no slice":          func(s *store.Subscriber) { s.Slices = nil },
		"too many slices":   func(s *store.Subscriber) { s.Slices = make([]store.Slice, store.MaxSlices+1) },
		"slice twice":       func(s *store.Subscriber) { s.Slices[1].SNSSAI = s.Slices[0].SNSSAI },
		"no default slice":  func(s *store.Subscriber) { s.Slices[0].Default, s.Slices[1].Default = false, false },
		"SD of 25 bits":     func(s *store.Subscriber) { s.Slices[1].SNSSAI.SD = ident.NoSD + 1 },
		"no DNN":            func(s *store.Subscriber) { s.Slices[2].DNNs = nil },
		"no default DNN":    func(s *store.Subscriber) { s.Slices[0].DNNs[0].Default = false },
		"two default DNNs":  func(s *store.Subscriber) { s.Slices[0].DNNs[1].Default = true },
		"DNN twice":         func(s *store.Subscriber) { s.Slices[0].DNNs[1].Name = "INTERNET" },
		"DNN with a blank":  func(s *store.Subscriber) { s.Slices[0].DNNs[0].Name = "a b" },
		"no session type":   func(s *store.Subscriber) { s.Slices[0].DNNs[0].SessionTypes = nil },
		"unknown type":      func(s *store.Subscriber) { s.Slices[0].DNNs[0].SessionTypes = []store.SessionType{"X25"} },
		"type twice": func(s *store.Subscriber) {
			s.Slices[0].DNNs[0].SessionTypes = []store.SessionType{store.IPv4, store.IPv4}
		},
		"no SSC mode":        func(s *store.Subscriber) { s.Slices[0].DNNs[0].SSCModes = nil },
		"SSC mode 4":         func(s *store.Subscriber) { s.Slices[0].DNNs[0].SSCModes = []uint8{4} },
		"SSC mode twice":     func(s *store.Subscriber) { s.Slices[0].DNNs[0].SSCModes = []uint8{1, 1} },
		"5QI 0":              func(s *store.Subscriber) { s.Slices[0].DNNs[0].FiveQI = 0 },
		"5QI 255":            func(s *store.Subscriber) { s.Slices[0].DNNs[0].FiveQI = 255 },
		"ARP 0":              func(s *store.Subscriber) { s.Slices[0].DNNs[0].ARP.PriorityLevel = 0 },
		"ARP 16":             func(s *store.Subscriber) { s.Slices[0].DNNs[0].ARP.PriorityLevel = 16 },
		"no session AMBR":    func(s *store.Subscriber) { s.Slices[0].DNNs[0].SessionAMBR = store.AMBR{} },
		"static IPv6":        func(s *store.Subscriber) { s.Slices[0].DNNs[0].StaticIPv4 = netip.IPv6Unspecified() },
		"static multicast":   func(s *store.Subscriber) { s.Slices[0].DNNs[0].StaticIPv4 = netip.MustParseAddr("224.0.0.1") },
		"static IPv6 of /56": func(s *store.Subscriber) { s.Slices[0].DNNs[1].StaticIPv6 = netip.MustParsePrefix("2001:db8::/56") },
		"static link local":  func(s *store.Subscriber) { s.Slices[0].DNNs[1].StaticIPv6 = netip.MustParsePrefix("fe80::/64") },
		"static, no IPv6":    func(s *store.Subscriber) { s.Slices[0].DNNs[1].SessionTypes = []store.SessionType{store.IPv4} },
		"framed route twice": func(s *store.Subscriber) {
			s.Slices[0].DNNs[1].FramedRoutes = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("10.1.0.0/16")}
		},
		"framed route of all": func(s *store.Subscriber) {
			s.Slices[0].DNNs[1].FramedRoutes = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
		},
		"unknown protection": func(s *store.Subscriber) { s.Slices[0].DNNs[1].UPIntegrity = "MAYBE" },
		"static, no IPv4": func(s *store.Subscriber) {
			s.Slices[0].DNNs[1].SessionTypes = []store.SessionType{store.Ethernet}
		},
	}
}
