package core

import (
	"bufio"
	"bytes"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
)

// availableMemory is how many octets the system could give this process now, as far as Linux tells: what is not in use, and no
// more than the limits of its control groups.
func availableMemory() uint64 {
	least := uint64(math.MaxUint64)
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		least = memAvailable(b)
	}
	group, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return least
	}
	for at := unifiedGroup(group); at != ""; at = path.Dir(at) {
		b, err := os.ReadFile(path.Join("/sys/fs/cgroup", at, "memory.max"))
		if limit, parsed := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64); err == nil && parsed == nil {
			least = min(least, limit) // else it is "max"
		}
		if at == "/" || at == "." {
			break
		}
	}
	return least
}

// memAvailable is what /proc/meminfo calls that; everything where it does not say.
func memAvailable(b []byte) uint64 {
	lines := bufio.NewScanner(bytes.NewReader(b))
	for lines.Scan() {
		if f := strings.Fields(lines.Text()); len(f) == 3 && f[0] == "MemAvailable:" {
			if kib, err := strconv.ParseUint(f[1], 10, 50); err == nil {
				return kib << 10
			}
		}
	}
	return math.MaxUint64
}

// unifiedGroup is the control group of version 2 in /proc/self/cgroup, "" for none.
func unifiedGroup(b []byte) string {
	for line := range strings.Lines(string(b)) {
		if group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return path.Clean(group)
		}
	}
	return ""
}
