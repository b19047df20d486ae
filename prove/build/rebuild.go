package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Recipe is how a checkout is made into a release: a command in its root, and the files that it leaves.
type Recipe struct {
	Command   []string
	Artefacts []string
	// Objects are the artefacts that the checkout holds too, as the binary carries them: file of the checkout by artefact.
	Objects map[string]string
}

// Release is the recipe of Limpid's own release. The first artefact is the binary.
func Release() Recipe {
	const object, tcx = "bin/limpid.bpf.o", "bin/tcx.bpf.o"
	return Recipe{Command: []string{"make", "release"}, Artefacts: []string{"bin/limpid", object, tcx},
		Objects: map[string]string{object: "nf/upf/xdp/limpid.bpf.o", tcx: "nf/upf/xdp/tcx.bpf.o"}}
}

const (
	oneUser      = 65533 // users that own nothing
	otherUser    = 65534
	maxBuildTime = 30 * time.Minute
	apart        = 1100 * time.Millisecond // at least this much between two starts, so that a clock in seconds shows
)

// Rebuild is one build of the release: where and as whom, and what came out.
type Rebuild struct {
	Dir, Home, Zone, Locale, Umask string
	UID                            int
	Offline                        bool          // in a network namespace with nothing in it
	OtherDate                      string        // what `date` adds to the date; empty if it tells the truth
	Took                           time.Duration // wall clock
	Output                         string        // of the command, if it failed
	Artefacts                      []Artefact

	root     string // everything of this rebuild is below
	modCache string
	mtime    time.Time
}

// Artefact is one file of a release.
type Artefact struct {
	Name   string
	Path   string // where it is now
	Size   int64
	SHA256 Digest
}

// variants returns two rebuilds that differ in all that must not matter.
func variants(work string) [2]*Rebuild {
	root := os.Geteuid() == 0
	short, long := filepath.Join(work, "a"), filepath.Join(work, "another-place-with-a-longer-name", "of-another-depth")
	a := &Rebuild{root: short, Dir: filepath.Join(short, "src"), Home: filepath.Join(short, "home"), Zone: "UTC", Locale: "C",
		Umask: "022", UID: os.Geteuid(), Offline: root, mtime: time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)}
	b := &Rebuild{root: long, Dir: filepath.Join(long, "checkout-of-the-release"), Home: filepath.Join(long, "home-of-another"),
		Zone: "Pacific/Kiritimati", Locale: "C.UTF-8", Umask: "077", UID: os.Geteuid(), Offline: root,
		OtherDate: "-400 days", mtime: time.Date(2019, 11, 30, 23, 59, 58, 0, time.UTC)}
	if root { // a recipe need not be trusted with root
		a.UID, b.UID = oneUser, otherUser
	}
	return [2]*Rebuild{a, b}
}

func (r *Rebuild) String() string {
	network := "the network not cut off (that takes root)"
	if r.Offline {
		network = "no network"
	}
	clock := ""
	if r.OtherDate != "" {
		clock = ", date " + r.OtherDate
	}
	return fmt.Sprintf("in %s, user %d, umask %s, TZ %s, LANG %s, files of %s%s, own HOME, GOCACHE and GOMODCACHE, %s",
		r.Dir, r.UID, r.Umask, r.Zone, r.Locale, r.mtime.Format(time.DateOnly), clock, network)
}

// errBuild is a recipe that failed; Output says how.
var errBuild = errors.New("the recipe failed")

// run copies the source, makes the release and hashes what came out.
func (r *Rebuild) run(ctx context.Context, s *Source, t *Toolchain, o *Options, proxy string) error {
	r.modCache = filepath.Join(r.root, "modules")
	cache := filepath.Join(r.root, "cache")
	temp := filepath.Join(r.root, "tmp")
	for _, dir := range []string{r.Dir, r.Home, r.modCache, cache, temp} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := copyTree(s.copied, r.Dir, s.Files, r.mtime); err != nil {
		return err
	}
	if o.SeedCache != "" {
		if err := os.CopyFS(cache, os.DirFS(o.SeedCache)); err != nil {
			return err
		}
	}
	search := filepath.Dir(t.Go) + string(os.PathListSeparator) + os.Getenv("PATH")
	if r.OtherDate != "" {
		dir, err := r.falseDate()
		if err != nil {
			return err
		}
		search = dir + string(os.PathListSeparator) + search
	}
	env := append([]string{
		"PATH=" + search, "HOME=" + r.Home, "TMPDIR=" + temp, "TZ=" + r.Zone, "LANG=" + r.Locale, "LC_ALL=" + r.Locale,
		fmt.Sprintf("USER=user%d", r.UID), fmt.Sprintf("LOGNAME=user%d", r.UID),
		"GOCACHE=" + cache, "GOMODCACHE=" + r.modCache, "GOPROXY=" + fileURL(proxy), "GOSUMDB=off",
		"GOFLAGS=-mod=readonly -modcacherw", "GOENV=off", "GOWORK=off", "GOTOOLCHAIN=local", "GOTELEMETRY=off", "CGO_ENABLED=0",
	}, o.target...)
	if err := r.give(); err != nil {
		return err
	}
	if err := r.make(ctx, o.Recipe.Command, env); err != nil {
		return err
	}
	for _, name := range o.Recipe.Artefacts {
		path := filepath.Join(r.Dir, filepath.FromSlash(name))
		sum, size, err := hashFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			r.Output = name + " was not made"
			return errBuild
		}
		if err != nil {
			return err
		}
		r.Artefacts = append(r.Artefacts, Artefact{name, path, size, sum})
	}
	return nil
}

// fileURL names a folder as a source of modules: GOPROXY is a list, so what separates it is escaped.
func fileURL(dir string) string {
	return "file://" + strings.NewReplacer("%", "%25", ",", "%2C", "|", "%7C", " ", "%20", "?", "%3F", "#", "%23").Replace(filepath.ToSlash(dir))
}

// make runs the recipe's command under the rebuild's umask, user and network.
func (r *Rebuild) make(ctx context.Context, command, env []string) error {
	ctx, cancel := context.WithTimeout(ctx, maxBuildTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", `umask "$0" && exec "$@"`, r.Umask}, command...)...)
	cmd.Dir, cmd.Env = r.Dir, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // make's children too
	cmd.WaitDelay = 10 * time.Second
	if r.Offline {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWNET
	}
	if r.UID != os.Geteuid() {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(r.UID), Gid: uint32(r.UID)}
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	err := cmd.Run()
	r.Took = time.Since(start)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, failed := errors.AsType[*exec.ExitError](err); failed {
		r.Output = strings.TrimSpace(out.String())
		return errBuild
	}
	return err
}

// falseDate makes a `date` that tells another date, for recipes that ask it.
func (r *Rebuild) falseDate() (string, error) {
	honest, err := exec.LookPath("date")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(r.root, "path")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	script := fmt.Sprintf("#!/bin/sh\nexec %s --date='%s' \"$@\"\n", honest, r.OtherDate)
	return dir, os.WriteFile(filepath.Join(dir, "date"), []byte(script), 0o755)
}

// give makes the rebuild's user the owner of all that is the rebuild's.
func (r *Rebuild) give() error {
	if r.UID == os.Geteuid() {
		return nil
	}
	return filepath.WalkDir(r.root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, r.UID, r.UID)
	})
}
