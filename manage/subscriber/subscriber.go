// Package subscriber is what an operator does with subscribers: add, list, show, import, remove. It turns text as an
// operator writes it into records, and says in one line what is wrong with it.
package subscriber

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/aka/milenage"
	"github.com/limpid-5g/limpid/aka/tuak"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// Input is one subscriber as text, from flags or a line of CSV. An empty field takes its default.
type Input struct {
	IMSI      string   // 6 to 15 digits
	Key       string   // K, 32 hexadecimal digits; for tuak also 64
	OPc       string   // OPc of 32 hexadecimal digits, or TOPc of 64 for tuak
	OP        string   // OP or TOP instead of OPc: OPc is made of it
	Algorithm string   // milenage (default) or tuak
	Method    string   // 5g-aka (default) or eap-aka-prime
	AMF       string   // authentication management field, default 8000
	SQN       string   // 12 hexadecimal digits: the last sequence number used, default 0
	GPSI      string   // msisdn- and digits or extid- and user@domain, by which others know the subscriber; none for none
	Slices    []string // S-NSSAIs as "1" or "1-010203", default "1"; all are default slices
	// AuthenticatedSlices are those of them whose AAA server has to say yes to the UE; none for no slice.
	AuthenticatedSlices []string
	DNNs                []string // on every slice, default "internet"; the first is the default DNN
	AMBRUp              string   // of the UE and of each session, as "1Gbps", default 1 Gbit/s
	AMBRDown            string
	StaticIP            string // IPv4 address on the default DNN of the first slice
	// On every DNN: types such as IPv4, IPv4v6, Ethernet, default "IPv4", and SSC modes, default "1"; the first is the
	// default. Required, preferred or not-needed of user plane protection, default: as the SMF is configured.
	SessionTypes, SSCModes         []string
	UPIntegrity, UPConfidentiality string
	// On the default DNN of the first slice: a /64, and networks behind the UE.
	StaticIPv6   string
	FramedRoutes []string
	FiveQI       string // 5QI of the default QoS flow, default 9
	ARP          string // priority 1 (highest) to 15, default 8
	Access
}

// The defaults.
const (
	defaultAlgorithm = string(store.Milenage)
	defaultMethod    = "5g-aka"
	defaultAMF       = "8000"
	defaultSlice     = "1"
	defaultDNN       = "internet"
	defaultAMBR      = "1Gbps"
	defaultFiveQI    = "9"
	defaultARP       = "8"
	// tuakIterations is the operator's choice of TS 35.231 §5.1, as in the UDM.
	tuakIterations = 1
)

// Parse makes a record of in. The error is one line; where several fields are wrong it joins one for each.
func (in *Input) Parse() (store.Subscriber, error) {
	var p parser
	up, down := p.bitRate("uplink AMBR", in.AMBRUp), p.bitRate("downlink AMBR", in.AMBRDown)
	sub := store.Subscriber{
		SUPI:           p.supi(in.IMSI),
		Authentication: p.authentication(in),
		UEAMBR:         store.AMBR{Uplink: up, Downlink: down},
		Slices:         p.slices(in, store.AMBR{Uplink: up, Downlink: down}),
	}
	p.access(&sub.Access, &in.Access)
	p.outside(&sub, in)
	if len(p.errs) > 0 {
		return store.Subscriber{}, joined(p.errs)
	}
	if err := sub.Validate(); err != nil {
		return store.Subscriber{}, err
	}
	return sub, nil
}

// outside changes how others know and admit a subscriber.
func (p *parser) outside(sub *store.Subscriber, in *Input) {
	if in.GPSI != "" {
		sub.GPSI = strings.TrimSpace(in.GPSI)
	}
	if strings.EqualFold(sub.GPSI, none) {
		sub.GPSI = ""
	}
	if len(in.AuthenticatedSlices) == 0 {
		return
	}
	for i := range sub.Slices {
		sub.Slices[i].Authenticate = false
	}
	if isNone(in.AuthenticatedSlices) {
		return
	}
	for _, name := range in.AuthenticatedSlices {
		snssai, err := ident.ParseSNSSAI(strings.TrimSpace(name))
		p.fail(err)
		at := slices.IndexFunc(sub.Slices, func(s store.Slice) bool { return s.SNSSAI == snssai })
		if err == nil && at < 0 {
			p.fail(fmt.Errorf("slice %s is to authenticate the subscriber, who does not have it", snssai))
		} else if at >= 0 {
			sub.Slices[at].Authenticate = true
		}
	}
}

