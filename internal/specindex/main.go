// Command specindex writes docs/spec-index.md, for every clause of a standard that the code cites the code and the
// tests; docs/compliance.md, for every procedure of the standards its code and its flows; docs/day.md and docs/mobility.md, what a phone needs
// and what shows it; docs/ladders.md, the main flows as
// they run; and docs/collisions.md, what the AMF does with a message that a running procedure does not wait for. Tests hold the committed
// pages against what they are made from.
package main

import (
	"fmt"
	"os"
)

func main() {
	for file, make := range pages() {
		page, err := make(".")
		if err == nil {
			err = os.WriteFile("docs/"+file, []byte(page), 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "specindex:", err)
			os.Exit(1)
		}
	}
}

// pages are what makes each page of docs from the module at a root.
func pages() map[string]func(root string) (string, error) {
	return map[string]func(string) (string, error){
		"spec-index.md": Page, "compliance.md": Compliance, "ladders.md": Ladders, "collisions.md": Collisions,
		"day.md": Day, "mobility.md": Mobility,
	}
}
