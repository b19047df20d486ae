package xdp

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// pair is a counter in the old maps and its place in the new ones.
type pair struct{ from, to counter }

// carry adds what the old one counted, if that was not done.
func (x pair) carry() { x.to.carry(x.from.counted()) }

// counter is a state of the maps as their layout has it.
func (m *migration) counter(s *state) counter {
	if m.version < 7 {
		return (*stateV6)(unsafe.Pointer(s))
	}
	return s
}

// endMigration ends what a process that died had begun, whose new maps are in a folder, and gives that its name.
func (p *Path) endMigration(folder string) (named string, err error) {
	if err := p.changeOver(folder); err != nil {
		return "", err
	}
	if err := p.carryOld(folder); err != nil { // of another release
		p.log.Warn("what was counted while an earlier process changed over is lost", "error", err)
	}
	if err := p.removeMaps(folder); err != nil {
		return "", err
	}
	named = filepath.Join(p.options.Pin, strings.TrimPrefix(filepath.Base(folder), staging))
	if err := os.Rename(folder, named); err != nil {
		return "", fmt.Errorf("upf: xdp: %w", err)
	}
	return named, nil
}

// changeOver lets the links that are not yet change over to the programs of a folder.
func (p *Path) changeOver(folder string) error {
	links, err := filepath.Glob(filepath.Join(p.options.Pin, "links", "*"))
	if err != nil {
		return fmt.Errorf("upf: xdp: %w", err)
	}
	id, _ := idOf(filepath.Join(folder, common))
	for _, file := range links {
		if slices.Contains(mapsOf(file), id) {
			continue
		}
		if err := replaceBy(file, folder); err != nil { // it is attached anew later
			p.log.Warn("a fast path that an earlier process was to replace stays", "link", file, "error", err)
		}
	}
	return nil
}

// replaceBy replaces the program of a pinned link by that of the same name in a folder.
func replaceBy(file, folder string) error {
	l, err := link.LoadPinnedLink(file, nil)
	if err != nil {
		return err
	}
	defer l.Close()
	info, err := l.Info()
	if err != nil {
		return err
	}
	old, err := ebpf.NewProgramFromID(info.Program)
	if err != nil {
		return err
	}
	defer old.Close()
	about, err := old.Info()
	if err != nil {
		return err
	}
	program, err := ebpf.LoadPinnedProgram(filepath.Join(folder, about.Name), nil)
	if err != nil {
		return err
	}
	defer program.Close()
	return l.Update(program)
}

// carryOld adds what the maps beside a folder counted to the counters that wait for it.
func (p *Path) carryOld(folder string) error {
	now, err := openOld(folder)
	if err != nil {
		return err
	}
	if now.version < 6 { // which had no such counters
		return now.close()
	}
	waiting := now.waiting()
	defer func() {
		for _, c := range waiting {
			c.carry(0, 0)
		}
		_ = now.close()
	}()
	if len(waiting) == 0 {
		return nil
	}
	folders, err := filepath.Glob(filepath.Join(p.options.Pin, "*v*-*"))
	if err != nil {
		return fmt.Errorf("upf: xdp: %w", err)
	}
	for _, f := range slices.DeleteFunc(folders, func(f string) bool { return f == folder }) {
		old, err := openOld(f)
		if err != nil {
			return err
		}
		old.pairsWith(now)
		if err := old.finish(); err != nil {
			return err
		}
	}
	return nil
}

// waiting are the counters of the maps to which something is still to be added.
func (m *migration) waiting() (all []counter) {
	look := func(s *state) {
		if c := m.counter(s); c.waits() {
			all = append(all, c)
		}
	}
	for slot := range uint32(m.slots()) {
		b := m.block(slot)
		look(&b.up.state)
		look(&b.down.state)
	}
	for i := range m.flows {
		look(&m.flows[i].state)
	}
	return all
}

// pair notes that a counter waits for one of the old maps, if it does.
func (m *migration) pair(from, to counter) {
	if to.waits() {
		m.pairs = append(m.pairs, pair{from, to})
	}
}

// pairsWith finds the counters that wait for those of the old maps.
func (m *migration) pairsWith(to *migration) {
	for slot := range uint32(min(to.slots(), m.slots())) {
		b := to.block(slot)
		up, down := to.counter(&b.up.state), to.counter(&b.down.state)
		if m.version == 1 {
			m.pair(&m.v1[slot].up, up)
			m.pair(&m.v1[slot].down, down)
			continue
		}
		old := m.block(slot)
		m.pair(m.counter(&old.up.state), up)
		m.pair(m.counter(&old.down.state), down)
	}
	for i := range min(len(to.flows), len(m.flows)) {
		m.pair(m.counter(&m.flows[i].state), to.counter(&to.flows[i].state))
	}
}
