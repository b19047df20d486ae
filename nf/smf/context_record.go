package smf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/store/record"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// The fields of an SM context's record. State that must outlive a restart gets the next number, a line in record and one
// in readRecord.
const (
	fieldSST = iota + 1
	fieldSD
	fieldPLMN
	fieldIntegrityUplink
	fieldIntegrityDownlink
	fieldPolicy
	fieldRemoteSEID
	fieldUplink
	fieldGNB
	fieldRegistered
	fieldActivated
	fieldAMBR
	fieldFlow
	fieldRule
	fieldType
	fieldSSCMode
	fieldFilters
	fieldReflective
	fieldUPIntegrity
	fieldUPConfidentiality
	fieldFramedRoute
	fieldSubscribedAMBR
	fieldSubscribedQoS
	fieldRQTimer
	fieldUsage
	fieldStarted
	fieldAlwaysOn
	fieldServingAMF
	fieldTold
	fieldSEID
	fieldChargingID
)

// Fields of a tunnel, a pair of rates, a QoS flow and a QoS rule inside.
const (
	fieldTunnelAddress = iota + 1
	fieldTunnelTEID
)

const (
	fieldRateUplink = iota + 1
	fieldRateDownlink
)

const (
	fieldFlowQFI = iota + 1
	fieldFlow5QI
	fieldFlowPriority
	fieldFlowARP
	fieldFlowMayPreempt
	fieldFlowPreemptable
	fieldFlowMBR
	fieldFlowGBR
	fieldFlowReflective
	fieldFlowNotify
	fieldFlowWindow
	fieldFlowBurst
)

const (
	fieldRuleID = iota + 1
	fieldRulePrecedence
	fieldRuleQFI
	fieldRuleFilter
	fieldRulePCC
)

// record is what is kept of the session; a change of what comes after the octets that matter is not worth a write: a UPF
// chooses a SEID anew after each restart, and only another node would ask for the one that it has now. Call it with s.mu held.
func (s *session) record() (b []byte, matters int) {
	w := record.NewWriter()
	w.Uint(fieldSST, uint64(s.slice.SST))
	w.Uint(fieldSD, uint64(s.slice.SD))
	w.Bytes(fieldPLMN, s.plmn[:])
	w.Uint(fieldIntegrityUplink, uint64(s.integrity.Uplink))
	w.Uint(fieldIntegrityDownlink, uint64(s.integrity.Downlink))
	w.String(fieldPolicy, s.policyID)
	writeTunnel(w, fieldUplink, s.uplink)
	writeTunnel(w, fieldGNB, s.gnb)
	w.Bool(fieldRegistered, s.registered)
	w.Bool(fieldActivated, s.up == nsmf.Activated)
	writeRates(w, fieldAMBR, s.qos.ambr)
	for i := range s.qos.flows {
		w.Group(fieldFlow, s.qos.flows[i].write)
	}
	for i := range s.qos.rules {
		w.Group(fieldRule, s.qos.rules[i].write)
	}
	s.writeKind(w)
	w.Group(fieldSubscribedQoS, (&qosFlow{flowParameters: flowParameters{
		fiveQI: s.subscribedQoS.FiveQI, priority: s.subscribedQoS.PriorityLevel, arp: s.subscribedQoS.ARP}}).write)
	writeRates(w, fieldSubscribedAMBR, s.subscribedAMBR)
	w.Uint(fieldRQTimer, uint64(s.qos.rqTimer))
	writeRates(w, fieldUsage, nudm.AMBR{Uplink: s.usage.Uplink, Downlink: s.usage.Downlink}) // a pair of numbers all the same
	w.Uint(fieldTold, uint64(s.told.sequence)<<32|uint64(s.told.end))
	if !s.started.IsZero() {
		w.Uint(fieldStarted, uint64(s.started.Unix()))
	}
	w.Bytes(fieldServingAMF, guamiOctets(s.serving))
	if s.smf.cfg.Shared || s.charging != "" { // of who else could it be?
		w.String(fieldChargingID, s.chargingID())
	}
	matters = w.Len()
	w.Uint(fieldSEID, s.seid)
	w.Uint(fieldRemoteSEID, s.remoteSEID)
	if s.smf.cfg.Shared {
		matters = w.Len()
	}
	return w.Done(), matters
}

