// Package lockdown takes from a process, once it has opened what it needs, every right that it needs no more: capabilities,
// files outside its folders (Landlock), system calls and sockets beyond its work (seccomp), memory that becomes code. Nothing
// gives them back before the process ends. It is for Linux.
//
// Attempts then tries each forbidden act from inside.
package lockdown

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Profile is what a process goes on needing.
type Profile struct {
	// Read are files and folders that it may read, Write folders in which it may make, change and remove files. What is
	// not there is left out.
	Read, Write []string
	// ConnectTCP and BindTCP are ports that it may connect to and listen on anew.
	ConnectTCP, BindTCP []uint16
	// Unix lets it open Unix sockets: by a socket that some helper listens on, data can leave without IP.
	Unix bool
	// Starts is a program that the process goes on starting as other users, with CAP_SETUID and CAP_SETGID alone. What it
	// starts inherits this lockdown and takes one of its own inside it.
	Starts string

	// Without leaves measures out: to see that Attempts notices, and what each costs.
	Without Measure
}

// Measure is one part of the lockdown. Values are bits and make sets.
type Measure uint16

// The measures, in the order in which they are taken.
const (
	NoNewPrivileges Measure = 1 << iota // programs that are run give no rights
	Limits                              // no core dump, not to be traced
	Files                               // Landlock: files outside the profile
	Ports                               // Landlock: TCP ports outside the profile
	Scope                               // Landlock: signals and abstract sockets of others
	Capabilities                        // all dropped, also from the bounding set
	SystemCalls                         // seccomp: what is not on the list
	measures
)

// All is every measure.
const All = measures - 1

var names = [...]string{"no_new_privs", "limits", "files", "ports", "scope", "capabilities", "seccomp"}

// String lists the set's names with commas, "nothing" if it is empty.
func (m Measure) String() string {
	var found []string
	for i, name := range names {
		if m&(1<<i) != 0 {
			found = append(found, name)
		}
	}
	if found == nil {
		return "nothing"
	}
	return strings.Join(found, ", ")
}

// Reached is how far a lockdown came on this kernel.
type Reached struct {
	Taken    Measure
	Landlock int // version of the kernel's Landlock, 0: none
	Missing  []string
}

// Tier names how far that is: "full", "partial" or "none".
func (r Reached) Tier() string {
	switch r.Taken {
	case All:
		return "full"
	case 0:
		return "none"
	}
	return "partial"
}

func (r Reached) String() string {
	text := fmt.Sprintf("%s (%v; Landlock version %d)", r.Tier(), r.Taken, r.Landlock)
	if len(r.Missing) > 0 {
		text += "; missing: " + strings.Join(r.Missing, "; ")
	}
	return text
}

// Mode is how much is wanted.
type Mode string

// Modes.
const (
	Required Mode = "required" // all, or the process does not go on
	Auto     Mode = "auto"     // as much as this kernel has
	Off      Mode = "off"
)

// Enter takes the rights that mode says, tries what must now be refused, and tells the log how far it came. The process
// must not go on after an error.
func Enter(mode Mode, p Profile, log *slog.Logger) (Reached, error) {
	if mode == Off {
		log.Warn("lockdown is off: this process keeps all its rights", "lockdown", "off")
		return Reached{}, nil
	}
	r, err := Apply(p)
	if err != nil {
		return r, fmt.Errorf("lockdown: %w", err)
	}
	if r.Taken != All {
		if mode == Required {
			return r, fmt.Errorf("lockdown: required, and this kernel or binary has only %v: set lockdown: auto to run with less", r)
		}
		log.Warn("lockdown is not complete", "tier", r.Tier(), "missing", strings.Join(r.Missing, "; "))
	}
	outcomes := Attempts(p)
	if allowed := Allowed(outcomes, r.Taken); len(allowed) > 0 {
		return r, fmt.Errorf("lockdown: taken, and yet allowed: %s", strings.Join(allowed, ", "))
	}
	log.Info("lockdown", "tier", r.Tier(), "measures", r.Taken.String(), "landlock", r.Landlock, "tried", len(outcomes), "refused", refused(outcomes))
	return r, nil
}

// Apply takes the rights away from all threads of the process. Measures that this kernel or binary lacks are in Missing; an
// error is a measure that failed half way.
func Apply(p Profile) (Reached, error) {
	var r Reached
	for _, step := range []struct {
		measure Measure
		take    func(Profile, *Reached) error
	}{
		{NoNewPrivileges, noNewPrivileges},
		{Limits, limits},
		{Files | Ports | Scope, landlock},
		{Capabilities, dropCapabilities},
		{SystemCalls, filterSystemCalls},
	} {
		if p.Without&step.measure == step.measure {
			continue
		}
		err := step.take(p, &r)
		if missing, ok := errors.AsType[missingError](err); ok {
			r.Missing = append(r.Missing, string(missing))
			continue
		}
		if err != nil {
			return r, fmt.Errorf("%v: %w", step.measure, err)
		}
	}
	return r, nil
}

// missingError is a measure that is not to be had here, and why.
type missingError string

func (e missingError) Error() string { return string(e) }
