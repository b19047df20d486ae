package soft

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/nf/upf"
)

// Names of the descriptors that a Path consists of; that of an interface is followed by its name.
const (
	handedN3   = "n3"
	handedN3v6 = "n3v6"
	handedTUN  = "tun."
)

// Files are copies of the Path's descriptors by name, for Adopt in a process that may not open them.
func (p *Path) Files() (map[string]*os.File, error) {
	out := make(map[string]*os.File)
	var errs []error
	for i, name := range []string{handedN3, handedN3v6} {
		if s := p.n3[i]; s != nil {
			f, err := s.conn.File()
			out[name], errs = f, append(errs, err)
		}
	}
	for _, t := range p.tuns {
		err := t.raw.Control(func(fd uintptr) {
			n, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
			if err != nil {
				errs = append(errs, err)
				return
			}
			out[handedTUN+t.network.TUN] = os.NewFile(uintptr(n), t.network.TUN)
		})
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("upf: descriptors: %w", err)
	}
	return out, nil
}

// Adopt makes a Path of the Files of another process's Path of the same configuration. It owns the files from then on.
func Adopt(cfg upf.Config, files map[string]*os.File, log *slog.Logger) (*Path, error) {
	p, err := closedPath(cfg, log)
	if err != nil {
		return nil, err
	}
	if err := p.adopt(files); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Path) adopt(files map[string]*os.File) error {
	for i, name := range []string{handedN3, handedN3v6} {
		if !p.cfg.Local(i == 0).IsValid() {
			continue
		}
		s, err := adoptSocket(files[name], p.cfg.Local(i == 0))
		if err != nil {
			return err
		}
		p.n3[i] = s
	}
	for _, n := range p.cfg.Networks {
		f := files[handedTUN+n.TUN]
		if f == nil {
			return fmt.Errorf("upf: data network %q: interface %q was not handed over", n.DNN, n.TUN)
		}
		t := newTUN(n)
		// A descriptor that came with the process is taken for one that blocks.
		fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		if err == nil {
			err = errors.Join(unix.SetNonblock(fd, true), f.Close())
		}
		if err != nil {
			return fmt.Errorf("upf: data network %q: interface %q: %w", n.DNN, n.TUN, err)
		}
		t.file = os.NewFile(uintptr(fd), n.TUN)
		if t.raw, err = t.file.SyscallConn(); err != nil {
			return errors.Join(fmt.Errorf("upf: data network %q: interface %q: %w", n.DNN, n.TUN, err), t.file.Close())
		}
		p.tuns = append(p.tuns, t)
		p.byName[n.DNN] = t
	}
	return nil
}

func adoptSocket(f *os.File, addr netip.Addr) (*socket, error) {
	if f == nil {
		return nil, fmt.Errorf("upf: n3: the socket of %s was not handed over", addr)
	}
	conn, err := net.FilePacketConn(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("upf: n3: %w", err)
	}
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("upf: n3: %s is no UDP socket", f.Name()), conn.Close())
	}
	s := &socket{conn: udp}
	if s.raw, err = udp.SyscallConn(); err != nil {
		return nil, errors.Join(fmt.Errorf("upf: n3: %w", err), udp.Close())
	}
	return s, nil
}
