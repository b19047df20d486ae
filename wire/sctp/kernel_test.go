package sctp

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestSndRcv encodes and decodes the control message of a message, RFC 6458 §5.3.2.
func TestSndRcv(t *testing.T) {
	b := sndRcvMessage(5, flagUnordered, PPIDNGAP)
	h, v, rest, err := unix.ParseOneSocketControlMessage(b)
	if err != nil || h.Level != unix.IPPROTO_SCTP || h.Type != cmsgSndRcv || len(v) != sndRcvSize || len(rest) != 0 {
		t.Fatalf("%+v, %d octets, %d left, %v", h, len(v), len(rest), err)
	}
	if got := binary.BigEndian.Uint32(v[8:]); got != PPIDNGAP {
		t.Errorf("PPID %d on the wire", got)
	}
	m, ok := parseSndRcv(b)
	if !ok || m.Stream != 5 || m.PPID != PPIDNGAP || !m.Unordered {
		t.Errorf("%+v, %v", m, ok)
	}
	for n := range b {
		if _, ok := parseSndRcv(b[:n]); ok {
			t.Errorf("%d of %d octets accepted", n, len(b))
		}
	}
}

// change is a notification as the kernel gives it, RFC 6458 §6.1.1.
func change(state uint16, cause Cause, streams uint16) []byte {
	b := make([]byte, 20)
	ne := binary.NativeEndian
	ne.PutUint16(b, eventAssocChange)
	ne.PutUint32(b[4:], 20)
	ne.PutUint16(b[8:], state)
	binary.BigEndian.PutUint16(b[10:], uint16(cause))
	ne.PutUint16(b[12:], streams)
	return b
}

// TestAssocChange decodes notifications.
func TestAssocChange(t *testing.T) {
	b := change(changeCommLost, CauseUserInitiatedAbort, 7)
	c, ok := parseAssocChange(b)
	if !ok || c != (assocChange{changeCommLost, CauseUserInitiatedAbort, 7}) {
		t.Errorf("%+v, %v", c, ok)
	}
	for n := range b {
		if _, ok := parseAssocChange(b[:n]); ok {
			t.Errorf("%d octets accepted", n)
		}
	}
	b[0]++
	if _, ok := parseAssocChange(b); ok {
		t.Error("another notification accepted")
	}
}

// TestSocketOptions checks the layout of the option structures against <linux/sctp.h> of a 64-bit little-endian machine.
func TestSocketOptions(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		return // the octets below are of the other order
	}
	cfg := Config{Streams: 8, MaxInitRetransmits: 4, RTOInitial: 1000 * time.Millisecond, RTOMin: 500 * time.Millisecond,
		RTOMax: 4000 * time.Millisecond, AssociationMaxRetrans: 6, PathMaxRetrans: 3, CookieLifetime: 60 * time.Second,
		HeartbeatInterval: 5 * time.Second}.withDefaults()
	got := socketOptions(cfg)
	for opt, want := range map[int]string{
		optInitMsg:   "0800000804000000",
		optRTOInfo:   "00000000e8030000a00f0000f4010000",
		optAssocInfo: "0000000006000000000000000000000060ea0000",
		optNoDelay:   "01000000",
		optEvents:    "0101000000000000",
	} {
		if hex.EncodeToString(got[opt]) != want {
			t.Errorf("option %d: %x, want %s", opt, got[opt], want)
		}
	}
	p := got[optPeerAddrParams]
	if len(p) != 156 || hex.EncodeToString(p[132:]) != "881300000300000000000000000001000000000000000000" {
		t.Errorf("SCTP_PEER_ADDR_PARAMS: %x", p[132:])
	}
	var status [statusSize]byte
	status[18] = 9
	if n := outboundStreams(status); n != 9 {
		t.Errorf("%d outbound streams", n)
	}
}

// TestSockaddr converts addresses both ways.
func TestSockaddr(t *testing.T) {
	for _, s := range []string{"192.0.2.1:38412", "[2001:db8::1]:38412"} {
		a := netip.MustParseAddrPort(s)
		if got := addrPort(sockaddr(a)); got != a {
			t.Errorf("%v became %v", a, got)
		}
	}
}

