// Package sctp is the Stream Control Transmission Protocol of RFC 9260 as N2 needs it (TS 38.412 §7).
//
// One interface has three bindings: the kernel's SCTP, an endpoint of our own over raw IP protocol 132,
// and the same endpoint encapsulated in UDP (RFC 6951 §4). New chooses one and logs why.
//
// Our endpoint is one reader for each socket and one struct for each association: no goroutine, and while at rest
// one timer. It reaches a peer at all addresses that the peer lists, from one local address. ECN, partial
// reliability, re-configuration, dynamic addresses and authentication are not offered; a peer that offers them
// is told so by the rules for unknown parameters and chunks, RFC 9260 §3.2.
package sctp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"time"
)

// PPIDNGAP is the payload protocol identifier of NGAP, TS 38.412 §7.
const PPIDNGAP = 60

// PortNGAP is the SCTP port of an AMF, TS 38.412 §7.
const PortNGAP = 38412

// Message is one user message, RFC 9260 §1.3. The receiver owns Data.
type Message struct {
	Stream    uint16 // stream identifier
	PPID      uint32 // payload protocol identifier, in host order
	Unordered bool   // delivered without regard to the stream's order, RFC 9260 §6.6
	Data      []byte // at least one octet
	// Arrived is when the kernel took in the packet that made a received message whole, where Config.Arrivals asks for it; else
	// zero. It is the wall clock's.
	Arrived time.Time
}

// Association is an SCTP association, RFC 9260 §1.3. All methods may be called at once from several goroutines.
type Association interface {
	// Receive returns the next message, RFC 9260 §11.1.7. It fails with io.EOF after a graceful shutdown, *AbortError
	// after an ABORT, ErrPeerUnreachable, net.ErrClosed after a local Abort, or ctx's error. ErrRestarted is returned
	// once when the peer has restarted; the association then goes on with fresh streams, RFC 9260 §5.2.
	Receive(ctx context.Context) (Message, error)
	// Send queues a message, RFC 9260 §11.1.5. It keeps no reference to m.Data, and blocks only while the send buffer
	// is full. It fails with ErrStream, ErrMessageSize, ErrShutdown, the association's end, or ctx's error.
	Send(ctx context.Context, m Message) error
	// OutboundStreams is the number of streams the peer lets us send on, RFC 9260 §5.1.1.
	OutboundStreams() uint16
	LocalAddr() netip.AddrPort
	// RemoteAddr is the peer's primary address, RFC 9260 §6.4.
	RemoteAddr() netip.AddrPort
	// Shutdown ends the association when the peer has acknowledged all that was sent, RFC 9260 §9.2. If ctx ends
	// first the shutdown goes on by itself, bounded by timer T5.
	Shutdown(ctx context.Context) error
	// Abort ends the association at once and tells the peer the reason, RFC 9260 §9.1.
	Abort(reason string) error
}

// Listener accepts associations that peers set up, RFC 9260 §5.1.
type Listener interface {
	// Accept fails with net.ErrClosed after Close, or ctx's error.
	Accept(ctx context.Context) (Association, error)
	Addr() netip.AddrPort
	// Close ends Accept; accepted associations live on, those not yet accepted are aborted.
	Close() error
}

// Transport is one binding of SCTP: all its associations share its sockets.
type Transport interface {
	// Listen accepts associations at addr. Its address may be unspecified; port 0 chooses a free one.
	Listen(addr netip.AddrPort) (Listener, error)
	// Dial sets up an association, RFC 9260 §5.1. A zero local address or port is chosen by route. It fails with
	// *AbortError when the peer refuses, ErrPeerUnreachable when it is silent, or ctx's error.
	Dial(ctx context.Context, local, remote netip.AddrPort) (Association, error)
	Binding() Binding
	// Close aborts every association and closes the sockets.
	Close() error
}

// Binding names what carries the SCTP packets.
type Binding string

// The bindings.
const (
	BindingKernel Binding = "kernel" // the operating system's SCTP
	BindingRaw    Binding = "raw"    // our endpoint over IP protocol 132
	BindingUDP    Binding = "udp"    // our endpoint over UDP, RFC 6951 §4
)

// PortUDPEncapsulation is the registered port of SCTP over UDP, RFC 6951 §4.1.
const PortUDPEncapsulation = 9899

