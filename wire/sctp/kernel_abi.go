package sctp

import (
	"encoding/binary"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What Linux's <linux/sctp.h> defines, after RFC 6458.
const (
	optRTOInfo        = 0
	optAssocInfo      = 1
	optInitMsg        = 2
	optNoDelay        = 3
	optPeerAddrParams = 9
	optEvents         = 11
	optStatus         = 14

	cmsgSndRcv      = 1      // RFC 6458 §5.3.2
	flagUnordered   = 1      // sinfo_flags
	flagAbort       = 4      // sinfo_flags
	msgNotification = 0x8000 // RFC 6458 §6.1

	eventAssocChange = 0x8001

	changeCommLost  = 1
	changeRestart   = 2
	changeCantStart = 4
)

// sndRcvSize is the length in octets of struct sctp_sndrcvinfo, RFC 6458 §5.3.2.
const sndRcvSize = 32

// sndRcvMessage is the control message that tells the kernel a message's stream, flags and PPID.
func sndRcvMessage(stream uint16, flags uint16, ppid uint32) []byte {
	b := make([]byte, unix.CmsgSpace(sndRcvSize))
	binary.NativeEndian.PutUint64(b, uint64(unix.CmsgLen(sndRcvSize)))
	binary.NativeEndian.PutUint32(b[8:], unix.IPPROTO_SCTP)
	binary.NativeEndian.PutUint32(b[12:], cmsgSndRcv)
	v := b[unix.CmsgLen(0):]
	binary.NativeEndian.PutUint16(v, stream)
	binary.NativeEndian.PutUint16(v[4:], flags)
	binary.BigEndian.PutUint32(v[8:], ppid) // the kernel passes it on as it is
	return b
}

// parseSndRcv reads stream, flags and PPID of a received message.
func parseSndRcv(control []byte) (m Message, ok bool) {
	for len(control) > 0 {
		h, v, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			return m, false
		}
		if h.Level == unix.IPPROTO_SCTP && h.Type == cmsgSndRcv && len(v) >= sndRcvSize {
			return Message{
				Stream:    binary.NativeEndian.Uint16(v),
				Unordered: binary.NativeEndian.Uint16(v[4:])&flagUnordered != 0,
				PPID:      binary.BigEndian.Uint32(v[8:]),
			}, true
		}
		control = rest
	}
	return m, false
}

// assocChange is struct sctp_assoc_change, RFC 6458 §6.1.1.
type assocChange struct {
	state           uint16
	cause           Cause
	outboundStreams uint16
}

// parseAssocChange reads a notification; ok tells whether it is one of a change of the association.
func parseAssocChange(b []byte) (c assocChange, ok bool) {
	if len(b) < 20 || binary.NativeEndian.Uint16(b) != eventAssocChange {
		return c, false
	}
	return assocChange{
		state:           binary.NativeEndian.Uint16(b[8:]),
		cause:           Cause(binary.BigEndian.Uint16(b[10:])), // as it was on the wire
		outboundStreams: binary.NativeEndian.Uint16(b[12:]),
	}, true
}

// socketOptions are the options of a socket and of the associations accepted from it.
func socketOptions(cfg Config) map[int][]byte {
	ne := binary.NativeEndian
	ms := func(d time.Duration) uint32 { return uint32(min(max(d.Milliseconds(), 1), 1<<31-1)) }
	u16 := func(n int) uint16 { return uint16(min(n, 1<<16-1)) }

	initMsg := ne.AppendUint16(nil, cfg.Streams) // struct sctp_initmsg
	initMsg = ne.AppendUint16(initMsg, maxInboundStreams)
	initMsg = ne.AppendUint16(initMsg, u16(cfg.MaxInitRetransmits))
	initMsg = ne.AppendUint16(initMsg, 0)

	rto := make([]byte, 16) // struct sctp_rtoinfo
	ne.PutUint32(rto[4:], ms(cfg.RTOInitial))
	ne.PutUint32(rto[8:], ms(cfg.RTOMax))
	ne.PutUint32(rto[12:], ms(cfg.RTOMin))

	assoc := make([]byte, 20) // struct sctp_assocparams
	ne.PutUint16(assoc[4:], u16(cfg.AssociationMaxRetrans))
	ne.PutUint32(assoc[16:], ms(cfg.CookieLifetime))

	peer := make([]byte, 156) // struct sctp_paddrparams, packed
	if cfg.HeartbeatInterval > 0 {
		ne.PutUint32(peer[132:], ms(cfg.HeartbeatInterval))
		ne.PutUint32(peer[146:], 1) // SPP_HB_ENABLE
	} else {
		ne.PutUint32(peer[146:], 2) // SPP_HB_DISABLE
	}
	ne.PutUint16(peer[136:], u16(cfg.PathMaxRetrans))

	events := []byte{1, 1, 0, 0, 0, 0, 0, 0} // struct sctp_event_subscribe: data I/O, association
	return map[int][]byte{
		optInitMsg: initMsg, optRTOInfo: rto, optAssocInfo: assoc, optPeerAddrParams: peer, optEvents: events,
		optNoDelay: ne.AppendUint32(nil, 1),
	}
}

// statusSize is the length in octets of struct sctp_status, RFC 6458 §8.2.1.
const statusSize = 176

// socketStatus asks for struct sctp_status; golang.org/x/sys has no call for options that are not strings.
func socketStatus(fd int) (b [statusSize]byte, err error) {
	size := uint32(len(b))
	_, _, e := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.IPPROTO_SCTP, optStatus,
		uintptr(unsafe.Pointer(&b)), uintptr(unsafe.Pointer(&size)), 0)
	if e != 0 {
		return b, os.NewSyscallError("getsockopt", e)
	}
	return b, nil
}

// outboundStreams reads sstat_outstrms.
func outboundStreams(status [statusSize]byte) uint16 { return binary.NativeEndian.Uint16(status[18:]) }

// sockaddr is an address as the kernel takes it.
func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

// addrPort is an address as the kernel gives it.
func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return netip.AddrPort{}
}
