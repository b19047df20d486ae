package capture

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// hold is how long packets wait for older ones from other interfaces, so that the file is in order of time.
const hold = 50 * time.Millisecond

// Capture records interfaces, of any number of network namespaces, into one file.
type Capture struct {
	out  *bufio.Writer
	pcap *Writer

	mu      sync.Mutex
	waiting []packet
	sources []*source
	packets int
	err     error

	reading sync.WaitGroup
	stop    chan struct{}
	writing sync.WaitGroup
}

type packet struct {
	iface    int
	at       time.Time
	data     []byte
	original int
}

// New makes a capture that writes to w until Close; application is named in the file.
func New(w io.Writer, application string) (*Capture, error) {
	c := &Capture{out: bufio.NewWriterSize(w, 1<<20), stop: make(chan struct{})}
	var err error
	if c.pcap, err = NewWriter(c.out, application); err != nil {
		return nil, err
	}
	c.writing.Go(c.write)
	return c, nil
}

// Add records an interface of the calling thread's network namespace from now on.
func (c *Capture) Add(name, description string) error {
	s, err := openSource(name)
	if err != nil {
		return err
	}
	iface, err := c.pcap.AddInterface(name, description)
	if err != nil {
		return errors.Join(err, s.file.Close())
	}
	c.mu.Lock()
	c.sources = append(c.sources, s)
	c.mu.Unlock()
	c.reading.Go(func() { c.read(s, iface) })
	return nil
}

// Export records messages that are on no interface as they are recorded, such as those that are ciphered there: what the
// function is given is for a dissector of Wireshark, and was seen at that time.
func (c *Capture) Export(name, description, dissector string) (func(at time.Time, message []byte), error) {
	iface, err := c.pcap.AddExport(name, description)
	if err != nil {
		return nil, err
	}
	return func(at time.Time, message []byte) {
		data := UpperPDU(dissector, message)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.waiting = append(c.waiting, packet{iface: iface, at: at, data: data, original: len(data)})
	}, nil
}

func (c *Capture) read(s *source, iface int) {
	buf, control := make([]byte, maxPacket), make([]byte, 128)
	next := s.read
	for {
		f, err := next(buf, control)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			next = s.rest
			continue
		case errors.Is(err, unix.EAGAIN):
			return
		case err != nil:
			c.fail(fmt.Errorf("%s: %w", s.file.Name(), err))
			return
		case f.own:
			continue
		}
		p := packet{iface: iface, at: f.at, data: slices.Clone(buf[:f.n]), original: f.original}
		c.mu.Lock()
		c.waiting = append(c.waiting, p)
		c.mu.Unlock()
	}
}

func (c *Capture) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
}

// write puts packets into the file once no older one can come.
func (c *Capture) write() {
	tick := time.NewTicker(hold)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			c.flush(now.Add(-hold))
		case <-c.stop:
			return
		}
	}
}

// flush writes the packets that were seen before a time.
func (c *Capture) flush(before time.Time) {
	c.mu.Lock()
	var due, later []packet
	for _, p := range c.waiting {
		if p.at.Before(before) {
			due = append(due, p)
		} else {
			later = append(later, p)
		}
	}
	c.waiting = later
	c.packets += len(due)
	c.mu.Unlock()
	slices.SortStableFunc(due, func(a, b packet) int { return a.at.Compare(b.at) })
	for _, p := range due {
		if err := c.pcap.WritePacket(p.iface, p.at, p.data, p.original); err != nil {
			c.fail(err)
			return
		}
	}
}

// Close ends the capture and writes what is left. packets is how many the file holds, dropped how many the kernel had
// no room for.
func (c *Capture) Close() (packets int, dropped uint32, err error) {
	c.mu.Lock()
	sources := c.sources
	c.sources = nil
	c.mu.Unlock()
	for _, s := range sources {
		err = errors.Join(err, s.interrupt())
	}
	c.reading.Wait()
	for _, s := range sources {
		dropped += s.dropped()
		err = errors.Join(err, s.file.Close())
	}
	close(c.stop)
	c.writing.Wait()
	c.flush(time.Now().Add(time.Hour))
	return c.packets, dropped, errors.Join(err, c.err, c.out.Flush())
}
