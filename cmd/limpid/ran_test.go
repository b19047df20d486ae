package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startDemo runs a demo that stays up, and returns when it is.
func startDemo(t *testing.T, flags ...string) (*exec.Cmd, *lockedBuffer) {
	t.Helper()
	out := new(lockedBuffer)
	cmd := limpid(t.Context(), append([]string{"demo", "--keep", "--pcap", filepath.Join(t.TempDir(), "demo.pcapng")}, flags...)...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // ended already if the test passed
	})
	for deadline := time.Now().Add(time.Minute); !strings.Contains(out.String(), "Everything stays up"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not up:\n%s", out)
		}
	}
	return cmd, out
}

// endDemo interrupts a demo and looks that it ends well and leaves nothing.
func endDemo(t *testing.T, cmd *exec.Cmd, out *lockedBuffer, signal os.Signal) {
	t.Helper()
	if err := cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	checkNothingLeft(t, cmd.Process.Pid)
}

// TestDemoInterrupted: Ctrl-C ends a demo in good order, and a demo that was killed is cleaned up by the next.
func TestDemoInterrupted(t *testing.T) {
	first, out := startDemo(t, "--ues", "2")
	endDemo(t, first, out, os.Interrupt)

	second, _ := startDemo(t, "--ues", "2")
	if err := second.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = second.Wait() // it was killed
	if left, _ := filepath.Glob(fmt.Sprintf("/run/netns/limpid-demo-%d-*", second.Process.Pid)); len(left) == 0 {
		t.Error("a killed demo leaves nothing, so this test shows nothing")
	}
	third, out := startDemo(t, "--ues", "2")
	checkNothingLeft(t, second.Process.Pid)
	endDemo(t, third, out, syscall.SIGTERM)
}

// TestRANAgainstCore runs `limpid ran` with 200 UEs, each with a program that fetches the page, against the core of a
// demo that stays up, over each binding of SCTP. Subscribers are imported while the core runs.
func TestRANAgainstCore(t *testing.T) {
	const ues = 200
	for _, binding := range []string{"raw", "udp"} {
		t.Run(binding, func(t *testing.T) {
			demo, out := startDemo(t, "--ues", "1", "--sctp", binding)
			lab := fmt.Sprintf("limpid-demo-%d-ran", demo.Process.Pid)
			dir := regexp.MustCompile(`Configuration and logs are in (\S+)\. Try`).FindStringSubmatch(out.String())[1]
			for _, address := range [][2]string{{"10.10.2.3/24", "n2"}, {"10.10.3.3/24", "n3"}} {
				command(t, exec.Command("ip", "-n", lab, "addr", "add", address[0], "dev", address[1]))
			}
			subscribers := writeSubscribers(t, ues)
			command(t, limpid(t.Context(), "subscriber", "import", "--db", filepath.Join(dir, "limpid.db"), subscribers))

			cmd := exec.CommandContext(t.Context(), "ip", "netns", "exec", lab, "env", product(), "ran", "--sctp", binding, "--sctp-udp-port", "9900",
				"--amf", "10.10.2.1", "--n2", "10.10.2.3", "--n3", "10.10.3.3", "--plmn", "00101", "--gnb-id", "2", "--subscribers", subscribers,
				"--exec", `exec bash -c 'exec 3<>/dev/tcp/10.10.6.2/80 && printf "GET / HTTP/1.0\r\n\r\n" >&3 && timeout 20 cat <&3 | grep -q "It works"'`)
			text := command(t, cmd)
			if want := fmt.Sprintf("%d of %d UEs got through", ues, ues); !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
			if text := command(t, limpid(t.Context(), "audit", "--socket", filepath.Join(dir, "limpid.sock"))); text != "nothing found\n" {
				t.Errorf("audit of the running core: %s", text)
			}
			log, err := os.ReadFile(filepath.Join(dir, "core.log"))
			if err != nil {
				t.Fatal(err)
			}
			for line := range bytes.Lines(log) {
				if bytes.Contains(line, []byte("level=ERROR")) || bytes.Contains(line, []byte("level=WARN")) {
					t.Errorf("the core complains: %s", line)
				}
			}
			endDemo(t, demo, out, os.Interrupt)
		})
	}
}

func command(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return string(out)
}

// writeSubscribers makes a CSV file of subscribers with random keys.
func writeSubscribers(t *testing.T, n int) string {
	t.Helper()
	key := func() string {
		var b [16]byte
		_, _ = rand.Read(b[:]) // never fails
		return hex.EncodeToString(b[:])
	}
	text := "imsi,key,opc\n"
	for i := range n {
		text += fmt.Sprintf("00101%010d,%s,%s\n", 1000+i, key(), key())
	}
	name := filepath.Join(t.TempDir(), "subscribers.csv")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
