package pfcp

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"
)

// TestRoundTrip decodes what Append wrote and wants the same message back, TS 29.244 §7.
func TestRoundTrip(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			wire := Append(nil, s.h, s.m)
			h, m, err := Decode(wire)
			if err != nil {
				t.Fatalf("%v\n%x", err, wire)
			}
			want := s.h
			want.Type = s.m.Type()
			if h != want {
				t.Errorf("header %+v, want %+v", h, want)
			}
			if !reflect.DeepEqual(m, s.m) {
				t.Errorf("got  %+v\nwant %+v", m, s.m)
			}
		})
	}
}

// TestEveryIEIsSampled keeps samples complete: no field of any message or grouped IE may stay unset in all of them.
func TestEveryIEIsSampled(t *testing.T) {
	seen := map[string]bool{}
	all := map[string]bool{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			walk(v.Elem())
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			if set := v.FieldByName("set"); set.IsValid() {
				if set.Bool() {
					walk(v.FieldByName("v"))
				}
				return
			}
			for i := range v.NumField() {
				f := v.Type().Field(i)
				if _, ok := f.Tag.Lookup("ie"); !ok {
					continue
				}
				name := v.Type().Name() + "." + f.Name
				all[name] = true
				fv := v.Field(i)
				if !fv.IsZero() || f.Type.Kind() == reflect.Uint8 || f.Type.Name() == "GateStatus" {
					seen[name] = true
				}
				walk(fv)
			}
		}
	}
	for _, s := range samples() {
		walk(reflect.ValueOf(s.m))
	}
	for name := range all {
		if !seen[name] {
			t.Errorf("no sample sets %s", name)
		}
	}
}

// TestTruncation cuts each message at every octet: an error or a shorter message, never a panic, TS 29.244 §7.6.3.
func TestTruncation(t *testing.T) {
	for _, s := range samples() {
		wire := Append(nil, s.h, s.m)
		for n := range wire {
			if _, _, err := Decode(wire[:n:n]); err == nil {
				t.Errorf("%s: %d of %d octets were accepted", s.name, n, len(wire))
			}
			// The same with a length that tells the truth.
			cut := bytes.Clone(wire[:n])
			if n < 4 {
				continue
			}
			cut[2], cut[3] = byte((n-4)>>8), byte(n-4)
			if _, m, err := Decode(cut); err == nil {
				again := Append(nil, s.h, m)
				if _, _, err := Decode(again); err != nil {
					t.Errorf("%s cut at %d: %v", s.name, n, err)
				}
			}
		}
	}
}

// TestGolden compares with octets that were made by hand from the figures of the clauses.
func TestGolden(t *testing.T) {
	tests := []struct {
		name, wire string
		h          Header
		m          Message
	}{
		{"heartbeat request, TS 29.244 §7.4.2.1", "2001000c 000001 00 0060 0004 ed01b425", Header{Sequence: 1}, &HeartbeatRequest{RecoveryTimeStamp: start}},
		{"session deletion request, TS 29.244 §7.5.6", "2136000c a1a2a3a4a5a6a7a8 000012 00",
			Header{SEID: 0xa1a2a3a4a5a6a7a8, Sequence: 0x12}, &SessionDeletionRequest{}},
		{"association release request, TS 29.244 §7.4.4.5", "2009000d 000005 00 003c 0005 00 0a000401",
			Header{Sequence: 5}, &AssociationReleaseRequest{NodeID: NodeID{Addr: smfN4}}},
		{"session report response, TS 29.244 §7.5.9", "23390011 0000000000000001 000009 30 0013 0001 41",
			Header{SEID: 1, Sequence: 9, Priority: Some(uint8(3))}, &SessionReportResponse{Cause: CauseSessionContextNotFound}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := unhex(t, tt.wire)
			if got := Append(nil, tt.h, tt.m); !bytes.Equal(got, want) {
				t.Errorf("got  %x\nwant %x", got, want)
			}
			if _, m, err := Decode(want); err != nil || !reflect.DeepEqual(m, tt.m) {
				t.Errorf("decoded %+v, %v", m, err)
			}
		})
	}
}

