package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/prove/egress"
)

// policiesOf are the processes of a running core, each with whom it may speak to, by the configuration; pid is the core's, or its
// loader's where it is divided. With egress off there are none.
func policiesOf(cfg *config.Config, pid int) (map[int]egress.Policy, error) {
	if cfg.Egress.Mode == "off" {
		return nil, nil
	}
	if !cfg.Processes.Separate {
		policy, err := egressPolicy(cfg)
		return map[int]egress.Policy{pid: policy}, err
	}
	policies, err := separatePolicies(cfg)
	if err != nil {
		return nil, err
	}
	processes, err := processesOf(pid)
	if err != nil {
		return nil, err
	}
	if cfg.UPF == nil {
		delete(policies, processUser)
	}
	out := make(map[int]egress.Policy)
	for name, policy := range policies {
		at, ok := processes[name]
		if !ok {
			return nil, fmt.Errorf("process %d is no loader of a core: it has started no %s", pid, name)
		}
		out[at] = policy
	}
	return out, nil
}

// processesOf finds by the kernel's word what a loader has started, by name; it is among them.
func processesOf(loader int) (map[string]int, error) {
	found := map[string]int{processLoader: loader}
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", loader))
	if err != nil {
		return nil, err
	}
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if err != nil {
			return nil, err
		}
		for _, word := range strings.Fields(string(b)) {
			pid, err := strconv.Atoi(word)
			if err != nil {
				return nil, err
			}
			line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			if err != nil {
				return nil, err
			}
			args := strings.Split(string(line), "\x00")
			if i := slices.Index(args, "process"); i >= 0 && i+1 < len(args) {
				found[args[i+1]] = pid
			}
		}
	}
	return found, nil
}
