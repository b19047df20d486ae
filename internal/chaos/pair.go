package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/internal/lab"
	"github.com/limpid-5g/limpid/internal/netspace"
)

// takeover is how long a node may be silent before the other one takes its UEs over.
const takeover = 2 * time.Second

// pair is two nodes of an AMF set over a database with a standby, TS 23.501 §5.21.2: six namespaces with cables between
// all who speak with each other.
type pair struct {
	*network
	spaces    []*netspace.Space
	databases [2]*database
	primary   int // which of them

	mu     sync.Mutex
	failed error // of a promotion
}

// cableBits is the length of the prefixes of the cables.
const cableBits = 24

func at(cable, end byte) netip.Addr { return netip.AddrFrom4([4]byte{10, 10, cable, end}) }

// The cables' third octets: 2 is the lab's, between radios and the first node.
const (
	cableRAN2 = 3 // radios and the second node
	cableDB   = 4 // between the databases
	cableNode = 5 // 5 and 6: the first node and each database; 7 and 8: the second one
)

func newPair(ctx context.Context, o *options, l *lab.Lab, dir string) (p *pair, err error) {
	p = &pair{network: &network{options: *o, dir: dir, random: mathrand.New(mathrand.NewPCG(o.seed, 1))}}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	var db [2]*netspace.Space
	second, err := p.space()
	if err != nil {
		return p, err
	}
	for i := range db {
		if db[i], err = p.space(); err != nil {
			return p, err
		}
	}
	err = errors.Join(
		netspace.Cable("n2b", l.RAN, second, netip.PrefixFrom(at(cableRAN2, 2), cableBits), netip.PrefixFrom(at(cableRAN2, 1), cableBits)),
		netspace.Cable("db", db[0], db[1], netip.PrefixFrom(at(cableDB, 1), cableBits), netip.PrefixFrom(at(cableDB, 2), cableBits)))
	places := []*lab.Lab{l, {RAN: l.RAN, Core: second}}
	names := []netip.Addr{at(cableDB, 1), at(cableDB, 2)}
	for i, place := range places {
		for j := range db {
			cable := byte(cableNode + 2*i + j)
			err = errors.Join(err, netspace.Cable(fmt.Sprintf("c%d", cable), place.Core, db[j],
				netip.PrefixFrom(at(cable, 2), cableBits), netip.PrefixFrom(at(cable, 1), cableBits)))
			names = append(names, at(cable, 1))
		}
	}
	if err != nil {
		return p, err
	}
	if err := p.openDatabases(ctx, db, names); err != nil {
		return p, err
	}
	for i, place := range places {
		x := &node{name: fmt.Sprint("node", i+1), place: place, core: lab.CoreAddress(), ran: lab.RANAddress(), pointer: i}
		if i == 1 {
			x.core, x.ran = at(cableRAN2, 1), at(cableRAN2, 2)
		}
		dir := filepath.Join(p.dir, x.name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return p, err
		}
		cable := byte(cableNode + 2*i)
		url := fmt.Sprintf("postgres://limpid@%s:5432,%s:5432/postgres?target_session_attrs=read-write&sslmode=verify-full&sslrootcert=%s&connect_timeout=2",
			at(cable, 1), at(cable+1, 1), filepath.Join(p.dir, "authority.pem"))
		if err := p.configure(x, dir, url); err != nil {
			return p, err
		}
		p.nodes = append(p.nodes, x)
	}
	return p, p.open(l)
}

func (p *pair) space() (*netspace.Space, error) {
	s, err := netspace.New("")
	if err == nil {
		p.spaces = append(p.spaces, s)
	}
	return s, err
}

// openDatabases starts a primary and its standby, which no commit goes without.
func (p *pair) openDatabases(ctx context.Context, spaces [2]*netspace.Space, names []netip.Addr) error {
	dir, err := os.MkdirTemp("", "limpid-chaos-db-") // where their user may go
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	for i, name := range []string{"db1", "db2"} {
		if p.databases[i], err = newDatabase(name, dir, spaces[i], at(cableDB, byte(i+1))); err != nil {
			return err
		}
	}
	cert, key, err := certificate(names)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(p.dir, "authority.pem"), cert, 0o600); err != nil {
		return err
	}
	first, second := p.databases[0], p.databases[1]
	if err := first.create(cert, key); err != nil {
		return err
	}
	if err := first.start(ctx); err != nil {
		return err
	}
	p.look()
	return second.follow(ctx, first)
}

// look has the store looked at through the primary.
func (p *pair) look() {
	p.store = fmt.Sprintf("postgres:///postgres?host=%s&user=limpid", p.databases[p.primary].dir)
}

// failOver kills the primary, promotes its standby after a while, and makes the dead one the standby of the other.
func (p *pair) failOver(ctx context.Context, after time.Duration) error {
	dead, next := p.databases[p.primary], p.databases[1-p.primary]
	dead.kill()
	began := time.Now()
	time.Sleep(after)
	if err := next.promote(ctx); err != nil {
		return err
	}
	p.primary = 1 - p.primary
	p.tally.promoted(time.Since(began))
	return dead.follow(ctx, next)
}

// storm lets the phones live, and nodes and primaries die: a node at a time or both, the primary meanwhile.
func (p *pair) storm(ctx context.Context, out io.Writer) error {
	phones, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	for _, x := range p.nodes {
		if err := p.start(ctx, x, 0); err != nil {
			return err
		}
	}
	for _, ph := range p.phones {
		wg.Go(func() { ph.live(phones) })
	}
	random := mathrand.New(mathrand.NewPCG(p.seed, 2))
	killers, calm := context.WithCancel(ctx)
	wg.Go(func() { p.primaries(killers, mathrand.New(mathrand.NewPCG(p.seed, 3))) })
	defer calm()
	for k := range p.kills {
		select {
		case <-time.After(shortestLife + time.Duration(random.Int64N(int64(p.life)))):
		case <-ctx.Done():
			return ctx.Err()
		}
		dead := []*node{p.nodes[random.IntN(2)]}
		if random.IntN(5) == 0 {
			dead = p.nodes
		}
		for _, x := range dead {
			p.kill(x)
		}
		if random.IntN(3) == 0 { // long enough to be taken for dead
			time.Sleep(takeover + time.Duration(random.Int64N(int64(takeover))))
		}
		for _, x := range dead {
			if err := p.start(ctx, x, k+1); err != nil {
				return fmt.Errorf("start of %s after kill %d: %w", x.name, k+1, err)
			}
		}
		if (k+1)%reportEvery == 0 {
			p.tally.report(out, k+1)
		}
	}
	calm()
	return p.settled(ctx)
}

// settled waits until the databases are in order again.
func (p *pair) settled(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look()
	return errors.Join(p.failed, ctx.Err())
}

// primaries kills primaries until ctx ends.
func (p *pair) primaries(ctx context.Context, random *mathrand.Rand) {
	for {
		select {
		case <-time.After(p.life + time.Duration(random.Int64N(int64(4*p.life)))):
		case <-ctx.Done():
			return
		}
		p.mu.Lock()
		if p.failed == nil && ctx.Err() == nil {
			p.failed = p.failOver(context.WithoutCancel(ctx), time.Duration(random.Int64N(int64(time.Second))))
		}
		p.mu.Unlock()
	}
}

func (p *pair) close() {
	p.network.close()
	for _, d := range p.databases {
		if d != nil {
			d.close()
			if !p.keep {
				_ = os.RemoveAll(filepath.Dir(d.dir)) // the operating system clears what stays
			}
		}
	}
	for _, s := range p.spaces {
		_ = s.Close()
	}
}
