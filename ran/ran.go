// Package ran joins a simulated gNB, its UEs and their tunnels into a radio access network that speaks real N1, N2 and N3
// to any core. Run is what the command line does with it; packages gnb and ue serve scripts and tests directly.
package ran

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/ran/tunnel"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// Plan describes a run: one gNB and UEs that register, get a session each, and leave.
type Plan struct {
	GNB gnb.Config
	UEs []ue.Config

	Register ue.RegisterOptions
	// NoSession leaves out the PDU session.
	NoSession bool
	Session   ue.SessionOptions
	// NoTunnel leaves out the interfaces: sessions exist but carry nothing.
	NoTunnel bool

	// Exec is a program to run inside each UE's namespace once its session is up.
	Exec        []string
	ExecTimeout time.Duration // 0: none

	// Stay is how long the UEs stay when all are up and their programs have ended; negative: until ctx ends.
	Stay time.Duration
	// Parallel bounds how many UEs register, or run programs, at the same time; 0: 16.
	Parallel int
	// Ready, if set, is called when every UE is up or has failed.
	Ready func([]Result)
	// Ladder takes the messages of the gNB and of the first UE.
	Ladder ladder.Sink
	Log    *slog.Logger
}

// SessionID is the identity of the session that Run establishes.
const SessionID = 1

// Times that bound the end of a run.
const (
	leaveTimeout  = 10 * time.Second
	settleTimeout = 2 * time.Second
	defaultAtOnce = 16
)

// Result is what became of one UE.
type Result struct {
	IMSI       string        `json:"imsi"`
	Address    netip.Addr    `json:"address,omitzero"`
	Namespace  string        `json:"namespace,omitempty"`
	Registered time.Duration `json:"registered_ns,omitempty"` // how long the registration took
	Session    time.Duration `json:"session_ns,omitempty"`    // how long the session establishment took
	Exit       *int          `json:"exit,omitempty"`          // status of the program
	Output     string        `json:"output,omitempty"`        // the end of what the program wrote
	Err        error         `json:"-"`
}

// OK tells whether the UE got through.
func (r *Result) OK() bool { return r.Err == nil && (r.Exit == nil || *r.Exit == 0) }

// Run carries out the plan. At the end of ctx the UEs deregister and everything is removed. The error says what kept the
// gNB from starting; what became of each UE is in its result.
func Run(ctx context.Context, p Plan) ([]Result, error) {
	if p.Parallel <= 0 {
		p.Parallel = defaultAtOnce
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	p.GNB.DataPath = !p.NoTunnel && !p.NoSession
	phones := make([]*phone, len(p.UEs))
	if p.Ladder.On() && len(phones) > 0 {
		p.UEs = slices.Clone(p.UEs)
		p.GNB.Ladder, p.UEs[0].Ladder = p.Ladder, p.Ladder
		p.GNB.Watch = func(t radio.Terminal) bool { return t == phones[0].ue }
	}
	g, err := gnb.New(p.GNB)
	if err != nil {
		return nil, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
		defer cancel()
		if err := g.Close(ctx); err != nil {
			p.Log.Warn("gNB not closed cleanly", "err", err)
		}
	}()
	if err := g.Setup(ctx); err != nil {
		return nil, fmt.Errorf("NG Setup: %w", err)
	}
	for i, c := range p.UEs {
		if phones[i], err = newPhone(&p, c, g); err != nil {
			return nil, err
		}
	}
	life, end := context.WithCancel(ctx)
	defer end()
	p.each(phones, func(f *phone) { f.arrive(life) })
	p.report(phones)
	p.each(phones, func(f *phone) { f.exec(ctx) })
	p.stay(ctx, g)
	end()
	p.each(phones, func(f *phone) { f.leave(context.WithoutCancel(ctx)) })
	return results(phones), nil
}

// each runs f for every phone, so many at a time as the plan allows.
func (p *Plan) each(phones []*phone, f func(*phone)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, p.Parallel)
	for _, ph := range phones {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			f(ph)
		})
	}
	wg.Wait()
}

func (p *Plan) report(phones []*phone) {
	if p.Ready != nil {
		p.Ready(results(phones))
	}
}

func results(phones []*phone) []Result {
	all := make([]Result, len(phones))
	for i, f := range phones {
		all[i] = f.result
	}
	return all
}

// stay waits as long as the plan says, or until the gNB has lost its core.
func (p *Plan) stay(ctx context.Context, g *gnb.GNB) {
	var after <-chan time.Time
	if p.Stay >= 0 {
		t := time.NewTimer(p.Stay)
		defer t.Stop()
		after = t.C
	}
	select {
	case <-after:
	case <-ctx.Done():
	case <-g.Done():
		p.Log.Warn("the core is gone", "err", g.Err())
	}
}

// phone is one UE of a run with its tunnel.
type phone struct {
	plan   *Plan
	ue     *ue.UE
	tunnel *tunnel.Tunnel
	wg     sync.WaitGroup
	result Result
}

func newPhone(p *Plan, c ue.Config, g *gnb.GNB) (*phone, error) {
	u, err := ue.New(c)
	if err != nil {
		return nil, err
	}
	u.Camp(g)
	return &phone{plan: p, ue: u, result: Result{IMSI: u.SUPI().IMSI()}}, nil
}

