package core

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/sbi/http2"
)

// Link is what lies between this core and its peers, instead of TCP and the files of the configuration.
type Link struct {
	Listener net.Listener // of this core
	Dial     func(ctx context.Context, peer string) (net.Conn, error)
	Security *tls.Config
}

// link is a Link that is open.
type link struct {
	*Link
	clients map[string]*http2.Client // by the name of the peer
}

// Names of descriptors of the services between cores.
const (
	handedSBI = "sbi"
	handedPEM = "sbi-" // and the key of the file
)

const (
	dialTime    = 4 * time.Second // a peer that does not answer must not take all the time that its UE has
	keepAlive   = 15 * time.Second
	soonExpired = 30      // days in which a certificate is to be renewed
	maxPEM      = 1 << 20 // octets
)

// openSBI opens the address at which peers reach this core, if there are any, and gets a way to each. Nothing is served before Run.
func (c *Core) openSBI() error {
	if len(c.cfg.Peers) == 0 {
		return nil
	}
	s := &link{Link: c.opts.Link, clients: make(map[string]*http2.Client)}
	if s.Link == nil {
		var err error
		if s.Link, err = c.tcpLink(); err != nil {
			return err
		}
	}
	c.closers = append(c.closers, s.close)
	for i := range c.cfg.Peers {
		name := c.cfg.Peers[i].Name
		s.clients[name] = http2.NewClient(c.cfg.Name, name, func(ctx context.Context) (net.Conn, error) { return s.Dial(ctx, name) }, s.Security)
	}
	c.sbi = s
	return nil
}

// tcpLink is the link of the configuration.
func (c *Core) tcpLink() (*Link, error) {
	security, err := c.security()
	if err != nil {
		return nil, err
	}
	l, err := c.listenSBI()
	if err != nil {
		return nil, c.cfg.ErrorAt("sbi.address", err)
	}
	c.log.Info("N14 listens", "address", l.Addr(), "protocol", "HTTP/2 over TLS")
	addresses := make(map[string]string)
	for i := range c.cfg.Peers {
		addresses[c.cfg.Peers[i].Name] = c.cfg.Peers[i].Address.String()
	}
	dialer := net.Dialer{Timeout: dialTime, KeepAlive: keepAlive}
	dialer.SetMultipathTCP(false)
	return &Link{Listener: l, Security: security, Dial: func(ctx context.Context, peer string) (net.Conn, error) {
		return dialer.DialContext(ctx, "tcp", addresses[peer])
	}}, nil
}

func (c *Core) listenSBI() (net.Listener, error) {
	if f := c.opts.Handed[handedSBI]; f != nil {
		return net.FileListener(f)
	}
	return listenTCP(c.cfg)
}

// listenTCP opens the address. Multipath TCP is left out: it is another protocol to the egress policy.
func listenTCP(cfg *config.Config) (net.Listener, error) {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	return lc.Listen(context.Background(), "tcp", cfg.SBI.Address.String())
}

// security is what the files of the configuration say.
func (c *Core) security() (*tls.Config, error) {
	files := make(map[string]*os.File)
	for key := range pemOf(&http2.Files{}) {
		files[key] = c.opts.Handed[handedPEM+key]
	}
	if files["key"] == nil {
		var err error
		if files, err = c.cfg.OpenPEM(); err != nil {
			return nil, err
		}
	}
	var pem http2.Files
	var bad error
	for key, to := range pemOf(&pem) {
		f, err := files[key], error(nil)
		*to, err = io.ReadAll(io.NewSectionReader(f, 0, maxPEM)) // from its beginning, also after a restart of the process
		if err = errors.Join(err, f.Close()); err != nil {
			bad = c.cfg.ErrorAt("sbi."+key, err)
		}
	}
	if bad != nil {
		return nil, bad
	}
	security, days, err := pem.Security(c.cfg.Name, time.Now())
	if wrong, ok := errors.AsType[*http2.FileError](err); ok {
		return nil, c.cfg.ErrorAt("sbi."+wrong.Of, errors.New(wrong.Text))
	}
	if err == nil && days < soonExpired {
		c.log.Warn("the certificate of this core expires soon: peers will refuse it then", "days", days, "file", c.cfg.SBI.Certificate)
	}
	return security, err
}

// pemOf are the files by their keys in the configuration.
func pemOf(f *http2.Files) map[string]*[]byte {
	return map[string]*[]byte{"certificate": &f.Certificate, "key": &f.Key, "ca": &f.CA}
}

// openSBI opens the listener and the files of the services between cores, which their process may not open itself.
func (o *Opened) openSBI(cfg *config.Config) error {
	if len(cfg.Peers) == 0 {
		return nil
	}
	files, err := cfg.OpenPEM()
	if err != nil {
		return err
	}
	for key, f := range files {
		o.ControlPlane[handedPEM+key] = f
	}
	l, err := listenTCP(cfg)
	if err != nil {
		return cfg.ErrorAt("sbi.address", err)
	}
	o.ControlPlane[handedSBI], err = l.(*net.TCPListener).File()
	return errors.Join(err, l.Close())
}

// serve lets peers in until ctx ends.
func (s *link) serve(ctx context.Context, c *Core) error {
	known := make([]http2.Known, 0, len(c.cfg.Peers))
	for i := range c.cfg.Peers {
		known = append(known, http2.Known{Name: c.cfg.Peers[i].Name, GUAMI: guamiOf(&c.cfg.Peers[i].GUAMI)})
	}
	return http2.Serve(ctx, s.Listener, c.cfg.Name, own{c.amf, c.smf, c.smf}, known, s.Security, c.log)
}

// close ends the connections, and frees the address if serve was never called.
func (s *link) close() error {
	for _, p := range s.clients {
		p.Close()
	}
	if err := s.Listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
