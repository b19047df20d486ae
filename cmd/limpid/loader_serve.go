package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/limpid-5g/limpid/core"
	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/manage/control"
)

// processInfo is a process as the loader knows it.
type processInfo struct {
	Name     string    `json:"name"`
	PID      int       `json:"pid"`
	User     uint32    `json:"user"`
	Started  time.Time `json:"started"`
	Restarts int       `json:"restarts"`
	Socket   string    `json:"socket"`
}

// serve lets an operator ask the loader what it has started, what was refused, and to try what it must not be able to do.
func (l *loader) serve(ctx context.Context, kept *confinement) {
	s := control.NewServer(l.log)
	kept.operation(s)
	control.Register(s, "processes", func(context.Context, struct{}) ([]processInfo, error) { return l.processes(), nil })
	control.Register(s, "egress", func(context.Context, struct{}) (egressAnswer, error) { return l.refused() })
	control.Register(s, "egress/trial", func(ctx context.Context, r trialRequest) (struct{}, error) {
		if l.groups == nil {
			return struct{}{}, nil
		}
		if err := l.recorder.operation(ctx, "egress/trial", r); err != nil {
			return struct{}{}, err
		}
		for _, g := range l.groups.Guards {
			g.ExpectTrial(r.PID)
		}
		return struct{}{}, nil
	})
	listener, err := net.FileListener(l.sockets[processLoader])
	if err != nil {
		l.log.Error("the loader's socket", "error", err)
		return
	}
	go func() {
		if err := s.Serve(ctx, listener); err != nil {
			l.log.Error("the loader's socket", "error", err)
		}
	}()
}

func (l *loader) processes() []processInfo {
	paths := l.socketPaths()
	list := []processInfo{{Name: processLoader, PID: os.Getpid(), Socket: paths[processLoader]}}
	for _, c := range l.children {
		list = append(list, processInfo{c.name, int(c.pid.Load()), c.user, time.Unix(0, c.started.Load()), int(c.restarts.Load()), paths[c.name]})
	}
	return list
}

// refused is what the kernel refused to all processes together.
func (l *loader) refused() (egressAnswer, error) {
	a := egressAnswer{On: l.groups != nil}
	if l.groups == nil {
		return a, nil
	}
	var errs []error
	for name, g := range l.groups.Guards {
		a.Group = filepath.Dir(g.Group)
		errs = append(errs, a.add(name+": ", g))
	}
	return a, errors.Join(errs...)
}

// watchRefusals tells the log what is refused until ctx ends.
func (l *loader) watchRefusals(ctx context.Context) {
	if l.groups == nil {
		return
	}
	for name, g := range l.groups.Guards {
		go func() {
			if err := g.Watch(ctx, l.log.With("of", name)); err != nil {
				l.log.Error("what is refused is not told any more", "of", name, "error", err)
			}
		}()
	}
}

// reload gives the policies of the configuration file to the control plane.
func (l *loader) reload(ctx context.Context) error {
	text, err := os.ReadFile(l.file)
	if err != nil {
		return err
	}
	return control.NewClient(l.cfg.Control.Socket).Call(ctx, "policy/apply", core.PolicyRequest{Name: l.file, Config: text}, nil)
}

// record tells the ledger of an act of the loader.
func (l *loader) record(ctx context.Context, act, detail string) error {
	return l.recorder.record(ctx, recordRequest{Act: act, Detail: detail})
}

// startDetail says what starts: the release, the configuration, the programs.
func (l *loader) startDetail() string {
	return fmt.Sprintf("limpid %s, configuration %s sha256 %x, descriptors of the user plane: %s", version(), l.file, sha256.Sum256(l.text),
		strings.Join(slices.Sorted(maps.Keys(l.opened.UserPlane)), " "))
}

// prepareFolders gives the folders of store and ledger to their users. What else lies in them would be theirs too: that is
// an error.
func prepareFolders(cfg *config.Config) error {
	u := cfg.Processes.Users
	own := []struct {
		key, dir string
		user     uint32
		files    func(name string) bool
	}{{"ledger.folder", cfg.Ledger.Folder, u.Ledger, isLedgerFile}}
	if cfg.Store.URL == "" {
		base := filepath.Base(cfg.Store.Path)
		own = append(own, struct {
			key, dir string
			user     uint32
			files    func(name string) bool
		}{"store.path", filepath.Dir(cfg.Store.Path), u.ControlPlane, func(name string) bool { return strings.HasPrefix(name, base) }})
	}
	if err := os.MkdirAll(filepath.Dir(cfg.Control.Socket), 0o711); err != nil {
		return cfg.ErrorAt("control.socket", err)
	}
	if err := reachable(filepath.Dir(cfg.Control.Socket)); err != nil {
		return cfg.ErrorAt("control.socket", err)
	}
	for _, o := range own {
		if err := giveFolder(o.dir, int(o.user), o.files); err != nil {
			return cfg.ErrorAt(o.key, err)
		}
	}
	return nil
}

func giveFolder(dir string, user int, ours func(string) bool) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o711); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if err := reachable(filepath.Dir(dir)); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // nothing that the user could put there leads out of it
	if err != nil {
		return err
	}
	defer root.Close()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); !ok || !ours(e.Name()) || !e.Type().IsRegular() || st.Nlink != 1 {
			return fmt.Errorf("%s holds %s: it becomes the folder of user %d alone, so move that away, or choose another folder", dir, e.Name(), user)
		}
		if err := root.Lchown(e.Name(), user, user); err != nil {
			return err
		}
	}
	return errors.Join(root.Chown(".", user, user), root.Chmod(".", 0o700))
}

// reachable tells whether users without rights can pass through a folder.
func reachable(dir string) error {
	for up := dir; ; up = filepath.Dir(up) {
		info, err := os.Stat(up)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("the users of the processes cannot pass through %s: chmod o+x %s", up, up)
		}
		if up == filepath.Dir(up) {
			return nil
		}
	}
}

// newCoreProcessesCommand is `limpid core processes`.
func newCoreProcessesCommand() *cobra.Command {
	var socket string
	cmd := &cobra.Command{
		Use: "processes --socket limpid-loader.sock", Short: "List the processes of a core that is divided", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var list []processInfo
			if err := control.NewClient(socket).Call(cmd.Context(), "processes", nil, &list); err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			_, _ = fmt.Fprintln(w, "PROCESS\tPID\tUSER\tRESTARTS\tSOCKET") // Flush tells of errors
			for _, p := range list {
				_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\n", p.Name, p.PID, p.User, p.Restarts, p.Socket)
			}
			return w.Flush()
		},
	}
	cmd.Flags().StringVar(&socket, "socket", "limpid-loader.sock", "the loader's socket, beside control.socket")
	return cmd
}
