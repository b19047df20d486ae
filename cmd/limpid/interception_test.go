package main

import (
	"debug/elf"
	"debug/gosym"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// diagnosis are the packages of the binary that copy traffic for its own operator, the command that must be called for it, and
// why. Nothing of a running core may reach them.
func diagnosis() map[string]string {
	return map[string]string{
		"github.com/limpid-5g/limpid/internal/capture": "limpid demo records its own namespaces; a core has no capture",
	}
}

// forbiddenNames are words of code that copies traffic or signalling to others, or speaks to its maker.
var forbiddenNames = regexp.MustCompile(`(?i)intercept|wiretap|lawful|eavesdrop|mirror(traffic|packet|session)|telemetry(client|send|upload)|checkforupdate|phonehome|licen[cs]eserver`)

// forbiddenPackages would be new ways out: libraries that capture, report, or send to others. Prometheus's registry answers who
// asks on the operator's own address (metrics.address, off by default); its packages that send by themselves are forbidden. It brings
// expvar along, whose page nobody serves (internal/arch TestNoDefaultServeMux).
var forbiddenPackages = regexp.MustCompile(`^(net/smtp|log/syslog|net/rpc|net/http/pprof|net/http/httputil|plugin|.*(gopacket|mdlayher/packet|/pcap|sentry|opentelemetry|prometheus/(push|graphite)|statsd|segmentio|bugsnag|rollbar|datadog|newrelic).*)$`)

// functions are the names of all functions in a binary, from the table that the Go runtime itself uses: it stays when
// symbols are stripped.
func functions(t *testing.T, binary string) []string {
	t.Helper()
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, lines := f.Section(".text"), f.Section(".gopclntab")
	if text == nil || lines == nil {
		t.Fatal("the binary has no table of functions")
	}
	b, err := lines.Data()
	if err != nil {
		t.Fatal(err)
	}
	table, err := gosym.NewTable(nil, gosym.NewLineTable(b, text.Addr))
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, len(table.Funcs))
	for _, fn := range table.Funcs {
		names = append(names, fn.Name)
	}
	return names
}

// packageOf is the package of a function's name, as the linker writes it.
func packageOf(name string) string {
	name, _, _ = strings.Cut(name, "[")
	slash := strings.LastIndex(name, "/")
	dot := strings.Index(name[slash+1:], ".")
	if dot < 0 {
		return ""
	}
	return strings.NewReplacer("%2e", ".").Replace(name[:slash+1+dot])
}

// within tells whether a name is of one of the packages. A method that a type has from a part of it carries a second package.
func within(name string, packages []string) bool {
	name = strings.ReplaceAll(name, "%2e", ".")
	return strings.HasPrefix(name, "vendor/") || slices.ContainsFunc(packages, func(p string) bool { return strings.HasPrefix(name, p+".") })
}

// suspicious lists what a table of functions should not hold.
func suspicious(names []string, listed []string) []string {
	var found []string
	for _, name := range names {
		p := packageOf(name)
		switch {
		case strings.HasPrefix(name, "go:") || strings.HasPrefix(name, "type:") || p == "": // made by the compiler, or assembly of the runtime
		case forbiddenPackages.MatchString(p):
			found = append(found, p+" is in the binary: "+name)
		case strings.HasPrefix(p, "github.com/limpid-5g/") && forbiddenNames.MatchString(name):
			found = append(found, name+" sounds like interception")
		case !within(name, listed):
			found = append(found, p+" is in the binary, and not in what the source builds it from: "+name)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func goList(t *testing.T, arguments ...string) []string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-deps"}, arguments...)...)
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return append(strings.Fields(string(out)), "main")
}

// TestNoInterceptionByDefault: the default build holds no code that copies traffic or signalling to a third party, as far as
// the table of its functions tells; and no running core reaches the operator's own diagnosis.
func TestNoInterceptionByDefault(t *testing.T) {
	names, listed := functions(t, product()), goList(t, ".")
	if len(names) < 10_000 {
		t.Fatalf("only %d functions found", len(names))
	}
	for _, s := range suspicious(names, listed) {
		t.Error(s)
	}
	running := goList(t, "../../core")
	for p, why := range diagnosis() {
		if slices.Contains(running, p) {
			t.Errorf("a running core reaches %s, which is for diagnosis alone: %s", p, why)
		}
		if !slices.Contains(listed, p) {
			t.Errorf("%s is declared and not in the binary", p)
		}
	}
}

// TestMutantTablesOfFunctions plants names: each must be noticed.
func TestMutantTablesOfFunctions(t *testing.T) {
	listed := []string{"main", "fmt", "github.com/limpid-5g/limpid/nf/amf"}
	good := []string{"main.main", "fmt.Println", "github.com/limpid-5g/limpid/nf/amf.(*ue).register", "type:.eq.main.x", "github.com/limpid-5g/limpid/nf/amf.Ask[go.shape.int]"}
	if found := suspicious(good, listed); len(found) > 0 {
		t.Fatalf("found %v", found)
	}
	for name, planted := range map[string]string{
		"a function that intercepts":   "github.com/limpid-5g/limpid/nf/amf.(*ue).lawfulCopy",
		"a function that mirrors":      "github.com/limpid-5g/limpid/nf/amf.mirrorSession",
		"a package that captures":      "github.com/google/gopacket/pcap.OpenLive",
		"a package that reports":       "github.com/getsentry/sentry-go.CaptureException",
		"a package that sends mail":    "net/smtp.SendMail",
		"a package that nobody listed": "example.com/hidden.Send",
		"a profiler behind the web":    "net/http/pprof.Index",
		"an update check":              "github.com/limpid-5g/limpid/nf/amf.CheckForUpdates",
	} {
		t.Run(name, func(t *testing.T) {
			if found := suspicious(append(slices.Clone(good), planted), listed); len(found) != 1 {
				t.Errorf("not noticed: %v", found)
			}
		})
	}
}
