// Package nssaaf is the network slice-specific authentication and authorization function, TS 23.501 §6.2.34: it brings the
// EAP messages of UEs to the AAA server of their slice, over RADIUS.
package nssaaf

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nnssaaf"
	"github.com/limpid-5g/limpid/wire/eap"
	"github.com/limpid-5g/limpid/wire/radius"
)

var _ nnssaaf.NSSAA = (*NSSAAF)(nil)

// Config is what an operator may set.
type Config struct {
	Name    string // NAS-Identifier
	Servers []Server
}

// Server is the AAA server of a slice.
type Server struct {
	SNSSAI ident.SNSSAI
	Addr   netip.Addr // from which it may ask by itself
	Secret []byte
	Dial   func(context.Context) (net.Conn, error)
}

// A server is asked three times; an authentication of which nothing is heard for a while is forgotten.
const (
	wait     = 2 * time.Second
	tries    = 3
	lifetime = 5 * time.Minute
)

// NSSAAF is safe for concurrent use.
type NSSAAF struct {
	name    string
	servers map[ident.SNSSAI]*radius.Client
	log     *slog.Logger

	addresses map[ident.SNSSAI]netip.Addr
	locator   Locator
	amf       nnssaaf.Notifications
	answering sync.Mutex // one request of a server at a time
	said      map[asked]answered
	saidSwept time.Time

	mu     sync.Mutex
	last   uint64
	swept  time.Time
	active map[string]*authentication
	wanted map[wanted]wantedState
}

// authentication is one that goes on. Its UE asks one thing at a time.
type authentication struct {
	nnssaaf.SliceAuthInfo
	user  string
	state []byte // RFC 2865 §5.24
	heard time.Time
}

// New makes an NSSAAF.
func New(cfg Config, log *slog.Logger) *NSSAAF {
	n := &NSSAAF{name: cfg.Name, servers: make(map[ident.SNSSAI]*radius.Client), log: log, active: make(map[string]*authentication),
		addresses: make(map[ident.SNSSAI]netip.Addr), said: make(map[asked]answered), wanted: make(map[wanted]wantedState)}
	for _, s := range cfg.Servers {
		n.addresses[s.SNSSAI] = s.Addr
		n.servers[s.SNSSAI] = &radius.Client{Dial: s.Dial, Secret: s.Secret, Wait: wait, Tries: tries}
	}
	return n
}

// Authenticate implements nnssaaf.NSSAA, TS 23.502 §4.2.9.2.
func (n *NSSAAF) Authenticate(ctx context.Context, info nnssaaf.SliceAuthInfo) (nnssaaf.SliceAuthContext, error) {
	if n.servers[info.SNSSAI] == nil {
		return nnssaaf.SliceAuthContext{}, sbi.Problem(http.StatusNotFound, sbi.CauseSystemFailure, "slice %s has no AAA server: name one in nssaaf.slices", info.SNSSAI)
	}
	id, err := eap.ParseRaw(info.EAPIDRsp)
	if err != nil || id.Type != eap.TypeIdentity {
		return nnssaaf.SliceAuthContext{}, sbi.Problem(http.StatusBadRequest, sbi.CauseMandatoryIEIncorrect, "no EAP identity: %v", err)
	}
	a := &authentication{SliceAuthInfo: info, user: string(id.Data), heard: time.Now(), state: n.takeState(info.GPSI, info.SNSSAI)}
	n.mu.Lock()
	n.last++
	key := strconv.FormatUint(n.last, 10)
	n.sweep(a.heard)
	n.active[key] = a
	n.mu.Unlock()
	return n.ask(ctx, key, a, info.EAPIDRsp)
}

// sweep forgets, once in a while, what nobody has gone on with. Call it with mu held.
func (n *NSSAAF) sweep(now time.Time) {
	if now.Sub(n.swept) < lifetime {
		return
	}
	n.swept = now
	maps.DeleteFunc(n.active, func(_ string, a *authentication) bool { return now.Sub(a.heard) > lifetime })
}

