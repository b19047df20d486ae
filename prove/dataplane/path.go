package dataplane

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/prove/cgroup"
)

// place notes a program in the way of packets; one that is neither built nor ours is a finding.
func (r *Result) place(where string, id ebpf.ProgramID, o Options, ours map[ebpf.ProgramID]bool) {
	p := Place{Where: where, ID: id, Name: nameOf(id), Ours: ours[id]}
	for _, built := range o.Others {
		if built.Programs[p.Name] != nil {
			found := len(r.Findings)
			r.compare(where, id, built)
			p.Ours = len(r.Findings) == found
		}
	}
	r.Places = append(r.Places, p)
	if !p.Ours {
		r.find(ForeignProgram, "%s: %s (id %d)", where, p.Name, id)
	}
}

func nameOf(id ebpf.ProgramID) string {
	p, err := ebpf.NewProgramFromID(id)
	if err != nil {
		return "?"
	}
	defer p.Close()
	info, err := p.Info()
	if err != nil {
		return "?"
	}
	if info.Name == "" {
		return "without a name, tag " + info.Tag
	}
	return info.Name
}

// interfaces looks at XDP, tcx and netkit on every interface, and tells which has a built program.
func (r *Result) interfaces(o Options, ours map[ebpf.ProgramID]bool) (map[string]bool, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("interfaces: %w", err)
	}
	native, err := xdpPrograms()
	if err != nil {
		return nil, err
	}
	attached, served := make(map[string]bool), make(map[uint32]bool)
	for _, l := range links {
		name, index := l.Attrs().Name, l.Attrs().Index
		for _, x := range native[index] {
			where := fmt.Sprintf("%s, XDP (%s)", name, x.mode)
			if built := o.Built.Programs[nameOf(x.id)]; built != nil {
				ours[x.id], attached[name], served[uint32(index)] = true, true, true
				r.compare(where, x.id, o.Built)
			}
			r.place(where, x.id, o, ours)
		}
		for attach, what := range map[ebpf.AttachType]string{ebpf.AttachTCXIngress: "tcx ingress", ebpf.AttachTCXEgress: "tcx egress",
			ebpf.AttachNetkitPrimary: "netkit primary", ebpf.AttachNetkitPeer: "netkit peer"} {
			found, err := link.QueryPrograms(link.QueryOptions{Target: index, Attach: attach})
			if err != nil { // not an interface that has it, or a kernel without
				continue
			}
			for _, p := range found.Programs {
				if built := o.TCX; attach == ebpf.AttachTCXIngress && built != nil && built.Programs[nameOf(p.ID)] != nil {
					ours[p.ID], attached[name], served[uint32(index)] = true, true, true
					r.compare(name+", "+what, p.ID, built)
				}
				r.place(name+", "+what, p.ID, o, ours)
			}
		}
	}
	return attached, r.ports(ours, served)
}

type xdpProgram struct {
	mode string
	id   ebpf.ProgramID
}

// xdpPrograms asks for the XDP programs of all interfaces, in every mode at once.
func xdpPrograms() (map[int][]xdpProgram, error) {
	req := nl.NewNetlinkRequest(unix.RTM_GETLINK, unix.NLM_F_DUMP)
	req.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
	answers, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWLINK)
	if err != nil {
		return nil, fmt.Errorf("interfaces: %w", err)
	}
	found := make(map[int][]xdpProgram)
	for _, a := range answers {
		msg := nl.DeserializeIfInfomsg(a)
		attrs, err := nl.ParseRouteAttr(a[msg.Len():])
		if err != nil {
			return nil, fmt.Errorf("interfaces: %w", err)
		}
		for _, attr := range attrs {
			if attr.Attr.Type&^unix.NLA_F_NESTED != unix.IFLA_XDP {
				continue
			}
			inner, err := nl.ParseRouteAttr(attr.Value)
			if err != nil {
				return nil, fmt.Errorf("interfaces: %w", err)
			}
			for _, x := range inner {
				if mode := map[uint16]string{5: "native", 6: "generic", 7: "in hardware"}[x.Attr.Type]; mode != "" && len(x.Value) == 4 {
					found[int(msg.Index)] = append(found[int(msg.Index)], xdpProgram{mode, ebpf.ProgramID(nl.NativeEndian().Uint32(x.Value))})
				}
			}
		}
	}
	return found, nil
}

