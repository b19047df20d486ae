package xdp

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"structs"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
)

// An upgrade whose maps are laid out otherwise (another version of layout.go, other pools or sizes) fills new maps from
// those that the programs at work use, in a folder whose name begins with staging, lets the links change over to
// programs with the new maps, and then adds what was counted in the old ones. A process that dies on the way
// leaves either the old maps at work or the new ones, or has changed over some of the links: the folder is found by the links, and
// if it is the new one the next process ends what was begun before it does anything else.

const staging = "new-"

// common is a map that all programs of all layouts use.
const common = "nh"

// current is the folder of the maps that the programs of the pinned links use, "" if there are none.
func current(pin string) (string, error) {
	used := map[ebpf.MapID]bool{}
	links, err := filepath.Glob(filepath.Join(pin, "links", "*"))
	if err != nil {
		return "", fmt.Errorf("upf: xdp: %w", err)
	}
	for _, file := range links {
		for _, id := range mapsOf(file) {
			used[id] = true
		}
	}
	folders, err := filepath.Glob(filepath.Join(pin, "*v*-*"))
	if err != nil {
		return "", fmt.Errorf("upf: xdp: %w", err)
	}
	for _, folder := range folders {
		if id, ok := idOf(filepath.Join(folder, common)); ok && used[id] {
			return folder, nil
		}
	}
	return "", nil
}

// mapsOf are the maps of a pinned link's program; a link that cannot be looked at has none.
func mapsOf(file string) []ebpf.MapID {
	l, err := link.LoadPinnedLink(file, nil)
	if err != nil {
		return nil
	}
	defer l.Close()
	info, err := l.Info()
	if err != nil {
		return nil
	}
	program, err := ebpf.NewProgramFromID(info.Program)
	if err != nil {
		return nil
	}
	defer program.Close()
	about, err := program.Info()
	if err != nil {
		return nil
	}
	ids, _ := about.MapIDs()
	return ids
}

func idOf(file string) (ebpf.MapID, bool) {
	m, err := ebpf.LoadPinnedMap(file, nil)
	if err != nil {
		return 0, false
	}
	defer m.Close()
	info, err := m.Info()
	if err != nil {
		return 0, false
	}
	return info.ID()
}

// place decides in which folder the maps are loaded, and from which they are filled.
func (p *Path) place(pin string) (folder, from string, err error) {
	from, err = current(p.options.Pin)
	if err != nil {
		return "", "", err
	}
	if strings.HasPrefix(filepath.Base(from), staging) {
		if from, err = p.endMigration(from); err != nil {
			return "", "", err
		}
	}
	if from == "" || from == pin {
		return pin, "", nil
	}
	return filepath.Join(p.options.Pin, staging+filepath.Base(pin)), from, p.removeMaps(from)
}

// migration is the old maps, as memory, while the links change over.
type migration struct {
	loaded
	version int
	v1      []blockV1
	v7      []linesV7
	v1hops  []nextHopV1
	v2lists []classifierV2
	v2made  map[listV2]uint32 // classifiers of today, by what they were made of
	earlier *revisions
	copied  []uint32 // slots
	taken   []int    // flows
	left    map[*account]quotaLeft
	pairs   []pair
}

// quotaLeft is what was left of a quota when it was copied, and its place in the new maps.
type quotaLeft struct {
	octets int64
	to     *account
}

// blockV1 is a session of layout 1.
type blockV1 struct {
	_ structs.HostLayout
	// uplink
	upSequence, teid, ue, upVerdict uint32
	qfis, upPerOctet                uint64
	up                              stateV6
	_                               uint64
	// downlink
	downSequence, downUE, downVerdict, nextHop uint32
	peer, downPerOctet                         uint64
	qfi, _                                     uint32
	down                                       stateV6
}

// linesV7 is a session of layouts 2 to 7: both directions in one array. Those of layout 2 are laid out as layout2.go says, counters
// of all but 7 as stateV6.
type linesV7 struct {
	_    structs.HostLayout
	up   uplink
	down downlink
}

