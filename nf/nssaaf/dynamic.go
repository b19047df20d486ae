package nssaaf

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/nnssaaf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/radius"
)

// What AAA servers begin by themselves, RFC 5176: a Disconnect-Request revokes what a UE has been granted, TS 29.561 §16.2.2, and
// a CoA-Request with Service-Type Authorize Only has it authenticated anew. TS 29.561 leaves that open, so that it is as
// RFC 5176 §3.2 has it. The UE is named by the GPSI, in Calling-Station-Id as in the requests of the NSSAAF, and the slice by
// 3GPP-S-NSSAI.

// skew is how old a request of a server may be, or its answer be repeated, RFC 5176 §6.3.
const skew = 5 * time.Minute

// Locator finds the AMF that serves a UE, TS 29.503 §5.3.2.5.2.
type Locator interface {
	GetAMF(ctx context.Context, gpsi string) (ident.SUPI, nudm.AMF3GPPAccessRegistration, error)
}

// Notify says where UEs are and who serves them. It is called once, before Serve and Answer.
func (n *NSSAAF) Notify(l Locator, amf nnssaaf.Notifications) { n.locator, n.amf = l, amf }

// asked names a request of a server, to know it again when it is sent once more, RFC 5080 §2.2.2.
type asked struct {
	from          netip.Addr
	identifier    uint8
	authenticator [16]byte
}

// answered is what was said to it.
type answered struct {
	answer []byte
	at     time.Time
}

// Serve answers the requests of AAA servers until the context ends or conn is closed.
func (n *NSSAAF) Serve(ctx context.Context, conn net.PacketConn) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	buffer := make([]byte, 4096)
	for {
		size, from, err := conn.ReadFrom(buffer)
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("requests of AAA servers: %w", err)
		}
		ap, err := netip.ParseAddrPort(from.String())
		if err != nil {
			continue
		}
		if answer := n.Answer(ctx, ap.Addr().Unmap(), buffer[:size]); answer != nil {
			_, _ = conn.WriteTo(answer, from) // the server asks again
		}
	}
}

// Answer is the answer to a request that came from an address; nil for what does not come from an AAA server of a slice, is
// too old or was not made to be answered, RFC 5176 §2.3.
func (n *NSSAAF) Answer(ctx context.Context, from netip.Addr, b []byte) []byte {
	p, err := radius.Parse(b)
	if err != nil || p.Code != radius.DisconnectRequest && p.Code != radius.CoARequest {
		return nil
	}
	slices, secret := n.slicesOf(from, p, b)
	if len(slices) == 0 {
		n.log.Warn("request passed over: not from the AAA server of a slice", "from", from, "change", "nssaaf.slices: its address and secret")
		return nil
	}
	now := time.Now()
	if at, ok := p.Number(radius.EventTimestamp); !ok || now.Sub(time.Unix(int64(at), 0)).Abs() > skew {
		n.log.Warn("request of an AAA server passed over: it does not say that it is new", "from", from, "change", "the server's Event-Timestamp, or a clock")
		return nil
	}
	n.answering.Lock()
	defer n.answering.Unlock()
	key := asked{from, p.Identifier, p.Authenticator}
	if old, is := n.said[key]; is {
		return old.answer
	}
	answer, err := n.decide(ctx, p, slices).Response(p, secret)
	if err != nil {
		n.log.Error("answer to an AAA server not made", "error", err)
		return nil
	}
	if now.Sub(n.saidSwept) > skew {
		n.saidSwept = now
		maps.DeleteFunc(n.said, func(_ asked, a answered) bool { return now.Sub(a.at) > 2*skew })
	}
	n.said[key] = answered{answer, now}
	return answer
}

// slicesOf are the slices whose server has sent a request, and the secret shared with it.
func (n *NSSAAF) slicesOf(from netip.Addr, p *radius.Packet, b []byte) (slices map[ident.SNSSAI]bool, secret []byte) {
	slices = make(map[ident.SNSSAI]bool)
	for slice, server := range n.servers {
		if n.addresses[slice] == from && p.VerifyDynamic(b, server.Secret) == nil {
			slices[slice], secret = true, server.Secret
		}
	}
	return slices, secret
}