// TestKernelTake sorts messages, parts of messages and notifications, RFC 6458 §3.1.4 and §6.1.
func TestKernelTake(t *testing.T) {
	a := &kernelAssociation{ // without a socket: what the kernel would give is fed in
		k:       newKernel(Config{Log: slog.New(slog.DiscardHandler)}.withDefaults()),
		streams: 4, reading: make(chan struct{}, 1), writing: make(chan struct{}, 1),
	}
	info := sndRcvMessage(2, 0, PPIDNGAP)
	a.take([]byte("one "), info, 0)
	a.take([]byte("message"), info, unix.MSG_EOR)
	a.take(change(changeRestart, 0, 3), nil, unix.MSG_EOR|msgNotification)
	a.take([]byte("two"), info, unix.MSG_EOR)
	a.take(change(changeCommLost, CauseUserInitiatedAbort, 0), nil, unix.MSG_EOR|msgNotification)
	wantMessage(t, a, text(2, "one message"))
	wantEnd(t, a, ErrRestarted)
	wantMessage(t, a, text(2, "two"))
	if a.OutboundStreams() != 3 {
		t.Errorf("%d streams after the restart", a.OutboundStreams())
	}
	var abort *AbortError
	if err := a.endOf(unix.ECONNRESET); !errors.As(err, &abort) || abort.Cause != CauseUserInitiatedAbort {
		t.Errorf("ECONNRESET: %v", err)
	}
	for errno, want := range map[error]error{unix.ETIMEDOUT: ErrPeerUnreachable, unix.ENOTCONN: io.EOF, unix.EIO: unix.EIO} {
		if err := a.endOf(errno); err != want {
			t.Errorf("%v: %v, want %v", errno, err, want)
		}
	}
}

// TestKernelBinding works with the kernel's SCTP where there is one, and says clearly that there is none elsewhere.
func TestKernelBinding(t *testing.T) {
	tr, err := New(Config{Binding: BindingKernel, Log: slog.New(slog.DiscardHandler)})
	if kernelHasSCTP() != nil {
		if !errors.Is(err, ErrNoKernelSCTP) {
			t.Fatalf("New: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	l, err := tr.Listen(loopbackNGAP)
	if err != nil {
		t.Fatal(err)
	}
	g, err := tr.Dial(bounded(t), netip.AddrPort{}, loopbackNGAP)
	if err != nil {
		t.Fatal(err)
	}
	a, err := l.Accept(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	for i, size := range []int{1, 1000, 200_000} {
		m := Message{Stream: uint16(i), PPID: PPIDNGAP, Data: numbered(i, size)}
		mustSend(t, g, m)
		wantMessage(t, a, m)
	}
	if err := g.Shutdown(bounded(t)); err != nil {
		t.Error(err)
	}
	wantEnd(t, a, io.EOF)
	_, err = tr.Dial(bounded(t), netip.AddrPort{}, netip.AddrPortFrom(loopbackNGAP.Addr(), 9))
	var abort *AbortError
	if !errors.As(err, &abort) {
		t.Errorf("Dial of a closed port: %v", err)
	}
}

// TestAwait waits in the poller for a socket that is not ready, and gives up with its context.
func TestAwait(t *testing.T) {
	f, other := socketPair(t)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	buf := make([]byte, 10)
	n := 0
	read := func(fd int) (err error) { n, err = unix.Read(fd, buf); return err }
	if err := await(ctx, f, false, read); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("await: %v", err)
	}
	go other.Write([]byte("now"))
	if err := await(bounded(t), f, false, read); err != nil || n != 3 {
		t.Fatalf("await: %d octets, %v", n, err)
	}
	go func() {
		time.Sleep(10 * time.Millisecond)
		f.Close()
	}()
	if err := await(bounded(t), f, false, read); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("await of a closed socket: %v", err)
	}
}

// socketPair is two connected sockets in the poller.
func socketPair(t *testing.T) (a, b *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	a, b = os.NewFile(uintptr(fds[0]), "a"), os.NewFile(uintptr(fds[1]), "b")
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}
