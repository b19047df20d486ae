package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store/sqlite"
)

// TestAudit takes contexts out of the store of a running core behind its back: `limpid audit` says which, one a line, and ends with
// status 1. It does so again as long as they are missing, and finds nothing once the phones have registered anew. It needs root.
func TestAudit(t *testing.T) {
	p := wholeCore(t, coreWhole, operatedSubscribers)
	phones, _ := daemon(t, p.ran, "ran", "--no-tun", "--duration", "10m", "--ladder", "--sctp", "udp", "--amf", "10.20.2.1", "--n3", "10.20.2.2",
		"--plmn", "00101", "--subscribers", keysOf(t, operatedSubscribers))
	p.until(`(?s)^SUPI(.* active +activated ){4}`, "session", "list")
	p.until(`^nothing found\n$`, "audit")

	const lost, sessionless = ident.SUPI("imsi-001010000000001"), ident.SUPI("imsi-001010000000002")
	p.plant(lost, sessionless)
	for range 2 {
		out, status := p.audit()
		for _, want := range []string{
			`(?m)^imsi-001\*+01: registered and not in the store`, `(?m)^imsi-001\*+02.*: not in the store$`, `(?m)^limpid: 2 found$`,
		} {
			if !regexp.MustCompile(want).MatchString(out) {
				t.Errorf("no %s in\n%s", want, out)
			}
		}
		if status != 1 || strings.Contains(out, "nothing found") {
			t.Errorf("status %d\n%s", status, out)
		}
	}
	if err := phones.Process.Signal(os.Interrupt); err != nil { // they deregister
		t.Error(err)
	}
	p.until(`^nothing found\n$`, "audit")
}

// audit is what `limpid audit` says and its exit status.
func (p *place) audit() (out string, status int) {
	p.t.Helper()
	cmd := limpid(p.t.Context(), "audit", "--socket", filepath.Join(p.dir, "core.sock"))
	b, _ := cmd.CombinedOutput()
	return string(b), cmd.ProcessState.ExitCode()
}

// plant takes a UE's own context, and the sessions of another, out of the store of the running core.
func (p *place) plant(ofUE, ofSessions ident.SUPI) {
	p.t.Helper()
	ctx := context.Background()
	disk, err := sqlite.Open(ctx, filepath.Join(p.dir, "core.db"), sqlite.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	defer disk.Close()
	var errs []error
	removed := 0
	for u, err := range disk.UEs(ctx, "") {
		if errs = append(errs, err); u.SUPI == ofUE {
			removed++
			errs = append(errs, disk.RemoveUE(ctx, u.SUPI, u.Node, u.Epoch))
		}
	}
	for s, err := range disk.SMs(ctx, "") {
		if errs = append(errs, err); s.SUPI == ofSessions {
			removed++
			errs = append(errs, disk.RemoveSM(ctx, s.SUPI, s.PDUSessionID, s.SEID))
		}
	}
	if err := errors.Join(errs...); err != nil || removed != 2 {
		p.t.Fatalf("%d removed, %v", removed, err)
	}
}