// Config sets up a Transport. The zero value of every field is its default.
type Config struct {
	Binding Binding // empty: kernel if it has SCTP, else raw if allowed, else udp
	// RawSockets are those of BindingRaw over IPv4 and IPv6, from OpenRaw of a process that may open them; nil: New opens them.
	RawSockets    [2]*os.File
	UDPPort       uint16 // local port of the UDP encapsulation; default 9899. Dial takes any port if it is in use
	RemoteUDPPort uint16 // port to which Dial sends encapsulated packets; default 9899

	Streams           uint16        // outbound streams asked for; default 16
	HeartbeatInterval time.Duration // HB.interval, RFC 9260 §16; default 30 s; negative: no heartbeats

	RTOInitial time.Duration // RFC 9260 §16; default 1 s
	RTOMin     time.Duration // default 1 s
	RTOMax     time.Duration // default 60 s

	MaxAssociations       int // default 8192
	MaxInitRetransmits    int // Max.Init.Retransmits, RFC 9260 §16; default 8
	MaxInitsPerSecond     int // INIT chunks answered per second; default 5000
	PathMaxRetrans        int // Path.Max.Retrans, RFC 9260 §16; default 5
	AssociationMaxRetrans int // Association.Max.Retrans, RFC 9260 §16; default 10

	CookieLifetime time.Duration // Valid.Cookie.Life, RFC 9260 §16; default 60 s
	MTU            int           // IP packet size in octets; default 1400; 576 to 9000
	ReceiveWindow  int           // octets buffered for Receive per association; default 512 KiB
	SendBuffer     int           // octets buffered by Send per association; default 512 KiB
	MaxMessage     int           // largest message in octets; default 256 KiB, at most the two buffers

	// Arrivals makes received messages say when they arrived, for those who measure: BindingRaw over IPv4 and IPv6.
	Arrivals bool

	Log *slog.Logger // default slog.Default()
}

// ForN2 shortens the timers of RFC 9260 §16 so that a gNB or an AMF that is gone is noticed within half a minute, idle or
// not (the defaults take more than five), which phones feel and TS 38.412 §7 leaves to the operator. The worst case is
// four heartbeats, each after HB.interval and one and a half RTO (1, 2, 3, 3 s), and the last RTO: 28.5 s.
func (c Config) ForN2() Config {
	c.HeartbeatInterval = 3 * time.Second
	c.PathMaxRetrans, c.AssociationMaxRetrans = 3, 3
	c.RTOMax = 3 * time.Second
	return c
}

// Errors of associations and transports.
var (
	// ErrPeerUnreachable: the peer does not answer, RFC 9260 §8.1.
	ErrPeerUnreachable = errors.New("sctp: peer is unreachable")
	// ErrRestarted: the peer has restarted, RFC 9260 §5.2. The association goes on with fresh streams.
	ErrRestarted = errors.New("sctp: peer restarted the association")
	// ErrShutdown: the association is shutting down, so nothing more can be sent, RFC 9260 §9.2.
	ErrShutdown = errors.New("sctp: association is shutting down")
	// ErrStream: the stream is not below OutboundStreams.
	ErrStream = errors.New("sctp: no such outbound stream")
	// ErrMessageSize: the message is empty or larger than Config.MaxMessage.
	ErrMessageSize = errors.New("sctp: message is empty or too large")
	// ErrTooManyAssociations: Config.MaxAssociations is reached.
	ErrTooManyAssociations = errors.New("sctp: too many associations")
	// ErrNoKernelSCTP: the operating system has no SCTP.
	ErrNoKernelSCTP = errors.New("sctp: the kernel has no SCTP")
)

// AbortError is the end of an association by an ABORT chunk, RFC 9260 §3.3.7.
type AbortError struct {
	Cause  Cause  // 0 if the chunk gave none
	Reason string // upper layer abort reason or additional information, if any
	Local  bool   // this side aborted, because of what the peer sent
}

// Error tells who aborted and why.
func (e *AbortError) Error() string {
	who := "peer aborted"
	if e.Local {
		who = "association aborted by this side"
	}
	if e.Reason == "" {
		return fmt.Sprintf("sctp: %s: %v", who, e.Cause)
	}
	return fmt.Sprintf("sctp: %s: %v: %q", who, e.Cause, e.Reason)
}

// withDefaults fills what is zero and bounds the rest.
func (c Config) withDefaults() Config {
	def := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	dur := func(p *time.Duration, v time.Duration) {
		if *p <= 0 {
			*p = v
		}
	}
	def(&c.MaxAssociations, 8192)
	def(&c.MaxInitRetransmits, 8)
	def(&c.MaxInitsPerSecond, 5000)
	def(&c.PathMaxRetrans, 5)
	def(&c.AssociationMaxRetrans, 10)
	def(&c.MTU, 1400)
	def(&c.ReceiveWindow, 512<<10)
	def(&c.SendBuffer, 512<<10)
	def(&c.MaxMessage, 256<<10)
	dur(&c.RTOInitial, time.Second)
	dur(&c.RTOMin, time.Second)
	dur(&c.RTOMax, 60*time.Second)
	dur(&c.CookieLifetime, 60*time.Second)
	c.RTOMax = max(c.RTOMax, c.RTOMin)
	c.RTOInitial = min(max(c.RTOInitial, c.RTOMin), c.RTOMax)
	c.MTU = min(max(c.MTU, 576), 9000)
	c.ReceiveWindow = min(max(c.ReceiveWindow, 4096), 1<<30)
	c.MaxMessage = min(c.MaxMessage, c.SendBuffer, c.ReceiveWindow)
	if c.UDPPort == 0 {
		c.UDPPort = PortUDPEncapsulation
	}
	if c.RemoteUDPPort == 0 {
		c.RemoteUDPPort = PortUDPEncapsulation
	}
	if c.Streams == 0 {
		c.Streams = 16
	}
	if c.HeartbeatInterval == 0 {
		c.HeartbeatInterval = 30 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}
