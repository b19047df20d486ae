package sctp

import (
	"bytes"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// probe is a peer written packet by packet, to say what no proper peer would.
type probe struct {
	t        *testing.T
	net      *simNet
	addr     netip.Addr
	port     uint16
	mu       sync.Mutex
	got      [][]byte
	tag      uint32 // ours
	peerTag  uint32
	peerInit initChunk
}

func newProbe(t *testing.T, n *simNet, addrs ...string) *probe {
	p := &probe{t: t, net: n, addr: netip.MustParseAddr(addrs[0]), port: 5000, tag: 77}
	l := &simLink{net: n, tap: func(_ route, b []byte) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.got = append(p.got, b)
	}}
	for _, a := range addrs {
		n.hosts[netip.MustParseAddr(a)] = l
	}
	return p
}

// sendFrom sends chunks from an address of ours to the AMF.
func (p *probe) sendFrom(addr netip.Addr, tag uint32, cs ...[]byte) {
	b := appendHeader(nil, header{p.port, PortNGAP, tag})
	b = append(b, bytes.Join(cs, nil)...)
	seal(b)
	p.net.carry(route{addr, netip.AddrPortFrom(amfPort.Addr(), 0)}, b)
	time.Sleep(20 * time.Millisecond)
	synctest.Wait()
}

func (p *probe) send(cs ...[]byte) { p.sendFrom(p.addr, p.peerTag, cs...) }

// replies are the chunks that came since the last call.
func (p *probe) replies() (all []chunk) {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.got {
		if _, err := parseHeader(b); err != nil {
			p.t.Fatal(err)
		}
		for c, err := range chunks(b) {
			if err != nil {
				p.t.Fatal(err)
			}
			all = append(all, c)
		}
	}
	p.got = nil
	return all
}

// wantReplies checks the types of the chunks that came.
func (p *probe) wantReplies(what string, want ...chunkType) []chunk {
	p.t.Helper()
	got := p.replies()
	ok := len(got) == len(want)
	for i := range got {
		ok = ok && got[i].Type == want[i]
	}
	if !ok {
		p.t.Fatalf("%s: replies %+v, want types %v", what, got, want)
	}
	return got
}

func (p *probe) init() initChunk {
	return initChunk{Tag: p.tag, Window: 100_000, OutboundStreams: 4, InboundStreams: 4, TSN: 1000}
}

// cookie sends INIT and returns the cookie of its answer.
func (p *probe) cookie(i initChunk) []byte {
	p.t.Helper()
	p.sendFrom(p.addr, 0, i.append(nil, typeINIT))
	ack := p.wantReplies("INIT", typeINITACK)[0]
	var err error
	if p.peerInit, err = parseINIT(ack); err != nil {
		p.t.Fatal(err)
	}
	p.peerTag = p.peerInit.Tag
	return p.peerInit.Cookie
}

// connect sets an association up.
func (p *probe) connect(i initChunk) {
	p.t.Helper()
	p.send(appendChunk(nil, typeCOOKIEECHO, 0, p.cookie(i)))
	for _, c := range p.replies() {
		if c.Type == typeCOOKIEACK {
			return
		}
	}
	p.t.Fatal("no COOKIE ACK")
}

// probed runs a test with an AMF without heartbeats and a probe.
func probed(t *testing.T, cfg Config, f func(t *testing.T, amf *endpoint, l Listener, p *probe)) {
	synctest.Test(t, func(t *testing.T) {
		n := newSimNet(t, 1)
		cfg.HeartbeatInterval = -1
		amf := n.host(cfg, amfAddr)
		l, err := amf.Listen(amfPort)
		if err != nil {
			t.Fatal(err)
		}
		f(t, amf, l, newProbe(t, n, gnbAddr, "10.0.0.3", "10.0.0.4"))
		amf.Close()
	})
}

func data(tsn uint32, stream, ssn uint16, s string) []byte {
	d := dataChunk{Beginning: true, Ending: true, TSN: tsn, Stream: stream, SSN: ssn, PPID: PPIDNGAP, Data: []byte(s)}
	return d.append(nil)
}

