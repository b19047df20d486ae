package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ran"
)

// ranArgs are flags that make a plan; each test changes some.
var ranArgs = []string{
	"--amf", "10.0.0.1", "--plmn", "00101", "--n3", "10.0.0.2", "--imsi", "001010000000001",
	"--key", "465b5ce8b199b49faa5f0a2ee238a6bc", "--opc", "e8ed289deba952e4283b54e88e6183ca",
}

func parseRAN(t *testing.T, args ...string) (*ranFlags, error) {
	t.Helper()
	var f ranFlags
	cmd := newRANCommand()
	cmd.ResetFlags()
	f.network(cmd)
	f.phones(cmd)
	if err := cmd.ParseFlags(append(append([]string(nil), ranArgs...), args...)); err != nil {
		return nil, err
	}
	f.stayByDefault(cmd.Flags().Changed("duration"))
	return &f, nil
}

func TestRANPlan(t *testing.T) {
	f, err := parseRAN(t, "--tac", "0x10", "--slice", "1-010203", "--gnb-id", "7", "--count", "3", "--exec", "true")
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.plan(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	want := ident.SNSSAI{SST: 1, SD: 0x010203}
	if p.GNB.TAC != 16 || p.GNB.ID != 7 || len(p.GNB.Slices) != 1 || p.GNB.Slices[0] != want || *p.Session.Slice != want {
		t.Errorf("gNB %+v", p.GNB)
	}
	if len(p.UEs) != 3 || p.UEs[2].USIM.SUPI != "imsi-001010000000003" || p.Session.DNN != "internet" || p.Stay != 0 || len(p.Exec) != 3 {
		t.Errorf("plan %+v", p)
	}
	if f, err = parseRAN(t); err != nil || f.duration >= 0 {
		t.Errorf("UEs with interfaces leave at once: %v, %v", f, err)
	}
}

func TestRANRefusals(t *testing.T) {
	for want, args := range map[string][]string{
		"--plmn":        {"--plmn", "1"},
		"--tac":         {"--tac", "16777216"},
		"--slice":       {"--slice", "300"},
		"--dnn":         {"--dnn", "a..b"},
		"--suci":        {"--suci", "C:1:00"},
		"--n3":          {"--n3", "here"},
		"is not of PLM": {"--imsi", "999700000000001"},
		"key":           {"--key", "00"},
		"count":         {"--count", "0"},
		"--exec":        {"--exec", "true", "--no-tun"},
		"no such file":  {"--subscribers", "/no/such/file"},
	} {
		f, err := parseRAN(t, args...)
		if err == nil {
			_, err = f.plan(slog.New(slog.DiscardHandler))
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestRANOutput(t *testing.T) {
	status := 1
	results := []ran.Result{
		{IMSI: "001010000000001", Address: netip.MustParseAddr("10.45.0.2"), Registered: 1500 * time.Microsecond},
		{IMSI: "001010000000002", Err: errors.New("RegistrationReject: no")},
		{IMSI: "001010000000003", Exit: &status, Output: "a\nhost unreachable\n"},
	}
	var out bytes.Buffer
	printTable(&out, results)
	for _, want := range []string{"10.45.0.2", "1.5 ms", "RegistrationReject: no", "host unreachable", "1 of 3 UEs got through"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	out.Reset()
	if err := printJSON(&out, results); err != nil {
		t.Fatal(err)
	}
	var back []map[string]any
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back[0]["ok"] != true || back[1]["ok"] != false || back[1]["error"] == nil {
		t.Errorf("%s, %v", &out, err)
	}
	if failures(results[:1]) != nil || failures(results) == nil {
		t.Error("failures are miscounted")
	}
}