// ports wants the maps of interfaces of our programs to lead to interfaces with our programs.
func (r *Result) ports(ours map[ebpf.ProgramID]bool, served map[uint32]bool) error {
	seen := make(map[ebpf.MapID]bool)
	for id := range ours {
		p, err := ebpf.NewProgramFromID(id)
		if err != nil {
			return err
		}
		info, err := p.Info()
		p.Close()
		if err != nil {
			return err
		}
		ids, _ := info.MapIDs()
		for _, m := range ids {
			if seen[m] {
				continue
			}
			seen[m] = true
			if err := r.portsOf(m, served); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Result) portsOf(id ebpf.MapID, served map[uint32]bool) error {
	m, err := ebpf.NewMapFromID(id)
	if err != nil {
		return err
	}
	defer m.Close()
	if m.Type() != ebpf.DevMap && m.Type() != ebpf.DevMapHash {
		return nil
	}
	var key uint32
	value := make([]byte, m.ValueSize())
	for entries := m.Iterate(); ; {
		if !entries.Next(&key, &value) {
			return entries.Err()
		}
		index := nl.NativeEndian().Uint32(value)
		if index != 0 && !served[index] {
			r.find(ForeignPort, "the map of ports leads to interface %d, which has none of the built programs", index)
		}
		if len(value) >= 8 && nl.NativeEndian().Uint32(value[4:]) != 0 {
			r.find(ForeignProgram, "a program (id %d) runs on what leaves by interface %d", nl.NativeEndian().Uint32(value[4:]), index)
		}
	}
}

// classifiers looks at the filters and actions of tc on every interface.
func (r *Result) classifiers(o Options, ours map[ebpf.ProgramID]bool) error {
	links, err := netlink.LinkList()
	if err != nil {
		return fmt.Errorf("interfaces: %w", err)
	}
	for _, l := range links {
		qdiscs, err := netlink.QdiscList(l)
		if err != nil {
			return fmt.Errorf("tc of %s: %w", l.Attrs().Name, err)
		}
		parents := []uint32{netlink.HANDLE_MIN_INGRESS, netlink.HANDLE_MIN_EGRESS}
		for _, q := range qdiscs {
			parents = append(parents, q.Attrs().Handle)
		}
		slices.Sort(parents)
		for _, parent := range slices.Compact(parents) {
			filters, err := netlink.FilterList(l, parent)
			if err != nil {
				continue // no such parent here
			}
			for _, f := range filters {
				where := fmt.Sprintf("%s, tc filter %s at %s", l.Attrs().Name, f.Type(), netlink.HandleStr(parent))
				if b, ok := f.(*netlink.BpfFilter); ok {
					r.place(where, ebpf.ProgramID(b.Id), o, ours)
					continue
				}
				r.find(ForeignRule, "%s", where)
			}
		}
	}
	return nil
}

// namespace looks at what hangs on the network namespace: socket look-up and flow dissector.
func (r *Result) namespace(o Options, ours map[ebpf.ProgramID]bool) error {
	ns, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	defer ns.Close()
	for attach, what := range map[ebpf.AttachType]string{ebpf.AttachSkLookup: "socket look-up", ebpf.AttachFlowDissector: "flow dissector"} {
		found, err := link.QueryPrograms(link.QueryOptions{Target: int(ns.Fd()), Attach: attach})
		if err != nil {
			r.Named = append(r.Named, fmt.Sprintf("%s: the kernel does not tell (%v)", what, err))
			continue
		}
		for _, p := range found.Programs {
			r.place("network namespace, "+what, p.ID, o, ours)
		}
	}
	return nil
}

// cgroups looks at the programs of the core's control group and those above it that see packets or addresses.
func (r *Result) cgroups(o Options, ours map[ebpf.ProgramID]bool) error {
	for pid, others := range o.Processes {
		one := o
		one.Process, one.Others, one.Processes = pid, others, nil
		if err := r.cgroups(one, ours); err != nil {
			return err
		}
	}
	if len(o.Processes) > 0 {
		return nil
	}
	pid := o.Process
	if pid == 0 {
		pid = os.Getpid()
	}
	return cgroup.Of(pid, func(root, path string) error {
		for ; ; path = filepath.Dir(path) {
			if err := r.cgroup(root, path, o, ours); err != nil {
				return err
			}
			if path == "/" {
				return nil
			}
		}
	})
}

func (r *Result) cgroup(root, path string, o Options, ours map[ebpf.ProgramID]bool) error {
	dir, err := os.Open(filepath.Join(root, path))
	if err != nil {
		return fmt.Errorf("control group of the core: %w", err)
	}
	defer dir.Close()
	for attach, what := range map[ebpf.AttachType]string{ebpf.AttachCGroupInetIngress: "packets in", ebpf.AttachCGroupInetEgress: "packets out",
		ebpf.AttachCGroupSockOps: "TCP events", ebpf.AttachCGroupInet4Connect: "connect", ebpf.AttachCGroupInet6Connect: "connect",
		ebpf.AttachCGroupUDP4Sendmsg: "send", ebpf.AttachCGroupUDP6Sendmsg: "send", ebpf.AttachCGroupUDP4Recvmsg: "receive", ebpf.AttachCGroupUDP6Recvmsg: "receive",
		ebpf.AttachCGroupInetSockCreate: "sockets", ebpf.AttachCGroupInet4Bind: "bind", ebpf.AttachCGroupInet6Bind: "bind"} {
		attached, err := link.QueryPrograms(link.QueryOptions{Target: int(dir.Fd()), Attach: attach})
		if err != nil {
			continue // a kernel without
		}
		for _, p := range attached.Programs {
			r.place(fmt.Sprintf("control group %s, %s", path, what), p.ID, o, ours)
		}
	}
	return nil
}

// kernel looks at the links and programs of the whole kernel that may see packets wherever they are.
func (r *Result) kernel(o Options, ours map[ebpf.ProgramID]bool) error {
	targets := make(map[ebpf.ProgramID]string)
	links := new(link.Iterator)
	defer links.Close()
	for links.Next() {
		info, err := links.Link.Info()
		if err != nil {
			continue
		}
		if t := info.Tracing(); t != nil && ours[ebpf.ProgramID(t.TargetObjectId)] {
			targets[info.Program] = fmt.Sprintf("on our program %d", t.TargetObjectId)
		}
		if n := info.Netfilter(); n != nil {
			r.place(fmt.Sprintf("netfilter, hook %d of family %d", n.Hook, n.ProtocolFamily), info.Program, o, ours)
		}
	}
	if err := links.Err(); err != nil {
		return fmt.Errorf("links of programs: %w", err)
	}
	for id, err := ebpf.ProgramGetNextID(0); ; id, err = ebpf.ProgramGetNextID(id) {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("programs: %w", err)
		}
		r.loadedProgram(id, targets, o, ours)
	}
}

// loadedProgram: one that watches the kernel's own functions can read any packet; one of another kind that is in nobody's
// way here is only named.
func (r *Result) loadedProgram(id ebpf.ProgramID, targets map[ebpf.ProgramID]string, o Options, ours map[ebpf.ProgramID]bool) {
	if ours[id] || slices.ContainsFunc(r.Places, func(p Place) bool { return p.ID == id }) {
		return
	}
	p, err := ebpf.NewProgramFromID(id)
	if err != nil {
		return // it ended
	}
	t := p.Type()
	p.Close()
	switch t {
	case ebpf.Tracing, ebpf.Extension, ebpf.Kprobe, ebpf.RawTracepoint, ebpf.RawTracepointWritable, ebpf.TracePoint, ebpf.PerfEvent, ebpf.LSM, ebpf.StructOps:
		where := targets[id]
		if where == "" {
			where = "on functions of the kernel"
		}
		r.place(fmt.Sprintf("%v program %s", t, where), id, o, ours)
	default:
		r.Named = append(r.Named, fmt.Sprintf("program %d, %s, of type %v: not on an interface of this namespace", id, nameOf(id), t))
	}
}