// arrive registers, establishes the session and opens the tunnel; life is how long the phone answers the network.
func (f *phone) arrive(life context.Context) {
	start := time.Now()
	if f.result.Err = f.ue.Register(life, f.plan.Register); f.result.Err != nil {
		return
	}
	f.result.Registered = time.Since(start)
	f.wg.Go(func() { f.attend(life) })
	if f.plan.NoSession {
		return
	}
	start = time.Now()
	s, err := f.ue.EstablishSession(life, SessionID, f.plan.Session)
	if err != nil {
		f.result.Err = err
		return
	}
	f.result.Session, f.result.Address = time.Since(start), s.Address
	if !f.plan.NoTunnel {
		f.result.Err = f.open(life, s)
	}
}

func (f *phone) open(life context.Context, s ue.Session) error {
	cfg := tunnel.Config{
		Namespace: Namespace(f.result.IMSI), Address: s.Address, MTU: s.MTU, DNS: s.DNS,
		Send: func(packet []byte) { f.send(life, packet) },
	}
	t, err := tunnel.Open(cfg)
	if err != nil {
		return err
	}
	f.tunnel, f.result.Namespace = t, cfg.Namespace
	return f.ue.OnPacket(SessionID, func(packet []byte) {
		if err := t.Write(packet); err != nil {
			f.plan.Log.Debug("downlink packet dropped", "err", err)
		}
	})
}

// Namespace names the network namespace of a UE.
func Namespace(imsi string) string { return "limpid-ue-" + imsi }

// send carries an uplink packet; in idle mode it asks for the user plane first, TS 23.502 §4.2.3.2.
func (f *phone) send(life context.Context, packet []byte) {
	err := f.ue.SendPacket(SessionID, packet)
	if errors.Is(err, ue.ErrNoBearer) && life.Err() == nil {
		if _, err = f.ue.ServiceRequest(life, ue.ServiceOptions{}); err == nil {
			err = f.ue.SendPacket(SessionID, packet)
		}
	}
	if err != nil {
		f.plan.Log.Debug("uplink packet dropped", "err", err)
	}
}

// attend does what a phone at rest does: it answers paging, TS 23.502 §4.2.3.3, and registers anew when T3512 expires,
// TS 24.501 §5.3.7.
func (f *phone) attend(life context.Context) {
	for f.ue.AwaitIdle(life) == nil {
		err := f.rest(life)
		if life.Err() != nil {
			return
		}
		if errors.Is(err, ue.ErrBusy) { // the procedure that runs brings the UE into connected mode as well
			err = f.ue.Await(life, func(s ue.Status) bool { return !s.Paged || s.Connected })
		}
		if err != nil {
			f.plan.Log.Warn("the UE is not reachable any more", "supi", f.ue.SUPI().Conceal(), "err", err)
			return
		}
	}
}

// rest waits for what ends the UE's idle mode.
func (f *phone) rest(life context.Context) error {
	ctx := life
	if t3512 := f.ue.Status().T3512; t3512 > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(life, t3512)
		defer cancel()
	}
	err := f.ue.Await(ctx, func(s ue.Status) bool { return s.Paged || s.Connected })
	switch {
	case life.Err() != nil:
		return life.Err()
	case err != nil:
		return f.ue.Register(life, ue.RegisterOptions{Type: gmm.PeriodicRegistrationUpdate, Attempts: f.plan.Register.Attempts})
	case f.ue.Status().Paged:
		_, err = f.ue.ServiceRequest(life, ue.ServiceOptions{})
	}
	return err
}

// maxOutput bounds the program's output that is kept, octets.
const maxOutput = 4096

// exec runs the program inside the namespace.
func (f *phone) exec(ctx context.Context) {
	if len(f.plan.Exec) == 0 || f.tunnel == nil || f.result.Err != nil {
		return
	}
	if f.plan.ExecTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.plan.ExecTimeout)
		defer cancel()
	}
	var out tail
	exit, err := f.tunnel.Run(ctx, tunnel.Command{
		Args: f.plan.Exec, Stdout: &out, Stderr: &out,
		Env: []string{"LIMPID_IMSI=" + f.result.IMSI, "LIMPID_ADDRESS=" + f.result.Address.String()},
	})
	f.result.Output = out.String()
	if err != nil {
		f.result.Err = fmt.Errorf("program: %w", err)
		return
	}
	f.result.Exit = &exit
}

// leave deregisters and removes the tunnel. A UE that did not get through is silently switched off.
func (f *phone) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
	defer cancel()
	f.wg.Wait()
	var errs []error
	if f.ue.Status().Registered {
		if err := f.ue.Deregister(ctx, false); err != nil {
			errs = append(errs, fmt.Errorf("deregistration: %w", err))
		}
	}
	f.settle(ctx)
	if f.tunnel != nil {
		errs = append(errs, f.tunnel.Close())
	}
	if f.result.Err == nil {
		f.result.Err = errors.Join(errs...)
	}
}

// settle lets the network release the connection, so that it is not cut off with the association.
func (f *phone) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	if err := f.ue.AwaitIdle(ctx); err != nil {
		f.plan.Log.Debug("connection not released by the network", "supi", f.ue.SUPI().Conceal())
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b...)
	if len(t.b) > 2*maxOutput {
		t.b = append(t.b[:0], t.b[len(t.b)-maxOutput:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.ToValidUTF8(t.b[max(0, len(t.b)-maxOutput):], []byte("?")))
}