// parser collects what is wrong, field by field.
type parser struct{ errs []error }

func (p *parser) fail(err error) {
	if err != nil {
		p.errs = append(p.errs, err)
	}
}

func (p *parser) supi(imsi string) ident.SUPI {
	if imsi == "" {
		p.fail(errors.New("no IMSI"))
		return ""
	}
	supi, err := ident.ParseSUPI(imsi)
	p.fail(err)
	return supi
}

func (p *parser) authentication(in *Input) store.Authentication {
	a := store.Authentication{
		Method:    p.method(in.Method),
		Algorithm: store.Algorithm(strings.ToLower(or(in.Algorithm, defaultAlgorithm))),
		K:         p.hex("key", in.Key, 16, 32),
	}
	if amf := p.hex("AMF field", or(in.AMF, defaultAMF), 2); amf != nil {
		a.AMFField = aka.AMF(amf)
	}
	if in.SQN != "" {
		sqn, err := strconv.ParseUint(in.SQN, 16, 48)
		if err != nil {
			p.fail(fmt.Errorf("SQN %q: want up to 12 hexadecimal digits", in.SQN))
		}
		a.SQN = aka.SQN(sqn)
	}
	switch {
	case in.OPc != "" && in.OP != "":
		p.fail(errors.New("both OP and OPc are given: want one"))
	case in.OP == "" && in.OPc == "":
		p.fail(errors.New("no OPc (or OP)"))
	case in.OPc != "":
		a.OPc = p.hex("OPc", in.OPc, 16, 32)
	default:
		op := p.hex("OP", in.OP, 16, 32)
		if a.K != nil && op != nil {
			var err error
			a.OPc, err = deriveOPc(a.Algorithm, a.K, op)
			p.fail(err)
		}
	}
	return a
}

// method reads an authentication method, TS 33.501 §6.1.3.
func (p *parser) method(s string) store.AuthMethod {
	switch strings.ToLower(or(s, defaultMethod)) {
	case defaultMethod:
		return store.FiveGAKA
	case "eap-aka-prime", "eap-aka'":
		return store.EAPAKAPrime
	}
	p.fail(fmt.Errorf("authentication method %.32q: want 5g-aka or eap-aka-prime", s))
	return ""
}

// deriveOPc makes OPc of OP, TS 35.206 §4.1, or TOPc of TOP, TS 35.231 §6.1.
func deriveOPc(algorithm store.Algorithm, k, op store.Key) (store.Key, error) {
	switch {
	case algorithm == store.Milenage && len(k) == 16 && len(op) == 16:
		opc := milenage.NewOPc((*[16]byte)(k), (*milenage.OP)(op))
		return opc[:], nil
	case algorithm == store.TUAK && len(op) == 32:
		topc, err := tuak.NewTOPc(k, (*tuak.TOP)(op), tuakIterations)
		return topc[:], err
	}
	return nil, fmt.Errorf("%s: key of %d and OP of %d octets: want 16 and 16 for milenage, 16 or 32 and 32 for tuak", algorithm, len(k), len(op))
}

