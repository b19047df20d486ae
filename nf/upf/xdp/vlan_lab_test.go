package xdp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/wire/gtpu"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// trunk is a raw socket at the far end of one of the core's interfaces.
type trunk struct {
	fd        int
	own, core net.HardwareAddr
	vlan      uint16
}

// trunk opens the far end of an interface for frames of a VLAN.
func (l *lab) trunk(t *testing.T, name string, ns netns.NsHandle, vlan uint16) *trunk {
	t.Helper()
	x := &trunk{vlan: vlan}
	l.in(t, l.core, func() {
		dev, err := netlink.LinkByName(name)
		check(t, err)
		x.core = dev.Attrs().HardwareAddr
	})
	l.in(t, ns, func() {
		dev, err := netlink.LinkByName(name + "p")
		check(t, err)
		x.own = dev.Attrs().HardwareAddr
		all := binary.NativeEndian.Uint16([]byte{unix.ETH_P_ALL >> 8, unix.ETH_P_ALL})
		x.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(all))
		check(t, err)
		check(t, unix.Bind(x.fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: dev.Attrs().Index}))
	})
	check(t, unix.SetsockoptInt(x.fd, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1))
	check(t, unix.SetsockoptTimeval(x.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: int64(patience / time.Second)}))
	t.Cleanup(func() { _ = unix.Close(x.fd) })
	return x
}

// send sends a packet in a tagged frame.
func (x *trunk) send(t *testing.T, packet []byte) {
	t.Helper()
	_, err := unix.Write(x.fd, tagged(ethernet(x.core, x.own, packet), x.vlan))
	check(t, err)
}

// receive is the next IPv4 packet in a frame of the VLAN that holds a text; nil if none comes in time.
func (x *trunk) receive(t *testing.T, text string) []byte {
	t.Helper()
	b, control := make([]byte, 2048), make([]byte, 256)
	for {
		n, c, _, from, err := unix.Recvmsg(x.fd, b, control, 0)
		if err != nil {
			return nil
		}
		if at, ok := from.(*unix.SockaddrLinklayer); !ok || at.Pkttype == unix.PACKET_OUTGOING || !bytes.Contains(b[:n], []byte(text)) {
			continue
		}
		messages, err := unix.ParseSocketControlMessage(control[:c])
		check(t, err)
		// struct tpacket_auxdata: the kernel takes the tag out of the frame.
		if len(messages) != 1 || messages[0].Header.Type != unix.PACKET_AUXDATA {
			t.Fatalf("control messages %+v", messages)
		}
		status, vlan := binary.NativeEndian.Uint32(messages[0].Data), binary.NativeEndian.Uint16(messages[0].Data[16:])
		if status&unix.TP_STATUS_VLAN_VALID == 0 || vlan != x.vlan || !bytes.Equal(b[:6], x.own) || !bytes.Equal(b[6:12], x.core) {
			t.Fatalf("%q in VLAN %d, status %x, want VLAN %d: %x", text, vlan, status, x.vlan, b[:n])
		}
		return b[14:n]
	}
}

// TestVLANEndToEnd has gNB and data network in VLANs of their own on the interfaces of the core, IEEE 802.1Q: a tagged frame of one
// comes out as a tagged frame of the other, both ways. The kernel's own interfaces for the VLANs are played, as not every kernel has
// them: what the core knows of them is told to it.
func TestVLANEndToEnd(t *testing.T) {
	const n3, n6, rounds = 100, 200, 50
	for _, mode := range []Mode{Native, Generic} {
		t.Run(mode.String(), func(t *testing.T) {
			l := newLab(t)
			p := l.run(t, Options{N6: []string{"n6"}, Mode: mode})
			check(t, p.Apply(labSession(pfcp.ApplyFORW)))
			l.warm(t, p.Path)
			p.inVLANs(t, map[string]uint16{"n3": n3, "n6": n6})
			gnbEnd, dnEnd := l.trunk(t, "n3", l.gnb, n3), l.trunk(t, "n6", l.dn, n6)
			for i := range rounds {
				text := fmt.Sprint("tagged packet ", i, ".")
				body := udp(gtpu.Port, gtpu.Port, []byte(text))
				g := gtpu.Append(nil, &gtpu.Packet{Type: gtpu.GPDU, TEID: labTEID, HasSession: true, Session: gtpu.PDUSession{Type: gtpu.Uplink, QFI: 9},
					Payload: ipv4(labUE, labDN, unix.IPPROTO_UDP, 64, body)})
				gnbEnd.send(t, ipv4(labGNB, n3Addr, unix.IPPROTO_UDP, 64, udp(gtpu.Port, gtpu.Port, g)))
				if got, want := dnEnd.receive(t, text), ipv4(labUE, labDN, unix.IPPROTO_UDP, 63, body); !bytes.Equal(got, want) {
					t.Fatalf("uplink %d\ngot  %x\nwant %x", i, got, want)
				}
				dnEnd.send(t, ipv4(labDN, labUE, unix.IPPROTO_UDP, 64, body))
				got := gnbEnd.receive(t, text)
				var down gtpu.Packet
				if len(got) < 28 || gtpu.Parse(got[28:], &down) != nil || down.TEID != 77 || !bytes.Equal(down.Payload, ipv4(labDN, labUE, unix.IPPROTO_UDP, 63, body)) {
					t.Fatalf("downlink %d: %x", i, got)
				}
			}
			b := p.loaded.block(7)
			if b.up.state.seen() < rounds || b.down.state.seen() < rounds {
				t.Errorf("%d and %d packets were fast", b.up.state.seen(), b.down.state.seen())
			}
			for _, stranger := range []*trunk{{gnbEnd.fd, gnbEnd.own, gnbEnd.core, n6}, {dnEnd.fd, dnEnd.own, dnEnd.core, n3}} { // lead nowhere
				before := p.Counters()
				stranger.send(t, ipv4(labDN, labUE, unix.IPPROTO_UDP, 64, udp(1, 2, []byte("strange"))))
				time.Sleep(10 * time.Millisecond)
				if after := p.Counters(); after != before {
					t.Errorf("a frame of another VLAN is served: %+v, before %+v", after, before)
				}
			}
		})
	}
}

// inVLANs has the kernel's view end as it is, but for interfaces that are in VLANs now.
func (p *running) inVLANs(t *testing.T, vlans map[string]uint16) {
	t.Helper()
	n := p.near
	close(n.done)
	n.ended.Wait()
	n.done = make(chan struct{}) // for close
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, l := range n.view.links {
		vlan, ok := vlans[l.Name]
		if !ok {
			continue
		}
		l.vlan, l.parent = vlan, i
		n.view.links[i] = l
		leads := uint32(leadsToN3)
		if l.Name == "n6" {
			leads = leadsToN6
		}
		check(t, p.loaded.vlans.Put(uint64(i)<<12|uint64(vlan), leads))
	}
	for a, i := range n.index {
		n.writeHop(a, i)
	}
}