// nextHopV1 is a next hop of layout 1.
type nextHopV1 struct {
	_                               structs.HostLayout
	sequence, address, ifindex, mtu uint32
	macs                            [2]uint64
}

// openOld maps the old maps of a folder into memory.
func openOld(folder string) (*migration, error) {
	m := &migration{v2made: map[listV2]uint32{}, left: map[*account]quotaLeft{}}
	name := strings.TrimPrefix(filepath.Base(folder), staging)
	if _, err := fmt.Sscanf(name, "v%d-", &m.version); err != nil || m.version < 1 || m.version > layoutVersion {
		return nil, fmt.Errorf("upf: xdp: %s: maps of a layout that this release does not know", folder)
	}
	m.collection = &ebpf.Collection{Maps: map[string]*ebpf.Map{}}
	names := []string{"nh", "routes"}
	if m.version < 8 {
		names = append(names, "sess")
	} else {
		names = append(names, "uplinks", "downlinks")
	}
	if m.version > 1 {
		names = append(names, "flows", "classifiers", "ledger")
	}
	for _, name := range []string{"carried", "revisions", "changing"} { // which not each release had
		if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
			names = append(names, name)
		}
	}
	for _, name := range names {
		x, err := ebpf.LoadPinnedMap(filepath.Join(folder, name), nil)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("upf: xdp: %s: %w", folder, err), m.close())
		}
		m.collection.Maps[name] = x
	}
	var err error
	switch {
	case m.version == 1:
		err = errors.Join(mapTo(&m.loaded, &m.v1, "sess"), mapTo(&m.loaded, &m.v1hops, "nh"))
	case m.version < 8:
		err = mapTo(&m.loaded, &m.v7, "sess")
	default:
		err = errors.Join(mapTo(&m.loaded, &m.uplinks, "uplinks"), mapTo(&m.loaded, &m.downlinks, "downlinks"))
	}
	if m.version > 1 {
		err = errors.Join(err, mapTo(&m.loaded, &m.hops, "nh"), mapTo(&m.loaded, &m.flows, "flows"), mapTo(&m.loaded, &m.accounts, "ledger"))
	}
	if m.collection.Maps["carried"] != nil && m.collection.Maps["revisions"] != nil {
		err = errors.Join(err, mapTo(&m.loaded, &m.loaded.carried, "carried"), mapTo(&m.loaded, &m.loaded.revisions, "revisions"))
	}
	if m.collection.Maps["changing"] != nil {
		err = errors.Join(err, mapTo(&m.loaded, &m.routes, "routes"), mapTo(&m.loaded, &m.changing, "changing"))
	}
	switch m.version {
	case 1:
	case 2:
		err = errors.Join(err, mapTo(&m.loaded, &m.v2lists, "classifiers"))
	default:
		err = errors.Join(err, mapTo(&m.loaded, &m.classifiers, "classifiers"))
	}
	if err != nil {
		return nil, errors.Join(err, m.close())
	}
	return m, nil
}

// migrate fills the new maps with the sessions of the old ones whose slots are the same in the new layout.
func (p *Path) migrate(from string) (*migration, error) {
	m, err := openOld(from)
	if err != nil {
		return nil, err
	}
	m.endChanges(m.slots(), m.block)
	m.copyHops(p.loaded.hops)
	lost := 0
	m.earlier = newRevisions(m.loaded.revisions, m.loaded.carried, m.accounts)
	unended := m.earlier.of()
	copy(p.loaded.classifiers, m.classifiers)
	for slot := range uint32(m.slots()) {
		old, ok := m.session(slot)
		switch {
		case !ok:
		case !p.fits(slot, old):
			lost++
		default:
			p.take(m, slot, old, unended[slot])
		}
	}
	m.copyAccounts(p.loaded)
	p.log.Info("sessions of an earlier release or configuration are taken over", "from", filepath.Base(from), "slots", len(m.copied), "lost", lost)
	return m, nil
}

