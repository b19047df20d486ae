// Command chaos kills a core with SIGKILL, again and again, at random times, while its phones register, establish
// sessions, come and go; and checks after each time that the core kept what it had promised: every accepted phone is
// served without a new authentication and with its session and address, no downlink NAS COUNT comes twice, and in the end
// nothing is left in the store that nobody has. A few phones exchange packets with a host through it all, of which none may
// be lost while the fast path is pinned. It makes network namespaces and needs root.
//
//	go build -o bin/limpid ./cmd/limpid && go run ./internal/chaos -limpid bin/limpid
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/limpid-5g/limpid/internal/lab"
)

// options are the choices of a run.
type options struct {
	limpid string
	kills  int
	ues    int
	gnbs   int
	seed   uint64
	think  time.Duration // between the procedures of a phone, at most
	life   time.Duration // of a core between two kills, at most
	sctp   string
	keep   bool // the folder with the logs
	users  int  // phones with traffic, besides ues
	oneN3  bool // all gNBs have one address on N3
	nodes  int  // 1: over a file; 2: over a database with a standby, whose primary is killed too
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var o options
	flag.StringVar(&o.limpid, "limpid", "bin/limpid", "the binary to kill")
	flag.IntVar(&o.kills, "kills", 200, "how often")
	flag.IntVar(&o.ues, "ues", 1000, "phones")
	flag.IntVar(&o.gnbs, "gnbs", 4, "gNBs")
	flag.Uint64Var(&o.seed, "seed", 0, "of everything random here; 0: another each time")
	flag.DurationVar(&o.think, "think", 4*time.Second, "the longest pause between two procedures of a phone")
	flag.DurationVar(&o.life, "life", 2*time.Second, "the longest time between a start and a kill")
	flag.StringVar(&o.sctp, "sctp", "raw", "what carries SCTP: raw, udp or kernel")
	flag.IntVar(&o.nodes, "nodes", 1, "1: a core over a file; 2: an AMF set over PostgreSQL with a standby, whose primary is killed too")
	flag.IntVar(&o.users, "users", 4, "phones besides whose traffic over the pinned fast path must not lose a packet; with 2 nodes: 0")
	flag.BoolVar(&o.oneN3, "one-n3", false, "all gNBs have one address on N3, and so the same F-TEIDs")
	flag.BoolVar(&o.keep, "keep", false, "keep the folder with the core's store and its logs, which tell more")
	flag.Parse()
	if o.seed == 0 {
		o.seed = rand.Uint64()
	}
	if err := o.run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func (o *options) check() error {
	if o.nodes == 2 {
		o.users = 0
	}
	if o.kills < 1 || o.ues < 1 || o.gnbs < 1 || o.ues > 60_000 || o.gnbs > 250 || o.nodes < 1 || o.nodes > 2 {
		return errors.New("want at least one kill, 1 to 60,000 phones, 1 to 250 gNBs and 1 or 2 nodes")
	}
	limpid, err := filepath.Abs(o.limpid)
	if err != nil {
		return err
	}
	o.limpid = limpid
	_, err = os.Stat(limpid)
	return err
}

func (o *options) run(ctx context.Context, out io.Writer) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	fmt.Fprintf(out, "seed %d: %d kills of %d nodes, %d phones on %d gNBs\n", o.seed, o.kills, o.nodes, o.ues, o.gnbs)
	dir, err := os.MkdirTemp("", "limpid-chaos-")
	if err != nil {
		return err
	}
	defer func() {
		if o.keep || err != nil {
			fmt.Fprintln(out, "logs and store are in", dir)
			return
		}
		err = os.RemoveAll(dir)
	}()
	l, err := lab.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	began := time.Now()
	n, err := o.storm(ctx, out, l, dir)
	if err != nil {
		return err
	}
	defer n.close()
	if err := n.settle(ctx, out); err != nil {
		return err
	}
	fmt.Fprintf(out, "after %.0f s: %s\n", time.Since(began).Seconds(), n.of().tally.String())
	return n.of().tally.verdict()
}

// stormed is a network after its storm.
type stormed interface {
	settle(ctx context.Context, out io.Writer) error
	of() *network
	close()
}

func (n *network) of() *network { return n }

func (o *options) storm(ctx context.Context, out io.Writer, l *lab.Lab, dir string) (stormed, error) {
	if o.nodes == 2 {
		p, err := newPair(ctx, o, l, dir)
		if err != nil {
			return nil, err
		}
		if err := p.storm(ctx, out); err != nil {
			p.close()
			return nil, err
		}
		return p, nil
	}
	n, err := newNetwork(o, l, dir)
	if err != nil {
		return nil, err
	}
	if err := n.storm(ctx, out); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}