// TestBadInput wants for each fault the cause that TS 29.244 §7.6 names, and the IE that is to blame.
func TestBadInput(t *testing.T) {
	const head = "2132 ffff 0000000000000000 000001 00"
	const node, fseid = "003c 0005 00 0a000401", "0039 000d 02 0000000000000001 0a000401"
	const far = "0003 000e 006c 0004 00000001 002c 0002 0200"
	tests := []struct {
		name, wire string
		cause      Cause
		ie         IEType
	}{
		{"empty", head, CauseMandatoryIEMissing, IENodeID},
		{"no F-SEID", head + node, CauseMandatoryIEMissing, IEFSEID},
		{"no PDR", head + node + fseid + far, CauseMandatoryIEMissing, IECreatePDR},
		{"no FAR", head + node + fseid, CauseMandatoryIEMissing, IECreatePDR},
		{"PDR without id", head + node + fseid + "0001 0000" + far, CauseMandatoryIEMissing, IEPDRID},
		{"PDR without PDI", head + node + fseid + "0001 000e 0038 0002 0001 001d 0004 00000001" + far, CauseMandatoryIEMissing, IEPDI},
		{"PDR id of one octet", head + node + fseid + "0001 0005 0038 0001 01" + far, CauseInvalidLength, IEPDRID},
		{"node id of unknown kind", head + "003c 0005 07 0a000401", CauseMandatoryIEIncorrect, IENodeID},
		{"node id cut", head + "003c 0004 00 0a0004", CauseInvalidLength, IENodeID},
		{"F-SEID without address", head + node + "0039 0009 00 0000000000000001", CauseMandatoryIEIncorrect, IEFSEID},
		{"IE longer than the message", head + node + "0039 00ff 02", CauseInvalidLength, IEFSEID},
		{"octets after the last IE", head + node + "0039", CauseInvalidLength, 0},
		{"IE longer than its group", head + node + fseid + "0001 0005 0038 0002 01", CauseInvalidLength, IEPDRID},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wire := unhex(t, tt.wire)
			wire[2], wire[3] = 0, byte(len(wire)-4)
			h, _, err := Decode(wire)
			var e *Error
			if !errors.As(err, &e) || e.Cause != tt.cause || e.Offending != tt.ie {
				t.Fatalf("got %v, want %v: %v", err, tt.cause, tt.ie)
			}
			if h.Sequence != 1 {
				t.Errorf("sequence %d is lost, so no answer can be sent", h.Sequence)
			}
		})
	}
}

// TestHeaderErrors: what cannot be answered with a cause, TS 29.244 §7.6.2, §7.6.3 and §7.6.4.
func TestHeaderErrors(t *testing.T) {
	tests := []struct {
		name, wire string
		want       error
	}{
		{"other version", "4001 0004 000001 00", ErrVersion},
		{"unknown type", "20c8 0004 000001 00", ErrUnknownMessage},
		{"short", "2001 0004 0000", ErrHeader},
		{"length beyond the datagram", "2001 0005 000001 00", ErrHeader},
		{"length below the header", "2136 0008 0000000000000000", ErrHeader},
		{"session message without SEID", "2036 0004 000001 00", ErrHeader},
		{"node message with SEID", "2101 000c 0000000000000000 000001 00", ErrHeader},
	}
	for _, tt := range tests {
		if _, _, err := Decode(unhex(t, tt.wire)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// TestTolerance: unknown IEs are skipped, of a repeated IE the first counts, octets beyond a known IE's end are
// ignored, TS 29.244 §7.6.9, §7.6.10 and §7.6.7.
func TestTolerance(t *testing.T) {
	tests := map[string]string{
		"unknown IE":                "2001 0012 000001 00 7fff 0002 aaaa 0060 0004 ed01b425",
		"vendor's IE":               "2001 0014 000001 00 8001 0004 000028af 0060 0004 ed01b425",
		"repeated IE":               "2001 0014 000001 00 0060 0004 ed01b425 0060 0004 00000000",
		"IE longer than known":      "2001 000e 000001 00 0060 0006 ed01b425 ffff",
		"octets after the message":  "2001 000c 000001 00 0060 0004 ed01b425 ffffffff",
		"octets of another message": "2401 000c 000001 00 0060 0004 ed01b425 2001000c00000100",
	}
	for name, wire := range tests {
		_, m, err := Decode(unhex(t, wire))
		if err != nil || m.(*HeartbeatRequest).RecoveryTimeStamp != start {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

// TestNetworkInstance reads labels and plain text, TS 29.244 §8.2.4.
func TestNetworkInstance(t *testing.T) {
	for wire, want := range map[string]NetworkInstance{
		"\x08internet":            "internet",
		"\x03ims\x08operator":     "ims.operator",
		"internet":                "internet",
		"\x09internet":            "\x09internet",
		"":                        "",
		"access.oai.example.text": "access.oai.example.text",
	} {
		var n NetworkInstance
		if c := n.decode([]byte(wire)); c != 0 || n != want {
			t.Errorf("%q: %q, %v", wire, n, c)
		}
	}
}

// FuzzDecode wants no panic, and that what was decoded is encoded and decoded to the same octets.
func FuzzDecode(f *testing.F) {
	for _, s := range samples() {
		f.Add(Append(nil, s.h, s.m))
	}
	for _, wire := range foreignGoldens(f) {
		f.Add(wire)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, m, err := Decode(b)
		if err != nil {
			return
		}
		once := Append(nil, h, m)
		if len(once) > 0xffff {
			return
		}
		h2, m2, err := Decode(once)
		if err != nil {
			t.Fatalf("own octets refused: %v\n%x", err, once)
		}
		if twice := Append(nil, h2, m2); !bytes.Equal(once, twice) {
			t.Fatalf("not stable:\n%x\n%x", once, twice)
		}
	})
}

func BenchmarkDecodeSessionEstablishmentRequest(b *testing.B) {
	wire := Append(nil, Header{Sequence: 1}, establishment())
	b.SetBytes(int64(len(wire)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Decode(wire); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendSessionEstablishmentRequest(b *testing.B) {
	m := establishment()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = Append(buf[:0], Header{Sequence: 1}, m)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(s), []byte(" "), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
