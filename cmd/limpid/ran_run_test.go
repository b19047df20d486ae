package main

import (
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/flows"
)

// play runs `limpid ran run` among the radios.
func (p *place) play(args ...string) (string, error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", p.ran, "env", product(), "ran", "run", "--sctp", "udp",
		"--amf", "10.20.2.1", "--n3", "10.20.2.2,10.20.2.3"}, args...)...).CombinedOutput()
	return string(out), err
}

// baseSubscribers are those of the flows that have none of their own.
func baseSubscribers(t *testing.T) string {
	t.Helper()
	all, err := flows.All()
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if all[i].Name == "registration" {
			return string(all[i].Subscribers)
		}
	}
	t.Fatal("no flow registration")
	return ""
}

// TestRANRun plays flows with `limpid ran run` against a core that runs in a namespace: they pass, message by message, over
// real N2 and N3 and with packets from a data network. It needs root.
func TestRANRun(t *testing.T) {
	p := wholeCore(t, coreWhole, baseSubscribers(t))
	command(t, exec.Command("ip", "-n", p.ran, "addr", "add", "10.20.2.3/24", "dev", "n2"))
	command(t, exec.Command("ip", "-n", p.ran, "route", "add", "10.60.0.0/24", "via", "10.20.2.1"))
	passing := []string{"registration", "registration_guti", "authentication_wrong_res", "session_release", "two_sessions",
		"session_unknown_dnn", "service_request_connected", "deregistration_idle", "paging", "xn_handover", "n2_handover", "move_tunnel", "ng_setup_wrong_plmn"}
	out, err := p.play(append([]string{"--strict", "--data-network", "--json"}, passing...)...)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, p.log)
	}
	var results []flows.Result
	if err := json.Unmarshal([]byte(out), &results); err != nil || len(results) != len(passing) {
		t.Fatalf("%v, %d results of %d\n%s", err, len(results), len(passing), out)
	}
	for i, r := range results {
		if r.Flow != passing[i] || r.Outcome != flows.Passed || len(r.Differences) > 0 || r.Clause == "" || r.Took <= 0 {
			t.Errorf("%+v", r)
		}
	}
	p.until(`nothing found`, "audit")

	out, err = p.play("session_upf_silent", "paging") // nobody here can make N4 silent, or send to a UE
	if err != nil || !regexp.MustCompile(`(?m)^session_upf_silent +TS 23.502 \S+ +not applicable +.*reaches into the core: n4 silent`).MatchString(out) ||
		!regexp.MustCompile(`(?m)^paging +TS \S+ \S+ +not applicable .*downlink`).MatchString(out) {
		t.Errorf("%v\n%s", err, out)
	}
	p.playsWithNAS()
	out, err = p.play("--ladder", "registration")
	if err != nil || !strings.Contains(out, "RegistrationAccept") || !regexp.MustCompile(`(?m)^registration .* pass `).MatchString(out) {
		t.Errorf("%v\n%s", err, out)
	}
	p.wrongPlays()
}

// playsWithNAS: the NAS messages of a flow, which N2 has ciphered, are in a file in clear.
func (p *place) playsWithNAS() {
	p.t.Helper()
	file := filepath.Join(p.dir, "nas.pcapng")
	if out, err := p.play("--nas", file, "registration"); err != nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
	packets := readCapture(p.t, file)
	for _, one := range packets {
		if types := one["nas_5gs.security_header_type"]; one["_ws.malformed"][0] != "" || one.has("_ws.expert.severity", severityError) || len(types) < 2 || types[1] != "0" {
			p.t.Errorf("packet %s is not a NAS message in clear: %v", one["frame.number"], one)
		}
	}
	names := strings.Join(tshark(p.t, "-r", file, "-T", "fields", "-e", "nas_5gs.mm.message_type"), " ")
	// SECURITY MODE COMPLETE, REGISTRATION ACCEPT and COMPLETE, UL and DL NAS TRANSPORT, DEREGISTRATION REQUEST, TS 24.501 §9.7
	for _, want := range []string{"0x5e", "0x42", "0x43", "0x67", "0x68", "0x45"} {
		if !strings.Contains(names, want) {
			p.t.Errorf("no message %s among %s", want, names)
		}
	}
}

// wrongPlays: what cannot be played is refused before anything is sent.
func (p *place) wrongPlays() {
	p.t.Helper()
	for _, bad := range []struct{ wants, args string }{
		{`no flow "nosuch"; limpid flows list names them all`, "nosuch"},
		{`no flow "pagin"; did you mean`, "pagin"},
		{`want the names of flows, or --all`, "--strict"},
		{`want the names of flows, or --all`, "--all registration"},
		{`--n3`, "registration --n3 nowhere"},
	} {
		out, err := p.play(strings.Fields(bad.args)...)
		if err == nil || !strings.Contains(out, bad.wants) || strings.Contains(out, "FLOW") {
			p.t.Errorf("%s: %v, want %q\n%s", bad.args, err, bad.wants, out)
		}
	}
}

// TestRANRunFails plays flows against cores that answer wrongly: the command says which line of the script failed and how,
// which messages came or were missed, and ends with status 1. It needs root.
func TestRANRunFails(t *testing.T) {
	wrong := strings.ReplaceAll(baseSubscribers(t), "465b5ce8b199b49faa5f0a2ee238a6bc", "00000000000000000000000000000001")
	config := strings.Replace(coreWhole, "dns: [192.0.2.53]", "always_on: required", 1)
	p := wholeCore(t, config, wrong)
	out, err := p.play("registration", "ng_setup_wrong_plmn", "session_ipv4_only")
	if err == nil {
		t.Errorf("a core with other keys passes\n%s", out)
	}
	for _, want := range []string{
		`(?m)^registration .* fail .*register u1.*`,                 // the line of the script, and how it ended
		`(?m)^ +register u1: SecurityModeCommand 0 times, want 1$`,  // missed
		`(?m)^ +register u1: AuthenticationReject 1 times, want 0$`, // came instead
		`(?m)^ng_setup_wrong_plmn .* pass `,
		`(?m)^limpid: 2 of 3 flows failed, 0 do not apply$`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
}
