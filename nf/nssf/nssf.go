// Package nssf is the network slice selection function, TS 23.501 §6.2.14.
package nssf

import (
	"log/slog"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nnssf"
)

var _ nnssf.NSSelection = (*NSSF)(nil)

// Config is what an operator may set: which slices each tracking area supports.
type Config struct {
	TrackingAreas []TrackingArea
	OtherSets     []AMFSet // that have other slices, in order of preference
}

// AMFSet is an AMF set with the slices that it serves.
type AMFSet struct {
	Set    uint16
	NSSAIs []ident.SNSSAI
}

// TrackingArea is a tracking area and its slices.
type TrackingArea struct {
	TAI    ident.TAI
	NSSAIs []ident.SNSSAI
}

// NSSF is a network slice selection function. It is safe for concurrent use.
type NSSF struct {
	byTAI  map[ident.TAI]map[ident.SNSSAI]bool
	byPLMN map[ident.PLMN]map[ident.SNSSAI]bool
	sets   []AMFSet
	log    *slog.Logger
}

// New makes an NSSF. A tracking area listed twice has the slices of both entries.
func New(cfg Config, log *slog.Logger) *NSSF {
	n := &NSSF{
		byTAI: make(map[ident.TAI]map[ident.SNSSAI]bool), byPLMN: make(map[ident.PLMN]map[ident.SNSSAI]bool), sets: cfg.OtherSets, log: log,
	}
	for _, ta := range cfg.TrackingAreas {
		if n.byTAI[ta.TAI] == nil {
			n.byTAI[ta.TAI] = make(map[ident.SNSSAI]bool)
		}
		if n.byPLMN[ta.TAI.PLMN] == nil {
			n.byPLMN[ta.TAI.PLMN] = make(map[ident.SNSSAI]bool)
		}
		for _, s := range ta.NSSAIs {
			n.byTAI[ta.TAI][s], n.byPLMN[ta.TAI.PLMN][s] = true, true
		}
	}
	return n
}
