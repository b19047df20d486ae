// Command nasgen writes messages_gen.go for wire/nas/gmm and wire/nas/gsm: the decoders and encoders of the messages
// that the package declares. Run it by go generate in the package's folder.
//
// A message is a struct with the directive "//nas:message 0x41" (its type) in its comment. The tag of a field is the row
// of the message's table in TS 24.501 §8: the IEI or M for mandatory, the format and the length of the whole element.
package main

import (
	"fmt"
	"go/format"
	"os"
)

const output = "messages_gen.go"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "nasgen:", err)
		os.Exit(1)
	}
}

func run() error {
	pkg, err := load(".", "..")
	if err != nil {
		return err
	}
	src := emit(pkg)
	out, err := format.Source(src)
	if err != nil {
		return fmt.Errorf("%w in:\n%s", err, src)
	}
	return os.WriteFile(output, out, 0o644)
}
