package flows

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/wire/pfcp"
)

// n4Fault is what becomes of the messages of one name on N4.
type n4Fault struct {
	kind, message string
	after         time.Duration
}

// n4 makes N4 lose everything, or what is named as in "n4 loses SessionEstablishmentResponse", say it late ("n4 delays NAME 6s"),
// twice ("n4 repeats NAME") or so that it cannot be read ("n4 spoils NAME"): "n4 silent" loses all, and "n4 heard" ends all of it.
func (s *stage) n4(_ context.Context, c *command) error {
	s.silent.Store(false)
	s.n4Fault.Store(nil)
	f := &n4Fault{}
	switch {
	case len(c.words) == 2 && c.words[1] == "silent":
		s.silent.Store(true)
		return nil
	case len(c.words) == 2 && c.words[1] == "heard":
		return nil
	case len(c.words) == 4 && c.words[1] == "delays":
		after, err := time.ParseDuration(c.words[3])
		if err != nil {
			return err
		}
		f.after = after
	case len(c.words) != 3:
		return errors.New("n4 silent, heard, loses NAME, delays NAME TIME, repeats NAME or spoils NAME")
	}
	f.kind, f.message = c.words[1], c.words[2]
	s.n4Fault.Store(f)
	return nil
}

// losesN4 tells whether a datagram is lost; what becomes of it otherwise goes to deliver.
func (s *stage) losesN4(b []byte, deliver func([]byte)) bool {
	if s.silent.Load() {
		return true
	}
	f := s.n4Fault.Load()
	if f == nil || len(b) < 2 || f.message != strings.ReplaceAll(strings.TrimPrefix(pfcp.MessageType(b[1]).String(), "PFCP "), " ", "") {
		return false
	}
	b = bytes.Clone(b)
	switch f.kind {
	case "delays":
		time.AfterFunc(f.after, func() { deliver(b) })
	case "repeats":
		deliver(b)
		deliver(b)
	case "spoils":
		deliver(spoilPFCP(b))
	}
	return true
}

// spoilPFCP adds a Created PDR whose PDR ID is longer than itself.
func spoilPFCP(b []byte) []byte {
	b = append(b, 0, 8, 0, 4, 0, 56, 0, 9)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-4))
	return b
}
