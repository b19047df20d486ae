package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/ran"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/tunnel"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// order is what the demo tells its RAN, which is a process of its own in its own network namespace.
type order struct {
	AMF       netip.AddrPort
	N2, N3    netip.Addr
	SCTP      sctp.Binding
	PLMN      ident.PLMN
	TAC       ident.TAC
	Slice     ident.SNSSAI
	DNN       ident.DNN
	HomeKey   string // as ran.ParseSUCI reads it
	UEs       []ran.Credentials
	Namespace string // with which the names of the UEs' namespaces begin
	Ping      netip.Addr
	URL       string
	Digest    string
	Parallel  int
}

// report is one line of what the RAN tells the demo: an arrow of the ladder, what became of a UE, or a ciphered NAS message in clear,
// for the capture.
type report struct {
	Event  *ladder.Event `json:",omitempty"`
	Result *result       `json:",omitempty"`
	NAS    []byte        `json:",omitempty"`
	At     time.Time     `json:",omitzero"` // of NAS
}

// result is what became of a UE.
type result struct {
	UE           int // from 1
	IMSI         string
	Address      netip.Addr
	Registration time.Duration
	Session      time.Duration
	RTT          time.Duration
	Page         int // octets
	Error        string
}

// RAN is the process that the demo starts for the gNB and the UEs. It reads the order from in, brings the first UE
// through and reports; on the next line of in the others follow; at the end of in all leave.
func RAN(ctx context.Context, in io.Reader, out io.Writer, log *slog.Logger) error {
	lines := bufio.NewReaderSize(in, 1<<20)
	text, err := lines.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("order: %w", err)
	}
	var o order
	if err := json.Unmarshal(text, &o); err != nil {
		return fmt.Errorf("order: %w", err)
	}
	r := &radioNetwork{order: o, log: log, out: json.NewEncoder(out)}
	if err := r.open(ctx); err != nil {
		return errors.Join(err, r.close())
	}
	r.first()
	if _, err := lines.ReadString('\n'); err != nil {
		return errors.Join(fmt.Errorf("order: %w", err), r.close())
	}
	r.others()
	_, err = io.Copy(io.Discard, lines)
	return errors.Join(err, r.close())
}

// radioNetwork is one gNB and its phones.
type radioNetwork struct {
	order
	log       *slog.Logger
	transport sctp.Transport
	gnb       *gnb.GNB
	phones    []*phone
	life      context.Context

	mu  sync.Mutex
	out *json.Encoder
}

func (r *radioNetwork) open(ctx context.Context) (err error) {
	r.life = ctx
	if r.transport, err = sctp.New(sctp.Config{Binding: r.SCTP, Log: r.log}); err != nil {
		return err
	}
	r.gnb, err = gnb.New(gnb.Config{
		Name: "gNB 1", ID: 1, PLMN: r.PLMN, TAC: r.TAC, Slices: []ident.SNSSAI{r.Slice}, N3: r.N3, DataPath: true, Log: r.log,
		Dial: func(ctx context.Context) (sctp.Association, error) {
			return r.transport.Dial(ctx, netip.AddrPortFrom(r.N2, 0), r.AMF)
		},
	})
	if err != nil {
		return err
	}
	if err := r.gnb.Setup(ctx); err != nil {
		return fmt.Errorf("NG Setup: %w", err)
	}
	key, err := ran.ParseSUCI(r.HomeKey)
	if err != nil {
		return err
	}
	for i, c := range r.UEs {
		usim, err := c.USIM(r.PLMN)
		if err != nil {
			return err
		}
		usim.HomeKey = key
		u, err := ue.New(ue.Config{USIM: usim, Slices: []ident.SNSSAI{r.Slice}, Log: r.log,
			Deciphered: func(pdu []byte) { r.tell(report{NAS: pdu, At: time.Now()}) }})
		if err != nil {
			return err
		}
		u.Camp(r.gnb)
		p := &phone{network: r, ue: u, result: result{UE: i + 1, IMSI: usim.SUPI.IMSI()}}
		p.namespace = fmt.Sprintf("%sue%d", r.Namespace, p.result.UE)
		r.phones = append(r.phones, p)
	}
	return nil
}

func (r *radioNetwork) tell(t report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.out.Encode(t)
}

// first brings the first UE through, whose packets are shown on the ladder.
func (r *radioNetwork) first() {
	if len(r.phones) > 0 {
		r.phones[0].call(func(e ladder.Event) { r.tell(report{Event: &e}) })
	}
}

