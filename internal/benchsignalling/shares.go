package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"
)

// part is what a sample of a CPU profile is counted for, by functions in its stack.
type part struct{ name, functions string }

// parts tells whose a sample is. The function nearest to where the CPU was decides, so that system calls and allocation are
// the part's that asked for them, and no sample is counted twice.
func parts() []part {
	return []part{
		{"garbage collection", `runtime\.(gcBgMarkWorker|gcAssistAlloc|bgsweep|bgscavenge|gcStart|gcMarkTermination)\b`},
		{"cryptography", `(crypto/|limpid/aka)`},
		{"NGAP", `limpid/wire/(ngap|aper)\b`},
		{"NAS", `limpid/wire/nas\b`},
		{"SCTP", `limpid/wire/sctp\b`},
		{"PFCP", `limpid/wire/pfcp\b`},
		{"store", `(modernc\.org/|database/sql|limpid/store\b)`},
		{"log", `log/slog`},
		{"UPF", `limpid/nf/upf\b`},
		{"SMF", `limpid/nf/smf\b`},
		{"AMF", `limpid/nf/amf\b`},
		{"UDM, UDR, AUSF, PCF", `limpid/nf/`},
		{"the rest of the core", `(limpid/|^main\.)`},
		{"scheduler", ``},
	}
}

// within are kinds of work inside the parts, counted beside them.
func within() []part {
	return []part{
		{"system calls", `^(internal/runtime/syscall|syscall\.)`},
		{"allocation", `runtime\.(mallocgc|growslice|newobject|makeslice|makemap)`},
		{"growth of stacks", `runtime\.newstack`},
		{"futex and scheduling", `runtime\.(schedule|futex|mcall|startm|wakep)`},
	}
}

// writeShares prints the share of each part in a CPU profile.
func writeShares(ctx context.Context, out io.Writer, profile string) error {
	text, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-traces", profile).Output()
	if err != nil {
		return fmt.Errorf("go tool pprof -traces %s: %w", profile, err)
	}
	stacks, err := parseTraces(text)
	if err != nil {
		return err
	}
	total := time.Duration(0)
	for _, s := range stacks {
		total += s.cpu
	}
	if total == 0 {
		return fmt.Errorf("%s holds no sample", profile)
	}
	fmt.Fprintf(out, "%-24s %7s %8s\n", "part", "share", "CPU")
	write := func(all []part, sum map[string]time.Duration) {
		slices.SortStableFunc(all, func(a, b part) int { return cmp.Compare(sum[b.name], sum[a.name]) })
		for _, p := range all {
			fmt.Fprintf(out, "%-24s %6.1f%% %8s\n", p.name, 100*float64(sum[p.name])/float64(total), sum[p.name])
		}
	}
	write(parts(), count(stacks, parts(), true))
	fmt.Fprintf(out, "%-24s %6.1f%% %8s\n\nof these, wherever they happen:\n", "all", 100.0, total)
	write(within(), count(stacks, within(), false))
	return nil
}

// stack is a sample: functions from the innermost outwards.
type stack struct {
	cpu       time.Duration
	functions []string
}

// count sums up the CPU of each part. With exclusive a stack counts for one part, found from the inside outwards.
func count(stacks []stack, all []part, exclusive bool) map[string]time.Duration {
	sum := make(map[string]time.Duration)
	expr := make([]*regexp.Regexp, len(all))
	for i, p := range all {
		expr[i] = regexp.MustCompile(p.functions)
	}
	for _, s := range stacks {
		if !exclusive {
			for i, p := range all {
				if slices.ContainsFunc(s.functions, expr[i].MatchString) {
					sum[p.name] += s.cpu
				}
			}
			continue
		}
		sum[owner(s, all, expr)] += s.cpu
	}
	return sum
}

// owner is the part of the innermost function that names one, the last part if none does.
func owner(s stack, all []part, expr []*regexp.Regexp) string {
	last := len(all) - 1
	for _, f := range s.functions {
		for i := range all[:last] {
			if expr[i].MatchString(f) {
				return all[i].name
			}
		}
	}
	return all[last].name
}

// parseTraces reads what go tool pprof -traces prints: stacks between rules, the first line of each with its value.
func parseTraces(text []byte) (stacks []stack, err error) {
	begun := false
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "-----------+") {
			stacks, begun = append(stacks, stack{}), true
			continue
		}
		fields := strings.Fields(strings.TrimSuffix(line, " (inline)"))
		if !begun || len(fields) == 0 {
			continue
		}
		s := &stacks[len(stacks)-1]
		if s.functions == nil {
			if len(fields) < 2 {
				continue
			}
			if s.cpu, err = time.ParseDuration(fields[0]); err != nil {
				return nil, fmt.Errorf("stack %d: %w", len(stacks), err)
			}
			fields = fields[1:]
		}
		s.functions = append(s.functions, fields[0])
	}
	return stacks, lines.Err()
}
