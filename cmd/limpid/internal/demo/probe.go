package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"time"

	"github.com/vishvananda/netns"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
)

const (
	pingAttempts = 5
	pingOctets   = 1372 // with the headers the whole MTU of 1400
	pingTimeout  = 2 * time.Second
	maxPage      = 1 << 20
	fetchTimeout = 20 * time.Second
)

// inside runs f on a thread in a named network namespace; sockets that it makes itself belong there.
func inside(name string, f func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // never given back: the thread ends with the goroutine
		ns, err := netns.GetFromName(name)
		if err == nil {
			err = errors.Join(netns.Set(ns), ns.Close())
		}
		if err == nil {
			err = f()
		}
		result <- err
	}()
	return <-result
}

// ping sends ICMP echo requests to a host until one is answered, and returns its round trip time.
func ping(namespace string, to netip.Addr, id int) (rtt time.Duration, err error) {
	var conn *icmp.PacketConn
	err = inside(namespace, func() error {
		conn, err = icmp.ListenPacket("ip4:icmp", "0.0.0.0")
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("ping: %w", err)
	}
	defer conn.Close()
	for seq := range pingAttempts {
		rtt, err = echo(conn, to, id, seq)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return rtt, err
		}
	}
	return 0, fmt.Errorf("ping: %s does not answer, asked %d times", to, pingAttempts)
}

// echo sends one echo request and waits for its reply.
func echo(conn *icmp.PacketConn, to netip.Addr, id, seq int) (time.Duration, error) {
	request := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: id & 0xffff, Seq: seq, Data: make([]byte, pingOctets)}}
	b, err := request.Marshal(nil)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if _, err := conn.WriteTo(b, &net.IPAddr{IP: to.AsSlice()}); err != nil {
		return 0, fmt.Errorf("ping: %w", err)
	}
	if err := conn.SetReadDeadline(start.Add(pingTimeout)); err != nil {
		return 0, err
	}
	buf := make([]byte, 2048)
	for {
		n, _, err := conn.ReadFrom(buf)
		if err != nil {
			return 0, err
		}
		m, err := icmp.ParseMessage(1, buf[:n])
		if err != nil {
			continue
		}
		if body, ok := m.Body.(*icmp.Echo); ok && m.Type == ipv4.ICMPTypeEchoReply && body.ID == id&0xffff && body.Seq == seq {
			return time.Since(start), nil
		}
	}
}

// fetch gets a page and checks that it is the one with the digest. It returns the page's length in octets.
func fetch(ctx context.Context, namespace, url, digest string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
			err = inside(namespace, func() error {
				conn, err = new(net.Dialer).DialContext(ctx, network, addr)
				return err
			})
			return conn, err
		},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, fmt.Errorf("page: %w", err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(io.LimitReader(response.Body, maxPage))
	if err != nil {
		return len(page), fmt.Errorf("page: %w", err)
	}
	if sum := sha256.Sum256(page); response.StatusCode != http.StatusOK || hex.EncodeToString(sum[:]) != digest {
		return len(page), fmt.Errorf("page: status %s and %d octets that are not the page", response.Status, len(page))
	}
	return len(page), nil
}
