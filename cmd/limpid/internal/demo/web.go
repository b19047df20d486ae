package demo

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/internal/netspace"
)

// webServer is what the UEs want to reach: a page that only it can know.
type webServer struct {
	http   *http.Server
	url    string
	page   []byte
	digest string // SHA-256 of the page, hexadecimal
}

// startWeb serves on port 80 of the data network.
func startWeb(dn *netspace.Space, addr netip.Addr) (*webServer, error) {
	w := &webServer{url: "http://" + addr.String() + "/"}
	var l net.Listener
	err := dn.Do(func() (err error) {
		l, err = net.Listen("tcp4", netip.AddrPortFrom(addr, 80).String())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("web server: %w", err)
	}
	// The page fits one TCP segment: its conversation is in the capture twice, on N3 and on N6, which a decoder that goes
	// by addresses and ports takes for retransmissions and fails to reassemble.
	const lines = 15
	w.page = []byte("<!doctype html><title>Limpid</title><h1>It works</h1><p>This page was made for this run: " + rand.Text() +
		"</p>\n<pre>" + strings.Repeat("Packets went from the UE over N3 and N6 to here.\n", lines) + "</pre>\n")
	sum := sha256.Sum256(w.page)
	w.digest = hex.EncodeToString(sum[:])
	w.http = &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
			_, _ = out.Write(w.page)
		}),
	}
	go func() { _ = w.http.Serve(l) }()
	return w, nil
}

func (w *webServer) close() error { return w.http.Close() }
