package soft

import (
	"encoding/binary"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batch is how many datagrams one system call moves.
const batch = 64

// mmsghdr is the struct of recvmmsg(2) and sendmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
	_   [4]byte
}

// receiver reads datagrams in batches. With UDP GRO the kernel joins datagrams of one sender into one message; each
// yields them again one by one.
type receiver struct {
	raw     syscall.RawConn
	msgs    [batch]mmsghdr
	iovs    [batch]unix.Iovec
	names   [batch]unix.RawSockaddrInet6
	control [batch][64]byte
	bufs    [batch][]byte
}

// maxDatagram is the largest message that GRO makes.
const maxDatagram = 1 << 16

func newReceiver(raw syscall.RawConn) *receiver {
	r := &receiver{raw: raw}
	for i := range r.msgs {
		r.bufs[i] = make([]byte, maxDatagram)
		r.iovs[i].Base = &r.bufs[i][0]
		r.iovs[i].SetLen(maxDatagram)
		h := &r.msgs[i].hdr
		h.Name = (*byte)(unsafe.Pointer(&r.names[i]))
		h.Iov = &r.iovs[i]
		h.SetIovlen(1)
		h.Control = &r.control[i][0]
	}
	return r
}

// read waits for datagrams and returns the number of messages.
func (r *receiver) read() (int, error) {
	for i := range r.msgs {
		r.msgs[i].hdr.Namelen = unix.SizeofSockaddrInet6
		r.msgs[i].hdr.SetControllen(len(r.control[i]))
	}
	var n int
	var errno syscall.Errno
	err := r.raw.Read(func(fd uintptr) bool {
		got, _, e := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&r.msgs[0])), batch, unix.MSG_DONTWAIT, 0, 0)
		n, errno = int(got), e
		return e != unix.EAGAIN && e != unix.EINTR
	})
	if err != nil {
		return 0, err
	}
	if errno != 0 {
		return 0, errno
	}
	return n, nil
}

// each calls f for each datagram of message i.
func (r *receiver) each(i int, f func(b []byte, from netip.AddrPort)) {
	m := &r.msgs[i]
	b := r.bufs[i][:m.n]
	from := r.from(i)
	size := segmentSize(r.control[i][:m.hdr.Controllen])
	if size <= 0 {
		size = len(b)
	}
	for len(b) > size {
		f(b[:size:size], from)
		b = b[size:]
	}
	f(b, from)
}

func (r *receiver) from(i int) netip.AddrPort {
	name := &r.names[i]
	port := (*[2]byte)(unsafe.Pointer(&name.Port))
	p := binary.BigEndian.Uint16(port[:])
	if name.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), p)
	}
	return netip.AddrPortFrom(netip.AddrFrom16(name.Addr).Unmap(), p)
}

// segmentSize is the length of the joined datagrams, 0 if the message is one datagram.
func segmentSize(control []byte) int {
	for len(control) >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
		n := int(h.Len)
		if n < unix.SizeofCmsghdr || n > len(control) {
			return 0
		}
		if h.Level == unix.SOL_UDP && h.Type == unix.UDP_GRO && n >= unix.CmsgLen(4) {
			return int(binary.NativeEndian.Uint32(control[unix.CmsgLen(0):]))
		}
		control = control[min(len(control), unix.CmsgSpace(n-unix.CmsgLen(0))):]
	}
	return 0
}

// Bounds of one message with UDP_SEGMENT: what every kernel that has it takes.
const (
	maxSegments     = 60
	maxSegmentBytes = 60000
)

// sender sends datagrams in batches. Datagrams of equal length to one peer that follow each other become one message,
// which the kernel segments. What is added must stay as it is until flush.
type sender struct {
	raw     syscall.RawConn
	v6      bool // the socket is one of IPv6
	gso     bool
	lost    func(datagrams int)
	output  Output // nil: the socket
	msgs    [batch]mmsghdr
	iovs    [batch]unix.Iovec
	names   [batch]unix.RawSockaddrInet6
	to      [batch]netip.Addr
	size    [batch]int // of the first datagram of a message
	bytes   [batch]int
	short   [batch]bool // the message ended with a shorter datagram: nothing may follow
	class   [batch]uint8
	control [batch][48]byte
	n, pkts int
}

func newSender(raw syscall.RawConn, v6 bool, lost func(int)) *sender {
	return &sender{raw: raw, v6: v6, gso: true, lost: lost}
}

