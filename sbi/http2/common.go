package http2

import (
	"encoding/hex"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nudm"
)

// in reads the values of a message; the first that is wrong is the error.
type in struct {
	parts map[string]binaryPart
	err   error
}

func (d *in) missing(key string) {
	if d.err == nil {
		d.err = sbi.Problem(http.StatusBadRequest, sbi.CauseMandatoryIEMissing, "%s is missing", key)
	}
}

func (d *in) wrong(key, format string, args ...any) {
	if d.err == nil {
		d.err = sbi.Problem(http.StatusBadRequest, sbi.CauseMandatoryIEIncorrect, "%s: %s", key, fmt.Sprintf(format, args...))
	}
}

// need wants a text.
func (d *in) need(key, text string) {
	if text == "" {
		d.missing(key)
	}
}

// binary is the part that a reference names; nil where there is no reference.
func (d *in) binary(key string, ref *binaryRef) []byte {
	if ref == nil {
		return nil
	}
	p, ok := d.parts[trimID(ref.ContentID)]
	switch {
	case !ok:
		d.wrong(key, "no part of the body has the Content-ID %q", ref.ContentID)
	case len(p.data) == 0:
		d.wrong(key, "part %q is empty", ref.ContentID)
	case p.kind != typeNAS && p.kind != typeNGAP:
		d.wrong(key, "part %q is %q", ref.ContentID, p.kind)
	}
	return p.data
}

// plmnID is PlmnId of TS 29.571.
type plmnID struct {
	MCC string `json:"mcc"`
	MNC string `json:"mnc"`
}

func plmnOut(p ident.PLMN) *plmnID { return &plmnID{p.MCC(), p.MNC()} }

func plmnOutIfAny(p ident.PLMN) *plmnID {
	if p == (ident.PLMN{}) {
		return nil
	}
	return plmnOut(p)
}

func (d *in) plmn(key string, w *plmnID) (p ident.PLMN) {
	if w == nil {
		d.missing(key)
		return p
	}
	return d.plmnIfAny(key, w)
}

func (d *in) plmnIfAny(key string, w *plmnID) (p ident.PLMN) {
	if w == nil {
		return p
	}
	p, err := ident.ParsePLMN(w.MCC + w.MNC)
	if err != nil || len(w.MCC) != 3 {
		d.wrong(key, "MCC %q and MNC %q are no PLMN", w.MCC, w.MNC)
	}
	return p
}

// hexNumber reads exactly so many hexadecimal digits.
func (d *in) hexNumber(key, text string, digits ...int) uint32 {
	for _, n := range digits {
		if v, err := strconv.ParseUint(text, 16, 32); err == nil && len(text) == n {
			return uint32(v)
		}
	}
	d.wrong(key, "%q: want %d hexadecimal digits", text, digits)
	return 0
}

// guami is Guami of TS 29.571.
type guami struct {
	PLMN  *plmnID `json:"plmnId"`
	AMFID string  `json:"amfId"`
}

func guamiOut(g ident.GUAMI) *guami {
	if g == (ident.GUAMI{}) {
		return nil
	}
	return &guami{plmnOut(g.PLMN), fmt.Sprintf("%06x", g.AMFID())}
}

func (d *in) guami(key string, w *guami) ident.GUAMI {
	if w == nil {
		return ident.GUAMI{}
	}
	id := d.hexNumber(key+".amfId", w.AMFID, 6)
	return ident.GUAMI{
		PLMN: d.plmn(key+".plmnId", w.PLMN), Region: uint8(id >> 16), Set: uint16(id>>6) & 0x3ff, Pointer: uint8(id) & 0x3f,
	}
}

// tai is Tai of TS 29.571.
type tai struct {
	PLMN *plmnID `json:"plmnId"`
	TAC  string  `json:"tac"`
}

func taiOut(t ident.TAI) *tai { return &tai{plmnOut(t.PLMN), fmt.Sprintf("%06x", uint32(t.TAC))} }

func (d *in) tai(key string, w *tai) ident.TAI {
	if w == nil {
		d.missing(key)
		return ident.TAI{}
	}
	return ident.TAI{PLMN: d.plmn(key+".plmnId", w.PLMN), TAC: ident.TAC(d.hexNumber(key+".tac", w.TAC, 4, 6))}
}

