package egress

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Separate are the policies of the processes of one core, each on a control group of its own.
type Separate struct {
	Guards map[string]*Guard // by process
	procs  map[string]*os.File
}

// StartSeparate makes a control group for each process by its name and puts its policy on it. Nobody is in them yet.
func StartSeparate(policies map[string]Policy) (*Separate, error) {
	s := &Separate{Guards: make(map[string]*Guard), procs: make(map[string]*os.File)}
	err := ownGroup(func(root, group string) error {
		for name, p := range policies {
			own := filepath.Join(group, name)
			if err := os.Mkdir(own, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
				return fmt.Errorf("a control group is needed: %w", err)
			}
			g, err := Attach(p, own)
			if err != nil {
				return err
			}
			g.Group = strings.TrimPrefix(own, root)
			s.Guards[name] = g
			if s.procs[name], err = os.OpenFile(filepath.Join(own, "cgroup.procs"), os.O_WRONLY, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("egress: %w", err), s.Close())
	}
	return s, nil
}

// Enter moves a process into the group of a name. It needs nothing but to be the user who made the groups.
func (s *Separate) Enter(name string, pid int) error {
	if _, err := s.procs[name].WriteAt([]byte(strconv.Itoa(pid)), 0); err != nil {
		return fmt.Errorf("egress: control group of %s: %w", name, err)
	}
	return nil
}

// Close takes the policies away. The groups stay while somebody is in them; the next start removes them.
func (s *Separate) Close() error {
	var errs []error
	for _, g := range s.Guards {
		errs = append(errs, g.Close())
	}
	for _, f := range s.procs {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}
