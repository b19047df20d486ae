package sctp

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// TestChoice checks that the binding is chosen by what the machine allows and that the log says why.
func TestChoice(t *testing.T) {
	var log bytes.Buffer
	tr, err := New(Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	want := BindingUDP
	if c, err := net.ListenIP("ip4:132", nil); err == nil {
		c.Close()
		want = BindingRaw
	}
	if kernelHasSCTP() == nil {
		want = BindingKernel
	}
	if tr.Binding() != want || !strings.Contains(log.String(), "binding="+string(want)) || !strings.Contains(log.String(), "why=") {
		t.Errorf("binding %s, want %s; log %s", tr.Binding(), want, &log)
	}
	if _, err := New(Config{Binding: "tcp"}); err == nil {
		t.Error("binding tcp accepted")
	}
}

// TestChoiceWithoutRaw falls back to UDP where raw sockets are not allowed: a thread gives its rights up.
func TestChoiceWithoutRaw(t *testing.T) {
	want := BindingUDP
	if kernelHasSCTP() == nil {
		want = BindingKernel // needs no rights
	}
	type result struct {
		tr  Transport
		raw error
		err error
	}
	results := make(chan result)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		h := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData
		if err := unix.Capset(&h, &none[0]); err != nil {
			results <- result{err: err}
			return
		}
		_, raw := New(Config{Binding: BindingRaw, Log: slog.New(slog.DiscardHandler)})
		tr, err := New(Config{Log: slog.New(slog.DiscardHandler)})
		results <- result{tr, raw, err}
	}()
	r := <-results
	if r.err != nil {
		t.Fatal(r.err)
	}
	defer r.tr.Close()
	if r.tr.Binding() != want || want == BindingUDP && !errors.Is(r.raw, os.ErrPermission) {
		t.Errorf("binding %s; raw: %v", r.tr.Binding(), r.raw)
	}
}

// TestArrivals: received messages say when the kernel took them in, where that was asked for.
func TestArrivals(t *testing.T) {
	for _, asked := range []bool{true, false} {
		tr, err := New(Config{Binding: BindingRaw, Arrivals: asked, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
			l, err := tr.Listen(netip.MustParseAddrPort(addr))
			if err != nil {
				t.Fatal(err)
			}
			g, err := tr.Dial(bounded(t), netip.AddrPort{}, l.Addr())
			if err != nil {
				t.Fatal(err)
			}
			a, err := l.Accept(bounded(t))
			if err != nil {
				t.Fatal(err)
			}
			for _, size := range []int{100, 5000} { // in one packet and in several
				before := time.Now()
				mustSend(t, g, Message{PPID: PPIDNGAP, Data: numbered(0, size)})
				m, err := a.Receive(bounded(t))
				if err != nil {
					t.Fatal(err)
				}
				after := time.Now()
				if !asked && !m.Arrived.IsZero() || asked && (m.Arrived.Before(before.Round(0)) || m.Arrived.After(after.Round(0))) {
					t.Errorf("%s, asked %v: %d octets arrived at %v, sent at %v, received at %v", addr, asked, size, m.Arrived, before, after)
				}
			}
		}
	}
}

// TestListenErrors checks what Listen refuses.
func TestListenErrors(t *testing.T) {
	server, _, l := udpPair(t, loopbackNGAP)
	for _, addr := range []netip.AddrPort{{}, loopbackNGAP} {
		if _, err := server.Listen(addr); err == nil {
			t.Errorf("listening at %v accepted", addr)
		}
	}
	if other, err := server.Listen(netip.MustParseAddrPort("127.0.0.1:0")); err != nil || other.Addr().Port() == 0 {
		t.Errorf("listening at any port: %v", err)
	}
	l.Close()
	if _, err := l.Accept(bounded(t)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
	if _, err := server.Listen(loopbackNGAP); err != nil {
		t.Errorf("listening again: %v", err)
	}
	server.Close()
	if _, err := server.Listen(loopbackNGAP); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Listen after Close: %v", err)
	}
}

// TestPortFilter runs the socket filter over packets.
func TestPortFilter(t *testing.T) {
	many := make([]uint16, maxFilterPorts+1)
	for _, c := range []struct {
		ports []uint16
		port  uint16
		want  bool
	}{
		{nil, 38412, false}, {[]uint16{38412}, 38412, true}, {[]uint16{1, 38412, 3}, 38412, true},
		{[]uint16{1, 2, 3}, 38412, false}, {many, 38412, true},
	} {
		for _, v6 := range []bool{false, true} {
			raw, err := portFilter(c.ports, v6)
			if err != nil {
				t.Fatal(err)
			}
			program := make([]bpf.Instruction, len(raw))
			for i, r := range raw {
				program[i] = r.Disassemble()
			}
			vm, err := bpf.NewVM(program)
			if err != nil {
				t.Fatal(err)
			}
			packet := appendHeader(nil, header{5000, c.port, 1})
			if !v6 {
				packet = append(append([]byte{0x46}, make([]byte, 23)...), packet...) // with one word of options
			}
			if n, err := vm.Run(packet); err != nil || (n > 0) != c.want {
				t.Errorf("%d ports, IPv6 %v: %d, %v", len(c.ports), v6, n, err)
			}
		}
	}
}

// TestSplitIPv4 parts packets and refuses what is none.
func TestSplitIPv4(t *testing.T) {
	p := []byte{0x45, 0, 0, 24, 0, 0, 0, 0, 64, 132, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1, 1, 2, 3, 4}
	local, remote, payload, ok := splitIPv4(p)
	if !ok || local.String() != amfAddr || remote.String() != gnbAddr || !bytes.Equal(payload, p[20:]) {
		t.Errorf("%v %v %x %v", local, remote, payload, ok)
	}
	for n := range p {
		if _, _, _, ok := splitIPv4(p[:n]); ok {
			t.Errorf("%d octets accepted", n)
		}
	}
	for _, first := range []byte{0x65, 0x44, 0x4f} {
		bad := bytes.Clone(p)
		bad[0] = first
		if _, _, _, ok := splitIPv4(bad); ok {
			t.Errorf("first octet %#x accepted", first)
		}
	}
}
