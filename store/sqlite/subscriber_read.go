package sqlite

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// A subscriber is read with one query, a row for each DNN, so that it is of one moment.
const (
	selectSQL = `SELECT s.supi, s.auth_method, s.algorithm, s.k, s.opc, s.amf_field, s.sqn_ceiling,
	s.ambr_uplink, s.ambr_downlink, s.revision,
	l.sst, l.sd, l.is_default,
	d.dnn, d.is_default, d.session_types, d.ssc_modes, d.ambr_uplink, d.ambr_downlink,
	d.five_qi, d.arp_priority, d.arp_may_preempt, d.arp_preemptable, coalesce(d.static_ipv4, '')
	FROM subscriber s
	JOIN subscriber_slice l ON l.supi = s.supi
	JOIN subscriber_dnn d ON d.supi = l.supi AND d.sst = l.sst AND d.sd = l.sd `
	orderSQL = ` ORDER BY s.supi, l.is_default DESC, l.sst, l.sd, d.is_default DESC, d.dnn`

	selectOneSQL  = selectSQL + `WHERE s.supi = ?` + orderSQL
	selectPageSQL = selectSQL + `WHERE s.supi IN (SELECT supi FROM subscriber WHERE supi > ? ORDER BY supi LIMIT ?)` + orderSQL
)

// Subscriber implements store.Subscribers.
func (s *Store) Subscriber(ctx context.Context, supi ident.SUPI) (*store.Subscriber, error) {
	subs, err := s.query(ctx, s.selectOne, string(supi))
	if err != nil {
		return nil, err
	}
	if len(subs) == 0 {
		return nil, notFound(supi)
	}
	return &subs[0], nil
}

// ListSubscribers implements store.Subscribers.
func (s *Store) ListSubscribers(ctx context.Context, after ident.SUPI, limit int) ([]store.Subscriber, error) {
	if limit < 1 {
		return nil, fmt.Errorf("%w: limit %d", store.ErrInvalid, limit)
	}
	return s.query(ctx, s.selectPage, string(after), int64(limit))
}

func (s *Store) query(ctx context.Context, stmt *sql.Stmt, args ...any) (subs []store.Subscriber, err error) {
	if s.closed.Load() {
		return nil, store.ErrClosed
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, s.readError(err)
	}
	defer func() {
		if closeErr := rows.Close(); err == nil && closeErr != nil {
			subs, err = nil, s.readError(closeErr)
		}
	}()
	var r row
	dest := r.dest()
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return nil, s.readError(err)
		}
		if subs, err = r.appendTo(subs); err != nil {
			return nil, fmt.Errorf("%s: subscriber %s: %w", s.path, ident.SUPI(r.supi).Conceal(), err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, s.readError(err)
	}
	return subs, nil
}

func (s *Store) readError(err error) error {
	if s.closed.Load() {
		return store.ErrClosed
	}
	return s.explain(err)
}

// row is one row of selectSQL.
type row struct {
	supi, method, algorithm, k, opc, amf string
	sqn, up, down, revision              int64
	sst                                  uint8
	sd                                   string
	sliceDefault                         bool
	dnn                                  string
	dnnDefault                           bool
	types, modes                         string
	sessionUp, sessionDown               int64
	fiveQI, priority                     uint8
	mayPreempt, preemptable              bool
	static                               string
}

func (r *row) dest() []any {
	return []any{
		&r.supi, &r.method, &r.algorithm, &r.k, &r.opc, &r.amf, &r.sqn, &r.up, &r.down, &r.revision,
		&r.sst, &r.sd, &r.sliceDefault,
		&r.dnn, &r.dnnDefault, &r.types, &r.modes, &r.sessionUp, &r.sessionDown,
		&r.fiveQI, &r.priority, &r.mayPreempt, &r.preemptable, &r.static,
	}
}

// appendTo adds what the row brings: a DNN of the last subscriber and slice, or of new ones. The owner may have
// edited the file, so what was read is checked.
func (r *row) appendTo(subs []store.Subscriber) ([]store.Subscriber, error) {
	if n := len(subs); n == 0 || string(subs[n-1].SUPI) != r.supi {
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
		sub.Slices = append(sub.Slices, store.Slice{SNSSAI: snssai, Default: r.sliceDefault})
	}
	dnn, err := r.dataNetwork()
	if err != nil {
		return nil, err
	}
	slice := &sub.Slices[len(sub.Slices)-1]
	slice.DNNs = append(slice.DNNs, dnn)
	return subs, nil
}

func (r *row) subscriber() (store.Subscriber, error) {
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
	return store.Subscriber{
		SUPI: ident.SUPI(r.supi),
		Authentication: store.Authentication{
			Method: store.AuthMethod(r.method), Algorithm: store.Algorithm(r.algorithm),
			K: k, OPc: opc, AMFField: aka.AMF(amf), SQN: aka.SQN(r.sqn),
		},
		UEAMBR:   store.AMBR{Uplink: uint64(r.up), Downlink: uint64(r.down)},
		Revision: r.revision,
	}, nil
}

func (r *row) snssai() (ident.SNSSAI, error) {
	if r.sd == "" {
		return ident.SNSSAI{SST: r.sst, SD: ident.NoSD}, nil
	}
	sd, err := strconv.ParseUint(r.sd, 16, 24)
	if err != nil || len(r.sd) != 6 {
		return ident.SNSSAI{}, fmt.Errorf("%w: column sd is not six hexadecimal digits", store.ErrInvalid)
	}
	return ident.SNSSAI{SST: r.sst, SD: uint32(sd)}, nil
}

func (r *row) dataNetwork() (store.DNN, error) {
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
	return d, nil
}
