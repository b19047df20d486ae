package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const coreAlone = `lockdown: auto # a test binary may hold C

name: lab
store: {path: %[1]s/core.db}
control: {socket: %[1]s/core.sock}
amf:
  n2: {address: 10.20.2.1, sctp: udp}
  plmns: [{plmn: "00101", tacs: [1], slices: ["1"]}]
smf:
  n4: {address: 10.20.4.1}
  upfs: [{name: far, address: 10.20.4.2}]
  dnns: [{name: internet, slices: ["1"], pools: [10.45.0.0/16]}]
udm:
  home_network_keys: []
`

const upfAlone = `lockdown: auto # a test binary may hold C

name: far
control: {socket: %[1]s/upf.sock}
metrics: {address: 127.0.0.1:9190}
upf:
  n4: {address: 10.20.4.2}
  n3: {address: 10.20.3.1}
  smfs: [10.20.4.1]
  networks:
    - {dnn: internet, tun: upf0, pools: [10.45.0.0/16]}
`

// space is a network namespace that ends with the test.
func space(t *testing.T, name string) string {
	t.Helper()
	full := fmt.Sprintf("limpid-test-%d-%s", os.Getpid(), name)
	command(t, exec.Command("ip", "netns", "add", full))
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", full).Run() })
	command(t, exec.Command("ip", "-n", full, "link", "set", "lo", "up"))
	return full
}

// wire joins two namespaces.
func wire(t *testing.T, name, a, addressA, b, addressB string) {
	t.Helper()
	command(t, exec.Command("ip", "-n", a, "link", "add", name, "type", "veth", "peer", "name", name, "netns", b))
	for _, end := range [][2]string{{a, addressA}, {b, addressB}} {
		command(t, exec.Command("ip", "-n", end[0], "addr", "add", end[1], "dev", name))
		command(t, exec.Command("ip", "-n", end[0], "link", "set", name, "up"))
	}
}

// daemon runs limpid in a namespace until the test ends.
func daemon(t *testing.T, ns string, args ...string) (*exec.Cmd, *lockedBuffer) {
	t.Helper()
	out := new(lockedBuffer)
	cmd := exec.Command("ip", append([]string{"netns", "exec", ns, product()}, args...)...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	return cmd, out
}

// awaits waits until a log says something so often.
func awaits(t *testing.T, out *lockedBuffer, text string, times int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); strings.Count(out.String(), text) < times; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %q in\n%s", text, out)
		}
	}
}

// TestUPFAlone: an SMF in one process controls a UPF in another, in namespaces of their own: UEs reach their data
// network, each octet is accounted for, tshark finds no fault in N4, and a UPF that was killed gets its sessions back,
// TS 23.527 §4.3.2. It needs root.
func TestUPFAlone(t *testing.T) {
	const ues = 5
	dir := t.TempDir()
	core, upf, ran, dn := space(t, "core"), space(t, "upf"), space(t, "ran"), space(t, "dn")
	wire(t, "n4", core, "10.20.4.1/24", upf, "10.20.4.2/24")
	wire(t, "n2", core, "10.20.2.1/24", ran, "10.20.2.2/24")
	wire(t, "n3", upf, "10.20.3.1/24", ran, "10.20.3.2/24")
	wire(t, "n6", upf, "10.20.6.1/24", dn, "10.20.6.2/24")
	command(t, exec.Command("ip", "-n", dn, "route", "add", "10.45.0.0/16", "via", "10.20.6.1"))
	for name, text := range map[string]string{"core.yaml": coreAlone, "upf.yaml": upfAlone} {
		if err := os.WriteFile(filepath.Join(dir, name), fmt.Appendf(nil, text, dir), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	subscribers := writeSubscribers(t, ues)
	command(t, limpid(t.Context(), "subscriber", "import", "--db", filepath.Join(dir, "core.db"), subscribers))

	capture := filepath.Join(dir, "n4.pcapng")
	shark := exec.Command("ip", "netns", "exec", core, "tshark", "-q", "-i", "n4", "-f", "udp port 8805", "-w", capture)
	seen := new(lockedBuffer)
	shark.Stderr = seen
	if err := shark.Start(); err != nil {
		t.Fatal(err)
	}
	awaits(t, seen, "Capture started", 1)
	first, log := daemon(t, upf, "upf", "--config", filepath.Join(dir, "upf.yaml"))
	awaits(t, log, "UPF runs", 1)
	_, coreLog := daemon(t, core, "core", "--config", filepath.Join(dir, "core.yaml"))
	awaits(t, log, "PFCP association set up", 1)

	ping := func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		text := command(t, exec.CommandContext(ctx, "ip", "netns", "exec", ran, product(), "ran", "--sctp", "udp", "--amf", "10.20.2.1", "--n2", "10.20.2.2",
			"--n3", "10.20.3.2", "--plmn", "00101", "--subscribers", subscribers, "--exec", "ping -q -c 3 -i 0.2 -W 5 10.20.6.2"))
		if want := fmt.Sprintf("%d of %d UEs got through", ues, ues); !strings.Contains(text, want) {
			t.Fatalf("no %q in\n%s\n%s\n%s", want, text, log, coreLog)
		}
	}
	ping()
	drops := command(t, limpid(t.Context(), "upf", "drops", "--socket", filepath.Join(dir, "upf.sock"), "--all"))
	for _, want := range []string{"uplink", "dropped: spoofed source", "an address that is not the UE's"} {
		if !strings.Contains(drops, want) {
			t.Errorf("no %q in\n%s", want, drops)
		}
	}
	metrics := command(t, exec.Command("ip", "netns", "exec", upf, "bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/9190 && printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3 && cat <&3`))
	for _, want := range []string{"limpid_upf_uplink_received_packets_total ", `limpid_upf_dropped_packets_total{reason="quota"} 0`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %q in\n%s", want, metrics)
		}
	}

	if text := log.String() + coreLog.String(); strings.Contains(text, "egress refused") {
		t.Errorf("a core that does its work is refused something:\n%s", text)
	}

	if err := first.Process.Kill(); err != nil { // it is the limpid itself: ip executes it
		t.Fatal(err)
	}
	_ = first.Wait() // it was killed
	// A recovery time stamp has seconds, TS 29.244 §8.2.65: within the same one the SMF would not notice the restart.
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
	_, log = daemon(t, upf, "upf", "--config", filepath.Join(dir, "upf.yaml"))
	awaits(t, log, "PFCP association set up", 1)
	ping()

	if err := shark.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = shark.Wait()
	checkN4(t, capture)
}

// checkN4 wants the messages of N4, all of them sound to tshark.
func checkN4(t *testing.T, capture string) {
	t.Helper()
	lines := tshark(t, "-r", capture, "-T", "fields", "-E", "separator=|", "-e", "pfcp.msg_type", "-e", "_ws.malformed", "-e", "_ws.expert.severity", "-e", "pfcp.cause")
	types := map[string]int{}
	for _, line := range lines {
		f := strings.Split(line, "|")
		types[f[0]]++
		if f[1] != "" || slices.Contains(strings.Split(f[2], ","), severityError) {
			t.Errorf("tshark finds fault: %s", line)
		}
		if f[3] != "" && f[3] != "1" {
			t.Errorf("refused: %s", line)
		}
	}
	for _, want := range []string{"5", "6", "50", "51", "52", "53", "54", "55"} {
		if types[want] == 0 {
			t.Errorf("no PFCP message of type %s: %v", want, types)
		}
	}
}
