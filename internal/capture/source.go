package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// receiveBuffer is how many octets the kernel may hold for a source before it drops packets.
const receiveBuffer = 16 << 20

// source is a packet socket bound to one interface.
type source struct {
	file     *os.File
	conn     syscall.RawConn
	loopback bool
}

// openSource listens on an interface of the network namespace of the calling thread. It needs CAP_NET_RAW there.
func openSource(name string) (*source, error) {
	iface, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("capture on %s: %w", name, err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("capture on %s: packet socket: %w", name, err)
	}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1),
		growBuffer(fd),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: bigEndian(unix.ETH_P_ALL), Ifindex: iface.Index}),
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("capture on %s: %w", name, err), unix.Close(fd))
	}
	s := &source{file: os.NewFile(uintptr(fd), "capture on "+name), loopback: iface.Flags&net.FlagLoopback != 0}
	if s.conn, err = s.file.SyscallConn(); err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	return s, nil
}

// growBuffer asks for a large buffer, beyond the system's limit where that is allowed.
func growBuffer(fd int) error {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) == nil {
		return nil
	}
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
}

// bigEndian is the protocol number as the kernel wants it in a link-layer address.
func bigEndian(v uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], v)
	return binary.NativeEndian.Uint16(b[:])
}

// frame is a packet as the kernel gave it.
type frame struct {
	n, original int // octets in the buffer, and before it was cut
	at          time.Time
	own         bool // sent on a loopback interface: it comes in again
}

// read waits for the next packet. It fails with os.ErrDeadlineExceeded after interrupt.
func (s *source) read(buf, control []byte) (frame, error) {
	var f frame
	var failed error
	err := s.conn.Read(func(fd uintptr) bool {
		f, failed = s.receive(fd, buf, control)
		return failed != unix.EAGAIN
	})
	return f, errors.Join(err, failed)
}

// interrupt ends read.
func (s *source) interrupt() error { return s.file.SetReadDeadline(time.Unix(1, 0)) }

// rest returns a packet that already came, after interrupt; it fails with EAGAIN when there is none.
func (s *source) rest(buf, control []byte) (frame, error) {
	var f frame
	var failed error
	err := s.conn.Control(func(fd uintptr) { f, failed = s.receive(fd, buf, control) })
	return f, errors.Join(err, failed)
}

func (s *source) receive(fd uintptr, buf, control []byte) (frame, error) {
	for {
		n, oobn, _, from, err := unix.Recvmsg(int(fd), buf, control, unix.MSG_TRUNC|unix.MSG_DONTWAIT)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return frame{}, err
		}
		ll, ok := from.(*unix.SockaddrLinklayer)
		own := ok && s.loopback && ll.Pkttype == unix.PACKET_OUTGOING
		return frame{n: min(n, len(buf)), original: n, at: timestamp(control[:oobn]), own: own}, nil
	}
}

// timestamp is the kernel's, or now.
func timestamp(control []byte) time.Time {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return time.Now()
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) >= 16 {
			return time.Unix(int64(binary.NativeEndian.Uint64(m.Data)), int64(binary.NativeEndian.Uint64(m.Data[8:])))
		}
	}
	return time.Now()
}

// dropped is how many packets the kernel had no room for.
func (s *source) dropped() (n uint32) {
	_ = s.conn.Control(func(fd uintptr) {
		if st, err := unix.GetsockoptTpacketStats(int(fd), unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
			n = st.Drops
		}
	})
	return n
}
