package flows

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
)

// peering is what lies between the cores: HTTP/2 over mutual TLS, on pipes.
type peering struct {
	authority *authority // nil until the first core with peers
	// Who listens to what goes over the pipes, and gets the keys; nil: nobody.
	tap  func(near, far net.Conn) (net.Conn, net.Conn)
	keys io.Writer

	mu        sync.Mutex
	away      map[string]string // by the name of a core: "" if it can be reached, else an operation that gets no answer, or "all"
	listeners map[string]*pipeListener
	conns     map[string][]net.Conn // to a core
}

// link is the end of a core, nil if it has no peers.
func (p *peering) link(cfg *config.Config) (*core.Link, error) {
	if len(cfg.Peers) == 0 {
		return nil, nil
	}
	if p.authority == nil {
		var err error
		if p.authority, err = newAuthority(); err != nil {
			return nil, err
		}
	}
	security, err := p.authority.security(cfg.Name)
	if err != nil {
		return nil, err
	}
	security.KeyLogWriter = p.keys
	l := &pipeListener{arrived: make(chan net.Conn), closed: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listeners == nil {
		p.listeners, p.conns = make(map[string]*pipeListener), make(map[string][]net.Conn)
	}
	p.listeners[cfg.Name] = l
	return &core.Link{Listener: l, Dial: p.dial, Security: security}, nil
}

func (p *peering) dial(ctx context.Context, name string) (net.Conn, error) {
	p.mu.Lock()
	l, away := p.listeners[name], p.away[name] == "all"
	p.mu.Unlock()
	if l == nil || away {
		return nil, fmt.Errorf("core %s cannot be reached", name)
	}
	near, far := net.Pipe()
	if p.tap != nil {
		near, far = p.tap(near, far)
	}
	select {
	case l.arrived <- far:
	case <-l.closed:
		return nil, fmt.Errorf("core %s does not run", name)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[name] = append(p.conns[name], near)
	return near, nil
}

// cut breaks the connections to a core.
func (p *peering) cut(name string) {
	for _, c := range p.conns[name] {
		_ = c.Close() // it may be closed
	}
	delete(p.conns, name)
}

// pipeListener is where pipes arrive.
type pipeListener struct {
	arrived chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.arrived:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// authority signs the certificates of a flow's cores.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority() (*authority, error) {
	a := &authority{}
	cert, key, err := a.sign(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	a.cert, a.key = cert, key
	return a, err
}

// sign makes a certificate, of itself if the authority has none yet.
func (a *authority) sign(c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	const lifetime = 100 * 365 * 24 * time.Hour // flows jump ahead
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(1), time.Now().Add(-time.Hour), time.Now().Add(lifetime)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return cert, key, err
}

// security is that of a core.
func (a *authority) security(name string) (*tls.Config, error) {
	cert, key, err := a.sign(&x509.Certificate{
		DNSNames: []string{name}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}, RootCAs: roots, ClientCAs: roots,
	}, nil
}

// peerVerbs are faults between cores.
func (s *stage) peerVerbs() verbs {
	return verbs{"core": s.turnTo, "peer": s.peerFault}
}

// peerFault has a core not be reached, "peer b away", or not answer an operation, "peer b silent=CreateUEContext", or be well
// again, "peer b well".
func (s *stage) peerFault(_ context.Context, c *command) error {
	p := &s.nodes.peers
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away == nil {
		p.away = make(map[string]string)
	}
	name := nodeName(c.words[1])
	switch {
	case c.has("away"):
		p.away[name] = "all"
		p.cut(name)
	case c.has("well"):
		delete(p.away, name)
	case c.options["silent"] != "":
		p.away[name] = c.options["silent"]
	default:
		return errors.New("peer CORE away, well or silent=OPERATION")
	}
	return nil
}
