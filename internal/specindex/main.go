// Command specindex writes docs/spec-index.md: for every clause of a standard that the code cites, the code and the
// tests. It reads the citations; a test (internal/specindex) holds the committed page against them.
package main

import (
	"fmt"
	"os"
)

func main() {
	page, err := Page(".")
	if err == nil {
		err = os.WriteFile("docs/spec-index.md", []byte(page), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "specindex:", err)
		os.Exit(1)
	}
}
