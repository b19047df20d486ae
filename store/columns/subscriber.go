// Package columns is how the values of package store stand in the tables of an SQL engine, the same in all of them.
package columns

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// A subscriber is read with one query, a row for each DNN, so that it is of one moment.
const (
	// SelectSubscriber is the beginning of the query, up to its condition, where sequence numbers are leased alone,
	// SelectSubscriberOfLife where lives have some, and OrderSubscriber its end.
	SelectSubscriber       = selectIdentity + `s.sqn_ceiling, 0, 0, ` + selectData
	SelectSubscriberOfLife = selectIdentity + `s.sqn_ceiling, s.sqn_life, ` + SelectLife + `, ` + selectData
	OrderSubscriber        = ` ORDER BY s.supi, l.is_default DESC, l.sst, l.sd, d.is_default DESC, d.dnn`

	// SelectLife is the number of the last life of a node, 0 before the first.
	SelectLife = `(SELECT coalesce(max(life), 0) FROM core_node)`

	selectIdentity = `SELECT s.supi, s.auth_method, s.algorithm, s.k, s.opc, s.amf_field, `
	selectData     = `s.ambr_uplink, s.ambr_downlink, s.revision,
	s.barred, s.no_mico, s.registration_timer, s.service_area, s.forbidden_tacs, s.forbidden_rats, coalesce(s.gpsi, ''),
	l.sst, l.sd, l.is_default, l.authenticate,
	d.dnn, d.is_default, d.session_types, d.ssc_modes, d.ambr_uplink, d.ambr_downlink,
	d.five_qi, d.arp_priority, d.arp_may_preempt, d.arp_preemptable, coalesce(d.static_ipv4, ''),
	coalesce(d.static_ipv6, ''), d.framed_routes, d.up_integrity, d.up_confidentiality
	FROM subscriber s
	JOIN subscriber_slice l ON l.supi = s.supi
	JOIN subscriber_dnn d ON d.supi = l.supi AND d.sst = l.sst AND d.sd = l.sd `
)

// Subscriber is one row of a subscriber, joined with one of its slices and one of its DNNs.
type Subscriber struct {
	SUPI                           string
	method, algorithm, k, opc, amf string
	sqn, sqnLife, life             int64
	up, down, revision             int64
	access                         access
	gpsi                           string
	sst                            uint8
	sd                             string
	sliceDefault, authenticate     bool
	dnn                            string
	dnnDefault                     bool
	types, modes                   string
	sessionUp, sessionDown         int64
	fiveQI, priority               uint8
	mayPreempt, preemptable        bool
	static                         string
	static6, framed                string
	integrity, confidentiality     string
}

// SelectSUPI is the beginning of the query for whose a GPSI is.
const SelectSUPI = `SELECT supi FROM subscriber WHERE gpsi = `

// SubscriberValues are the columns of table subscriber, in the order of its schema.
func SubscriberValues(sub *store.Subscriber, revision int64) []any {
	a := &sub.Authentication
	var gpsi any
	if sub.GPSI != "" {
		gpsi = sub.GPSI
	}
	return []any{string(sub.SUPI), string(a.Method), string(a.Algorithm), hex.EncodeToString(a.K),
		hex.EncodeToString(a.OPc), hex.EncodeToString(a.AMFField[:]), int64(a.SQN),
		int64(sub.UEAMBR.Uplink), int64(sub.UEAMBR.Downlink), revision,
		sub.Access.Barred, sub.Access.NoMICO, int64(sub.Access.RegistrationTimer / time.Second),
		serviceArea(&sub.Access.ServiceArea), tacs(sub.Access.ForbiddenTACs), rats(sub.Access.ForbiddenRATs), gpsi}
}

// SliceValues are the columns of table subscriber_slice.
func SliceValues(supi ident.SUPI, s *store.Slice) []any {
	return []any{string(supi), int64(s.SNSSAI.SST), SD(s.SNSSAI), s.Default, s.Authenticate}
}