// others brings the other UEs through, some at a time.
func (r *radioNetwork) others() {
	slots := make(chan struct{}, max(1, r.Parallel))
	var wg sync.WaitGroup
	for _, p := range r.phones[min(1, len(r.phones)):] {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			p.call(nil)
		})
	}
	wg.Wait()
}

// leaveTimeout bounds the end of the RAN.
const leaveTimeout = 10 * time.Second

// close lets every UE deregister and removes their tunnels.
func (r *radioNetwork) close() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.life), leaveTimeout)
	defer cancel()
	var wg sync.WaitGroup
	errs := make([]error, len(r.phones))
	for i, p := range r.phones {
		wg.Go(func() { errs[i] = p.leave(ctx) })
	}
	wg.Wait()
	err := errors.Join(errs...)
	if r.gnb != nil {
		err = errors.Join(err, r.gnb.Close(ctx))
	}
	if r.transport != nil {
		err = errors.Join(err, r.transport.Close())
	}
	return err
}

// phone is one UE with its interface.
type phone struct {
	network   *radioNetwork
	ue        *ue.UE
	namespace string
	tunnel    *tunnel.Tunnel
	result    result
}

const sessionID = 1

// call registers, gets a session, pings the data network and fetches the page, and reports how that went.
func (p *phone) call(show ladder.Sink) {
	if err := p.through(p.network.life, show); err != nil {
		p.result.Error = err.Error()
	}
	p.network.tell(report{Result: &p.result})
}

func (p *phone) through(ctx context.Context, show ladder.Sink) error {
	start := time.Now()
	if err := p.ue.Register(ctx, ue.RegisterOptions{}); err != nil {
		return fmt.Errorf("registration: %w", err)
	}
	p.result.Registration = time.Since(start)
	start = time.Now()
	s, err := p.ue.EstablishSession(ctx, sessionID, ue.SessionOptions{DNN: p.network.DNN, Slice: &p.network.Slice})
	if err != nil {
		return fmt.Errorf("session: %w", err)
	}
	p.result.Session, p.result.Address = time.Since(start), s.Address
	if err := p.open(s); err != nil {
		return err
	}
	name := fmt.Sprintf("UE %d", p.result.UE)
	show.Emit(ladder.Event{From: name, To: "DN", Interface: ladder.N3, Message: "ICMP Echo Request",
		Detail: fmt.Sprintf("src=%s dst=%s", s.Address, p.network.Ping)})
	if p.result.RTT, err = ping(p.namespace, p.network.Ping, p.result.UE); err != nil {
		return err
	}
	show.Emit(ladder.Event{From: "DN", To: name, Interface: ladder.N3, Message: "ICMP Echo Reply", Detail: "rtt=" + p.result.RTT.String()})
	show.Emit(ladder.Event{From: name, To: "DN", Interface: ladder.N3, Message: "HTTP GET", Detail: "url=" + p.network.URL})
	if p.result.Page, err = fetch(ctx, p.namespace, p.network.URL, p.network.Digest); err != nil {
		return err
	}
	show.Emit(ladder.Event{From: "DN", To: name, Interface: ladder.N3, Message: "HTTP 200 OK", Detail: fmt.Sprintf("octets=%d", p.result.Page)})
	return nil
}

// open gives the session an interface in a network namespace of the UE's own.
func (p *phone) open(s ue.Session) (err error) {
	p.tunnel, err = tunnel.Open(tunnel.Config{
		Namespace: p.namespace, Address: s.Address, MTU: s.MTU, DNS: s.DNS,
		Send: func(packet []byte) {
			if err := p.ue.SendPacket(sessionID, packet); err != nil {
				p.network.log.Debug("uplink packet dropped", "error", err)
			}
		},
	})
	if err != nil {
		return err
	}
	return p.ue.OnPacket(sessionID, func(packet []byte) {
		if err := p.tunnel.Write(packet); err != nil {
			p.network.log.Debug("downlink packet dropped", "error", err)
		}
	})
}

func (p *phone) leave(ctx context.Context) error {
	var err error
	if p.ue.Status().Registered {
		if err = p.ue.Deregister(ctx, false); err != nil {
			err = fmt.Errorf("UE %d: deregistration: %w", p.result.UE, err)
		}
	}
	if p.tunnel != nil {
		err = errors.Join(err, p.tunnel.Close())
	}
	return err
}
