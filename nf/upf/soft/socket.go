package soft

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
)

// socket is N3 over one version of IP.
type socket struct {
	conn *net.UDPConn
	raw  syscall.RawConn
}

// socketBuffer is asked for on N3 in both directions, octets.
const socketBuffer = 8 << 20

func openSocket(addr netip.Addr, log *slog.Logger) (*socket, error) {
	at := netip.AddrPortFrom(addr, gtpu.Port)
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, fmt.Errorf("upf: n3: cannot listen on %s: %w", at, errors.Unwrap(err))
	}
	s := &socket{conn: conn}
	if s.raw, err = conn.SyscallConn(); err == nil {
		err = s.raw.Control(func(fd uintptr) { tune(int(fd), addr.Is6(), log) })
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("upf: n3: %w", err), conn.Close())
	}
	return s, nil
}

// tune asks for large buffers beyond the limits of the namespace, for datagrams joined by the kernel, and to have what
// is above the MTU of the path cut and not refused, TS 29.281 §4.2.2. The path works without them, only slower.
func tune(fd int, v6 bool, log *slog.Logger) {
	options := []struct{ level, option, value int }{{unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, socketBuffer},
		{unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, socketBuffer}, {unix.SOL_UDP, unix.UDP_GRO, 1},
		{unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT}}
	if v6 {
		options[3] = struct{ level, option, value int }{unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DONT}
	}
	for _, o := range options {
		if err := unix.SetsockoptInt(fd, o.level, o.option, o.value); err != nil {
			log.Info("socket option is not available on N3", "level", o.level, "option", o.option, "error", err)
		}
	}
}

// send sends one datagram on N3.
func (p *Path) send(b []byte, to netip.AddrPort) bool { return p.sendMarked(b, to, 0) }

// sendTo sends one datagram to the GTP-U port of a peer, with a traffic class in its outer header.
func (p *Path) sendTo(b []byte, to netip.Addr, class uint8) bool {
	return p.sendMarked(b, netip.AddrPortFrom(to, gtpu.Port), class)
}

func (p *Path) sendMarked(b []byte, to netip.AddrPort, class uint8) bool {
	if p.output != nil {
		p.output.Datagram(to, b, class)
		return true
	}
	s := p.n3[family(to.Addr())]
	if s == nil {
		p.counters.drop(upf.DropSend)
		return false
	}
	var control []byte
	if class != 0 {
		control = appendClass(nil, to.Addr().Is6(), class)
	}
	if _, _, err := s.conn.WriteMsgUDPAddrPort(b, control, to); err != nil {
		p.counters.drop(upf.DropSend)
		return false
	}
	return true
}

// appendClass appends the control message that sets the traffic class of a datagram.
func appendClass(dst []byte, v6 bool, class uint8) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, unix.CmsgSpace(4))...)
	h := (*unix.Cmsghdr)(unsafe.Pointer(&dst[at]))
	h.Level, h.Type = unix.IPPROTO_IP, unix.IP_TOS
	if v6 {
		h.Level, h.Type = unix.IPPROTO_IPV6, unix.IPV6_TCLASS
	}
	h.SetLen(unix.CmsgLen(4))
	binary.NativeEndian.PutUint32(dst[at+unix.CmsgLen(0):], uint32(class))
	return dst
}