// DNNValues are the columns of table subscriber_dnn.
func DNNValues(supi ident.SUPI, slice ident.SNSSAI, d *store.DNN) []any {
	var static, static6 any
	if d.StaticIPv4.IsValid() {
		static = d.StaticIPv4.String()
	}
	if d.StaticIPv6.IsValid() {
		static6 = d.StaticIPv6.String()
	}
	return []any{string(supi), int64(slice.SST), SD(slice), string(d.Name), d.Default,
		SessionTypes(d.SessionTypes), SSCModes(d.SSCModes), int64(d.SessionAMBR.Uplink), int64(d.SessionAMBR.Downlink),
		int64(d.FiveQI), int64(d.ARP.PriorityLevel), d.ARP.MayPreempt, d.ARP.Preemptable, static,
		static6, prefixes(d.FramedRoutes), string(d.UPIntegrity), string(d.UPConfidentiality)}
}

// Dest is where the columns of a row go, in the order in which every engine selects them.
func (r *Subscriber) Dest() []any {
	return []any{
		&r.SUPI, &r.method, &r.algorithm, &r.k, &r.opc, &r.amf, &r.sqn, &r.sqnLife, &r.life, &r.up, &r.down, &r.revision,
		&r.access.barred, &r.access.noMICO, &r.access.timer, &r.access.area, &r.access.forbiddenTACs, &r.access.forbiddenRATs, &r.gpsi,
		&r.sst, &r.sd, &r.sliceDefault, &r.authenticate,
		&r.dnn, &r.dnnDefault, &r.types, &r.modes, &r.sessionUp, &r.sessionDown,
		&r.fiveQI, &r.priority, &r.mayPreempt, &r.preemptable, &r.static,
		&r.static6, &r.framed, &r.integrity, &r.confidentiality,
	}
}

// AppendTo adds what the row brings: a DNN of the last subscriber and slice, or of new ones. The owner may have
// edited the file, so what was read is checked.
func (r *Subscriber) AppendTo(subs []store.Subscriber) ([]store.Subscriber, error) {
	if n := len(subs); n == 0 || string(subs[n-1].SUPI) != r.SUPI {
		sub, err := r.subscriber()
		if err != nil {
			return nil, err
		}
		subs = append(subs, sub)
	}
	sub := &subs[len(subs)-1]
	snssai, err := r.snssai()
	if err != nil {
		return nil, err
	}
	if n := len(sub.Slices); n == 0 || sub.Slices[n-1].SNSSAI != snssai {
		sub.Slices = append(sub.Slices, store.Slice{SNSSAI: snssai, Default: r.sliceDefault, Authenticate: r.authenticate})
	}
	dnn, err := r.dataNetwork()
	if err != nil {
		return nil, err
	}
	slice := &sub.Slices[len(sub.Slices)-1]
	slice.DNNs = append(slice.DNNs, dnn)
	return subs, nil
}

// Ceiling is the ceiling of sequence numbers in a life, and the life if the last of them are its own, of a subscriber whose
// ceiling was written in an earlier one or in this: each life since may have used as many as it has.
func Ceiling(written, writtenIn, life int64) (ceiling aka.SQN, ofLife uint64) {
	ceiling = aka.SQN(written)
	if life <= writtenIn {
		return ceiling, 0
	}
	ceiling, err := ceiling.Advance(uint64(life-writtenIn)*store.SQNsOfLife, ceiling.IND())
	if err != nil { // none is left
		return aka.MaxSQN, 0
	}
	return ceiling, uint64(life)
}

func (r *Subscriber) subscriber() (store.Subscriber, error) {
	k, err := hex.DecodeString(r.k)
	if err != nil {
		return store.Subscriber{}, fmt.Errorf("%w: column k is not hexadecimal", store.ErrInvalid)
	}
	opc, err := hex.DecodeString(r.opc)
	if err != nil {
		return store.Subscriber{}, fmt.Errorf("%w: column opc is not hexadecimal", store.ErrInvalid)
	}
	amf, err := hex.DecodeString(r.amf)
	if err != nil || len(amf) != 2 {
		return store.Subscriber{}, fmt.Errorf("%w: column amf_field is not four hexadecimal digits", store.ErrInvalid)
	}
	access, err := r.access.parse()
	if err != nil {
		return store.Subscriber{}, err
	}
	ceiling, ofLife := Ceiling(r.sqn, r.sqnLife, r.life)
	return store.Subscriber{
		Access: access,
		SUPI:   ident.SUPI(r.SUPI),
		GPSI:   r.gpsi,
		Authentication: store.Authentication{
			Method: store.AuthMethod(r.method), Algorithm: store.Algorithm(r.algorithm),
			K: k, OPc: opc, AMFField: aka.AMF(amf), SQN: ceiling, OfLife: ofLife,
		},
		UEAMBR:   store.AMBR{Uplink: uint64(r.up), Downlink: uint64(r.down)},
		Revision: r.revision,
	}, nil
}

