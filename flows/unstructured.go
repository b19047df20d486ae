package flows

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
)

// server is the other end of the tunnels of unstructured sessions, TS 23.501 §5.6.10.3.
type server struct {
	at   netip.AddrPort
	conn *net.UDPConn // nil in virtual time
}

// serve puts the server of unstructured data, if the configuration names one, into this network namespace.
func (s *stage) serve(cfg *config.Config) error {
	for _, d := range cfg.SMF.DNNs {
		if !d.UnstructuredServer.IsValid() {
			continue
		}
		lo, err := netlink.LinkByName("lo")
		if err != nil {
			return err
		}
		a := d.UnstructuredServer.Addr()
		own := net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(a.BitLen(), a.BitLen())}
		if err := netlink.AddrReplace(lo, &netlink.Addr{IPNet: &own, Flags: unix.IFA_F_NODAD}); err != nil {
			return err
		}
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(d.UnstructuredServer))
		if err != nil {
			return err
		}
		s.server = server{d.UnstructuredServer, conn}
		s.done = append(s.done, conn.Close)
	}
	return nil
}

// tunnelEnd is the end of a session's tunnel at the UPF, as the server knows it.
func (v *server) tunnelEnd(info core.SessionInfo) netip.AddrPort {
	to := info.Address
	if v.at.Addr().Is6() {
		to = info.Prefix.Addr().Next()
	}
	return netip.AddrPortFrom(to, v.at.Port())
}

// exchange sends octets from a UE without IP to its server and back: "exchange u1 1".
func (s *stage) exchange(_ context.Context, c *command) error {
	u, id, err := s.ueAndSession(c)
	if err != nil {
		return err
	}
	info, ok := s.sessionInfo(c, id)
	if !ok {
		return fmt.Errorf("the SMF has no session %d", id)
	}
	if s.path != nil {
		return s.exchangeInMemory(info)
	}
	got := make(chan []byte, 1)
	err = u.OnPacket(id, func(b []byte) {
		select {
		case got <- bytes.Clone(b):
		default:
		}
	})
	if err != nil {
		return err
	}
	asked, answered := []byte("\x00a reading"), []byte("\xffa command")
	if err := u.SendPacket(id, asked); err != nil {
		return err
	}
	heard := make([]byte, packetSize)
	if err := s.server.conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	n, from, err := s.server.conn.ReadFromUDPAddrPort(heard)
	if err != nil {
		return fmt.Errorf("the server heard nothing: %w", err)
	}
	if want := s.server.tunnelEnd(info); !bytes.Equal(heard[:n], asked) || netip.AddrPortFrom(from.Addr().Unmap(), from.Port()) != want {
		return fmt.Errorf("the server heard %q from %v, want %q from %v", heard[:n], from, asked, want)
	}
	if _, err := s.server.conn.WriteToUDPAddrPort(answered, from); err != nil {
		return err
	}
	select {
	case b := <-got:
		if !bytes.Equal(b, answered) {
			return fmt.Errorf("the UE got %q, want %q", b, answered)
		}
		return nil
	case <-time.After(10 * time.Second):
		return errors.New("the UE got nothing from its server")
	}
}

// exchangeInMemory has the UPF's rules say where the octets go.
func (s *stage) exchangeInMemory(info core.SessionInfo) error {
	s.path.Sent()
	s.path.Octets(info.UplinkTEID, packetSize)
	s.path.Frame(string(info.DNN), info.UplinkTEID, packetSize)
	sent := s.path.Sent()
	if len(sent) != 2 || !sent[0].Peer.IsValid() || sent[0].Port == 0 || sent[1].Port != 0 {
		return fmt.Errorf("the UPF sent %+v, want one to the server and one to the gNB", sent)
	}
	return nil
}

// toUnstructured lets octets arrive from the server of a session.
func (s *stage) toUnstructured(info core.SessionInfo) error {
	_, err := s.server.conn.WriteToUDPAddrPort([]byte("wake up"), s.server.tunnelEnd(info))
	return err
}