// guamiOctets is a GUAMI as it stands in a 5G-GUTI, TS 24.501 §9.11.3.4; nothing for none.
func guamiOctets(g ident.GUAMI) []byte {
	if g == (ident.GUAMI{}) {
		return nil
	}
	id := g.AMFID()
	return append(g.PLMN[:], byte(id>>16), byte(id>>8), byte(id))
}

func readGUAMI(r *record.Reader) (g ident.GUAMI) {
	var b [6]byte
	r.Fill(b[:])
	return ident.GUAMI{PLMN: ident.PLMN(b[:3]), Region: b[3], Set: uint16(b[4])<<2 | uint16(b[5]>>6), Pointer: b[5] & 0x3f}
}

// writeKind writes what the session was made with.
func (s *session) writeKind(w *record.Writer) {
	w.Uint(fieldType, uint64(s.kind))
	w.Uint(fieldSSCMode, uint64(s.ssc))
	w.Uint(fieldFilters, uint64(s.filters))
	w.Bool(fieldReflective, s.rqos)
	w.Bool(fieldAlwaysOn, s.alwaysOn)
	w.String(fieldUPIntegrity, string(s.security.Integrity))
	w.String(fieldUPConfidentiality, string(s.security.Confidentiality))
	for _, p := range s.address.framed {
		w.String(fieldFramedRoute, p.String())
	}
}

// readKind reads what writeKind wrote.
func (s *session) readKind(r *record.Reader) error {
	switch r.Field() {
	case fieldType:
		s.kind = gsm.PDUSessionType(r.Uint())
	case fieldSSCMode:
		s.ssc = gsm.SSCMode(r.Uint())
	case fieldFilters:
		s.filters = int(r.Uint())
	case fieldReflective:
		s.rqos = r.Bool()
	case fieldAlwaysOn:
		s.alwaysOn = r.Bool()
	case fieldUPIntegrity:
		s.security.Integrity = Protection(r.String())
	case fieldUPConfidentiality:
		s.security.Confidentiality = Protection(r.String())
	case fieldFramedRoute:
		p, err := netip.ParsePrefix(r.String())
		if err != nil {
			return fmt.Errorf("%w: framed route: %w", record.ErrDamaged, err)
		}
		s.address.framed = append(s.address.framed, p)
	case fieldSubscribedAMBR:
		r.Group(func(r *record.Reader) { s.subscribedAMBR = readRates(r) })
	case fieldSubscribedQoS:
		r.Group(func(r *record.Reader) {
			f := readFlow(r)
			s.subscribedQoS = nudm.SubscribedDefaultQoS{FiveQI: f.fiveQI, PriorityLevel: f.priority, ARP: f.arp}
		})
	case fieldUsage:
		r.Group(func(r *record.Reader) { u := readRates(r); s.usage.Uplink, s.usage.Downlink = u.Uplink, u.Downlink })
	case fieldTold:
		n := r.Uint()
		s.told = toldUsage{uint32(n >> 32), pfcp.Timestamp(n)}
	case fieldChargingID:
		s.charging = r.String()
	case fieldServingAMF:
		s.serving = readGUAMI(r)
	case fieldStarted:
		s.started = time.Unix(int64(r.Uint()), 0)
	}
	return nil
}

func writeTunnel(w *record.Writer, field int, t tunnel) {
	if !t.valid() {
		return
	}
	w.Group(field, func(w *record.Writer) {
		w.Bytes(fieldTunnelAddress, t.addr.AsSlice())
		w.Uint(fieldTunnelTEID, uint64(t.teid))
	})
}

func writeRates(w *record.Writer, field int, r nudm.AMBR) {
	if r == (nudm.AMBR{}) {
		return
	}
	w.Group(field, func(w *record.Writer) {
		w.Uint(fieldRateUplink, r.Uplink)
		w.Uint(fieldRateDownlink, r.Downlink)
	})
}

