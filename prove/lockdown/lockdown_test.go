package lockdown

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// inside builds the program that takes the lockdown: it cannot be given back, and a test binary may hold C.
func inside(t testing.TB) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "inside")
	cmd := exec.Command("go", "build", "-o", name, "./testdata/inside")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return name
}

func run(t *testing.T, program string, without Measure) string {
	t.Helper()
	out, err := exec.Command(program, t.TempDir(), strconv.Itoa(int(without))).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// TestLockdown: on this kernel everything forbidden is refused, and the work goes on.
func TestLockdown(t *testing.T) {
	if !isRoot() {
		t.Fatal("this test needs root")
	}
	out := run(t, inside(t), 0)
	for _, want := range []string{"tier full <nil>", "work <nil>", "lockdown", "tried="} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "allowed ") {
		t.Errorf("allowed:\n%s", out)
	}
}

// TestMutantLockdowns leaves out each measure: the acts that it alone refuses must be noticed by name.
func TestMutantLockdowns(t *testing.T) {
	program := inside(t)
	for without, want := range map[Measure][]string{
		NoNewPrivileges:            {"failed"}, // without it the kernel takes no filter from a process without rights
		Limits:                     {"allowed be dumped or traced"},
		Files:                      {"allowed read /etc/passwd", "allowed read /root", "allowed make a file in /dev/shm"},
		Ports:                      {"allowed connect to a TCP port", "allowed listen on a TCP port"},
		Capabilities:               {"allowed hold capabilities", "allowed change an interface"},
		SystemCalls:                {"allowed run a program", "allowed load a BPF program", "allowed make an io_uring", "allowed memory that is code", "allowed make a process", "allowed a Unix socket, to a helper", "allowed a pair of sockets"},
		SystemCalls | Capabilities: {"allowed a packet socket", "allowed an AF_XDP socket", "allowed a raw IPv4 socket", "allowed a raw socket for SCTP", "allowed mount a file system"},
		SystemCalls | Scope:        {"allowed signal another process"},
	} {
		t.Run(without.String(), func(t *testing.T) {
			out := run(t, program, without)
			for _, w := range want {
				if !strings.Contains(out, w) {
					t.Errorf("not noticed: %q in\n%s", w, out)
				}
			}
		})
	}
}

// TestNeverLessInSilence: what is missing is said, and is enough to stop where all is required.
func TestNeverLessInSilence(t *testing.T) {
	for r, want := range map[*Reached]string{{}: "none (nothing", {Taken: Files, Missing: []string{"no filters"}}: "partial (files; Landlock version 0); missing: no filters", {Taken: All, Landlock: 7}: "full ("} {
		if got := r.String(); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	var log strings.Builder
	if r, err := Enter(Off, Profile{}, slog.New(slog.NewTextHandler(&log, nil))); err != nil || r.Taken != 0 || !strings.Contains(log.String(), "WARN") {
		t.Errorf("%v %v %s", r, err, log.String())
	}
	if got := Allowed([]Outcome{{"a", Files, nil}, {"b", Files, unix.EPERM}, {"c", SystemCalls, unix.EFAULT}, {"d", Scope, nil}}, Files|SystemCalls); len(got) != 2 {
		t.Errorf("%v", got)
	}
}

// BenchmarkSystemCall prints what system calls take before and after the lockdown, in one process.
func BenchmarkSystemCall(b *testing.B) {
	out, err := exec.Command(inside(b), b.TempDir(), "0", "cost").CombinedOutput()
	if err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		before, errBefore := strconv.ParseFloat(f[1], 64)
		after, errAfter := strconv.ParseFloat(f[2], 64)
		if errBefore != nil || errAfter != nil {
			b.Fatal(line)
		}
		b.ReportMetric(before, f[0]+"-before-ns")
		b.ReportMetric(after, f[0]+"-after-ns")
	}
	b.ReportMetric(0, "ns/op")
}

// TestFilter: the filter assembles, and a rule with too many conditions is an error.
func TestFilter(t *testing.T) {
	program, err := assemble(rules(Profile{}))
	if err != nil || len(program) < 200 {
		t.Errorf("%d instructions, %v", len(program), err)
	}
	var many []uint32
	for i := range uint32(300) {
		many = append(many, i)
	}
	if _, err := assemble([]rule{{number: 1, any: [][]test{{is(0, many...)}}}}); err == nil {
		t.Error("300 conditions pass")
	}
}
