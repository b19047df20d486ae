package amf

import (
	"encoding/json"
	"testing"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/store"
)

// twin is the same context as JSON would hold it.
type twin struct {
	PEI                       string         `json:"pei"`
	GUAMI                     ident.GUAMI    `json:"guami"`
	Capability                []byte         `json:"capability"`
	KSI, Ciphering, Integrity uint8          `json:",omitempty"`
	KAMF                      []byte         `json:"kamf"`
	Send, Receive             uint32         `json:",omitempty"`
	Radio                     []byte         `json:"radio"`
	TAI                       ident.TAI      `json:"tai"`
	Allowed                   []ident.SNSSAI `json:"allowed"`
	Policy                    string         `json:"policy"`
	AMBR                      nudm.AMBR      `json:"ambr"`
	Sessions                  []twinSession  `json:"sessions"`
}

type twinSession struct {
	ID    uint8        `json:"id"`
	Ref   string       `json:"ref"`
	Slice ident.SNSSAI `json:"slice"`
	DNN   ident.DNN    `json:"dnn"`
}

func twinOf(u *ue) twin {
	t := twin{PEI: u.pei, GUAMI: u.guti.GUAMI, Capability: u.capability, KSI: u.security.ksi, Ciphering: u.security.ciphering,
		Integrity: u.security.integrity, KAMF: u.security.kamf[:], Send: 64, Receive: 5, Radio: u.radio, TAI: u.tai, Allowed: u.allowed,
		Policy: u.policy, AMBR: u.ambr}
	for _, s := range u.sessions {
		t.Sessions = append(t.Sessions, twinSession{s.id, s.ref, s.slice, s.dnn})
	}
	return t
}

// BenchmarkRecord: a UE context written and read as a record, beside the same as JSON.
func BenchmarkRecord(b *testing.B) {
	a := &AMF{}
	a.ues.init()
	u := fullUE(a)
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(float64(len(u.record(64))), "octets")
		}
	})
	c := store.UEContext{SUPI: u.supi, TMSI: 1, Record: u.record(64)}
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			if _, err := a.readRecord(&c); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("write JSON", func(b *testing.B) {
		for b.Loop() {
			j, _ := json.Marshal(twinOf(u))
			b.ReportMetric(float64(len(j)), "octets")
		}
	})
	j, _ := json.Marshal(twinOf(u))
	b.Run("read JSON", func(b *testing.B) {
		for b.Loop() {
			var t twin
			if err := json.Unmarshal(j, &t); err != nil {
				b.Fatal(err)
			}
		}
	})
}
