package build

import (
	"bufio"
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
)

// readBinary hashes the binary to compare with, and learns its platform and toolchain.
func (r *Result) readBinary(o *Options) error {
	sum, size, err := hashFile(o.Binary)
	if err != nil {
		return fmt.Errorf("the binary to compare with: %w", err)
	}
	r.Binary = &Artefact{Name: o.Binary, Path: o.Binary, Size: size, SHA256: sum}
	info, err := buildinfo.ReadFile(o.Binary)
	if err != nil {
		return fmt.Errorf("%s is no Go binary that says what it was built from: %w", o.Binary, err)
	}
	if info.GoVersion != r.Toolchain.Version {
		r.find(ToolchainDiffers, "%s was built with %s, and this machine has %s: put that toolchain first in PATH",
			o.Binary, info.GoVersion, r.Toolchain.Version)
	}
	for _, s := range info.Settings { // GOOS, GOARCH, GOAMD64, GOARM64, ...
		if strings.HasPrefix(s.Key, "GO") && s.Key != "GOFIPS140" {
			o.target = append(o.target, s.Key+"="+s.Value)
		}
	}
	return nil
}

func (r *Result) compareBinary() {
	rebuilt := r.Rebuilds[0].Artefacts[0]
	if rebuilt.SHA256 == r.Binary.SHA256 {
		return
	}
	detail := difference(*r.Binary, rebuilt)
	if info, err := buildinfo.ReadFile(r.Binary.Path); err == nil {
		if said := differentInfo(info, r.Info); said != "" {
			detail += "; " + said
		} else {
			detail += "; it says that it was built from the same modules with the same settings: so our own source differs, " +
				"or the file was changed after it was built"
		}
	}
	r.find(BinaryDiffers, "%s is not what %s builds to: %s", r.Binary.Path, r.Source.Dir, detail)
}

// difference says how two files differ: in size, in how many bytes, and in which sections of the program.
func difference(a, b Artefact) string {
	if a.Size != b.Size {
		return fmt.Sprintf("%d and %d bytes, in sections %s", a.Size, b.Size, sections(a.Path, b.Path))
	}
	n, first, err := differentBytes(a.Path, b.Path)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d of %d bytes differ, the first at offset %#x, in sections %s", n, a.Size, first, sections(a.Path, b.Path))
}

func differentBytes(a, b string) (n, first int64, err error) {
	fa, err := os.Open(a)
	if err != nil {
		return 0, 0, err
	}
	defer fa.Close()
	fb, err := os.Open(b)
	if err != nil {
		return 0, 0, err
	}
	defer fb.Close()
	ra, rb := bufio.NewReaderSize(fa, 1<<20), bufio.NewReaderSize(fb, 1<<20)
	for at := int64(0); ; at++ {
		x, errA := ra.ReadByte()
		y, errB := rb.ReadByte()
		if errA != nil || errB != nil {
			return n, first, nil // the sizes are the same
		}
		if x != y {
			if n == 0 {
				first = at
			}
			n++
		}
	}
}

// sections names the ELF sections that differ.
func sections(a, b string) string {
	fa, err := elf.Open(a)
	if err != nil {
		return "unknown (no ELF file)"
	}
	defer fa.Close()
	fb, err := elf.Open(b)
	if err != nil {
		return "unknown (no ELF file)"
	}
	defer fb.Close()
	var differ []string
	for _, s := range fa.Sections {
		if other := fb.Section(s.Name); other == nil || !sameSection(s, other) {
			differ = append(differ, s.Name)
		}
	}
	for _, s := range fb.Sections {
		if fa.Section(s.Name) == nil {
			differ = append(differ, s.Name)
		}
	}
	if differ == nil {
		return "none (headers or padding)"
	}
	return strings.Join(differ, " ")
}

func sameSection(a, b *elf.Section) bool {
	if a.Size != b.Size || a.Addr != b.Addr || a.Type != b.Type {
		return false
	}
	if a.Type == elf.SHT_NOBITS {
		return true
	}
	ra, rb := a.Open(), b.Open()
	ba, bb := make([]byte, 1<<16), make([]byte, 1<<16)
	for {
		n, errA := io.ReadFull(ra, ba)
		m, errB := io.ReadFull(rb, bb)
		if !bytes.Equal(ba[:n], bb[:m]) {
			return false
		}
		if errA != nil || errB != nil {
			return true
		}
	}
}

// differentInfo says in what the build information of two binaries differs.
func differentInfo(binary, rebuilt *debug.BuildInfo) string {
	var differ []string
	say := func(what, a, b string) {
		if a != b {
			differ = append(differ, fmt.Sprintf("%s: the binary says %q, the source gives %q", what, a, b))
		}
	}
	say("toolchain", binary.GoVersion, rebuilt.GoVersion)
	say("program", binary.Path, rebuilt.Path)
	a, b := described(binary), described(rebuilt)
	keys := make([]string, 0, len(a))
	for key := range a {
		keys = append(keys, key)
	}
	for key := range b {
		if _, both := a[key]; !both {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		say(key, a[key], b[key])
	}
	return strings.Join(differ, "; ")
}

// described lists modules with their sums, and settings.
func described(info *debug.BuildInfo) map[string]string {
	all := make(map[string]string)
	for _, m := range info.Deps {
		text := m.Version + " " + m.Sum
		if m.Replace != nil {
			text += " replaced by " + m.Replace.Path + " " + m.Replace.Version
		}
		all["module "+m.Path] = text
	}
	for _, s := range info.Settings {
		all["setting "+s.Key] = s.Value
	}
	return all
}