// decide does what a server asks for, TS 23.502 §4.2.9.3 and §4.2.9.4.
func (n *NSSAAF) decide(ctx context.Context, p *radius.Packet, slices map[ident.SNSSAI]bool) *radius.Packet {
	again := p.Code == radius.CoARequest
	refuse := func(c radius.Cause, why string, args ...any) *radius.Packet {
		n.log.Warn("request of an AAA server refused", append([]any{"cause", int(c), "reason", why}, args...)...)
		nak := &radius.Packet{Code: p.Code + 2}
		nak.Add(radius.ErrorCause, radius.Number(uint32(c)))
		return nak
	}
	one, gpsi := p.Vendor(radius.Vendor3GPP, radius.SNSSAI3GPP), string(p.Get(radius.CallingStationID))
	if len(one) == 0 || gpsi == "" {
		return refuse(radius.MissingAttribute, "it names no 3GPP-S-NSSAI, or no Calling-Station-Id")
	}
	slice, err := sliceFrom(one)
	if err != nil {
		return refuse(radius.InvalidRequest, err.Error())
	}
	if !slices[slice] {
		return refuse(radius.AdministrativelyProhibited, "the slice has another AAA server", "slice", slice)
	}
	if service, there := p.Number(radius.ServiceType); again && (!there || service != radius.AuthorizeOnly) {
		return refuse(radius.UnsupportedService, "a change of authorization is for authentication anew: Service-Type Authorize Only")
	}
	if again && p.Get(radius.State) == nil {
		return refuse(radius.MissingAttribute, "Authorize Only without State")
	}
	supi, _, err := n.locator.GetAMF(ctx, gpsi) // step 2
	if err == nil {
		notification := nnssaaf.SliceAuthNotification{GPSI: gpsi, SUPI: supi, SNSSAI: slice}
		if again {
			n.keepState(notification, p.Get(radius.State))
			err = n.amf.ReauthenticationNotification(ctx, notification) // step 4
		} else {
			err = n.amf.RevocationNotification(ctx, notification)
		}
	}
	switch cause := sbi.CauseOf(err); {
	case err == nil:
	case cause == sbi.CauseContextNotFound || cause == nudm.CauseUserNotFound:
		return refuse(radius.SessionContextNotFound, err.Error(), "slice", slice)
	default:
		return refuse(radius.ResourcesUnavailable, err.Error(), "slice", slice)
	}
	n.log.Info("request of an AAA server", "slice", slice, "supi", supi.Conceal(), "again", again)
	if again { // RFC 5176 §3.2: the answer is the Access-Request that follows
		nak := &radius.Packet{Code: radius.CoANAK}
		nak.Add(radius.ServiceType, radius.Number(radius.AuthorizeOnly))
		nak.Add(radius.ErrorCause, radius.Number(uint32(radius.RequestInitiated)))
		return nak
	}
	return &radius.Packet{Code: radius.DisconnectACK} // step 3
}

// keepState keeps the State of a request for the authentication that it asks for.
func (n *NSSAAF) keepState(of nnssaaf.SliceAuthNotification, state []byte) {
	now := time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	maps.DeleteFunc(n.wanted, func(_ wanted, w wantedState) bool { return now.Sub(w.at) > lifetime })
	n.wanted[wanted{of.GPSI, of.SNSSAI}] = wantedState{state, now}
}

// takeState is the State with which a server has asked for an authentication, nil if it has not.
func (n *NSSAAF) takeState(gpsi string, slice ident.SNSSAI) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := wanted{gpsi, slice}
	w, there := n.wanted[key]
	delete(n.wanted, key)
	if !there || time.Since(w.at) > lifetime {
		return nil
	}
	return w.state
}

type (
	wanted struct {
		gpsi  string
		slice ident.SNSSAI
	}
	wantedState struct {
		state []byte
		at    time.Time
	}
)

// sliceFrom is sliceOctets back.
func sliceFrom(b []byte) (ident.SNSSAI, error) {
	switch len(b) {
	case 1:
		return ident.SNSSAI{SST: b[0], SD: ident.NoSD}, nil
	case 4:
		return ident.SNSSAI{SST: b[0], SD: uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])}, nil
	}
	return ident.SNSSAI{}, fmt.Errorf("3GPP-S-NSSAI of %d octets: want 1 or 4", len(b))
}