// userLocation is UserLocation of TS 29.571, of NR. The services here know tracking areas alone: the cell is one to ignore.
type userLocation struct {
	NR *struct {
		TAI        *tai  `json:"tai"`
		NCGI       *ncgi `json:"ncgi"`
		IgnoreNCGI bool  `json:"ignoreNcgi,omitempty"`
	} `json:"nrLocation,omitempty"`
}

// ncgi is Ncgi of TS 29.571.
type ncgi struct {
	PLMN *plmnID `json:"plmnId"`
	Cell string  `json:"nrCellId"`
}

func locationOut(t ident.TAI) *userLocation {
	if t == (ident.TAI{}) {
		return nil
	}
	w := &userLocation{}
	w.NR = &struct {
		TAI        *tai  `json:"tai"`
		NCGI       *ncgi `json:"ncgi"`
		IgnoreNCGI bool  `json:"ignoreNcgi,omitempty"`
	}{taiOut(t), &ncgi{plmnOut(t.PLMN), "000000000"}, true}
	return w
}

func (d *in) location(key string, w *userLocation) ident.TAI {
	if w == nil || w.NR == nil {
		return ident.TAI{}
	}
	return d.tai(key+".nrLocation.tai", w.NR.TAI)
}

// snssai is Snssai of TS 29.571.
type snssai struct {
	SST *uint8 `json:"sst"`
	SD  string `json:"sd,omitempty"`
}

func snssaiOut(s ident.SNSSAI) *snssai {
	w := &snssai{SST: &s.SST}
	if s.HasSD() {
		w.SD = fmt.Sprintf("%06x", s.SD)
	}
	return w
}

func snssaiOutIfAny(s ident.SNSSAI) *snssai {
	if s == (ident.SNSSAI{}) {
		return nil
	}
	return snssaiOut(s)
}

func (d *in) snssai(key string, w *snssai) ident.SNSSAI {
	if w == nil || w.SST == nil {
		d.missing(key + ".sst")
		return ident.SNSSAI{}
	}
	s := ident.SNSSAI{SST: *w.SST, SD: ident.NoSD}
	if w.SD != "" {
		s.SD = d.hexNumber(key+".sd", w.SD, 6)
	}
	return s
}

func (d *in) snssaiIfAny(key string, w *snssai) ident.SNSSAI {
	if w == nil {
		return ident.SNSSAI{}
	}
	return d.snssai(key, w)
}

// ambr is TS 29.571 §5.5.4.2.
type ambr struct {
	Uplink   string `json:"uplink"`
	Downlink string `json:"downlink"`
}

func ambrOut(a nudm.AMBR) *ambr {
	if a == (nudm.AMBR{}) {
		return nil
	}
	return &ambr{bitRate(a.Uplink), bitRate(a.Downlink)}
}

// bitRate is BitRate of TS 29.571 in the largest unit that loses nothing.
func bitRate(bps uint64) string {
	units := [...]string{"bps", "Kbps", "Mbps", "Gbps", "Tbps"}
	i := 0
	for i < len(units)-1 && bps != 0 && bps%1000 == 0 {
		bps, i = bps/1000, i+1
	}
	return strconv.FormatUint(bps, 10) + " " + units[i]
}

func (d *in) ambr(key string, w *ambr) nudm.AMBR {
	if w == nil {
		return nudm.AMBR{}
	}
	return nudm.AMBR{Uplink: d.bitRate(key+".uplink", w.Uplink), Downlink: d.bitRate(key+".downlink", w.Downlink)}
}

// bitRate reads "10 Mbps" and "1.5 Gbps"; parts of a bit are dropped.
func (d *in) bitRate(key, text string) uint64 {
	number, unit, _ := strings.Cut(text, " ")
	scale := 0
	switch unit {
	case "bps":
	case "Kbps":
		scale = 3
	case "Mbps":
		scale = 6
	case "Gbps":
		scale = 9
	case "Tbps":
		scale = 12
	default:
		d.wrong(key, "%q: want a bit rate such as 100 Mbps", text)
		return 0
	}
	whole, part, _ := strings.Cut(number, ".")
	if len(part) > scale {
		part = part[:scale]
	}
	v, err := strconv.ParseUint(whole+part+strings.Repeat("0", scale-len(part)), 10, 64)
	if err != nil || whole == "" || strings.Trim(number, "0123456789.") != "" || v > math.MaxInt64 {
		d.wrong(key, "%q: want a bit rate such as 100 Mbps", text)
		return 0
	}
	return v
}