// TestUnknownChunks obeys the two highest bits of a chunk type, RFC 9260 §3.2.
func TestUnknownChunks(t *testing.T) {
	for _, c := range []struct {
		kind         chunkType
		next, report bool
	}{
		{0x0f, false, false}, {0x40, false, true}, {0x82, true, false}, {0xc0, true, true}, // AUTH, I-DATA, RE-CONFIG, FORWARD-TSN
	} {
		probed(t, Config{}, func(t *testing.T, _ *endpoint, l Listener, p *probe) {
			p.connect(p.init())
			a := accept(t, l)
			unknown := appendChunk(nil, c.kind, 0, []byte{1, 2, 3, 4})
			p.send(unknown, data(1000, 0, 0, "behind"))
			time.Sleep(time.Second)
			var want []chunkType
			if c.report {
				want = append(want, typeERROR)
			}
			if c.next {
				want = append(want, typeSACK)
			}
			replies := p.wantReplies("unknown", want...)
			if c.report {
				if cause, _ := parseCauses(replies[0]); cause != CauseUnrecognizedChunkType || !bytes.HasSuffix(replies[0].Value, unknown) {
					t.Errorf("%#x: reported %x", c.kind, replies[0].Value)
				}
			}
			if a.in.inbox.len() == 1 != c.next {
				t.Errorf("%#x: %d messages", c.kind, a.in.inbox.len())
			}
		})
	}
}

// TestBadData answers what DATA may not be, RFC 9260 §6.2, §6.5 and §6.9.
func TestBadData(t *testing.T) {
	fragment := func(tsn uint32, stream, ssn uint16, begin, end bool) []byte {
		d := dataChunk{Beginning: begin, Ending: end, TSN: tsn, Stream: stream, SSN: ssn, Data: []byte("part")}
		return d.append(nil)
	}
	for name, c := range map[string]struct {
		send [][]byte
		want chunkType
		code Cause
	}{
		"no user data":       {[][]byte{data(1000, 0, 0, "")}, typeABORT, CauseNoUserData},
		"invalid stream":     {[][]byte{data(1000, 4, 0, "x")}, typeERROR, CauseInvalidStreamIdentifier},
		"SSN used twice":     {[][]byte{data(1000, 1, 0, "x"), data(1001, 1, 0, "y")}, typeABORT, CauseProtocolViolation},
		"mixed messages":     {[][]byte{fragment(1000, 1, 0, true, false), fragment(1001, 2, 0, false, true)}, typeABORT, CauseProtocolViolation},
		"two beginnings":     {[][]byte{fragment(1000, 1, 0, true, false), fragment(1001, 1, 1, true, false)}, typeABORT, CauseProtocolViolation},
		"short DATA":         {[][]byte{appendChunk(nil, typeDATA, 3, make([]byte, 8))}, typeABORT, CauseProtocolViolation},
		"SACK of the future": {[][]byte{(&sackChunk{CumulativeTSN: 5}).append(nil)}, typeABORT, CauseProtocolViolation},
		"short SACK":         {[][]byte{appendChunk(nil, typeSACK, 0, make([]byte, 8))}, typeABORT, CauseProtocolViolation},
		"short SHUTDOWN":     {[][]byte{appendChunk(nil, typeSHUTDOWN, 0, nil)}, typeABORT, CauseProtocolViolation},
	} {
		t.Run(name, func(t *testing.T) {
			probed(t, Config{}, func(t *testing.T, amf *endpoint, l Listener, p *probe) {
				p.connect(p.init())
				if name == "SACK of the future" {
					c.send[0] = (&sackChunk{CumulativeTSN: p.peerInit.TSN + 5}).append(nil)
				}
				p.send(c.send...)
				replies := p.replies()
				if len(replies) == 0 || replies[0].Type != c.want {
					t.Fatalf("replies %+v", replies)
				}
				if cause, _ := parseCauses(replies[0]); cause != c.code {
					t.Errorf("cause %v, want %v", cause, c.code)
				}
				if (associations(amf) == 0) != (c.want == typeABORT) {
					t.Errorf("%d associations left", associations(amf))
				}
			})
		})
	}
}

// TestForged sends what a stranger could without knowing the verification tag, RFC 9260 §8.5.
func TestForged(t *testing.T) {
	probed(t, Config{}, func(t *testing.T, _ *endpoint, l Listener, p *probe) {
		p.connect(p.init())
		a := accept(t, l)
		for _, tag := range []uint32{0, p.peerTag + 1, p.tag} {
			for _, c := range [][]byte{
				appendAbort(nil, 0, 0, nil), appendChunk(nil, typeSHUTDOWN, 0, appendCumulative(p.peerInit.TSN-1)),
				appendChunk(nil, typeSHUTDOWNCOMPLETE, 0, nil), appendChunk(nil, typeSHUTDOWNACK, 0, nil),
				(&sackChunk{CumulativeTSN: p.peerInit.TSN + 5}).append(nil), data(1000, 0, 0, "forged"),
				appendChunk(nil, typeHEARTBEAT, 0, appendTLV(nil, 1, []byte("1234"))),
			} {
				p.sendFrom(p.addr, tag, c)
			}
		}
		p.sendFrom(p.addr, p.peerTag, appendAbort(nil, flagT, 0, nil)) // the T bit asks for the other tag
		p.wantReplies("forged")
		if a.state != stateEstablished || a.in.inbox.len() != 0 {
			t.Errorf("state %d, %d messages", a.state, a.in.inbox.len())
		}
		p.sendFrom(p.addr, p.tag, appendAbort(nil, flagT, 0, nil))
		if a.state != stateClosed {
			t.Error("ABORT with T bit and reflected tag ignored")
		}
	})
}

