package xdp

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the programs that measure
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

//go:embed bench.bpf.o
var benchObject []byte

// TestObjects wants the programs that are checked in to be those that the pinned compiler makes of the sources, in any
// folder. Without that compiler only the checked-in sums can be compared.
func TestObjects(t *testing.T) {
	sums, err := os.ReadFile("objects.sha256")
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string][]byte{"limpid.bpf.o": object, "tcx.bpf.o": tcxObject, "bench.bpf.o": benchObject}
	for name, b := range objects {
		if want := fmt.Sprintf("%x  %s\n", sha256.Sum256(b), name); !strings.Contains(string(sums), want) {
			t.Errorf("%s is not what objects.sha256 says: run go generate", name)
		}
	}
	if _, err := exec.LookPath("clang-19"); err != nil {
		t.Logf("sums only: %v", err)
		return
	}
	for range 2 {
		source, out := filepath.Join(t.TempDir(), "elsewhere"), t.TempDir()
		if err := os.CopyFS(source, os.DirFS("bpf")); err != nil {
			t.Fatal(err)
		}
		if log, err := exec.Command("sh", filepath.Join(source, "build.sh"), out).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, log)
		}
		for name, want := range objects {
			if got, err := os.ReadFile(filepath.Join(out, name)); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s differs from what its sources give: run go generate (%v)", name, err)
			}
		}
	}
}

// TestLayout wants the same offsets in Go as in the BTF of the object, and for each direction of a session a line of 64 octets.
func TestLayout(t *testing.T) {
	if up, down := unsafe.Sizeof(uplink{}), unsafe.Sizeof(downlink{}); up != 64 || down != 64 {
		t.Errorf("a session takes %d and %d octets", up, down)
	}
	spec := mustSpec(t, object)
	for name, v := range map[string]any{"uplink": uplink{}, "downlink": downlink{}, "state": state{},
		"next_hop": nextHop{}, "route": route{}, "route6": route6{}, "routes": routeTable{}, "pool": poolConfig{}, "pool6": pool6Config{}, "ue6": prefixEntry{}, "changing": changing{},
		"flow": flow{}, "filter": filter{}, "classifier": classifier{}, "screen": screen{}, "decision": decision{}, "account": account{}, "config": programConfig{}} {
		var s *btf.Struct
		if err := spec.Types.TypeByName(name, &s); err != nil {
			t.Fatal(err)
		}
		goType := reflect.TypeOf(v)
		if uintptr(s.Size) != goType.Size() {
			t.Errorf("%s: %d octets in C, %d in Go", name, s.Size, goType.Size())
		}
		at := map[string]uintptr{}
		for i := range goType.NumField() {
			f := goType.Field(i)
			at[strings.ToLower(f.Name)] = f.Offset
		}
		for _, m := range s.Members {
			if m.Name == "spare" || m.Name == "last" {
				continue
			}
			if m.Name == "" { // a union: what it is depends on the verdict
				m.Name = "per_octet"
			}
			key := strings.ReplaceAll(m.Name, "_", "")
			if got, ok := at[key]; !ok || got != uintptr(m.Offset.Bytes()) {
				t.Errorf("%s.%s: at %d in C, %d (%v) in Go", name, m.Name, m.Offset.Bytes(), got, ok)
			}
		}
	}
}

// maxVerified bounds what the kernel's verifier walks through for a program, to a twentieth of where it gives up.
const maxVerified = 50_000

// TestComplexity prints and bounds the complexity of the programs, and wants no map of programs among the maps, which
// the kernel would empty with the process.
func TestComplexity(t *testing.T) {
	c := programConfig{N3: 1, N3v6: [2]uint64{1, 1}, Pools: maxPools}
	for i := range c.Pool {
		c.Pool[i] = poolConfig{First: 10<<24 | uint32(i)<<16, Size: 1 << 16, Slot: uint32(i) << 16, MTU: 1400}
	}
	for i := range c.Pool6 {
		c.Pool6[i] = pool6Config{First: 0x20010db8<<32 | uint64(i)<<16, Size: 1 << 16, At: uint32(i) << 16, MTU: 1400}
	}
	c.Pools6 = maxPools6
	size := sizes{slots: maxPools << 16, flows: 1 << 16, slots6: maxPools6 << 16}
	l := mustLoad(t, c, size)
	check(t, l.loadTCX(c, size, nil))
	programs := maps.Clone(l.collection.Programs)
	maps.Copy(programs, l.tcx.Programs)
	for name, p := range programs {
		info, err := p.Info()
		if err != nil {
			t.Fatal(err)
		}
		n, ok := info.VerifiedInstructions()
		size, _ := info.TranslatedSize()
		t.Logf("%-15s %5d instructions verified, %d octets", name, n, size)
		if !ok || n == 0 || n > maxVerified {
			t.Errorf("%s: %d instructions verified (%v), want at most %d", name, n, ok, maxVerified)
		}
	}
	for name, m := range l.collection.Maps {
		if m.Type() == ebpf.ProgramArray {
			t.Errorf("%s is a map of programs", name)
		}
	}
}

func mustSpec(t testing.TB, b []byte) *ebpf.CollectionSpec {
	t.Helper()
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// mustLoad loads the programs unpinned until the test ends.
func mustLoad(t testing.TB, c programConfig, size sizes) *loaded {
	t.Helper()
	l, err := load(c, size, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.close(); err != nil {
			t.Error(err)
		}
	})
	return l
}