// ngapCause is TS 29.571 §5.4.4.12.
type ngapCause struct {
	Group *uint32 `json:"group"`
	Value *uint32 `json:"value"`
}

func causeOut(c *sbi.NGAPCause) *ngapCause {
	if c == nil {
		return nil
	}
	return &ngapCause{&c.Group, &c.Value}
}

func (d *in) causeIfAny(key string, w *ngapCause) *sbi.NGAPCause {
	switch {
	case w == nil:
		return nil
	case w.Group == nil || w.Value == nil:
		d.missing(key + ".group or value")
		return nil
	}
	return &sbi.NGAPCause{Group: *w.Group, Value: *w.Value}
}

// globalRANNodeID is TS 29.571 §5.4.4.28 of a gNB.
type globalRANNodeID struct {
	PLMN *plmnID `json:"plmnId"`
	GNB  *gnbID  `json:"gNbId,omitempty"`
}

// gnbID is TS 29.571 §5.4.4.29.
type gnbID struct {
	BitLength uint8  `json:"bitLength"`
	Value     string `json:"gNBValue"`
}

func nodeOut(n namf.GlobalRANNodeID) *globalRANNodeID {
	return &globalRANNodeID{plmnOut(n.PLMN), &gnbID{n.GNBID.BitLength, n.GNBID.Value}}
}

func (d *in) node(key string, w *globalRANNodeID) (n namf.GlobalRANNodeID) {
	switch {
	case w == nil:
		d.missing(key)
		return n
	case w.GNB == nil:
		d.wrong(key, "no gNB: nothing else is a target of a handover here")
		return n
	case w.GNB.BitLength < 22 || w.GNB.BitLength > 32:
		d.wrong(key, "a gNB ID of %d bits: want 22 to 32", w.GNB.BitLength)
	}
	id := d.hexNumber(key+".gNbId.gNBValue", w.GNB.Value, 6, 7, 8)
	if uint64(id)>>w.GNB.BitLength != 0 {
		d.wrong(key, "gNB ID %q has more than %d bits", w.GNB.Value, w.GNB.BitLength)
	}
	return namf.GlobalRANNodeID{PLMN: d.plmn(key+".plmnId", w.PLMN), GNBID: namf.GNBID{BitLength: w.GNB.BitLength, Value: w.GNB.Value}}
}

func (d *in) supi(key, text string) ident.SUPI {
	if text == "" {
		return ""
	}
	s, err := ident.ParseSUPI(text)
	if err != nil || string(s) != text {
		d.wrong(key, "no SUPI of type IMSI") // it is not repeated: it may be one
	}
	return s
}

func (d *in) dnn(key, text string) ident.DNN {
	n, err := ident.ParseDNN(text)
	if err != nil {
		d.wrong(key, "%v", err)
	}
	return n
}

// sessionID is PduSessionId of TS 29.571, as UEs have them: 1 to 15.
func (d *in) sessionID(key string, id uint8) uint8 {
	if id < 1 || id > 15 {
		d.wrong(key, "PDU session %d: want 1 to 15", id)
	}
	return id
}

func (d *in) sessionIDs(key string, w []uint16) []uint8 {
	if len(w) > 15 {
		d.wrong(key, "%d PDU sessions: a UE has at most 15", len(w))
		return nil
	}
	var ids []uint8
	for _, id := range w {
		if id > 15 {
			id = 0
		}
		ids = append(ids, d.sessionID(key, uint8(id)))
	}
	return ids
}

// sessionIDsOut keeps JSON from taking a list of octets for a string.
func sessionIDsOut(ids []uint8) []uint16 {
	var w []uint16
	for _, id := range ids {
		w = append(w, uint16(id))
	}
	return w
}

func (d *in) key(key, text string, octets int) sbi.Hex {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != octets {
		d.wrong(key, "want a key of %d octets in hexadecimal", octets) // it is not repeated
	}
	return b
}
