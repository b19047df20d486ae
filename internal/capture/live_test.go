package capture

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// inNewNamespace runs f on a thread with a network namespace of its own, which ends with it. It needs root.
func inNewNamespace(t *testing.T, f func() error) {
	t.Helper()
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			failed <- fmt.Errorf("new network namespace (needs root): %w", err)
			return
		}
		lo, err := netlink.LinkByName("lo")
		if err == nil {
			err = netlink.LinkSetUp(lo)
		}
		if err == nil {
			err = f()
		}
		failed <- err
	}()
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
}

// TestLive has the kernel send datagrams over the loopback interface and tshark read them in the file, each once.
func TestLive(t *testing.T) {
	const datagrams = 50
	var file bytes.Buffer
	inNewNamespace(t, func() error {
		c, err := New(&file, "limpid test")
		if err != nil {
			return err
		}
		if err := c.Add("lo", "N4"); err != nil {
			return err
		}
		if err := c.Add("nosuch0", ""); err == nil || !strings.Contains(err.Error(), "nosuch0") {
			t.Errorf("unknown interface: %v", err)
		}
		to, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return err
		}
		defer to.Close()
		for i := range datagrams {
			if _, err := to.WriteTo(fmt.Appendf(nil, "datagram %d", i), to.LocalAddr()); err != nil {
				return err
			}
			if _, _, err := to.ReadFrom(make([]byte, 64)); err != nil {
				return err
			}
		}
		packets, dropped, err := c.Close()
		if packets != datagrams || dropped != 0 {
			t.Errorf("%d packets, %d dropped", packets, dropped)
		}
		return err
	})
	name := filepath.Join(t.TempDir(), "lo.pcapng")
	if err := os.WriteFile(name, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("tshark", "-r", name, "-T", "fields", "-e", "frame.interface_name", "-e", "frame.interface_description",
		"-e", "data.text", "-o", "data.show_as_text:TRUE").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != datagrams {
		t.Fatalf("tshark reads %d packets", len(lines))
	}
	for i, line := range lines {
		if want := fmt.Sprintf("lo\tN4\tdatagram %d", i); line != want {
			t.Errorf("packet %d: %q, want %q", i, line, want)
		}
	}
}