func (m *migration) copyHops(to []nextHop) {
	if m.version > 1 {
		copy(to, m.hops)
		return
	}
	for i, h := range m.v1hops {
		if h.address != 0 && i < len(to) {
			to[i] = nextHop{version: 4, address: [2]uint64{uint64(h.address)}, ifindex: h.ifindex, mtu: h.mtu, macs: h.macs}
		}
	}
}

// slots is how many there are.
func (m *migration) slots() int { return max(len(m.v1), len(m.v7), len(m.uplinks)) }

// block is where the session in a slot is, of layouts from 2 on.
func (m *migration) block(slot uint32) block {
	if m.version < 8 {
		return block{&m.v7[slot].up, &m.v7[slot].down}
	}
	return m.loaded.block(slot)
}

// lines are a copy.
func (b block) lines() linesV7 { return linesV7{up: *b.up, down: *b.down} }

// session is a session with today's facts; false if there is none, or it was being changed.
func (m *migration) session(slot uint32) (linesV7, bool) {
	if m.version > 1 {
		b := m.block(slot).lines()
		if m.version == 2 {
			b.up.ofLayout2()
			b.down.ofLayout2()
		}
		if m.version > 4 {
			b.up.tellAbsolute(slot, homesOf(len(m.flows)))
			b.down.tellAbsolute(slot, homesOf(len(m.flows)))
		}
		return b, (b.up.teid != 0 || b.down.ue != 0 || b.down.ue6 != 0) && b.up.sequence&1 == 0 && b.down.sequence&1 == 0
	}
	o := &m.v1[slot]
	if (o.teid == 0 && o.downUE == 0) || o.upSequence&1 != 0 || o.downSequence&1 != 0 {
		return linesV7{}, false
	}
	verdict := func(v uint32) uint8 {
		if v == 0 {
			return verdictSlow
		}
		return uint8(v - 1 + verdictForward)
	}
	return linesV7{up: uplink{teid: o.teid, ue: o.ue, verdict: verdict(o.upVerdict), qfis: o.qfis, perOctet: o.upPerOctet, state: state{next: o.up.next}},
		down: downlink{ue: o.downUE, verdict: verdict(o.downVerdict), qfi: uint8(o.qfi), nextHop: o.nextHop, peer: o.peer,
			perOctet: o.downPerOctet, state: state{next: o.down.next}}}, true
}

// fits tells whether a session has the same slot in the new layout, and room for its flows.
func (p *Path) fits(slot uint32, b linesV7) bool {
	if int(slot) >= len(p.loaded.uplinks) {
		return false
	}
	for _, ue := range []uint32{b.up.ue, b.down.ue} {
		if ue == 0 {
			continue
		}
		var a [4]byte
		*(*uint32)(unsafe.Pointer(&a[0])) = ue
		at, ok := p.layout.SlotOf4(hostOrder(netip.AddrFrom4(a)))
		if ok && at != slot && upf.Slot(b.up.teid) == slot {
			return false
		}
		if !ok && int(slot) < p.poolSlots() {
			return false
		}
	}
	if b.down.ue == 0 && b.up.ue == 0 && int(slot) < p.poolSlots() {
		return false
	}
	for _, at := range b.rules() {
		if at>>32 >= uint64(len(p.loaded.flows)-1<<maxRunBits) || uint32(at) >= uint32(len(p.loaded.classifiers)) {
			return false
		}
	}
	return true
}

// poolSlots is the number of slots of the pools, which come first.
func (p *Path) poolSlots() int {
	n := 0
	for _, c := range p.config.Pool[:len(p.pools)] {
		n = max(n, int(c.Slot+c.Size))
	}
	return n
}

