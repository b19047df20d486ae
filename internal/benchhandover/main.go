// Command benchhandover counts what becomes of user packets while phones are handed over: it makes two network
// namespaces, runs `limpid core` in one and simulated gNBs and UEs in the other, and sends numbered packets in both
// directions between the UEs and a host behind the core while all UEs move at once. N2 is SCTP, N3 is GTP-U, both over
// the kernel's sockets. It needs root.
//
//	go build -o bin/limpid ./cmd/limpid && go run ./internal/benchhandover -limpid bin/limpid
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/limpid-5g/limpid/internal/lab"
	"github.com/limpid-5g/limpid/ran/gnb"
)

// options are the choices of a measurement.
type options struct {
	limpid string // the binary
	ues    int
	rate   int // packets per second of each UE and direction
	rounds int // handovers of every UE per row
	sctp   string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var o options
	flag.StringVar(&o.limpid, "limpid", "bin/limpid", "the binary to measure")
	flag.IntVar(&o.ues, "ues", 100, "UEs that move at once")
	flag.IntVar(&o.rate, "rate", 100, "packets per second of each UE and direction")
	flag.IntVar(&o.rounds, "rounds", 3, "handovers of every UE for each row")
	flag.StringVar(&o.sctp, "sctp", "raw", "what carries SCTP: raw, udp or kernel")
	flag.Parse()
	if err := o.run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchhandover:", err)
		os.Exit(1)
	}
}

func (o *options) check() error {
	if o.ues < 1 || o.ues > 4000 || o.rate < 1 || o.rate > 1000 || o.rounds < 1 {
		return errors.New("want 1 to 4000 UEs, 1 to 1000 packets per second, and a round or more")
	}
	limpid, err := filepath.Abs(o.limpid)
	if err != nil {
		return err
	}
	o.limpid = limpid
	_, err = os.Stat(limpid)
	return err
}

// row is a kind of handover; move is nil for none, which shows what the machine itself does to packets.
type row struct {
	name, forwarding string
	move             func(ctx context.Context, p *phone, to *gnb.GNB) error
}

func rows() []row {
	xn := func(f gnb.Forwarding) func(context.Context, *phone, *gnb.GNB) error {
		return func(ctx context.Context, p *phone, to *gnb.GNB) error {
			return p.at.HandOverXn(ctx, p.ue, to, gnb.XnOptions{Forwarding: f})
		}
	}
	n2 := func(f gnb.Forwarding) func(context.Context, *phone, *gnb.GNB) error {
		return func(ctx context.Context, p *phone, to *gnb.GNB) error {
			return p.at.HandOverN2(ctx, p.ue, to, gnb.N2Options{Forwarding: f})
		}
	}
	return []row{
		{"none", "-", nil},
		{"Xn", "direct", xn(gnb.DirectForwarding)},
		{"Xn", "none", xn(gnb.NoForwarding)},
		{"N2", "direct", n2(gnb.DirectForwarding)},
		{"N2", "indirect", n2(gnb.IndirectForwarding)},
		{"N2", "none", n2(gnb.NoForwarding)},
	}
}

// run sets everything up and prints the table.
func (o *options) run(ctx context.Context, out io.Writer) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "benchhandover")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := lab.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	config, err := o.provision(dir)
	if err != nil {
		return err
	}
	core, err := lab.StartCore(ctx, l, dir, o.limpid, []string{"core", "--config", config})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, core.Stop()) }()
	f, err := o.openField(ctx, l)
	if err != nil {
		return core.Failed(err)
	}
	defer f.close()
	if err := f.attach(ctx); err != nil {
		return core.Failed(err)
	}
	_, _ = fmt.Fprintf(out, "%d UEs move at once, %d times, %d packets/s of each UE in each direction\n\n", o.ues, o.rounds, o.rate)
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	_, _ = fmt.Fprintln(w, "| handover\t| forwarding\t| moved\t| downlink sent\t| lost\t| of that queue full\t| reordered\t| uplink sent\t| lost\t| reordered\t| gap downlink, ms (median, max)\t| gap uplink, ms (median, max)\t|")
	_, _ = fmt.Fprintln(w, "|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|")
	for _, r := range rows() {
		t, err := f.measure(ctx, r)
		if err != nil {
			return core.Failed(fmt.Errorf("%s, %s: %w", r.name, r.forwarding, err))
		}
		_, _ = fmt.Fprintf(w, "| %s\t| %s\t| %d\t| %d\t| %d\t| %d\t| %d\t| %d\t| %d\t| %d\t| %s\t| %s\t|\n", r.name, r.forwarding, t.moved,
			t.down.sent, t.down.lost, t.overflow, t.down.reordered, t.up.sent, t.up.lost, t.up.reordered, t.down.gap(), t.up.gap())
	}
	return w.Flush()
}

// Times of one round.
const (
	before = 500 * time.Millisecond // traffic before anybody moves
	after  = 1500 * time.Millisecond
	drain  = 500 * time.Millisecond
)
