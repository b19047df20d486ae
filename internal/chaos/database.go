package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/limpid-5g/limpid/internal/netspace"
)

// database is one PostgreSQL server in a namespace of its own, run by a user without rights.
type database struct {
	name    string
	space   *netspace.Space
	address netip.Addr // of it for the other database
	dir     string
	bin     string
	as      *syscall.Credential
	process *exec.Cmd
	log     *os.File
}

const databaseTimeout = 30 * time.Second

func newDatabase(name, dir string, space *netspace.Space, address netip.Addr) (*database, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf("no PostgreSQL server here (Debian: postgresql): %w", err)
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	d := &database{name: name, space: space, address: address, dir: filepath.Join(dir, name), bin: filepath.Dir(found[len(found)-1]),
		as: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	if err := os.Mkdir(d.dir, 0o700); err != nil {
		return nil, err
	}
	if d.log, err = os.Create(filepath.Join(dir, name+".log")); err != nil {
		return nil, err
	}
	return d, os.Chown(d.dir, uid, gid)
}

func (d *database) data() string { return filepath.Join(d.dir, "data") }

// command is a program of PostgreSQL as its user; it dies with this process.
func (d *database) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(d.bin, name), args...)
	cmd.Dir = d.dir
	cmd.Env = append(os.Environ(), "PGSSLMODE=require", "LC_ALL=C", "HOME="+d.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: d.as, Pdeathsig: syscall.SIGKILL}
	return cmd
}

func (d *database) run(name string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := d.command(name, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := d.space.Do(cmd.Start); err != nil {
		return "", err
	}
	if err := cmd.Wait(); err != nil {
		return "", fmt.Errorf("%s of %s: %w\n%s", name, d.name, err, out.String())
	}
	return strings.TrimSpace(out.String()), nil
}

// settings are those of both servers. Whoever reaches a server is let in: only this test does.
const settings = `
listen_addresses = '*'
ssl = on
max_connections = 150
shared_buffers = 32MB
wal_level = replica
max_wal_senders = 8
wal_keep_size = 256MB
hot_standby = on
synchronous_commit = on
recovery_init_sync_method = syncfs
wal_receiver_status_interval = 1s
wal_retrieve_retry_interval = 200ms
`

// create makes the files of a primary.
func (d *database) create(certificate, key []byte) error {
	if _, err := d.run("initdb", "-D", d.data(), "-U", "limpid", "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8"); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"server.crt": string(certificate), "server.key": string(key),
		"pg_hba.conf": "local all all trust\nhostssl all all all trust\nhostssl replication all all trust\n",
	} {
		file := filepath.Join(d.data(), name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return err
		}
		if err := os.Chown(file, int(d.as.Uid), int(d.as.Gid)); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(filepath.Join(d.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(settings)
	return errors.Join(err, f.Close())
}

// follow makes the server a standby of another: all that it had is gone.
func (d *database) follow(ctx context.Context, primary *database) error {
	if err := os.RemoveAll(d.data()); err != nil {
		return err
	}
	if _, err := d.run("pg_basebackup", "-D", d.data(), "-h", primary.address.String(), "-U", "limpid", "-R", "-X", "stream", "-c", "fast", "--no-sync"); err != nil {
		return err
	}
	if err := d.start(ctx); err != nil {
		return err
	}
	if _, err := primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"); err != nil {
		return err
	}
	return primary.await(ctx, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'", "1")
}

func (d *database) start(ctx context.Context) error {
	d.process = d.command("postgres", "-D", d.data(), "-k", d.dir)
	d.process.Stdout, d.process.Stderr = d.log, d.log
	if err := d.space.Do(d.process.Start); err != nil {
		return err
	}
	return d.await(ctx, "SELECT 1", "1")
}

// ask runs statements over the server's Unix socket and returns what the last of them says.
func (d *database) ask(statements ...string) (string, error) {
	args := []string{"-h", d.dir, "-U", "limpid", "-d", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1"}
	for _, s := range statements {
		args = append(args, "-c", s)
	}
	out, err := d.run("psql", args...)
	lines := strings.Split(out, "\n")
	return lines[len(lines)-1], err
}

func (d *database) await(ctx context.Context, question, answer string) error {
	ctx, cancel := context.WithTimeout(ctx, databaseTimeout)
	defer cancel()
	for {
		got, err := d.ask(question)
		if err == nil && got == answer {
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%s of database %s is %q, want %q: %w", question, d.name, got, answer, errors.Join(err, ctx.Err()))
		}
	}
}

// promote makes a standby the primary, which waits for no standby until it has one.
func (d *database) promote(ctx context.Context) error {
	if _, err := d.ask("ALTER SYSTEM SET synchronous_standby_names = ''", "SELECT pg_reload_conf()", "SELECT pg_promote()"); err != nil {
		return err
	}
	return d.await(ctx, "SELECT pg_is_in_recovery()", "f")
}

// kill ends the server and all its processes by SIGKILL.
func (d *database) kill() {
	if d.process == nil {
		return
	}
	pid := d.process.Process.Pid
	children := childrenOf(pid)
	_ = d.process.Process.Kill() // those that have ended need it no more
	for _, c := range children {
		_ = syscall.Kill(c, syscall.SIGKILL)
	}
	_ = d.process.Wait()
	d.process = nil
}

// childrenOf lists the processes that a process has started, proc_pid_task_children(5).
func childrenOf(pid int) (list []int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, word := range strings.Fields(string(text)) {
		if n, err := strconv.Atoi(word); err == nil {
			list = append(list, n)
		}
	}
	return list
}

func (d *database) close() {
	d.kill()
	_ = d.log.Close() // nothing is left to be said
}
