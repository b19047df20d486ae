package flows

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/manage/subscriber"
	"github.com/limpid-5g/limpid/ran/gnb"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/wire/pfcp"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// PlayWithCore plays a flow against a core of its own in this process, in real time and over the sockets of this network
// namespace: SCTP as it is to be had, PFCP and GTP-U over UDP, the data network behind a TUN interface. It needs the
// rights for these. The core uses NEA0 where the flow does not say which ciphering, so that who captures can read it.
// It returns the ladder; the error says what failed, or what was left behind.
func PlayWithCore(ctx context.Context, f *Flow, log *slog.Logger) (string, error) {
	s, err := newSocketStage(ctx, f, log)
	if err != nil {
		return "", errors.Join(err, s.close())
	}
	text, err := s.play(f.Script)
	return text, errors.Join(err, s.auditSockets(), s.close())
}

// newSocketStage sets a flow's core up on real sockets of this network namespace, and radios beside it.
func newSocketStage(ctx context.Context, f *Flow, log *slog.Logger) (*stage, error) {
	h := &heard{}
	s := &stage{
		recorder: &recorder{start: time.Now(), seids: make(map[string]int)},
		cells:    make(map[string]*gnb.GNB), ues: make(map[string]*ue.UE), camps: make(map[*ue.UE]*gnb.GNB), settle: h.settle,
	}
	h.note = s.recorder
	s.ctx, s.stop = context.WithCancel(ctx)
	cfg, err := config.Parse("limpid.yaml", f.Config)
	if err != nil {
		return s, err
	}
	if !bytes.Contains(f.Config, []byte("ciphering")) && !strings.Contains(strings.Join(f.Script, "\n"), "nea=") {
		cfg.AMF.Ciphering, cfg.AMF.AllowNullCiphering = []string{"NEA0"}, true
	}
	dir, err := os.MkdirTemp("", "limpid-flow")
	if err != nil {
		return s, err
	}
	s.done = append(s.done, func() error { return os.RemoveAll(dir) })
	st, err := sqlite.Open(s.ctx, filepath.Join(dir, "limpid.db"), sqlite.Options{Create: true})
	if err != nil {
		return s, err
	}
	s.done = append(s.done, st.Close)
	if _, err := subscriber.ImportCSV(s.ctx, st, strings.NewReader(string(f.Subscribers))); err != nil {
		return s, err
	}
	s.core, err = core.New(s.ctx, cfg, core.Options{
		Log: log, Ladder: h.take, Store: st, WithoutControl: true,
		N4: func(addr netip.AddrPort) (pfcp.PacketConn, error) {
			conn, err := pfcp.Listen(addr)
			return &deafConn{conn, s}, err
		},
	})
	if err != nil {
		return s, err
	}
	s.done = append(s.done, s.core.Close)
	s.wg.Go(func() { _ = s.core.Run(s.ctx) }) // ends with the context; what fails before shows in the ladder
	s.core.AwaitUPFs(s.ctx)
	return s, s.radio(cfg)
}

// radio lets gNBs of the stage dial the core from addresses of their own.
func (s *stage) radio(cfg *config.Config) error {
	transport, err := sctp.New(sctp.Config{Log: slog.New(slog.DiscardHandler)}.ForN2())
	if err != nil {
		return err
	}
	s.done = append(s.done, transport.Close)
	for i := range 8 {
		s.n3 = append(s.n3, netip.AddrFrom4([4]byte{127, 0, 0, byte(11 + i)}))
	}
	amf := netip.AddrPortFrom(cfg.AMF.N2.Address, cfg.AMF.N2.Port)
	s.dial = func(ctx context.Context) (sctp.Association, error) {
		return transport.Dial(ctx, netip.AddrPortFrom(s.n3[0], 0), amf)
	}
	s.datagram = func(to netip.Addr) error {
		conn, err := net.Dial("udp", netip.AddrPortFrom(to, 9).String())
		if err != nil {
			return err
		}
		_, err = conn.Write([]byte("limpid"))
		return errors.Join(err, conn.Close())
	}
	return nil
}

// auditSockets lets everything come to an end and looks for what was left behind.
func (s *stage) auditSockets() error {
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
	defer cancel()
	s.silent.Store(false)
	errs := []error{s.finish(ctx, nil)}
	for name, g := range s.cells {
		errs = append(errs, g.Close(ctx))
		delete(s.cells, name)
	}
	var found []string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if found = s.core.Audit(true); len(found) == 0 {
			break
		}
	}
	for _, f := range found {
		errs = append(errs, errors.New("left behind: "+f))
	}
	return errors.Join(errs...)
}

// deafConn is a socket of N4 that loses everything while the stage says so.
type deafConn struct {
	pfcp.PacketConn
	stage *stage
}

func (c *deafConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if c.stage.silent.Load() {
		return len(b), nil
	}
	return c.PacketConn.WriteToUDPAddrPort(b, to)
}