func (f *qosFlow) write(w *record.Writer) {
	w.Uint(fieldFlowQFI, uint64(f.qfi))
	w.Uint(fieldFlow5QI, uint64(f.fiveQI))
	w.Uint(fieldFlowPriority, uint64(f.priority))
	w.Uint(fieldFlowARP, uint64(f.arp.PriorityLevel))
	w.Bool(fieldFlowMayPreempt, f.arp.MayPreempt)
	w.Bool(fieldFlowPreemptable, f.arp.Preemptable)
	writeRates(w, fieldFlowMBR, f.mbr)
	writeRates(w, fieldFlowGBR, f.gbr)
	w.Bool(fieldFlowReflective, f.reflective)
	w.Bool(fieldFlowNotify, f.notify)
	w.Uint(fieldFlowWindow, uint64(f.window))
	w.Uint(fieldFlowBurst, uint64(f.burst))
}

func (r *qosRule) write(w *record.Writer) {
	w.Uint(fieldRuleID, uint64(r.id))
	w.Uint(fieldRulePrecedence, uint64(r.precedence))
	w.Uint(fieldRuleQFI, uint64(r.flow.qfi))
	w.String(fieldRulePCC, r.pcc)
	for i := range r.filters {
		w.String(fieldRuleFilter, r.filters[i].String())
	}
}

// reader is for one record after the other; hasRead gives it back. A nil SMF has none.
func (s *SMF) reader() *record.Reader {
	if s != nil {
		if r, ok := s.readers.Get().(*record.Reader); ok {
			return r
		}
	}
	return new(record.Reader)
}

func (s *SMF) hasRead(r *record.Reader) {
	if s != nil {
		s.readers.Put(r)
	}
}

// readRecord fills the session from what is kept of it.
func (s *session) readRecord(b []byte) error {
	r := s.smf.reader()
	defer s.smf.hasRead(r)
	if err := r.Open(b); err != nil {
		return err
	}
	var room [256]byte
	qos := room[:0] // the octets of what it is made of
	s.up, s.kind, s.ssc, s.filters = nsmf.Deactivated, gsm.IPv4, gsm.SSCMode1, defaultPacketFilters
	for r.Next() {
		switch r.Field() {
		case fieldSST:
			s.slice.SST = uint8(r.Uint())
		case fieldSD:
			s.slice.SD = uint32(r.Uint())
		case fieldPLMN:
			r.Fill(s.plmn[:])
		case fieldIntegrityUplink:
			s.integrity.Uplink = gsm.DataRate(r.Uint())
		case fieldIntegrityDownlink:
			s.integrity.Downlink = gsm.DataRate(r.Uint())
		case fieldPolicy:
			s.policyID = r.String()
		case fieldRemoteSEID:
			s.remoteSEID = r.Uint()
		case fieldUplink:
			r.Group(func(r *record.Reader) { s.uplink = readTunnel(r) })
		case fieldGNB:
			r.Group(func(r *record.Reader) { s.gnb = readTunnel(r) })
		case fieldRegistered:
			s.registered = r.Bool()
		case fieldActivated:
			s.up = nsmf.Activated
		case fieldAMBR, fieldFlow, fieldRule:
			qos = append(binary.AppendUvarint(append(qos, byte(r.Field())), uint64(len(r.Bytes()))), r.Bytes()...)
		case fieldRQTimer:
			qos = binary.AppendUvarint(append(qos, fieldRQTimer), r.Uint())
		default:
			if err := s.readKind(r); err != nil {
				return err
			}
		}
	}
	if err := r.Err(); err != nil {
		return err
	}
	if err := s.takeQoS(qos, b); err != nil {
		return err
	}
	if !s.uplink.valid() || len(s.qos.rules) == 0 {
		return fmt.Errorf("%w: no tunnel or no QoS rule", record.ErrDamaged)
	}
	return nil
}

// keptQoS is the QoS of the session that was read last.
type keptQoS struct {
	*sessionQoS
	octets []byte
}

// takeQoS reads the QoS of a record, unless it is made of the same octets as that of the last one.
func (s *session) takeQoS(octets, b []byte) (err error) {
	if s.smf == nil { // who reads the record wants something else
		s.qos, err = readQoS(b)
		return err
	}
	if last := s.smf.lastRead.Load(); last != nil && bytes.Equal(last.octets, octets) {
		s.qos = last.sessionQoS
		return nil
	}
	if s.qos, err = readQoS(b); err != nil {
		return err
	}
	s.qos = s.smf.shareQoS(s.qos)
	s.smf.lastRead.Store(&keptQoS{s.qos, bytes.Clone(octets)})
	return nil
}

