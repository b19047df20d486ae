package http2

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// files are those of a core whose certificate is c.
func (a *authority) files(c *x509.Certificate) *Files {
	cert, key := a.sign(c, a)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return &Files{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}),
	}
}

// TestSecurity: what peers would refuse is told before anybody is asked, and of which file it is.
func TestSecurity(t *testing.T) {
	a, other, now := newAuthority(t), newAuthority(t), time.Now()
	both := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	good := func() *x509.Certificate { return &x509.Certificate{DNSNames: []string{"a"}, ExtKeyUsage: both} }
	long := good()
	long.NotBefore, long.NotAfter = now.Add(-time.Hour), now.Add(100*24*time.Hour+time.Minute)
	if s, days, err := a.files(long).Security("a", now); err != nil || days != 100 || len(s.Certificates) != 1 || s.RootCAs == nil || s.ClientCAs == nil {
		t.Errorf("%v, %d days", err, days)
	}
	expired, early, server := good(), good(), good()
	expired.NotBefore, expired.NotAfter = now.Add(-2*time.Hour), now.Add(-time.Hour)
	early.NotBefore, early.NotAfter = now.Add(time.Hour), now.Add(2*time.Hour)
	server.ExtKeyUsage = both[1:]
	mixed := a.files(good())
	mixed.Key = a.files(good()).Key
	foreign := a.files(good())
	foreign.CA = other.files(good()).CA
	for _, wrong := range []struct {
		files    *Files
		of, text string
	}{
		{&Files{Certificate: mixed.Certificate, Key: mixed.Key}, "ca", "no certificate of an authority"},
		{&Files{Key: mixed.Key, CA: mixed.CA}, "certificate", "no certificate in PEM"},
		{&Files{Certificate: mixed.Certificate, CA: mixed.CA}, "key", "no private key in PEM"},
		{mixed, "key", "not of the certificate"},
		{a.files(&x509.Certificate{DNSNames: []string{"b"}, ExtKeyUsage: both}), "certificate", `it names ["b"]`},
		{a.files(expired), "certificate", "it expired on"},
		{a.files(early), "certificate", "valid from"},
		{a.files(server), "certificate", "lacks clientAuth"},
		{foreign, "ca", "has not signed"},
	} {
		_, _, err := wrong.files.Security("a", now)
		if e, ok := errors.AsType[*FileError](err); !ok || e.Of != wrong.of || !strings.Contains(e.Text, wrong.text) {
			t.Errorf("%v, want %s: %s", err, wrong.of, wrong.text)
		}
	}
}

// TestRefusalsAreTold: who is refused stands in the log at once, then at most once a minute, and the log's writer holds no more
// addresses than a few.
func TestRefusalsAreTold(t *testing.T) {
	var out bytes.Buffer
	r := &refusals{log: slog.New(slog.NewTextHandler(&out, nil)), seen: make(map[string]*refusal)}
	for range 1000 {
		_, _ = r.Write([]byte("http: TLS handshake error from 192.0.2.7:4711: tls: bad certificate\n"))
	}
	if n := strings.Count(out.String(), "\n"); n != 1 || !strings.Contains(out.String(), "192.0.2.7") || !strings.Contains(out.String(), "bad certificate") {
		t.Errorf("%d lines: %s", n, out.String())
	}
	now := time.Now()
	if untold, tell := r.note("192.0.2.7", now.Add(2*refusalPause)); !tell || untold != 999 {
		t.Errorf("after a minute: %v, %d untold", tell, untold)
	}
	for i := range 10_000 {
		r.note(fmt.Sprint("192.0.2.", i), now)
	}
	if len(r.seen) > maxRefusals+1 {
		t.Errorf("%d addresses are remembered", len(r.seen))
	}
	if _, tell := r.note("198.51.100.1", now.Add(2*refusalPause)); !tell || r.seen["198.51.100.1"] == nil {
		t.Error("a new address is not told once the old ones are forgotten")
	}
}
