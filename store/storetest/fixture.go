package storetest

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// SUPI is the identity of test subscriber i: MSIN i in the test network 001/01.
func SUPI(i int) ident.SUPI { return ident.SUPI(fmt.Sprintf("imsi-00101%010d", i)) }

// Subscriber is test subscriber i with one slice and one DNN, and keys of its own.
func Subscriber(i int) store.Subscriber {
	k, opc := make(store.Key, 16), make(store.Key, 16)
	binary.BigEndian.PutUint64(k, uint64(i)+1)
	binary.BigEndian.PutUint64(opc[8:], uint64(i)+1)
	return store.Subscriber{
		SUPI: SUPI(i),
		Authentication: store.Authentication{
			Method: store.FiveGAKA, Algorithm: store.Milenage, K: k, OPc: opc, AMFField: aka.AMF{0x80, 0},
		},
		UEAMBR: store.AMBR{Uplink: 1e9, Downlink: 1e9},
		Slices: []store.Slice{{
			SNSSAI: ident.SNSSAI{SST: 1, SD: ident.NoSD}, Default: true, DNNs: []store.DNN{DNN("internet", true)},
		}},
	}
}

// DNN is a data network with the usual settings.
func DNN(name ident.DNN, isDefault bool) store.DNN {
	return store.DNN{
		Name: name, Default: isDefault, SessionTypes: []store.SessionType{store.IPv4}, SSCModes: []uint8{1},
		SessionAMBR: store.AMBR{Uplink: 1e9, Downlink: 1e9}, FiveQI: 9, ARP: store.ARP{PriorityLevel: 8},
	}
}

// rich is a subscriber that uses every field, in the order in which an engine returns slices and DNNs.
func rich(i int) store.Subscriber {
	s := Subscriber(i)
	s.Authentication.Algorithm, s.Authentication.Method = store.TUAK, store.EAPAKAPrime
	s.Authentication.K = append(append(store.Key(nil), s.Authentication.K...), s.Authentication.OPc...)
	s.Authentication.OPc = append(store.Key(nil), s.Authentication.K...)
	s.Authentication.AMFField = aka.AMF{0x9a, 0xbc}
	s.Authentication.SQN = aka.MaxSQN - 1<<20
	s.UEAMBR = store.AMBR{Uplink: 1, Downlink: store.MaxBitRate}
	s.GPSI = fmt.Sprintf("msisdn-99%010d", i)
	s.Access = store.Access{
		Barred: true, NoMICO: true, RegistrationTimer: 90 * time.Minute,
		ServiceArea:   store.ServiceArea{Restriction: store.NotAllowedAreas, TACs: []ident.TAC{0, 7, ident.MaxTAC}},
		ForbiddenTACs: []ident.TAC{3}, ForbiddenRATs: []store.RAT{store.EUTRA, store.NR},
	}
	ims := DNN("ims", false)
	ims.SessionTypes = []store.SessionType{store.IPv4v6, store.IPv6, store.IPv4, store.Ethernet, store.Unstructured}
	ims.SSCModes = []uint8{2, 3, 1}
	ims.SessionAMBR = store.AMBR{Uplink: 64e3, Downlink: 128e3}
	ims.FiveQI, ims.ARP = 5, store.ARP{PriorityLevel: 1, MayPreempt: true, Preemptable: true}
	ims.StaticIPv6 = netip.PrefixFrom(netip.AddrFrom16([16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 6: byte(i >> 8), 7: byte(i)}), 64)
	ims.FramedRoutes = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8:f::/48")}
	ims.UPIntegrity, ims.UPConfidentiality = store.UPRequired, store.UPNotNeeded
	ims.StaticIPv4 = netip.AddrFrom4([4]byte{10, 45, byte(i >> 8), byte(i)})
	s.Slices = []store.Slice{
		{SNSSAI: ident.SNSSAI{SST: 1, SD: ident.NoSD}, Default: true, DNNs: []store.DNN{DNN("internet", true), ims}},
		{SNSSAI: ident.SNSSAI{SST: 1, SD: 0x010203}, Default: true, DNNs: []store.DNN{DNN("a.b-c", true)}},
		{SNSSAI: ident.SNSSAI{SST: 255, SD: 0}, Authenticate: true, DNNs: []store.DNN{DNN("internet", true)}},
	}
	return s
}
