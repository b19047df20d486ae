package flows

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

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
	return verbs{"aaa": s.tellAAA, "asked": s.askedAAA, "aaa-revokes": s.revokeByAAA, "aaa-doubts": s.doubtByAAA}
}

// revokeByAAA has the AAA server take a slice from a phone: "aaa-revokes msisdn-4917000 2-010203 answer=ack".
func (s *stage) revokeByAAA(_ context.Context, c *command) error {
	return s.askByAAA(c, radius.DisconnectRequest)
}

// doubtByAAA has the AAA server ask for authentication anew: "aaa-doubts msisdn-4917000 2-010203 answer=nak:507".
func (s *stage) doubtByAAA(_ context.Context, c *command) error {
	return s.askByAAA(c, radius.CoARequest)
}

// askByAAA sends what the AAA server begins: with age=1h it is old, with secret=other not from the server, with twice=yes it is
// sent again. answer is ack, nak and the cause of it, or none.
func (s *stage) askByAAA(c *command, code radius.Code) error {
	if len(c.words) != 3 {
		return errors.New("want a GPSI and a slice")
	}
	slice, err := ident.ParseSNSSAI(c.words[2])
	if err != nil {
		return err
	}
	age, err := time.ParseDuration(cmp.Or(c.options["age"], "0"))
	if err != nil {
		return err
	}
	p, err := radius.NewDynamic(code, time.Now().Add(-age))
	if err != nil {
		return err
	}
	p.Add(radius.CallingStationID, []byte(c.words[1]))
	p.AddVendor(radius.Vendor3GPP, radius.SNSSAI3GPP, []byte{slice.SST, byte(slice.SD >> 16), byte(slice.SD >> 8), byte(slice.SD)})
	if code == radius.CoARequest {
		p.Add(radius.ServiceType, radius.Number(radius.AuthorizeOnly))
		p.Add(radius.State, []byte("doubt"))
	}
	request, err := p.Dynamic([]byte(cmp.Or(c.options["secret"], aaaSecret)))
	if err != nil {
		return err
	}
	said, err := s.exchangeByAAA(request)
	if err == nil && c.options["twice"] != "" {
		var again []byte
		if again, err = s.exchangeByAAA(request); err == nil && !bytes.Equal(said, again) {
			err = errors.New("another answer to the same request")
		}
	}
	if err != nil {
		return err
	}
	if got, want := answerToAAA(p, said), c.options["answer"]; got != want {
		return fmt.Errorf("the core says %q, want %q", got, want)
	}
	return nil
}

// aaaListen is where the core listens in the flows.
const aaaListen = "127.0.0.1:3799"

func (s *stage) exchangeByAAA(request []byte) ([]byte, error) {
	server := netip.MustParseAddr("127.0.0.9")
	if s.dial == nil {
		return s.core.AAARequest(context.Background(), server, request), nil
	}
	by := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(netip.AddrPortFrom(server, 0))}
	conn, err := by.Dial("udp", aaaListen)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	buffer := make([]byte, 4096)
	if err := conn.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return nil, err
	}
	n, err := conn.Read(buffer)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, nil
	}
	return buffer[:n], err
}

// answerToAAA is what the core has said: ack, nak:503 or none.
func answerToAAA(request *radius.Packet, b []byte) string {
	if b == nil {
		return "none"
	}
	p, err := radius.Parse(b)
	if err != nil || p.VerifyResponse(b, request, []byte(aaaSecret)) != nil {
		return "an answer that is not the core's"
	}
	switch cause, _ := p.Number(radius.ErrorCause); p.Code {
	case radius.DisconnectACK, radius.CoAACK:
		return "ack"
	case radius.DisconnectNAK, radius.CoANAK:
		return fmt.Sprintf("nak:%d", cause)
	}
	return fmt.Sprintf("code %d", p.Code)
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
