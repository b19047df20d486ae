package egress

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/prove/dataplane"
)

// Inspect tells what is not as it should be on a control group: each of the programs must be there once, be the built one,
// and hold this policy. It returns how far that was seen.
func Inspect(p Policy, group string) (seen, wrong []string, err error) {
	dir, err := os.Open(group)
	if err != nil {
		return nil, nil, fmt.Errorf("egress: %w", err)
	}
	defer dir.Close()
	built := Built(p)
	for _, name := range Programs() {
		found, err := link.QueryPrograms(link.QueryOptions{Target: int(dir.Fd()), Attach: attachOf(name)})
		if err != nil {
			return nil, nil, fmt.Errorf("egress: %s: %w", group, err)
		}
		ours := 0
		for _, attached := range found.Programs {
			same, differs := dataplane.Compare("control group "+filepath.Base(group), attached.ID, built)
			if same != "" {
				seen, ours = append(seen, same), ours+1
			}
			for _, f := range differs {
				wrong = append(wrong, fmt.Sprintf("%s: %s", f.Fault, f.Detail))
			}
			if name == programPacket && same != "" {
				differ, err := samePolicy(p, attached.ID)
				if err != nil {
					return nil, nil, err
				}
				wrong = append(wrong, differ...)
			}
		}
		if ours != 1 {
			wrong = append(wrong, fmt.Sprintf("%s is %d times on %s", name, ours, group))
		}
	}
	return seen, wrong, nil
}

// samePolicy compares the map of peers of a loaded program with a policy.
func samePolicy(p Policy, id ebpf.ProgramID) ([]string, error) {
	want, err := p.entries()
	if err != nil {
		return nil, err
	}
	m, err := peersOf(id)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	var wrong []string
	var k key
	var e entry
	for entries := m.Iterate(); ; {
		if !entries.Next(&k, &e) {
			if err := entries.Err(); err != nil {
				return nil, fmt.Errorf("egress: %w", err)
			}
			break
		}
		if w, ok := want[k]; !ok || w != e {
			wrong = append(wrong, fmt.Sprintf("a peer is let through that the configuration does not name so: %s to %s/%d", protocolName(uint8(networkOrder32(k.Protocol))), netip.AddrFrom16(k.Address), int(k.Bits)-protocolBits))
		}
		delete(want, k)
	}
	for k := range want {
		wrong = append(wrong, fmt.Sprintf("a peer of the configuration is not let through: %s/%d", netip.AddrFrom16(k.Address), int(k.Bits)-protocolBits))
	}
	return wrong, nil
}

func peersOf(id ebpf.ProgramID) (*ebpf.Map, error) {
	p, err := ebpf.NewProgramFromID(id)
	if err != nil {
		return nil, fmt.Errorf("egress: %w", err)
	}
	defer p.Close()
	info, err := p.Info()
	if err != nil {
		return nil, fmt.Errorf("egress: %w", err)
	}
	ids, _ := info.MapIDs()
	for _, id := range ids {
		m, err := ebpf.NewMapFromID(id)
		if err != nil {
			return nil, fmt.Errorf("egress: %w", err)
		}
		if m.Type() == ebpf.LPMTrie {
			return m, nil
		}
		m.Close()
	}
	return nil, errors.New("egress: the program has no map of peers")
}

// Outcome is what came of one try to speak to somebody who is not declared.
type Outcome struct {
	Act     string
	Refused bool
	Said    string
}

// NoRoute tells whether there was no way to leave by, so that nothing was shown.
func (o Outcome) NoRoute() bool { return strings.Contains(o.Said, unix.ENETUNREACH.Error()) }

// Strangers are addresses that documents use and nobody has, RFC 5737 and RFC 3849, and one of this machine where nobody listens.
const (
	stranger4   = "192.0.2.1"
	stranger6   = "2001:db8::1"
	strangerOwn = "127.192.0.2"
)

// Nobody are the addresses to which trials go, here and in the lockdown, and nothing else: what is refused on the way to them is
// told as a trial.
func Nobody() []netip.Addr {
	return []netip.Addr{netip.MustParseAddr(stranger4), netip.MustParseAddr(stranger6), netip.MustParseAddr(strangerOwn)}
}

// Try runs Acts in a control group, as a process of its own: command is a program that calls Acts with its standard input
// closed by whoever started it. announce is told of the process before it begins.
func Try(group string, command []string, announce func(pid int)) ([]Outcome, error) {
	cmd := exec.Command(command[0], command[1:]...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	var out, errOut strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	announce(cmd.Process.Pid)
	err = os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(cmd.Process.Pid)), 0o644)
	if err = errors.Join(err, in.Close(), cmd.Wait()); err != nil {
		return nil, fmt.Errorf("egress: trying from inside: %w %s", err, errOut.String())
	}
	var outcomes []Outcome
	for line := range strings.Lines(out.String()) {
		f := strings.SplitN(strings.TrimSpace(line), "\t", 3)
		if len(f) != 3 {
			return nil, fmt.Errorf("egress: trying from inside: %q", line)
		}
		outcomes = append(outcomes, Outcome{f[0], f[1] == "true", f[2]})
	}
	return outcomes, nil
}

// Acts tries to speak to strangers in every way, once its standard input is closed. They are addresses that nobody has.
func Acts() []Outcome {
	_, _ = os.Stdin.Read(make([]byte, 1))
	var outcomes []Outcome
	note := func(act string, err error) {
		said := "it was let through"
		if err != nil {
			said = err.Error()
		}
		outcomes = append(outcomes, Outcome{act, errors.Is(err, unix.EPERM), said})
	}
	for _, d := range []struct{ act, network, address string }{
		{"TCP over IPv4", "tcp4", net.JoinHostPort(stranger4, "443")}, {"TCP over IPv6", "tcp6", net.JoinHostPort(stranger6, "443")},
		{"UDP over IPv4", "udp4", net.JoinHostPort(stranger4, "2152")}, {"UDP over IPv6", "udp6", net.JoinHostPort(stranger6, "2152")},
		{"DNS over UDP", "udp4", net.JoinHostPort(stranger4, "53")}, {"DNS over TCP", "tcp4", net.JoinHostPort(stranger4, "53")},
		{"DNS to this machine", "udp4", net.JoinHostPort(strangerOwn, "53")},
	} {
		c, err := net.DialTimeout(d.network, d.address, time.Second)
		if err == nil {
			_, err = c.Write([]byte{0})
			_ = c.Close()
		}
		note(d.act, err)
	}
	note("UDP without connect", sendTo(unix.SOCK_DGRAM, 0, nil))
	note("SCTP by a raw socket", sendTo(unix.SOCK_RAW, SCTP, make([]byte, 12)))
	note("ICMP by a raw socket", sendTo(unix.SOCK_RAW, ICMP, []byte{8, 0, 0xf7, 0xff, 0, 0, 0, 0}))
	note("any IP packet by a raw socket", sendTo(unix.SOCK_RAW, unix.IPPROTO_RAW, append([]byte{0x45, 0, 0, 20, 0, 0, 0, 0, 64, 253, 0, 0, 0, 0, 0, 0}, 192, 0, 2, 1)))
	return outcomes
}

func sendTo(kind, protocol int, payload []byte) error {
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return err
	}
	return errors.Join(unix.Sendto(fd, payload, 0, &unix.SockaddrInet4{Port: 2152, Addr: netip.MustParseAddr(stranger4).As4()}), unix.Close(fd))
}
