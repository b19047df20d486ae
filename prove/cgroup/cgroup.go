// Package cgroup finds the control group of a process, version 2.
package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Of calls f with the folder of the file system of control groups and the path of a process's group below it. Where the
// file system is not mounted, as under `ip netns exec`, it is mounted for f alone.
func Of(pid int, f func(root, path string) error) error {
	groups, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return fmt.Errorf("control group: %w", err)
	}
	_, path, found := strings.Cut(string(groups), "0::")
	if !found {
		return fmt.Errorf("process %d is in no control group of version 2", pid)
	}
	path, _, _ = strings.Cut(path, "\n")
	root, err := mounted()
	if err != nil {
		return err
	}
	if root != "" {
		return f(root, filepath.Join("/", path))
	}
	root, err = os.MkdirTemp("", "limpid-cgroup-")
	if err != nil {
		return fmt.Errorf("control group: %w", err)
	}
	if err := unix.Mount("none", root, "cgroup2", 0, ""); err != nil {
		return errors.Join(fmt.Errorf("control groups of version 2 are not mounted, and cannot be: %w", err), os.Remove(root))
	}
	return errors.Join(f(root, filepath.Join("/", path)), unix.Unmount(root, unix.MNT_DETACH), os.Remove(root))
}

// mounted is where control groups of version 2 are mounted; empty if nowhere.
func mounted() (string, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", fmt.Errorf("control group: %w", err)
	}
	root := ""
	for line := range strings.Lines(string(mounts)) {
		before, after, _ := strings.Cut(line, " - ")
		f := strings.Fields(before)
		var st unix.Statfs_t
		if strings.HasPrefix(after, "cgroup2 ") && len(f) > 4 && unix.Statfs(f[4], &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC {
			root = f[4] // it may be hidden by a later mount, which Statfs tells
		}
	}
	return root, nil
}
