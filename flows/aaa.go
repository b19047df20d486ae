package flows

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ran/ue"
	"github.com/limpid-5g/limpid/wire/eap"
	"github.com/limpid-5g/limpid/wire/radius"
)

// aaaSecret is shared between the core and the AAA server of the flows.
const aaaSecret = "0123456789abcdef"

// aaa is the AAA server of a slice: RADIUS with EAP-MD5, RFC 2865 and RFC 3579.
type aaa struct {
	mu     sync.Mutex
	users  map[string]string
	silent bool
	wrong  bool // it signs with another secret
	asked  map[string]bool
}

// aaaVerbs are what an AAA server is told: "aaa u1@slice secret", "aaa silent", "aaa heard", "aaa wrong".
func (s *stage) aaaVerbs() verbs {
	return verbs{"aaa": s.tellAAA, "asked": s.askedAAA}
}

func (s *stage) tellAAA(_ context.Context, c *command) error {
	a := &s.aaa
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case len(c.words) == 3:
		if a.users == nil {
			a.users = make(map[string]string)
		}
		a.users[c.words[1]] = c.words[2]
	case len(c.words) == 2:
		a.silent, a.wrong = c.words[1] == "silent", c.words[1] == "wrong"
	default:
		return errors.New("aaa USER SECRET, aaa silent, aaa wrong or aaa heard")
	}
	if s.dial == nil || s.aaaConn != nil {
		return nil
	}
	conn, err := net.ListenPacket("udp", "127.0.0.9:1812")
	if err != nil {
		return err
	}
	s.aaaConn = conn
	s.done = append(s.done, conn.Close)
	go a.serve(conn)
	return nil
}

// askedAAA compares whom the AAA server was asked for: "asked u1@slice" or, with no=yes, that it was not.
func (s *stage) askedAAA(_ context.Context, c *command) error {
	s.aaa.mu.Lock()
	defer s.aaa.mu.Unlock()
	if was, want := s.aaa.asked[c.words[1]], c.options["no"] == ""; was != want {
		return fmt.Errorf("asked for %s: %v, want %v", c.words[1], was, want)
	}
	delete(s.aaa.asked, c.words[1])
	return nil
}

// serve answers over UDP.
func (a *aaa) serve(conn net.PacketConn) {
	buffer := make([]byte, 4096)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		if answer := a.answer(buffer[:n]); answer != nil {
			_, _ = conn.WriteTo(answer, from)
		}
	}
}

// dial is the core's end of an exchange in memory.
func (a *aaa) dial(netip.AddrPort) (net.Conn, error) {
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		buffer := make([]byte, 4096)
		for {
			n, err := far.Read(buffer)
			if err != nil {
				return
			}
			if answer := a.answer(buffer[:n]); answer != nil {
				if _, err := far.Write(answer); err != nil {
					return
				}
			}
		}
	}()
	return near, nil
}

// answer is what the server says to a request, nil for nothing.
func (a *aaa) answer(b []byte) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	request, err := radius.Parse(b)
	if err != nil || request.VerifyRequest([]byte(aaaSecret)) != nil || a.silent {
		return nil
	}
	message, err := eap.ParseRaw(request.EAP())
	user := string(request.Get(radius.UserName))
	if err != nil || request.Get(radius.VendorSpecific) == nil {
		return nil
	}
	if a.asked == nil {
		a.asked = make(map[string]bool)
	}
	a.asked[user] = true
	challenge := []byte("sixteen octets..")
	p, id := &radius.Packet{Code: radius.AccessReject}, message.Identifier+1
	switch {
	case message.Type == eap.TypeIdentity:
		p.Code = radius.AccessChallenge
		p.Add(radius.State, []byte("state of " + user)[:min(len(user)+9, 200)])
		p.AddEAP(eap.Raw{Code: eap.Request, Identifier: id, Type: eap.TypeMD5Challenge, Data: append([]byte{16}, challenge...)}.Bytes())
	case message.Type == eap.TypeMD5Challenge && a.users[user] != "" && len(message.Data) == 17 && request.Get(radius.State) != nil &&
		hmac.Equal(message.Data[1:], eap.MD5(message.Identifier, []byte(a.users[user]), challenge)):
		p.Code = radius.AccessAccept
		p.AddEAP(eap.Raw{Code: eap.Success, Identifier: message.Identifier}.Bytes())
	default:
		p.AddEAP(eap.Raw{Code: eap.Failure, Identifier: message.Identifier}.Bytes())
	}
	secret := aaaSecret
	if a.wrong {
		secret = "another one that is as long"
	}
	out, err := p.Response(request, []byte(secret))
	if err != nil {
		return nil
	}
	return out
}

// sliceCredentials reads "slice-credential=2-010203:user:secret".
func sliceCredentials(text string) (map[ident.SNSSAI]ue.SliceCredential, error) {
	if text == "" {
		return nil, nil
	}
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return nil, fmt.Errorf("slice-credential %q: want slice:user:secret", text)
	}
	s, err := ident.ParseSNSSAI(parts[0])
	return map[ident.SNSSAI]ue.SliceCredential{s: {Identity: parts[1], Secret: parts[2]}}, err
}