// TestHandshakeHoldsNothing floods INIT and bad cookies: no state is made, and answers are limited, RFC 9260 §5.1.3.
func TestHandshakeHoldsNothing(t *testing.T) {
	probed(t, Config{MaxInitsPerSecond: 100}, func(t *testing.T, amf *endpoint, _ Listener, p *probe) {
		i := p.init()
		b := append(appendHeader(nil, header{p.port, PortNGAP, 0}), i.append(nil, typeINIT)...)
		seal(b)
		for range 5000 {
			amf.input(route{amfPort.Addr(), netip.AddrPortFrom(p.addr, 0)}, b)
		}
		time.Sleep(20 * time.Millisecond)
		if n := len(p.replies()); n != 100 {
			t.Errorf("%d answers to 5000 INIT chunks in one moment, want 100", n)
		}
		time.Sleep(2 * time.Second)
		ck := p.cookie(i)
		for n := range ck {
			bad := bytes.Clone(ck)
			bad[n] ^= 1
			p.send(appendChunk(nil, typeCOOKIEECHO, 0, bad))
		}
		p.wantReplies("changed cookies")
		p.sendFrom(netip.MustParseAddr("10.0.0.3"), p.peerTag, appendChunk(nil, typeCOOKIEECHO, 0, ck))
		p.wantReplies("cookie from another address")
		if associations(amf) != 0 || len(amf.associations) != 0 {
			t.Errorf("%d associations", associations(amf))
		}
		time.Sleep(61 * time.Second)
		p.send(appendChunk(nil, typeCOOKIEECHO, 0, ck))
		stale := p.wantReplies("stale cookie", typeERROR)[0]
		if cause, _ := parseCauses(stale); cause != CauseStaleCookie {
			t.Errorf("cause %v", cause)
		}
		p.connect(i)
	})
}

// TestTooManyAssociations refuses with a cause, RFC 9260 §3.3.10.4.
func TestTooManyAssociations(t *testing.T) {
	probed(t, Config{MaxAssociations: 1}, func(t *testing.T, _ *endpoint, _ Listener, p *probe) {
		p.connect(p.init())
		p.port++
		p.send(appendChunk(nil, typeCOOKIEECHO, 0, p.cookie(p.init())))
		if cause, _ := parseCauses(p.wantReplies("second", typeABORT)[0]); cause != CauseOutOfResource {
			t.Errorf("cause %v", cause)
		}
	})
}

// TestStray handles packets that belong to no association, RFC 9260 §8.4.
func TestStray(t *testing.T) {
	for name, c := range map[string]struct {
		send []byte
		want []chunkType
	}{
		"DATA":              {data(1, 0, 0, "x"), []chunkType{typeABORT}},
		"ABORT":             {appendAbort(nil, 0, 0, nil), nil},
		"SHUTDOWN ACK":      {appendChunk(nil, typeSHUTDOWNACK, 0, nil), []chunkType{typeSHUTDOWNCOMPLETE}},
		"SHUTDOWN COMPLETE": {appendChunk(nil, typeSHUTDOWNCOMPLETE, 0, nil), nil},
		"COOKIE ACK":        {appendChunk(nil, typeCOOKIEACK, 0, nil), nil},
		"stale cookie":      {appendError(nil, CauseStaleCookie, make([]byte, 4)), nil},
		"bad cookie":        {appendChunk(nil, typeCOOKIEECHO, 0, make([]byte, 200)), nil},
	} {
		probed(t, Config{}, func(t *testing.T, _ *endpoint, _ Listener, p *probe) {
			p.sendFrom(p.addr, 4711, c.send)
			if h := p.got; len(h) > 0 {
				if got, _ := parseHeader(h[0]); got.VerificationTag != 4711 {
					t.Errorf("%s: tag %d not reflected", name, got.VerificationTag)
				}
			}
			for _, r := range p.wantReplies(name, c.want...) {
				if r.Flags&flagT == 0 {
					t.Errorf("%s: no T bit", name)
				}
			}
		})
	}
}

