package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/manage/control"
)

const divided = `name: lab
store: {path: %[1]s/store/limpid.db}
amf:
  n2: {address: 10.21.2.1, sctp: raw}
  plmns: [{plmn: "00101", tacs: [1], slices: ["1"]}]
smf:
  dnns: [{name: internet, slices: ["1"], pools: [10.45.0.0/16]}]
upf:
  n3: {address: 10.21.2.1}
processes: {separate: true}
metrics: {address: 127.0.0.1:9291}
udm:
  home_network_keys: [{id: 1, profile: A, private_key: c53c22208b61860b06c62e5406a7b330c2b577aa5558981510d128247d38bd1d}]
`

// TestDividedCore: control plane, user plane and ledger are processes of users of their own without capabilities, phones
// reach the data network, each process comes back when it is killed, and what operators did is in the ledger. It needs root.
func TestDividedCore(t *testing.T) {
	dir, err := os.MkdirTemp("", "limpid-divided-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, "limpid.yaml")
	for _, err := range []error{os.Chmod(dir, 0o711), os.Mkdir(filepath.Join(dir, "store"), 0o700), os.WriteFile(file, fmt.Appendf(nil, divided, dir), 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	inside, ran := space(t, "core"), space(t, "ran")
	wire(t, "n2", inside, "10.21.2.1/24", ran, "10.21.2.2/24")
	subscribers := writeSubscribers(t, 3)
	db := filepath.Join(dir, "store", "limpid.db")
	command(t, limpid(t.Context(), "subscriber", "import", "--db", db, subscribers))
	command(t, limpid(t.Context(), "subscriber", "add", "--db", db, "--imsi", "001010000000099", "--key", "465B5CE8B199B49FAA5F0A2EE238A6BC", "--opc", "E8ED289DEBA952E4283B54E88E6183CA"))
	loader, log := daemon(t, inside, "core", "--config", file)
	awaits(t, log, "core runs in processes of its own users", 1)

	ping := func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		text := command(t, exec.CommandContext(ctx, "ip", "netns", "exec", ran, product(), "ran", "--sctp", "raw", "--amf", "10.21.2.1", "--plmn", "00101",
			"--subscribers", subscribers, "--exec", "ping -q -c 2 -i 0.2 -W 5 10.45.0.1"))
		if !strings.Contains(text, "3 of 3 UEs got through") {
			t.Fatalf("%s\n%s", text, log)
		}
	}
	ping()
	page := func() string {
		t.Helper()
		return command(t, exec.Command("ip", "netns", "exec", inside, "bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/9291 && printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3 && cat <&3`))
	}
	if text := page(); !regexp.MustCompile(`(?m)^limpid_upf_uplink_sent_packets_total [1-9]`).MatchString(text) || !strings.Contains(text, `limpid_goroutines{process="control-plane"} `) {
		t.Errorf("the user plane's packets are not counted in\n%s", text)
	}
	socket := func(name string) string { return filepath.Join(dir, name+".sock") }
	processes := func() map[string]processInfo {
		t.Helper()
		var list []processInfo
		if err := control.NewClient(socket("limpid-loader")).Call(t.Context(), "processes", nil, &list); err != nil {
			t.Fatal(err)
		}
		found := make(map[string]processInfo)
		for _, p := range list {
			found[p.Name] = p
		}
		return found
	}
	for name, p := range processes() {
		wantRights(t, name, p)
	}
	for i, name := range []string{processUser, processControl, processLedger} {
		if err := syscall.Kill(processes()[name].PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		awaits(t, log, "msg=\"process serves\"", 4+i)
		if p := processes()[name]; p.Restarts != 1 {
			t.Errorf("%s: %+v", name, p)
		}
		if name != processLedger { // the SMF notices by the next heartbeat, or begins anew; before, there is no UPF for a session
			awaits(t, log, "PFCP association set up", 2+i)
		}
		ping()
	}
	for _, want := range []string{`limpid_process_answers{process="user-plane"} 1`, `limpid_goroutines{process="user-plane"} `, `limpid_upf_dropped_packets_total{reason="quota"} 0`} {
		if text := page(); !strings.Contains(text, want) {
			t.Errorf("after all were killed: no %q in\n%s", want, text)
		}
	}
	for name, p := range processes() {
		wantRights(t, name, p)
	}
	wantLockedDown(t, inside, socket("limpid"), socket("limpid-upf"), socket("limpid-ledger"), socket("limpid-loader"))

	command(t, limpid(t.Context(), "subscriber", "show", "--db", db, "--reveal-keys", "001010000000099"))
	if err := control.NewClient(socket("limpid")).Call(t.Context(), "amf.capacity", core.AMFOrder{Capacity: 7}, nil); err != nil {
		t.Error(err)
	}
	if err := loader.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := loader.Wait(); err != nil {
		t.Errorf("%v\n%s", err, log)
	}
	if strings.Contains(log.String(), "egress refused") {
		t.Errorf("a core that does its work is refused something:\n%s", log)
	}
	shown := command(t, limpid(t.Context(), "ledger", "show", filepath.Join(dir, "ledger")))
	for _, want := range []string{"loader  ", "core starts", "process started again", "command ", "keys of a subscriber read", "001010000000099", "control-plane  amf.capacity", `"capacity":7`, "core ends"} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %q in\n%s", want, shown)
		}
	}
	for _, name := range []string{"limpid", "limpid-upf", "limpid-ledger", "limpid-loader", "limpid-upf-metrics"} {
		if _, err := os.Stat(socket(name)); err == nil {
			t.Errorf("%s is left behind", socket(name))
		}
	}
	for _, user := range []int{64110, 64111} { // the ledger is not theirs
		cmd := exec.Command("cat", filepath.Join(dir, "ledger", "key"))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(user), Gid: uint32(user)}}
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Errorf("user %d reads the ledger's key: %s", user, out)
		}
	}
}

