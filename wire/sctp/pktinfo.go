package sctp

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// socketBuffer is the size in octets of a shared socket's buffers: all associations burst into the same one.
const socketBuffer = 4 << 20

// growBuffers sets a socket's buffers, beyond the system's limit if that is allowed.
func growBuffers(c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		for plain, force := range map[int]int{unix.SO_RCVBUF: unix.SO_RCVBUFFORCE, unix.SO_SNDBUF: unix.SO_SNDBUFFORCE} {
			if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, force, socketBuffer) != nil {
				// A smaller buffer only loses more in a burst.
				_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, plain, socketBuffer)
			}
		}
	})
}

// controlSize is the room in octets for the control messages that tell a packet's local address and its arrival.
const controlSize = 128

// askArrival makes a socket tell when the kernel took in each packet.
func askArrival(c syscall.RawConn) error { return ask(c, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS) }

// ask turns an option of a socket on.
func ask(c syscall.RawConn, level, option int) error {
	var err error
	failed := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), level, option, 1) })
	return errors.Join(failed, err)
}

// arrivalOf reads the time of arrival from control messages; zero if it is not there.
func arrivalOf(control []byte) time.Time {
	for len(control) > 0 {
		h, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			break
		}
		if h.Level == unix.SOL_SOCKET && h.Type == unix.SCM_TIMESTAMPNS && len(data) >= 16 {
			return time.Unix(int64(binary.NativeEndian.Uint64(data)), int64(binary.NativeEndian.Uint64(data[8:])))
		}
		control = rest
	}
	return time.Time{}
}

// askLocal makes a socket tell the local address of each packet.
func askLocal(c syscall.RawConn, v6 bool) error {
	if v6 {
		return ask(c, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO)
	}
	return ask(c, unix.IPPROTO_IP, unix.IP_PKTINFO)
}

// localOf reads the local address from control messages; invalid if it is not there.
func localOf(control []byte) netip.Addr {
	for len(control) > 0 {
		h, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			return netip.Addr{}
		}
		switch {
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			return netip.AddrFrom4([4]byte(data[8:12]))
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			return netip.AddrFrom16([16]byte(data[:16])).Unmap()
		}
		control = rest
	}
	return netip.Addr{}
}

// controlFrom is the control message that makes a packet leave from a local address.
func controlFrom(local netip.Addr) []byte {
	if local.Is4() {
		return unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: local.As4()})
	}
	return unix.PktInfo6(&unix.Inet6Pktinfo{Addr: local.As16()})
}

// routeSource asks the kernel from which local address packets to remote leave. Nothing is sent.
func routeSource(remote netip.Addr) (netip.Addr, error) {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(remote, 9)))
	if err != nil {
		return netip.Addr{}, err
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap().WithZone(""), nil
}

// splitIPv4 parts an IPv4 packet, as raw sockets give it, into addresses and payload.
func splitIPv4(p []byte) (local, remote netip.Addr, payload []byte, ok bool) {
	if len(p) < 20 || p[0]>>4 != 4 {
		return local, remote, nil, false
	}
	n, total := int(p[0]&15)*4, int(binary.BigEndian.Uint16(p[2:]))
	if n < 20 || total < n || total > len(p) {
		return local, remote, nil, false
	}
	return netip.AddrFrom4([4]byte(p[16:20])), netip.AddrFrom4([4]byte(p[12:16])), p[n:total], true
}
