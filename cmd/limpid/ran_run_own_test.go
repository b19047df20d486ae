package main

import (
	"encoding/json"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/flows"
)

// forPlace is the configuration of a flow for the core of wholeCore.
func forPlace(config string) string {
	config = strings.ReplaceAll(config, "%", "%%")
	config = strings.Replace(config, "n2: {address: 127.0.0.1", "n2: {address: 10.20.2.1, sctp: udp", 1)
	config = regexp.MustCompile(`n3: \{address: [0-9.]+`).ReplaceAllString(config, "n3: {address: 10.20.2.1")
	return config + "lockdown: auto\nstore: {path: %[1]s/core.db}\ncontrol: {socket: %[1]s/core.sock}\n"
}

// TestRANRunOwn plays flows that have a configuration of their own against `limpid core` with it. It needs root.
func TestRANRunOwn(t *testing.T) {
	for _, name := range []string{"slices_per_area", "suci_profile_a", "session_integrity_required"} {
		t.Run(name, func(t *testing.T) {
			f, err := findFlow(name)
			if err != nil {
				t.Fatal(err)
			}
			p := wholeCore(t, forPlace(string(f.Config)), string(f.Subscribers))
			command(t, exec.Command("ip", "-n", p.ran, "addr", "add", "10.20.2.3/24", "dev", "n2"))
			out, err := p.play("--strict", "--json", name)
			var results []flows.Result
			if err != nil || json.Unmarshal([]byte(out), &results) != nil || len(results) != 1 || results[0].Outcome != flows.Passed {
				t.Fatalf("%v\n%s\n%s", err, out, p.log)
			}
			p.until(`nothing found`, "audit")
		})
	}
}