// wantRights wants a process to be its user, without capabilities, with all measures of the lockdown.
func wantRights(t *testing.T, name string, p processInfo) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
	if err != nil {
		t.Fatal(err)
	}
	capabilities := strings.Repeat("0", 16)
	if name == processLoader {
		capabilities = "00000000000000c0" // CAP_SETUID and CAP_SETGID
	}
	for _, want := range []string{fmt.Sprintf("Uid:\t%d\t%[1]d\t%[1]d\t%[1]d\n", p.User), "CapEff:\t" + capabilities, "CapPrm:\t" + capabilities, "NoNewPrivs:\t1", "Seccomp:\t2"} {
		if !strings.Contains(string(status), want) {
			t.Errorf("%s: no %q in\n%s", name, want, status)
		}
	}
}

func wantLockedDown(t *testing.T, ns string, sockets ...string) {
	t.Helper()
	args := []string{"netns", "exec", ns, product(), "prove", "lockdown"}
	for _, s := range sockets {
		args = append(args, "--socket", s)
	}
	out := command(t, exec.Command("ip", args...))
	if n := strings.Count(out, "lockdown full ("); n != len(sockets) {
		t.Errorf("%d processes are locked down, want %d:\n%s", n, len(sockets), out)
	}
}

// TestUserPlaneKnowsNoSecrets: what it is told of the configuration is what a UPF needs.
func TestUserPlaneKnowsNoSecrets(t *testing.T) {
	whole := fmt.Appendf(nil, divided, "/var/lib/limpid")
	want, err := config.Parse("limpid.yaml", whole)
	if err != nil {
		t.Fatal(err)
	}
	text, err := config.ForUserPlane(whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"c53c2220", "home_network_keys", "limpid.db", "00101"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%q is in\n%s", secret, text)
		}
	}
	got, err := config.ParseForUserPlane("limpid.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := core.UPFConfig(got), core.UPFConfig(want); fmt.Sprintf("%+v", a) != fmt.Sprintf("%+v", b) {
		t.Errorf("the UPF is set up otherwise:\n%+v\n%+v", a, b)
	}
}

