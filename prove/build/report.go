package build

import (
	"fmt"
	"io"
	"strings"
)

// Write writes the answer in plain words: what was done, what it shows, what it cannot show.
func (r *Result) Write(w io.Writer) error {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s %s\n", label, fmt.Sprintf(format, args...))
	}
	line("toolchain", "%v", r.Toolchain)
	if r.Compiler != nil {
		line("compiler", "%v", r.Compiler)
	}
	if r.Scanned != "" {
		line("known", "vulnerabilities of %s looked for in all code that can be called", r.Scanned)
	}
	pin := "asks for Go " + r.Source.Go + " or later and pins no toolchain"
	if r.Source.Pinned != "" {
		pin = "pins " + r.Source.Pinned
	}
	line("source", "%s: %d files, %s; go.mod %s", r.Source.Dir, len(r.Source.Files), r.Source.Digest.H1(), pin)
	for i, rebuild := range r.Rebuilds {
		line(fmt.Sprintf("rebuild %d", i+1), "%.0f s %v", rebuild.Took.Seconds(), rebuild)
	}
	if r.made() {
		for i, a := range r.Rebuilds[0].Artefacts {
			line("artefact", "%s, %d bytes", a.Name, a.Size)
			line("  rebuild 1", "%s", a.SHA256)
			line("  rebuild 2", "%s", r.Rebuilds[1].Artefacts[i].SHA256)
		}
	}
	if r.Binary != nil {
		line("binary", "%s, %d bytes", r.Binary.Path, r.Binary.Size)
		line("", "%s", r.Binary.SHA256)
	}
	for _, f := range r.Findings {
		line("FOUND", "%s: %s", f.Fault, f.Detail)
	}
	b.WriteString(r.verdict())
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Result) verdict() string {
	var b strings.Builder
	b.WriteString("\n")
	switch {
	case !r.Proven():
		b.WriteString("NOT PROVEN.\n")
	case r.Binary != nil:
		b.WriteString("PROVEN: the binary is, byte for byte, what this source builds to.\n")
	default:
		b.WriteString("PROVEN: this source builds to the same bytes each time.\n")
	}
	b.WriteString("\nIt shows:\n" + r.shown())
	b.WriteString("\nIt cannot show:\n" +
		"- that the source is good: only that the binary holds this source and nothing else;\n" +
		"- that compiler, kernel and processor of this machine are honest: rebuild on another, with a Go built by another;\n" +
		"- a step that looks at the date but not the second by other means than `date`, or at the host's name, the kernel or\n" +
		"  the number of processors: these were the same twice.\n")
	if !r.Rebuilds[0].Offline {
		b.WriteString("Not done: the network was not cut off and the user was the same, because this takes root.\n")
	}
	if r.Scanned == "" {
		b.WriteString("Not done: known vulnerabilities were not looked for, because that takes a copy of the database: --vulndb.\n")
	}
	if !r.Toolchain.Genuine() {
		b.WriteString("Not done: the toolchain's files were not vouched for.\n")
	}
	return b.String()
}

// shown lists what this result shows, and no more.
func (r *Result) shown() string {
	var b strings.Builder
	if r.made() && r.Found(NotReproducible) == nil {
		b.WriteString("- what comes out does not depend on folder, user, umask, home, caches, locale, time zone, the files' dates or the\n" +
			"  second of the build;\n")
	}
	if r.made() && r.Found(DependencySwapped) == nil {
		b.WriteString("- each module was unpacked afresh, and is the one that go.sum names;\n")
	}
	if r.Toolchain.Genuine() {
		b.WriteString("- the Go toolchain's files are those that the public checksum database vouches for;\n")
	}
	if r.made() && r.Compiler != nil && r.Found(ObjectDiffers) == nil {
		b.WriteString("- the eBPF objects that the binary carries are what their C sources give with this compiler.\n")
	}
	if r.Scanned != "" && r.Found(Vulnerable) == nil {
		b.WriteString("- no code that can be called has a vulnerability which that database knows.\n")
	}
	if b.Len() == 0 {
		return "- nothing.\n"
	}
	return b.String()
}