// add takes a datagram for the GTP-U port of a peer, with a traffic class for its outer header. It returns false if the batch is full or the peer's address is not
// of the socket's version; full tells which.
func (s *sender) add(b []byte, to netip.Addr, class uint8) bool {
	if to.Is4() == s.v6 {
		return false
	}
	if s.output != nil {
		s.output.Datagram(netip.AddrPortFrom(to, gtpuPort), b, class)
		return true
	}
	iov := &s.iovs[s.pkts]
	iov.Base = &b[0]
	iov.SetLen(len(b))
	s.pkts++
	if s.join(b, to, class) {
		return true
	}
	i := s.n
	s.n++
	m := &s.msgs[i]
	m.hdr = unix.Msghdr{Name: (*byte)(unsafe.Pointer(&s.names[i])), Iov: iov}
	m.hdr.SetIovlen(1)
	m.hdr.Namelen = sockaddr(&s.names[i], to)
	s.to[i], s.class[i], s.size[i], s.bytes[i], s.short[i] = to, class, len(b), len(b), false
	if class != 0 {
		s.controls(i, appendClass(s.control[i][:0], s.v6, class))
	}
	return true
}

// full tells that flush must come before the next add.
func (s *sender) full() bool { return s.pkts == batch }

// join adds the datagram to the last message if the kernel can make both of one.
func (s *sender) join(b []byte, to netip.Addr, class uint8) bool {
	i := s.n - 1
	if !s.gso || i < 0 || s.to[i] != to || s.class[i] != class || s.short[i] || len(b) > s.size[i] || s.bytes[i]+len(b) > maxSegmentBytes {
		return false
	}
	h := &s.msgs[i].hdr
	if h.Iovlen >= maxSegments {
		return false
	}
	h.SetIovlen(int(h.Iovlen) + 1)
	s.bytes[i] += len(b)
	s.short[i] = len(b) < s.size[i]
	c := s.control[i][:0]
	if class != 0 {
		c = appendClass(c, s.v6, class)
	}
	at := len(c)
	c = c[:at+unix.CmsgSpace(2)]
	cm := (*unix.Cmsghdr)(unsafe.Pointer(&c[at]))
	cm.Level, cm.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	cm.SetLen(unix.CmsgLen(2))
	binary.NativeEndian.PutUint16(c[at+unix.CmsgLen(0):], uint16(s.size[i]))
	s.controls(i, c)
	return true
}

// controls gives message i its control messages, which stand in its own array.
func (s *sender) controls(i int, c []byte) {
	h := &s.msgs[i].hdr
	h.Control = &s.control[i][0]
	h.SetControllen(len(c))
}

func sockaddr(name *unix.RawSockaddrInet6, to netip.Addr) uint32 {
	if to.Is4() {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		*v4 = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: to.As4()}
		binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&v4.Port))[:], gtpuPort)
		return unix.SizeofSockaddrInet4
	}
	*name = unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: to.As16()}
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&name.Port))[:], gtpuPort)
	return unix.SizeofSockaddrInet6
}

// flush sends what was added. A message that the kernel refuses is sent again datagram by datagram, for where the
// path's MTU or the device does not allow segmentation; what is refused even so is lost.
func (s *sender) flush() {
	for at := 0; at < s.n; {
		sent, errno := s.sendmmsg(s.msgs[at:s.n])
		at += sent
		if errno == 0 || at >= s.n {
			continue
		}
		m := &s.msgs[at]
		if m.hdr.Iovlen > 1 {
			s.gso = errno != unix.EIO && s.gso
			s.single(m, s.class[at])
		} else {
			s.lost(1)
		}
		at++
	}
	s.n, s.pkts = 0, 0
}

// single sends the datagrams of a message one by one.
func (s *sender) single(m *mmsghdr, class uint8) {
	one := mmsghdr{hdr: m.hdr}
	one.hdr.Control = nil
	one.hdr.SetControllen(0)
	if class != 0 {
		c := appendClass(nil, s.v6, class)
		one.hdr.Control = &c[0]
		one.hdr.SetControllen(len(c))
	}
	one.hdr.SetIovlen(1)
	for _, iov := range unsafe.Slice(m.hdr.Iov, int(m.hdr.Iovlen)) {
		one.hdr.Iov = &iov
		if sent, _ := s.sendmmsg(unsafe.Slice(&one, 1)); sent != 1 {
			s.lost(1)
		}
	}
}

func (s *sender) sendmmsg(msgs []mmsghdr) (int, syscall.Errno) {
	var n int
	var errno syscall.Errno
	err := s.raw.Write(func(fd uintptr) bool {
		got, _, e := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&msgs[0])), uintptr(len(msgs)), unix.MSG_DONTWAIT, 0, 0)
		n, errno = int(got), e
		return e != unix.EAGAIN && e != unix.EINTR
	})
	if err != nil {
		return 0, unix.EBADF
	}
	if errno != 0 {
		return 0, errno
	}
	return n, 0
}
