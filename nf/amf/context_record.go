package amf

import (
	"fmt"
	"slices"
	"time"
	"unique"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/record"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// The fields of a UE context's record. State that must outlive a restart gets the next number, a line in record and one
// in readRecord. What can be asked for again (subscription data) is not here.
const (
	fieldPEI = iota + 1
	fieldGUAMI
	fieldCapability
	fieldKSI
	fieldCiphering
	fieldIntegrity
	fieldKAMF
	fieldSendCeiling
	fieldReceive
	fieldLastKSI
	fieldRadio
	fieldTAI
	fieldAllowed
	fieldPolicy
	fieldAMBRUplink
	fieldAMBRDownlink
	fieldSession
	fieldT3512 // in ns, as are the other times
	fieldMICO
	fieldActiveTime
	fieldDRX
	fieldExtendedDRX
	fieldConnectedTo
	fieldMMCapability
	fieldRequested
	fieldSlicesChanged
	fieldSliceAuthorized
	fieldSliceFailed
)

// Fields of a slice and of a session inside.
const (
	fieldSST = iota + 1
	fieldSD
)

const (
	fieldSessionID = iota + 1
	fieldSessionRef
	fieldSessionSlice
	fieldSessionDNN
)

// record is what is kept of the UE; ceiling is the first downlink NAS COUNT that is not reserved with it.
func (ue *ue) record(ceiling uint32) []byte {
	w := record.NewWriter()
	w.String(fieldPEI, ue.pei)
	w.Bytes(fieldGUAMI, guamiOctets(ue.guti.GUAMI))
	w.Bytes(fieldCapability, ue.capability)
	w.Uint(fieldKSI, uint64(ue.security.ksi))
	w.Uint(fieldCiphering, uint64(ue.security.ciphering))
	w.Uint(fieldIntegrity, uint64(ue.security.integrity))
	w.Bytes(fieldKAMF, ue.security.kamf[:])
	w.Uint(fieldSendCeiling, uint64(ceiling))
	w.Uint(fieldReceive, uint64(ue.security.nas.Receive))
	w.Uint(fieldLastKSI, uint64(ue.ngKSI))
	w.Bytes(fieldRadio, ue.radio)
	w.Bytes(fieldTAI, taiOctets(ue.tai))
	for _, s := range ue.allowed {
		w.Group(fieldAllowed, func(w *record.Writer) { writeSlice(w, s) })
	}
	w.String(fieldPolicy, ue.policy)
	w.Uint(fieldAMBRUplink, ue.ambr.Uplink)
	w.Uint(fieldAMBRDownlink, ue.ambr.Downlink)
	for _, s := range ue.sessions {
		w.Group(fieldSession, func(w *record.Writer) {
			w.Uint(fieldSessionID, uint64(s.id))
			w.String(fieldSessionRef, s.ref)
			w.Group(fieldSessionSlice, func(w *record.Writer) { writeSlice(w, s.slice) })
			w.String(fieldSessionDNN, string(s.dnn))
		})
	}
	w.Uint(fieldT3512, uint64(ue.reach.t3512))
	w.Bool(fieldMICO, ue.reach.mico)
	w.Uint(fieldActiveTime, uint64(ue.reach.active))
	w.Uint(fieldDRX, uint64(ue.drx))
	w.Bytes(fieldExtendedDRX, ue.extendedDRX)
	if ue.conn != nil {
		w.String(fieldConnectedTo, ue.conn.gnb.identity())
	}
	w.Bytes(fieldMMCapability, ue.mm)
	for _, s := range ue.requested {
		w.Group(fieldRequested, func(w *record.Writer) { writeSlice(w, s) })
	}
	w.Bool(fieldSlicesChanged, ue.slicesChanged)
	if c := ue.slicesChecked; c != nil {
		for _, s := range c.authorized {
			w.Group(fieldSliceAuthorized, func(w *record.Writer) { writeSlice(w, s) })
		}
		for _, s := range c.failed {
			w.Group(fieldSliceFailed, func(w *record.Writer) { writeSlice(w, s) })
		}
	}
	return w.Done()
}

// restingUE is a new UE at rest.
func (a *AMF) restingUE() *ue {
	return &ue{amf: a, ngKSI: uint8(gmm.NoKey), subscribed: &a.unsubscribed, last: &a.unseen, kept: keeping{idle: true}}
}

// reader is for one record after the other; it goes back to a.readers.
func (a *AMF) reader() *record.Reader {
	if r, ok := a.readers.Get().(*record.Reader); ok {
		return r
	}
	return new(record.Reader)
}

// readRecord makes the UE from what is kept of it: registered, in CM-IDLE, at rest, and in no table yet.
func (a *AMF) readRecord(c *store.UEContext) (*ue, error) {
	r := a.reader()
	defer a.readers.Put(r)
	if err := r.Open(c.Record); err != nil {
		return nil, err
	}
	u := a.restingUE()
	u.registered, u.known, u.supi = true, true, c.SUPI
	u.guti.TMSI, u.oldTMSI = c.TMSI, c.OldTMSI
	s := &u.security
	var send, receive uint32
	for r.Next() {
		switch r.Field() {
		case fieldT3512, fieldMICO, fieldActiveTime, fieldDRX:
			u.readPowerSaving(r)
		case fieldConnectedTo:
			u.kept.connectedTo = r.String()
		case fieldExtendedDRX:
			u.extendedDRX = slices.Clone(r.Bytes())
		case fieldMMCapability:
			u.mm = a.alike.mm.share(r.Bytes())
		case fieldRequested:
			r.Group(func(r *record.Reader) { u.requested = append(u.requested, readSlice(r)) })
		case fieldSliceAuthorized:
			r.Group(func(r *record.Reader) { u.slicesChecked = u.slicesChecked.with(readSlice(r), true) })
		case fieldSliceFailed:
			r.Group(func(r *record.Reader) { u.slicesChecked = u.slicesChecked.with(readSlice(r), false) })
		case fieldSlicesChanged:
			u.slicesChanged = r.Bool()
		case fieldPEI:
			u.pei = r.String()
		case fieldGUAMI:
			u.guti.GUAMI = readGUAMI(r)
		case fieldCapability:
			u.capability = a.alike.capability.share(r.Bytes())
		case fieldKSI:
			s.ksi = uint8(r.Uint())
		case fieldCiphering:
			s.ciphering = uint8(r.Uint())
		case fieldIntegrity:
			s.integrity = uint8(r.Uint())
		case fieldKAMF:
			r.Fill(s.kamf[:])
			s.valid = true
		case fieldSendCeiling:
			send = uint32(r.Uint())
		case fieldReceive:
			receive = uint32(r.Uint())
		case fieldLastKSI:
			u.ngKSI = uint8(r.Uint())
		case fieldRadio:
			u.radio = slices.Clone(r.Bytes())
		case fieldTAI:
			u.tai = readTAI(r)
		case fieldAllowed:
			r.Group(func(r *record.Reader) { u.allowed = append(u.allowed, readSlice(r)) })
		case fieldPolicy:
			u.policy = r.String()
		case fieldAMBRUplink:
			u.ambr.Uplink = r.Uint()
		case fieldAMBRDownlink:
			u.ambr.Downlink = r.Uint()
		case fieldSession:
			r.Group(func(r *record.Reader) { u.sessions = append(u.sessions, readSession(r)) })
		}
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	if !s.valid || s.ciphering > 3 || s.integrity == 0 || s.integrity > 3 || u.guti.TMSI == 0 {
		return nil, fmt.Errorf("%w: no usable keys or 5G-GUTI", record.ErrDamaged)
	}
	u.allowed, u.requested = a.alike.slices.share(u.allowed), a.alike.slices.share(u.requested)
	s.nas.Send, s.nas.Receive = send, receive
	u.kept.stored = true
	u.kept.held.Store(true)
	u.kept.epoch.Store(c.Epoch)
	u.kept.ceiling.Store(uint64(u.keys)<<32 | uint64(send)) // all that was reserved may have been used
	return u, nil
}

// Stored tells of the record of a UE context which SM contexts its AMF has, those of other cores by their URIs, and whether its UE is in
// CM-CONNECTED. Error: one of package record.
func Stored(kept []byte) (refs []string, connected bool, err error) {
	r, err := record.Open(kept)
	if err != nil {
		return nil, false, err
	}
	for r.Next() {
		switch r.Field() {
		case fieldSession:
			r.Group(func(r *record.Reader) { refs = append(refs, readSession(r).ref) })
		case fieldConnectedTo:
			connected = r.String() != ""
		}
	}
	return refs, connected, r.Err()
}

// readPowerSaving reads a field of when the UE can be reached.
func (ue *ue) readPowerSaving(r *record.Reader) {
	switch r.Field() {
	case fieldT3512:
		ue.reach.t3512 = time.Duration(r.Uint())
	case fieldMICO:
		ue.reach.mico = r.Bool()
	case fieldActiveTime:
		ue.reach.active = time.Duration(r.Uint())
	case fieldDRX:
		ue.drx = gmm.DRXParameters(r.Uint())
	}
}

func readSession(r *record.Reader) *smContext {
	s := new(smContext)
	for r.Next() {
		switch r.Field() {
		case fieldSessionID:
			s.id = uint8(r.Uint())
		case fieldSessionRef:
			s.ref = r.String()
		case fieldSessionSlice:
			r.Group(func(r *record.Reader) { s.slice = readSlice(r) })
		case fieldSessionDNN:
			s.dnn = ident.DNN(unique.Make(r.String()).Value())
		}
	}
	return s
}

func writeSlice(w *record.Writer, s ident.SNSSAI) {
	w.Uint(fieldSST, uint64(s.SST))
	w.Uint(fieldSD, uint64(s.SD))
}

func readSlice(r *record.Reader) (s ident.SNSSAI) {
	for r.Next() {
		switch r.Field() {
		case fieldSST:
			s.SST = uint8(r.Uint())
		case fieldSD:
			s.SD = uint32(r.Uint())
		}
	}
	return s
}

func guamiOctets(g ident.GUAMI) []byte {
	id := g.AMFID()
	return append(g.PLMN[:], byte(id>>16), byte(id>>8), byte(id))
}

func readGUAMI(r *record.Reader) (g ident.GUAMI) {
	var b [6]byte
	r.Fill(b[:])
	g.PLMN = ident.PLMN(b[:3])
	g.Region, g.Set, g.Pointer = b[3], uint16(b[4])<<2|uint16(b[5]>>6), b[5]&0x3f
	return g
}

func taiOctets(t ident.TAI) []byte {
	return append(t.PLMN[:], byte(t.TAC>>16), byte(t.TAC>>8), byte(t.TAC))
}

func readTAI(r *record.Reader) ident.TAI {
	var b [6]byte
	r.Fill(b[:])
	return ident.TAI{PLMN: ident.PLMN(b[:3]), TAC: ident.TAC(b[3])<<16 | ident.TAC(b[4])<<8 | ident.TAC(b[5])}
}
