// Package demo shows a whole 5G system at work on one machine: network namespaces for the radio network, the core and a
// data network, a core, a gNB and UEs that each register, get an address, ping and fetch a page, all of it recorded.
package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/limpid-5g/limpid/cmd/limpid/internal/arrows"
	"github.com/limpid-5g/limpid/internal/capture"
	"github.com/limpid-5g/limpid/internal/netspace"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// Options are the choices of a demo.
type Options struct {
	UEs      int          // 1 to MaxUEs
	SCTP     sctp.Binding // empty: the best that works here
	Pcap     string       // file to write
	Keep     bool         // leave everything running until ctx ends
	WrongKey int          // the UE, from 1, whose SIM has another key than the core; 0: none
	Out      io.Writer
}

// MaxUEs bounds the UEs of a demo, each of which has a network namespace.
const MaxUEs = 1000

// Times that bound a demo.
const (
	startTimeout = 15 * time.Second
	callTimeout  = 30 * time.Second
	stopTimeout  = 15 * time.Second
)

// demo is one run.
type demo struct {
	Options
	dir     string // of the configuration, the store and the logs
	lab     *lab
	capture *capture.Capture
	nas     func(at time.Time, message []byte) // records a NAS message in clear
	file    *os.File
	web     *webServer
	system  *system
	core    *child
	ran     *child
	ladder  *screen
}

// Run carries a demo out and removes whatever it made. The error is nil only if every UE got through.
func Run(ctx context.Context, o Options) (err error) {
	if o.UEs < 1 || o.UEs > MaxUEs {
		return fmt.Errorf("%d UEs: want 1 to %d", o.UEs, MaxUEs)
	}
	if o.WrongKey < 0 || o.WrongKey > o.UEs {
		return fmt.Errorf("UE %d with a wrong key: want 1 to %d, or 0 for none", o.WrongKey, o.UEs)
	}
	if os.Geteuid() != 0 {
		return errors.New("the demo makes network namespaces and interfaces, which needs root")
	}
	if err := removeStale(); err != nil {
		return fmt.Errorf("remains of an earlier demo: %w", err)
	}
	d := &demo{Options: o}
	defer func() { err = errors.Join(err, d.close(err != nil)) }()
	if err := d.prepare(); err != nil {
		return err
	}
	if err := d.start(ctx); err != nil {
		return err
	}
	return d.show(ctx)
}

// prepare makes everything that does not run yet.
func (d *demo) prepare() (err error) {
	if d.dir, err = os.MkdirTemp("", fmt.Sprintf("%s%d-", prefix, os.Getpid())); err != nil {
		return err
	}
	if d.lab, err = newLab(os.Getpid()); err != nil {
		return err
	}
	if d.file, err = os.Create(d.Pcap); err != nil {
		return err
	}
	if d.capture, err = capture.New(d.file, "limpid demo"); err != nil {
		return err
	}
	for _, c := range []struct {
		ns          *netspace.Space
		name, point string
	}{{d.lab.ran, "n2", "N2: gNB and AMF"}, {d.lab.ran, "n3", "N3: gNB and UPF"}, {d.lab.core, "lo", "N4: SMF and UPF"},
		{d.lab.core, "n6", "N6: UPF and data network"}} {
		if err := c.ns.Do(func() error { return d.capture.Add(c.name, c.point) }); err != nil {
			return err
		}
	}
	if d.nas, err = d.capture.Export("nas", "N1: ciphered NAS messages in clear, by the UEs' keys", "nas-5gs"); err != nil {
		return err
	}
	if d.web, err = startWeb(d.lab.dn, n6DN.Addr()); err != nil {
		return err
	}
	if d.system, err = newSystem(d.dir, d.SCTP, d.UEs); err != nil {
		return err
	}
	if d.WrongKey > 0 {
		d.system.order.UEs[d.WrongKey-1].Key = randomKey()
	}
	return nil
}

