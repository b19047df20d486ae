package postgres_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// server is a PostgreSQL of its own: in a folder, on a Unix socket there, run by a user without rights.
type server struct {
	dir     string
	bin     string
	process *exec.Cmd
	said    bytes.Buffer
	as      *syscall.Credential // nil: whoever we are
}

// newServer makes the files of a server; start starts it.
func newServer(dir string) (*server, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf("no PostgreSQL server here (Debian: postgresql): %w", err)
	}
	s := &server{dir: dir, bin: filepath.Dir(found[len(found)-1])}
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		u, err := user.Lookup("postgres")
		if err != nil {
			return nil, err
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, uid, gid); err != nil {
			return nil, err
		}
	}
	if out, err := s.command("initdb", "-D", s.data(), "-U", "limpid", "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return s, nil
}

func (s *server) data() string { return filepath.Join(s.dir, "data") }

func (s *server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// source is what Open is given, with the tables in a schema of that name.
func (s *server) source(schema string) string {
	return fmt.Sprintf("host=%s user=limpid dbname=postgres search_path=%s", s.dir, schema)
}

// start runs the server and waits until it answers.
func (s *server) start() error {
	s.process = s.command("postgres", "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "max_connections=200",
		"-c", "synchronous_commit=off", "-c", "shared_buffers=32MB", "-c", "recovery_init_sync_method=syncfs") // off: the engine must see to it itself
	s.process.Stdout, s.process.Stderr = &s.said, &s.said
	if err := s.process.Start(); err != nil {
		return err
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		c, err := pgx.Connect(ctx, s.source("public"))
		if err == nil {
			err = c.Close(ctx)
		}
		cancel()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("PostgreSQL does not come up: %w\n%s", err, s.said.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// kill ends the server and all its children at once, as a crash of the machine does.
func (s *server) kill() error {
	err := s.process.Process.Signal(syscall.SIGQUIT) // immediate shutdown: nothing is written, recovery at the next start
	_ = s.process.Wait()                             // it was told to end
	return err
}

// schema makes a schema that is there once for each name.
func (s *server) schema(ctx context.Context, name string) error {
	c, err := pgx.Connect(ctx, s.source("public"))
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	_, err = c.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{name}.Sanitize())
	return err
}

// shared is the folder of the server of all tests, in the environment for the children of the crash test.
const shared = "LIMPID_TEST_POSTGRES"

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getenv(shared) != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "limpid-postgres-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s, err := newServer(dir)
	if err == nil {
		err = s.start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = s.kill() }()
	if err := os.Setenv(shared, dir); err != nil {
		panic(err)
	}
	return m.Run()
}
