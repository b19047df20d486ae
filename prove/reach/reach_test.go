package reach

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plant writes a module of the house, example.com/core, with the packages of a small core and what a test adds.
func plant(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{
		"go.mod":         "module example.com/core\n\ngo 1.26.0\n",
		"cmd/core/go.go": "package main\n\nimport (\n\t\"example.com/core/nf\"\n\t\"example.com/core/wire\"\n)\n\nfunc main() { nf.Serve(wire.Decode) }\n",
		"nf/nf.go":       "package nf\n\nfunc Serve(decode func([]byte) int) int { return decode(nil) }\n",
		"wire/wire.go":   "package wire\n\nfunc Decode(b []byte) int { return len(b) }\n",
	}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func examine(t *testing.T, dir string) *Report {
	t.Helper()
	g, err := List(t.Context(), dir, "./...")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Examine(g)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// pure is the allowance of the planted core: nothing at all.
const pure = "cmd/core | - | -\nnf | - | -\nwire | - | -\n"

// TestMutants plants one fault each: a package that newly reaches out, or round Go's rules. Each must be caught by name.
func TestMutants(t *testing.T) {
	for _, tc := range []struct {
		name, file, text string
		want             Capability
		symbol           string
	}{
		{"calls home over TCP", "wire/x.go", `import "net"; func x() { net.Dial("tcp", "h:1") }`, Network, "net.Dial"},
		{"calls home over UDP", "wire/x.go", `import "net"; func x() { net.DialUDP("udp", nil, nil) }`, Network, "net.DialUDP"},
		{"asks the DNS", "wire/x.go", `import "net"; func x() { net.LookupHost("h") }`, Network, "net.LookupHost"},
		{"opens a raw socket", "wire/x.go", `import "syscall"; func x() { syscall.Socket(2, 3, 132) }`, Network, "syscall.Socket"},
		{"fetches over HTTP", "wire/x.go", `import "net/http"; func x() { http.Get("http://h") }`, Network, "http.Get"},
		{"dials by a package for texts", "wire/x.go", `import "net/textproto"; func x() { textproto.Dial("tcp", "h:1") }`, Network, "textproto.Dial"},
		{"takes a dialler's method", "wire/x.go", `import "net"; var d net.Dialer; func x() { d.Dial("tcp", "h:1") }`, Network, "net.Dialer"},
		{"takes the function as a value", "wire/x.go", `import "net"; var x = net.Dial`, Network, "net.Dial"},
		{"imports under another name", "wire/x.go", `import harmless "net"; func x() { harmless.Dial("tcp", "h:1") }`, Network, "net.Dial"},
		{"imports with a dot", "wire/x.go", `import . "net"; func x() { Dial("tcp", "h:1") }`, Network, `import . "net"`},
		{"listens", "nf/x.go", `import "net"; func x() { net.Listen("tcp", ":1") }`, Network, "net.Listen"},
		{"runs a program", "nf/x.go", `import "os/exec"; func x() { exec.Command("id").Run() }`, Exec, "exec.Command"},
		{"starts a process without os/exec", "nf/x.go", `import "os"; func x() { os.StartProcess("id", nil, nil) }`, Exec, "os.StartProcess"},
		{"loads code", "nf/x.go", `import "plugin"; func x() { plugin.Open("x.so") }`, Exec, "plugin.Open"},
		{"replaces itself", "nf/x.go", `import "syscall"; func x() { syscall.Exec("id", nil, nil) }`, Exec, "syscall.Exec"},
		{"reads a file", "wire/x.go", `import "os"; func x() { os.ReadFile("/etc/passwd") }`, Files, "os.ReadFile"},
		{"writes a file", "wire/x.go", `import "os"; func x() { os.Create("/tmp/x") }`, Files, "os.Create"},
		{"lists a folder", "wire/x.go", `import "path/filepath"; func x() { filepath.Glob("/*") }`, Files, "filepath.Glob"},
		{"opens a file by system call", "wire/x.go", `import "syscall"; func x() { syscall.Open("/x", 0, 0) }`, Files, "syscall.Open"},
		{"asks for the system's users", "wire/x.go", `import "os/user"; func x() { user.Current() }`, Files, "user.Current"},
		{"makes system calls of its own", "wire/x.go", `import "syscall"; func x() { syscall.RawSyscall(41, 2, 1, 0) }`, Syscall, "syscall.RawSyscall"},
		{"uses a package that nobody looked at", "wire/x.go", `import _ "expvar"`, Network, `import "expvar"`},
		{"uses unsafe", "wire/x.go", `import "unsafe"; var x unsafe.Pointer`, Unsafe, `import "unsafe"`},
		{"links to a hidden name", "wire/x.go", "import _ \"unsafe\"\n//go:linkname x runtime.nanotime\nfunc x() int64", Linkname, "//go:linkname x runtime.nanotime"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			folder := filepath.Dir(tc.file)
			r := examine(t, plant(t, map[string]string{tc.file: "package " + folder + "\n\n" + tc.text + "\n"}))
			a, err := Parse(pure)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range r.Check(a) {
				if v.Folder == folder && v.Capability == tc.want && strings.Contains(v.Text, "newly takes") && strings.HasSuffix(v.Text, tc.symbol) {
					return
				}
			}
			t.Errorf("not caught: %v", r.Check(a))
		})
	}
}

func TestAssemblyIsFound(t *testing.T) {
	r := examine(t, plant(t, map[string]string{
		"wire/x.go": "package wire\n\nfunc x()\n", "wire/x_amd64.s": "TEXT ·x(SB), 4, $0\n\tRET\n", "wire/x_arm64.s": "TEXT ·x(SB), 4, $0\n\tRET\n"}))
	if own := r.Holdings["example.com/core/wire"].Own; own != Assembly {
		t.Errorf("wire takes %v", own)
	}
}

// TestThrough checks that who imports a package that reaches out needs leave for it too, and is told by which way.
func TestThrough(t *testing.T) {
	r := examine(t, plant(t, map[string]string{
		"wire/x.go": "package wire\n\nimport \"net\"\n\nfunc Home() { net.Dial(\"tcp\", \"h:1\") }\n",
		"nf/x.go":   "package nf\n\nimport \"example.com/core/wire\"\n\nfunc x() { wire.Home() }\n",
	}))
	a, err := Parse("cmd/core | - | network\nnf | - | -\nwire | network | -\n")
	if err != nil {
		t.Fatal(err)
	}
	found := r.Check(a)
	if len(found) != 1 || found[0].Folder != "nf" || found[0].Capability != Network ||
		found[0].Text != "nf newly reaches network: example.com/core/wire -> x.go:5 net.Dial" {
		t.Errorf("found %v", found)
	}
}

// TestHarmless checks that names which hand out nothing are free, and so are local names that look like packages.
func TestHarmless(t *testing.T) {
	r := examine(t, plant(t, map[string]string{"wire/x.go": `package wire

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"
)

type conn struct{}

func (conn) Dial() {}

func x(c net.Conn, f *os.File) error {
	net := conn{}
	net.Dial()
	fmt.Fprintln(os.Stderr, http.StatusOK, syscall.AF_INET, syscall.EINVAL)
	_, err := f.Write(nil)
	return err
}
`}))
	if h := r.Holdings["example.com/core/wire"]; h.Own != 0 || h.Through != 0 {
		t.Errorf("wire takes %v (%v), through %v", h.Own, h.Uses, h.Through)
	}
}

func TestAllowanceIsHeldBothWays(t *testing.T) {
	r := examine(t, plant(t, nil))
	for _, tc := range []struct{ allowance, want string }{
		{pure, ""},
		{"cmd/core | - | -\nnf | - | -\n", "wire is not in the allowance"},
		{pure + "gone | - | -\n", "gone is in the allowance and not in the binary"},
		{"cmd/core | - | -\nnf | exec | -\nwire | - | -\n", "nf is allowed exec and no longer holds it: take it off the list"},
	} {
		a, err := Parse(tc.allowance)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, v := range r.Check(a) {
			texts = append(texts, v.Text)
		}
		if got := strings.Join(texts, "; "); got != tc.want {
			t.Errorf("%q: found %q, want %q", tc.allowance, got, tc.want)
		}
	}
	written, err := Parse(r.Format())
	if err != nil {
		t.Fatal(err)
	}
	if found := r.Check(written); len(found) != 0 {
		t.Errorf("what the tree holds is not allowed by what it was written as: %v", found)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"wire", "wire | -", "wire | net | -", "wire | - | -\nwire | - | -", " | - | -"} {
		if a, err := Parse(text); err == nil {
			t.Errorf("%q is %v", text, a)
		}
	}
}

func TestListRefusesWhatIsNoProgram(t *testing.T) {
	if g, err := List(t.Context(), t.TempDir(), "./..."); err == nil {
		t.Errorf("an empty folder is %v", g)
	}
	dir := plant(t, map[string]string{"wire/x.go": "package wire\n\nimport \"example.org/absent\"\n\nvar x = absent.X\n"})
	if g, err := List(t.Context(), dir, "./..."); err == nil {
		t.Errorf("a package whose import is absent is %v", g.Order)
	}
}

// TestAModuleOfOthersThatNewlyReachesOut changes what a dependency takes: the package that imports it holds it through it.
func TestAModuleOfOthersThatNewlyReachesOut(t *testing.T) {
	for _, tc := range []struct {
		text, says string
		want       Capability
	}{
		{`import "net"; func X() { net.Dial("tcp", "h:1") }`, "nf newly reaches network: example.org/dep -> dep.go:3 net.Dial", Network},
		{`import "os/exec"; func X() { exec.Command("id") }`, "nf newly reaches exec: example.org/dep -> dep.go:3 exec.Command", Exec},
		{`import "os"; func X() { os.ReadFile("x") }`, "nf newly reaches files: example.org/dep -> dep.go:3 os.ReadFile", Files},
		{`import "syscall"; func X() { syscall.Syscall(1, 2, 3, 4) }`, "nf newly reaches syscall: example.org/dep -> dep.go:3 syscall.Syscall", Syscall},
		{`func X() {}`, "", 0},
	} {
		r := examine(t, plant(t, map[string]string{
			"go.mod":     "module example.com/core\n\ngo 1.26.0\n\nrequire example.org/dep v1.0.0\n\nreplace example.org/dep => ./dep\n",
			"dep/go.mod": "module example.org/dep\n\ngo 1.26.0\n",
			"dep/dep.go": "package dep\n\n" + tc.text + "\n",
			"nf/x.go":    "package nf\n\nimport \"example.org/dep\"\n\nfunc x() { dep.X() }\n",
		}))
		a, err := Parse("cmd/core | - | " + tc.want.String() + "\nnf | - | -\nwire | - | -\n")
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, v := range r.Check(a) {
			texts = append(texts, v.Text)
		}
		if got := strings.Join(texts, "; "); got != tc.says {
			t.Errorf("found %q, want %q", got, tc.says)
		}
	}
}