// take copies one session.
func (p *Path) take(m *migration, slot uint32, b linesV7, unended []*pending) {
	to := p.loaded.block(slot)
	b.up.sequence, b.down.sequence = 0, 0
	if m.version == 2 {
		b = m.listsOf(p, slot, b)
	}
	*to.up, *to.down = b.up, b.down
	if b.up.verdict == verdictRules {
		to.up.perOctet = p.rulesAt(slot, classifierAt(b.up.perOctet), uint32(b.up.perOctet>>32))
	}
	if b.down.verdict == verdictRules {
		to.down.perOctet = p.rulesAt(slot, classifierAt(b.down.perOctet), uint32(b.down.perOctet>>32))
	}
	m.copied = append(m.copied, slot)
	if m.version == 1 {
		m.note(&m.v1[slot].up, &to.up.state)
		m.note(&m.v1[slot].down, &to.down.state)
		return
	}
	old := m.block(slot)
	m.note(m.counter(&old.up.state), &to.up.state)
	m.note(m.counter(&old.down.state), &to.down.state)
	for _, at := range b.rules() {
		m.takeFlows(p.loaded, run{uint32(at >> 32), int(p.loaded.classifiers[uint32(at)].flows)})
	}
	for _, x := range unended {
		m.takeFlows(p.loaded, run{x.run, int(x.length)})
		m.takeFlows(p.loaded, run{x.next, int(x.nextLength)})
	}
	if b.down.ue6 != 0 {
		if err := p.putPrefix(b.down.ue6, prefixEntry{Slot: slot, MTU: uint32(p.networks[0].MTU)}); err != nil {
			p.log.Warn("a prefix cannot be taken over", "slot", slot, "error", err)
		}
	}
}

// takeFlows copies flows that have room and were not copied yet.
func (m *migration) takeFlows(to *loaded, r run) {
	for i := int(r.at); i < min(int(r.at)+r.length, len(to.flows), len(m.flows)); i++ {
		if to.flows[i].state.waits() {
			continue
		}
		to.flows[i] = m.flows[i]
		m.note(m.counter(&m.flows[i].state), &to.flows[i].state)
		m.taken = append(m.taken, i)
	}
}

// tellAbsolute lets a line tell of its rules by the indices of classifier and first flow alone, as before layout 5.
func (u *uplink) tellAbsolute(slot, homes uint32) {
	if u.verdict == verdictRules {
		u.perOctet = uint64(classifierAt(u.perOctet)) | uint64(runAt(slot, u.perOctet, homes))<<32
	}
}

func (d *downlink) tellAbsolute(slot, homes uint32) {
	if d.verdict == verdictRules {
		d.perOctet = uint64(classifierAt(d.perOctet)) | uint64(runAt(slot, d.perOctet, homes))<<32
	}
}

// rules are where the rules of the directions are that have several.
func (b *linesV7) rules() (at []uint64) {
	if b.up.verdict == verdictRules {
		at = append(at, b.up.perOctet)
	}
	if b.down.verdict == verdictRules {
		at = append(at, b.down.perOctet)
	}
	return at
}

// note remembers a counter that was copied.
func (m *migration) note(from counter, to *state) {
	to.await()
	m.pair(from, to)
}

func (m *migration) copyAccounts(to *loaded) {
	copied := map[uint32]bool{}
	for _, slot := range m.copied {
		copied[slot] = true
	}
	spare := len(to.uplinks)
	moved := map[uint32]uint32{}
	for i := range m.accounts {
		a := &m.accounts[i]
		if a.slot == 0 || !copied[a.slot-1] {
			continue
		}
		at := int(a.slot - 1)
		if to.accounts[at].slot != 0 {
			at, spare = spare, spare+1
		}
		if at >= len(to.accounts) {
			break
		}
		x := &to.accounts[at]
		x.urr, x.counters, x.told, x.taken, x.sequence, x.end = a.urr, a.counters, a.told, a.taken, a.sequence, a.end
		x.slow.UplinkBytes.Store(a.slow.UplinkBytes.Load())
		x.slow.DownlinkBytes.Store(a.slow.DownlinkBytes.Load())
		x.slow.UplinkPackets.Store(a.slow.UplinkPackets.Load())
		x.slow.DownlinkPackets.Store(a.slow.DownlinkPackets.Load())
		if m.version < 4 { // what earlier rules had counted was where is now what was told
			x.add(numbersToUsage(a.told))
			x.told, x.sequence, x.end = a.taken, 0, 0
		}
		moved[uint32(i)] = uint32(at)
		if m.version > 5 {
			m.left[a] = quotaLeft{a.remaining().Load(), x}
			x.remaining().Store(m.left[a].octets)
		}
		x.slot = a.slot
	}
	m.bindQuotas(to, moved)
	m.copyRevisions(to, moved)
}