// TestMutantProcesses: a folder, a user or a caller that breaks the division is refused by name.
func TestMutantProcesses(t *testing.T) {
	for name, m := range map[string]struct{ change, want string }{
		"the ledger as the control plane's user": {"processes: {separate: true, users: {ledger: 64110}}", "processes.users"},
		"the user plane as root":                 {"processes: {separate: true, users: {user_plane: 0}}", "processes.users"},
		"no lockdown":                            {"processes: {separate: true}\nlockdown: off", "lockdown"},
		"the sockets in the store's folder":      {"processes: {separate: true}\ncontrol: {socket: /var/lib/limpid/store/x.sock}", "control.socket"},
		"no operators' socket":                   {"processes: {separate: true}\ncontrol: {socket: \"off\"}", "control.socket"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(fmt.Sprintf(divided, "/var/lib/limpid"), "processes: {separate: true}", m.change, 1)
			if _, err := config.Parse("limpid.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), m.want) {
				t.Errorf("%v, want %q", err, m.want)
			}
		})
	}
	t.Run("another's file in the store's folder", func(t *testing.T) {
		dir, err := os.MkdirTemp("", "limpid-folder-")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		store := filepath.Join(dir, "store")
		for _, err := range []error{os.Chmod(dir, 0o711), os.Mkdir(store, 0o700), os.WriteFile(filepath.Join(store, "shadow"), nil, 0o600)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		ours := func(name string) bool { return strings.HasPrefix(name, "limpid.db") }
		if err := giveFolder(store, os.Geteuid(), ours); err == nil || !strings.Contains(err.Error(), "holds shadow") {
			t.Errorf("%v", err)
		}
		for _, err := range []error{os.Remove(filepath.Join(store, "shadow")), os.WriteFile(filepath.Join(dir, "shadow"), nil, 0o600), os.Link(filepath.Join(dir, "shadow"), filepath.Join(store, "limpid.db"))} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := giveFolder(store, os.Geteuid(), ours); err == nil || !strings.Contains(err.Error(), "holds limpid.db") {
			t.Errorf("a file with another name elsewhere is given away: %v", err)
		}
	})
	t.Run("a stranger tells the ledger", func(t *testing.T) {
		dir := t.TempDir()
		l, err := openLedger(filepath.Join(dir, "ledger"), "lab")
		if err != nil {
			t.Fatal(err)
		}
		listener, err := control.Listen(filepath.Join(dir, "x.sock"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- serveLedger(ctx, listener, l, func(control.Caller) string { return "" }, func(*control.Server) {}, slog.New(slog.DiscardHandler))
		}()
		told := recorder{control.NewClient(filepath.Join(dir, "x.sock"))}
		if err := told.record(t.Context(), recordRequest{Act: "nothing"}); err == nil || !strings.Contains(err.Error(), "nothing to tell") {
			t.Errorf("%v", err)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := told.operation(t.Context(), "ue.locate", core.UEOrder{}); err == nil {
			t.Error("an act without a ledger is done")
		}
	})
}

// TestDescriptors: a process that nobody gave descriptors does not begin.
func TestDescriptors(t *testing.T) {
	cmd := exec.Command(product(), "process", processLedger)
	cmd.Env = []string{descriptorsVariable + "=" + handedLifeline + "," + handedConfig}
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "starts its processes itself") {
		t.Errorf("%v %s", err, out)
	}
	ours, theirs, err := lifeline()
	if err != nil {
		t.Fatal(err)
	}
	if err := theirs.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := ours.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("%d %v", n, err)
	}
	if err := ours.Close(); err != nil {
		t.Error(err)
	}
}
