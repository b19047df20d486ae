package build

import (
	"fmt"
	"io"
	"runtime/debug"
	"strings"
)

// Describe writes all that a binary says of itself: toolchain, modules with their sums, settings, and its own SHA-256.
func Describe(w io.Writer, name string, info *debug.BuildInfo) error {
	sum, size, err := hashFile(name)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "program    %s\nmodule     %s %s\ntoolchain  %s\nsha256     %s (%d bytes)\n",
		info.Path, info.Main.Path, mainVersion(info), info.GoVersion, sum, size)
	for _, s := range info.Settings {
		fmt.Fprintf(&b, "setting    %s=%s\n", s.Key, s.Value)
	}
	for _, m := range info.Deps {
		fmt.Fprintf(&b, "with       %s %s %s\n", m.Path, m.Version, m.Sum)
		if m.Replace != nil {
			fmt.Fprintf(&b, "           replaced by %s %s %s\n", m.Replace.Path, m.Replace.Version, m.Replace.Sum)
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}
