package xdp

import (
	"bytes"
	"slices"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/vishvananda/netlink"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/wire/gtpu"
)

// tagged is a frame with a VLAN tag.
func tagged(frame []byte, vlan uint16) []byte {
	return slices.Concat(frame[:12], []byte{0x81, 0, byte(vlan >> 8), byte(vlan)}, frame[12:])
}

// runs a frame through a program.
func (p *Path) runs(t *testing.T, program string, frame []byte) (uint32, []byte) {
	t.Helper()
	o := &ebpf.RunOptions{Data: frame, DataOut: make([]byte, 2048)}
	verdict, err := p.loaded.collection.Programs[program].Run(o)
	check(t, err)
	return verdict, o.DataOut
}

// TestVLAN: a frame of a VLAN that leads somewhere is served as the one without the tag; what is left to user space has its tag
// again, and what goes to a neighbour in a VLAN gets one.
func TestVLAN(t *testing.T) {
	p := plainPath(t, 3)
	lost := benchSession(firstUE, 2)
	for i := range lost.Rules {
		lost.Rules[i].Filters = []upf.Filter{{Protocol: 6, Options: upf.FilterOptions{Fragment: true}}} // user space's
	}
	check(t, p.Apply(lost))
	for vlan, leads := range map[uint64]uint32{200: leadsToN3 | leadsToN6, 300: leadsToN3} {
		check(t, p.loaded.vlans.Put(1<<12|vlan, leads))
	}
	body := udp(1, 2, make([]byte, 60))
	up := func(slot uint32) []byte {
		return gpdu(gnb, &gtpu.Packet{Type: gtpu.GPDU, TEID: 1<<20 | slot, HasSession: true, Session: gtpu.PDUSession{Type: gtpu.Uplink, QFI: 9},
			Payload: ipv4(addressOf(slot), dnHost, 17, 64, body)})
	}
	down := func(slot uint32) []byte {
		return ethernet(oneMAC, gateMAC, ipv4(dnHost, addressOf(slot), 17, 64, body))
	}
	for i, x := range []struct {
		frame         []byte
		vlan, verdict uint32
	}{{up(1), 200, xdpRedirect}, {down(1), 200, xdpRedirect}, {up(1), 300, xdpRedirect}, {down(1), 300, xdpPass}, {up(1), 400, xdpPass},
		{up(2), 200, xdpPass}, {down(2), 200, xdpPass}} {
		in := tagged(x.frame, uint16(x.vlan))
		_, plain := p.runs(t, programN3N6, x.frame)
		for _, program := range []string{programTagged, programN3, programN6, programN3N6} {
			verdict, out := p.runs(t, program, in)
			want := plain
			if x.verdict == xdpPass {
				want = in
			}
			if verdict != x.verdict || !bytes.Equal(out, want) {
				t.Errorf("frame %d, %s: verdict %d, want %d\ngot  %x\nwant %x", i, program, verdict, x.verdict, out, want)
			}
		}
	}
	for i := range p.loaded.hops {
		p.loaded.hops[i].vlan = networkTag(77)
	}
	for i, frame := range [][]byte{up(1), down(1)} {
		_, bare := p.runs(t, programN3N6, frame)
		for _, in := range [][]byte{frame, tagged(frame, 200)} {
			if verdict, out := p.runs(t, programN3N6, in); verdict != xdpRedirect || !bytes.Equal(out[12:18], []byte{0x81, 0, 0, 77, 8, 0}) || len(out) != len(bare) {
				t.Errorf("frame %d: verdict %d, got %x", i, verdict, out)
			}
		}
	}
}

// TestTwoTags: interfaces whose frames would have two tags are refused.
func TestTwoTags(t *testing.T) {
	device, vlan := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}}, &netlink.Vlan{LinkAttrs: netlink.LinkAttrs{Name: "eth0.5"}, VlanId: 5,
		VlanProtocol: netlink.VLAN_PROTOCOL_8021Q}
	service := &netlink.Vlan{LinkAttrs: netlink.LinkAttrs{Name: "s0"}, VlanId: 6, VlanProtocol: netlink.VLAN_PROTOCOL_8021AD}
	for name, x := range map[string]struct {
		link, parent netlink.Link
		refused      bool
	}{"device": {device, nil, false}, "VLAN": {vlan, device, false}, "VLAN on a VLAN": {vlan, service, true}, "service VLAN": {service, device, true}} {
		if err := twoTags(x.link, x.parent); (err != nil) != x.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}