func (r *Subscriber) snssai() (ident.SNSSAI, error) {
	if r.sd == "" {
		return ident.SNSSAI{SST: r.sst, SD: ident.NoSD}, nil
	}
	sd, err := strconv.ParseUint(r.sd, 16, 24)
	if err != nil || len(r.sd) != 6 {
		return ident.SNSSAI{}, fmt.Errorf("%w: column sd is not six hexadecimal digits", store.ErrInvalid)
	}
	return ident.SNSSAI{SST: r.sst, SD: uint32(sd)}, nil
}

func (r *Subscriber) dataNetwork() (store.DNN, error) {
	d := store.DNN{
		Name: ident.DNN(r.dnn), Default: r.dnnDefault,
		SessionAMBR: store.AMBR{Uplink: uint64(r.sessionUp), Downlink: uint64(r.sessionDown)},
		FiveQI:      r.fiveQI,
		ARP:         store.ARP{PriorityLevel: r.priority, MayPreempt: r.mayPreempt, Preemptable: r.preemptable},
	}
	for name := range strings.SplitSeq(r.types, ",") {
		d.SessionTypes = append(d.SessionTypes, store.SessionType(name))
	}
	for digit := range strings.SplitSeq(r.modes, ",") {
		mode, err := strconv.ParseUint(digit, 10, 8)
		if err != nil {
			return store.DNN{}, fmt.Errorf("%w: column ssc_modes: want digits and commas", store.ErrInvalid)
		}
		d.SSCModes = append(d.SSCModes, uint8(mode))
	}
	if r.static != "" {
		addr, err := netip.ParseAddr(r.static)
		if err != nil || !addr.Is4() {
			return store.DNN{}, fmt.Errorf("%w: column static_ipv4 is no IPv4 address", store.ErrInvalid)
		}
		d.StaticIPv4 = addr
	}
	d.UPIntegrity, d.UPConfidentiality = store.UPProtection(r.integrity), store.UPProtection(r.confidentiality)
	return d, r.networks(&d)
}

// networks reads the prefixes of a data network.
func (r *Subscriber) networks(d *store.DNN) (err error) {
	if r.static6 != "" {
		if d.StaticIPv6, err = netip.ParsePrefix(r.static6); err != nil {
			return fmt.Errorf("%w: column static_ipv6 is no prefix", store.ErrInvalid)
		}
	}
	if r.framed == "" {
		return nil
	}
	for one := range strings.SplitSeq(r.framed, ",") {
		p, err := netip.ParsePrefix(one)
		if err != nil {
			return fmt.Errorf("%w: column framed_routes: want prefixes and commas", store.ErrInvalid)
		}
		d.FramedRoutes = append(d.FramedRoutes, p)
	}
	return nil
}

// prefixes is the column framed_routes, with commas between.
func prefixes(list []netip.Prefix) string {
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = p.String()
	}
	return strings.Join(texts, ",")
}

// SD is the column sd: empty for a slice without a differentiator.
func SD(s ident.SNSSAI) string {
	if !s.HasSD() {
		return ""
	}
	return fmt.Sprintf("%06x", s.SD)
}

// SessionTypes is the column session_types: the default first, with commas between.
func SessionTypes(types []store.SessionType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = string(t)
	}
	return strings.Join(names, ",")
}

// SSCModes is the column ssc_modes: the default first, with commas between.
func SSCModes(modes []uint8) string {
	digits := make([]string, len(modes))
	for i, m := range modes {
		digits[i] = strconv.Itoa(int(m))
	}
	return strings.Join(digits, ",")
}