// Confirm implements nnssaaf.NSSAA.
func (n *NSSAAF) Confirm(ctx context.Context, id string, eapMessage []byte) (nnssaaf.SliceAuthContext, error) {
	n.mu.Lock()
	a := n.active[id]
	n.mu.Unlock()
	if a == nil {
		return nnssaaf.SliceAuthContext{}, sbi.Problem(http.StatusNotFound, nnssaaf.CauseContextNotFound, "slice authentication %s is not known", id)
	}
	return n.ask(ctx, id, a, eapMessage)
}

// ask brings an EAP message to the AAA server, TS 29.561 §16.3, and reads its answer.
func (n *NSSAAF) ask(ctx context.Context, id string, a *authentication, message []byte) (nnssaaf.SliceAuthContext, error) {
	answer, err := n.exchange(ctx, a, message)
	done := nnssaaf.SliceAuthContext{ID: id}
	if err == nil {
		done.EAPMessage = answer.EAP()
		switch answer.Code {
		case radius.AccessAccept:
			done.Result = nnssaaf.Success
		case radius.AccessReject:
			done.Result = nnssaaf.Failure
		case radius.AccessChallenge:
			n.mu.Lock()
			a.state, a.heard = answer.Get(radius.State), time.Now()
			n.mu.Unlock()
			if len(done.EAPMessage) > 0 {
				return done, nil
			}
		}
	}
	n.mu.Lock()
	delete(n.active, id)
	n.mu.Unlock()
	switch {
	case err != nil:
		n.log.Warn("AAA server of a slice does not answer", "slice", a.SNSSAI, "error", err, "change", "nssaaf.slices: its address and secret")
		return nnssaaf.SliceAuthContext{}, sbi.Problem(http.StatusGatewayTimeout, sbi.CausePeerNotResponding, "AAA server of slice %s: %v", a.SNSSAI, err)
	case done.Result == "":
		return nnssaaf.SliceAuthContext{}, sbi.Problem(http.StatusBadGateway, sbi.CauseSystemFailure, "AAA server of slice %s answered with code %d", a.SNSSAI, answer.Code)
	case len(done.EAPMessage) == 0: // RFC 3579 §2.6.3: the outcome is what RADIUS says
		outcome := eap.Raw{Code: eap.Failure, Identifier: message[1]}
		if done.Result == nnssaaf.Success {
			outcome.Code = eap.Success
		}
		done.EAPMessage = outcome.Bytes()
	}
	n.log.Info("slice authentication ended", "slice", a.SNSSAI, "result", done.Result)
	return done, nil
}

func (n *NSSAAF) exchange(ctx context.Context, a *authentication, message []byte) (*radius.Packet, error) {
	if r, err := eap.ParseRaw(message); err != nil || r.Code != eap.Response {
		return nil, errors.Join(errors.New("the UE sent no EAP response"), err)
	}
	request, err := radius.NewRequest()
	if err != nil {
		return nil, err
	}
	if a.user != "" { // an attribute has at least one octet, RFC 2865 §5
		request.Add(radius.UserName, []byte(a.user[:min(len(a.user), radius.MaxValue)]))
	}
	request.Add(radius.NASIdentifier, []byte(n.name))
	if a.GPSI != "" {
		request.Add(radius.CallingStationID, []byte(a.GPSI))
	}
	request.AddVendor(radius.Vendor3GPP, radius.SNSSAI3GPP, sliceOctets(a.SNSSAI))
	if a.state != nil {
		request.Add(radius.State, a.state)
	}
	request.AddEAP(message)
	return n.servers[a.SNSSAI].Exchange(ctx, request)
}

// sliceOctets is SST and, if there is one, SD: 3GPP-S-NSSAI of TS 29.561.
func sliceOctets(s ident.SNSSAI) []byte {
	if !s.HasSD() {
		return []byte{s.SST}
	}
	return []byte{s.SST, byte(s.SD >> 16), byte(s.SD >> 8), byte(s.SD)}
}
