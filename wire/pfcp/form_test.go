package pfcp

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
)

// alike is a request with names in it.
func alike(n Names) *SessionEstablishmentRequest {
	ue, local := netip.AddrFrom4(n.UE), FTEID{TEID: n.TEID, IPv4: netip.MustParseAddr("192.0.2.2")}
	return &SessionEstablishmentRequest{
		NodeID: NodeID{Addr: netip.MustParseAddr("192.0.2.1")}, CPFSEID: FSEID{SEID: n.SEID, IPv4: netip.MustParseAddr("192.0.2.1")},
		CreatePDR: []CreatePDR{
			{PDRID: 1, Precedence: 255, PDI: PDI{SourceInterface: InterfaceAccess, LocalFTEID: Some(local), UEIPAddress: []UEIPAddress{{IPv4: ue}},
				QFI: []QFI{1}}, FARID: Some(FARID(1)), QERID: []QERID{1, 2}, URRID: []URRID{1}},
			{PDRID: 2, Precedence: 255, PDI: PDI{SourceInterface: InterfaceCore, UEIPAddress: []UEIPAddress{{IPv4: ue, Destination: true}}},
				FARID: Some(FARID(2)), QERID: []QERID{1, 2}, URRID: []URRID{1}},
			{PDRID: 3, Precedence: 7, PDI: PDI{SourceInterface: InterfaceAccess, LocalFTEID: Some(local), UEIPAddress: []UEIPAddress{{IPv4: ue}}},
				FARID: Some(FARID(1))},
		},
		CreateFAR: []CreateFAR{{FARID: 1, ApplyAction: ApplyFORW}, {FARID: 2, ApplyAction: ApplyBUFF | ApplyNOCP}},
		CreateURR: []CreateURR{{URRID: 1, MeasurementMethod: MeasureVOLUM}},
		CreateQER: []CreateQER{{QERID: 1, MBR: Some(MBR{Uplink: 1000, Downlink: 2000})}, {QERID: 2, QFI: Some(QFI(1))}},
		PDNType:   Some(PDNTypeIPv4),
	}
}

func someNames(n uint64) Names {
	return Names{SEID: n * 0x0123456789, TEID: uint32(n) * 0x10203, UE: [4]byte{10, 60, byte(n >> 8), byte(n)}}
}

// TestForm: a request made of the form of another is the one that the codec makes, octet for octet, and its names are read.
func TestForm(t *testing.T) {
	first := Append(nil, Header{Sequence: 9}, alike(someNames(1)))
	f, n, ok := NewForm(first)
	if !ok || n != someNames(1) {
		t.Fatalf("%+v, %v", n, ok)
	}
	for i := range uint64(300) {
		names := someNames(i + 1)
		want := Append(nil, Header{Sequence: uint32(i)}, alike(names))
		made := &Formed{Form: f, Names: names}
		if got := Append([]byte("before"), Header{Sequence: uint32(i)}, made); !bytes.Equal(got[len("before"):], want) {
			t.Fatalf("%d:\n%x, want\n%x", i, got, want)
		}
		if got, ok := f.Read(want); !ok || got != names {
			t.Fatalf("%d: %+v, %v", i, got, ok)
		}
		if got := made.Request(); !reflect.DeepEqual(got, alike(names)) {
			t.Fatalf("%d: %+v", i, got)
		}
	}
}

// TestFormRefuses: what differs in anything but the names has another form, wherever the difference is; a name that is not the
// same in all places is no name.
func TestFormRefuses(t *testing.T) {
	request := Append(nil, Header{}, alike(someNames(1)))
	f, _, _ := NewForm(request)
	free := make(map[int]bool)
	for at := sequenceAt; at < sequenceAt+3; at++ {
		free[at] = true
	}
	for _, x := range f.names {
		for at := range x.len() {
			free[x.at+at] = x.kind == IEFSEID // the others are there several times
		}
	}
	for at := range request {
		b := bytes.Clone(request)
		b[at] ^= 1 << rand.IntN(8)
		if _, ok := f.Read(b); ok != free[at] {
			t.Errorf("octet %d changed: %v", at, ok)
		}
	}
	for cut := range request {
		if _, ok := f.Read(request[:cut]); ok {
			t.Errorf("cut to %d octets", cut)
		}
	}
	longer := append(bytes.Clone(request), 0)
	if _, ok := f.Read(longer); ok {
		t.Error("longer")
	}
	for name, change := range map[string]func(*SessionEstablishmentRequest){
		"an F-TEID to choose": func(m *SessionEstablishmentRequest) { m.CreatePDR[0].PDI.LocalFTEID = Some(FTEID{ChooseIPv4: true}) },
		"an F-TEID of IPv6": func(m *SessionEstablishmentRequest) {
			m.CreatePDR[0].PDI.LocalFTEID = Some(FTEID{TEID: 1, IPv6: netip.MustParseAddr("2001:db8::1")})
		},
		"two tunnels": func(m *SessionEstablishmentRequest) {
			m.CreatePDR[2].PDI.LocalFTEID = Some(FTEID{TEID: 7, IPv4: netip.MustParseAddr("192.0.2.2")})
		},
		"two addresses": func(m *SessionEstablishmentRequest) {
			m.CreatePDR[1].PDI.UEIPAddress[0].IPv4 = netip.MustParseAddr("10.1.1.1")
		},
		"an address to choose": func(m *SessionEstablishmentRequest) {
			m.CreatePDR[1].PDI.UEIPAddress = []UEIPAddress{{ChooseIPv4: true}}
		},
		"a prefix": func(m *SessionEstablishmentRequest) {
			m.CreatePDR[1].PDI.UEIPAddress[0].IPv6 = netip.MustParseAddr("2001:db8::")
		},
		"no address": func(m *SessionEstablishmentRequest) {
			for i := range m.CreatePDR {
				m.CreatePDR[i].PDI.UEIPAddress = nil
			}
		},
	} {
		m := alike(someNames(1))
		change(m)
		if _, _, ok := NewForm(Append(nil, Header{}, m)); ok {
			t.Errorf("%s: has a form", name)
		}
	}
	twice := binary.BigEndian.AppendUint16(bytes.Clone(request), uint16(IEFSEID))
	twice = append(twice, 0, 13, 2, 0, 0, 0, 0, 0, 0, 0, 9, 192, 0, 2, 1)
	binary.BigEndian.PutUint16(twice[2:], uint16(len(twice)-4))
	if _, _, ok := NewForm(twice); ok {
		t.Error("a second F-SEID: has a form")
	}
}

// BenchmarkForm is what one of many sessions costs, beside the codec.
func BenchmarkForm(b *testing.B) {
	n := someNames(5)
	request := Append(nil, Header{}, alike(n))
	f, _, _ := NewForm(request)
	var room []byte
	b.Run("append", func(b *testing.B) {
		for b.Loop() {
			room = Append(room[:0], Header{}, &Formed{Form: f, Names: n})
		}
	})
	b.Run("append with the codec", func(b *testing.B) {
		for b.Loop() {
			room = Append(room[:0], Header{}, alike(n))
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			f.Read(request)
		}
	})
	b.Run("read with the codec", func(b *testing.B) {
		for b.Loop() {
			_, _, _ = Decode(request)
		}
	})
}