// readQoS reads the fields of a record that QoS is made of: the rules once the flows are where they stay, to which they point.
func readQoS(b []byte) (*sessionQoS, error) {
	r, err := record.Open(b)
	if err != nil {
		return nil, err
	}
	q := new(sessionQoS)
	for r.Next() {
		switch r.Field() {
		case fieldAMBR:
			r.Group(func(r *record.Reader) { q.ambr = readRates(r) })
		case fieldFlow:
			r.Group(func(r *record.Reader) { q.flows = append(q.flows, readFlow(r)) })
		case fieldRQTimer:
			q.rqTimer = uint32(r.Uint())
		}
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return q, q.readRules(b)
}

func (q *sessionQoS) readRules(b []byte) error {
	r, err := record.Open(b)
	if err != nil {
		return err
	}
	var failed error
	for r.Next() {
		if r.Field() != fieldRule {
			continue
		}
		r.Group(func(r *record.Reader) {
			rule, err := q.readRule(r)
			if err != nil && failed == nil {
				failed = err
			}
			q.rules = append(q.rules, rule)
		})
	}
	if failed != nil {
		return failed
	}
	return r.Err()
}

func (q *sessionQoS) readRule(r *record.Reader) (rule qosRule, err error) {
	var qfi uint8
	for r.Next() {
		switch r.Field() {
		case fieldRuleID:
			rule.id = uint8(r.Uint())
		case fieldRulePrecedence:
			rule.precedence = uint8(r.Uint())
		case fieldRuleQFI:
			qfi = uint8(r.Uint())
		case fieldRulePCC:
			rule.pcc = r.String()
		case fieldRuleFilter:
			filters, err := parseFlowDescription(r.String())
			if err != nil {
				return rule, fmt.Errorf("%w: %w", record.ErrDamaged, err)
			}
			rule.filters = append(rule.filters, filters...)
		}
	}
	for i := range q.flows {
		if q.flows[i].qfi == qfi {
			rule.flow = &q.flows[i]
			return rule, nil
		}
	}
	return rule, fmt.Errorf("%w: QoS rule %d without its flow", record.ErrDamaged, rule.id)
}

func readTunnel(r *record.Reader) (t tunnel) {
	for r.Next() {
		switch r.Field() {
		case fieldTunnelAddress:
			t.addr, _ = netip.AddrFromSlice(r.Bytes()) // what is no address is not valid
		case fieldTunnelTEID:
			t.teid = uint32(r.Uint())
		}
	}
	return t
}

func readRates(r *record.Reader) (a nudm.AMBR) {
	for r.Next() {
		switch r.Field() {
		case fieldRateUplink:
			a.Uplink = r.Uint()
		case fieldRateDownlink:
			a.Downlink = r.Uint()
		}
	}
	return a
}

func readFlow(r *record.Reader) (f qosFlow) {
	for r.Next() {
		switch r.Field() {
		case fieldFlowQFI:
			f.qfi = uint8(r.Uint())
		case fieldFlow5QI:
			f.fiveQI = uint8(r.Uint())
		case fieldFlowPriority:
			f.priority = uint8(r.Uint())
		case fieldFlowARP:
			f.arp.PriorityLevel = uint8(r.Uint())
		case fieldFlowMayPreempt:
			f.arp.MayPreempt = r.Bool()
		case fieldFlowPreemptable:
			f.arp.Preemptable = r.Bool()
		case fieldFlowMBR:
			r.Group(func(r *record.Reader) { f.mbr = readRates(r) })
		case fieldFlowGBR:
			r.Group(func(r *record.Reader) { f.gbr = readRates(r) })
		case fieldFlowReflective:
			f.reflective = r.Bool()
		case fieldFlowNotify:
			f.notify = r.Bool()
		case fieldFlowWindow:
			f.window = uint16(r.Uint())
		case fieldFlowBurst:
			f.burst = uint16(r.Uint())
		}
	}
	return f
}