// start brings up the core and then the RAN, each a process in its own namespace.
func (d *demo) start(ctx context.Context) (err error) {
	ready, err := listenReady(filepath.Join(d.dir, "ready"))
	if err != nil {
		return err
	}
	defer ready.Close()
	d.ladder = newScreen(d.Out)
	fmt.Fprintf(d.Out, "One call, as it happens (SCTP binding: %s):\n\n%s\n", cmp.Or(string(d.SCTP), "auto"), arrows.Header())
	d.core, err = startChild(d.lab.core, filepath.Join(d.dir, "core.log"), []string{"NOTIFY_SOCKET=" + ready.LocalAddr().String()},
		"core", "--config", d.system.config, "--ladder=json")
	if err != nil {
		return err
	}
	d.ladder.follow(d.core.out)
	if err := awaitReady(ctx, ready, d.core); err != nil {
		return err
	}
	if d.ran, err = startChild(d.lab.ran, filepath.Join(d.dir, "ran.log"), nil, "demo", "ran"); err != nil {
		return err
	}
	return d.ran.say(d.order())
}

func (d *demo) order() order {
	o := d.system.order
	o.Namespace, o.URL, o.Digest, o.Ping = d.lab.name, d.web.url, d.web.digest, n6DN.Addr()
	return o
}

// show follows the UEs and prints what became of them.
func (d *demo) show(ctx context.Context) error {
	start := time.Now()
	reports := d.ran.reports(d.nas)
	results := make([]result, 0, d.UEs)
	for len(results) < d.UEs {
		r, err := d.next(ctx, reports)
		if err != nil {
			return err
		}
		if r.Event != nil {
			d.ladder.show(*r.Event)
		}
		if r.Result == nil {
			continue
		}
		results = append(results, *r.Result)
		if len(results) == 1 {
			d.ladder.end()
			if d.UEs > 1 {
				fmt.Fprintf(d.Out, "\n%d more UEs follow, not shown.\n", d.UEs-1)
			}
			if err := d.ran.say(nil); err != nil {
				return err
			}
		}
	}
	good := printResults(d.Out, results, time.Since(start))
	if d.Keep {
		d.wait(ctx)
	}
	if good != d.UEs {
		return fmt.Errorf("%d of %d UEs did not get through", d.UEs-good, d.UEs)
	}
	return nil
}

// next is the RAN's next report.
func (d *demo) next(ctx context.Context, reports <-chan report) (report, error) {
	timeout := time.NewTimer(callTimeout)
	defer timeout.Stop()
	select {
	case r, ok := <-reports:
		if !ok {
			return report{}, errors.New("the RAN ended before its time")
		}
		return r, nil
	case <-d.core.done:
		return report{}, errors.New("the core ended before its time")
	case <-timeout.C:
		return report{}, fmt.Errorf("no UE got any further within %v", callTimeout)
	case <-ctx.Done():
		return report{}, errors.New("interrupted")
	}
}

// wait keeps everything up for whoever wants to look around.
func (d *demo) wait(ctx context.Context) {
	fmt.Fprintf(d.Out, "\nEverything stays up until Ctrl-C. Configuration and logs are in %s. Try:\n"+
		"  ip netns exec %sue1 ping %s\n  ip netns exec %score ip addr\n", d.dir, d.lab.name, n6DN.Addr(), d.lab.name)
	select {
	case <-ctx.Done():
	case <-d.core.done:
	}
}

// close ends and removes everything, in the order of a network that is shut down: UEs, core, cables. After a failure
// the last lines of the logs are shown.
func (d *demo) close(failed bool) error {
	var errs []error
	if d.ladder != nil {
		d.ladder.end()
	}
	if d.ran != nil {
		errs = append(errs, d.ran.leave(stopTimeout))
		d.ran.allTold()
	}
	if d.core != nil {
		errs = append(errs, d.core.stop(stopTimeout))
	}
	if d.web != nil {
		errs = append(errs, d.web.close())
	}
	if d.capture != nil {
		packets, dropped, err := d.capture.Close()
		errs = append(errs, err)
		fmt.Fprintf(d.Out, "\n%s has %d packets of N2, N3, N4 and N6, with NAS in clear", d.Pcap, packets)
		if dropped > 0 {
			fmt.Fprintf(d.Out, " (%d more were lost)", dropped)
		}
		fmt.Fprintln(d.Out)
	}
	if d.file != nil {
		errs = append(errs, d.file.Close())
	}
	if d.lab != nil {
		errs = append(errs, d.lab.close())
	}
	err := errors.Join(errs...)
	if d.dir != "" {
		if failed || err != nil {
			for _, c := range []*child{d.core, d.ran} {
				c.printLog(d.Out)
			}
		}
		err = errors.Join(err, os.RemoveAll(d.dir))
	}
	return err
}
