package dataplane

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// bystanders looks at what copies or diverts packets without a program: sockets that read what passes, and firewall rules.
func (r *Result) bystanders() error {
	if err := r.packetSockets(); err != nil {
		return err
	}
	if err := r.firewall(); err != nil {
		return err
	}
	if b, err := os.ReadFile("/proc/thread-self/net/ip_tables_names"); err == nil && len(bytes.TrimSpace(b)) > 0 {
		r.Named = append(r.Named, "tables of the older iptables are loaded ("+strings.Join(strings.Fields(string(b)), ", ")+"): their rules are not read here, see iptables-legacy-save")
	}
	return nil
}

// packetSockets names the packet sockets of this namespace and who holds them, packet(7).
func (r *Result) packetSockets() error {
	b, err := os.ReadFile("/proc/thread-self/net/packet")
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		f := strings.Fields(line)
		if i == 0 || len(f) < 9 {
			continue
		}
		on := "on every interface"
		if f[4] != "0" {
			on = "on interface " + f[4]
		}
		r.find(ForeignSocket, "a packet socket %s, protocol %s, of %s", on, f[3], holder(f[8]))
	}
	return nil
}

// holder is the process that has a socket open.
func holder(inode string) string {
	fds, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return "nobody"
	}
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err != nil || to != "socket:["+inode+"]" {
			continue
		}
		pid := strings.Split(fd, "/")[2]
		name, _ := os.ReadFile("/proc/" + pid + "/comm")
		return fmt.Sprintf("process %s (%s)", pid, strings.TrimSpace(string(name)))
	}
	return "a process that cannot be seen from here"
}

// copying are the expressions of nf_tables that send a packet, or a copy of it, elsewhere.
func copying(expression string) string {
	switch expression {
	case "dup":
		return "copies packets to another address or interface"
	case "fwd":
		return "sends packets to another interface"
	case "queue":
		return "hands packets to a program"
	case "log":
		return "writes of packets into a log"
	case "tproxy":
		return "hands packets to a socket"
	case "target":
		return "hands packets to an older target, which may copy them (TEE, NFLOG, NFQUEUE)"
	}
	return ""
}

// From linux/netfilter/nf_tables.h.
const (
	nftNewRule, nftGetRule                            = 6, 7
	ruleTable, ruleChain, ruleHandle, ruleExpressions = 1, 2, 3, 4
	expressionName                                    = 1
)

// firewall looks for rules of nf_tables that copy or divert.
func (r *Result) firewall() error {
	req := nl.NewNetlinkRequest(unix.NFNL_SUBSYS_NFTABLES<<8|nftGetRule, unix.NLM_F_DUMP)
	req.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_UNSPEC})
	answers, err := req.Execute(unix.NETLINK_NETFILTER, unix.NFNL_SUBSYS_NFTABLES<<8|nftNewRule)
	if err != nil {
		r.Named = append(r.Named, fmt.Sprintf("nf_tables: the kernel does not tell (%v)", err))
		return nil
	}
	for _, a := range answers {
		attrs, err := nl.ParseRouteAttr(a[nl.SizeofNfgenmsg:])
		if err != nil {
			return fmt.Errorf("nf_tables: %w", err)
		}
		rule, expressions := "", []string(nil)
		for _, attr := range attrs {
			switch attr.Attr.Type &^ unix.NLA_F_NESTED {
			case ruleTable, ruleChain:
				rule += string(bytes.TrimRight(attr.Value, "\x00")) + " "
			case ruleExpressions:
				if expressions, err = expressionNames(attr.Value); err != nil {
					return fmt.Errorf("nf_tables: %w", err)
				}
			case ruleHandle:
				if len(attr.Value) == 8 {
					rule += "handle " + strconv.FormatUint(uint64(attr.Value[7])|uint64(attr.Value[6])<<8|uint64(attr.Value[5])<<16, 10)
				}
			}
		}
		for _, e := range expressions {
			if why := copying(e); why != "" {
				r.find(ForeignRule, "nf_tables rule %s %s (%s)", strings.TrimSpace(rule), why, e)
			}
		}
	}
	return nil
}

func expressionNames(list []byte) ([]string, error) {
	elements, err := nl.ParseRouteAttr(list)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range elements {
		attrs, err := nl.ParseRouteAttr(e.Value)
		if err != nil {
			return nil, err
		}
		for _, a := range attrs {
			if a.Attr.Type == expressionName {
				names = append(names, string(bytes.TrimRight(a.Value, "\x00")))
			}
		}
	}
	return names, nil
}
