package http2

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Files are the PEM files with which a core proves who it is, and who the authority is that its peers are proven by.
type Files struct {
	Certificate, Key, CA []byte
}

// FileError is what is wrong with one of Files.
type FileError struct {
	Of   string // "certificate", "key" or "ca"
	Text string
}

func (e *FileError) Error() string { return e.Of + ": " + e.Text }

func wrongFile(of, format string, args ...any) error {
	return &FileError{of, fmt.Sprintf(format, args...)}
}

// Security is the mutual TLS of a core with a name, TS 33.501 §13.1. The error is a *FileError: what peers would refuse at the first
// connection is told now. Days is how long the certificate is good for.
func (f *Files) Security(name string, now time.Time) (security *tls.Config, days int, err error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(f.CA) {
		return nil, 0, wrongFile("ca", "no certificate of an authority in PEM (-----BEGIN CERTIFICATE-----)")
	}
	if b, _ := pem.Decode(f.Certificate); b == nil || b.Type != "CERTIFICATE" {
		return nil, 0, wrongFile("certificate", "no certificate in PEM (-----BEGIN CERTIFICATE-----)")
	}
	if b, _ := pem.Decode(f.Key); b == nil {
		return nil, 0, wrongFile("key", "no private key in PEM (-----BEGIN PRIVATE KEY-----)")
	}
	pair, err := tls.X509KeyPair(f.Certificate, f.Key)
	if err != nil {
		return nil, 0, wrongFile("key", "not of the certificate, or not to be read: %v", err)
	}
	own := pair.Leaf
	switch {
	case !slices.Contains(own.DNSNames, name):
		return nil, 0, wrongFile("certificate", "it names %q (subjectAltName DNS): want %q, the name of this core, by which its peers know it", own.DNSNames, name)
	case now.Before(own.NotBefore):
		return nil, 0, wrongFile("certificate", "valid from %s on: it is %s now", when(own.NotBefore), when(now))
	case now.After(own.NotAfter):
		return nil, 0, wrongFile("certificate", "it expired on %s: have it made anew", when(own.NotAfter))
	}
	further := x509.NewCertPool()
	for _, der := range pair.Certificate[1:] {
		if c, err := x509.ParseCertificate(der); err == nil {
			further.AddCert(c)
		}
	}
	for usage, side := range map[x509.ExtKeyUsage]string{x509.ExtKeyUsageServerAuth: "serverAuth", x509.ExtKeyUsageClientAuth: "clientAuth"} {
		_, err := own.Verify(x509.VerifyOptions{Roots: roots, Intermediates: further, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage}})
		if wrong, ok := errors.AsType[x509.CertificateInvalidError](err); ok && wrong.Reason == x509.IncompatibleUsage {
			return nil, 0, wrongFile("certificate", "its extended key usage lacks %s: a core both asks and is asked", side)
		}
		if err != nil {
			return nil, 0, wrongFile("ca", "the authority there has not signed this core's own certificate: %v", err)
		}
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots, ClientCAs: roots, MinVersion: tls.VersionTLS13},
		int(own.NotAfter.Sub(now) / (24 * time.Hour)), nil
}

func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