// copyRevisions copies what is carried of the accounts, and what was not ended.
func (m *migration) copyRevisions(to *loaded, moved map[uint32]uint32) {
	places := map[uint32]uint32{} // plus one each
	for _, x := range m.loaded.carried {
		at, ok := moved[x.account-1]
		if n := uint32(len(places)); x.account != 0 && ok && int(n) < len(to.carried) {
			to.carried[n] = carried{account: at + 1, sum: x.sum}
			places[m.earlier.at[x.account-1]+1] = n + 1
		}
	}
	n := 0
	for _, x := range m.loaded.revisions {
		if x.stage == stageFree || n == len(to.revisions) {
			continue
		}
		for i := range x.parts[:x.count] {
			y := &x.parts[i]
			at, ok := moved[y.account-1]
			if y.account == 0 || !ok {
				y.account, y.sum = 0, 0
				continue
			}
			y.account, y.sum = at+1, places[y.sum]
		}
		to.revisions[n] = x
		n++
	}
}

// bindQuotas lets the flows that were copied take from the accounts where they are now. One whose account found no room lets nothing
// pass but by user space.
func (m *migration) bindQuotas(to *loaded, moved map[uint32]uint32) {
	for _, i := range m.taken {
		f := &to.flows[i]
		if f.quota == 0 {
			continue
		}
		at, ok := moved[f.quota-1]
		if !ok {
			at = uint32(len(to.accounts))
		}
		f.quota = at + 1
	}
}

// finish adds what the old programs counted after their counters were copied, and forgets the old maps.
func (m *migration) finish() error {
	time.Sleep(grace) // the last packets of the old programs
	for _, x := range m.pairs {
		x.carry()
	}
	for from, c := range m.left {
		c.to.remaining().Add(from.remaining().Load() - c.octets)
	}
	return m.close()
}

// openMaps loads programs and maps, filled from those at work if they are laid out otherwise.
func (p *Path) openMaps(pin string) (folder string, m *migration, err error) {
	folder, from, err := p.place(pin)
	if err != nil {
		return "", nil, err
	}
	if p.loaded, err = load(p.config, p.size, folder, p.options.change); err != nil || from == "" {
		return folder, nil, err
	}
	m, err = p.migrate(from)
	if err != nil { // of a layout that is not known: its sessions end
		p.log.Warn("the sessions of an earlier process cannot be taken over", "error", err)
		return folder, nil, nil
	}
	return folder, m, nil
}

// settleMaps ends a migration: the old maps go, the new ones get their name.
func (p *Path) settleMaps(folder, pin string, m *migration) error {
	if m != nil {
		if err := m.finish(); err != nil {
			return fmt.Errorf("upf: xdp: old maps: %w", err)
		}
	}
	if err := p.removeMaps(folder); err != nil {
		return err
	}
	if folder == pin {
		return nil
	}
	if err := unix.Rename(folder, pin); err != nil {
		return fmt.Errorf("upf: xdp: %s: %w", folder, err)
	}
	return nil
}

// removeMaps removes all maps but those of a folder.
func (p *Path) removeMaps(but string) error {
	folders, err := filepath.Glob(filepath.Join(p.options.Pin, "*v*-*"))
	if err != nil {
		return fmt.Errorf("upf: xdp: %w", err)
	}
	for _, f := range slices.DeleteFunc(folders, func(f string) bool { return f == but }) {
		p.log.Info("maps of another layout are removed", "folder", f)
		if err := os.RemoveAll(f); err != nil {
			return fmt.Errorf("upf: xdp: %w", err)
		}
	}
	return nil
}
