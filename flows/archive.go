package flows

import (
	"bytes"
	"strings"
)

// file is one file of an archive.
type file struct {
	name string
	data []byte
}

// readArchive reads the txtar format: a comment, then files, each after a line "-- NAME --".
func readArchive(b []byte) (comment []byte, files []file) {
	data := &comment
	for line := range bytes.Lines(b) {
		name, begins := strings.CutPrefix(strings.TrimRight(string(line), "\r\n"), "-- ")
		name, ends := strings.CutSuffix(name, " --")
		if begins && ends && strings.TrimSpace(name) != "" {
			files = append(files, file{name: strings.TrimSpace(name)})
			data = &files[len(files)-1].data
			continue
		}
		*data = append(*data, line...)
	}
	return comment, files
}

// writeArchive is the reverse of readArchive.
func writeArchive(comment string, files ...file) []byte {
	b := []byte(comment)
	for _, f := range files {
		b = append(b, "-- "+f.name+" --\n"...)
		b = append(b, f.data...)
		if len(f.data) > 0 && f.data[len(f.data)-1] != '\n' {
			b = append(b, '\n')
		}
	}
	return b
}
