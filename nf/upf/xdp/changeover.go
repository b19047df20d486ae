package xdp

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// uncarried is set in a counter of the new maps until what the old maps counted is added to it, which clears it: with one store,
// so that it is done once, whoever dies meanwhile.
const uncarried = 1 << 63

// pair is a counter in the old maps and its place in the new ones.
type pair struct{ from, to *state }

// await lets a counter, which was copied, begin anew until what the old one counted is added.
func (x pair) await() { x.to.octets, x.to.packets = uncarried, uncarried }

// carry adds what the old one counted, if that was not done.
func (x pair) carry() {
	add := func(to, from *uint64) {
		if atomic.LoadUint64(to)&uncarried != 0 {
			atomic.AddUint64(to, atomic.LoadUint64(from)-uncarried)
		}
	}
	add(&x.to.octets, &x.from.octets)
	add(&x.to.packets, &x.from.packets)
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
	id, _ := idOf(filepath.Join(folder, "sess"))
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
	if now.version < layoutVersion { // which had no such counters
		return now.close()
	}
	waiting := func(s *state) bool { return (s.octets|s.packets)&uncarried != 0 }
	defer func() {
		none := &state{}
		for i := range now.blocks {
			pair{none, &now.blocks[i].up.state}.carry()
			pair{none, &now.blocks[i].down.state}.carry()
		}
		for i := range now.flows {
			pair{none, &now.flows[i].state}.carry()
		}
		_ = now.close()
	}()
	if !slices.ContainsFunc(now.blocks, func(b block) bool { return waiting(&b.up.state) || waiting(&b.down.state) }) &&
		!slices.ContainsFunc(now.flows, func(f flow) bool { return waiting(&f.state) }) {
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
		old.pairsWith(&now.loaded)
		if err := old.finish(); err != nil {
			return err
		}
	}
	return nil
}

// pairsWith finds the counters that wait for those of the old maps.
func (m *migration) pairsWith(to *loaded) {
	for i := range min(len(to.blocks), max(len(m.blocks), len(m.v1))) {
		if m.version == 1 {
			m.pairs = append(m.pairs, pair{&m.v1[i].up, &to.blocks[i].up.state}, pair{&m.v1[i].down, &to.blocks[i].down.state})
			continue
		}
		m.pairs = append(m.pairs, pair{&m.blocks[i].up.state, &to.blocks[i].up.state}, pair{&m.blocks[i].down.state, &to.blocks[i].down.state})
	}
	for i := range min(len(to.flows), len(m.flows)) {
		m.pairs = append(m.pairs, pair{&m.flows[i].state, &to.flows[i].state})
	}
}
