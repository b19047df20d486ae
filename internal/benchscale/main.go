// Command benchscale measures what many registered UEs at rest cost a core: its memory, the time of a start, and how
// much dearer one more registration with a session becomes. UEs are registered idle with one session each. Of every size
// a few register through the core; the others are written into the store as copies of the first, because a million
// registrations would take an hour and show nothing more. The core that is measured has restored all of them from there.
// It needs root.
//
//	go build -o bin/limpid ./cmd/limpid && go run ./internal/benchscale -limpid bin/limpid
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
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/limpid-5g/limpid/internal/profiled"
)

// options are the choices of a measurement.
type options struct {
	limpid string
	sizes  []int
	pairs  int // registrations with session that are measured at each size
	runs   int // of them
	sctp   string
	path   string // upf.datapath of a system that is made
	heap   string // file for a heap profile, empty: none
	cpu    string // file for a CPU profile of the start, empty: none
	allocs string // file for a profile of what the start allots, empty: none
	folder string // where the store of the one size stays, empty: nowhere
}

// maxUEs is bounded by the slots of the UPF.
const maxUEs = 1_000_000

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) == 5 && os.Args[1] == profiled.Role {
		exit(profiled.Core(ctx, os.Args[2], os.Args[3], os.Args[4]))
	}
	var o options
	var sizes string
	flag.StringVar(&o.limpid, "limpid", "bin/limpid", "the binary to measure")
	flag.StringVar(&sizes, "sizes", "1000,10000,100000,1000000", "how many UEs are registered")
	flag.IntVar(&o.pairs, "pairs", 1000, "registrations with session in a run at each size")
	flag.IntVar(&o.runs, "runs", 3, "runs at each size")
	flag.StringVar(&o.sctp, "sctp", "raw", "what carries SCTP: raw, udp or kernel")
	flag.StringVar(&o.path, "datapath", "soft", "what moves packets: soft, xdp")
	flag.StringVar(&o.heap, "heap", "", "file for a profile of the heap of a core of the same sources at rest; with it nothing else is measured")
	flag.StringVar(&o.cpu, "cpu", "", "file for a CPU profile of the start of such a core; with it nothing else is measured")
	flag.StringVar(&o.allocs, "allocs", "", "file for a profile of what the start of such a core allots; with it nothing else is measured")
	flag.StringVar(&o.folder, "folder", "", "folder in which the store of the one size stays, to be there when it is measured again, and a path in XDP goes on; only the start is measured")
	flag.Parse()
	err := o.parse(sizes)
	if err == nil {
		err = o.run(ctx, os.Stdout)
	}
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchscale:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (o *options) parse(sizes string) error {
	for s := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > maxUEs {
			return fmt.Errorf("size %q: want 1 to %d", s, maxUEs)
		}
		o.sizes = append(o.sizes, n)
	}
	if o.path != "soft" && o.path != "xdp" {
		return fmt.Errorf("data path %q: want soft or xdp", o.path)
	}
	if o.folder != "" && len(o.sizes) != 1 {
		return errors.New("a folder is for one size")
	}
	if o.pairs < 1 || o.runs < 1 || o.pairs*o.runs > 10_000 {
		return errors.New("want 1 to 10,000 pairs in all runs")
	}
	limpid, err := filepath.Abs(o.limpid)
	if err != nil {
		return err
	}
	o.limpid = limpid
	_, err = os.Stat(limpid)
	return err
}

// result is what one size costs.
type result struct {
	ues       int
	prefill   time.Duration
	start     time.Duration // until the core is ready for gNBs
	given     time.Duration // until the UPF has every session again
	whole     time.Duration // until the core is at rest
	startCPU  time.Duration
	memory    int64 // octets of RSS once at rest
	peak      int64 // the most until then
	pair      time.Duration
	storeSize int64
}

func (o *options) run(ctx context.Context, out io.Writer) error {
	var base result
	fmt.Fprintln(out, "UEs registered, idle, one session each; the contexts of all but the first are copies written into the store")
	for i, n := range o.sizes {
		r, err := o.measure(ctx, n)
		if err != nil {
			return fmt.Errorf("%d UEs: %w", n, err)
		}
		if i == 0 {
			base = *r
		}
		fmt.Fprintf(out, "%8d UEs: ready for gNBs after %.2f s, every session on the UPF again after %.1f s, at rest after %.1f s (%.1f s of CPU); %.0f MB of RSS, at most %.0f MB during the start",
			n, r.start.Seconds(), r.given.Seconds(), r.whole.Seconds(), r.startCPU.Seconds(), float64(r.memory)/1e6, float64(r.peak)/1e6)
		if n > base.ues {
			fmt.Fprintf(out, ", %.2f KB for each UE more", float64(r.memory-base.memory)/1e3/float64(n-base.ues))
		}
		if r.pair > 0 {
			fmt.Fprintf(out, "; a registration with session %.3f ms of core CPU, %.2f times that at %d", r.pair.Seconds()*1000, float64(r.pair)/float64(base.pair), base.ues)
		}
		fmt.Fprintf(out, "; store %.0f MB, written in %.0f s\n", float64(r.storeSize)/1e6, r.prefill.Seconds())
	}
	return nil
}