// TestRestartWithNewAddress refuses to hand an association over, RFC 9260 §5.2.2.
func TestRestartWithNewAddress(t *testing.T) {
	probed(t, Config{}, func(t *testing.T, amf *endpoint, _ Listener, p *probe) {
		p.connect(p.init())
		i := p.init()
		i.Tag, i.Addresses = 99, []netip.Addr{netip.MustParseAddr("10.0.0.3")}
		p.sendFrom(p.addr, 0, i.append(nil, typeINIT))
		if cause, _ := parseCauses(p.wantReplies("INIT", typeABORT)[0]); cause != CauseRestartNewAddresses {
			t.Errorf("cause %v", cause)
		}
		if associations(amf) != 1 {
			t.Error("the association is gone")
		}
	})
}

// TestSackRules looks at when acknowledgements come, RFC 9260 §6.2 and §6.7.
func TestSackRules(t *testing.T) {
	probed(t, Config{}, func(t *testing.T, _ *endpoint, _ Listener, p *probe) {
		p.connect(p.init())
		p.send(data(1000, 0, 0, "a"))
		p.wantReplies("first packet")
		time.Sleep(170 * time.Millisecond)
		p.wantReplies("190 ms later")
		time.Sleep(20 * time.Millisecond)
		p.wantReplies("after 200 ms", typeSACK)
		p.send(data(1001, 0, 1, "b"))
		p.send(data(1002, 0, 2, "c"))
		p.wantReplies("second packet", typeSACK)
		p.send(data(1004, 0, 4, "e"))
		p.send(data(1004, 0, 4, "e"))
		replies := p.wantReplies("gap and duplicate", typeSACK, typeSACK)
		s, err := parseSACK(replies[1])
		if err != nil || s.CumulativeTSN != 1002 || len(s.Gaps) != 1 || s.Gaps[0] != (gapBlock{2, 2}) ||
			len(s.Duplicates) != 1 || s.Duplicates[0] != 1004 {
			t.Errorf("SACK %+v, %v", s, err)
		}
		d := dataChunk{Immediate: true, Beginning: true, Ending: true, TSN: 1003, SSN: 3, Data: []byte("d")}
		p.send(d.append(nil))
		if s, _ := parseSACK(p.wantReplies("gap closed", typeSACK)[0]); s.CumulativeTSN != 1004 || len(s.Gaps) != 0 {
			t.Errorf("SACK %+v", s)
		}
	})
}

// TestMultiHomedPeer takes data from every address that the peer lists and from no other, confirms the addresses,
// and moves to another one when the first fails, RFC 9260 §5.4 and §6.4.
func TestMultiHomedPeer(t *testing.T) {
	second := netip.MustParseAddr("10.0.0.3")
	probed(t, Config{}, func(t *testing.T, _ *endpoint, l Listener, p *probe) {
		i := p.init()
		i.Addresses = []netip.Addr{p.addr, second, netip.MustParseAddr("127.0.0.1"), netip.IPv4Unspecified()}
		p.send(appendChunk(nil, typeCOOKIEECHO, 0, p.cookie(i)))
		a := accept(t, l)
		if len(a.paths) != 2 || a.paths[1].confirmed {
			t.Fatalf("%d paths", len(a.paths))
		}
		for _, c := range p.replies() {
			if c.Type == typeHEARTBEAT {
				p.sendFrom(second, p.peerTag, appendChunk(nil, typeHEARTBEATACK, 0, c.Value))
			}
		}
		if !a.paths[1].confirmed {
			t.Error("second address is not confirmed by its heartbeat")
		}
		p.sendFrom(second, p.peerTag, data(1000, 0, 0, "from the second"))
		p.sendFrom(netip.MustParseAddr("10.0.0.4"), p.peerTag, data(1001, 0, 1, "from a stranger"))
		if a.in.inbox.len() != 1 {
			t.Errorf("%d messages", a.in.inbox.len())
		}
		p.replies()
		var to []netip.Addr
		p.net.setDrop(func(r route, b []byte) bool {
			if r.local == amfPort.Addr() {
				to = append(to, r.remote.Addr())
			}
			return false
		})
		mustSend(t, a, text(0, "nobody acknowledges"))
		time.Sleep(3500 * time.Millisecond)
		synctest.Wait()
		if len(to) < 2 || to[0] != p.addr || to[1] != second {
			t.Errorf("sent to %v", to)
		}
	})
}