func (p *parser) slices(in *Input, ambr store.AMBR) []store.Slice {
	names, dnns := in.Slices, in.DNNs
	if len(names) == 0 {
		names = []string{defaultSlice}
	}
	if len(dnns) == 0 {
		dnns = []string{defaultDNN}
	}
	qos := store.DNN{
		SessionTypes: p.sessionTypes(in.SessionTypes), SSCModes: p.sscModes(in.SSCModes), SessionAMBR: ambr,
		UPIntegrity: p.protection("integrity", in.UPIntegrity), UPConfidentiality: p.protection("confidentiality", in.UPConfidentiality),
		FiveQI: p.octet("5QI", or(in.FiveQI, defaultFiveQI)),
		ARP:    store.ARP{PriorityLevel: p.octet("ARP priority", or(in.ARP, defaultARP))},
	}
	var list []store.Slice
	for _, name := range names {
		snssai, err := ident.ParseSNSSAI(strings.TrimSpace(name))
		p.fail(err)
		slice := store.Slice{SNSSAI: snssai, Default: true}
		for i, dnn := range dnns {
			d := qos
			// Names of data networks are the same in any case, RFC 1035 §2.3.3: kept in one, they compare as text.
			d.Name, d.Default = ident.DNN(strings.ToLower(strings.TrimSpace(dnn))), i == 0
			slice.DNNs = append(slice.DNNs, d)
		}
		list = append(list, slice)
	}
	if in.StaticIP != "" {
		addr, err := netip.ParseAddr(in.StaticIP)
		if err != nil {
			p.fail(fmt.Errorf("static IP %q: want an IPv4 address", in.StaticIP))
		}
		list[0].DNNs[0].StaticIPv4 = addr
	}
	if in.StaticIPv6 != "" {
		list[0].DNNs[0].StaticIPv6 = p.prefix("static IPv6", in.StaticIPv6)
	}
	for _, r := range in.FramedRoutes {
		list[0].DNNs[0].FramedRoutes = append(list[0].DNNs[0].FramedRoutes, p.prefix("framed route", strings.TrimSpace(r)))
	}
	return list
}

// hex reads a secret of one of the lengths, in octets. Its digits never come into an error.
func (p *parser) hex(name, s string, lengths ...int) store.Key {
	if s == "" {
		p.fail(fmt.Errorf("no %s", name))
		return nil
	}
	b, err := hex.DecodeString(s)
	if err == nil {
		for _, n := range lengths {
			if len(b) == n {
				return b
			}
		}
	}
	wants := make([]string, len(lengths))
	for i, n := range lengths {
		wants[i] = strconv.Itoa(2 * n)
	}
	p.fail(fmt.Errorf("%s of %d characters: want %s hexadecimal digits", name, len(s), strings.Join(wants, " or ")))
	return nil
}

func (p *parser) octet(name, s string) uint8 {
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil {
		p.fail(fmt.Errorf("%s %q: want a number from 1 to 254", name, s))
	}
	return uint8(n)
}

func (p *parser) bitRate(name, s string) uint64 {
	rate, err := ParseBitRate(or(s, defaultAMBR))
	if err != nil {
		p.fail(fmt.Errorf("%s: %w", name, err))
	}
	return rate
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// joined is one error on one line.
func joined(errs []error) error {
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}

// Add stores a new subscriber.
func Add(ctx context.Context, st store.Subscribers, in Input) error {
	sub, err := in.Parse()
	if err != nil {
		return err
	}
	err = st.AddSubscribers(ctx, []store.Subscriber{sub})
	if errors.Is(err, store.ErrExists) {
		return fmt.Errorf("subscriber %s exists already; change it with --replace", sub.SUPI.IMSI())
	}
	return err
}

// Replace changes a subscriber. Without a key and OPc it keeps those it has, with the rest of its authentication.
func Replace(ctx context.Context, st store.Subscribers, in Input) error {
	var kept *store.Authentication
	if in.Key == "" && in.OPc == "" && in.OP == "" {
		supi, err := ident.ParseSUPI(in.IMSI)
		if err != nil {
			return err
		}
		old, err := st.Subscriber(ctx, supi)
		if err != nil {
			return absent(supi, err)
		}
		kept = &old.Authentication
		in.Algorithm, in.AMF, in.SQN = string(kept.Algorithm), hex.EncodeToString(kept.AMFField[:]), kept.SQN.String()
		if in.Method == "" && kept.Method == store.EAPAKAPrime {
			in.Method = "eap-aka-prime"
		}
		in.Key, in.OPc = hex.EncodeToString(kept.K), hex.EncodeToString(kept.OPc)
	}
	sub, err := in.Parse()
	if err != nil {
		return err
	}
	return absent(sub.SUPI, st.ReplaceSubscriber(ctx, sub))
}

// Remove forgets a subscriber.
func Remove(ctx context.Context, st store.Subscribers, imsi string) error {
	supi, err := ident.ParseSUPI(imsi)
	if err != nil {
		return err
	}
	return absent(supi, st.RemoveSubscriber(ctx, supi))
}

func absent(supi ident.SUPI, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("subscriber %s does not exist; limpid subscriber list shows those that do", supi.IMSI())
	}
	return err
}
